//! Programs as such: rows, columns and an objective, without a word of what they mean.

pub(crate) mod aside;
pub mod integer;
pub mod linear;
pub mod transport;
