//! Which capsules may leave their tile: those that nothing depends on as the plan stands.

use super::change::Change;
use crate::lowering::index::{JobClassIndex, TileIndex};
use crate::lowering::{Lowered, domain_members};
use crate::plan::assemble::bonuses;
use crate::plan::occupancy::{Item, Occupancy};

/// Where a capsule goes that leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Maybe nowhere: neither its gang nor its bonus may need it.
    Out,
    /// To another place, or not at all.
    Elsewhere,
}

/// Whether one capsule of an item may leave its tile: it does not run already, no capsule here that must be near it would be
/// without any, and those left of its job lie at locations enough. O(domain members times followers).
pub(super) fn may_leave(occupancy: &Occupancy<'_>, tile: TileIndex, item: &Item, way: Way) -> bool {
    !item.is_current
        && (way == Way::Elsewhere || !completes(occupancy, item.class))
        && leaves_locations(occupancy, tile, item.class)
        && !is_needed_by_others(occupancy, tile, item.class)
}

/// Whether a gang or a bonus of a class's last job would be lost with one capsule less.
fn completes(occupancy: &Occupancy<'_>, class: JobClassIndex) -> bool {
    let job = occupancy.lowered().job(class);
    let in_last = in_last_job(occupancy.lowered(), class, occupancy.placed(class));
    job.gang_min > 1 && in_last == u64::from(job.gang_min) || job.wanted > 0 && in_last == u64::from(job.wanted)
}

/// How many of a class's placed capsules are of the last job that has any: jobs are filled one after another.
fn in_last_job(lowered: &Lowered<'_>, class: JobClassIndex, placed: u64) -> u64 {
    let each = u64::from(lowered.job(class).count);
    if placed == 0 { 0 } else { (placed - 1) % each + 1 }
}

fn leaves_locations(occupancy: &Occupancy<'_>, tile: TileIndex, class: JobClassIndex) -> bool {
    let lowered = occupancy.lowered();
    let Some(spread) = lowered.spread_to_count(class) else { return true };
    let members = domain_members(lowered.instance.fleet(), lowered.tiles[tile.at()], spread.domain);
    let given_up = members.into_iter().filter(|&member| occupancy.count_in(class, member) == 1).count() as u64;
    let left = u64::from(occupancy.locations(class)) - given_up;
    left >= spread.least_of(occupancy.placed(class) - 1)
}

/// Whether capsules that must be near this one have no other of its class.
fn is_needed_by_others(occupancy: &Occupancy<'_>, tile: TileIndex, class: JobClassIndex) -> bool {
    let lowered = occupancy.lowered();
    lowered.followed_by(class).any(|(follower, domain)| {
        let members = domain_members(lowered.instance.fleet(), lowered.tiles[tile.at()], domain);
        let is_needed_in =
            |&member: &_| occupancy.count_in(follower, member) > 0 && occupancy.count_in(class, member) == 1;
        members.iter().any(is_needed_in)
    })
}

/// What a change is worth beyond its capsules by the bonuses that it earns and loses, in micro-credits; `None` where it leaves
/// part of a gang. The change is made already. O(steps times classes in it).
pub(super) fn completed(occupancy: &Occupancy<'_>, change: &Change) -> Option<i128> {
    let lowered = occupancy.lowered();
    let mut gain = 0;
    for (class, came) in change.balance() {
        let (job, placed) = (lowered.job(class), occupancy.placed(class));
        let in_last = in_last_job(lowered, class, placed);
        if in_last > 0 && in_last < u64::from(job.gang_min) {
            return None;
        }
        if job.wanted > 0 {
            let earned = |placed| bonuses(lowered, class, placed);
            gain += earned(placed) - earned(placed.saturating_add_signed(-came));
        }
    }
    Some(gain)
}
