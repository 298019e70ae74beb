//! Markets: who wins, what they pay, and what resources are worth.
//!
//! A round is a function from a book, a supply and rules to an outcome ([`clear::clear`]); it reads no clock and no file.
//! Money is in whole micro-credits. Floating point chooses where to look and shares out what a core leaves open; who wins,
//! VCG payments and whether a coalition blocks are decided in exact integers. Policy and settlement are not here yet.

pub mod book;
pub mod clear;
pub mod double;
pub mod outcome;
mod payments;
pub mod prices;
pub mod rules;
#[cfg(test)]
mod tests;
mod winner;

pub use winner::ClearError;
