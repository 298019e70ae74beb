//! Prices laid out for the loop that reads them: one row a merged group, one column a (slot, window).

use lessor_models::fleet::Level;
use lessor_models::job::Job;
use lessor_models::resources::Kind;
use lessor_models::time::Interval;
use ndarray::Array2;

use super::linear::{Budget, Place};
use super::merge::Merged;
use super::patterns::PiecePrices;
use super::windows::unavoidable_seconds;
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

    /// What a capsule's unavoidable use and its pieces of devices cost in a merged group, one of whose members is `at`.
    #[must_use]
    pub fn cost(&self, lowered: &Lowered<'_>, class: JobClassIndex, group: usize, at: GroupIndex) -> f64 {
        self.dot(group, &self.usage(lowered, class, at)) + self.piece_cost(lowered, class, group)
    }

    /// What a capsule's pieces of devices cost; zero for classes outside the device patterns.
    fn piece_cost(&self, lowered: &Lowered<'_>, class: JobClassIndex, group: usize) -> f64 {
        let demand = &lowered.job(class).demand;
        if demand.devices == 0 {
            return 0.0;
        }
        self.pieces.get(&(group, demand.device_milli)).map_or(0.0, |price| price * f64::from(demand.devices))
    }

    /// A capsule's unavoidable use of each slot in each window, in units times seconds.
    fn usage(&self, lowered: &Lowered<'_>, class: JobClassIndex, at: GroupIndex) -> Vec<f64> {
        let (job, draw) = (lowered.job(class), lowered.draw(class, at));
        let seconds: Vec<f64> = self.seconds(job, lowered.term(class, at));
        let mut usage = Vec::with_capacity(SLOTS * seconds.len());
        for amount in draw.0.iter().chain(&job.demand.bandwidth_bps) {
            usage.extend(seconds.iter().map(|seconds| *amount as f64 * seconds));
        }
        usage
    }

    fn seconds(&self, job: &Job, term: lessor_models::time::Span) -> Vec<f64> {
        let unavoidable = |&window: &Interval| unavoidable_seconds(job.earliest, job.deadline, term, window) as f64;
        self.windows.iter().map(unavoidable).collect()
    }

    fn dot(&self, group: usize, usage: &[f64]) -> f64 {
        self.prices.row(group).iter().zip(usage).map(|(price, amount)| price * amount).sum()
    }
}
