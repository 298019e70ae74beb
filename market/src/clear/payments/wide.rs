//! Numbers of twice the digits of a float: a float and what it is off (Dekker 1971; sums and products after Joldes, Muller &
//! Popescu 2017).

use std::ops::{Add, AddAssign, Mul, Neg, Sub};

use lessor_solver::support::numbers::round_wide;

/// A number to some 31 digits; of those here none is infinite.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub(crate) struct Wide {
    /// The nearest float.
    high: f64,
    /// What is missing of it.
    low: f64,
}

/// What cuts a float in two halves of 26 digits.
const HALVES: f64 = 134_217_729.0;

impl Wide {
    pub(crate) const ZERO: Wide = Wide::of(0.0);

    /// A float.
    pub(crate) const fn of(number: f64) -> Wide {
        Wide { high: number, low: 0.0 }
    }

    /// A whole number below 2^106.
    pub(crate) fn whole(number: u128) -> Wide {
        let (high, low) = (number >> 53 << 53, number & ((1 << 53) - 1));
        Wide::of(high as f64) + Wide::of(low as f64)
    }

    /// The nearest whole number, of halves the greater; nothing below zero.
    pub(crate) fn rounded(self) -> u128 {
        let up = self + Wide::of(0.5);
        let high = up.high.floor();
        let rest = (up - Wide::of(high)).high.floor();
        u128::try_from(round_wide(high).saturating_add(round_wide(rest))).unwrap_or(0)
    }

    /// How far from zero.
    pub(crate) fn abs(self) -> Wide {
        if self < Wide::ZERO { -self } else { self }
    }

    /// The nearest float.
    pub(crate) fn float(self) -> f64 {
        self.high
    }

    /// A sum of which the first is no less than the second, in size.
    fn sorted_sum(high: f64, low: f64) -> Wide {
        let sum = high + low;
        Wide { high: sum, low: low - (sum - high) }
    }

    fn sum(one: f64, other: f64) -> Wide {
        let sum = one + other;
        let part = sum - one;
        Wide { high: sum, low: (one - (sum - part)) + (other - part) }
    }

    fn product(one: f64, other: f64) -> Wide {
        let halves = |number: f64| {
            let scaled = number * HALVES;
            let high = scaled - (scaled - number);
            (high, number - high)
        };
        let product = one * other;
        let ((high, low), (other_high, other_low)) = (halves(one), halves(other));
        let low = ((high * other_high - product) + high * other_low + low * other_high) + low * other_low;
        Wide { high: product, low }
    }
}

impl Add for Wide {
    type Output = Wide;

    fn add(self, other: Wide) -> Wide {
        let (high, low) = (Wide::sum(self.high, other.high), Wide::sum(self.low, other.low));
        let part = Wide::sorted_sum(high.high, high.low + low.high);
        Wide::sorted_sum(part.high, part.low + low.low)
    }
}

impl Neg for Wide {
    type Output = Wide;

    fn neg(self) -> Wide {
        Wide { high: -self.high, low: -self.low }
    }
}

impl Sub for Wide {
    type Output = Wide;

    fn sub(self, other: Wide) -> Wide {
        self + -other
    }
}

impl Mul for Wide {
    type Output = Wide;

    fn mul(self, other: Wide) -> Wide {
        let product = Wide::product(self.high, other.high);
        Wide::sorted_sum(product.high, product.low + (self.high * other.low + self.low * other.high))
    }
}

impl AddAssign for Wide {
    fn add_assign(&mut self, other: Wide) {
        *self = *self + other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sums_differences_and_products_of_whole_numbers_are_exact(one in 0..1_u128 << 100, other in 0..1_u128 << 100) {
            let (greater, less) = (one.max(other), one.min(other));
            prop_assert_eq!(Wide::whole(one).rounded(), one);
            prop_assert_eq!((Wide::whole(one) + Wide::whole(other)).rounded(), one + other);
            prop_assert_eq!((Wide::whole(greater) - Wide::whole(less)).rounded(), greater - less);
            prop_assert_eq!((Wide::whole(less) - Wide::whole(greater)).rounded(), 0);
            let (one, other) = (one >> 50, other >> 50);
            prop_assert_eq!((Wide::whole(one) * Wide::whole(other)).rounded(), one * other);
        }
    }
}
