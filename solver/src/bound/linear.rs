//! The linear program over job classes and merged tile groups.
//!
//! ```text
//! maximise   sum of worth[c, g] n[c] y[c, g]
//! subject to sum over g of y[c, g] <= 1                                                        every job class
//!            sum over c of a[c, g, r] w[c, k] n[c] y[c, g] <= tiles[g] C[g, r, k]              every group, kind, window
//!            sum over c and g under b of a[c, g, r] w[c, k] n[c] y[c, g] <= C[b, r, k]         every account, kind, window
//!            sum over c of devices[c] n[c] y[c, g] - sum over patterns of pieces[p, m] z[p, g] <= 0    every group, milli
//!            sum over patterns of z[p, g] <= devices[g]                                                every group
//! ```
//!
//! with a column for each start that matters, `w[c, k]` the seconds that such a start runs in window `k`, and `y` in shares of
//! the class. Rows are scaled to
//! a limit of one. Of the many columns only few are ever needed: the program starts with some places of each class and
//! adds, at the prices of each solve, the places where a class earns more than it does (sifting; Bixby, Gregory, Lustig,
//! Marsten & Shanno 1992). Every set of prices met is also judged by the Lagrangian bound that it implies, and the best is
//! kept, so that an early end still leaves good prices.

use std::collections::{BTreeMap, HashMap, HashSet};

use lessor_models::fleet::{ClassIndex, Level};
use lessor_models::resources::Kind;
use lessor_models::tile_class::DEVICE_MILLI;
use lessor_models::time::{Interval, Timestamp};
use rayon::prelude::*;

use super::merge::Merged;
use super::patterns::{self, DeviceParts, Pattern, PiecePrices};
use super::prices::{PathPrices, Usage};
use super::supply::Supply;
use super::windows::Runs;
use crate::index::{GroupIndex, JobClassIndex};
use crate::lowering::Lowered;
use crate::program::{Answer, Column, Program, Resident, Row, Solution};
use crate::stop::Stop;

/// Simplex iterations after which a program is given up; most need fewer than a hundredth of it.
const ITERATIONS_MAX: u32 = 2_000_000;

/// How many times a whole limit a column may draw before its place counts as having none of that kind.
const BARRED: f64 = 1e9;

/// Places of each class in the first program, and the most that each solve adds.
const PLACES: usize = 3;

/// Simplex iterations times rows after which the prices are good enough, whatever is left to gain: half a minute or so.
const WORK_MAX: u64 = 500_000_000;

/// Relative distance from the program's value at which the Lagrangian bound counts as reached.
const CLOSE: f64 = 1e-5;

/// The same where time matters, so that prices over windows are rough anyway, and for what a partial plan leaves.
const CLOSE_ENOUGH: f64 = 2e-3;

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
    /// Prices of pieces of devices.
    pub pieces: PiecePrices,
    /// Capsules of each job class by merged group and start, above zero, in the order of classes.
    pub counts: Vec<Count>,
}

/// Capsules of one class that the program gives one merged group and start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Count {
    /// The class.
    pub class: JobClassIndex,
    /// The merged group.
    pub group: usize,
    /// When they start.
    pub start: Timestamp,
    /// How many, not necessarily whole.
    pub capsules: f64,
}

/// A place of a column: class, merged group, position among the class's starts there.
type Spot = (JobClassIndex, usize, usize);

/// Prices met on the way: of budgets and of pieces, with the bound that they imply in units of the objective.
struct Priced {
    bound: f64,
    budgets: Vec<(Budget, f64)>,
    pieces: PiecePrices,
}

/// Builds and solves the program. `None` where the stop came before the first answer.
///
/// O(solves times job classes times merged groups) beside the solves themselves.
#[must_use]
pub fn solve(supply: &Supply<'_>, merged: &Merged, windows: &[Interval], stop: &Stop) -> Option<Relaxed> {
    let mut sifting = Sifting::new(supply, merged, windows);
    let mut resident = Resident::start(std::mem::take(&mut sifting.program), ITERATIONS_MAX)?;
    let close = if supply.is_whole() && windows.len() == 1 { CLOSE } else { CLOSE_ENOUGH };
    let mut best: Option<Priced> = None;
    let mut last: Option<Solution> = None;
    let mut fresh = sifting.first_columns();
    fresh.extend(sifting.first_patterns());
    let (rows, mut work) = (sifting.row_count, 0);
    while work < WORK_MAX {
        let solution = match resident.solve(fresh, stop) {
            Answer::Optimal(solution) | Answer::Limited(solution) => solution,
            Answer::Infeasible | Answer::Unbounded | Answer::Interrupted => break,
        };
        stop.spend(solution.iterations);
        work += solution.iterations.max(1) * rows;
        let (budgets, pieces) = (sifting.prices(&solution), sifting.piece_prices(&solution));
        let patterns = sifting.best_patterns(&pieces);
        let (bound, wanted) = sifting.price(&budgets, &pieces, &patterns, &solution);
        let is_close = bound - solution.value <= close * bound;
        fresh = sifting.columns_at(&wanted);
        fresh.extend(sifting.patterns_at(patterns, &solution));
        if best.as_ref().is_none_or(|best| bound < best.bound) {
            best = Some(Priced { bound, budgets, pieces });
        }
        last = Some(solution);
        if fresh.is_empty() || is_close || stop.is_raised() {
            break;
        }
    }
    let Priced { budgets, pieces, .. } = best?;
    Some(Relaxed { prices: budgets, pieces, counts: sifting.counts(&last?) })
}

/// What is known of one class at some prices: its best margin and the places worth a column.
type Wanted = (f64, Vec<(usize, usize)>);

struct Sifting<'a> {
    supply: &'a Supply<'a>,
    lowered: &'a Lowered<'a>,
    merged: &'a Merged,
    windows: &'a [Interval],
    /// Rows alone; columns come with each solve.
    program: Program,
    /// Rows by budget, with what the scaled limit of one stands for; absent where nothing limits.
    rows: HashMap<Budget, (Row, f64)>,
    job_rows: Vec<Row>,
    row_count: u64,
    /// The place of every column, with its start, in order; `None` for patterns.
    columns: Vec<Option<(JobClassIndex, usize, Timestamp)>>,
    known: HashSet<Spot>,
    parts: Option<DeviceParts>,
    /// Rows of pieces by merged group and milli, and of devices by merged group; in shares of the group's devices.
    piece_rows: BTreeMap<(usize, u16), Row>,
    device_rows: BTreeMap<usize, Row>,
    known_patterns: HashSet<(usize, Pattern)>,
    /// Micro-credits that one unit of the objective stands for.
    scale: f64,
}

impl<'a> Sifting<'a> {
    fn new(supply: &'a Supply<'a>, merged: &'a Merged, windows: &'a [Interval]) -> Sifting<'a> {
        let lowered = supply.lowered;
        let bids = lowered.class_indexes().map(|class| lowered.job(class).bid as f64 * supply.most(class) as f64);
        let scale = (bids.sum::<f64>() / 1e4).max(1.0);
        let mut program = Program::default();
        let job_rows = lowered.class_indexes().map(|_| program.row(1.0)).collect();
        let parts = supply.is_whole().then(|| DeviceParts::new(lowered, merged)).flatten();
        let mut sifting = Sifting {
            supply,
            lowered,
            merged,
            windows,
            program,
            rows: HashMap::new(),
            job_rows,
            row_count: 0,
            columns: Vec::new(),
            known: HashSet::new(),
            parts,
            piece_rows: BTreeMap::new(),
            device_rows: BTreeMap::new(),
            known_patterns: HashSet::new(),
            scale,
        };
        for place in (0..merged.groups.len()).map(Place::Tiles) {
            sifting.limits(place);
        }
        for place in (0..merged.accounts.len()).map(Place::Account) {
            sifting.limits(place);
        }
        sifting.piece_limits();
        sifting.row_count =
            (sifting.job_rows.len() + sifting.rows.len() + sifting.piece_rows.len() + sifting.device_rows.len()) as u64;
        sifting
    }

    /// Adds the rows of one place.
    fn limits(&mut self, place: Place) {
        for kind in Kind::ALL {
            for window in 0..self.windows.len() {
                let budget = Budget { place, kind, window };
                if let Some(limit) = self.supply.limit(self.merged, self.windows, budget) {
                    let row = self.program.row(1.0);
                    self.rows.insert(budget, (row, limit.max(1e-3)));
                }
            }
        }
    }

    /// Adds the rows of pieces and devices.
    fn piece_limits(&mut self) {
        let Some(parts) = &self.parts else { return };
        for (group, _) in parts.devices.iter().enumerate().filter(|(_, devices)| **devices > 0) {
            self.device_rows.insert(group, self.program.row(1.0));
            for &milli in &parts.milli {
                self.piece_rows.insert((group, milli), self.program.row(0.0));
            }
        }
    }

    /// One pattern for each milli alone.
    fn first_patterns(&mut self) -> Vec<Column> {
        let groups: Vec<usize> = self.device_rows.keys().copied().collect();
        let milli = self.parts.as_ref().map(|parts| parts.milli.clone()).unwrap_or_default();
        let alone = |milli: u16| vec![(milli, DEVICE_MILLI / milli.max(1))];
        let mut columns = Vec::new();
        for group in groups {
            columns.extend(milli.iter().filter_map(|&milli| self.pattern(group, &alone(milli))));
        }
        columns
    }

    /// The best pattern of every group at some prices of pieces, with its worth.
    fn best_patterns(&self, pieces: &PiecePrices) -> Vec<(usize, f64, Pattern)> {
        let groups: Vec<usize> = self.device_rows.keys().copied().collect();
        let best = |&group: &usize| {
            let here = pieces.range((group, 0)..=(group, u16::MAX));
            let here: Vec<(u16, f64)> = here.map(|(&(_, milli), &price)| (milli, price)).collect();
            let (worth, pattern) = patterns::best_pattern(&here);
            (group, worth, pattern)
        };
        groups.par_iter().map(best).collect()
    }

    /// Columns of the patterns that are worth more than their devices earn.
    fn patterns_at(&mut self, patterns: Vec<(usize, f64, Pattern)>, solution: &Solution) -> Vec<Column> {
        let mut columns = Vec::new();
        for (group, worth, pattern) in patterns {
            let earned = solution.prices[self.device_rows[&group].0] * self.scale / self.devices(group);
            if worth > earned * (1.0 + 1e-7) {
                columns.extend(self.pattern(group, &pattern));
            }
        }
        columns
    }

    fn devices(&self, group: usize) -> f64 {
        self.parts.as_ref().map_or(1.0, |parts| parts.devices[group] as f64)
    }

    /// The column of a pattern, in shares of the group's devices; `None` where it is empty or there already.
    fn pattern(&mut self, group: usize, pattern: &[(u16, u16)]) -> Option<Column> {
        if pattern.is_empty() || !self.known_patterns.insert((group, pattern.to_vec())) {
            return None;
        }
        let supplied = pattern.iter().map(|&(milli, count)| (self.piece_rows[&(group, milli)], -f64::from(count)));
        let entries = supplied.chain([(self.device_rows[&group], 1.0)]).collect();
        self.columns.push(None);
        Some(Column { worth: 0.0, most: 1.0, entries })
    }

    /// Some places of every class, spread over all that it may use.
    fn first_columns(&mut self) -> Vec<Column> {
        let groups = self.merged.groups.len();
        let mut columns = Vec::new();
        for class in self.lowered.class_indexes().filter(|&class| self.supply.most(class) > 0).collect::<Vec<_>>() {
            let usable: Vec<usize> = (0..groups).filter(|&group| self.best_member(class, group).is_some()).collect();
            let taken = usable.len().min(PLACES);
            for k in 0..taken {
                let at = (class.at() + k * usable.len() / taken) % usable.len();
                columns.extend(self.column((class, usable[at], 0)));
            }
        }
        columns
    }

    fn columns_at(&mut self, wanted: &[Wanted]) -> Vec<Column> {
        let mut columns = Vec::new();
        for (class, (_, groups)) in self.lowered.class_indexes().zip(wanted) {
            for &(group, start) in groups {
                columns.extend(self.column((class, group, start)));
            }
        }
        columns
    }

    /// The column of a class in a merged group at a start, unless it is there already or nothing can be drawn there.
    fn column(&mut self, spot: Spot) -> Option<Column> {
        let (class, group, start) = spot;
        let (worth, at) = self.best_member(class, group)?;
        if !self.known.insert(spot) {
            return None;
        }
        let asked = self.lowered.job(class);
        let runs = Runs::new(self.windows, asked.earliest, asked.deadline, self.lowered.term(class, at));
        // A column counts in shares of its class, so that every entry is a share of a row's limit.
        let count = self.supply.most(class) as f64;
        let mut entries = vec![(self.job_rows[class.at()], 1.0)];
        let mut is_barred = false;
        let mut debit = |place: Place, level: Level| {
            let draw = self.lowered.draw_at(class, at, level);
            for kind in Kind::ALL.into_iter().filter(|&kind| draw.get(kind) > 0) {
                for (window, &seconds) in runs.seconds(start).iter().enumerate() {
                    let Some(&(row, limit)) = self.rows.get(&Budget { place, kind, window }) else { continue };
                    let amount = draw.get(kind) as f64 * seconds * count / limit;
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
        if is_barred || count <= 0.0 {
            return None;
        }
        if let Some((milli, pieces)) = self.parts.as_ref().and_then(|parts| parts.pieces(self.lowered, class)) {
            // Without a device in the group there is no place.
            let row = *self.piece_rows.get(&(group, milli))?;
            entries.push((row, f64::from(pieces) * count / self.devices(group)));
        }
        self.columns.push(Some((class, group, runs.starts[start])));
        let most = (self.lowered.spread_room(class, &self.merged.groups[group]) as f64 / count).min(1.0);
        Some(Column { worth: worth * count / self.scale, most, entries })
    }

    /// The worth of a class in a merged group, above zero, and where in it.
    fn best_member(&self, class: JobClassIndex, group: usize) -> Option<(f64, GroupIndex)> {
        let members = &self.merged.groups[group];
        // Without a place of its own a class is worth the same in every member; of a rest, some may have no room.
        let alike = self.lowered.classes[class.at()].is_placeless && self.supply.is_whole();
        let looked_at = if alike { &members[..1] } else { &members[..] };
        let worths = looked_at.iter().filter_map(|&at| Some((self.supply.worth(class, at)?, at)));
        let (worth, at) = worths.max_by_key(|&(worth, at)| (worth, std::cmp::Reverse(at)))?;
        // A bonus counts per capsule, as if it were earned bit by bit.
        let job = self.lowered.job(class);
        let bonus = if job.wanted > 0 { job.bonus as f64 / f64::from(job.wanted) } else { 0.0 };
        let worth = worth as f64 + bonus;
        (worth > 0.0).then_some((worth, at))
    }

    fn prices(&self, solution: &Solution) -> Vec<(Budget, f64)> {
        let mut prices: Vec<(Budget, f64)> = self
            .rows
            .iter()
            .map(|(&budget, &(row, limit))| (budget, solution.prices[row.0] * self.scale / limit))
            .filter(|&(_, price)| price > 0.0)
            .collect();
        prices.sort_by_key(|entry| entry.0);
        prices
    }

    fn piece_prices(&self, solution: &Solution) -> PiecePrices {
        let price = |(&(group, milli), row): (&(usize, u16), &Row)| {
            let price = solution.prices[row.0] * self.scale / self.devices(group);
            ((group, milli), price)
        };
        self.piece_rows.iter().map(price).collect()
    }

    /// The Lagrangian bound at some prices, in units of the objective, and where each class earns more than it does.
    fn price(
        &self,
        prices: &[(Budget, f64)],
        pieces: &PiecePrices,
        patterns: &[(usize, f64, Pattern)],
        solution: &Solution,
    ) -> (f64, Vec<Wanted>) {
        let path_prices = PathPrices::new(self.merged, self.windows, prices, pieces);
        let classes: Vec<JobClassIndex> = self.lowered.class_indexes().collect();
        let wanted: Vec<Wanted> = classes
            .par_iter()
            .map(|&class| {
                let earned = solution.prices[self.job_rows[class.at()].0] * self.scale;
                self.price_class(class, earned / (self.supply.most(class) as f64).max(1.0), &path_prices)
            })
            .collect();
        let capacity: f64 = prices.iter().map(|(budget, price)| price * self.rows[budget].1).sum();
        let margins = classes.iter().zip(&wanted).map(|(&class, (best, _))| best * self.supply.most(class) as f64);
        let devices: f64 = patterns.iter().map(|&(group, worth, _)| worth * self.devices(group)).sum();
        ((capacity + devices + margins.sum::<f64>()) / self.scale, wanted)
    }

    fn price_class(&self, class: JobClassIndex, earned: f64, prices: &PathPrices) -> Wanted {
        if self.supply.most(class) == 0 {
            return (0.0, Vec::new());
        }
        let mut usages: Vec<(ClassIndex, Usage)> = Vec::new();
        let mut margins: Vec<(f64, usize, usize)> = Vec::new();
        for group in 0..self.merged.groups.len() {
            let Some((worth, at)) = self.best_member(class, group) else { continue };
            let tile_class = self.lowered.group(at).class;
            let known = usages.iter().position(|entry| entry.0 == tile_class).unwrap_or_else(|| {
                usages.push((tile_class, prices.usage(self.lowered, class, at)));
                usages.len() - 1
            });
            let (cost, start) = prices.cheapest(self.lowered, class, group, &usages[known].1);
            margins.push((worth - cost, group, start));
        }
        margins.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let best = margins.first().map_or(0.0, |entry| entry.0.max(0.0));
        // Anything above what the class earns already, beyond the rounding of the solve.
        let least = earned + 1e-7 * earned.max(1.0);
        let better = margins
            .into_iter()
            .filter(|&(margin, group, start)| margin > least && !self.known.contains(&(class, group, start)));
        (best, better.take(PLACES).map(|(_, group, start)| (group, start)).collect())
    }

    fn counts(&self, solution: &Solution) -> Vec<Count> {
        let mut counts: Vec<Count> = Vec::new();
        for (place, &value) in self.columns.iter().zip(&solution.values) {
            if let Some((class, group, start)) = place.filter(|_| value > 0.0) {
                counts.push(Count { class, group, start, capsules: value * self.supply.most(class) as f64 });
            }
        }
        counts.sort_by_key(|count| (count.class, count.group, count.start));
        counts
    }
}
