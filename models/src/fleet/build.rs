//! How a fleet is made of its parts: each is checked, and what follows from several is worked out once.

use std::collections::{BTreeMap, BTreeSet};

use crate::account_prices::AccountPrices;
use crate::names::Names;
use crate::resources::{AMOUNT_MAX, Kind, Resources, UNLIMITED};
use crate::tile_class::{DEVICES_MAX, TileClass};
use crate::time::{StepFunction, Timestamp};

use super::{Fleet, FleetError, FleetParts, Level, NodeColumns, NodeIndex, Owner, TariffSteps, ZoneIndex};

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
            prices: AccountPrices::default(),
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
