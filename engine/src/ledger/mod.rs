//! The ledger: budget accounts over time, and what leases hold of them.
//!
//! An account belongs to a node or a zone, for one resource kind. A lease at a node debits, in one step or not at all, every
//! account of the node, of the nodes above it and of the zones that list one of those. Nobody's clock is read here, and
//! nothing here knows what a lease is: an entry is a [`Draw`] at a node for an interval.

mod account;
mod devices;
mod draw;
mod floors;

pub use account::{Account, Barrier, Entry, Shortage};
pub use devices::Devices;
pub use draw::Draw;
pub use floors::Floors;
