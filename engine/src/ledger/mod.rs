//! The ledger: budget accounts over time, and what leases hold of them.
//!
//! An account belongs to a node or a zone, for one resource kind. A lease at a node debits, in one step or not at all, every
//! account of the node, of the nodes above it and of the zones that list one of those. Nobody's clock is read here, and
//! nothing here knows what a lease is: an entry is a [`Draw`] at a node for an interval.

mod account;
mod barriers;
mod book;
mod class_set;
mod device_table;
mod devices;
mod draw;
mod floors;
mod paths;
mod posting;
mod special;

pub use account::{Account, Barrier, Entry, Shortage};
pub use book::Ledger;
pub use class_set::ClassSet;
pub use devices::Devices;
pub use draw::Draw;
pub use floors::{FloorShares, Floors, Kept};

pub(crate) use paths::{OwnerIndex, Step, position};
