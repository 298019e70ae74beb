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
use super::sifting::Sifting;
use super::supply::Supply;
use super::timeline::Timeline;
use crate::program::linear::{Algorithm, Answer, Program, Resident, Solution};
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
    let mut sifting = Sifting::new(supply, merged, timeline, &mut program);
    let is_large = sifting.row_count() >= ROWS_INSIDE && supply.lowered.tiles.len() <= TILES_INSIDE_MAX;
    let is_large = is_large && (timeline.count() == 1 || sifting.row_count() <= ROWS_INSIDE_OVER_TIME_MAX);
    let algorithm = if is_large { Algorithm::Inside } else { Algorithm::Vertices };
    program.solve_by(algorithm);
    let mut resident = Resident::start(program, ITERATIONS_MAX)?;
    let close = if timeline.count() == 1 { CLOSE } else { CLOSE_ENOUGH };
    let mut best = None;
    let mut best_bound = f64::INFINITY;
    let mut last: Option<Solution> = None;
    let (mut rows, mut columns) = (Vec::new(), sifting.first_columns());
    let mut mean = Mean::default();
    let mut work = 0;
    let (mut cut_rounds, mut value_before_cuts, mut uncut) = (0, f64::INFINITY, None);
    while work < WORK_MAX {
        let solution = match resident.solve(rows, columns, stop) {
            Answer::Optimal(solution) | Answer::Limited(solution) => solution,
            Answer::Infeasible | Answer::Unbounded | Answer::Interrupted => break,
        };
        stop.spend(solution.iterations);
        work += solution.iterations.max(1) * sifting.row_count();
        let priced = sifting.price(&solution);
        if priced.bound < best_bound {
            best_bound = priced.bound;
            best = Some((priced.prices.clone(), priced.pieces.clone(), priced.shapes.clone()));
        }
        let distance = (best_bound - solution.value) / best_bound.max(f64::MIN_POSITIVE);
        rows = if distance <= CLOSE_TO_ROWS { sifting.rows_at(&solution) } else { Vec::new() };
        let few = sifting.row_count() / FEW_ROWS;
        let is_close = distance <= close * (1.0 + work as f64 / PATIENCE) && rows.len() as u64 <= few;
        let may_cut = cut_rounds < CUT_ROUNDS && solution.value < value_before_cuts * (1.0 - CUT_GAIN);
        let cuts = if is_close && may_cut { sifting.cuts_at(&solution, rows.len()) } else { Vec::new() };
        columns = sifting.columns_at(&priced, &solution);
        let is_done = cuts.is_empty() && rows.len() as u64 <= few && (columns.is_empty() || is_close);
        if distance <= CLOSE_TO_MEAN {
            mean.add(&solution.values);
        }
        if !cuts.is_empty() {
            if cut_rounds == 0 {
                let counts = sifting.counts(&mean.values().unwrap_or_else(|| solution.values.clone()));
                uncut = best.clone().map(|best| (best, best_bound, counts));
            }
            // What was counted so far may be cut off.
            mean = Mean::default();
            (cut_rounds, value_before_cuts) = (cut_rounds + 1, solution.value);
            rows.extend(cuts);
        }
        last = Some(solution);
        if is_done || stop.is_raised() {
            break;
        }
    }
    let counts = sifting.counts(&mean.values().unwrap_or(last?.values));
    let ((prices, pieces, shapes), counts) = match uncut {
        Some((uncut, bound, counts)) if best_bound > bound * (1.0 - CUTS_WORTH) => (uncut, counts),
        _ => (best?, counts),
    };
    Some(Relaxed { prices, bars: sifting.bars().to_vec(), pieces, shapes, counts, algorithm })
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
