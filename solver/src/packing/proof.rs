//! From prices in floating point to bounds in exact integers.
//!
//! For any prices `y >= 0` on rows, no packing is worth more than
//!
//! ```text
//! sum over rows of y x limit  +  sum over columns of max over allowed x of  gain x,   gain = worth - sum of y x amount
//! ```
//!
//! Prices are rounded to 2^-40 of a unit of worth first, and all else is exact, so that a bound is one whatever the simplex
//! did. Where worths are so great that floats do not tell units apart, prices are refined: what basic columns still gain is
//! taken for worths of its own, whose prices are added (iterative refinement; Gleixner, Steffy & Wolter 2016).

use std::sync::Arc;

use crate::support::numbers::round_wide;

use super::instance::Packing;
use super::matrix::renumbered;

/// Bits of a price below the unit.
const SHIFT: u32 = 40;

/// Whether a column may be packed, must be, or either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Allowed {
    Either,
    Out,
    In,
}

/// The columns that are not out.
pub(super) fn may_be_in(allowed: &[Allowed]) -> impl Iterator<Item = usize> + '_ {
    (0..allowed.len()).filter(|&column| allowed[column] != Allowed::Out)
}

/// What some columns take, and the most that they may take together, in exact integers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ExactRow {
    pub(super) limit: u64,
    pub(super) entries: Vec<(u32, u64)>,
    /// Whether it follows from other rows for packings.
    pub(super) is_cut: bool,
    /// What it is known by, in the program that it came into and those made of that.
    pub(super) id: u32,
    /// The greatest of the limit and the amounts.
    greatest: u64,
}

/// Prices above zero, in 2^-40 of a unit, of rows by what they are known by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Prices(Arc<[(u32, i128)]>);

/// Rows in exact integers: those of the packing that are in use, and cuts.
#[derive(Clone, Debug, Default)]
pub(super) struct ExactRows {
    rows: Vec<ExactRow>,
}

/// What all prices times the greatest numbers of their rows come to at most, in bits. Worths come to 2^120 in parts of a unit, so
/// that prices near to any that bound something stay far below, and all sums within 128 bits.
const CHARGE_BITS: u32 = 125;

/// A bound, the prices that it follows from, and what each column gains at them, all in 2^-40 of a unit.
#[derive(Clone, Debug, Default)]
pub(super) struct Proof {
    bound: i128,
    /// What prices times the greatest numbers of their rows come to: no sum of charges is more.
    charged: i128,
    gains: Vec<i128>,
    prices: Vec<i128>,
}

impl ExactRows {
    /// Adds a row.
    pub(super) fn push(&mut self, row: ExactRow) {
        self.rows.push(row);
    }

    /// Takes out rows, which come in order.
    pub(super) fn take_out(&mut self, rows: &[usize]) -> Vec<ExactRow> {
        let taken = rows.iter().map(|&row| std::mem::take(&mut self.rows[row])).collect();
        let mut at = 0;
        self.rows.retain(|_| {
            at += 1;
            rows.binary_search(&(at - 1)).is_err()
        });
        taken
    }

    /// The rows with some of the columns alone, in order, and what others that are in leave; `None` where those do not fit.
    pub(super) fn of_columns(&self, columns: &[usize], fixed: &[usize]) -> Option<ExactRows> {
        let rows = self.rows.iter().map(|row| row.left_of(columns, fixed));
        Some(ExactRows { rows: rows.collect::<Option<_>>()? })
    }

    /// The rows.
    pub(super) fn rows(&self) -> &[ExactRow] {
        &self.rows
    }
}

impl ExactRow {
    /// A row by what it is known by.
    pub(super) fn new(id: u32, limit: u64, entries: Vec<(u32, u64)>, is_cut: bool) -> ExactRow {
        let greatest = entries.iter().map(|entry| entry.1).fold(limit, u64::max);
        ExactRow { limit, entries, is_cut, id, greatest }
    }

    /// The row with some of the columns alone, in order, and what others that are in leave; `None` where those do not fit.
    pub(super) fn left_of(&self, columns: &[usize], fixed: &[usize]) -> Option<ExactRow> {
        let is_fixed = |entry: &&(u32, u64)| fixed.binary_search(&(entry.0 as usize)).is_ok();
        let taken = self.entries.iter().filter(is_fixed).map(|entry| u128::from(entry.1)).sum::<u128>();
        let left = u128::from(self.limit).checked_sub(taken)?;
        let limit = u64::try_from(left).expect("no more is left than there was");
        Some(ExactRow::new(self.id, limit, renumbered(&self.entries, columns), self.is_cut))
    }
}

impl Proof {
    /// Evaluates prices of rows in units of worth. O(entries).
    pub(super) fn evaluate(
        &mut self,
        worths: &[u64],
        rows: &ExactRows,
        prices: impl Iterator<Item = f64>,
        allowed: &[Allowed],
    ) {
        self.prices.clear();
        self.prices.extend(prices.map(|price| round_wide(price * (1_u64 << SHIFT) as f64).max(0)));
        self.apply(worths, rows, allowed);
    }

    /// Evaluates prices that were kept, in a program that has all of their rows.
    pub(super) fn evaluate_again(
        &mut self,
        worths: &[u64],
        rows: &[Option<&ExactRow>],
        kept: &Prices,
        allowed: &[Allowed],
    ) {
        self.begin(worths);
        for &(id, price) in kept.0.iter() {
            self.charge(rows[id as usize].expect("a row that has a price is there"), price);
        }
        self.sum_up(allowed);
    }

    /// The prices that were evaluated last, to be kept.
    pub(super) fn kept(&self, rows: &ExactRows) -> Prices {
        let priced = rows.rows.iter().zip(&self.prices).filter(|row| *row.1 > 0);
        Prices(priced.map(|(row, &price)| (row.id, price)).collect())
    }

    /// Evaluates prices once more with a change of each, in 2^-40 of a unit.
    pub(super) fn refine(&mut self, worths: &[u64], rows: &ExactRows, changes: &[f64], allowed: &[Allowed]) {
        for (price, change) in self.prices.iter_mut().zip(changes) {
            *price = price.saturating_add(round_wide(*change)).max(0);
        }
        self.apply(worths, rows, allowed);
    }

    /// What a column gains, in 2^-40 of a unit.
    pub(super) fn gain(&self, column: usize) -> f64 {
        self.gains[column] as f64
    }

    /// The price of a row, in 2^-40 of a unit.
    pub(super) fn price(&self, row: usize) -> f64 {
        self.prices[row] as f64
    }

    fn apply(&mut self, worths: &[u64], rows: &ExactRows, allowed: &[Allowed]) {
        self.begin(worths);
        let prices = std::mem::take(&mut self.prices);
        for (row, &price) in rows.rows.iter().zip(&prices).filter(|row| *row.1 > 0) {
            self.charge(row, price);
        }
        self.prices = prices;
        self.sum_up(allowed);
    }

    /// Nothing is charged yet.
    fn begin(&mut self, worths: &[u64]) {
        self.gains.clear();
        self.gains.extend(worths.iter().map(|&worth| i128::from(worth) << SHIFT));
        (self.bound, self.charged) = (0, 0);
    }

    /// Charges columns for what they take of a row. A price so great that sums could leave 128 bits is taken for none: such come
    /// from a simplex gone wrong, and any prices bound.
    fn charge(&mut self, row: &ExactRow, price: i128) {
        let bits = (i128::BITS - price.leading_zeros()) + (u64::BITS - row.greatest.leading_zeros());
        let charge = if bits < CHARGE_BITS { price * i128::from(row.greatest) } else { 1 << CHARGE_BITS };
        if self.charged + charge >= 1 << CHARGE_BITS {
            return;
        }
        self.charged += charge;
        self.bound += price * i128::from(row.limit);
        row.entries.iter().for_each(|&(column, amount)| self.gains[column as usize] -= price * i128::from(amount));
    }

    /// Adds what columns gain.
    fn sum_up(&mut self, allowed: &[Allowed]) {
        for (&gain, allowed) in self.gains.iter().zip(allowed) {
            self.bound += match allowed {
                Allowed::Either => gain.max(0),
                Allowed::Out => 0,
                Allowed::In => gain,
            };
        }
    }

    /// No packing that is allowed is worth more.
    pub(super) fn bound(&self) -> u128 {
        u128::try_from(self.bound >> SHIFT).unwrap_or(0)
    }

    /// The bound where some columns are worth more or less: each with whether it counted before, and its change where it counts
    /// now.
    pub(super) fn bound_changed(&self, changes: impl Iterator<Item = (usize, bool, Option<i128>)>) -> u128 {
        let counted = |gain: Option<i128>| gain.unwrap_or(0).max(0);
        let change = changes.map(|(column, counts, change)| {
            let gain = self.gains[column];
            counted(change.map(|change| gain + (change << SHIFT))) - counted(counts.then_some(gain))
        });
        u128::try_from((self.bound + change.sum::<i128>()) >> SHIFT).unwrap_or(0)
    }

    /// What a column takes at the prices, rounded down.
    pub(super) fn cost(&self, column: usize, worth: u64) -> i128 {
        i128::from(worth) - (self.gains[column] >> SHIFT)
    }

    /// Decides what columns must be where only packings worth more than some value matter; how many were decided.
    pub(super) fn decide(&self, allowed: &mut [Allowed], value: u128) -> usize {
        let mut decided = 0;
        for (column, state) in allowed.iter_mut().enumerate().filter(|entry| *entry.1 == Allowed::Either) {
            if let Some(fixed) = self.fixed(column, value) {
                *state = fixed;
                decided += 1;
            }
        }
        decided
    }

    /// What a column must be where only packings worth more than some value matter; `None` where it may be either.
    pub(super) fn fixed(&self, column: usize, value: u128) -> Option<Allowed> {
        let gain = self.gains[column];
        let without = u128::try_from((self.bound - gain.abs()) >> SHIFT).unwrap_or(0);
        (without <= value).then_some(if gain > 0 { Allowed::In } else { Allowed::Out })
    }
}

/// The worths of a packing.
pub(super) fn worths(packing: &Packing) -> Vec<u64> {
    packing.columns().iter().map(|column| column.worth).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_beyond_all_reason_bound_all_the_same() {
        // Two columns of 5 and 3 exclude each other in one row, and the second row holds 2^60 of what they take 2^60 and 1 of.
        let great = 1 << 60;
        let mut rows = ExactRows::default();
        rows.push(ExactRow::new(0, 1, vec![(0, 1), (1, 1)], false));
        rows.push(ExactRow::new(1, great, vec![(0, great), (1, 1)], false));
        let bound = |prices: [f64; 2]| {
            let mut proof = Proof::default();
            proof.evaluate(&[5, 3], &rows, prices.into_iter(), &[Allowed::Either; 2]);
            // What is proved of the others is no less than what they are worth.
            assert!(proof.fixed(0, 4).is_none_or(|is| is == Allowed::In), "{prices:?}");
            proof.bound()
        };
        assert_eq!((bound([0.0, 0.0]), bound([3.0, 0.0]), bound([5.0, 0.0])), (8, 5, 5));
        for absurd in [1e18, 1e25, 1e38, f64::INFINITY, f64::NAN] {
            for prices in [[absurd, 0.0], [0.0, absurd], [absurd, absurd], [3.0, absurd]] {
                assert!(bound(prices) >= 5, "{prices:?}");
            }
        }
    }
}
