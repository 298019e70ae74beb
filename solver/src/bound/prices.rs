//! Prices laid out for the loop that reads them: one row a merged group, one column a (slot, window).

use lessor_models::fleet::Level;
use lessor_models::resources::Kind;
use lessor_models::time::Interval;
use ndarray::Array2;

use super::linear::{Budget, Place};
use super::merge::Merged;
use super::patterns::PiecePrices;
use super::windows::{Runs, WINDOWS_MAX};
use crate::index::{GroupIndex, JobClassIndex};
use crate::lowering::Lowered;

/// Kinds, with bandwidth once more per level.
const SLOTS: usize = Kind::COUNT + Level::COUNT;

fn slot(kind: Kind, level: Level) -> usize {
    if kind == Kind::Bandwidth { Kind::COUNT + level.index() } else { kind.index() }
}

/// What one unit for one second costs along the path of each merged group.
#[derive(Clone, Debug)]
pub struct PathPrices {
    windows: Vec<Interval>,
    prices: Array2<f64>,
    pieces: PiecePrices,
}

impl PathPrices {
    /// Sums the prices along each path.
    #[must_use]
    pub fn new(merged: &Merged, windows: &[Interval], prices: &[(Budget, f64)], pieces: &PiecePrices) -> PathPrices {
        let mut table = Array2::zeros((merged.groups.len(), SLOTS * windows.len()));
        for &(budget, price) in prices {
            let column = |level| slot(budget.kind, level) * windows.len() + budget.window;
            match budget.place {
                Place::Tiles(at) => table[(at, column(Level::Tile))] += price,
                Place::Account(at) => {
                    for (group, path) in merged.paths.iter().enumerate() {
                        for &(_, level) in path.iter().filter(|entry| entry.0 == at) {
                            table[(group, column(level))] += price;
                        }
                    }
                }
            }
        }
        PathPrices { windows: windows.to_vec(), prices: table, pieces: pieces.clone() }
    }

    /// How many merged groups there are.
    #[must_use]
    pub fn group_count(&self) -> usize {
        self.prices.nrows()
    }

    /// What a class uses on the tiles of one class, ready to be priced anywhere.
    #[must_use]
    pub fn usage(&self, lowered: &Lowered<'_>, class: JobClassIndex, at: GroupIndex) -> Usage {
        let (job, draw) = (lowered.job(class), lowered.draw(class, at));
        let mut amounts = [0.0; SLOTS];
        for (slot, &amount) in amounts.iter_mut().zip(draw.0.iter().chain(&job.demand.bandwidth_bps)) {
            *slot = amount as f64;
        }
        Usage { amounts, runs: Runs::new(&self.windows, job.earliest, job.deadline, lowered.term(class, at)) }
    }

    /// The least that a capsule's use and its pieces of devices cost in a merged group, and the start that costs it.
    #[must_use]
    pub fn cheapest(&self, lowered: &Lowered<'_>, class: JobClassIndex, group: usize, usage: &Usage) -> (f64, usize) {
        let (prices, windows) = (self.prices.row(group), self.windows.len());
        let mut per_second = [0.0; WINDOWS_MAX];
        for (k, sum) in per_second.iter_mut().enumerate().take(windows) {
            *sum = usage.amounts.iter().enumerate().map(|(slot, amount)| amount * prices[slot * windows + k]).sum();
        }
        let (cost, start) = usage.runs.cheapest(&per_second[..windows]);
        (cost + self.piece_cost(lowered, class, group), start)
    }

    /// The least that a capsule costs in a merged group, one of whose members is `at`.
    #[must_use]
    pub fn cost(&self, lowered: &Lowered<'_>, class: JobClassIndex, group: usize, at: GroupIndex) -> f64 {
        self.cheapest(lowered, class, group, &self.usage(lowered, class, at)).0
    }

    /// What a capsule's pieces of devices cost; zero for classes outside the device patterns.
    fn piece_cost(&self, lowered: &Lowered<'_>, class: JobClassIndex, group: usize) -> f64 {
        let demand = &lowered.job(class).demand;
        if demand.devices == 0 {
            return 0.0;
        }
        self.pieces.get(&(group, demand.device_milli)).map_or(0.0, |price| price * f64::from(demand.devices))
    }
}

/// What a capsule uses in each slot, and when it may.
#[derive(Clone, Debug)]
pub struct Usage {
    amounts: [f64; SLOTS],
    /// Its starts.
    pub runs: Runs,
}
