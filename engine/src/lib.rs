//! The engine: the authority that grants leases on a ledger of accounts, planes that limit budgets, and the planner that
//! works within them.
//!
//! Nothing here reads a clock, a file or a socket, and nothing makes a thread of its own.

pub mod admission;
pub mod authority;
pub mod invariants;
pub mod ledger;
pub mod plane;
pub mod planes;
pub mod planner;
