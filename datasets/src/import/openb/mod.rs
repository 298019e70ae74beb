//! The openb trace: nodes with devices, and pods that ask for fractions of a device or for several.
//!
//! - A node is a tile. 1 milli-CPU counts as 1 Mop/s, so that a core is 1,000 Mop/s. Memory is in MiB.
//! - A node's class is named after its device model, `cpu` where it has none. Nodes of one model with other numbers of
//!   devices or CPU sockets are other descriptors of the same name, and `gpu_spec` allows all that have a name it lists.
//! - A node takes at most [`PODS_PER_NODE`] pods. The storage kind counts them: a tile has that many units and a pod asks
//!   for one. The trace says nothing of storage.
//! - A pod is a job of one capsule. It bids [`GPU_MILLI_BID`] micro-credits for each milli-device or, where it has no
//!   device, [`CPU_MILLI_BID`] for each milli-CPU: CPU alone pays its energy, and no set of CPU-only pods that fits one
//!   node outbids a pod of 13 milli-devices or more.
//! - Power is linear between idle and full: a socket of 32 milli-thousands of CPU draws 15 to 120 W, a device by its
//!   model, as in Lettich et al., CCGrid 2025. There a device in part use already draws all of it; here its share.
//! - The trace limits no power, heat or bandwidth, so the tiles do not either.
//! - Pods arrive from time zero on and nothing leaves: every pod runs for the same day.

mod pods;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use lessor_models::fleet::{ClassIndex, Fleet, FleetParts, Level, NodeColumns};
use lessor_models::instance::Instance;
use lessor_models::objective::Weights;
use lessor_models::resources::{AMOUNT_MAX, Kind, Resources, UNLIMITED};
use lessor_models::tile_class::{Band, DEVICE_MILLI, DEVICES_MAX, TileClass};
use lessor_models::time::{MICROS_PER_HOUR, Span};

use super::ImportError;
use super::csv_table::CsvTable;
use crate::table::{DatasetError, Problem};
pub(crate) use pods::DemandColumns;
use pods::PodColumns;

/// The most pods on one node.
pub const PODS_PER_NODE: u64 = 1_001;

/// What a pod bids for a thousandth of a device, in micro-credits.
pub const GPU_MILLI_BID: u64 = 1_000_000;

/// What a pod without a device bids for a thousandth of a CPU, in micro-credits.
pub const CPU_MILLI_BID: u64 = 100;

/// The class of nodes without a device.
pub const CPU_ONLY_CLASS: &str = "cpu";

/// The most tiles of one cell.
const CELL_TILES_MAX: usize = 1_000;

const DAY: Span = Span(24 * MICROS_PER_HOUR);

/// Thousandths of CPU that one socket has: 16 cores of two threads.
const SOCKET_MILLI: u64 = 32_000;

/// What a socket draws idle and in full use, in milliwatts.
const SOCKET_IDLE_MW: u64 = 15_000;
const SOCKET_FULL_MW: u64 = 120_000;

/// What a device draws idle and in full use, in watts, by model.
const DEVICE_W: [(&str, u64, u64); 8] = [
    ("T4", 10, 70),
    ("A10", 30, 150),
    ("P100", 25, 250),
    ("V100M16", 30, 300),
    ("V100M32", 30, 300),
    ("A100", 50, 400),
    ("G2", 30, 150),
    ("G3", 50, 400),
];

/// Reads the node list and a pod list or arrival sequence (columns `seq` and `pod` in place of `name`).
///
/// With a percentage, only the longest prefix of the pods is taken whose milli-devices sum to at most that share of the
/// cluster's.
///
/// # Errors
/// The first file, row or column that is not as the trace's format says.
pub fn openb(nodes: &Path, pods: &Path, arrived_percent: Option<u32>) -> Result<Instance, ImportError> {
    let table = CsvTable::read(pods)?;
    let columns = PodColumns::find(&table)?;
    let (fleet, device_milli) = read_nodes(nodes, &columns.demand.models(&table))?;
    let most = arrived_percent.map(|percent| u128::from(device_milli) * u128::from(percent));
    let (mut names, mut jobs) = (Vec::with_capacity(table.len()), Vec::with_capacity(table.len()));
    let mut arrived = 0u128;
    for row in 0..table.len() {
        let job = pods::read_pod(&table, &columns, row, fleet.classes())?;
        arrived += u128::from(job.demand.devices) * u128::from(job.demand.device_milli) * 100;
        if most.is_some_and(|most| arrived > most) {
            break;
        }
        names.push(columns.job_name(&table, row)?);
        jobs.push(job);
    }
    let refuse = |source| DatasetError::instance(pods, pods, source);
    Ok(Instance::new(fleet, names, jobs, Weights::default()).map_err(refuse)?)
}

/// One line of the node list.
#[derive(Clone, Debug)]
struct Node {
    name: String,
    model: String,
    cpu_milli: u64,
    memory_bytes: u64,
    devices: u8,
}

impl Node {
    /// What tells tile classes apart: model, devices, sockets.
    fn class_key(&self) -> (&str, u8, u64) {
        (&self.model, self.devices, self.cpu_milli.div_ceil(SOCKET_MILLI))
    }

    fn capacity(&self) -> Resources {
        Resources::of(Kind::Compute, self.cpu_milli)
            .with(Kind::Memory, self.memory_bytes)
            .with(Kind::Bandwidth, UNLIMITED)
            .with(Kind::Power, UNLIMITED)
            .with(Kind::Heat, UNLIMITED)
            .with(Kind::Accelerator, u64::from(self.devices) * u64::from(DEVICE_MILLI))
            .with(Kind::Storage, PODS_PER_NODE)
    }
}

/// The fleet, and how many milli-devices it has. Models that pods name and no node has are classes without tiles: nothing runs
/// there, where a job without any class would run everywhere.
fn read_nodes(path: &Path, named: &BTreeSet<&str>) -> Result<(Fleet, u64), ImportError> {
    let table = CsvTable::read(path)?;
    let nodes = (0..table.len()).map(|row| read_node(&table, row)).collect::<Result<Vec<Node>, _>>()?;
    let device_milli = nodes.iter().map(|node| u64::from(node.devices) * u64::from(DEVICE_MILLI)).sum();
    let mut parts = fleet_parts(&nodes);
    let is_lacking = |model: &&str| nodes.iter().all(|node| node.model != **model);
    parts.classes.extend(named.iter().copied().filter(is_lacking).filter_map(class_without_nodes));
    let fleet = Fleet::new(parts).map_err(|source| ImportError::Fleet { path: path.to_owned(), source })?;
    Ok((fleet, device_milli))
}

fn read_node(table: &CsvTable, row: usize) -> Result<Node, ImportError> {
    let model_column = table.need("model", "text")?;
    let devices_column = table.need("gpu", "a whole number")?;
    let devices = table.number(row, devices_column, u64::from(DEVICES_MAX))?;
    let model = match table.text(row, model_column) {
        "" if devices == 0 => CPU_ONLY_CLASS.to_owned(),
        model if DEVICE_W.iter().any(|&(known, _, _)| known == model) && devices > 0 => model.to_owned(),
        found => {
            let known: Vec<&str> = DEVICE_W.iter().map(|&(known, _, _)| known).collect();
            let expected = format!("{} (and nothing where there is no device)", known.join(", "));
            return Err(table.refuse(row, model_column, Problem::Word { found: found.to_owned(), expected }));
        }
    };
    let cpu_milli = table.number(row, table.need("cpu_milli", "a whole number")?, AMOUNT_MAX)?;
    let memory_mib = table.number(row, table.need("memory_mib", "a whole number")?, AMOUNT_MAX >> 20)?;
    Ok(Node {
        name: table.name(row, table.need("sn", "text")?)?.to_owned(),
        model,
        cpu_milli,
        memory_bytes: memory_mib << 20,
        devices: u8::try_from(devices).expect("at most 64 devices were let through"),
    })
}

/// Layer and cluster, then cells of up to 1,000 nodes of one model, then the nodes in their order.
fn fleet_parts(nodes: &[Node]) -> FleetParts {
    let mut by_class: BTreeMap<(&str, u8, u64), ClassIndex> = BTreeMap::new();
    let mut classes = Vec::new();
    for node in nodes {
        by_class.entry(node.class_key()).or_insert_with(|| {
            classes.push(tile_class(node));
            ClassIndex(u32::try_from(classes.len() - 1).expect("there are fewer classes than nodes"))
        });
    }
    let mut columns = NodeColumns::default();
    add(&mut columns, "openb".to_owned(), None, Level::Layer);
    add(&mut columns, "cluster".to_owned(), Some(0), Level::Cluster);
    let cell_of = add_cells(&mut columns, nodes);
    for (node, &cell) in nodes.iter().zip(&cell_of) {
        add(&mut columns, node.name.clone(), Some(cell), Level::Tile);
        *columns.classes.last_mut().expect("a node was added") = Some(by_class[&node.class_key()]);
        *columns.capacities.last_mut().expect("a node was added") = node.capacity();
    }
    FleetParts { nodes: columns, classes, ..FleetParts::default() }
}

/// Adds the cells and says which each node is in.
fn add_cells(columns: &mut NodeColumns, nodes: &[Node]) -> Vec<u32> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut rows: BTreeMap<(&str, usize), u32> = BTreeMap::new();
    let mut cell_of = Vec::with_capacity(nodes.len());
    for node in nodes {
        let count = seen.entry(&node.model).or_default();
        let number = *count / CELL_TILES_MAX;
        *count += 1;
        let cell = *rows.entry((&node.model, number)).or_insert_with(|| {
            let row = u32::try_from(columns.names.len()).expect("there are fewer cells than nodes");
            add(columns, format!("cell-{}-{number}", node.model), Some(1), Level::Cell);
            row
        });
        cell_of.push(cell);
    }
    cell_of
}

fn add(columns: &mut NodeColumns, name: String, parent: Option<u32>, level: Level) {
    columns.names.push(name);
    columns.parents.push(parent);
    columns.levels.push(level);
    columns.classes.push(None);
    columns.capacities.push(Resources::UNLIMITED);
    columns.uplink_delays_us.push(0);
}

/// The class of a model that the trace knows.
fn class_without_nodes(model: &str) -> Option<TileClass> {
    let known = DEVICE_W.iter().find(|known| known.0 == model)?;
    Some(tile_class(&Node {
        name: String::new(),
        model: known.0.to_owned(),
        cpu_milli: 0,
        memory_bytes: 0,
        devices: 1,
    }))
}

fn tile_class(node: &Node) -> TileClass {
    let known = DEVICE_W.iter().find(|&&(model, _, _)| model == node.model);
    let (idle_w, full_w) = known.map_or((0, 0), |&(_, idle, full)| (idle, full));
    let (_, devices, sockets) = node.class_key();
    // 105 W over 32,000 milli-CPU are 3,281 uJ per Mop.
    let energy = (SOCKET_FULL_MW - SOCKET_IDLE_MW) * 1_000 / SOCKET_MILLI;
    TileClass {
        name: node.model.clone(),
        band: Band { low_mk: 273_150, high_mk: 373_150 },
        energy_uj_per_mop: [energy; 3],
        device_power_mw: 1_000 * (full_w - idle_w),
        idle_power_mw: SOCKET_IDLE_MW * sockets + 1_000 * idle_w * u64::from(devices),
        heat_permille: 1_000,
        devices,
        rate_permille: 1_000,
        faults_per_gigahour: 0,
        radiator: None,
    }
}
