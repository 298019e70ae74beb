//! A fleet before it is checked, and why it may be refused.

use std::collections::BTreeMap;

use crate::names::NamesError;
use crate::resources::{Kind, Resources};
use crate::tile_class::{DEVICES_MAX, TileClass};
use crate::time::Timestamp;

use super::{ClassIndex, Level, NodeIndex, Owner, TariffSteps, Zone, ZoneIndex};

/// The nodes of a fleet before they were checked: parallel columns, one row a node.
#[derive(Clone, Debug, Default)]
pub struct NodeColumns {
    /// Unique names.
    pub names: Vec<String>,
    /// The row of the parent; `None` for a root.
    pub parents: Vec<Option<u32>>,
    /// Levels.
    pub levels: Vec<Level>,
    /// The tile's class; `None` for nodes that are not tiles.
    pub classes: Vec<Option<ClassIndex>>,
    /// Capacities; [`UNLIMITED`] where the node does not limit a kind.
    pub capacities: Vec<Resources>,
    /// One-way delay to the parent in microseconds.
    pub uplink_delays_us: Vec<u64>,
}

/// A fleet before it was checked.
#[derive(Clone, Debug, Default)]
pub struct FleetParts {
    /// The nodes.
    pub nodes: NodeColumns,
    /// The tile classes that nodes refer to.
    pub classes: Vec<TileClass>,
    /// Unique names of the zones.
    pub zone_names: Vec<String>,
    /// The zones.
    pub zones: Vec<Zone>,
    /// Members, as (zone row, node row).
    pub members: Vec<(u32, u32)>,
    /// Capacity changes over time; the base is the owner's capacity.
    pub steps: BTreeMap<(Owner, Kind), Vec<(Timestamp, u64)>>,
    /// What energy costs and emits over time, by zone.
    pub tariffs: BTreeMap<ZoneIndex, TariffSteps>,
    /// How many capsules of a zone may be on the move at once.
    pub move_limits: BTreeMap<ZoneIndex, u32>,
    /// What moving a capsule from under one node to under another costs beside what its job states, in micro-credits.
    pub move_costs: BTreeMap<(NodeIndex, NodeIndex), u64>,
}

/// Why a fleet was refused. Positions are rows of the column they name, from zero.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FleetError {
    /// The fleet has no tile.
    #[error("the fleet has no tile")]
    NoTile,
    /// Columns of different length.
    #[error("the node columns have different lengths")]
    Ragged,
    /// A bad list of node names.
    #[error("nodes: {0}")]
    NodeNames(NamesError),
    /// A bad list of zone names.
    #[error("zones: {0}")]
    ZoneNames(NamesError),
    /// A parent that is not of a higher level, as every cycle has.
    #[error(
        "nodes row {row}: {name:?} has a parent of the same or a lower level, so the tree is inverted or has a cycle"
    )]
    NotAbove {
        /// The row.
        row: usize,
        /// The node.
        name: String,
    },
    /// A reference to a row that is not there.
    #[error("{table} row {row}: refers to {what} row {target}, which does not exist")]
    Dangling {
        /// The table.
        table: &'static str,
        /// The row.
        row: usize,
        /// What it refers to.
        what: &'static str,
        /// The missing row.
        target: usize,
    },
    /// A tile without a class, or another node with one.
    #[error("nodes row {row}: {name:?} must have a tile class exactly when it is a tile")]
    Class {
        /// The row.
        row: usize,
        /// The node.
        name: String,
    },
    /// A class with too many devices or no speed.
    #[error("tile class {name:?}: needs at most {DEVICES_MAX} devices and a rate above zero")]
    BadClass {
        /// The class.
        name: String,
    },
    /// An amount beyond [`AMOUNT_MAX`].
    #[error("{table} row {row}: the {kind} capacity {amount} exceeds 2^53")]
    TooMuch {
        /// The table.
        table: &'static str,
        /// The row.
        row: usize,
        /// The kind.
        kind: Kind,
        /// The amount.
        amount: u64,
    },
    /// A cost of moves that is out of range.
    #[error("move_costs: from {from:?}: {amount} is above 2^53")]
    MoveCost {
        /// The node left.
        from: String,
        /// The cost.
        amount: u64,
    },
    /// A price or an emission beyond [`AMOUNT_MAX`].
    #[error("tariffs of zone {zone:?}: {amount} exceeds 2^53")]
    Tariff {
        /// The zone.
        zone: String,
        /// The amount.
        amount: u64,
    },
    /// A zone that lists a node and something above it, which would debit it twice.
    #[error("zone {zone:?}: lists {node:?} and a node above it; list one of the two")]
    Nested {
        /// The zone.
        zone: String,
        /// The lower node.
        node: String,
    },
    /// A zone without members.
    #[error("zones row {row}: zone {name:?} has no members")]
    EmptyZone {
        /// The row.
        row: usize,
        /// The zone.
        name: String,
    },
}
