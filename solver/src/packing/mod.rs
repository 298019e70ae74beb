//! Packing: the columns that are worth most together, within rows of limited capacity.
//!
//! ```text
//! maximize worth x  subject to  A x <= capacity,  x binary,  A >= 0
//! ```
//!
//! What excludes each other in pairs (bids for the same good, bids of which one at most may win) is a row of capacity one;
//! quantities are rows like any other. A problem is cut into components first, and dominated columns are left out. Where
//! columns mostly exclude each other, all packings are gone through; else a linear relaxation with cuts bounds them, gains at
//! its prices fix columns, and branch and bound does the rest. Greedy packings and local search come before any of it, so
//! that there is an answer whenever the stop is raised.
//!
//! What has been prepared is solved again for other worths at little cost: components whose worths stay the same are not
//! looked at, and the others start from the basis and the cuts of before. Where something better is sought again and again, a tree
//! goes on from one search to the next.
//!
//! `instance` is the problem, `component` a part of it that shares no row with others, `reach` lowers capacities to what
//! amounts fill, and `shrunk` leaves out what is decided. `search` solves one component: `enumeration` where columns mostly
//! exclude each other (`conflicts`, `bits`), else `root`, a `relaxation` in the dual `simplex` with `cuts` and those of
//! quantities (`rounding`), and a `tree` over it (`branching`). `greedy` and `local_search` come first. Where a gap is small
//! and stays, sums of rows and a `dive` come before another tree (`restarts`). `proof` turns prices into bounds in exact
//! integers. `prepared` keeps what solves of one packing share, and an `improver` looks for something better again and again,
//! in a tree that stays (`frontier`). Where rows make up bins that nothing tells apart, `patterns` says what lies in one bin
//! together, once the program of columns has been solved.

mod bits;
mod branching;
mod component;
mod conflicts;
mod cuts;
mod dive;
mod enumeration;
mod frontier;
mod greedy;
mod improver;
mod instance;
mod local_search;
mod matrix;
mod patterns;
mod prepared;
mod proof;
mod reach;
mod relaxation;
mod restarts;
mod root;
mod rounding;
mod search;
mod shrunk;
mod simplex;
#[cfg(test)]
mod tests;
mod tree;

pub use improver::{Improved, Improver, Known};
pub use instance::{BinRow, Packing, PackingColumn, PackingError, WORTH_MAX};
pub use prepared::{PackingOutcome, Prepared};
pub(crate) use reach::greatest_sum_of;
pub use relaxation::row_prices;
