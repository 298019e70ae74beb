//! Money, and what is paid for a lease.

pub use lessor_market::money::{MONEY_MAX, Money};
use lessor_models::resources::Kind;
use lessor_models::time::Span;

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
        Money::of(scaled.div_ceil(MICROS_PER_SECOND << RATE_SHIFT))
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
