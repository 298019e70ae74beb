//! Table `nodes`: the tree, what each node can give, and the tile classes.

use std::collections::HashMap;
use std::path::Path;

use lessor_models::fleet::{ClassIndex, Fleet, Level, NodeColumns, NodeIndex, Owner};
use lessor_models::names::NamesError;
use lessor_models::resources::{Kind, Resources, UNLIMITED};
use lessor_models::tile_class::{DEVICE_MILLI, TileClass};

use super::classes::{ClassColumns, Classes, put_classes};
use crate::table::error::{DatasetError, Problem};
use crate::table::sink::{Columns, write_table};
use crate::table::source::{Batch, TableReader};
use crate::table::spec::ColumnType::{Amount, Text, U8, U32};
use crate::table::spec::{TableSpec, optional, required};
use crate::table::words::{CapacityColumns, put_capacities, unknown};

/// The schema of `nodes.parquet`.
pub const NODES: TableSpec = TableSpec {
    name: "nodes",
    row: "one node of the tree: a tile, or what tiles are grouped in",
    columns: &[
        required("name", Text, "unique name"),
        optional("parent", Text, "name of the parent, of a higher level; NULL for a root"),
        required("level", Text, "tile, cell, cluster, region or layer"),
        optional("class", Text, "name of the tile class; needed for a tile, NULL for other nodes"),
        optional("compute_mops", Amount, "compute in Mop/s; NULL: not limited by this node"),
        optional("memory_bytes", Amount, "memory in bytes; NULL: not limited by this node"),
        optional("bandwidth_bps", Amount, "uplink bandwidth in bit/s; NULL: not limited by this node"),
        optional("power_mw", Amount, "power drawn in milliwatts; NULL: not limited by this node"),
        optional("heat_mw", Amount, "heat rejected in milliwatts; NULL: not limited but by the radiator"),
        optional(
            "accelerator_milli",
            Amount,
            "accelerators in milli-devices; NULL: a tile's devices times 1000, other nodes do not limit; a tile has at \
             most its devices times 1000",
        ),
        optional("storage_bytes", Amount, "storage in bytes; NULL: not limited by this node"),
        optional("reversible_mops", Amount, "reversible compute in Mop/s; NULL: not limited by this node"),
        optional("uplink_delay_us", Amount, "one-way delay to the parent in microseconds; NULL: 0"),
        optional("band_low_mk", U32, "class: coldest temperature in millikelvin; NULL: 0"),
        optional("band_high_mk", U32, "class: hottest temperature in millikelvin; NULL: unknown, suits no banded job"),
        optional("energy_scalar_uj_per_mop", Amount, "class: energy of 10^6 scalar operations in microjoules; NULL: 0"),
        optional("energy_vector_uj_per_mop", Amount, "class: energy of 10^6 vector operations in microjoules; NULL: 0"),
        optional("energy_matrix_uj_per_mop", Amount, "class: energy of 10^6 matrix operations in microjoules; NULL: 0"),
        optional("device_power_mw", Amount, "class: dynamic power of one whole device in milliwatts; NULL: 0"),
        optional("idle_power_mw", Amount, "class: power drawn with nothing placed in milliwatts; NULL: 0"),
        optional("heat_permille", U32, "class: heat rejected per power drawn in thousandths; NULL: 1000"),
        optional("devices", U8, "class: devices on one tile, at most 64; NULL: 0"),
        optional("rate_permille", U32, "class: speed against the reference tile in thousandths, above 0; NULL: 1000"),
        optional("faults_per_gigahour", Amount, "class: faults of one tile in 10^9 hours; NULL: 0"),
        optional("radiator_area_cm2", Amount, "class: radiator area in square centimeters; NULL: no radiator limit"),
        optional(
            "radiator_flux_max_mw_per_m2",
            Amount,
            "class: greatest heat flux in milliwatts per square meter; given exactly where the area is",
        ),
    ],
};

/// Reads the nodes and the classes of their tiles.
pub(crate) fn read_nodes(path: &Path) -> Result<(NodeColumns, Vec<TileClass>), DatasetError> {
    let mut reader = TableReader::open(path, &NODES)?;
    let mut nodes = NodeColumns::default();
    let mut classes = Classes::default();
    let mut parents = Parents::default();
    let row_count = reader.row_count();
    nodes.names.reserve(row_count);
    while let Some(batch) = reader.next()? {
        read_batch(&batch, &mut nodes, &mut classes)?;
        parents.read(&batch);
    }
    nodes.parents = parents.resolve(path, &nodes)?;
    Ok((nodes, classes.into_list()))
}

fn read_batch(batch: &Batch, nodes: &mut NodeColumns, classes: &mut Classes) -> Result<(), DatasetError> {
    let (names, levels, delays) = (batch.column("name"), batch.column("level"), batch.column("uplink_delay_us"));
    let (capacities, descriptors) = (CapacityColumns::new(batch), ClassColumns::new(batch));
    for row in batch.rows() {
        let name = names.need_text(row)?;
        let level = levels.need_word(row, &Level::ALL, Level::name)?;
        let class = match (level, descriptors.name(row)) {
            (Level::Tile, Some(class)) => Some(classes.intern(&descriptors, row, class)?),
            (Level::Tile, None) => {
                return Err(batch.refuse(row, "class", Problem::NoClass { name: name.to_owned() }));
            }
            (_, Some(_)) => {
                return Err(batch.refuse(row, "class", Problem::NeedlessClass { name: name.to_owned() }));
            }
            (_, None) => None,
        };
        nodes.names.push(name.to_owned());
        nodes.levels.push(level);
        nodes.classes.push(class);
        nodes.capacities.push(bounded_by_devices(capacities.get(row), class, classes));
        nodes.uplink_delays_us.push(delays.integer(row).unwrap_or(0));
    }
    Ok(())
}

/// A tile has no more accelerator than its devices hold.
fn bounded_by_devices(capacity: Resources, class: Option<ClassIndex>, classes: &Classes) -> Resources {
    let Some(class) = class else { return capacity };
    let held = u64::from(classes.devices(class)) * u64::from(DEVICE_MILLI);
    capacity.with(Kind::Accelerator, capacity.get(Kind::Accelerator).min(held))
}

/// The parents named by rows, each distinct name once: a parent may stand after its children.
#[derive(Default)]
struct Parents {
    ids: HashMap<String, u32>,
    names: Vec<String>,
    of_rows: Vec<Option<u32>>,
}

impl Parents {
    fn read(&mut self, batch: &Batch) {
        let parents = batch.column("parent");
        let mut last: Option<(&str, u32)> = None;
        for row in batch.rows() {
            let id = parents.text(row).map(|name| match last {
                Some((known, id)) if known == name => id,
                _ => {
                    let id = self.id(name);
                    last = Some((name, id));
                    id
                }
            });
            self.of_rows.push(id);
        }
    }

    fn id(&mut self, name: &str) -> u32 {
        if let Some(&id) = self.ids.get(name) {
            return id;
        }
        let id = u32::try_from(self.ids.len()).expect("parents are at most as many as nodes");
        self.ids.insert(name.to_owned(), id);
        self.names.push(name.to_owned());
        id
    }

    /// The rows of the parents; refuses the first row whose parent is unknown or not above it.
    fn resolve(&self, path: &Path, nodes: &NodeColumns) -> Result<Vec<Option<u32>>, DatasetError> {
        let mut rows: Vec<Option<u32>> = vec![None; self.ids.len()];
        for (row, name) in nodes.names.iter().enumerate() {
            if let Some(&id) = self.ids.get(name) {
                let row = u32::try_from(row).map_err(|_| too_many(path))?;
                rows[id as usize].get_or_insert(row);
            }
        }
        let refuse = |row, problem| DatasetError::Cell {
            path: path.to_owned(),
            row,
            column: "parent",
            problem: Box::new(problem),
        };
        let mut parents = Vec::with_capacity(self.of_rows.len());
        for (row, id) in self.of_rows.iter().enumerate() {
            let Some(id) = *id else {
                parents.push(None);
                continue;
            };
            let named = || unknown("node", &self.names[id as usize], "nodes");
            let parent = rows[id as usize].ok_or_else(|| refuse(row, named()))?;
            if nodes.levels[parent as usize] <= nodes.levels[row] {
                return Err(refuse(row, Problem::NotAbove { name: nodes.names[row].clone() }));
            }
            parents.push(Some(parent));
        }
        Ok(parents)
    }
}

fn too_many(path: &Path) -> DatasetError {
    DatasetError::Names { path: path.to_owned(), refusal: NamesError::TooLong }
}

/// Writes the nodes of a fleet.
///
/// # Errors
/// A file that cannot be written.
pub fn write_nodes(path: &Path, fleet: &Fleet) -> Result<(), DatasetError> {
    let nodes: Vec<NodeIndex> = fleet.nodes().collect();
    write_table(path, &NODES, nodes.len(), |rows, columns| put_nodes(columns, fleet, &nodes[rows]))
}

fn put_nodes(columns: &mut Columns, fleet: &Fleet, nodes: &[NodeIndex]) {
    columns.text("name", nodes.iter().map(|&node| Some(fleet.name(node))));
    columns.text("parent", nodes.iter().map(|&node| fleet.parent(node).map(|parent| fleet.name(parent))));
    columns.text("level", nodes.iter().map(|&node| Some(fleet.level(node).name())));
    let classes = nodes.iter().map(|&node| fleet.class_of(node).map(|class| &fleet.classes()[class.at()]));
    let classes: Vec<Option<&TileClass>> = classes.collect();
    let capacities = nodes.iter().zip(&classes).map(|(&node, class)| {
        let capacity = fleet.base_capacity(Owner::Node(node));
        let held = class.map(|class| u64::from(class.devices) * u64::from(DEVICE_MILLI));
        let implied = held.is_some_and(|held| capacity.get(Kind::Accelerator) >= held);
        if implied { capacity.with(Kind::Accelerator, UNLIMITED) } else { capacity }
    });
    put_capacities(columns, &capacities.collect::<Vec<Resources>>());
    columns.integer("uplink_delay_us", nodes.iter().map(|&node| Some(fleet.uplink_delay_us(node))));
    put_classes(columns, &classes);
}
