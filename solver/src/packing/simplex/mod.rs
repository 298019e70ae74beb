//! A dual simplex for programs of a few hundred rows, with the inverse of its basis kept whole.
//!
//! ```text
//! maximize worth x  subject to  A x + slack = limit,  low <= x <= high,  0 <= slack <= limit
//! ```
//!
//! Nothing in `A` is negative, so that a slack never exceeds its row's limit: every variable lies in a box. Any basis can
//! then be made dual feasible by moving what is outside of it to the bound that its reduced cost asks for, and so ranges,
//! worths and rows may change in any way between solves: the next one starts from the basis that there is.
//!
//! Dual steepest edge (Forrest & Goldfarb 1992) picks rows; the norms are exact, as the inverse is at hand. The ratio test
//! passes breakpoints while the slope allows it (Maros 2003, "long step"). What comes out is floating point and proves
//! nothing: [`super::proof`] turns prices into bounds in exact integers.

mod inverse;
mod pivot;
mod ratio_test;

use super::matrix::Matrix;
use crate::support::random::Random;
use crate::support::stop::Stop;
use pivot::Pivot;
use ratio_test::Workspace;

/// What counts as zero among entries of a pivot row.
const TINY: f64 = 1e-9;
/// Pivots after which the inverse is made anew.
const REFRESH_EVERY: u32 = 200;
/// Pivots between looks at the stop.
const LOOK_EVERY: u32 = 16;
/// Pivots between looks at the value, which takes about as long as half a pivot.
const WORTH_EVERY: u32 = 4;
/// Reduced costs below this have no sign.
const SIGNED: f64 = 1e-11;
/// Pivots in a row that gain nothing after which worths are shifted a little, and after which a solve without shifts ends.
const STALLED: u32 = 40;
const STALLED_MAX: u32 = 400;
/// How much worths are shifted, at most.
const SHIFT: f64 = 1e-6;

/// How a solve ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// At an optimum.
    Optimal,
    /// Nothing is within the ranges and rows.
    Infeasible,
    /// The value fell to the cutoff.
    Cut,
    /// The pivots ran out, or the stop was raised.
    Limited,
}

/// When a solve ends early.
#[derive(Clone, Copy, Debug)]
pub(super) struct Until<'a> {
    /// The value at or below which the optimum does not matter.
    pub(super) cutoff: f64,
    pub(super) pivots: u32,
    pub(super) stop: &'a Stop,
}

/// Where a variable is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Basic(u32),
    Low,
    High,
}

/// A basis with its inverse and the solution that it stands for. Variables are columns, then slacks.
#[derive(Clone, Debug, Default)]
pub(super) struct Basis {
    /// Lowest and highest value of each column.
    ranges: Vec<(f64, f64)>,
    places: Vec<Place>,
    /// The variable that is basic in each row.
    members: Vec<u32>,
    inverse: Vec<Vec<f64>>,
    norms: Vec<f64>,
    values: Vec<f64>,
    gains: Vec<f64>,
    /// What worths are shifted by, so that ties are broken; empty where they are not.
    shifts: Vec<f64>,
    /// Pivots in a row that gained nothing.
    stalled: u32,
    /// Pivots since the inverse was made.
    age: u32,
    /// Pivots in all.
    pub(super) pivots: u64,
}

impl Basis {
    /// The slacks of a matrix without rows; [`Basis::grow`] adds those that it has.
    pub(super) fn new(matrix: &Matrix) -> Basis {
        let count = matrix.columns.len();
        let mut basis = Basis { ranges: vec![(0.0, 1.0); count], places: vec![Place::Low; count], ..Basis::default() };
        basis.gains.clone_from(&matrix.worths);
        basis.grow(matrix);
        basis
    }

    /// The same basis of a program with some of the columns alone, in order: those that are not there are not basic.
    pub(super) fn of_columns(&self, columns: &[usize]) -> Basis {
        let (count, rows) = (self.ranges.len(), self.members.len());
        let variables: Vec<usize> = columns.iter().copied().chain(count..count + rows).collect();
        let place = |&variable: &u32| {
            let at = variables.binary_search(&(variable as usize)).expect("what is basic stays");
            u32::try_from(at).expect("fewer than before")
        };
        Basis {
            ranges: columns.iter().map(|&column| self.ranges[column]).collect(),
            places: variables.iter().map(|&variable| self.places[variable]).collect(),
            members: self.members.iter().map(place).collect(),
            gains: variables.iter().map(|&variable| self.gains[variable]).collect(),
            shifts: Vec::new(),
            ..self.clone()
        }
    }

    /// Whether a column is basic.
    pub(super) fn is_basic(&self, column: usize) -> bool {
        matches!(self.places[column], Place::Basic(_))
    }

    /// Whether the slack of a row is basic: its price is zero.
    pub(super) fn is_loose(&self, row: usize) -> bool {
        matches!(self.places[self.ranges.len() + row], Place::Basic(_))
    }

    /// The basic variables with their positions and values: a row where it is the slack of one.
    pub(super) fn basics(&self, columns: usize) -> impl Iterator<Item = (usize, Option<usize>, f64)> {
        let basic = move |(at, (&variable, &value)): (usize, (&u32, &f64))| {
            (at, (variable as usize).checked_sub(columns), value)
        };
        self.members.iter().zip(&self.values).enumerate().map(basic)
    }

    /// The row of the inverse at a position.
    pub(super) fn inverse_row(&self, position: usize) -> &[f64] {
        &self.inverse[position]
    }

    /// Sets the range of a column: for the next solve.
    pub(super) fn set_range(&mut self, column: usize, low: f64, high: f64) {
        self.ranges[column] = (low, high);
    }

    /// The value of a column.
    pub(super) fn value(&self, column: usize) -> f64 {
        match self.places[column] {
            Place::Basic(position) => self.values[position as usize],
            Place::Low => self.ranges[column].0,
            Place::High => self.ranges[column].1,
        }
    }

    /// What one more unit of a column is worth beyond what it takes.
    pub(super) fn gain(&self, column: usize) -> f64 {
        self.gains[column]
    }

    /// The price of each row.
    pub(super) fn prices(&self) -> impl Iterator<Item = f64> {
        self.gains[self.ranges.len()..].iter().map(|gain| (-gain).max(0.0))
    }

    /// The value of the solution; while it is not optimal, it is a bound.
    pub(super) fn worth(&self, matrix: &Matrix) -> f64 {
        matrix.worths.iter().enumerate().map(|(column, worth)| worth * self.value(column)).sum()
    }

    /// Solves from the basis that there is.
    pub(super) fn solve(&mut self, matrix: &Matrix, until: Until<'_>) -> Ended {
        self.settle(matrix);
        self.stalled = 0;
        let (mut work, mut was_shifted) = (Workspace::new(matrix, &self.ranges), false);
        let ended = self.pivots_until(matrix, until, &mut was_shifted, &mut work);
        if !self.shifts.is_empty() {
            self.shifts.clear();
            self.settle(matrix);
        }
        ended
    }

    fn pivots_until(
        &mut self,
        matrix: &Matrix,
        until: Until<'_>,
        was_shifted: &mut bool,
        work: &mut Workspace,
    ) -> Ended {
        for pivot in 0..until.pivots {
            if pivot % LOOK_EVERY == 0 {
                // A pivot goes over the inverse, row by row.
                until.stop.spend(u64::from(LOOK_EVERY) * self.members.len() as u64);
                if until.stop.is_raised() {
                    return Ended::Limited;
                }
            }
            let is_looked_at = pivot % WORTH_EVERY == 0 && until.cutoff > f64::NEG_INFINITY;
            if is_looked_at && self.worth(matrix) <= until.cutoff {
                return Ended::Cut;
            }
            if self.stalled > STALLED && !*was_shifted {
                *was_shifted = true;
                self.shift(matrix);
            } else if self.stalled > STALLED_MAX {
                return Ended::Limited;
            }
            match self.pivot(matrix, work) {
                Pivot::Done => {}
                Pivot::Optimal if !self.shifts.is_empty() => {
                    self.shifts.clear();
                    self.settle(matrix);
                    self.stalled = 0;
                }
                Pivot::Optimal => return Ended::Optimal,
                Pivot::Infeasible => return Ended::Infeasible,
                Pivot::Unsound if self.age == 0 => return Ended::Limited,
                Pivot::Unsound => self.refresh(matrix),
            }
            if self.age >= REFRESH_EVERY {
                self.refresh(matrix);
            }
        }
        Ended::Limited
    }

    /// Shifts worths a little, each by an amount of its own: with ties, pivots may go round in circles.
    fn shift(&mut self, matrix: &Matrix) {
        let mut random = Random::new(matrix.worths.len() as u64);
        self.shifts = matrix.worths.iter().map(|worth| (worth + 1e-3) * SHIFT * (0.5 + random.unit())).collect();
        self.stalled = 0;
        self.settle(matrix);
    }

    /// The worth of a variable, as it is shifted.
    fn worth_of(&self, matrix: &Matrix, variable: usize) -> f64 {
        let shift = self.shifts.get(variable).copied().unwrap_or(0.0);
        matrix.worths.get(variable).map_or(0.0, |worth| worth + shift)
    }

    /// Makes reduced costs, places and values agree with worths and ranges.
    fn settle(&mut self, matrix: &Matrix) {
        let columns = matrix.columns.len();
        let prices = self.prices_for(|variable| self.worth_of(matrix, variable));
        for (column, entries) in matrix.columns.iter().enumerate() {
            let paid: f64 = entries.iter().map(|&(row, amount)| amount * prices[row as usize]).sum();
            self.gains[column] = self.worth_of(matrix, column) - paid;
        }
        prices.iter().enumerate().for_each(|(row, price)| self.gains[columns + row] = -price);
        for (place, gain) in self.places.iter_mut().zip(&mut self.gains) {
            match place {
                Place::Basic(_) => *gain = 0.0,
                _ if *gain > SIGNED => *place = Place::High,
                _ if *gain < -SIGNED => *place = Place::Low,
                _ => {}
            }
        }
        self.evaluate(matrix);
    }

    /// The prices of rows at which no basic variable gains, for worths of the variables: columns, then slacks.
    pub(super) fn prices_for(&self, worth_of: impl Fn(usize) -> f64) -> Vec<f64> {
        let mut prices = vec![0.0; self.members.len()];
        for (row, &variable) in self.inverse.iter().zip(&self.members) {
            let worth = worth_of(variable as usize);
            if worth != 0.0 {
                prices.iter_mut().zip(row).for_each(|(price, entry)| *price += worth * entry);
            }
        }
        prices
    }

    /// The values of basic variables.
    fn evaluate(&mut self, matrix: &Matrix) {
        let columns = matrix.columns.len();
        let mut left = matrix.limits.clone();
        for (variable, place) in self.places.iter().enumerate() {
            let value = match place {
                Place::Basic(_) => continue,
                Place::Low => matrix.low(&self.ranges, variable),
                Place::High => matrix.high(&self.ranges, variable),
            };
            if value != 0.0 {
                match matrix.columns.get(variable) {
                    Some(entries) => entries.iter().for_each(|&(row, amount)| left[row as usize] -= amount * value),
                    None => left[variable - columns] -= value,
                }
            }
        }
        let filled: Vec<(usize, f64)> = left.into_iter().enumerate().filter(|entry| entry.1 != 0.0).collect();
        for (value, row) in self.values.iter_mut().zip(&self.inverse) {
            *value = filled.iter().map(|&(at, left)| row[at] * left).sum();
        }
    }
}
