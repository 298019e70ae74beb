//! Posted prices: each account's price is moved, round by round, to where a stated share of the account is asked for.
//!
//! Whoever comes is told a price that does not depend on what it says, and takes or leaves it; nothing is solved. Between
//! rounds [`Steering`] moves each price, and [`Wobble`] says where the price no longer settles.

mod board;
mod steering;
#[cfg(test)]
mod tests;
mod wobble;

pub use board::{Ask, Listing, PriceBoard, Standing, Turned};
pub use steering::{PERMILLE, Steering, SteeringError};
pub use wobble::{Wobble, WobbleVerdict};

/// A price in units of 2^-[`UNIT_PRICE_SHIFT`] micro-credits per base unit and second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitPrice(pub u64);

/// Binary places of a unit price, the same as of a certificate's prices.
pub const UNIT_PRICE_SHIFT: u32 = lessor_models::certificate::DUAL_SHIFT;

/// The largest unit price: 128 micro-credits per base unit and second, so that thousands of goods add up within 128 bits.
pub const UNIT_PRICE_MAX: UnitPrice = UnitPrice(1 << 63);

/// The smallest price that is steered: below it a step of a millionth would round to nothing.
pub const UNIT_PRICE_LEAST: UnitPrice = UnitPrice(1 << 20);

/// Base units and seconds that a stated price is for: 10^6 units and an hour.
const STATED: u128 = crate::prices::PRICE_UNITS * 3_600;

impl UnitPrice {
    /// From micro-credits per 10^6 base units and hour, rounded up, at most [`UNIT_PRICE_MAX`].
    #[must_use]
    pub fn from_stated(price: u64) -> UnitPrice {
        let exact = (u128::from(price) << UNIT_PRICE_SHIFT).div_ceil(STATED);
        u64::try_from(exact).map_or(UNIT_PRICE_MAX, UnitPrice).min(UNIT_PRICE_MAX)
    }

    /// In micro-credits per 10^6 base units and hour, rounded down.
    #[must_use]
    pub fn stated(self) -> u64 {
        let exact = (u128::from(self.0) * STATED) >> UNIT_PRICE_SHIFT;
        u64::try_from(exact).unwrap_or(u64::MAX)
    }
}
