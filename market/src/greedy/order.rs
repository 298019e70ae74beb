//! The order of bids: by value over the root of size, compared exactly.
//!
//! `v / sqrt(w) > v' / sqrt(w')` iff `v^2 w' > v'^2 w`; both sides are computed in 192 bits.

use std::cmp::Ordering;

use crate::money::Money;

/// What a bid is ranked by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rank {
    /// An amount.
    pub(super) value: Money,
    /// Above zero.
    pub(super) size: u64,
    /// Decides where the rest is equal; no two are.
    pub(super) lot: (u64, usize),
}

/// Who comes first is less.
pub(super) fn compare(one: &Rank, other: &Rank) -> Ordering {
    let (ours, theirs) = (product(one.value, other.size), product(other.value, one.size));
    theirs.cmp(&ours).then(one.lot.cmp(&other.lot))
}

pub(super) fn is_before(one: &Rank, other: &Rank) -> bool {
    compare(one, other) == Ordering::Less
}

/// The square of a value times a size: the high 128 bits above 2^64, and the low 64.
fn product(value: Money, size: u64) -> (u128, u64) {
    let value = u128::from(value.micro_credits());
    let (square, size) = (value * value, u128::from(size));
    let low = (square & u128::from(u64::MAX)) * size;
    let high = (square >> 64) * size + (low >> 64);
    let rest = u64::try_from(low & u128::from(u64::MAX)).expect("64 bits are left");
    (high, rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::MONEY_MAX;

    fn rank(value: i64, size: u64) -> Rank {
        Rank { value: Money(value), size, lot: (0, 0) }
    }

    #[test]
    fn a_difference_in_the_last_place_of_the_greatest_values_counts() {
        let (most, size) = (MONEY_MAX.0, u64::MAX);
        assert!(is_before(&rank(most, size), &rank(most - 1, size)));
        assert!(is_before(&rank(most, size - 1), &rank(most, size)));
        // Twice the value at four times the size is the same rank.
        assert_eq!(compare(&rank(most, size / 4 * 4), &rank(most / 2, size / 4)), Ordering::Equal);
    }
}
