//! Public benchmark families: what their instances are, and the exact checker of each.
//!
//! These are problems that others pose and publish results on; a fleet lowers to problems like them. A family's checker
//! shares no code with the solver of the family, and with no other family's checker.

pub mod assignment;
pub mod auction;
pub mod double_auction;
pub mod gap;
pub mod openb;
pub mod reassignment;
pub mod vector_packing;

/// Prices of so many things: those that are not stated are zero, and those of nothing are left out. Bounds are valid at any
/// prices, and so at any number of them.
fn prices_of(count: usize, stated: &[i64]) -> Vec<i64> {
    let mut prices = stated.to_vec();
    prices.resize(count, 0);
    prices
}

/// The largest coefficient of an instance: 2^53, so that every one is exact in floating point as well.
pub const COEFFICIENT_MAX: u64 = 1 << 53;
