//! Balance: enough of one kind should be left on a tile for what is left there of another.
//!
//! A rule says how much of the kept kind belongs to what is left of the other one, such as memory to cores. A tile is short by
//! what is lacking then, and whoever makes it shorter than it is when empty pays for that, for as long as it is:
//!
//! ```text
//! short(left) = max(0, target * left[of] - left[kept])
//! weight * sum over rules and tiles of ceil(price * sum over time of max(0, short(left) - short(empty)) / (10^6 units * hour))
//! ```
//!
//! An empty tile that is short already costs nothing: no plan can help it. Optimistic bound: zero.

use super::{priced, weighted};
use crate::resources::{Kind, Resources, UNLIMITED};
use crate::time::MICROS_PER_HOUR;

/// Parts of a base unit that shortages are counted in.
pub const PARTS: u128 = 1_000_000_000;

/// How much of one kind should be left for what is left of another, on every tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Balance {
    /// The kind that is measured.
    pub of: Kind,
    /// The kind that should be kept for it.
    pub kept: Kind,
    /// Base units of the kept kind that belong to 10^9 base units of the other.
    pub target_per_billion: u64,
    /// What being short costs, in micro-credits per 10^6 base units of the kept kind and hour.
    pub price: u64,
}

impl Balance {
    /// How much shorter of the kept kind a tile is than when it is empty, in parts of [`PARTS`] of a base unit.
    ///
    /// Convex in what is left. A tile that does not limit both kinds is never short.
    #[must_use]
    #[inline]
    pub fn missing(&self, gives: &Resources, left: &Resources) -> u128 {
        if gives.get(self.of) == UNLIMITED || gives.get(self.kept) == UNLIMITED {
            return 0;
        }
        self.short(left).saturating_sub(self.short(gives))
    }

    fn short(&self, left: &Resources) -> u128 {
        let belongs = u128::from(self.target_per_billion) * u128::from(left.get(self.of));
        belongs.saturating_sub(PARTS * u128::from(left.get(self.kept)))
    }

    /// What being short costs at a weight in thousandths, in micro-credits, from those parts times microseconds.
    /// Rounds up.
    #[must_use]
    pub fn cost(&self, part_micros: u128, permille: u32) -> u64 {
        let cost = priced(part_micros, self.price.into(), 1_000_000 * PARTS * u128::from(MICROS_PER_HOUR));
        weighted(cost, permille)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four bytes belong to each Mop/s.
    const RULE: Balance =
        Balance { of: Kind::Compute, kept: Kind::Memory, target_per_billion: 4_000_000_000, price: 7 };

    fn missing(gives: [u64; 2], left: [u64; 2]) -> u128 {
        let of = |[compute, memory]: [u64; 2]| Resources::of(Kind::Compute, compute).with(Kind::Memory, memory);
        RULE.missing(&of(gives), &of(left))
    }

    #[test]
    fn a_tile_is_short_of_what_belongs_to_what_is_left() {
        // Of 10 Mop/s and 40 bytes: 5 and 20 are balanced, 5 and 12 are short by 8, 5 and 30 are not short.
        let left = [[10, 40], [5, 20], [5, 12], [5, 30], [10, 0], [0, 0]];
        assert_eq!(left.map(|left| missing([10, 40], left)), [0, 0, 8, 0, 40, 0].map(|bytes| bytes * PARTS));
    }

    #[test]
    fn what_an_empty_tile_lacks_is_not_paid_for() {
        // Of 10 and 30 the empty tile lacks 10. With 10 and 25 left it lacks 15; with 8 and 30 it lacks 2.
        assert_eq!([[10, 30], [10, 25], [8, 30]].map(|left| missing([10, 30], left)), [0, 5 * PARTS, 0]);
    }

    #[test]
    fn unlimited_kinds_are_never_short() {
        assert_eq!(missing([UNLIMITED, 40], [UNLIMITED, 0]), 0);
        assert_eq!(missing([10, UNLIMITED], [10, UNLIMITED]), 0);
    }

    #[test]
    fn a_million_units_for_an_hour_cost_the_price() {
        let hour = u128::from(MICROS_PER_HOUR);
        assert_eq!([1_000_000 * PARTS * hour, 1, 0].map(|amount| RULE.cost(amount, 1_000)), [7, 1, 0]);
    }
}
