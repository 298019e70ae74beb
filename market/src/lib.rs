//! Markets: rules of trade, rounds, what things cost, and who owes what to whom.
//!
//! A round is a function from a book, a supply and rules to an outcome: [`clear::clear`] on goods, [`session::clear_session`] on
//! accounts under a [`policy`], whose formats also choose greedily ([`greedy`]) or match both sides ([`double`],
//! [`uniform_price`]). What is not bid for in rounds has a price that is [`posted`]. What a round comes to is posted in a ledger
//! ([`settlement`]). Nothing here reads a clock or a file. Money is in whole micro-credits. Floating point chooses where to
//! look and shares out what a core leaves open; who wins, VCG payments and whether a coalition blocks are decided in exact
//! integers.

pub mod book;
pub mod clear;
pub mod double;
pub mod fraction;
pub mod greedy;
pub mod linear_prices;
pub mod lot;
pub mod money;
pub mod policy;
pub mod posted;
pub mod preemption;
pub mod prices;
pub mod session;
pub mod settlement;
pub mod uniform_price;

pub use clear::winner::ClearError;
