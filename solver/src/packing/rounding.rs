//! Cuts from rounding sums of rows: what every packing satisfies because what is packed, and what is left of a row, is whole.
//!
//! Rows with their slacks are summed with the multipliers of a fractional basic variable, in 2^-shift of each, and the sum is
//! rounded (mixed-integer cuts; Gomory 1960), as are its multiples (Cornuéjols, Li & Vandenbussche 2003):
//!
//! ```text
//! sum of a x + sum of k slack = b   implies   sum of F(a) x + sum of F(k) slack <= F(b),
//! F(d) = floor(d) + max(0, fraction of d - fraction of b) / (1 - fraction of b)
//! ```
//!
//! Slacks are taken back to columns after. Floating point chooses the multipliers alone: whatever they are, the cut holds,
//! since all that follows is in integers. Whoever takes columns out of a packing has a packing, so that what is negative in a
//! cut counts as nothing.

use crate::support::numbers::round_wide;
use crate::support::random::Random;
use crate::support::stop::Stop;
use crate::support::vectors::dot;

use super::cuts::Cut;
use super::instance::Packing;
use super::proof::{Allowed, ExactRow};
use super::relaxation::Relaxation;
use super::simplex::Until;
use super::tree::PIVOTS_MAX;

/// Multiples of a row that are tried.
const MULTIPLES: u32 = 4;
/// How far the right side must be from a whole number.
const FRACTION: f64 = 0.01;
/// Bits to which multipliers are told beyond what rows sum up to.
const PRECISION: u32 = 17;
/// Bits of the greatest numbers that occur.
const BITS_MAX: u32 = 118;
/// Bits of a multiplier, at most: it comes from a float.
const SHIFT_MAX: u32 = 60;
/// Entries of the inverse below this are none.
const TINY: f64 = 1e-11;
/// What a cut must be broken by, by its length.
const BROKEN: f64 = 1e-3;
/// The most cuts of one round.
const CUTS_MAX: usize = 24;
/// The cosine of two cuts of one round, at most.
const PARALLEL: f64 = 0.95;
/// The greatest entries that cuts are scaled to: small ones keep numbers small, where they keep so much of what is broken.
const SMALL: u32 = 24;
const LARGE: u32 = 1 << 20;
const KEEPS: f64 = 0.95;
/// Cuts in one round that are enough.
const ENOUGH: usize = 40;
/// Noise on worths, in units of the greatest.
const NOISE: f64 = 1e-3;

/// A cut, and how far a solution is beyond it.
#[derive(Clone, Debug)]
struct Found {
    limit: i128,
    entries: Vec<(u32, i128)>,
    /// By its length.
    broken: f64,
}

/// A search for cuts from sums of rows of the packing alone.
///
/// Sums of cuts are dense and bring little. What cuts charge for columns is taken off their worths, and the program of the
/// packing's own rows is solved for what is left: the solution that is to be cut off is one of its best, and its bases around
/// there have the multipliers (Fischetti & Salvagnin 2011, "A relax-and-cut framework for Gomory mixed-integer cuts"). A little
/// noise leads from one of them to others.
#[derive(Debug)]
pub(super) struct Rounding {
    plain: Relaxation,
}

impl Rounding {
    /// A search that has not begun.
    pub(super) fn new(packing: &Packing, worths: &[u64]) -> Rounding {
        Rounding { plain: Relaxation::new(packing, worths) }
    }

    /// Cuts that the solution of a relaxation breaks, from some bases, where columns may be what they may.
    pub(super) fn cuts(
        &mut self,
        (broken, allowed): (&Relaxation, &[Allowed]),
        bases: usize,
        random: &mut Random,
        stop: &Stop,
    ) -> Vec<Cut> {
        let (values, worths) = (broken.values(), broken.worths_beyond_cuts());
        self.plain.restrict(allowed);
        let mut found: Vec<Cut> = Vec::new();
        for at in 0..bases {
            let noise = if at == 0 { 0.0 } else { NOISE };
            self.plain.set_worths(worths.iter().map(|worth| worth + noise * (random.unit() - 0.5)).collect());
            self.plain.solve(Until { cutoff: f64::NEG_INFINITY, pivots: PIVOTS_MAX, stop });
            for cut in rounded(&self.plain, &values) {
                if !found.contains(&cut) {
                    found.push(cut);
                }
            }
            if found.len() >= ENOUGH || stop.is_raised() {
                break;
            }
        }
        found
    }
}

/// Cuts from the rows of a basis that some values break, the most broken first, no two of them nearly the same.
///
/// How far the values are beyond a cut is told by the columns that are not at zero: the others are summed for cuts that are
/// taken alone.
fn rounded(relaxation: &Relaxation, values: &[f64]) -> Vec<Cut> {
    let (basis, scales, rows) = (&relaxation.basis, relaxation.scales(), relaxation.rows());
    let is_up = |column: usize| !basis.is_basic(column) && basis.value(column) > 0.5;
    let support: Vec<usize> = (0..values.len()).filter(|&column| values[column] > TINY || is_up(column)).collect();
    let of_support: Vec<ExactRow> = rows.iter().filter_map(|row| row.left_of(&support, &[])).collect();
    let sizes: Vec<[u128; 2]> = rows.iter().map(size).collect();
    let mut work = Work::new(&of_support, &sizes, support.iter().map(|&column| (values[column], is_up(column))));
    let mut found: Vec<(Found, Vec<f64>, f64)> = Vec::new();
    for (position, slack_of, value) in basis.basics(values.len()) {
        let unit = slack_of.map_or(1.0, |row| scales[row]);
        let value = value / unit;
        if (value - value.round()).abs() < FRACTION {
            continue;
        }
        let entry = |(entry, scale): (&f64, &f64)| if entry.abs() < TINY { 0.0 } else { entry * scale / unit };
        let row: Vec<f64> = basis.inverse_row(position).iter().zip(scales).map(entry).collect();
        let multiple = |times: u32| work.cut(&row, f64::from(times)).map(|cut| (cut, f64::from(times)));
        let best = (1..=MULTIPLES).filter_map(multiple).max_by(|a, b| a.0.broken.total_cmp(&b.0.broken));
        found.extend(best.map(|(cut, times)| (cut, row, times)));
    }
    found.sort_by(|a, b| b.0.broken.total_cmp(&a.0.broken).then_with(|| a.0.entries.cmp(&b.0.entries)));
    let mut whole = Work::new(rows, &sizes, (0..values.len()).map(|column| (values[column], is_up(column))));
    let mut chosen: Vec<(Vec<f64>, Cut)> = Vec::new();
    for (found, row, times) in found {
        if chosen.len() >= CUTS_MAX {
            break;
        }
        let direction = found.direction(support.len());
        if chosen.iter().all(|(other, _)| dot(other, &direction) < PARALLEL) {
            let cut = whole.cut(&row, times).and_then(|found| found.scaled(values));
            chosen.extend(cut.map(|cut| (direction, cut)));
        }
    }
    chosen.into_iter().map(|(_, cut)| cut).collect()
}

/// The greatest entry of a row, and the most that its sums come to.
fn size(row: &ExactRow) -> [u128; 2] {
    let greatest = u128::from(row.entries.iter().map(|entry| entry.1).max().unwrap_or(0));
    [greatest, u128::from(row.limit) + greatest * row.entries.len() as u128]
}

/// What sums of rows need.
struct Work<'a> {
    rows: &'a [ExactRow],
    /// What rows come to at most, with all of their columns.
    sizes: &'a [[u128; 2]],
    values: Vec<f64>,
    /// Whether each column counts from its upper end.
    is_up: Vec<bool>,
    /// For each column, its entry in the sum.
    sums: Vec<i128>,
    /// For each row, what it is taken by, as is its slack.
    multipliers: Vec<i128>,
}

impl<'a> Work<'a> {
    /// Work on rows of some columns, with their values and whether each counts from its upper end.
    fn new(rows: &'a [ExactRow], sizes: &'a [[u128; 2]], columns: impl Iterator<Item = (f64, bool)>) -> Work<'a> {
        let (values, is_up): (Vec<f64>, Vec<bool>) = columns.unzip();
        Work { rows, sizes, sums: vec![0; values.len()], multipliers: vec![0; rows.len()], values, is_up }
    }

    /// The cut of a multiple of a sum of rows, in 2^-shift.
    fn cut(&mut self, row: &[f64], times: f64) -> Option<Found> {
        let shift = self.shift(row)?;
        let unit = 1_i128 << shift;
        for (multiplier, entry) in self.multipliers.iter_mut().zip(row) {
            // Slacks are whole, so that whole multiples of rows change nothing.
            let entry = entry * times;
            *multiplier = round_wide((entry - entry.floor()) * unit as f64) % unit;
        }
        let limit = self.sum_up();
        let rest = limit & (unit - 1);
        let fraction = rest as f64 / unit as f64;
        if !(FRACTION..1.0 - FRACTION).contains(&fraction) {
            return None;
        }
        let limit = self.round((limit, rest), shift);
        self.found(limit)
    }

    /// Sums rows; the right side, where columns at their upper end count from there.
    fn sum_up(&mut self) -> i128 {
        self.sums.fill(0);
        let mut limit = 0;
        for (row, &times) in self.rows.iter().zip(&self.multipliers).filter(|row| *row.1 > 0) {
            limit += times * i128::from(row.limit);
            row.entries.iter().for_each(|&(column, amount)| self.sums[column as usize] += times * i128::from(amount));
        }
        let up = (0..self.sums.len()).filter(|&column| self.is_up[column]);
        limit - up.map(|column| self.sums[column]).sum::<i128>()
    }

    /// Rounds a sum, and takes its slacks back to columns; the right side then.
    fn round(&mut self, (limit, rest): (i128, i128), shift: u32) -> i128 {
        let unit = 1_i128 << shift;
        let rounded = |sum: i128| (sum >> shift) * (unit - rest) + ((sum & (unit - 1)) - rest).max(0);
        let mut limit = (limit >> shift) * (unit - rest);
        for column in 0..self.sums.len() {
            let sum = self.sums[column];
            if sum != 0 && self.is_up[column] {
                let of_rest = rounded(-sum);
                limit -= of_rest;
                self.sums[column] = -of_rest;
            } else {
                self.sums[column] = rounded(sum);
            }
        }
        for (row, &times) in self.rows.iter().zip(&self.multipliers).filter(|row| *row.1 > rest) {
            let of_slack = times - rest;
            limit -= of_slack * i128::from(row.limit);
            for &(column, amount) in &row.entries {
                self.sums[column as usize] -= of_slack * i128::from(amount);
            }
        }
        limit
    }

    /// The cut that the sum is now, where the values break it.
    fn found(&self, limit: i128) -> Option<Found> {
        let (mut taken, mut square) = (0.0, 0.0);
        let mut entries = Vec::new();
        for ((column, &sum), value) in (0_u32..).zip(&self.sums).zip(&self.values).filter(|entry| *entry.0.1 > 0) {
            let entry = sum as f64;
            taken += entry * value;
            square += entry * entry;
            entries.push((column, sum));
        }
        let broken = (taken - limit as f64) / square.sqrt();
        (limit >= 0 && broken > BROKEN).then_some(Found { limit, entries, broken })
    }

    /// Bits of multipliers, so that sums of rows are told finely enough; `None` where numbers would become too great.
    fn shift(&self, row: &[f64]) -> Option<u32> {
        let (mut most, mut all) = (0_u128, 0_u128);
        for (size, _) in self.sizes.iter().zip(row).filter(|row| *row.1 != 0.0) {
            (most, all) = (most + size[0], all + size[1]);
        }
        let bits = |number: u128| u128::BITS - number.leading_zeros();
        let shift = PRECISION + bits(most);
        (shift <= SHIFT_MAX && shift + bits(all) <= BITS_MAX).then_some(shift)
    }
}

impl Found {
    /// The cut as a vector of length one.
    fn direction(&self, columns: usize) -> Vec<f64> {
        let mut direction = vec![0.0; columns];
        self.entries.iter().for_each(|&(column, entry)| direction[column as usize] = entry as f64);
        let length = dot(&direction, &direction).sqrt();
        direction.iter_mut().for_each(|entry| *entry /= length);
        direction
    }

    /// The cut with its entries scaled down to small numbers where it loses little, to greater ones else: an entry that is
    /// rounded down is less than it was.
    fn scaled(&self, values: &[f64]) -> Option<Cut> {
        let greatest = self.entries.iter().map(|entry| entry.1).max()?;
        let broken = |top: u32| {
            let factor = (f64::from(top) + 0.001) / greatest as f64;
            let (mut taken, mut square) = (0.0, 0.0_f64);
            for &(column, entry) in &self.entries {
                let entry = (entry as f64 * factor).floor();
                taken += entry * values[column as usize];
                square += entry * entry;
            }
            (taken - (self.limit as f64 * factor).floor()) / square.sqrt().max(1.0)
        };
        let small = (1..=SMALL).find(|&top| broken(top) >= self.broken * KEEPS);
        let top = i128::from(small.unwrap_or(LARGE));
        // A thousandth more, so that what is whole but for rounding stays whole.
        let scaled = |number: i128| number.checked_mul(1_000 * top + 1).map(|number| number / (1_000 * greatest));
        let limit = u64::try_from(scaled(self.limit)?).ok()?;
        let mut entries = Vec::with_capacity(self.entries.len());
        for &(column, entry) in &self.entries {
            let entry = u64::try_from(scaled(entry)?).ok()?;
            if entry > 0 {
                entries.push((column, entry));
            }
        }
        Some(Cut { limit, entries })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packing::PackingColumn;

    /// A packing of twelve columns in four rows of quantities and three pairs, with amounts in some unit and a little more.
    fn drawn(random: &mut Random, unit: u64) -> Packing {
        let column = |at: u32| {
            let mut entries: Vec<(u32, u64)> =
                (0..4).map(|row| (row, random.below(5) * unit + random.below(1 + unit / 7))).collect();
            entries.retain(|entry| entry.1 > 0);
            if at < 6 {
                entries.push((4 + at / 2, 1));
            }
            PackingColumn { worth: 10 + random.below(90), entries }
        };
        let columns = (0..12).map(column).collect();
        let capacities = (0..4).map(|_| 9 * unit + random.below(unit)).chain([1; 3]).collect();
        Packing::new(capacities, columns).unwrap()
    }

    /// The packings, as sets of columns.
    fn packings(packing: &Packing) -> impl Iterator<Item = u32> + '_ {
        let fits = |set: &u32| {
            let taken = |row: u32| -> u64 {
                let of = (0..12)
                    .filter(|column| set >> column & 1 == 1)
                    .flat_map(|column| &packing.columns()[column].entries);
                of.filter(|entry| entry.0 == row).map(|entry| entry.1).sum()
            };
            (0_u32..).zip(packing.capacities()).all(|(row, &capacity)| taken(row) <= capacity)
        };
        (0..1_u32 << 12).filter(fits)
    }

    #[test]
    fn every_packing_satisfies_what_is_rounded() {
        let mut random = Random::new(11);
        let mut cuts_found = 0;
        for (at, unit) in [1, 1, 1, 1_000, 58_027_200_007, 1 << 40].into_iter().cycle().take(60).enumerate() {
            let packing = drawn(&mut random, unit);
            let worths: Vec<u64> = packing.columns().iter().map(|column| column.worth).collect();
            let allowed = vec![Allowed::Either; worths.len()];
            let stop = Stop::new();
            let mut relaxation = Relaxation::new(&packing, &worths);
            let mut rounding = Rounding::new(&packing, &worths);
            for _ in 0..3 {
                relaxation.restrict(&allowed);
                relaxation.solve(Until { cutoff: f64::NEG_INFINITY, pivots: PIVOTS_MAX, stop: &stop });
                let cuts = rounding.cuts((&relaxation, &allowed), 5, &mut random, &stop);
                for (cut, set) in cuts.iter().flat_map(|cut| packings(&packing).map(move |set| (cut, set))) {
                    let of = cut.entries.iter().filter(|entry| set >> entry.0 & 1 == 1);
                    let taken: u64 = of.map(|entry| entry.1).sum();
                    assert!(taken <= cut.limit, "instance {at}: {set:b} takes {taken} of {cut:?}");
                }
                cuts_found += cuts.len();
                relaxation.cut(cuts);
            }
        }
        assert!(cuts_found > 200, "{cuts_found} cuts");
    }
}
