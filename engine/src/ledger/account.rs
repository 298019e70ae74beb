//! What is written into accounts, and what stands in the way of it.

use lessor_models::fleet::{NodeIndex, Owner};
use lessor_models::job::ServiceClass;
use lessor_models::resources::Kind;
use lessor_models::time::{Interval, Timestamp};

use super::{Devices, Draw};

/// One budget account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account {
    /// The node or zone.
    pub owner: Owner,
    /// The kind.
    pub kind: Kind,
}

/// What a lease holds of the accounts above its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it draws.
    pub draw: Draw,
    /// Devices of its tile, beside the accelerator account.
    pub devices: Devices,
    /// Whose floors it may use.
    pub class: ServiceClass,
    /// From when to when, the guard band included.
    pub interval: Interval,
}

/// An account that has less than was asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shortage {
    /// The account.
    pub account: Account,
    /// The first instant at which it has too little.
    pub at: Timestamp,
    /// What was asked, in base units of the kind.
    pub asked: u64,
    /// What it would have given to the class that asked.
    pub left: u64,
}

/// Why an entry cannot be written. Along a path the first owner that stands in the way speaks, leaf first; of one owner,
/// doors before room, and now before later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Barrier {
    /// A node that takes nothing new.
    Closed {
        /// The node.
        node: NodeIndex,
    },
    /// A node that is being emptied by an instant: it takes nothing new, and nothing longer than until then.
    Draining {
        /// The node.
        node: NodeIndex,
        /// The instant.
        by: Timestamp,
    },
    /// An account that has too little.
    Short(Shortage),
    /// A tile with enough milli-devices in all, but too few on each of enough devices.
    Fragmented {
        /// The tile.
        node: NodeIndex,
        /// How many devices have what was asked of each.
        found: u8,
    },
}
