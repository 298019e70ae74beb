//! Prices: what the duals of a plan's relaxation say that resources are worth.
//!
//! Clearing, payments and settlement are not here yet.

pub mod prices;
