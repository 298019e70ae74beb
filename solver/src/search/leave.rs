//! Which capsules may leave their tile: those that nothing depends on as the plan stands.

use super::change::Change;
use crate::lowering::index::{JobClassIndex, TileIndex};
use crate::plan::assemble::bonuses;
use crate::plan::occupancy::{Item, Occupancy};

/// The most tiles of a fleet in which the rest of a gang is looked for; in larger ones a gang of just its minimum stays whole.
const TILES_MAX: usize = 2_048;

/// How much more a bonus weighs than what else is lost with it, for it is seldom earned again: over three seeds fleets of 40 and
/// 100 tiles ended 0.8 and 0.2 % above those where it weighs once, and one of 60 alike.
const BONUS_WEIGHT: f64 = 2.0;

/// Whether one capsule of an item may leave its tile: it does not run already, no capsule here that must be near it would be
/// without any of its job for a while, and those left of its job lie at locations enough. O(domain members times followers' runs).
pub(super) fn may_leave(occupancy: &Occupancy<'_>, tile: TileIndex, item: &Item) -> bool {
    !item.is_current && leaves_locations(occupancy, tile, item.class) && !occupancy.bonds().presence().needs(tile, item)
}

/// What one capsule of a class that is worth so much weighs when it leaves, in micro-credits: with it what is lost of the bonus,
/// and of the others of a gang, which would be too few. `None` where those are not looked for.
pub(super) fn lost_with(occupancy: &Occupancy<'_>, class: JobClassIndex, worth: i64) -> Option<f64> {
    let lowered = occupancy.lowered();
    let job = lowered.job(class);
    if job.gang_min <= 1 && job.wanted == 0 {
        return Some(worth as f64);
    }
    let in_last = in_last_job(occupancy, class);
    let is_gang = job.gang_min > 1 && in_last == u64::from(job.gang_min);
    if is_gang && lowered.tiles.len() > TILES_MAX {
        return None;
    }
    let leaving = if is_gang { in_last } else { 1 };
    let loses_bonus = job.wanted > 0 && (in_last - leaving..in_last).contains(&(u64::from(job.wanted) - 1));
    Some(worth as f64 * leaving as f64 + if loses_bonus { BONUS_WEIGHT * job.bonus as f64 } else { 0.0 })
}

/// Takes off what is left of gangs that lost a capsule and are now too few; whether all of that may leave.
///
/// O(tiles) for each such gang.
pub(super) fn take_rests(occupancy: &mut Occupancy<'_>, change: &mut Change) -> bool {
    let lowered = occupancy.lowered();
    let partial: Vec<JobClassIndex> =
        change.taken().map(|(_, item)| item.class).filter(|&class| occupancy.partial_gang(class) > 0).collect();
    for class in partial {
        if lowered.tiles.len() > TILES_MAX {
            return false;
        }
        for tile in (0..lowered.tiles.len()).map(TileIndex::new) {
            while occupancy.partial_gang(class) > 0
                && let Some(position) = occupancy.items(tile).iter().position(|item| item.class == class)
            {
                if !may_leave(occupancy, tile, &occupancy.items(tile)[position]) {
                    return false;
                }
                change.take(occupancy, tile, position);
            }
        }
    }
    true
}

/// How many of a class's placed capsules are of the last job that has any: jobs are filled one after another.
fn in_last_job(occupancy: &Occupancy<'_>, class: JobClassIndex) -> u64 {
    let (each, placed) = (u64::from(occupancy.lowered().job(class).count), occupancy.placed(class));
    if placed == 0 { 0 } else { (placed - 1) % each + 1 }
}

fn leaves_locations(occupancy: &Occupancy<'_>, tile: TileIndex, class: JobClassIndex) -> bool {
    let lowered = occupancy.lowered();
    let Some(spread) = lowered.spread_to_count(class) else { return true };
    let members = lowered.instance.fleet().members(lowered.tiles[tile.at()], spread.domain);
    let given_up = members.into_iter().filter(|&member| occupancy.bonds().count_in(class, member) == 1).count() as u64;
    let left = u64::from(occupancy.bonds().locations(class)) - given_up;
    left >= spread.least_of(occupancy.placed(class) - 1)
}

/// What a change is worth beyond its capsules by the bonuses that it earns and loses, in micro-credits; `None` where it leaves
/// part of a gang. The change is made already. O(steps times classes in it).
pub(super) fn completed(occupancy: &Occupancy<'_>, change: &Change) -> Option<i128> {
    let lowered = occupancy.lowered();
    let mut gain = 0;
    for (class, came) in change.balance() {
        let (job, placed) = (lowered.job(class), occupancy.placed(class));
        if occupancy.partial_gang(class) > 0 {
            return None;
        }
        if job.wanted > 0 {
            let earned = |placed| bonuses(lowered, class, placed);
            gain += earned(placed) - earned(placed.saturating_add_signed(-came));
        }
    }
    Some(gain)
}
