//! Money: whole micro-credits. No floating point decides what anyone pays.

use std::fmt;

/// An amount of micro-credits; below zero where it is owed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(pub i64);

/// The most that one bid, price or transfer may be, in micro-credits: 2^53, as for the bids of jobs.
pub const MONEY_MAX: Money = Money(1 << 53);

impl Money {
    /// Nothing.
    pub const ZERO: Money = Money(0);

    /// Whether it can be a bid, a payment or a transfer: from nothing to [`MONEY_MAX`].
    #[must_use]
    pub fn is_amount(self) -> bool {
        Money::ZERO <= self && self <= MONEY_MAX
    }

    /// The sum, which stops at the ends of the range.
    #[must_use]
    pub fn plus(self, other: Money) -> Money {
        Money(self.0.saturating_add(other.0))
    }

    /// How many micro-credits there are; none where it is owed.
    #[must_use]
    pub fn micro_credits(self) -> u64 {
        u64::try_from(self.0).unwrap_or(0)
    }

    /// A part in thousandths, rounded up; nothing of what is owed.
    #[must_use]
    pub fn permille(self, part: u32) -> Money {
        Money::of((u128::from(self.micro_credits()) * u128::from(part)).div_ceil(1_000))
    }

    /// A number of micro-credits, where it is an amount: where it is at most [`MONEY_MAX`].
    #[must_use]
    pub fn exactly(micro_credits: u128) -> Option<Money> {
        i64::try_from(micro_credits).ok().map(Money).filter(|money| money.is_amount())
    }

    /// Amounts that come to a sum together, as few as it takes; none for nothing.
    pub fn amounts(mut sum: u128) -> impl Iterator<Item = Money> {
        std::iter::from_fn(move || {
            let amount = Money::of(sum);
            sum -= u128::from(amount.micro_credits());
            (amount > Money::ZERO).then_some(amount)
        })
    }

    /// A number of micro-credits, at most [`MONEY_MAX`].
    #[must_use]
    pub fn of(micro_credits: u128) -> Money {
        i64::try_from(micro_credits).map_or(MONEY_MAX, Money).min(MONEY_MAX)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_rounds_up_and_stops_at_the_most() {
        assert_eq!(Money(1_001).permille(5), Money(6));
        assert_eq!(Money(1_000).permille(0), Money::ZERO);
        assert_eq!(MONEY_MAX.permille(2_000), MONEY_MAX);
    }

    #[test]
    fn a_sum_of_any_size_is_whole_amounts() {
        let most = u128::from(MONEY_MAX.micro_credits());
        let amounts = |sum| Money::amounts(sum).collect::<Vec<_>>();
        assert_eq!(amounts(0), []);
        assert_eq!(amounts(most), [MONEY_MAX]);
        assert_eq!(amounts(2 * most + 3), [MONEY_MAX, MONEY_MAX, Money(3)]);
        assert_eq!([most, most + 1].map(Money::exactly), [Some(MONEY_MAX), None]);
    }

    #[test]
    fn what_is_owed_is_no_amount_and_has_no_parts() {
        assert_eq!([Money(7), Money::ZERO, Money(-7), Money(i64::MIN)].map(Money::micro_credits), [7, 0, 0, 0]);
        assert_eq!(Money(-7).permille(500), Money::ZERO);
    }
}
