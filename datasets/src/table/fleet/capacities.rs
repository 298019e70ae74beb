//! Table `capacities`: how capacities change over time.

use std::collections::BTreeMap;
use std::path::Path;

use lessor_models::fleet::{Fleet, FleetParts, NodeIndex, Owner, ZoneIndex};
use lessor_models::resources::{Kind, UNLIMITED};
use lessor_models::tile_class::DEVICE_MILLI;
use lessor_models::time::Timestamp;

use super::zones::Rows;
use crate::table::error::DatasetError;
use crate::table::sink::write_table;
use crate::table::source::TableReader;
use crate::table::spec::ColumnType::{Amount, Text, Time};
use crate::table::spec::{TableSpec, optional, required};
use crate::table::words::{OWNER_TYPES, limited, owner_type, unknown};

/// The schema of `capacities.parquet`.
pub const CAPACITIES: TableSpec = TableSpec {
    name: "capacities",
    row: "one change of one capacity: beam windows, transfer windows, maintenance",
    columns: &[
        required("owner", Text, "name of a node or a zone"),
        required("owner_type", Text, "node or zone"),
        required("kind", Text, "compute, memory, bandwidth, power, heat, accelerator, storage or reversible"),
        required("at", Time, "from then on; before the first change the capacity of the owner's own table holds"),
        optional(
            "amount",
            Amount,
            "the capacity in base units of the kind; NULL: not limited; never above what devices and radiators allow",
        ),
    ],
};

type Steps = BTreeMap<(Owner, Kind), Vec<(Timestamp, u64)>>;

/// Reads the changes of capacities.
pub(crate) fn read_capacities(
    path: &Path,
    parts: &FleetParts,
    zone_radiator_mw: &[Option<u64>],
) -> Result<Steps, DatasetError> {
    let mut reader = TableReader::open(path, &CAPACITIES)?;
    let (mut nodes, mut zones) = (Rows::new(&parts.nodes.names), Rows::new(&parts.zone_names));
    let mut steps = Steps::new();
    while let Some(batch) = reader.next()? {
        let [owners, types, kinds, times, amounts] =
            ["owner", "owner_type", "kind", "at", "amount"].map(|name| batch.column(name));
        for row in batch.rows() {
            let of_node = types.need_word(row, &OWNER_TYPES, |name| name)? == OWNER_TYPES[0];
            let owner = owners.need(row, |name| {
                if of_node {
                    let found = nodes.find(name).map(|row| Owner::Node(NodeIndex(row)));
                    found.ok_or_else(|| unknown("node", name, "nodes"))
                } else {
                    let found = zones.find(name).map(|row| Owner::Zone(ZoneIndex(row)));
                    found.ok_or_else(|| unknown("zone", name, "zones"))
                }
            })?;
            let kind = kinds.need_word(row, &Kind::ALL, Kind::name)?;
            let amount = amounts.integer(row).unwrap_or(UNLIMITED).min(ceiling(parts, zone_radiator_mw, owner, kind));
            steps.entry((owner, kind)).or_default().push((times.need_time(row)?, amount));
        }
    }
    Ok(steps)
}

/// What devices and radiators allow at every instant.
fn ceiling(parts: &FleetParts, zone_radiator_mw: &[Option<u64>], owner: Owner, kind: Kind) -> u64 {
    let class = |node: NodeIndex| parts.nodes.classes[node.at()].map(|class| &parts.classes[class.at()]);
    let most = match (owner, kind) {
        (Owner::Node(node), Kind::Accelerator) => {
            class(node).map(|class| u64::from(class.devices) * u64::from(DEVICE_MILLI))
        }
        (Owner::Node(node), Kind::Heat) => {
            class(node).and_then(|class| class.radiator).map(|radiator| radiator.heat_mw())
        }
        (Owner::Zone(zone), Kind::Heat) => zone_radiator_mw[zone.at()],
        _ => None,
    };
    most.unwrap_or(UNLIMITED)
}

/// Writes the changes of capacities, in order of owner, kind and time.
///
/// # Errors
/// A file that cannot be written.
pub fn write_capacities(path: &Path, fleet: &Fleet) -> Result<(), DatasetError> {
    let changes: Vec<(Owner, Kind, Timestamp, u64)> = fleet
        .steps()
        .iter()
        .flat_map(|(&(owner, kind), function)| {
            function.steps().iter().map(move |&(at, amount)| (owner, kind, at, amount))
        })
        .collect();
    write_table(path, &CAPACITIES, changes.len(), |rows, columns| {
        let changes = &changes[rows];
        columns.text("owner", changes.iter().map(|change| Some(fleet.owner_name(change.0))));
        columns.text("owner_type", changes.iter().map(|change| Some(owner_type(change.0))));
        columns.text("kind", changes.iter().map(|change| Some(change.1.name())));
        columns.time("at", changes.iter().map(|change| Some(change.2)));
        columns.integer("amount", changes.iter().map(|change| limited(change.3)));
    })
}
