//! The inverse of a basis: as rows come and go, as one variable takes another's place, and made anew.

use super::{Basis, Place, TINY};
use crate::packing::matrix::{Matrix, retain};

impl Basis {
    /// Takes in the rows that the matrix gained: their slacks are basic.
    pub(in crate::packing) fn grow(&mut self, matrix: &Matrix) {
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
    pub(in crate::packing) fn drop_rows(&mut self, matrix: &mut Matrix, rows: &[usize]) {
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

    /// Makes the inverse anew, by elimination; a basis that has become singular gives way to the slacks.
    pub(super) fn refresh(&mut self, matrix: &Matrix) {
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
    pub(super) fn times_inverse(&self, entries: &[(u32, f64)], into: &mut [f64]) {
        for (value, row) in into.iter_mut().zip(&self.inverse) {
            *value = entries.iter().map(|&(at, amount)| row[at as usize] * amount).sum();
        }
    }

    /// Puts a variable in the place of the one that is basic in a row; the one that leaves goes to its low end.
    pub(super) fn replace(&mut self, at: usize, entering: usize, column: &[f64]) {
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

/// Takes a multiple of another row off a row, in one pass; the square of its length, as [`norm`] sums it. Inlined, it takes half as
/// long again.
#[inline(never)]
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
