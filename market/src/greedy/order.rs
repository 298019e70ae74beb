//! The order of bids: by value over the root of size, compared exactly.
//!
//! `v / sqrt(w) > v' / sqrt(w')` iff `v^2 w' > v'^2 w`; both sides are computed in 256 bits.

use std::cmp::Ordering;

use crate::money::Money;

/// What a bid is ranked by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rank {
    /// An amount.
    pub(super) value: Money,
    /// Above zero.
    pub(super) size: u128,
    /// Its place among the bids, which decides where the rest is equal.
    pub(super) position: usize,
}

/// Who comes first is less.
pub(super) fn compare(one: &Rank, other: &Rank) -> Ordering {
    let (ours, theirs) = (product(one.value, other.size), product(other.value, one.size));
    theirs.cmp(&ours).then(one.position.cmp(&other.position))
}

pub(super) fn is_before(one: &Rank, other: &Rank) -> bool {
    compare(one, other) == Ordering::Less
}

/// The square of a value times a size, in digits of 64 bits, the highest first.
fn product(value: Money, size: u128) -> [u128; 4] {
    const DIGIT: u128 = u64::MAX as u128;
    let value = u128::from(value.micro_credits());
    let mut digits = [0, 0, size >> 64, size & DIGIT];
    for _ in 0..2 {
        let mut carry = 0;
        for digit in digits.iter_mut().rev() {
            let sum = *digit * value + carry;
            (*digit, carry) = (sum & DIGIT, sum >> 64);
        }
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::MONEY_MAX;

    fn rank(value: i64, size: u128) -> Rank {
        Rank { value: Money(value), size, position: 0 }
    }

    #[test]
    fn a_difference_in_the_last_place_of_the_greatest_values_counts() {
        let (most, size) = (MONEY_MAX.0, u128::MAX);
        assert!(is_before(&rank(most, size), &rank(most - 1, size)));
        assert!(is_before(&rank(most, size - 1), &rank(most, size)));
        // Twice the value at four times the size is the same rank.
        assert_eq!(compare(&rank(most, size / 4 * 4), &rank(most / 2, size / 4)), Ordering::Equal);
    }
}
