//! The linear program over job classes and merged tile groups.
//!
//! ```text
//! maximise   sum of worth[c, g] y[c, g]
//! subject to sum over g of y[c, g] <= n[c]                                              every job class
//!            sum over c of a[c, g, r] w[c, k] y[c, g] <= tiles[g] C[g, r, k]            every group, kind, window
//!            sum over c and g under b of a[c, g, r] w[c, k] y[c, g] <= C[b, r, k]       every account, kind, window
//! ```
//!
//! with `w[c, k]` the seconds of window `k` that a capsule cannot avoid. Rows are scaled to a limit of one. Where job
//! classes times groups are many, alike classes share a column; see [`super::cluster`].

use std::collections::HashMap;

use lessor_models::fleet::Level;
use lessor_models::resources::{Kind, UNLIMITED};
use lessor_models::time::Interval;
use ndarray::Array2;

use super::cluster::Cluster;
use super::merge::Merged;
use super::windows::{capacity_seconds, unavoidable_seconds};
use crate::index::{GroupIndex, JobClassIndex};
use crate::lowering::Lowered;
use crate::program::{Answer, Program, Row, Solution};
use crate::stop::Stop;

/// Simplex iterations after which a program is given up; most need fewer than a hundredth of it.
const ITERATIONS_MAX: u32 = 2_000_000;

/// How many times a whole limit a column may draw before its place counts as having none of that kind.
const BARRED: f64 = 1e9;

/// Where a price stands: a merged group's tiles or a merged account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// Every tile of a merged group.
    Tiles(usize),
    /// Every account merged.
    Account(usize),
}

/// A row of capacity: where, of which kind, in which window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Budget {
    /// Whose.
    pub place: Place,
    /// Of which kind.
    pub kind: Kind,
    /// The window's position.
    pub window: usize,
}

/// What the program says: prices per unit and second, and counts.
#[derive(Clone, Debug)]
pub struct Relaxed {
    /// Price of each budget, in micro-credits per unit and second, above zero.
    pub prices: Vec<(Budget, f64)>,
    /// Capsules of each job class in each merged group.
    pub counts: Array2<f64>,
}

/// Builds and solves the program. `None` where it was interrupted.
#[must_use]
pub fn solve(
    lowered: &Lowered<'_>,
    merged: &Merged,
    windows: &[Interval],
    clusters: &[Cluster],
    stop: &Stop,
) -> Option<Relaxed> {
    let mut building = Building::new(lowered, merged, windows);
    let mut columns = Vec::new();
    for (at, cluster) in clusters.iter().enumerate() {
        let job = building.program.row(1.0);
        for group in 0..merged.groups.len() {
            if building.column(cluster, group, job) {
                columns.push((at, group));
            }
        }
    }
    let Building { program, rows, scale, .. } = building;
    let solution = match program.solve(ITERATIONS_MAX, stop) {
        Answer::Optimal(solution) | Answer::Limited(solution) => solution,
        Answer::Infeasible | Answer::Unbounded | Answer::Interrupted => return None,
    };
    stop.spend(solution.iterations);
    let prices = prices(&rows, scale, &solution);
    let mut counts = Array2::zeros((lowered.classes.len(), merged.groups.len()));
    for (&(cluster, group), &value) in columns.iter().zip(&solution.values) {
        let cluster = &clusters[cluster];
        for &class in &cluster.classes {
            counts[(class.at(), group)] += value * lowered.classes[class.at()].count as f64;
        }
    }
    Some(Relaxed { prices, counts })
}

fn prices(rows: &HashMap<Budget, (Row, f64)>, scale: f64, solution: &Solution) -> Vec<(Budget, f64)> {
    let mut prices: Vec<(Budget, f64)> = rows
        .iter()
        .map(|(&budget, &(row, limit))| (budget, solution.prices[row.0] * scale / limit))
        .filter(|&(_, price)| price > 0.0)
        .collect();
    prices.sort_by_key(|entry| entry.0);
    prices
}

/// Capacity of a budget in units times seconds; `None` where some member does not limit it.
pub(super) fn limit(lowered: &Lowered<'_>, merged: &Merged, windows: &[Interval], budget: Budget) -> Option<f64> {
    let Budget { place, kind, window } = budget;
    let (grid, interval) = (&lowered.grid, windows[window]);
    let sum = |capacity: &dyn Fn(usize) -> u64| {
        let limited = grid.touched(interval).all(|k| capacity(k) != UNLIMITED);
        limited.then(|| capacity_seconds(capacity, grid, interval))
    };
    let of_group = |&group: &GroupIndex| {
        let group = lowered.group(group);
        Some(sum(&|k| group.capacity(k).get(kind))? * group.tiles.len() as f64)
    };
    match place {
        Place::Tiles(at) => merged.groups[at].iter().map(of_group).sum(),
        Place::Account(at) => {
            let mut accounts = merged.accounts[at].iter().map(|&account| lowered.account(account));
            accounts.try_fold(0.0, |total, account| Some(total + sum(&|k| account.capacity(k).get(kind))?))
        }
    }
}

struct Building<'a> {
    lowered: &'a Lowered<'a>,
    merged: &'a Merged,
    windows: &'a [Interval],
    program: Program,
    /// Rows by budget, with what the scaled limit of one stands for; absent where nothing limits.
    rows: HashMap<Budget, (Row, f64)>,
    /// Micro-credits that one unit of the objective stands for.
    scale: f64,
}

impl<'a> Building<'a> {
    fn new(lowered: &'a Lowered<'a>, merged: &'a Merged, windows: &'a [Interval]) -> Building<'a> {
        let bids = lowered
            .class_indexes()
            .map(|class| lowered.job(class).bid as f64 * lowered.classes[class.at()].count as f64);
        let scale = (bids.sum::<f64>() / 1e4).max(1.0);
        let mut building =
            Building { lowered, merged, windows, program: Program::default(), rows: HashMap::new(), scale };
        for place in (0..merged.groups.len()).map(Place::Tiles) {
            building.limits(place);
        }
        for place in (0..merged.accounts.len()).map(Place::Account) {
            building.limits(place);
        }
        building
    }

    /// Adds the rows of one place.
    fn limits(&mut self, place: Place) {
        for kind in Kind::ALL {
            for window in 0..self.windows.len() {
                let budget = Budget { place, kind, window };
                if let Some(limit) = limit(self.lowered, self.merged, self.windows, budget) {
                    let row = self.program.row(1.0);
                    self.rows.insert(budget, (row, limit.max(1e-3)));
                }
            }
        }
    }

    /// Adds the column of a cluster in a merged group, where its worth is above zero there.
    ///
    /// A cluster that draws what a place does not have at all gets no column there.
    fn column(&mut self, cluster: &Cluster, group: usize, job: Row) -> bool {
        let Some((class, worth, at)) = self.representative(cluster, group) else { return false };
        // A column counts in shares of its cluster, so that every entry is a share of a row's limit.
        let mut entries = vec![(job, 1.0)];
        let mut is_barred = false;
        let mut debit = |place: Place, level: Level| {
            let draw = self.lowered.draw_at(class, at, level);
            let asked = self.lowered.job(class);
            let term = self.lowered.term(class, at);
            for kind in Kind::ALL.into_iter().filter(|&kind| draw.get(kind) > 0) {
                for (window, &interval) in self.windows.iter().enumerate() {
                    let seconds = unavoidable_seconds(asked.earliest, asked.deadline, term, interval) as f64;
                    let Some(&(row, limit)) = self.rows.get(&Budget { place, kind, window }) else { continue };
                    let amount = draw.get(kind) as f64 * cluster.scale[kind.index()] * seconds * cluster.count / limit;
                    is_barred |= amount > BARRED;
                    match entries.iter_mut().find(|entry| entry.0 == row) {
                        Some(entry) => entry.1 += amount,
                        None if amount > 0.0 => entries.push((row, amount)),
                        None => {}
                    }
                }
            }
        };
        debit(Place::Tiles(group), Level::Tile);
        for &(account, level) in &self.merged.paths[group] {
            debit(Place::Account(account), level);
        }
        if is_barred {
            return false;
        }
        self.program.column(worth * cluster.worth_scale * cluster.count / self.scale, 1.0, entries);
        true
    }

    /// The cluster's first class, its best worth in a merged group and where.
    fn representative(&self, cluster: &Cluster, group: usize) -> Option<(JobClassIndex, f64, GroupIndex)> {
        let class = cluster.classes[0];
        let members = &self.merged.groups[group];
        let looked_at = if self.lowered.classes[class.at()].is_placeless { &members[..1] } else { &members[..] };
        let worths = looked_at.iter().filter_map(|&at| Some((self.lowered.worth(class, at)?, at)));
        let (worth, at) = worths.max_by_key(|&(worth, at)| (worth, std::cmp::Reverse(at)))?;
        // A bonus counts per capsule, as if it were earned bit by bit.
        let job = self.lowered.job(class);
        let bonus = if job.wanted > 0 { job.bonus as f64 / f64::from(job.wanted) } else { 0.0 };
        let worth = worth as f64 + bonus;
        (worth > 0.0).then_some((class, worth, at))
    }
}
