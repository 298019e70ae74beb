//! Markets: rules of trade, rounds, what things cost, and who owes what to whom.
//!
//! A round is a function from a book, a supply and rules to an outcome: [`clear::clear`] on goods, [`session::clear_session`] on
//! accounts under a policy. Nothing here reads a clock or a file. Money is in whole micro-credits. Floating point chooses where to
//! look and shares out what a core leaves open; who wins, VCG payments and whether a coalition blocks are decided in exact
//! integers.

pub mod book;
pub mod catalog;
pub mod clear;
pub mod double;
#[cfg(test)]
mod exchange_tests;
pub mod fraction;
pub mod greedy;
pub mod holdings;
pub mod lot;
pub mod money;
pub mod outcome;
mod payments;
pub mod policy;
pub mod posted;
pub mod posting;
pub mod preemption;
pub mod prices;
pub mod probe;
pub mod rules;
pub mod session;
pub mod session_check;
#[cfg(test)]
mod session_tests;
pub mod settlement;
pub mod supporting_prices;
#[cfg(test)]
mod tests;
pub mod uniform_price;
pub mod why;
mod winner;

pub use winner::ClearError;
