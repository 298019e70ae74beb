//! From prices in floating point to bounds in exact integers.
//!
//! For any prices `y >= 0` on rows, no packing is worth more than
//!
//! ```text
//! sum over rows of y x limit  +  sum over columns of max over allowed x of  gain x,   gain = worth - sum of y x amount
//! ```
//!
//! Prices are rounded to 2^-40 of a unit of worth first, and all else is exact, so that a bound is one whatever the simplex
//! did.

use crate::numbers::round_wide;

use super::instance::Packing;

/// Bits of a price below the unit.
const SHIFT: u32 = 40;

/// Whether a column may be packed, must be, or either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Allowed {
    Either,
    Out,
    In,
}

/// Rows in exact integers: those of the packing that are in use, and cuts.
#[derive(Clone, Debug, Default)]
pub(super) struct ExactRows {
    rows: Vec<(u64, Vec<(u32, u64)>)>,
}

/// A bound and what each column gains at its prices, both in 2^-40 of a unit.
#[derive(Clone, Debug, Default)]
pub(super) struct Proof {
    bound: i128,
    gains: Vec<i128>,
}

impl ExactRows {
    /// Adds a row.
    pub(super) fn push(&mut self, limit: u64, entries: Vec<(u32, u64)>) {
        self.rows.push((limit, entries));
    }

    /// Takes out rows, which come in order.
    pub(super) fn take_out(&mut self, rows: &[usize]) -> Vec<(u64, Vec<(u32, u64)>)> {
        let taken = rows.iter().map(|&row| std::mem::take(&mut self.rows[row])).collect();
        let mut at = 0;
        self.rows.retain(|_| {
            at += 1;
            rows.binary_search(&(at - 1)).is_err()
        });
        taken
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(u64, Vec<(u32, u64)>)> {
        self.rows.iter()
    }
}

impl Proof {
    /// Evaluates prices of rows, each with a factor, stated in units of `unit`. O(entries).
    pub(super) fn evaluate(
        &mut self,
        worths: &[u64],
        rows: &ExactRows,
        prices: impl Iterator<Item = (f64, f64)>,
        (unit, allowed): (f64, &[Allowed]),
    ) {
        self.gains.clear();
        self.gains.extend(worths.iter().map(|&worth| i128::from(worth) << SHIFT));
        self.bound = 0;
        let scale = unit * (1_u64 << SHIFT) as f64;
        for ((limit, entries), (price, row_scale)) in rows.rows.iter().zip(prices) {
            let price = round_wide(price * row_scale * scale);
            if price > 0 {
                self.bound += price * i128::from(*limit);
                entries.iter().for_each(|&(column, amount)| self.gains[column as usize] -= price * i128::from(amount));
            }
        }
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
