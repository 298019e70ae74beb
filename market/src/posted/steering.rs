//! How a posted price follows demand, and when it settles.
//!
//! Let `n` be what is asked for over the target, `e = ln n` the excess, `k` the gain, `w` the weight of the newest excess in
//! the smoothed one, and `d` the greatest step. After each round
//!
//! ```text
//! m <- m + w (e - m)
//! x <- max(-d, min(d, k m))
//! p <- p (1 + x) where x > 0, p / (1 - x) where x < 0,   kept between the reserve and the cap
//! ```
//!
//! Let demand have elasticity `E`: `n = (p / p*)^-E` with `p*` the price at which the target is met, and `y = ln(p / p*)`.
//! Then `e = -E y` exactly, a step adds `k m` to `y` but for what `ln(1 + x) <= x` and the cap on steps take away, and
//!
//! ```text
//! m' = (1 - w) m - w E y
//! y' = k (1 - w) m + (1 - k w E) y
//! ```
//!
//! The trace of this map is `2 - w - k w E`, its determinant `1 - w`. By the criterion of Jury (1964) both roots lie within
//! the unit circle iff `|det| < 1` and `|trace| < 1 + det`; the first holds for every `w` in (0, 1], and the second is
//!
//! ```text
//! 0 < k E < 2 (2 - w) / w                                                             (the bound)
//! ```
//!
//! At the bound a root is -1: beyond it the price is too dear and too cheap in turn. The cap on steps leaves the neighborhood of
//! the fixed point as it is; from far off it matters where smoothing lags, so `w` below a half is refused (the tests keep a
//! price that is caught in a cycle there, below the bound). That the excess is a logarithm keeps the gain the same at every
//! distance: with `n - 1` in its place and `w = 1`, `n` would follow the map of Ricker (1954), `n' = n e^(k E (1 - n))`, whose
//! gain rises with distance, and which is chaotic for `k E` above 2.69 (May 1974).

use thiserror::Error;

use super::{UNIT_PRICE_LEAST, UnitPrice};

/// How a posted price is steered. Shares and factors are in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steering {
    /// The share of an account that should be asked for; 1 to 1,000.
    pub target_permille: u32,
    /// How strongly the price follows an excess of 1: the step; 1 to 10,000.
    pub gain_permille: u32,
    /// The greatest change of a price in one round; 1 to 500.
    pub step_max_permille: u32,
    /// The weight of the newest excess in the smoothed one; 500 to 1,000, where 1,000 smooths nothing.
    pub newest_permille: u32,
    /// The greatest elasticity of demand that is reckoned with; 1 to 100,000.
    pub elasticity_permille: u32,
}

/// One, in thousandths.
pub const PERMILLE: u32 = 1_000;

/// Binary places of an excess.
pub(super) const EXCESS_SHIFT: u32 = 20;

/// The greatest excess that is told apart, and (negated) the least: about a thousandfold.
pub(super) const EXCESS_MAX: i64 = 7 << EXCESS_SHIFT;

/// The natural logarithm of two, in units of 2^-20.
const LN_2: i64 = 726_817;

/// Why a price cannot be steered so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SteeringError {
    /// A number outside its range.
    #[error("{field} is {value}; it must be {least} to {most}")]
    OutOfRange {
        /// Which.
        field: &'static str,
        /// What it is.
        value: u32,
        /// The least allowed.
        least: u32,
        /// The most allowed.
        most: u32,
    },
    /// The price would alternate and not settle.
    #[error(
        "gain times elasticity is {product} millionths, which is not below {bound}, the bound 2 (2 - w) / w for the weight w \
         of the newest excess: the price would oscillate; lower gain_permille or newest_permille"
    )]
    Unstable {
        /// Gain times elasticity, in millionths.
        product: u64,
        /// What it must be below, in millionths.
        bound: u64,
    },
}

impl Steering {
    /// Whether each number is in its range and the price settles for every elasticity that is reckoned with.
    ///
    /// # Errors
    /// The first number out of its range, or a gain at or beyond the bound.
    pub fn check(&self) -> Result<(), SteeringError> {
        let ranges = [
            ("target_permille", self.target_permille, 1, PERMILLE),
            ("gain_permille", self.gain_permille, 1, 10_000),
            ("step_max_permille", self.step_max_permille, 1, 500),
            ("newest_permille", self.newest_permille, 500, PERMILLE),
            ("elasticity_permille", self.elasticity_permille, 1, 100_000),
        ];
        for (field, value, least, most) in ranges {
            if !(least..=most).contains(&value) {
                return Err(SteeringError::OutOfRange { field, value, least, most });
            }
        }
        let product = u64::from(self.gain_permille) * u64::from(self.elasticity_permille);
        let bound = self.bound_millionths();
        if product >= bound { Err(SteeringError::Unstable { product, bound }) } else { Ok(()) }
    }

    /// What gain times elasticity must be below, in millionths, rounded down.
    ///
    /// # Panics
    /// Where the weight of the newest excess is out of its range.
    #[must_use]
    pub fn bound_millionths(&self) -> u64 {
        let newest = u64::from(self.newest_permille);
        assert!((1..=1_000).contains(&newest), "the weight of the newest excess is 1 to 1,000 thousandths");
        2 * (2_000 - newest) * 1_000_000 / newest
    }

    /// The elasticity of demand below which the price settles at this gain, in thousandths, rounded down.
    ///
    /// # Panics
    /// Where the gain is nothing, or the weight of the newest excess is out of its range.
    #[must_use]
    pub fn settles_below_permille(&self) -> u64 {
        self.bound_millionths() / u64::from(self.gain_permille)
    }

    /// The logarithm of what is asked for over the target, in units of 2^-20; `None` where there is no capacity to compare with.
    pub(super) fn excess(&self, asked: u64, capacity: u64) -> Option<i64> {
        let target = u128::from(capacity) * u128::from(self.target_permille);
        let ratio = ((u128::from(asked) * u128::from(PERMILLE)) << RATIO_SHIFT).checked_div(target)?;
        let ratio = u64::try_from(ratio).unwrap_or(u64::MAX);
        let Some(log) = log2(ratio) else { return Some(-EXCESS_MAX) };
        let excess = ((log - (i64::from(RATIO_SHIFT) << EXCESS_SHIFT)) * LN_2) >> EXCESS_SHIFT;
        Some(excess.clamp(-EXCESS_MAX, EXCESS_MAX))
    }

    /// The smoothed excess after a new one.
    pub(super) fn smoothed(&self, before: i64, excess: i64) -> i64 {
        before + (excess - before) * i64::from(self.newest_permille) / i64::from(PERMILLE)
    }

    /// The price after a round that ended with a smoothed excess; rounded to the nearest.
    pub(super) fn step(&self, price: UnitPrice, smoothed: i64) -> UnitPrice {
        let most = (i64::from(self.step_max_permille) << EXCESS_SHIFT) / i64::from(PERMILLE);
        let change = (smoothed * i64::from(self.gain_permille) / i64::from(PERMILLE)).clamp(-most, most);
        let factor = ONE + u128::from(change.unsigned_abs());
        let price = u128::from(price.0);
        let next = if change >= 0 { (price * factor + ONE / 2) / ONE } else { (price * ONE + factor / 2) / factor };
        UnitPrice(u64::try_from(next).unwrap_or(u64::MAX)).max(UNIT_PRICE_LEAST)
    }
}

/// One, in units of 2^-20.
const ONE: u128 = 1 << EXCESS_SHIFT;

/// Binary places of a ratio before its logarithm is taken.
const RATIO_SHIFT: u32 = 40;

/// The binary logarithm in units of 2^-20, rounded down; `None` of zero.
///
/// Each squaring of the mantissa gives the next binary place.
fn log2(value: u64) -> Option<i64> {
    let whole = value.checked_ilog2()?;
    let mut mantissa = value << (63 - whole);
    let mut log = i64::from(whole);
    for _ in 0..EXCESS_SHIFT {
        let square = u128::from(mantissa) * u128::from(mantissa);
        let carried = (square >> 127) & 1;
        mantissa = u64::try_from(square >> (63 + carried)).expect("a mantissa fills 64 bits");
        log = log << 1 | i64::from(carried == 1);
    }
    Some(log)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logarithm_is_right_to_its_last_place() {
        for value in [1, 2, 3, 10, 1_000_003, 1 << 40, u64::MAX] {
            let exact = (value as f64).log2() * f64::from(1 << 20);
            let log = log2(value).unwrap();
            assert!((exact - log as f64).abs() <= 1.0, "log2 of {value} is {exact}, not {log}");
        }
        assert_eq!(log2(0), None);
    }
}
