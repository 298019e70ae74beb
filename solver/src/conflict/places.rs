//! What blocks each place: for every tile and start, the set of constraints that keep one more capsule out.
//!
//! A place opens exactly when every constraint of its set is waived. So a set of constraints leaves no place exactly when it
//! meets the set of each, and one waiver cures exactly when some place is blocked by that constraint alone.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use lessor_models::fleet::Owner;
use lessor_models::plan::{Blocker, Rule};
use lessor_models::resources::Kind;
use lessor_models::tile_class::DEVICE_MILLI;
use lessor_models::time::Timestamp;

use super::mask::Mask;
use super::shortage::short_bits;
use super::trial::{TILES_PER_LOOK, devices_short};
use super::{Explainer, rules, starts};
use crate::lowering::index::{GroupIndex, JobClassIndex, TileIndex};
use crate::support::stop::Stop;

/// The place that is least short, of all that one set of constraints blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// How much is missing where one constraint blocks: base units of the kind, microseconds, micro-credits; else 0.
    pub(super) short: u64,
    /// The tile.
    pub(super) tile: TileIndex,
    /// The start.
    pub(super) start: Timestamp,
}

/// The distinct sets of constraints that block places, none empty; sets that include another may be left out.
pub(super) type Sets = BTreeMap<Vec<Blocker>, Place>;

/// The sets of every place. `None` where the flag was raised first. O(tiles times starts times buckets of a term).
pub(super) fn survey(explainer: &Explainer<'_, '_>, class: JobClassIndex, stop: &Stop) -> Option<Sets> {
    let lowered = explainer.occupancy.lowered();
    let mut survey = Survey { explainer, class, plain: BTreeMap::new(), mixed: BTreeMap::new() };
    for group in lowered.group_indexes() {
        if stop.is_raised() {
            return None;
        }
        if rules::reaches_data(lowered, class, group) {
            survey.add_group(group, stop)?;
        }
    }
    let Survey { mut plain, mut mixed, .. } = survey;
    if plain.is_empty() && mixed.is_empty() {
        // No tile reaches the data: a rule that nothing can waive.
        let anywhere = Place { short: 0, tile: TileIndex(0), start: lowered.job(class).earliest };
        plain.insert(Mask::rule(Rule::Latency), anywhere);
    }
    mixed.extend(plain.into_iter().map(|(mask, place)| (mask.blockers().collect(), place)));
    Some(mixed)
}

struct Survey<'x, 'o, 'a> {
    explainer: &'x Explainer<'o, 'a>,
    class: JobClassIndex,
    /// Sets without accounts.
    plain: BTreeMap<Mask, Place>,
    /// Sets with accounts.
    mixed: Sets,
}

/// One start in a group, with what blocks it whatever the tile.
struct Start {
    at: Timestamp,
    over: Range<usize>,
    fixed: Mask,
    /// Accounts that lack a kind, with how much of it.
    above: Vec<(Owner, Kind, u64)>,
}

impl Survey<'_, '_, '_> {
    fn add_group(&mut self, group: GroupIndex, stop: &Stop) -> Option<()> {
        let (explainer, class) = (self.explainer, self.class);
        let (lowered, occupancy) = (explainer.occupancy.lowered(), explainer.occupancy);
        let tiles = lowered.group(group).tiles.clone();
        let differs = rules::differ_by_tile(lowered, class);
        let bonds = |tile, start| explainer.bonds.broken(class, tile, start);
        let shared = |start| if differs { Mask::default() } else { bonds(TileIndex::new(tiles.start), start) };
        let pair = rules::of_pair(occupancy, class, group);
        let starts = self.starts(group, |start| pair.with(shared(start)));
        if starts.is_empty() {
            return Some(());
        }
        let draw = lowered.draw(class, group);
        let mut short_kinds = vec![0u8; lowered.grid.count()];
        let mut seen = BTreeSet::new();
        for position in tiles {
            if position % TILES_PER_LOOK == 0 && stop.is_raised() {
                return None;
            }
            let tile = TileIndex::new(position);
            for (bits, bucket) in short_kinds.iter_mut().zip(0..) {
                *bits = short_bits(draw, occupancy.tile_left(tile, bucket));
            }
            for (at, start) in starts.iter().enumerate() {
                let bits = short_kinds[start.over.clone()].iter().fold(0, |all, bits| all | bits);
                let tile_side = self.with_devices(tile, start, bits);
                let own = if differs { bonds(tile, start.at) } else { Mask::default() };
                let mask = start.fixed.with(own).with(tile_side);
                // What is short only matters where a tile alone blocks; elsewhere one place stands for all.
                if start.above.is_empty() || seen.insert((at, mask)) {
                    self.note(tile, start, mask);
                }
            }
        }
        Some(())
    }

    /// The starts of a group that another place does not already make superfluous.
    fn starts(&self, group: GroupIndex, broken: impl Fn(Timestamp) -> Mask) -> Vec<Start> {
        let (lowered, occupancy) = (self.explainer.occupancy.lowered(), self.explainer.occupancy);
        let inside = starts::inside(lowered, self.class, group).map(|at| (at, broken(at)));
        let late = starts::late(lowered, self.class, group).map(|at| (at, broken(at).with(Mask::rule(Rule::Window))));
        let worth_asking = inside.chain(late).filter(|&(_, fixed)| !self.is_covered(fixed));
        worth_asking
            .map(|(at, fixed)| {
                let over = occupancy.buckets(self.class, group, at);
                Start { at, fixed, above: self.above(group, over.clone()), over }
            })
            .collect()
    }

    /// What the accounts above a group lack for one capsule.
    fn above(&self, group: GroupIndex, over: Range<usize>) -> Vec<(Owner, Kind, u64)> {
        let (lowered, occupancy) = (self.explainer.occupancy.lowered(), self.explainer.occupancy);
        let mut above = Vec::new();
        for &(account, level) in &lowered.group(group).path {
            let draw = lowered.draw_at(self.class, group, level);
            for kind in Kind::ALL {
                let left = over.clone().map(|k| occupancy.account_left(account, k).get(kind)).min().unwrap_or(0);
                if draw.get(kind) > left {
                    above.push((lowered.account(account).owner, kind, draw.get(kind) - left));
                }
            }
        }
        above
    }

    /// Adds the devices to the kinds that a tile lacks.
    ///
    /// Missing devices stand for the headroom that they would bring: the tile lacks accelerators as a kind only where whole
    /// new devices would not be enough.
    fn with_devices(&self, tile: TileIndex, start: &Start, bits: u8) -> Mask {
        let missing = devices_short(self.explainer, self.class, tile, start.over.clone());
        let kinds = Mask::kinds(bits);
        if missing == 0 {
            return kinds;
        }
        let still = self.short(tile, start, Kind::Accelerator) > missing * u64::from(DEVICE_MILLI);
        let accelerator = Mask::tiles(Kind::Accelerator);
        kinds.without(accelerator).with(accelerator.when(still)).with(Mask::rule(Rule::Devices))
    }

    /// How much of a kind a tile lacks for one capsule.
    fn short(&self, tile: TileIndex, start: &Start, kind: Kind) -> u64 {
        let (lowered, occupancy) = (self.explainer.occupancy.lowered(), self.explainer.occupancy);
        let draw = lowered.draw(self.class, lowered.group_of(tile)).get(kind);
        let left = start.over.clone().map(|k| occupancy.tile_left(tile, k).get(kind)).min().unwrap_or(0);
        draw.saturating_sub(left)
    }

    fn note(&mut self, tile: TileIndex, start: &Start, mask: Mask) {
        if self.is_covered(mask) || (mask.is_empty() && start.above.is_empty()) {
            return;
        }
        if start.above.is_empty() {
            let place = Place { short: self.short_of_one(tile, start, mask), tile, start: start.at };
            let least = self.plain.entry(mask).or_insert(place);
            *least = place.min(*least);
            return;
        }
        let accounts = start.above.iter().map(|&(owner, kind, _)| Blocker::Account { owner, kind });
        let mut set: Vec<Blocker> = accounts.chain(mask.blockers()).collect();
        set.sort_unstable();
        let short = if set.len() == 1 { start.above[0].2 } else { 0 };
        let place = Place { short, tile, start: start.at };
        let least = self.mixed.entry(set).or_insert(place);
        *least = place.min(*least);
    }

    /// How far a place is from fitting, where one constraint blocks it.
    fn short_of_one(&self, tile: TileIndex, start: &Start, mask: Mask) -> u64 {
        let lowered = self.explainer.occupancy.lowered();
        let group = lowered.group_of(tile);
        match mask.is_single().then(|| mask.blockers().next()).flatten() {
            Some(Blocker::Tiles { kind }) => self.short(tile, start, kind),
            Some(Blocker::Rule(Rule::Devices)) => {
                devices_short(self.explainer, self.class, tile, start.over.clone()) * u64::from(DEVICE_MILLI)
            }
            Some(Blocker::Rule(Rule::Window)) => start.at.since(starts::latest(lowered, self.class, group)).0,
            Some(Blocker::Rule(Rule::Worth)) => {
                1 + rules::worth(self.explainer.occupancy, self.class, group).min(0).unsigned_abs()
            }
            _ => 0,
        }
    }

    /// Whether a place with such a set says nothing new: a set without accounts is included in it. A set that is a matter of
    /// degree does not cover its like, which may be less short.
    fn is_covered(&self, mask: Mask) -> bool {
        let is_graded = mask.is_single() && !mask.meets(rules::ELIGIBILITY.without(Mask::rule(Rule::Window)));
        let covers = |known: Mask| mask.contains(known) && !(known == mask && is_graded);
        !mask.is_empty() && self.plain.keys().any(|&known| covers(known))
    }
}
