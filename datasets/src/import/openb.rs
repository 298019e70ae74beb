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

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use lessor_models::fleet::{ClassIndex, Fleet, FleetParts, Level, NodeColumns};
use lessor_models::instance::Instance;
use lessor_models::job::{Demand, Job};
use lessor_models::objective::Weights;
use lessor_models::resources::{AMOUNT_MAX, Kind, Resources, UNLIMITED};
use lessor_models::tile_class::{Band, DEVICE_MILLI, DEVICES_MAX, TileClass};
use lessor_models::time::{MICROS_PER_HOUR, Span, Timestamp};

use super::ImportError;
use super::csv_table::{CsvColumn, CsvTable};
use crate::table::{DatasetError, Problem};

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
        let job = read_pod(&table, &columns, row, fleet.classes())?;
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

/// Where the columns of pods are that every list of them has.
pub(crate) struct DemandColumns {
    cpu: CsvColumn,
    memory: CsvColumn,
    devices: CsvColumn,
    milli: CsvColumn,
    spec: Option<CsvColumn>,
}

/// What a pod asks for, as its list says it.
pub(crate) struct PodDemand<'t> {
    pub(crate) cpu_milli: u64,
    pub(crate) memory_mib: u64,
    /// At most [`DEVICES_MAX`].
    pub(crate) devices: u8,
    /// Of each device; at most [`DEVICE_MILLI`], and zero exactly where there is no device.
    pub(crate) milli: u16,
    /// The device models allowed; none where all are.
    pub(crate) models: Vec<&'t str>,
}

impl DemandColumns {
    pub(crate) fn find(table: &CsvTable) -> Result<DemandColumns, ImportError> {
        let whole = "a whole number";
        Ok(DemandColumns {
            cpu: table.need("cpu_milli", whole)?,
            memory: table.need("memory_mib", whole)?,
            devices: table.need("num_gpu", whole)?,
            milli: table.need("gpu_milli", whole)?,
            spec: table.find("gpu_spec"),
        })
    }

    /// What the pod of a row asks for: CPU and memory up to `most`.
    pub(crate) fn demand<'t>(
        &self,
        table: &'t CsvTable,
        row: usize,
        most: (u64, u64),
    ) -> Result<PodDemand<'t>, ImportError> {
        let cpu_milli = table.number(row, self.cpu, most.0)?;
        let memory_mib = table.number(row, self.memory, most.1)?;
        let devices = table.number(row, self.devices, u64::from(DEVICES_MAX))?;
        let milli = table.number(row, self.milli, u64::from(DEVICE_MILLI))?;
        if (devices == 0) != (milli == 0) {
            return Err(table.refuse(row, self.milli, Problem::Partner { partner: "num_gpu" }));
        }
        let spec = self.spec.filter(|_| devices > 0).map_or("", |spec| table.text(row, spec));
        Ok(PodDemand {
            cpu_milli,
            memory_mib,
            devices: u8::try_from(devices).expect("at most 64 devices were let through"),
            milli: u16::try_from(milli).expect("at most 1,000 milli were let through"),
            models: models(spec).collect(),
        })
    }

    /// All device models that pods of a list name.
    fn models<'t>(&self, table: &'t CsvTable) -> BTreeSet<&'t str> {
        let Some(spec) = self.spec else { return BTreeSet::new() };
        (0..table.len()).flat_map(|row| models(table.text(row, spec))).collect()
    }

    /// Refuses the models that a pod allows.
    fn refuse_models(&self, table: &CsvTable, row: usize, problem: Problem) -> ImportError {
        table.refuse(row, self.spec.expect("a pod that names models has their column"), problem)
    }
}

/// The device models of a list joined by `|`.
fn models(spec: &str) -> impl Iterator<Item = &str> {
    spec.split('|').filter(|model| !model.is_empty())
}

/// Where the columns of pods are.
struct PodColumns {
    name: CsvColumn,
    seq: Option<CsvColumn>,
    demand: DemandColumns,
}

impl PodColumns {
    fn find(table: &CsvTable) -> Result<PodColumns, ImportError> {
        let seq = table.find("seq");
        let name = table.need(if seq.is_some() { "pod" } else { "name" }, "text")?;
        Ok(PodColumns { name, seq, demand: DemandColumns::find(table)? })
    }

    /// In a sequence pods repeat, so the name begins with the number of the arrival, in order when sorted.
    fn job_name(&self, table: &CsvTable, row: usize) -> Result<String, ImportError> {
        let pod = table.name(row, self.name)?;
        let Some(seq) = self.seq else { return Ok(pod.to_owned()) };
        Ok(format!("{:06}-{pod}", table.number(row, seq, AMOUNT_MAX)?))
    }
}

fn read_pod(table: &CsvTable, columns: &PodColumns, row: usize, classes: &[TileClass]) -> Result<Job, ImportError> {
    let pod = columns.demand.demand(table, row, (AMOUNT_MAX / CPU_MILLI_BID, AMOUNT_MAX >> 20))?;
    let mut job = Job::empty(Timestamp(0), DAY);
    job.demand = Demand {
        compute_mops: pod.cpu_milli,
        memory_bytes: pod.memory_mib << 20,
        storage_bytes: 1,
        devices: pod.devices,
        device_milli: pod.milli,
        ..Demand::default()
    };
    job.bid = match pod.devices {
        0 => CPU_MILLI_BID * pod.cpu_milli,
        devices => GPU_MILLI_BID * u64::from(devices) * u64::from(pod.milli),
    };
    job.classes = allowed(&pod.models, classes);
    if job.classes.is_empty() && !pod.models.is_empty() {
        // An empty list of classes would mean all of them.
        let problem = Problem::Unknown { what: "device model", name: pod.models.join("|"), table: "nodes" };
        return Err(columns.demand.refuse_models(table, row, problem));
    }
    Ok(job)
}

/// The classes of these models.
fn allowed(models: &[&str], classes: &[TileClass]) -> Vec<ClassIndex> {
    let indexed = (0..).map(ClassIndex).zip(classes);
    indexed.filter(|(_, class)| models.contains(&class.name.as_str())).map(|(index, _)| index).collect()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::tests::public_file;
    use super::*;

    const NODES: &str = "sn,cpu_milli,memory_mib,gpu,model\n\
        n0,96000,393216,8,G2\nn1,64000,262144,2,P100\nn2,16000,122880,2,P100\nn3,32000,262144,0,\n";

    fn import(nodes: &str, pods: &str, percent: Option<u32>) -> Result<Instance, ImportError> {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| -> PathBuf {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        openb(&write("nodes.csv", nodes), &write("pods.csv", pods), percent)
    }

    fn refusal(nodes: &str, pods: &str) -> String {
        import(nodes, pods, None).unwrap_err().to_string()
    }

    #[test]
    fn a_pod_bids_its_devices_or_else_its_cpu() {
        let pods = "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec\n\
            a,4000,1024,2,1000,\nb,8000,2048,0,0,\nc,1000,512,1,230,P100|G2|P100\n";
        let instance = import(NODES, pods, None).unwrap();
        let bids: Vec<u64> = instance.jobs().iter().map(|job| job.bid).collect();
        assert_eq!(bids, [2_000 * GPU_MILLI_BID, 8_000 * CPU_MILLI_BID, 230 * GPU_MILLI_BID]);
        assert_eq!(instance.jobs()[1].demand.memory_bytes, 2_048 << 20);
        // G2 with 8, P100 with two sockets, P100 with one, but not the node without a device.
        assert_eq!(instance.jobs()[2].classes, [ClassIndex(0), ClassIndex(1), ClassIndex(2)]);
        assert!(instance.jobs()[0].classes.is_empty());
    }

    #[test]
    fn a_pod_that_asks_for_a_model_that_no_node_has_runs_nowhere() {
        let pods = "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec\na,1000,1,1,500,T4\nb,1000,1,1,500,T4|G2\n";
        let instance = import("sn,cpu_milli,memory_mib,gpu,model\nn0,96000,1024,8,G2\n", pods, None).unwrap();
        assert_eq!(instance.jobs()[0].classes, [ClassIndex(1)]);
        assert_eq!(instance.jobs()[1].classes, [ClassIndex(0), ClassIndex(1)]);
        assert_eq!(instance.fleet().classes().len(), 2);
    }

    #[test]
    fn idle_power_is_that_of_sockets_and_devices() {
        // n0: three sockets at 15 W and eight devices at 30 W.
        let (fleet, milli) = {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("nodes.csv");
            std::fs::write(&path, NODES).unwrap();
            read_nodes(&path, &BTreeSet::new()).unwrap()
        };
        assert_eq!(fleet.classes()[0].idle_power_mw, 285_000);
        assert_eq!(milli, 12_000);
    }

    #[test]
    fn a_sequence_is_cut_before_the_first_pod_that_exceeds_the_share() {
        let pods = "seq,pod,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec\n\
            0,p,1,1,8,1000,\n1,p,1,1,4,1000,\n2,q,1,1,0,0,\n3,p,1,1,1,10,\n4,q,1,1,0,0,\n";
        let instance = import(NODES, pods, Some(100)).unwrap();
        let names: Vec<&str> = instance.job_names().iter().collect();
        assert_eq!(names, ["000000-p", "000001-p", "000002-q"]);
    }

    #[test]
    fn a_bad_cell_is_named_with_file_row_and_column() {
        let pods = |row: &str| format!("name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec\nok,1,1,0,0,\n{row}\n");
        for (row, expected) in [
            ("a,x,1,0,0,", "pods.csv: line 3, row 1, column cpu_milli: \"x\" is not one of: a whole number"),
            ("a,-5,1,0,0,", "row 1, column cpu_milli: -5 is outside 0 to"),
            ("a,1,1,1,1001,", "row 1, column gpu_milli: 1001 is outside 0 to 1000"),
            ("a,1,1,1,0,", "row 1, column gpu_milli: must be given exactly where num_gpu is"),
            ("a,1,1,1,500,H9", "row 1, column gpu_spec: no device model is named \"H9\""),
            (",1,1,0,0,", "row 1, column name: is empty"),
            ("ok,1,1,0,0,", "row 1, column name: \"ok\" is already the name of row 0"),
        ] {
            let message = refusal(NODES, &pods(row));
            assert!(message.contains(expected), "{row}: {message}");
        }
    }

    #[test]
    fn bad_files_are_refused() {
        let pods = "name,cpu_milli,memory_mib,num_gpu,gpu_milli\na,1,1,0,0\n";
        assert!(refusal("", pods).contains("the file is empty"));
        assert!(refusal("sn,cpu_milli,memory_mib,gpu,model\n", pods).contains("holds no row"));
        assert!(refusal("sn,cpu_milli,memory_mib,gpu\nn,1,1,0\n", pods).contains("column model is missing"));
        assert!(refusal(NODES, "name,cpu_milli\na,1,1\n").contains("comma-separated"));
        assert!(refusal("sn,cpu_milli,memory_mib,gpu,model\nn,1,1,1,H9\n", pods).contains("column model"));
        let gone = openb(Path::new("nowhere.csv"), Path::new("nowhere.csv"), None).unwrap_err();
        assert!(gone.to_string().contains("nowhere.csv: cannot be opened"));
    }

    #[test]
    fn the_published_batch_of_default_42_has_8316_pods_on_6212_devices() {
        let (Some(nodes), Some(pods)) =
            (public_file("openb/openb_node_list_gpu_node.csv"), public_file("openb/sequences/default_42.csv"))
        else {
            return;
        };
        let instance = openb(&nodes, &pods, Some(100)).unwrap();
        assert_eq!(instance.jobs().len(), 8_316);
        let devices: u64 = instance
            .fleet()
            .tiles()
            .map(|tile| u64::from(instance.fleet().classes()[instance.fleet().class_of(tile).unwrap().at()].devices))
            .sum();
        assert_eq!((instance.fleet().tiles().count(), devices), (1_213, 6_212));
        // The empty cluster draws 0.23 MW, as published.
        let idle: u64 = instance
            .fleet()
            .tiles()
            .map(|tile| instance.fleet().classes()[instance.fleet().class_of(tile).unwrap().at()].idle_power_mw)
            .sum();
        assert!((225_000_000..235_000_000).contains(&idle), "{idle}");
    }

    #[test]
    fn every_public_pod_list_and_sequence_is_imported() {
        let lists = ["cpu100", "default", "gpushare40", "gpuspec10", "multigpu20"];
        let lists = lists.map(|name| format!("openb/openb_pod_list_{name}.csv"));
        let sequences = ["default_43", "default_44", "gpushare40_42", "gpuspec10_42", "multigpu20_42"];
        let sequences = sequences.map(|name| format!("openb/sequences/{name}.csv"));
        for file in lists.iter().chain(&sequences) {
            let (Some(nodes), Some(pods)) = (public_file("openb/openb_node_list_all_node.csv"), public_file(file))
            else {
                return;
            };
            let instance = openb(&nodes, &pods, None).unwrap();
            assert_eq!(instance.fleet().tiles().count(), 1_523);
            assert!(instance.jobs().len() > 7_000, "{file}: {}", instance.jobs().len());
        }
    }
}
