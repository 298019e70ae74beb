//! The fleet: a tree of nodes, the zones that cut across it, and what each can give over time.

mod build;
mod node_class;
mod parts;
mod tree;
mod zone;

use std::collections::{BTreeMap, BTreeSet};

use crate::account_prices::AccountPrices;
use crate::job::{Domain, Job};
use crate::names::Names;
use crate::resources::{Kind, Resources};
use crate::tile_class::TileClass;
use crate::time::{StepFunction, Timestamp};

pub use node_class::NodeClass;
pub use parts::{FleetError, FleetParts, NodeColumns};
pub use tree::{ClassIndex, Level, NodeIndex};
pub use zone::{TariffSteps, Zone, ZoneIndex, ZoneKind};

/// Who a budget account belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// A node of the tree.
    Node(NodeIndex),
    /// A zone.
    Zone(ZoneIndex),
}

/// A checked fleet. Immutable but for [`Fleet::limit`], which only ever lowers a capacity, and for what an instance charges for the
/// use of accounts.
#[derive(Clone, Debug)]
pub struct Fleet {
    names: Names,
    parents: Vec<Option<NodeIndex>>,
    levels: Vec<Level>,
    classes_of: Vec<Option<ClassIndex>>,
    capacities: Vec<Resources>,
    uplink_delays_us: Vec<u64>,
    classes: Vec<TileClass>,
    zone_names: Names,
    zones: Vec<Zone>,
    zone_starts: Vec<u32>,
    zones_of: Vec<ZoneIndex>,
    steps: BTreeMap<(Owner, Kind), StepFunction>,
    energy_prices: BTreeMap<ZoneIndex, StepFunction>,
    carbon: BTreeMap<ZoneIndex, StepFunction>,
    closed: BTreeSet<NodeIndex>,
    prices: AccountPrices,
    move_limits: BTreeMap<ZoneIndex, u32>,
    move_costs: BTreeMap<(NodeIndex, NodeIndex), u64>,
    /// The nodes that a move to is stated for.
    move_targets: BTreeSet<NodeIndex>,
}

impl Fleet {
    /// How many nodes there are.
    #[must_use]
    pub fn node_count(&self) -> usize {
        self.levels.len()
    }

    /// Every node, in table order.
    pub fn nodes(&self) -> impl Iterator<Item = NodeIndex> + use<> {
        (0..u32::try_from(self.levels.len()).expect("names are indexed by u32")).map(NodeIndex)
    }

    /// Every tile, in table order.
    pub fn tiles(&self) -> impl Iterator<Item = NodeIndex> + '_ {
        self.nodes().filter(|node| self.levels[node.at()] == Level::Tile)
    }

    /// The nodes' names.
    #[must_use]
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// A node's name.
    #[must_use]
    pub fn name(&self, node: NodeIndex) -> &str {
        self.names.get(node.at())
    }

    /// A node's parent.
    #[must_use]
    pub fn parent(&self, node: NodeIndex) -> Option<NodeIndex> {
        self.parents[node.at()]
    }

    /// A node's level.
    #[must_use]
    pub fn level(&self, node: NodeIndex) -> Level {
        self.levels[node.at()]
    }

    /// A tile's class; `None` for other nodes.
    #[must_use]
    pub fn class_of(&self, node: NodeIndex) -> Option<ClassIndex> {
        self.classes_of[node.at()]
    }

    /// The tile classes.
    #[must_use]
    pub fn classes(&self) -> &[TileClass] {
        &self.classes
    }

    /// The one-way delay from a node to its parent, in microseconds.
    #[must_use]
    pub fn uplink_delay_us(&self, node: NodeIndex) -> u64 {
        self.uplink_delays_us[node.at()]
    }

    /// The node and everything above it, leaf first.
    pub fn path(&self, node: NodeIndex) -> impl Iterator<Item = NodeIndex> + '_ {
        std::iter::successors(Some(node), |&at| self.parent(at))
    }

    /// The node's ancestor (or itself) at a level.
    #[must_use]
    pub fn ancestor(&self, node: NodeIndex, level: Level) -> Option<NodeIndex> {
        self.path(node).find(|&at| self.level(at) == level)
    }

    /// The zones.
    #[must_use]
    pub fn zones(&self) -> &[Zone] {
        &self.zones
    }

    /// The zones' names.
    #[must_use]
    pub fn zone_names(&self) -> &Names {
        &self.zone_names
    }

    /// The classes of tiles that a job allows.
    pub fn classes_for(&self, job: &Job) -> impl Iterator<Item = &TileClass> {
        let classes = self.classes.iter().zip(0..);
        classes.filter(|&(_, index)| job.allows(ClassIndex(index))).map(|(class, _)| class)
    }

    /// The members of a domain that a node is in: a node above it, or every zone of the kind.
    #[must_use]
    pub fn members(&self, node: NodeIndex, domain: Domain) -> Vec<Owner> {
        match domain {
            Domain::Level(level) => self.ancestor(node, level).map(Owner::Node).into_iter().collect(),
            Domain::Zone(kind) => {
                let zones = self.path(node).flat_map(|at| self.zones_listing(at).iter().copied());
                zones.filter(|zone| self.zones()[zone.at()].kind == kind).map(Owner::Zone).collect()
            }
        }
    }

    /// The zones that list this very node; a tile also belongs to its ancestors' zones.
    #[must_use]
    pub fn zones_listing(&self, node: NodeIndex) -> &[ZoneIndex] {
        let (start, end) = (self.zone_starts[node.at()], self.zone_starts[node.at() + 1]);
        &self.zones_of[start as usize..end as usize]
    }

    /// What an owner can give, before any step in time.
    #[must_use]
    pub fn base_capacity(&self, owner: Owner) -> Resources {
        match owner {
            Owner::Node(node) => self.capacities[node.at()],
            Owner::Zone(zone) => self.zones[zone.at()].capacity,
        }
    }

    /// What an owner can give of a kind at an instant.
    #[must_use]
    pub fn capacity_at(&self, owner: Owner, kind: Kind, at: Timestamp) -> u64 {
        let base = || self.base_capacity(owner).get(kind);
        self.steps.get(&(owner, kind)).map_or_else(base, |function| function.at(at))
    }

    /// The capacities that change over time.
    #[must_use]
    pub fn steps(&self) -> &BTreeMap<(Owner, Kind), StepFunction> {
        &self.steps
    }

    /// The price of energy in a zone over time, in micro-credits per kilowatt-hour; `None` where it has none.
    #[must_use]
    pub fn energy_price(&self, zone: ZoneIndex) -> Option<&StepFunction> {
        self.energy_prices.get(&zone)
    }

    /// What a kilowatt-hour emits in a zone over time, in milligrams of carbon dioxide; `None` where nobody says.
    #[must_use]
    pub fn carbon(&self, zone: ZoneIndex) -> Option<&StepFunction> {
        self.carbon.get(&zone)
    }

    /// What the market asks for the use of accounts.
    #[must_use]
    #[inline]
    pub fn prices(&self) -> &AccountPrices {
        &self.prices
    }

    /// Charges the use of accounts at these prices and no others.
    pub(crate) fn charge(&mut self, prices: AccountPrices) {
        self.prices = prices;
    }

    /// The instants at which what energy costs or emits, or what any account costs, changes, in no order.
    pub fn tariff_changes(&self) -> impl Iterator<Item = Timestamp> + '_ {
        let functions = self.energy_prices.values().chain(self.carbon.values());
        let energy = functions.flat_map(|function| function.steps().iter().map(|step| step.0));
        energy.chain(self.prices.changes())
    }

    /// Whether any zone says what its energy emits.
    #[must_use]
    pub fn has_carbon(&self) -> bool {
        !self.carbon.is_empty()
    }

    /// How many capsules of a zone may be on the move at once; `None` where that is not limited.
    #[must_use]
    pub fn move_limit(&self, zone: ZoneIndex) -> Option<u32> {
        self.move_limits.get(&zone).copied()
    }

    /// The zones that limit how many capsules are on the move at once.
    pub fn move_limits(&self) -> impl Iterator<Item = (ZoneIndex, u32)> + '_ {
        self.move_limits.iter().map(|(&zone, &most)| (zone, most))
    }

    /// What moving a capsule between two tiles costs beside what its job states, in micro-credits: of the pairs of nodes that
    /// hold them, that with the lowest node left and, of these, the lowest node entered. Zero where there is none.
    #[must_use]
    pub fn move_cost(&self, from: NodeIndex, to: NodeIndex) -> u64 {
        if self.move_costs.is_empty() {
            return 0;
        }
        let pairs = self.path(from).flat_map(|from| self.path(to).map(move |to| (from, to)));
        pairs.filter_map(|pair| self.move_costs.get(&pair)).copied().next().unwrap_or(0)
    }

    /// The lowest node at or above a tile that a cost of leaving is stated for: tiles with the same one cost the same to leave.
    #[must_use]
    pub fn place_left(&self, tile: NodeIndex) -> Option<NodeIndex> {
        let is_stated = |node: NodeIndex| {
            let mut from = self.move_costs.range((node, NodeIndex(0))..);
            from.next().is_some_and(|(pair, _)| pair.0 == node)
        };
        self.path(tile).find(|&node| is_stated(node))
    }

    /// The lowest node at or above a tile that a cost of entering is stated for: tiles with the same one cost the same to enter.
    #[must_use]
    pub fn place_entered(&self, tile: NodeIndex) -> Option<NodeIndex> {
        self.path(tile).find(|node| self.move_targets.contains(node))
    }

    /// The costs stated for moves from under one node to under another.
    #[must_use]
    pub fn move_costs(&self) -> &BTreeMap<(NodeIndex, NodeIndex), u64> {
        &self.move_costs
    }

    /// Whether a tile takes nothing new.
    #[must_use]
    pub fn is_closed(&self, tile: NodeIndex) -> bool {
        self.closed.contains(&tile)
    }

    /// Lowers an owner's capacity to at most the given one, at every instant: the smallest limit wins.
    pub fn limit(&mut self, owner: Owner, most: &Resources) {
        match owner {
            Owner::Node(node) => self.capacities[node.at()] = self.capacities[node.at()].least(most),
            Owner::Zone(zone) => {
                let capacity = &mut self.zones[zone.at()].capacity;
                *capacity = capacity.least(most);
            }
        }
        for kind in Kind::ALL {
            if let Some(function) = self.steps.get_mut(&(owner, kind)) {
                let cap = most.get(kind);
                let lowered = function.steps().iter().map(|&(at, amount)| (at, amount.min(cap))).collect();
                *function = StepFunction::new(function.base().min(cap), lowered);
            }
        }
    }

    /// Closes a tile to new capsules.
    pub fn close(&mut self, tile: NodeIndex) {
        self.closed.insert(tile);
    }

    /// An owner's name.
    #[must_use]
    pub fn owner_name(&self, owner: Owner) -> &str {
        match owner {
            Owner::Node(node) => self.name(node),
            Owner::Zone(zone) => self.zone_names.get(zone.at()),
        }
    }
}
