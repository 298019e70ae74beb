//! From an occupancy to a plan's placements and moves: classes become jobs again.

use std::collections::BTreeMap;

use lessor_models::fleet::NodeIndex;
use lessor_models::job::JobIndex;
use lessor_models::plan::{Move, Placement, Seat};

use crate::index::{JobClassIndex, TileIndex};
use crate::lowering::Lowered;
use crate::occupancy::Occupancy;

/// How many of a class's placed capsules each of its jobs gets: the first jobs are filled first.
#[must_use]
pub fn per_job(lowered: &Lowered<'_>, class: JobClassIndex, placed: u64) -> Vec<(JobIndex, u64)> {
    let mut left = placed;
    let fill = |&job: &JobIndex| {
        let filled = left.min(u64::from(lowered.instance.jobs()[job.at()].count));
        left -= filled;
        (job, filled)
    };
    lowered.classes[class.at()].jobs.iter().map(fill).collect()
}

/// The placements, sorted by job, tile and start. O(items log items).
#[must_use]
pub fn placements(occupancy: &Occupancy<'_>) -> Vec<Placement> {
    let lowered = occupancy.lowered();
    let mut filling: Vec<(usize, u32)> = vec![(0, 0); lowered.classes.len()];
    let mut placements = Vec::new();
    for (at, &tile) in lowered.tiles.iter().enumerate() {
        let mut items = occupancy.items(TileIndex::new(at)).to_vec();
        items.sort_unstable();
        for item in items {
            let jobs = &lowered.classes[item.class.at()].jobs;
            let mut left = item.count;
            while left > 0 {
                let (at, filled) = &mut filling[item.class.at()];
                let job = jobs[*at];
                let each = lowered.instance.jobs()[job.at()].count;
                let count = left.min(each - *filled);
                placements.push(Placement { job, tile, start: item.start, count, devices: item.devices });
                left -= count;
                *filled += count;
                if *filled == each {
                    (*at, *filled) = (*at + 1, 0);
                }
            }
        }
    }
    placements.sort_unstable();
    placements.dedup_by(|next, kept| {
        let same = Placement { count: kept.count, ..*next } == *kept && kept.devices == 0;
        if same {
            kept.count += next.count;
        }
        same
    });
    placements
}

/// What must change of what runs: capsules that stop first, then capsules that move.
///
/// A capsule leaves its tile only where the tile can no longer hold it, and enters room that the whole plan leaves, so the
/// moves are feasible in this order.
#[must_use]
pub fn moves(lowered: &Lowered<'_>, placements: &[Placement]) -> Vec<Move> {
    let mut balance: BTreeMap<(JobIndex, NodeIndex), i64> = BTreeMap::new();
    for current in lowered.instance.current() {
        *balance.entry((current.job, current.tile)).or_default() -= i64::from(current.count);
    }
    let running: std::collections::BTreeSet<JobIndex> = balance.keys().map(|key| key.0).collect();
    for placement in placements.iter().filter(|placement| running.contains(&placement.job)) {
        *balance.entry((placement.job, placement.tile)).or_default() += i64::from(placement.count);
    }
    let mut moves = Vec::new();
    for job in running {
        let changes = balance.range((job, NodeIndex(0))..=(job, NodeIndex(u32::MAX)));
        let mut gained: Vec<(NodeIndex, i64)> = changes.clone().filter(|c| *c.1 > 0).map(|c| (c.0.1, *c.1)).collect();
        for ((_, from), lost) in changes.filter(|change| *change.1 < 0) {
            let mut lost = -lost;
            while lost > 0 {
                let to = gained.last_mut();
                let count = to.as_ref().map_or(lost, |(_, gain)| lost.min(*gain));
                let seat = |tile| Seat { tile, devices: 0 };
                let target = to.as_ref().map(|(node, _)| seat(*node));
                let count32 = u32::try_from(count).unwrap_or(u32::MAX);
                moves.push(Move { job, from: Some(seat(*from)), to: target, count: count32 });
                lost -= count;
                if let Some((_, gain)) = to {
                    *gain -= count;
                    if *gain == 0 {
                        gained.pop();
                    }
                }
            }
        }
    }
    moves.sort_by_key(|change| (change.to.is_some(), *change));
    moves
}
