//! Why a class is missing capsules, in the order in which reasons are tried; the first wins.

use std::collections::BTreeMap;

use lessor_models::plan::{Reason, Rule};
use lessor_models::resources::Kind;
use lessor_models::time::Timestamp;

use super::mask::Mask;
use super::missing::Missing;
use super::trial::{TILES_PER_LOOK, Trial};
use super::{Explainer, rules, starts, strain};
use crate::lowering::index::{GroupIndex, JobClassIndex, TileIndex};
use crate::support::stop::Stop;

/// Fractions of a capsule that the relaxation counts in, so that sums stay integers.
const PARTS: u128 = 1 << 20;

/// The reason. `None` where the flag was raised first.
///
/// No tile allowed by the rules; larger than every allowed tile when empty; not worth its costs on any that could hold it;
/// open places that it would strain by more than it earns; room for some capsules and not for the gang; room in sum and not on
/// one tile; no room. Where a place is open after all, the plan was not finished: interrupted.
pub(super) fn reason(explainer: &Explainer<'_, '_>, missing: &Missing, stop: &Stop) -> Option<Reason> {
    let Missing { class, need, ref shortage } = *missing;
    let lowered = explainer.occupancy.lowered();
    let worth = Mask::rule(Rule::Worth);
    let mut groups: Vec<(GroupIndex, Mask)> = Vec::new();
    for group in lowered.group_indexes() {
        if stop.is_raised() {
            return None;
        }
        let broken = rules::of_pair(explainer.occupancy, class, group);
        let is_allowed = |start| allowed_tiles(explainer, class, (group, start)).next().is_some();
        let is_eligible = !broken.meets(rules::ELIGIBILITY) && starts::inside(lowered, class, group).any(is_allowed);
        if is_eligible {
            groups.push((group, broken));
        }
    }
    if groups.is_empty() {
        return Some(Reason::NoEligibleTile);
    }
    groups.retain(|&(group, _)| fits_empty(explainer, class, group));
    if groups.is_empty() {
        return Some(Reason::TooLarge);
    }
    groups.retain(|(_, broken)| !broken.meets(worth));
    if groups.is_empty() {
        return Some(Reason::NotWorth);
    }
    let groups: Vec<GroupIndex> = groups.into_iter().map(|(group, _)| group).collect();
    if has_open_place(explainer, class, &groups, stop)? {
        if strain::too_much(explainer, class, &groups, stop)?.is_some() {
            return Some(Reason::NotWorth);
        }
        let fits = need <= 1 || Trial::new(explainer, class, shortage).fits(None, need, stop)?;
        return Some(if fits { Reason::Interrupted } else { Reason::GangTooLarge });
    }
    Some(if fits_in_sum(explainer, class, &groups, stop)? { Reason::Fragmentation } else { Reason::NoHeadroom })
}

/// The tiles of a group that spread and relations allow at a start.
pub(super) fn allowed_tiles(
    explainer: &Explainer<'_, '_>,
    class: JobClassIndex,
    (group, start): (GroupIndex, Timestamp),
) -> impl Iterator<Item = TileIndex> {
    let lowered = explainer.occupancy.lowered();
    let differs = rules::differ_by_tile(lowered, class);
    let tiles = lowered.group(group).tiles.clone();
    let is_open = move |at: usize| explainer.bonds.broken(class, TileIndex::new(at), start).is_empty();
    let none_open = !differs && !is_open(tiles.start);
    let tiles = if none_open { 0..0 } else { tiles };
    tiles.filter(move |&at| !differs || is_open(at)).map(TileIndex::new)
}

/// Whether a tile of the group holds a capsule when nothing else is on it.
fn fits_empty(explainer: &Explainer<'_, '_>, class: JobClassIndex, group: GroupIndex) -> bool {
    let (occupancy, lowered) = (explainer.occupancy, explainer.occupancy.lowered());
    let (at, draw) = (lowered.group(group), lowered.draw(class, group));
    let mut runs = starts::inside(lowered, class, group).map(|start| occupancy.buckets(class, group, start));
    lowered.job(class).demand.devices <= at.devices && runs.any(|mut over| over.all(|k| draw.fits(at.capacity(k))))
}

/// Whether one more capsule fits somewhere, by the plan's own fitting.
fn has_open_place(
    explainer: &Explainer<'_, '_>,
    class: JobClassIndex,
    groups: &[GroupIndex],
    stop: &Stop,
) -> Option<bool> {
    let (occupancy, lowered) = (explainer.occupancy, explainer.occupancy.lowered());
    for &group in groups {
        let draw = lowered.draw(class, group);
        for start in starts::inside(lowered, class, group) {
            let mut over = occupancy.buckets(class, group, start);
            let may_fit = over.all(|bucket| draw.fits(&explainer.headroom.row(group, bucket).most));
            if !may_fit || occupancy.path_room(class, group, start, 1) == 0 {
                continue;
            }
            for (looked, tile) in allowed_tiles(explainer, class, (group, start)).enumerate() {
                if looked % TILES_PER_LOOK == 0 && stop.is_raised() {
                    return None;
                }
                if occupancy.fits_tile(tile, class, start) {
                    return Some(true);
                }
            }
        }
    }
    Some(false)
}

/// The relaxation: whether at some start the tiles below accounts with room have, kind by kind, enough in sum for a capsule.
fn fits_in_sum(
    explainer: &Explainer<'_, '_>,
    class: JobClassIndex,
    groups: &[GroupIndex],
    stop: &Stop,
) -> Option<bool> {
    let (occupancy, lowered) = (explainer.occupancy, explainer.occupancy.lowered());
    let devices = &lowered.job(class).demand;
    let milli = u128::from(devices.devices) * u128::from(devices.device_milli);
    let mut parts: BTreeMap<Timestamp, [u128; Kind::COUNT + 1]> = BTreeMap::new();
    for &group in groups {
        if stop.is_raised() {
            return None;
        }
        let draw = lowered.draw(class, group);
        for start in starts::inside(lowered, class, group) {
            if occupancy.path_room(class, group, start, 1) == 0 {
                continue;
            }
            let over = occupancy.buckets(class, group, start);
            let least = |amount: &dyn Fn(usize) -> u128| over.clone().map(amount).min().unwrap_or(0);
            let sums = parts.entry(start).or_insert([0; Kind::COUNT + 1]);
            for (k, part) in sums.iter_mut().enumerate() {
                let (left, asked) = match draw.0.get(k) {
                    Some(&amount) => (least(&|b| explainer.headroom.row(group, b).sum[k]), u128::from(amount)),
                    None => (least(&|b| explainer.headroom.row(group, b).device_milli), milli),
                };
                *part = part.saturating_add((left * PARTS).checked_div(asked).unwrap_or(PARTS));
            }
        }
    }
    Some(parts.values().any(|sums| sums.iter().all(|&part| part >= PARTS)))
}
