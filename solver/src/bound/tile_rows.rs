//! The rows of tile patterns: cuts, added where a solution runs more large capsules at an instant than its tiles can hold.
//!
//! ```text
//! sum over classes of weight[c] * capsules of c that run on the group's tiles at the instant  <=  tiles of the group
//! ```
//!
//! The dual price of a cut, times the weight of a class, is what each of its capsules pays for its shape; each tile is worth
//! no more than the price, since no pattern weighs more than one.

use std::collections::BTreeMap;

use lessor_models::resources::Resources;
use lessor_models::time::{Interval, Span, Timestamp};
use rayon::prelude::*;

use super::merge::Merged;
use super::rows::Spot;
use super::shapes::{ShapePrices, Shaped};
use super::tile_patterns::{self, Asked};
use super::timeline::{Timeline, Window};
use crate::lowering::Lowered;
use crate::lowering::index::JobClassIndex;
use crate::program::linear::{LateRow, Row, Solution};

/// The most instants at which groups are looked at.
const INSTANTS_MAX: usize = 12;

/// The most cuts that one solve adds.
const CUTS_MAX: usize = 100;

/// Share of all tiles that the cuts of an instant must miss together. Where they miss less, other groups take what is too much
/// for some, and cuts only move it about: a solution at a corner mixes oddly in a few groups.
const EXCESS_LEAST: f64 = 0.02;

/// A merged group at an instant.
type Place = (usize, Timestamp);

/// Capsules by class.
type Counts = BTreeMap<JobClassIndex, f64>;

/// Weights of classes on the tiles of a group at an instant.
#[derive(Clone, Debug)]
pub(super) struct Cut {
    place: Place,
    /// Tiles of the group.
    tiles: f64,
    /// Above zero.
    weights: BTreeMap<JobClassIndex, f64>,
    /// What it is violated by, in tiles.
    excess: f64,
}

/// The cuts of a program.
#[derive(Debug)]
pub(super) struct TileRows {
    instants: Vec<Timestamp>,
    cuts: Vec<(Cut, Row)>,
}

impl TileRows {
    /// No cuts yet, to be looked for at the starts of some parts of time.
    pub(super) fn new(timeline: &Timeline) -> TileRows {
        let many = timeline.count().min(INSTANTS_MAX);
        let instant = |k| timeline.interval(Window::of(k * timeline.count() / many)).start;
        TileRows { instants: (0..many).map(instant).collect(), cuts: Vec::new() }
    }

    /// How many rows there are.
    pub(super) fn count(&self) -> usize {
        self.cuts.len()
    }

    /// The entries of a column, in shares of the group's tiles. O(cuts).
    pub(super) fn entries(&self, spot: &Spot) -> impl Iterator<Item = (Row, f64)> + '_ {
        let &Spot { class, group, run, capsules, .. } = spot;
        let here = self
            .cuts
            .iter()
            .filter(move |(cut, _)| cut.place.0 == group && run.start <= cut.place.1 && cut.place.1 < run.end);
        here.filter_map(move |(cut, row)| Some((*row, cut.weights.get(&class)? * capsules / cut.tiles)))
    }

    /// Adds a row to a program that is running already: its entry in every column that it weighs.
    pub(super) fn add(&mut self, cut: Cut, row: Row, columns: &[Option<Spot>]) -> LateRow {
        let only = TileRows { instants: Vec::new(), cuts: vec![(cut, row)] };
        let entry = |(position, spot): (usize, &Option<Spot>)| {
            let share = only.entries(spot.as_ref()?).next()?.1;
            Some((position, share))
        };
        let entries = columns.iter().enumerate().filter_map(entry).collect();
        self.cuts.extend(only.cuts);
        LateRow { limit: 1.0, entries }
    }

    /// What capsules pay for their shapes at the prices of a solution, in micro-credits.
    pub(super) fn prices(&self, solution: &Solution, scale: f64) -> ShapePrices {
        ShapePrices::new(self.cuts.iter().flat_map(|(cut, row)| {
            let (group, instant) = cut.place;
            let per_tile = solution.prices[row.0] * scale / cut.tiles;
            cut.weights.iter().map(move |(&class, weight)| (Shaped { group, class, instant }, per_tile * weight))
        }))
    }

    /// What all tiles are worth at most, in units of the objective.
    pub(super) fn worth(&self, solution: &Solution) -> f64 {
        self.cuts.iter().map(|(_, row)| solution.prices[row.0]).sum()
    }

    /// The cuts that a solution violates most. `usable` says which classes may run in a group.
    ///
    /// O(columns times instants, and for each group that may be violated a separation that is cut off).
    pub(super) fn violated(
        &self,
        (lowered, merged): (&Lowered<'_>, &Merged),
        columns: &[Option<Spot>],
        values: &[f64],
        usable: impl Fn(JobClassIndex, usize) -> bool + Sync,
    ) -> Vec<Cut> {
        let counts = self.counts(columns, values).into_iter();
        let mut held: Vec<(Place, (Resources, Counts))> =
            counts.map(|(place, counts)| (place, (room(lowered, merged, place), counts))).collect();
        // What runs the same as at the instant before, in the same room, gets the same cut once.
        held.dedup_by(|next, before| next.0.0 == before.0.0 && next.1 == before.1);
        let look = |(place, held): &(Place, (Resources, Counts))| separate((lowered, merged), *place, held, &usable);
        let mut cuts: Vec<Cut> = held.par_iter().filter_map(look).collect();
        let mut excess: BTreeMap<Timestamp, f64> = BTreeMap::new();
        cuts.iter().for_each(|cut| *excess.entry(cut.place.1).or_default() += cut.excess);
        let members = merged.groups.iter().flatten();
        let tiles = members.map(|&member| lowered.group(member).tiles.len() as f64).sum::<f64>();
        cuts.retain(|cut| excess[&cut.place.1] > tiles * EXCESS_LEAST);
        cuts.sort_by(|a, b| b.excess.total_cmp(&a.excess).then(a.place.cmp(&b.place)));
        cuts.truncate(CUTS_MAX);
        cuts
    }

    /// What a solution runs in each group at each instant.
    fn counts(&self, columns: &[Option<Spot>], values: &[f64]) -> BTreeMap<Place, Counts> {
        let mut counts: BTreeMap<Place, Counts> = BTreeMap::new();
        for (spot, &value) in columns.iter().zip(values) {
            let Some(spot) = spot.as_ref().filter(|_| value > 1e-9) else { continue };
            let during = self.instants.iter().filter(|&&instant| spot.run.start <= instant && instant < spot.run.end);
            for &instant in during {
                let here = counts.entry((spot.group, instant)).or_default();
                *here.entry(spot.class).or_default() += value * spot.capsules;
            }
        }
        counts
    }
}

/// What a tile of a merged group gives at an instant: where members differ, the most of each kind, which holds whatever any of
/// them holds.
fn room(lowered: &Lowered<'_>, merged: &Merged, (group, instant): Place) -> Resources {
    let moment = Interval { start: instant, end: instant.after(Span(1)) };
    let bucket = lowered.grid.touched(moment).start;
    let rooms = merged.groups[group].iter().map(|&member| *lowered.group(member).capacity(bucket));
    rooms.fold(Resources::ZERO, |most, next| Resources(std::array::from_fn(|k| most.0[k].max(next.0[k]))))
}

/// A cut of what runs in a group at an instant, where there is one.
fn separate(
    (lowered, merged): (&Lowered<'_>, &Merged),
    place: Place,
    (room, counts): &(Resources, Counts),
    usable: &impl Fn(JobClassIndex, usize) -> bool,
) -> Option<Cut> {
    let (group, members) = (place.0, &merged.groups[place.0]);
    let tiles = members.iter().map(|&member| lowered.group(member).tiles.len() as f64).sum::<f64>();
    let asked = |class: JobClassIndex| {
        let per_tile = counts.get(&class).map_or(0.0, |capsules| capsules / tiles);
        Asked { draw: *lowered.draw(class, members[0]), per_tile }
    };
    if !tile_patterns::may_need_more(counts.keys().map(|&class| asked(class)), room) {
        return None;
    }
    let classes: Vec<JobClassIndex> = lowered.class_indexes().filter(|&class| usable(class, group)).collect();
    let asked: Vec<Asked> = classes.iter().map(|&class| asked(class)).collect();
    let weights = tile_patterns::separate(&asked, room)?;
    let weighed: f64 = asked.iter().zip(&weights).map(|(one, weight)| one.per_tile * weight).sum();
    let weights = classes.into_iter().zip(weights).filter(|entry| entry.1 > 0.0).collect();
    Some(Cut { place, tiles, weights, excess: (weighed - 1.0) * tiles })
}
