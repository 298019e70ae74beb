//! The market over gRPC: a book that comes as messages is read by the reader of tables, cleared as `lessor market clear` clears it,
//! and told.
//!
//! `service` is the call as tonic makes it. `book` takes in its messages and makes tables of them, `rounds` clears beside the
//! runtime, so many at once, `outcome` tells what came out, and `refusing` why nothing did. `cells` has the words that tables and
//! messages write differently, and `messages` shares rows out among messages; both serve callers too.

mod book;
pub(crate) mod cells;
pub(crate) mod messages;
mod outcome;
mod refusing;
mod rounds;
mod service;
#[cfg(test)]
mod tests;

pub(crate) use rounds::{Hall, HousePolicy};
pub(crate) use service::MarketService;
