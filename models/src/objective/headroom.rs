//! Soft headroom: what of a tile's reserve a plan uses up, at a price.
//!
//! A rule names a safety capacity for one kind: so many thousandths of what a tile gives, rounded down. What lies above it is
//! the tile's reserve, and whoever leaves less of it pays for what is missing, for as long as it is:
//!
//! ```text
//! weight * sum over rules and tiles of ceil(price * sum over time of max(0, reserve - left) / (10^6 units * hour))
//! ```
//!
//! What a tile draws with nothing placed on it is nobody's: a reserve is at most what is left beside it. Optimistic bound: zero.
//!
//! A tile of 1,000 Mop/s with a safety capacity of 800 thousandths has a reserve of 200. Used at 900 for two hours, it misses
//! 100 of them for two hours: at a price of 5,000 a million Mop/s and hour that is one micro-credit.

use super::{priced, weighted};
use crate::resources::{Kind, Resources, UNLIMITED};
use crate::time::MICROS_PER_HOUR;

/// A safety capacity for one kind on every tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Headroom {
    /// The kind.
    pub kind: Kind,
    /// The safety capacity, in thousandths of the tile's; at most 1,000.
    pub safe_permille: u32,
    /// What missing reserve costs, in micro-credits per 10^6 base units and hour.
    pub price: u64,
}

impl Headroom {
    /// How much of its reserve a tile misses, in base units: of what it gives beside its standing draw, so much is left.
    ///
    /// Convex in what is left. A kind that the tile does not limit has no reserve.
    #[must_use]
    #[inline]
    pub fn missing(&self, gives: &Resources, standing: &Resources, left: &Resources) -> u64 {
        let (gives, standing, left) = (gives.get(self.kind), standing.get(self.kind), left.get(self.kind));
        if gives == UNLIMITED {
            return 0;
        }
        let whole = gives.saturating_add(standing);
        let safe = u128::from(whole) * u128::from(self.safe_permille) / 1_000;
        let reserve = whole.saturating_sub(u64::try_from(safe).unwrap_or(u64::MAX)).min(gives);
        reserve.saturating_sub(left)
    }

    /// What missing reserve costs at a weight in thousandths, in micro-credits, from base units times microseconds. Rounds up.
    #[must_use]
    pub fn cost(&self, unit_micros: u128, permille: u32) -> u64 {
        let cost = priced(unit_micros, self.price.into(), 1_000_000 * u128::from(MICROS_PER_HOUR));
        weighted(cost, permille)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(safe_permille: u32) -> Headroom {
        Headroom { kind: Kind::Compute, safe_permille, price: 5_000 }
    }

    fn missing(safe_permille: u32, [gives, standing, left]: [u64; 3]) -> u64 {
        let of = |amount| Resources::of(Kind::Compute, amount);
        rule(safe_permille).missing(&of(gives), &of(standing), &of(left))
    }

    #[test]
    fn what_is_used_above_the_safety_capacity_is_missing() {
        assert_eq!([300, 200, 199, 100, 0].map(|left| missing(800, [1_000, 0, left])), [0, 0, 1, 100, 200]);
        assert_eq!([1_000, 0].map(|safe| missing(safe, [1_000, 0, 10])), [0, 990]);
        // Two thirds of a thousand round down to 666, so that 334 are the reserve.
        assert_eq!(missing(666, [1_000, 0, 0]), 334);
        assert_eq!(missing(500, [UNLIMITED, 0, UNLIMITED]), 0);
    }

    #[test]
    fn a_standing_draw_counts_as_use_and_is_never_paid_for() {
        // Of 1,000, 700 stand: 800 are safe, so 200 are the reserve. With 900 standing 100 are all that a plan can use up.
        assert_eq!([300, 150].map(|left| missing(800, [300, 700, left])), [0, 50]);
        assert_eq!([100, 0].map(|left| missing(800, [100, 900, left])), [0, 100]);
    }

    #[test]
    fn a_million_units_for_an_hour_cost_the_price_and_parts_round_up() {
        let hours = |units: u128, hours: u128| units * hours * u128::from(MICROS_PER_HOUR);
        assert_eq!(rule(800).cost(hours(1_000_000, 1), 1_000), 5_000);
        assert_eq!([hours(100, 2), hours(100, 2) + 1, 1, 0].map(|amount| rule(800).cost(amount, 1_000)), [1, 2, 1, 0]);
    }
}
