//! Prices laid out for the loop that reads them: one row a merged group, one column a (slot, part of time).

use lessor_models::fleet::{ClassIndex, Level};
use lessor_models::resources::Kind;
use lessor_models::time::Timestamp;
use ndarray::Array2;

use super::budget::{Budget, Place};
use super::merge::Merged;
use super::patterns::PiecePrices;
use super::shapes::ShapePrices;
use super::timeline::{Runs, Timeline};
use crate::lowering::index::{GroupIndex, JobClassIndex};
use crate::lowering::{Lowered, Varying};

/// Kinds, with bandwidth once more per level.
const SLOTS: usize = Kind::COUNT + Level::COUNT;

fn slot(kind: Kind, level: Level) -> usize {
    if kind == Kind::Bandwidth { Kind::COUNT + level.index() } else { kind.index() }
}

/// What one unit for one second costs along the path of each merged group.
#[derive(Clone, Debug)]
pub struct PathPrices {
    timeline: Timeline,
    prices: Array2<f64>,
    pieces: PiecePrices,
    shapes: ShapePrices,
}

impl PathPrices {
    /// Sums the prices along each path.
    #[must_use]
    pub fn new(
        merged: &Merged,
        timeline: &Timeline,
        prices: impl Iterator<Item = (Budget, f64)>,
        (pieces, shapes): (&PiecePrices, &ShapePrices),
    ) -> PathPrices {
        let parts = timeline.count();
        let mut users: Vec<Vec<(usize, Level)>> = vec![Vec::new(); merged.accounts.len()];
        for (group, path) in merged.paths.iter().enumerate() {
            path.iter().for_each(|&(account, level)| users[account].push((group, level)));
        }
        let mut table = Array2::zeros((merged.groups.len(), SLOTS * parts));
        for (budget, price) in prices {
            let mut add = |group, level| {
                for part in budget.window.parts() {
                    table[(group, slot(budget.kind, level) * parts + part)] += price;
                }
            };
            match budget.place {
                Place::Tiles(at) => add(at, Level::Tile),
                Place::Account(at) => users[at].iter().for_each(|&(group, level)| add(group, level)),
            }
        }
        PathPrices { timeline: timeline.clone(), prices: table, pieces: pieces.clone(), shapes: shapes.clone() }
    }

    /// What a class uses on the tiles of one class under one tariff, ready to be priced anywhere.
    #[must_use]
    pub fn usage(&self, lowered: &Lowered<'_>, class: JobClassIndex, at: GroupIndex) -> Usage {
        let (job, draw) = (lowered.job(class), lowered.draw(class, at));
        let mut amounts = [0.0; SLOTS];
        for (slot, &amount) in amounts.iter_mut().zip(draw.0.iter().chain(&job.demand.bandwidth_bps)) {
            *slot = amount as f64;
        }
        let runs = Runs::new(&self.timeline, job, lowered.term(class, at), lowered.tariff_changes(at));
        let varies = lowered.group(at).varying.is_some();
        let surcharges = runs.starts.iter().filter(|_| varies).map(|&start| lowered.surcharge(class, at, start) as f64);
        Usage { amounts, surcharges: surcharges.collect(), runs }
    }

    /// The least that a capsule's use, its pieces of devices, its shape and its surcharge cost in a merged group, and the start
    /// that costs it.
    #[must_use]
    pub fn cheapest(&self, lowered: &Lowered<'_>, class: JobClassIndex, group: usize, usage: &Usage) -> (f64, usize) {
        let (prices, parts) = (self.prices.row(group), self.timeline.count());
        let mut per_second = vec![0.0; parts];
        for (slot, &amount) in usage.amounts.iter().enumerate().filter(|(_, amount)| **amount > 0.0) {
            for (part, sum) in per_second.iter_mut().enumerate() {
                *sum += amount * prices[slot * parts + part];
            }
        }
        let demand = &lowered.job(class).demand;
        let shapes = self.shapes.of(group, class);
        if demand.devices == 0 && shapes.clone().next().is_none() {
            return usage.runs.cheapest(&self.timeline, &per_second, |start, _| usage.surcharge(start));
        }
        let pieces = self.pieces.of(group, demand.device_milli);
        usage.runs.cheapest(&self.timeline, &per_second, |start, run| {
            let is_held = |entry: &(Timestamp, f64)| run.start <= entry.0 && entry.0 < run.end;
            let pieces: f64 = pieces.clone().filter(is_held).map(|(_, price)| price).sum();
            let shapes: f64 = shapes.clone().filter(is_held).map(|(_, price)| price).sum();
            f64::from(demand.devices) * pieces + shapes + usage.surcharge(start)
        })
    }

    /// The least that a capsule costs in a merged group, one of whose members is `at`.
    #[must_use]
    pub fn cost(&self, lowered: &Lowered<'_>, class: JobClassIndex, group: usize, at: GroupIndex) -> f64 {
        self.cheapest(lowered, class, group, &self.usage(lowered, class, at)).0
    }
}

/// What the capsules of one class use, worked out once for each tile class and tariff.
#[derive(Clone, Debug, Default)]
pub struct Usages(Vec<((ClassIndex, Option<Varying>), Usage)>);

impl Usages {
    /// The usage of a class in a group; always of the same class.
    pub fn of(
        &mut self,
        lowered: &Lowered<'_>,
        prices: &PathPrices,
        (class, at): (JobClassIndex, GroupIndex),
    ) -> &Usage {
        let place = (lowered.group(at).class, lowered.group(at).varying);
        let known = self.0.iter().position(|entry| entry.0 == place).unwrap_or_else(|| {
            self.0.push((place, prices.usage(lowered, class, at)));
            self.0.len() - 1
        });
        &self.0[known].1
    }
}

/// What a capsule uses in each slot, and when it may.
#[derive(Clone, Debug)]
pub struct Usage {
    amounts: [f64; SLOTS],
    /// What each of its starts costs beyond the cheapest; none where the tariff does not change.
    surcharges: Vec<f64>,
    /// Its starts.
    pub runs: Runs,
}

impl Usage {
    fn surcharge(&self, start: usize) -> f64 {
        self.surcharges.get(start).copied().unwrap_or(0.0)
    }
}
