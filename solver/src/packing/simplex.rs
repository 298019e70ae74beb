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

use crate::support::random::Random;
use crate::support::stop::Stop;

use super::matrix::{Matrix, retain};
use super::ratio_test::{Breakpoint, Workspace};

/// What counts as zero among entries of a pivot row.
const TINY: f64 = 1e-9;
/// What a basic variable may lie outside its box.
const FEASIBLE: f64 = 1e-7;
/// Pivots after which the inverse is made anew.
const REFRESH_EVERY: u32 = 200;
/// Relative difference between a pivot taken from its row and from its column that makes the inverse worthless.
const PIVOT_ERROR: f64 = 1e-6;
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

    /// Takes in the rows that the matrix gained: their slacks are basic.
    pub(super) fn grow(&mut self, matrix: &Matrix) {
        let (columns, known) = (matrix.columns.len(), self.members.len());
        for at in known..matrix.rows.len() {
            let mut row = vec![0.0; at + 1];
            for &(column, amount) in &matrix.rows[at] {
                if let Place::Basic(position) = self.places[column as usize] {
                    let of_basic = &self.inverse[position as usize];
                    row.iter_mut().zip(of_basic).for_each(|(entry, inverse)| *entry -= amount * inverse);
                }
            }
            row[at] = 1.0;
            self.inverse.iter_mut().for_each(|row| row.push(0.0));
            self.norms.push(norm(&row));
            self.inverse.push(row);
            let position = u32::try_from(at).expect("there are fewer rows than 2^32");
            self.members.push(u32::try_from(columns + at).expect("there are fewer variables than 2^32"));
            self.places.push(Place::Basic(position));
            self.values.push(0.0);
            self.gains.push(0.0);
        }
    }

    /// Drops rows of the matrix whose slacks are basic: no price changes. Rows are in order.
    pub(super) fn drop_rows(&mut self, matrix: &mut Matrix, rows: &[usize]) {
        let columns = matrix.columns.len();
        let mut goes = vec![false; self.members.len()];
        rows.iter().for_each(|&row| goes[row] = true);
        let position = |row: usize| match self.places[columns + row] {
            Place::Basic(position) => position as usize,
            Place::Low | Place::High => unreachable!("the slack of a row that is dropped is basic"),
        };
        let mut empties = vec![false; self.members.len()];
        rows.iter().for_each(|&row| empties[position(row)] = true);
        let keep = |gone: &[bool]| gone.iter().map(|gone| !gone).collect::<Vec<bool>>();
        let (kept_rows, kept_positions) = (keep(&goes), keep(&empties));
        matrix.keep_rows(&kept_rows);
        self.inverse.iter_mut().for_each(|row| retain(row, &kept_rows));
        retain(&mut self.inverse, &kept_positions);
        retain(&mut self.norms, &kept_positions);
        retain(&mut self.values, &kept_positions);
        retain(&mut self.members, &kept_positions);
        let (mut gains, mut places) = (self.gains.split_off(columns), self.places.split_off(columns));
        retain(&mut gains, &kept_rows);
        retain(&mut places, &kept_rows);
        self.gains.extend(gains);
        self.places.extend(places);
        // Rows moved up: so did their slacks, and positions.
        let before = |kept: &[bool], at: usize| kept[..at].iter().filter(|kept| **kept).count();
        for (at, basic) in self.members.iter_mut().enumerate() {
            if let Some(row) = (*basic as usize).checked_sub(columns) {
                *basic = u32::try_from(columns + before(&kept_rows, row)).expect("fewer than before");
            }
            self.places[*basic as usize] = Place::Basic(u32::try_from(at).expect("fewer than before"));
        }
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

    /// Makes the inverse anew, by elimination; a basis that has become singular gives way to the slacks.
    fn refresh(&mut self, matrix: &Matrix) {
        let columns = matrix.columns.len();
        let count = self.members.len();
        let wanted: Vec<usize> =
            self.members.iter().map(|&variable| variable as usize).filter(|&v| v < columns).collect();
        let mut stays = vec![false; count];
        self.members
            .iter()
            .filter_map(|&variable| (variable as usize).checked_sub(columns))
            .for_each(|row| stays[row] = true);
        for (at, row) in self.inverse.iter_mut().enumerate() {
            row.fill(0.0);
            row[at] = 1.0;
            self.members[at] = u32::try_from(columns + at).expect("there are fewer variables than 2^32");
            self.places[columns + at] = Place::Basic(u32::try_from(at).expect("there are fewer rows than 2^32"));
        }
        wanted.iter().for_each(|&column| self.places[column] = Place::Low);
        let mut column = vec![0.0; count];
        for entering in wanted {
            self.times_inverse(&matrix.columns[entering], &mut column);
            let gives_way = |at: &usize| self.members[*at] as usize >= columns && !stays[*at];
            let at = (0..count).filter(gives_way).max_by(|&a, &b| column[a].abs().total_cmp(&column[b].abs()));
            if let Some(at) = at.filter(|&at| column[at].abs() > TINY) {
                self.replace(at, entering, &column);
            }
        }
        for (norm_of, row) in self.norms.iter_mut().zip(&self.inverse) {
            *norm_of = norm(row);
        }
        self.age = 0;
        self.settle(matrix);
    }

    /// The inverse times a column of the matrix.
    fn times_inverse(&self, entries: &[(u32, f64)], into: &mut [f64]) {
        for (value, row) in into.iter_mut().zip(&self.inverse) {
            *value = entries.iter().map(|&(at, amount)| row[at as usize] * amount).sum();
        }
    }

    /// Puts a variable in the place of the one that is basic in a row; the one that leaves goes to its low end.
    fn replace(&mut self, at: usize, entering: usize, column: &[f64]) {
        let leaving = self.members[at] as usize;
        self.places[leaving] = Place::Low;
        self.places[entering] = Place::Basic(u32::try_from(at).expect("there are fewer rows than 2^32"));
        self.members[at] = u32::try_from(entering).expect("there are fewer variables than 2^32");
        let mut pivot_row = std::mem::take(&mut self.inverse[at]);
        let scale = 1.0 / column[at];
        let mut filled = Vec::with_capacity(pivot_row.len());
        for (position, entry) in pivot_row.iter_mut().enumerate() {
            *entry *= scale;
            if entry.abs() < 1e-13 {
                *entry = 0.0;
            } else {
                filled.push(position);
            }
        }
        let is_dense = filled.len() * 3 > pivot_row.len();
        for (row, (&times, norm_of)) in self.inverse.iter_mut().zip(column.iter().zip(&mut self.norms)) {
            if times.abs() <= 1e-12 || row.is_empty() {
                continue;
            }
            *norm_of = if is_dense {
                subtract(row, times, &pivot_row)
            } else {
                filled.iter().for_each(|&position| row[position] -= times * pivot_row[position]);
                norm(row)
            };
        }
        self.norms[at] = norm(&pivot_row);
        self.inverse[at] = pivot_row;
        self.age += 1;
        self.pivots += 1;
    }

    /// The basic variable that lies furthest outside its box by the norm of its row: the row, and how far below (negative)
    /// or above (positive).
    fn leaving(&self, matrix: &Matrix) -> Option<(usize, f64)> {
        let mut best = None;
        let mut most = 0.0;
        for (at, (&variable, &value)) in self.members.iter().zip(&self.values).enumerate() {
            let variable = variable as usize;
            let below = value - matrix.low(&self.ranges, variable);
            let above = value - matrix.high(&self.ranges, variable);
            let outside = if below < -FEASIBLE {
                below
            } else if above > FEASIBLE {
                above
            } else {
                continue;
            };
            let score = outside * outside / self.norms[at].max(1e-12);
            if score > most {
                (best, most) = (Some((at, outside)), score);
            }
        }
        best
    }

    fn pivot(&mut self, matrix: &Matrix, work: &mut Workspace) -> Pivot {
        let Some((at, outside)) = self.leaving(matrix) else { return Pivot::Optimal };
        work.fill_row(&self.inverse[at]);
        let Some(entering) = self.entering(matrix, work, outside) else { return Pivot::Infeasible };
        let columns = matrix.columns.len();
        let mut column = std::mem::take(&mut work.column);
        column.resize(self.members.len(), 0.0);
        match matrix.columns.get(entering) {
            Some(entries) => self.times_inverse(entries, &mut column),
            None => {
                let slack = entering - columns;
                column.iter_mut().zip(&self.inverse).for_each(|(value, row)| *value = row[slack]);
            }
        }
        let of_row = work.entry(entering, &self.inverse[at], columns);
        if (of_row - column[at]).abs() > PIVOT_ERROR * (1.0 + of_row.abs()) {
            work.column = column;
            return Pivot::Unsound;
        }
        self.flip(matrix, work);
        self.step(matrix, work, (at, outside), (entering, &column));
        work.column = column;
        Pivot::Done
    }

    /// The variable that enters; those that go to their other bound are left in the workspace.
    fn entering(&self, matrix: &Matrix, work: &mut Workspace, outside: f64) -> Option<usize> {
        // Below its box, the leaving variable rises, and above it falls: the signs are turned so that it always rises.
        let sign = if outside < 0.0 { 1.0 } else { -1.0 };
        let columns = matrix.columns.len();
        work.breakpoints.clear();
        let of_columns = work.touched.iter().map(|&column| (column as usize, work.row[column as usize]));
        let of_slacks = (columns..).zip(work.slack_row.iter().copied());
        for (variable, entry) in of_columns.chain(of_slacks) {
            let entry = sign * entry;
            let blocks = match self.places[variable] {
                Place::Basic(_) => false,
                Place::Low => entry < -TINY,
                Place::High => entry > TINY,
            };
            if blocks {
                let range = matrix.high(&self.ranges, variable) - matrix.low(&self.ranges, variable);
                if range > 0.0 {
                    let ratio = (self.gains[variable] / entry).max(0.0);
                    work.breakpoints.push(Breakpoint { ratio, size: entry.abs(), range, variable });
                }
            }
        }
        work.pass(outside.abs())
    }

    /// Moves what the ratio test passed to its other bound.
    fn flip(&mut self, matrix: &Matrix, work: &mut Workspace) {
        if work.flips.is_empty() {
            return;
        }
        let columns = matrix.columns.len();
        work.change.clear();
        work.change.resize(self.members.len(), 0.0);
        for &variable in &work.flips {
            let range = matrix.high(&self.ranges, variable) - matrix.low(&self.ranges, variable);
            let (place, change) =
                if self.places[variable] == Place::Low { (Place::High, range) } else { (Place::Low, -range) };
            self.places[variable] = place;
            match matrix.columns.get(variable) {
                Some(entries) => {
                    entries.iter().for_each(|&(row, amount)| work.change[row as usize] += amount * change);
                }
                None => work.change[variable - columns] += change,
            }
        }
        let changes = work.change.iter().copied().enumerate().filter(|change| change.1 != 0.0);
        let changes: Vec<(usize, f64)> = changes.collect();
        for (value, row) in self.values.iter_mut().zip(&self.inverse) {
            *value -= changes.iter().map(|&(at, change)| row[at] * change).sum::<f64>();
        }
    }

    /// One variable enters, one leaves to the bound that it was outside of.
    fn step(
        &mut self,
        matrix: &Matrix,
        work: &Workspace,
        (at, outside): (usize, f64),
        (entering, column): (usize, &[f64]),
    ) {
        let columns = matrix.columns.len();
        let leaving = self.members[at] as usize;
        let rate = self.gains[entering] / column[at];
        self.stalled = if rate.abs() < SIGNED { self.stalled + 1 } else { 0 };
        for &column in &work.touched {
            self.gains[column as usize] -= rate * work.row[column as usize];
        }
        for (gain, entry) in self.gains[columns..].iter_mut().zip(&work.slack_row) {
            *gain -= rate * entry;
        }
        self.members.iter().for_each(|&basic| self.gains[basic as usize] = 0.0);
        (self.gains[leaving], self.gains[entering]) = (-rate, 0.0);
        let bound = if outside < 0.0 { matrix.low(&self.ranges, leaving) } else { matrix.high(&self.ranges, leaving) };
        let was = match self.places[entering] {
            Place::High => matrix.high(&self.ranges, entering),
            _ => matrix.low(&self.ranges, entering),
        };
        let length = (self.values[at] - bound) / column[at];
        self.values.iter_mut().zip(column).for_each(|(value, entry)| *value -= length * entry);
        self.values[at] = was + length;
        self.replace(at, entering, column);
        self.places[leaving] = if outside < 0.0 { Place::Low } else { Place::High };
    }
}

/// What one pivot came to.
enum Pivot {
    Done,
    Optimal,
    Infeasible,
    /// Row and column do not agree: the inverse has to be made anew.
    Unsound,
}

/// The square of a row's length. Eight sums side by side: one alone waits for itself at every entry.
fn norm(row: &[f64]) -> f64 {
    let (eights, rest) = row.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for eight in eights {
        for (sum, entry) in sums.iter_mut().zip(eight) {
            *sum += entry * entry;
        }
    }
    sums.iter().sum::<f64>() + rest.iter().map(|entry| entry * entry).sum::<f64>()
}

/// Takes a multiple of another row off a row, in one pass; the square of its length, as [`norm`] sums it.
fn subtract(row: &mut [f64], times: f64, other: &[f64]) -> f64 {
    let ((eights, rest), (others, others_rest)) = (row.as_chunks_mut::<8>(), other.as_chunks::<8>());
    let mut sums = [0.0; 8];
    for (eight, other) in eights.iter_mut().zip(others) {
        for ((entry, of_other), sum) in eight.iter_mut().zip(other).zip(&mut sums) {
            *entry -= times * of_other;
            *sum += *entry * *entry;
        }
    }
    let mut left = 0.0;
    for (entry, of_other) in rest.iter_mut().zip(others_rest) {
        *entry -= times * of_other;
        left += *entry * *entry;
    }
    sums.iter().sum::<f64>() + left
}
