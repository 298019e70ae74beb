//! Tables `zones` and `zone_members`: what cuts across the tree.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use lessor_models::fleet::{Fleet, NodeIndex, Zone, ZoneIndex, ZoneKind};
use lessor_models::resources::{Kind, Resources};

use super::classes::{RADIATOR, radiator};
use crate::table::error::DatasetError;
use crate::table::sink::write_table;
use crate::table::source::TableReader;
use crate::table::spec::ColumnType::{Amount, Text, U32};
use crate::table::spec::{TableSpec, optional, required};
use crate::table::words::{CapacityColumns, put_capacities, unknown};

/// The schema of `zones.parquet`.
pub const ZONES: TableSpec = TableSpec {
    name: "zones",
    row: "one zone: nodes that share a budget or a failure domain across the tree",
    columns: &[
        required("name", Text, "unique name"),
        required("kind", Text, "power_feed, beam, radiator_loop, optical_link or failure_domain"),
        optional("compute_mops", Amount, "compute in Mop/s; NULL: not limited by the zone"),
        optional("memory_bytes", Amount, "memory in bytes; NULL: not limited by the zone"),
        optional("bandwidth_bps", Amount, "its members' uplink traffic in bit/s; NULL: not limited by the zone"),
        optional("power_mw", Amount, "power drawn in milliwatts; NULL: not limited by the zone"),
        optional("heat_mw", Amount, "heat rejected in milliwatts; NULL: not limited but by the radiator"),
        optional("accelerator_milli", Amount, "accelerators in milli-devices; NULL: not limited by the zone"),
        optional("storage_bytes", Amount, "storage in bytes; NULL: not limited by the zone"),
        optional("reversible_mops", Amount, "reversible compute in Mop/s; NULL: not limited by the zone"),
        optional("energy_price_ucr_per_kwh", Amount, "micro-credits per kilowatt-hour; NULL: the weights' price"),
        optional(
            "moves_max",
            U32,
            "capsules of it that may be on the move at once, at either end, where a plan moves what runs; NULL: any number",
        ),
        optional("radiator_area_cm2", Amount, "shared radiator area in square centimeters; NULL: no radiator limit"),
        optional(
            "radiator_flux_max_mw_per_m2",
            Amount,
            "greatest heat flux in milliwatts per square meter; given exactly where the area is; heat is at most flux \
             times area",
        ),
    ],
};

/// The schema of `zone_members.parquet`.
pub const ZONE_MEMBERS: TableSpec = TableSpec {
    name: "zone_members",
    row: "one node of one zone; what is under the node belongs to the zone too",
    columns: &[required("zone", Text, "name of a zone"), required("node", Text, "name of a node")],
};

/// Zones as they stand in their table, with the heat limit of each radiator.
pub(crate) struct ZoneRows {
    pub(crate) names: Vec<String>,
    pub(crate) zones: Vec<Zone>,
    /// The heat that each zone's radiator rejects at most, in milliwatts.
    pub(crate) radiator_mw: Vec<Option<u64>>,
    /// How many capsules of each may be on the move at once.
    pub(crate) move_limits: BTreeMap<ZoneIndex, u32>,
}

/// Reads the zones.
pub(crate) fn read_zones(path: &Path) -> Result<ZoneRows, DatasetError> {
    let mut reader = TableReader::open(path, &ZONES)?;
    let mut rows =
        ZoneRows { names: Vec::new(), zones: Vec::new(), radiator_mw: Vec::new(), move_limits: BTreeMap::new() };
    while let Some(batch) = reader.next()? {
        let (names, kinds, prices) =
            (batch.column("name"), batch.column("kind"), batch.column("energy_price_ucr_per_kwh"));
        let moves_max = batch.column("moves_max");
        let (capacities, radiators) = (CapacityColumns::new(&batch), RADIATOR.map(|name| batch.column(name)));
        for row in batch.rows() {
            let name = names.need_text(row)?;
            let kind = kinds.need_word(row, &ZoneKind::ALL, ZoneKind::name)?;
            let heat = radiator(&batch, radiators, row)?.map(|radiator| radiator.heat_mw());
            let mut capacity = capacities.get(row);
            if let Some(most) = heat {
                capacity = capacity.with(Kind::Heat, capacity.get(Kind::Heat).min(most));
            }
            let zone = ZoneIndex(u32::try_from(rows.zones.len()).expect("a table has less than 2^32 rows"));
            rows.move_limits.extend(moves_max.narrow(row).map(|most| (zone, most)));
            rows.names.push(name.to_owned());
            rows.zones.push(Zone { kind, capacity, energy_price: prices.integer(row) });
            rows.radiator_mw.push(heat);
        }
    }
    Ok(rows)
}

/// Rows of names, for tables that are read before the fleet exists.
pub(crate) struct Rows<'n> {
    names: &'n [String],
    next: usize,
    index: HashMap<&'n str, u32>,
}

impl<'n> Rows<'n> {
    pub(crate) fn new(names: &'n [String]) -> Rows<'n> {
        Rows { names, next: 0, index: HashMap::new() }
    }

    /// The row of a name: the row after the last one found is tried before an index is made of all.
    pub(crate) fn find(&mut self, name: &str) -> Option<u32> {
        if self.names.get(self.next).is_none_or(|guess| guess != name) {
            if self.index.is_empty() {
                let rows = self.names.iter().zip(0u32..);
                self.index = rows.map(|(name, row)| (name.as_str(), row)).collect();
            }
            self.next = *self.index.get(name)? as usize;
        }
        let row = u32::try_from(self.next).ok()?;
        self.next += 1;
        Some(row)
    }
}

/// Reads the members as (zone row, node row).
pub(crate) fn read_members(path: &Path, zones: &[String], nodes: &[String]) -> Result<Vec<(u32, u32)>, DatasetError> {
    let mut reader = TableReader::open(path, &ZONE_MEMBERS)?;
    let (mut zones, mut nodes) = (Rows::new(zones), Rows::new(nodes));
    let mut members = Vec::with_capacity(reader.row_count());
    while let Some(batch) = reader.next()? {
        let (zone_cells, node_cells) = (batch.column("zone"), batch.column("node"));
        for row in batch.rows() {
            let zone = zone_cells.need(row, |name| zones.find(name).ok_or_else(|| unknown("zone", name, "zones")))?;
            let node = node_cells.need(row, |name| nodes.find(name).ok_or_else(|| unknown("node", name, "nodes")))?;
            members.push((zone, node));
        }
    }
    Ok(members)
}

/// Writes the zones of a fleet. Capacities already include what a radiator allows.
///
/// # Errors
/// A file that cannot be written.
pub fn write_zones(path: &Path, fleet: &Fleet) -> Result<(), DatasetError> {
    write_table(path, &ZONES, fleet.zones().len(), |rows, columns| {
        let zones = &fleet.zones()[rows.clone()];
        let limit = |zone: usize| ZoneIndex(u32::try_from(zone).expect("zones are counted in 32 bits"));
        let limits: Vec<Option<u64>> = rows.clone().map(|zone| fleet.move_limit(limit(zone)).map(u64::from)).collect();
        columns.text("name", rows.map(|zone| Some(fleet.zone_names().get(zone))));
        columns.text("kind", zones.iter().map(|zone| Some(zone.kind.name())));
        put_capacities(columns, &zones.iter().map(|zone| zone.capacity).collect::<Vec<Resources>>());
        columns.integer("energy_price_ucr_per_kwh", zones.iter().map(|zone| zone.energy_price));
        columns.integer("moves_max", limits.into_iter());
    })
}

/// Writes which nodes belong to which zones.
///
/// # Errors
/// A file that cannot be written.
pub fn write_members(path: &Path, fleet: &Fleet) -> Result<(), DatasetError> {
    let of_node = |node| fleet.zones_listing(node).iter().map(move |&zone| (zone, node));
    let members: Vec<(ZoneIndex, NodeIndex)> = fleet.nodes().flat_map(of_node).collect();
    write_table(path, &ZONE_MEMBERS, members.len(), |rows, columns| {
        let members = &members[rows];
        columns.text("zone", members.iter().map(|member| Some(fleet.zone_names().get(member.0.at()))));
        columns.text("node", members.iter().map(|member| Some(fleet.name(member.1))));
    })
}
