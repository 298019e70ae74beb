//! The linear program over the columns that are known: those that it has, and those that wait until they are worth something
//! (sifting; Bixby, Gregory, Lustig, Marsten & Shanno 1992).
//!
//! ```text
//! minimize   sum over patterns of x[pattern]
//! subject to sum over patterns of count[pattern, type] x[pattern] >= demand[type]     every type
//!                                                                <= demand[type]     types that make room for others
//! ```
//!
//! A bin may hold fewer than its pattern says, but not fewer of what makes room in it.

use crate::program::linear::{Algorithm, Answer, Column, Growth, Program, Resident, Row, Solution};
use crate::support::stop::Stop;

use super::contents::GAIN_MIN;
use super::lowered::{Lowered, Pattern, narrow};

/// Simplex iterations of one solve, at most.
const ITERATIONS_MAX: u32 = 200_000;

/// Types from which on the program is solved from inside: vertices of so many rows take long.
const INSIDE_TYPES_MIN: usize = 150;

/// Columns for each type from which on the program gives some back, and how many it keeps then.
const COLUMNS_A_TYPE_MAX: usize = 8;
const COLUMNS_A_TYPE: usize = 4;

/// Columns that wait, at most.
const WAITING_MAX: usize = 40_000;

/// Contents of bins and how often each is used, which need not be a whole number.
pub(super) type Fractions = Vec<(Pattern, f64)>;

/// The program with its columns.
#[derive(Debug)]
pub(super) struct Restricted<'a> {
    instance: &'a Lowered,
    algorithm: Algorithm,
    /// The program by vertices, which goes on from solve to solve.
    program: Option<Resident>,
    columns: Vec<Pattern>,
    /// Columns that the program does not know yet.
    fresh: usize,
    waiting: Vec<Pattern>,
    /// The types that make room; each has a second row.
    makers: Vec<usize>,
}

impl<'a> Restricted<'a> {
    /// With columns to begin with and others that wait. Where the columns leave a type out, it is alone in a bin.
    pub(super) fn new(instance: &'a Lowered, columns: Vec<Pattern>, waiting: Vec<Pattern>) -> Restricted<'a> {
        let types = instance.demands.len();
        let algorithm = if types < INSIDE_TYPES_MIN { Algorithm::Vertices } else { Algorithm::Inside };
        let makers = (0..types).filter(|&item| instance.makes_room(item)).collect();
        let mut program = Restricted { instance, algorithm, program: None, columns, fresh: 0, waiting, makers };
        program.complete();
        program
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// All columns, those of the program first.
    pub(super) fn columns(&self) -> impl Iterator<Item = &Pattern> {
        self.columns.iter().chain(&self.waiting)
    }

    /// The same, at the end.
    pub(super) fn into_columns(mut self) -> Vec<Pattern> {
        self.columns.append(&mut self.waiting);
        self.columns
    }

    pub(super) fn add(&mut self, patterns: Vec<Pattern>) {
        self.fresh += patterns.len();
        self.columns.extend(patterns);
    }

    /// Takes columns that wait and are worth more than one, the dearest first, as many as there are types at most.
    pub(super) fn sift(&mut self, prices: &[f64]) -> Vec<Pattern> {
        let waiting = std::mem::take(&mut self.waiting).into_iter();
        let is_dear = |pattern: &Pattern| worth(prices, pattern) > 1.0 + GAIN_MIN;
        let (dear, rest): (Vec<_>, Vec<_>) = waiting.partition(is_dear);
        let mut dear = dearest_first(prices, dear);
        let others = dear.split_off(self.instance.demands.len().min(dear.len()));
        self.waiting = rest;
        self.waiting.extend(others);
        dear
    }

    /// Gives columns back that are worth little, where the program from inside has many: each solve of it begins anew.
    pub(super) fn lighten(&mut self, prices: &[f64]) {
        if self.algorithm == Algorithm::Inside && self.columns.len() > COLUMNS_A_TYPE_MAX * prices.len() {
            self.give_back(prices);
        }
    }

    /// From now on the program is solved by vertices, with the columns that are worth most.
    pub(super) fn go_to_vertices(&mut self, prices: &[f64]) {
        self.algorithm = Algorithm::Vertices;
        self.give_back(prices);
    }

    fn give_back(&mut self, prices: &[f64]) {
        self.columns = dearest_first(prices, std::mem::take(&mut self.columns));
        self.waiting.extend(self.columns.split_off((COLUMNS_A_TYPE * prices.len()).min(self.columns.len())));
        if self.waiting.len() > WAITING_MAX {
            self.waiting = dearest_first(prices, std::mem::take(&mut self.waiting));
            self.waiting.dedup();
            self.waiting.truncate(WAITING_MAX / 2);
        }
        self.complete();
    }

    /// Adds bins of one item for types that no column has; the program is loaded anew.
    fn complete(&mut self) {
        let mut is_there = vec![false; self.instance.demands.len()];
        self.columns.iter().flatten().for_each(|&(item, _)| is_there[item as usize] = true);
        let missing = (0..is_there.len()).filter(|&item| !is_there[item]).map(|item| vec![(narrow(item), 1)]);
        self.columns.extend(missing);
        self.fresh = self.columns.len();
        self.program = None;
    }

    /// Solves with all columns that were added; `None` where the stop came first or there is no thread to be had.
    pub(super) fn solve(&mut self, stop: &Stop) -> Option<Solution> {
        if self.algorithm == Algorithm::Inside {
            self.program = None;
            self.fresh = self.columns.len();
        }
        let mut program = match self.program.take() {
            Some(program) => program,
            None => Resident::start(self.rows(), ITERATIONS_MAX)?,
        };
        let fresh = &self.columns[self.columns.len() - self.fresh..];
        let column = |pattern| Column { worth: -1.0, most: f64::INFINITY, entries: self.entries(pattern) };
        let columns = fresh.iter().map(column).collect();
        self.fresh = 0;
        let answer = program.solve(vec![], columns, stop);
        self.program = Some(program);
        match (answer, self.algorithm) {
            // Near the optimum is what is asked for from inside; from a vertex it would be a limit that came first.
            (Answer::Optimal(solution), _) | (Answer::Limited(solution), Algorithm::Inside) => Some(solution),
            _ => None,
        }
    }

    fn rows(&self) -> Program {
        let mut program = Program::new(Growth::Columns);
        program.solve_by(self.algorithm);
        for &demand in &self.instance.demands {
            program.row(-f64::from(demand));
        }
        for &item in &self.makers {
            program.row(f64::from(self.instance.demands[item]));
        }
        program
    }

    fn entries(&self, pattern: &Pattern) -> Vec<(Row, f64)> {
        let second = |item: u32| self.makers.binary_search(&(item as usize)).ok();
        let held = pattern.iter().map(|&(item, count)| (Row(item as usize), -f64::from(count)));
        let types = self.instance.demands.len();
        let limited = pattern.iter().filter_map(|&(item, count)| Some((Row(types + second(item)?), f64::from(count))));
        held.chain(limited).collect()
    }

    /// What one more item of each type is worth.
    pub(super) fn prices(&self, solution: &Solution) -> Vec<f64> {
        let (demanded, limited) = solution.prices.split_at(self.instance.demands.len());
        let mut prices: Vec<f64> = demanded.iter().map(|price| price.max(0.0)).collect();
        self.makers.iter().zip(limited).for_each(|(&item, price)| prices[item] -= price.max(0.0));
        prices
    }

    /// The columns that a solution uses, more than so often.
    pub(super) fn used(&self, solution: &Solution, least: f64) -> Fractions {
        let valued = self.columns.iter().zip(&solution.values).filter(|&(_, &value)| value > least);
        valued.map(|(pattern, &value)| (pattern.clone(), value)).collect()
    }
}

/// What a bin's contents are worth.
pub(super) fn worth(prices: &[f64], pattern: &Pattern) -> f64 {
    pattern.iter().map(|&(item, count)| prices[item as usize] * f64::from(count)).sum()
}

/// Contents in the order of their worth.
fn dearest_first(prices: &[f64], patterns: Vec<Pattern>) -> Vec<Pattern> {
    let mut ranked: Vec<_> = patterns.into_iter().map(|pattern| (worth(prices, &pattern), pattern)).collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    ranked.into_iter().map(|(_, pattern)| pattern).collect()
}

#[cfg(test)]
mod tests {
    use lessor_models::families::vector_packing::VectorPackingInstance;

    use super::*;

    #[test]
    fn what_waits_is_taken_once_it_is_worth_something() {
        // Three items of a third of a bin each. Alone they are worth one each, so that two of them are worth two.
        let instance = VectorPackingInstance::new(vec![3, 3, 3], vec![1, 0, 0, 0, 1, 0, 0, 0, 1], vec![1; 3]).unwrap();
        let instance = Lowered::new(&instance);
        let (alone, both) = (vec![vec![(0, 1)]], vec![(0, 1), (1, 1)]);
        let mut program = Restricted::new(&instance, alone, vec![both.clone(), vec![(2, 1)]]);
        let solution = program.solve(&Stop::new()).unwrap();
        assert!((solution.value + 3.0).abs() < 1e-6);
        let dear = program.sift(&program.prices(&solution));
        assert_eq!(dear, [both]);
        program.add(dear);
        let solution = program.solve(&Stop::new()).unwrap();
        assert!((solution.value + 2.0).abs() < 1e-6);
        assert_eq!(program.used(&solution, 0.5).len(), 2);
        assert_eq!(program.into_columns().len(), 5);
    }
}
