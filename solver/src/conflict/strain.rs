//! Capsules left out though a place is open: all that is open would be strained by more than they earn.

use lessor_models::plan::{Blocker, Cure, Reason, Rule};

use super::reason::allowed_tiles;
use super::trial::TILES_PER_LOOK;
use super::{Explainer, Explanation, rules, starts};
use crate::lowering::index::{GroupIndex, JobClassIndex};
use crate::support::stop::Stop;

/// By how much a capsule's bid falls short of what it would add to the open place that it strains least; nothing where it
/// earns that, or where no place is open. `None` where the flag was raised first.
pub(super) fn too_much(
    explainer: &Explainer<'_, '_>,
    class: JobClassIndex,
    groups: &[GroupIndex],
    stop: &Stop,
) -> Option<Option<u64>> {
    let (occupancy, lowered) = (explainer.occupancy, explainer.occupancy.lowered());
    let mut least: Option<i64> = None;
    if lowered.strain.is_free() {
        return Some(None);
    }
    for &group in groups {
        for start in starts::inside(lowered, class, group) {
            if occupancy.path_room(class, group, start, 1) == 0 {
                continue;
            }
            let worth = lowered.worth_from(class, group, start);
            let earns = worth.saturating_add_unsigned(rules::bonus_share(occupancy, class));
            for (looked, tile) in allowed_tiles(explainer, class, (group, start)).enumerate() {
                if looked % TILES_PER_LOOK == 0 && stop.is_raised() {
                    return None;
                }
                if occupancy.fits_tile(tile, class, start) {
                    let short = occupancy.added_strain(tile, class, start).saturating_sub(earns);
                    least = Some(least.map_or(short, |least| least.min(short)));
                }
            }
        }
    }
    Some(least.filter(|&short| short >= 0).map(|short| short.unsigned_abs() + 1))
}

/// The explanation of a class that would strain every open place by more than it earns: a higher bid cures it.
pub(super) fn explain(
    explainer: &Explainer<'_, '_>,
    class: JobClassIndex,
    reason: Reason,
    stop: &Stop,
) -> Option<Explanation> {
    let lowered = explainer.occupancy.lowered();
    if reason != Reason::NotWorth || lowered.strain.is_free() {
        return None;
    }
    let earns = |&group: &GroupIndex| rules::worth(explainer.occupancy, class, group) > 0;
    let groups: Vec<GroupIndex> = lowered.group_indexes().filter(earns).collect();
    let short = too_much(explainer, class, &groups, stop)??;
    let (conflict, cure) = (vec![Blocker::Rule(Rule::Worth)], Some(Cure::Bid(short)));
    Some(Explanation { reason, conflict, cure, expected_start: None })
}
