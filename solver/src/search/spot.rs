//! Where on a tile, and when, one more capsule is least in the way of what is there.

use lessor_models::resources::{Resources, UNLIMITED};
use lessor_models::time::{Interval, Timestamp};

use crate::lowering::index::{JobClassIndex, TileIndex};
use crate::plan::occupancy::Occupancy;
use crate::support::random::Random;

/// A tile and a start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spot {
    pub(super) tile: TileIndex,
    pub(super) start: Timestamp,
    /// What a capsule is worth there.
    pub(super) worth: i64,
    /// How much of what it needs is held by others, as a mean over its run: zero where it fits, devices aside.
    pub(super) pressure: f64,
}

/// What a capsule's worth is discounted by for each unit of pressure, about: who stands in its way is worth something too.
const DISCOUNT: f64 = 1.0;

/// The best start on a tile at which rules allow one more capsule, chance having a part in it; `None` where there is none.
///
/// O(window times path + starts log buckets).
pub(super) fn best_start(
    occupancy: &Occupancy<'_>,
    (tile, class): (TileIndex, JobClassIndex),
    random: &mut Random,
) -> Option<Spot> {
    let lowered = occupancy.lowered();
    let group = lowered.group_of(tile);
    if lowered.group(group).closed || lowered.earning(class, group).is_none() {
        return None;
    }
    let job = lowered.job(class);
    let window = lowered.grid.touched(Interval { start: job.earliest, end: job.deadline });
    let mut held = Vec::with_capacity(window.len() + 1);
    held.push(0.0);
    let draw = lowered.draw(class, group);
    let path: Vec<_> = lowered
        .group(group)
        .path
        .iter()
        .map(|&(account, level)| (account, lowered.draw_at(class, group, level)))
        .collect();
    for bucket in window.clone() {
        let on_path = path.iter().map(|(account, draw)| lacking(draw, occupancy.account_left(*account, bucket)));
        let lacks = lacking(draw, occupancy.tile_left(tile, bucket)) + on_path.sum::<f64>();
        held.push(held[bucket - window.start] + lacks);
    }
    let bonus = lowered.bonus_share(class) as f64;
    let mut best: Option<(f64, Spot)> = None;
    for (worth, start) in lowered.offers(class, group) {
        let over = occupancy.buckets(class, group, start);
        if over.start < window.start || window.end < over.end {
            continue;
        }
        let pressure = (held[over.end - window.start] - held[over.start - window.start]) / over.len() as f64;
        let shaken = pressure * DISCOUNT * (0.5 + random.unit());
        let score = (worth as f64 + bonus) * (1.0 - shaken);
        if best.is_some_and(|(most, _)| score <= most) || !occupancy.bonds().allow(tile, class, start) {
            continue;
        }
        best = Some((score, Spot { tile, start, worth, pressure }));
        if pressure <= 0.0 {
            // What comes later is worth no more.
            break;
        }
    }
    best.map(|(_, spot)| spot)
}

/// The parts of a draw that are not there, summed over kinds.
fn lacking(draw: &Resources, left: &Resources) -> f64 {
    let kinds = draw.0.iter().zip(left.0).filter(|&(&draw, left)| draw > left && left != UNLIMITED);
    kinds.map(|(&draw, left)| (draw - left) as f64 / draw as f64).sum()
}
