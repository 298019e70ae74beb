//! The fleet: a tree of nodes, the zones that cut across it, and what each can give over time.

use std::collections::{BTreeMap, BTreeSet};

use crate::names::{Names, NamesError};
use crate::resources::{AMOUNT_MAX, Kind, Resources, UNLIMITED};
use crate::tile_class::{DEVICES_MAX, TileClass};
use crate::time::{StepFunction, Timestamp};

/// A node's position in its fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeIndex(pub u32);

/// A zone's position in its fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ZoneIndex(pub u32);

/// A tile class's position in its fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassIndex(pub u32);

impl NodeIndex {
    /// The position as an array index.
    #[must_use]
    #[inline]
    pub const fn at(self) -> usize {
        self.0 as usize
    }
}

impl ZoneIndex {
    /// The position as an array index.
    #[must_use]
    #[inline]
    pub const fn at(self) -> usize {
        self.0 as usize
    }
}

impl ClassIndex {
    /// The position as an array index.
    #[must_use]
    #[inline]
    pub const fn at(self) -> usize {
        self.0 as usize
    }
}

/// The levels of the tree, from leaf to root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// One machine: the only level that capsules run on.
    Tile,
    /// About 10^3 tiles; a rack.
    Cell,
    /// About 10^6 tiles; a data hall.
    Cluster,
    /// 10^8 to 10^10 tiles; a site.
    Region,
    /// Everything that one authority schedules.
    Layer,
}

impl Level {
    /// How many levels there are.
    pub const COUNT: usize = 5;

    /// Every level, leaf first.
    pub const ALL: [Level; Level::COUNT] = [Level::Tile, Level::Cell, Level::Cluster, Level::Region, Level::Layer];

    /// The level's position, leaf first.
    #[must_use]
    #[inline]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The name used in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Level::Tile => "tile",
            Level::Cell => "cell",
            Level::Cluster => "cluster",
            Level::Region => "region",
            Level::Layer => "layer",
        }
    }

    /// The level of that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Level> {
        Level::ALL.into_iter().find(|level| level.name() == name)
    }
}

/// What a zone's members share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ZoneKind {
    /// An electrical feed.
    PowerFeed,
    /// A power beam with windows.
    Beam,
    /// A cooling loop with one radiator.
    RadiatorLoop,
    /// A link that carries its members' uplink traffic.
    OpticalLink,
    /// Nodes that fail together.
    FailureDomain,
}

impl ZoneKind {
    /// Every kind, in table order.
    pub const ALL: [ZoneKind; 5] =
        [ZoneKind::PowerFeed, ZoneKind::Beam, ZoneKind::RadiatorLoop, ZoneKind::OpticalLink, ZoneKind::FailureDomain];

    /// The name used in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            ZoneKind::PowerFeed => "power_feed",
            ZoneKind::Beam => "beam",
            ZoneKind::RadiatorLoop => "radiator_loop",
            ZoneKind::OpticalLink => "optical_link",
            ZoneKind::FailureDomain => "failure_domain",
        }
    }

    /// The kind of that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<ZoneKind> {
        ZoneKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// One zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// What its members share.
    pub kind: ZoneKind,
    /// What they may use together; [`UNLIMITED`] where the zone does not limit.
    pub capacity: Resources,
    /// Price of energy in the zone, in micro-credits per kilowatt-hour, where it has one; before its first change, where it
    /// changes.
    pub energy_price: Option<u64>,
}

/// How what energy costs and emits in a zone changes over time.
///
/// Before its first change a price is the zone's own and, where the zone states none, that of the first change; what energy
/// emits is that of the first change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TariffSteps {
    /// Prices from an instant on, in micro-credits per kilowatt-hour.
    pub energy_price: Vec<(Timestamp, u64)>,
    /// Carbon dioxide from an instant on, in milligrams per kilowatt-hour.
    pub carbon: Vec<(Timestamp, u64)>,
}

/// Who a budget account belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// A node of the tree.
    Node(NodeIndex),
    /// A zone.
    Zone(ZoneIndex),
}

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

/// A checked fleet. Immutable but for [`Fleet::limit`], which only ever lowers a capacity.
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
    move_limits: BTreeMap<ZoneIndex, u32>,
    move_costs: BTreeMap<(NodeIndex, NodeIndex), u64>,
    /// The nodes that a move to is stated for.
    move_targets: BTreeSet<NodeIndex>,
}

impl Fleet {
    /// Checks the parts and builds the fleet. O(n log n) in nodes.
    ///
    /// # Errors
    /// The first defect found, with its row.
    pub fn new(parts: FleetParts) -> Result<Fleet, FleetError> {
        let FleetParts { nodes, classes, zone_names, zones, members, steps, tariffs, move_limits, move_costs } = parts;
        let names = Names::new(&nodes.names).map_err(FleetError::NodeNames)?;
        check_nodes(&nodes, &classes)?;
        let zone_names = Names::new(zone_names).map_err(FleetError::ZoneNames)?;
        let zone_capacities = zones.iter().map(|zone| zone.capacity);
        check_amounts("zones", zone_capacities)?;
        let (zone_starts, zones_of) = membership(&members, nodes.levels.len(), &zone_names, zones.len())?;
        let mut fleet = Fleet {
            names,
            parents: nodes.parents.iter().map(|parent| parent.map(NodeIndex)).collect(),
            levels: nodes.levels,
            classes_of: nodes.classes,
            capacities: nodes.capacities,
            uplink_delays_us: nodes.uplink_delays_us,
            classes,
            zone_names,
            zones,
            zone_starts,
            zones_of,
            steps: BTreeMap::new(),
            energy_prices: BTreeMap::new(),
            carbon: BTreeMap::new(),
            closed: BTreeSet::new(),
            move_limits,
            move_targets: move_costs.keys().map(|pair| pair.1).collect(),
            move_costs,
        };
        fleet.check_nesting()?;
        fleet.check_move_costs()?;
        if let Some((row, zone)) = fleet.move_limits.keys().enumerate().find(|(_, zone)| zone.at() >= fleet.zones.len())
        {
            return Err(FleetError::Dangling { table: "zones", row, what: "zone", target: zone.at() });
        }
        fleet.apply_radiators();
        for (row, ((owner, kind), mut changes)) in steps.into_iter().enumerate() {
            fleet.check_steps(row, (owner, kind), &changes)?;
            if let Some(most) = fleet.radiator_mw(owner).filter(|_| kind == Kind::Heat) {
                changes.iter_mut().for_each(|change| change.1 = change.1.min(most));
            }
            let base = fleet.base_capacity(owner).get(kind);
            fleet.steps.insert((owner, kind), StepFunction::new(base, changes));
        }
        fleet.apply_tariffs(tariffs)?;
        Ok(fleet)
    }

    fn check_move_costs(&self) -> Result<(), FleetError> {
        for (row, (&(from, to), &amount)) in self.move_costs.iter().enumerate() {
            let unknown = [from, to].into_iter().find(|node| node.at() >= self.node_count());
            if let Some(node) = unknown {
                return Err(FleetError::Dangling { table: "move_costs", row, what: "node", target: node.at() });
            }
            if amount > AMOUNT_MAX {
                return Err(FleetError::MoveCost { from: self.name(from).to_owned(), amount });
            }
        }
        Ok(())
    }

    /// What energy costs and emits in each zone: stated by the zone itself, by changes over time, or by both.
    fn apply_tariffs(&mut self, tariffs: BTreeMap<ZoneIndex, TariffSteps>) -> Result<(), FleetError> {
        let stated = (0..).map(ZoneIndex).zip(&self.zones);
        let stated = stated.filter_map(|(zone, of)| Some((zone, StepFunction::constant(of.energy_price?))));
        self.energy_prices = stated.collect();
        for (row, (zone, TariffSteps { energy_price, carbon })) in tariffs.into_iter().enumerate() {
            if zone.at() >= self.zones.len() {
                return Err(FleetError::Dangling { table: "tariffs", row, what: "zone", target: zone.at() });
            }
            if let Some(&amount) =
                energy_price.iter().chain(&carbon).map(|(_, amount)| amount).find(|&&a| a > AMOUNT_MAX)
            {
                return Err(FleetError::Tariff { zone: self.zone_names.get(zone.at()).to_owned(), amount });
            }
            let first = |steps: &[(Timestamp, u64)]| steps.iter().min_by_key(|step| step.0).map(|step| step.1);
            if let Some(first) = first(&energy_price) {
                let base = self.zones[zone.at()].energy_price.unwrap_or(first);
                self.energy_prices.insert(zone, StepFunction::new(base, energy_price));
            }
            if let Some(first) = first(&carbon) {
                self.carbon.insert(zone, StepFunction::new(first, carbon));
            }
        }
        Ok(())
    }

    /// Changes are of an owner that is there, to amounts in range. The row counts owners and kinds.
    fn check_steps(
        &self,
        row: usize,
        (owner, kind): (Owner, Kind),
        changes: &[(Timestamp, u64)],
    ) -> Result<(), FleetError> {
        let (what, target, known) = match owner {
            Owner::Node(node) => ("node", node.at(), self.node_count()),
            Owner::Zone(zone) => ("zone", zone.at(), self.zones.len()),
        };
        if target >= known {
            return Err(FleetError::Dangling { table: "capacities", row, what, target });
        }
        let is_too_much = |amount: &u64| *amount > AMOUNT_MAX && *amount != UNLIMITED;
        match changes.iter().map(|change| change.1).find(is_too_much) {
            Some(amount) => Err(FleetError::TooMuch { table: "capacities", row, kind, amount }),
            None => Ok(()),
        }
    }

    /// What a tile's radiator rejects at most; `None` where there is none.
    fn radiator_mw(&self, owner: Owner) -> Option<u64> {
        let Owner::Node(node) = owner else { return None };
        let class = self.classes_of[node.at()]?;
        self.classes[class.at()].radiator.map(|radiator| radiator.heat_mw())
    }

    /// A tile belongs to a zone through one member only, so that nothing is debited twice.
    fn check_nesting(&self) -> Result<(), FleetError> {
        for node in self.nodes() {
            let listing = self.zones_listing(node);
            let nested =
                |zone: &&ZoneIndex| self.path(node).skip(1).any(|above| self.zones_listing(above).contains(zone));
            if let Some(zone) = listing.iter().find(nested) {
                let zone = self.zone_names.get(zone.at()).to_owned();
                return Err(FleetError::Nested { zone, node: self.name(node).to_owned() });
            }
        }
        Ok(())
    }

    /// A tile's radiator limits its heat: flux times area.
    fn apply_radiators(&mut self) {
        for node in (0..).map(NodeIndex).take(self.node_count()) {
            if let Some(most) = self.radiator_mw(Owner::Node(node)) {
                let heat = &mut self.capacities[node.at()].0[Kind::Heat.index()];
                *heat = most.min(*heat);
            }
        }
    }

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

    /// The instants at which what energy costs or emits anywhere changes, in no order.
    pub fn tariff_changes(&self) -> impl Iterator<Item = Timestamp> + '_ {
        let functions = self.energy_prices.values().chain(self.carbon.values());
        functions.flat_map(|function| function.steps().iter().map(|step| step.0))
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

fn check_nodes(nodes: &NodeColumns, classes: &[TileClass]) -> Result<(), FleetError> {
    let count = nodes.levels.len();
    let lengths = [nodes.names.len(), nodes.parents.len(), nodes.classes.len(), nodes.capacities.len()];
    if lengths.iter().any(|&length| length != count) || nodes.uplink_delays_us.len() != count {
        return Err(FleetError::Ragged);
    }
    if let Some(class) = classes.iter().find(|class| class.devices > DEVICES_MAX || class.rate_permille == 0) {
        return Err(FleetError::BadClass { name: class.name.clone() });
    }
    if !nodes.levels.contains(&Level::Tile) {
        return Err(FleetError::NoTile);
    }
    for row in 0..count {
        let name = || nodes.names[row].clone();
        if let Some(parent) = nodes.parents[row] {
            let dangling = FleetError::Dangling { table: "nodes", row, what: "nodes", target: parent as usize };
            let above = nodes.levels.get(parent as usize).ok_or(dangling)?;
            if *above <= nodes.levels[row] {
                return Err(FleetError::NotAbove { row, name: name() });
            }
        }
        let class = nodes.classes[row];
        if class.is_some() != (nodes.levels[row] == Level::Tile) {
            return Err(FleetError::Class { row, name: name() });
        }
        if let Some(class) = class.filter(|class| class.at() >= classes.len()) {
            return Err(FleetError::Dangling { table: "nodes", row, what: "class", target: class.at() });
        }
    }
    check_amounts("nodes", nodes.capacities.iter().copied())
}

fn check_amounts(table: &'static str, vectors: impl Iterator<Item = Resources>) -> Result<(), FleetError> {
    for (row, vector) in vectors.enumerate() {
        for kind in Kind::ALL {
            let amount = vector.get(kind);
            if amount > AMOUNT_MAX && amount != UNLIMITED {
                return Err(FleetError::TooMuch { table, row, kind, amount });
            }
        }
    }
    Ok(())
}

/// Turns the member list into one sorted list of zones per node.
fn membership(
    members: &[(u32, u32)],
    node_count: usize,
    zone_names: &Names,
    zone_count: usize,
) -> Result<(Vec<u32>, Vec<ZoneIndex>), FleetError> {
    let mut has_member = vec![false; zone_count];
    let mut pairs: Vec<(u32, u32)> = Vec::with_capacity(members.len());
    for (row, &(zone, node)) in members.iter().enumerate() {
        let dangling =
            |what, target: u32| FleetError::Dangling { table: "zone_members", row, what, target: target as usize };
        *has_member.get_mut(zone as usize).ok_or_else(|| dangling("zones", zone))? = true;
        if node as usize >= node_count {
            return Err(dangling("nodes", node));
        }
        pairs.push((node, zone));
    }
    if let Some(row) = has_member.iter().position(|&member| !member) {
        return Err(FleetError::EmptyZone { row, name: zone_names.get(row).to_owned() });
    }
    pairs.sort_unstable();
    pairs.dedup();
    let mut starts = vec![0u32; node_count + 1];
    for &(node, _) in &pairs {
        starts[node as usize + 1] += 1;
    }
    for at in 1..starts.len() {
        starts[at] += starts[at - 1];
    }
    Ok((starts, pairs.into_iter().map(|(_, zone)| ZoneIndex(zone)).collect()))
}
