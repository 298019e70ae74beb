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

/// The largest coefficient of an instance: 2^53, so that every one is exact in floating point as well.
pub const COEFFICIENT_MAX: u64 = 1 << 53;
