//! Money, and what is paid for a lease.

use lessor_models::resources::Kind;
use lessor_models::time::Span;

/// An amount of micro-credits; below zero where it is owed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(pub i64);

/// The most that one price or compensation may be, in micro-credits: 2^53, as for bids.
pub const MONEY_MAX: Money = Money(1 << 53);

impl Money {
    /// Nothing.
    pub const ZERO: Money = Money(0);

    /// The sum, which stops at the ends of the range.
    #[must_use]
    pub fn plus(self, other: Money) -> Money {
        Money(self.0.saturating_add(other.0))
    }
}

/// What a lease costs per second, in units of 2^-[`RATE_SHIFT`] micro-credits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(pub u64);

/// Binary places of a [`Rate`].
pub const RATE_SHIFT: u32 = 24;

const MICROS_PER_SECOND: u128 = 1_000_000;

impl Rate {
    /// What a span costs, rounded up, at most [`MONEY_MAX`].
    #[must_use]
    pub fn over(self, span: Span) -> Money {
        let scaled = u128::from(self.0) * u128::from(span.0);
        money(scaled.div_ceil(MICROS_PER_SECOND << RATE_SHIFT))
    }
}

/// What a unit of each kind costs while its account is empty, in units of 2^-[`UNIT_PRICE_SHIFT`] micro-credits per base
/// unit and second. Zero: the kind is free.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitPrices(pub [u64; Kind::COUNT]);

/// Binary places of a unit price, the same as of a certificate's prices.
pub const UNIT_PRICE_SHIFT: u32 = lessor_models::certificate::DUAL_SHIFT;

/// The largest unit price, so that no product of price, amount and scarcity overflows.
pub const UNIT_PRICE_MAX: u64 = 1 << 56;

/// A number of micro-credits as money, at most [`MONEY_MAX`].
pub(crate) fn money(micro_credits: u128) -> Money {
    i64::try_from(micro_credits).map_or(MONEY_MAX, Money).min(MONEY_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_costs_its_seconds_rounded_up() {
        let credit = Rate(3 << RATE_SHIFT);
        assert_eq!(credit.over(Span(2_000_000)), Money(6));
        assert_eq!(credit.over(Span(1)), Money(1));
        assert_eq!(Rate(0).over(Span(u64::MAX)), Money::ZERO);
        assert_eq!(Rate(u64::MAX).over(Span(u64::MAX)), MONEY_MAX);
    }
}
