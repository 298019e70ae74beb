//! One pivot of the dual simplex: who leaves the basis, who enters, and what the others come to.

use super::ratio_test::{Breakpoint, Workspace};
use super::{Basis, Place, SIGNED, TINY};
use crate::packing::matrix::Matrix;

/// What a basic variable may lie outside its box.
const FEASIBLE: f64 = 1e-7;
/// Relative difference between a pivot taken from its row and from its column that makes the inverse worthless.
const PIVOT_ERROR: f64 = 1e-6;

/// What one pivot came to.
pub(super) enum Pivot {
    Done,
    Optimal,
    Infeasible,
    /// Row and column do not agree: the inverse has to be made anew.
    Unsound,
}

impl Basis {
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

    pub(super) fn pivot(&mut self, matrix: &Matrix, work: &mut Workspace) -> Pivot {
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
