//! Exact fractions: what a unit costs where many units cost one micro-credit.
//!
//! A bid of a few micro-credits for gigabytes states a price of a byte that no whole number of micro-credits is. Prices are
//! compared and multiplied as fractions, of an amount over a quantity, without rounding.

use std::cmp::Ordering;

/// The greatest denominator, 2^53, as for amounts and quantities: products of two remainders, and a thousand of them, stay within
/// 128 bits.
pub const UNDER_MAX: u64 = 1 << 53;

/// A number that is not below zero: a whole part, and a part of one.
#[derive(Clone, Copy, Debug)]
pub struct Fraction {
    whole: u128,
    /// Below `under`.
    over: u64,
    /// 1 to [`UNDER_MAX`].
    under: u64,
}

impl Fraction {
    /// One number over another; `None` where the second is zero or above [`UNDER_MAX`].
    #[must_use]
    pub fn new(over: u128, under: u64) -> Option<Fraction> {
        let rest = over.checked_rem(under.into()).filter(|_| under <= UNDER_MAX)?;
        let rest = u64::try_from(rest).expect("a remainder is below its divisor");
        Some(Fraction { whole: over / u128::from(under), over: rest, under })
    }

    /// A whole number.
    #[must_use]
    pub fn whole(number: u64) -> Fraction {
        Fraction { whole: number.into(), over: 0, under: 1 }
    }

    /// So many times as much; the whole part stops at the end of its range.
    #[must_use]
    pub fn times(self, factor: u64) -> Fraction {
        let rest = u128::from(self.over) * u128::from(factor);
        let carried = Fraction::new(rest, self.under).expect("the denominator was one");
        Fraction { whole: self.whole.saturating_mul(factor.into()).saturating_add(carried.whole), ..carried }
    }
}

impl Ord for Fraction {
    fn cmp(&self, other: &Fraction) -> Ordering {
        let crossed = |one: &Fraction, other: &Fraction| u128::from(one.over) * u128::from(other.under);
        self.whole.cmp(&other.whole).then_with(|| crossed(self, other).cmp(&crossed(other, self)))
    }
}

impl PartialOrd for Fraction {
    fn partial_cmp(&self, other: &Fraction) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Equal numbers are equal, whatever they are written over.
impl PartialEq for Fraction {
    fn eq(&self, other: &Fraction) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Fraction {}

/// A point between two fractions, so many thousandths of the way from the one to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Between {
    /// Where the way begins; not above where it ends.
    pub from: Fraction,
    /// Where the way ends.
    pub to: Fraction,
    /// How far along it, 0 to 1,000.
    pub permille: u32,
}

impl Between {
    /// So many times the point, rounded down.
    #[must_use]
    pub fn times_down(&self, factor: u64) -> u128 {
        let (whole, over, under) = self.times(factor);
        whole + over / under
    }

    /// So many times the point, rounded up.
    #[must_use]
    pub fn times_up(&self, factor: u64) -> u128 {
        let (whole, over, under) = self.times(factor);
        whole + over.div_ceil(under)
    }

    /// So many times the point: a whole number, and one number over another.
    fn times(&self, factor: u64) -> (u128, u128, u128) {
        let (from, to) = (self.from.times(factor), self.to.times(factor));
        let (near, far) = (u128::from(1_000_u32.saturating_sub(self.permille)), u128::from(self.permille));
        let whole = (from.whole.saturating_mul(near)).saturating_add(to.whole.saturating_mul(far));
        let under = u128::from(from.under) * u128::from(to.under);
        // At most 2^106 times a thousand, twice.
        let over =
            u128::from(from.over) * u128::from(to.under) * near + u128::from(to.over) * u128::from(from.under) * far;
        (whole / 1_000, whole % 1_000 * under + over, under * 1_000)
    }
}

/// What fractions come to, some added and some taken off: exactly as long as they have a common denominator of 64 bits; each
/// further one leaves up to 2^-32 in doubt.
#[derive(Clone, Copy, Debug)]
pub struct Sum {
    whole: i128,
    /// The rest lies between these, over `under`.
    least: u128,
    most: u128,
    under: u128,
}

impl Default for Sum {
    fn default() -> Sum {
        Sum { whole: 0, least: 0, most: 0, under: 1 }
    }
}

impl Sum {
    /// Adds a fraction.
    pub fn add(&mut self, fraction: Fraction) {
        self.whole = self.whole.saturating_add(whole(fraction));
        self.add_rest(fraction.over, fraction.under);
    }

    /// Takes a fraction off.
    pub fn take(&mut self, fraction: Fraction) {
        self.whole = self.whole.saturating_sub(whole(fraction));
        if fraction.over > 0 {
            self.whole -= 1;
            self.add_rest(fraction.under - fraction.over, fraction.under);
        }
    }

    fn add_rest(&mut self, over: u64, under: u64) {
        if over == 0 {
            return;
        }
        let divisor = greatest_common_divisor(over.into(), under.into());
        let (over, under) = (u128::from(over) / divisor, u128::from(under) / divisor);
        let common = under / greatest_common_divisor(self.under, under) * self.under;
        if common >> 64 == 0 {
            let (before, now) = (common / self.under, common / under);
            (self.least, self.most) = (self.least * before + over * now, self.most * before + over * now);
            self.under = common;
        } else {
            // At 2^32 or more parts of one, what rounding loses is no more than a part.
            self.widen();
            let product = over * self.under;
            (self.least, self.most) = (self.least + product / under, self.most + product.div_ceil(under));
        }
        self.whole += i128::try_from(self.least / self.under).expect("a rest of 128 bits over one");
        let carried = self.least / self.under * self.under;
        (self.least, self.most) = (self.least - carried, self.most - carried);
    }

    /// Writes the rest over 2^32 or more.
    fn widen(&mut self) {
        let factor = (1_u128 << 32).div_ceil(self.under);
        (self.least, self.most, self.under) = (self.least * factor, self.most * factor, self.under * factor);
    }

    /// The greatest whole number that the sum is sure to reach, and the greatest that it may reach; zero where it is below.
    #[must_use]
    pub fn down(&self) -> (u128, u128) {
        let most = i128::try_from(self.most / self.under).unwrap_or(i128::MAX);
        let up_from_zero = |number: i128| u128::try_from(number).unwrap_or(0);
        (up_from_zero(self.whole), up_from_zero(self.whole.saturating_add(most)))
    }
}

fn whole(fraction: Fraction) -> i128 {
    i128::try_from(fraction.whole).unwrap_or(i128::MAX)
}

fn greatest_common_divisor(mut one: u128, mut other: u128) -> u128 {
    while other > 0 {
        (one, other) = (other, one % other);
    }
    one
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(over: u128, under: u64) -> Fraction {
        Fraction::new(over, under).unwrap()
    }

    #[test]
    fn fractions_compare_and_multiply_exactly_at_the_ends_of_their_range() {
        let most = UNDER_MAX;
        assert!(of(u128::from(most) - 1, most) > of(u128::from(most) - 2, most - 1));
        assert_eq!((of(2, 4), Fraction::new(1, 0), Fraction::new(1, most + 1)), (of(1, 2), None, None));
        assert_eq!(of(u128::from(most) - 1, most).times(most), Fraction::whole(most - 1));
        let point = Between { from: of(1, most), to: of(2, most - 1), permille: 1_000 };
        assert_eq!((point.times_down(most - 1), point.times_up(most - 1), point.times_up(most)), (2, 2, 3));
    }

    #[test]
    fn a_sum_of_any_fractions_is_known_to_a_part_of_one() {
        // Two thirds, and a third: one, exactly. Primes of 31 bits have no common denominator of 64.
        let mut sum = Sum::default();
        [of(2, 3), of(1, 3)].into_iter().for_each(|part| sum.add(part));
        assert_eq!(sum.down(), (1, 1));
        sum.take(of(1, 7));
        assert_eq!(sum.down(), (0, 0));
        sum.take(of(20, 1));
        assert_eq!(sum.down(), (0, 0));
        let primes = [2_147_483_647, 2_147_483_629, 2_147_483_587];
        let mut sum = Sum::default();
        primes.into_iter().for_each(|prime| sum.add(of(u128::from(prime) * 5 - 1, prime)));
        assert_eq!(sum.down(), (14, 14));
        primes.into_iter().for_each(|prime| sum.add(of(1, prime)));
        assert!(matches!(sum.down(), (14 | 15, 15)), "{sum:?}");
    }

    proptest! {
        /// Against fractions over one common denominator.
        #[test]
        fn points_between_and_sums_are_those_of_whole_numbers(
            parts in prop::collection::vec((0..2_000_u128, 1..40_u64, any::<bool>()), 2..6),
            permille in 0..=1_000_u32, factor in 1..50_u64,
        ) {
            let common: u128 = parts.iter().map(|part| u128::from(part.1)).product();
            let over = |part: &(u128, u64, bool)| part.0 * (common / u128::from(part.1));
            let (one, other) = (&parts[0], &parts[1]);
            prop_assert_eq!(of(one.0, one.1).cmp(&of(other.0, other.1)), over(one).cmp(&over(other)));
            let point = Between { from: of(one.0, one.1), to: of(other.0, other.1), permille };
            let exact = (over(one) * u128::from(1_000 - permille) + over(other) * u128::from(permille)) * u128::from(factor);
            prop_assert_eq!(point.times_down(factor), exact / (common * 1_000));
            prop_assert_eq!(point.times_up(factor), exact.div_ceil(common * 1_000));
            let (mut sum, mut all) = (Sum::default(), 0_i128);
            for part in &parts {
                let fraction = of(part.0, part.1);
                if part.2 { sum.add(fraction) } else { sum.take(fraction) }
                all += i128::try_from(over(part)).unwrap() * if part.2 { 1 } else { -1 };
            }
            let down = u128::try_from(all).unwrap_or(0) / common;
            prop_assert_eq!(sum.down(), (down, down));
        }
    }
}
