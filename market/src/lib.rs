//! Markets: rules of trade, rounds, what things cost, and who owes what to whom.
//!
//! A round is a function from a book, a supply and rules to an outcome ([`clear::clear`]); it reads no clock and no file.
//! Money is in whole micro-credits. Floating point chooses where to look and shares out what a core leaves open; who wins,
//! VCG payments and whether a coalition blocks are decided in exact integers.

pub mod book;
pub mod clear;
pub mod double;
pub mod greedy;
pub mod lot;
pub mod money;
pub mod outcome;
mod payments;
pub mod policy;
pub mod posted;
pub mod prices;
pub mod rules;
pub mod settlement;
#[cfg(test)]
mod tests;
pub mod uniform_price;
mod winner;

pub use winner::ClearError;
