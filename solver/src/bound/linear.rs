//! The linear program over job classes and merged tile groups.
//!
//! ```text
//! maximize   sum of worth[c, g] n[c] y[c, g]
//! subject to sum over g of y[c, g] <= 1                                                        every job class
//!            sum over c of a[c, g, r] w[c, k] n[c] y[c, g] <= tiles[g] C[g, r, k]              every group, kind, window
//!            sum over c and g under b of a[c, g, r] w[c, k] n[c] y[c, g] <= C[b, r, k]         every account, kind, window
//!            sum over c of devices[c] n[c] y[c, g] - sum over patterns of pieces[p, m] z[p, g] <= 0    every group, milli
//!            sum over patterns of z[p, g] <= devices[g]                                                every group
//!            sum over c of weight[c] n[c] y[c, g] <= tiles[g]                                         every cut of tile patterns
//! ```
//!
//! with a column for each start that matters, `w[c, k]` the seconds that such a start runs in window `k`, and `y` in shares of
//! the class. Rows are scaled to a limit of one. Of the many columns and rows only few are ever needed: the program starts
//! with some places of each class and with rows over coarse windows, and adds, after each solve, the places where a class
//! earns more than it does (sifting; Bixby, Gregory, Lustig, Marsten & Shanno 1992) and rows for the parts of time that the
//! solution overdraws; once the program is nearly solved, also cuts for the tiles that it overfills. Every set of prices met
//! is also judged by the Lagrangian bound that it implies, and the best is kept, so that an early end still leaves good prices.

use super::budget::{Budget, Count};
use super::merge::Merged;
use super::patterns::PiecePrices;
use super::shapes::ShapePrices;
use super::sifting::{Priced, Sifting};
use super::supply::Supply;
use super::timeline::Timeline;
use crate::program::linear::{Algorithm, Answer, Column, LateRow, Program, Resident, Solution};
use crate::support::stop::Stop;

/// Simplex iterations after which a program is given up; most need fewer than a hundredth of it.
const ITERATIONS_MAX: u32 = 2_000_000;

/// Simplex iterations times rows after which the prices are good enough, whatever is left to gain: half a minute or so.
const WORK_MAX: u64 = 500_000_000;

/// Relative distance from the program's value at which the Lagrangian bound counts as reached.
const CLOSE: f64 = 2e-4;

/// The same where time matters, so that prices are rough anyway.
const CLOSE_ENOUGH: f64 = 4e-3;

/// Simplex iterations times rows that double the distance that is close enough: the last thousandth of a large program takes
/// longer than all the rest, and a search gains more in that time.
const PATIENCE: f64 = 5e6;

/// The distance from which on rows are added too: before that, a solution says little about what the best one overdraws.
const CLOSE_TO_ROWS: f64 = 5e-2;

/// The distance from which on a solution counts for the mean, whose counts are given out.
const CLOSE_TO_MEAN: f64 = 2e-2;

/// Rows from which on a program is solved from inside. Vertices of large ones are slow to reach, and their prices jump; those of
/// small ones put fewer classes into a group, which packs better where there are few tiles. Where there are very many, a program
/// of as many rows is coarser, its vertices are found soon, and ejection brings more for the time.
const ROWS_INSIDE: u64 = 1_500;
const TILES_INSIDE_MAX: usize = 150_000;

/// Rows up to which that helps where time varies: one solve from inside gives no prices before it ends, which takes too long
/// for the jobs of a week.
const ROWS_INSIDE_OVER_TIME_MAX: u64 = 5_000;

/// Rows for one more to matter: fewer overdrawn parts are left as they are.
const FEW_ROWS: u64 = 40;

/// The most rounds of cuts, and the share of its value that a round must take from the program for another to follow.
const CUT_ROUNDS: usize = 20;
const CUT_GAIN: f64 = 1e-3;

/// Share by which all cuts together must lower the bound; where they lower it less, the program is as if there were none.
const CUTS_WORTH: f64 = 5e-3;

/// What the program says: prices per unit and second, and counts.
#[derive(Clone, Debug)]
pub struct Relaxed {
    /// Price of each budget, in micro-credits per unit and second, above zero.
    pub prices: Vec<(Budget, f64)>,
    /// Prices of the budgets that give nothing, too high for any capsule.
    pub bars: Vec<(Budget, f64)>,
    /// Prices of pieces of devices.
    pub pieces: PiecePrices,
    /// Prices of shapes.
    pub shapes: ShapePrices,
    /// Capsules of each job class by merged group and start, above zero, in the order of classes.
    pub counts: Vec<Count>,
    /// How the program was solved: counts from inside mix many classes in each group.
    pub algorithm: Algorithm,
}

/// Builds and solves the program. `None` where the stop came before the first answer.
///
/// O(solves times job classes times merged groups) beside the solves themselves.
#[must_use]
pub fn solve(supply: &Supply<'_>, merged: &Merged, timeline: &Timeline, stop: &Stop) -> Option<Relaxed> {
    let mut program = Program::default();
    let sifting = Sifting::new(supply, merged, timeline, &mut program);
    let is_large = sifting.row_count() >= ROWS_INSIDE && supply.lowered.tiles.len() <= TILES_INSIDE_MAX;
    let is_large = is_large && (timeline.count() == 1 || sifting.row_count() <= ROWS_INSIDE_OVER_TIME_MAX);
    let algorithm = if is_large { Algorithm::Inside } else { Algorithm::Vertices };
    program.solve_by(algorithm);
    let close = if timeline.count() == 1 { CLOSE } else { CLOSE_ENOUGH };
    let mut growing = Growing::new(sifting, Resident::start(program, ITERATIONS_MAX)?, close);
    while growing.work < WORK_MAX && growing.step(stop) {}
    growing.relaxed(algorithm)
}

/// The best prices so far, and the Lagrangian bound that they imply.
#[derive(Clone, Debug)]
struct Judged {
    bound: f64,
    prices: Vec<(Budget, f64)>,
    pieces: PiecePrices,
    shapes: ShapePrices,
}

/// A program that grows from solve to solve, and what came of it.
struct Growing<'a> {
    sifting: Sifting<'a>,
    resident: Resident,
    /// What comes in before the next solve.
    rows: Vec<LateRow>,
    columns: Vec<Column>,
    /// Relative distance from the bound that is close enough at first.
    close: f64,
    /// Simplex iterations times rows so far.
    work: u64,
    best: Option<Judged>,
    /// Of the solutions near the best since the last cut.
    mean: Mean,
    last: Option<Solution>,
    cut_rounds: usize,
    value_before_cuts: f64,
    /// What there was before the first cut.
    uncut: Option<(Judged, Vec<Count>)>,
}

impl<'a> Growing<'a> {
    fn new(mut sifting: Sifting<'a>, resident: Resident, close: f64) -> Growing<'a> {
        Growing {
            rows: Vec::new(),
            columns: sifting.first_columns(),
            sifting,
            resident,
            close,
            work: 0,
            best: None,
            mean: Mean::default(),
            last: None,
            cut_rounds: 0,
            value_before_cuts: f64::INFINITY,
            uncut: None,
        }
    }

    /// Solves once, judges the prices, and looks for what is to come in; whether another solve may help.
    fn step(&mut self, stop: &Stop) -> bool {
        let (rows, columns) = (std::mem::take(&mut self.rows), std::mem::take(&mut self.columns));
        let solution = match self.resident.solve(rows, columns, stop) {
            Answer::Optimal(solution) | Answer::Limited(solution) => solution,
            Answer::Infeasible | Answer::Unbounded | Answer::Interrupted => return false,
        };
        stop.spend(solution.iterations);
        self.work += solution.iterations.max(1) * self.sifting.row_count();
        let priced = self.sifting.price(&solution);
        self.judge(&priced);
        let distance = (self.bound() - solution.value) / self.bound().max(f64::MIN_POSITIVE);
        self.rows = if distance <= CLOSE_TO_ROWS { self.sifting.rows_at(&solution) } else { Vec::new() };
        let has_few_rows = self.rows.len() as u64 <= self.sifting.row_count() / FEW_ROWS;
        let is_close = distance <= self.close * (1.0 + self.work as f64 / PATIENCE) && has_few_rows;
        let may_cut = self.cut_rounds < CUT_ROUNDS && solution.value < self.value_before_cuts * (1.0 - CUT_GAIN);
        let cuts = if is_close && may_cut { self.sifting.cuts_at(&solution, self.rows.len()) } else { Vec::new() };
        self.columns = self.sifting.columns_at(&priced, &solution);
        let is_done = cuts.is_empty() && has_few_rows && (self.columns.is_empty() || is_close);
        if distance <= CLOSE_TO_MEAN {
            self.mean.add(&solution.values);
        }
        if !cuts.is_empty() {
            self.cut(cuts, &solution);
        }
        self.last = Some(solution);
        !is_done && !stop.is_raised()
    }

    /// The best Lagrangian bound so far.
    fn bound(&self) -> f64 {
        self.best.as_ref().map_or(f64::INFINITY, |best| best.bound)
    }

    /// Keeps prices that imply a better bound.
    fn judge(&mut self, priced: &Priced) {
        if priced.bound < self.bound() {
            let Priced { bound, prices, pieces, shapes, .. } = priced;
            let (prices, pieces, shapes) = (prices.clone(), pieces.clone(), shapes.clone());
            self.best = Some(Judged { bound: *bound, prices, pieces, shapes });
        }
    }

    /// Cuts come in; what was counted so far may be cut off.
    fn cut(&mut self, cuts: Vec<LateRow>, solution: &Solution) {
        if self.cut_rounds == 0 {
            let counts = self.sifting.counts(&self.mean.values().unwrap_or_else(|| solution.values.clone()));
            self.uncut = self.best.clone().map(|best| (best, counts));
        }
        self.mean = Mean::default();
        (self.cut_rounds, self.value_before_cuts) = (self.cut_rounds + 1, solution.value);
        self.rows.extend(cuts);
    }

    /// What the program says in the end; `None` where it was never solved.
    fn relaxed(self, algorithm: Algorithm) -> Option<Relaxed> {
        let (bound, last) = (self.bound(), self.last?);
        let (best, counts) = match self.uncut {
            Some((uncut, counts)) if bound > uncut.bound * (1.0 - CUTS_WORTH) => (uncut, counts),
            _ => (self.best?, self.sifting.counts(&self.mean.values().unwrap_or(last.values))),
        };
        let Judged { prices, pieces, shapes, .. } = best;
        Some(Relaxed { prices, bars: self.sifting.bars().to_vec(), pieces, shapes, counts, algorithm })
    }
}

/// The mean of solutions, which mixes more classes in a group than any vertex of the program.
#[derive(Debug, Default)]
struct Mean {
    sums: Vec<f64>,
    count: u32,
}

impl Mean {
    /// Adds a solution; columns come to those of the one before.
    fn add(&mut self, values: &[f64]) {
        self.sums.resize(values.len(), 0.0);
        self.sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
        self.count += 1;
    }

    /// The mean; `None` of nothing.
    fn values(&self) -> Option<Vec<f64>> {
        let count = f64::from(self.count);
        (self.count > 0).then(|| self.sums.iter().map(|sum| sum / count).collect())
    }
}
