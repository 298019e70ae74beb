//! A fleet directory: the tables of one fleet under their fixed names.

use std::fs;
use std::path::{Path, PathBuf};

use lessor_models::fleet::{Fleet, FleetError, FleetParts};
use lessor_models::instance::Instance;
use lessor_models::job::{Job, JobIndex, Relation};
use lessor_models::names::Names;
use lessor_models::objective::Weights;

use super::capacities::{CAPACITIES, read_capacities, write_capacities};
use super::jobs::{JOBS, read_jobs, write_jobs};
use super::move_costs::{MOVE_COSTS, read_move_costs, write_move_costs};
use super::nodes::{NODES, read_nodes, write_nodes};
use super::tariffs::{TARIFFS, has_tariffs, read_tariffs, write_tariffs};
use super::zones::{ZONE_MEMBERS, ZONES, read_members, read_zones, write_members, write_zones};
use crate::table::error::{DatasetError, Problem};
use crate::table::plan::{PLACEMENTS, read_current, write_current};
use crate::table::spec::TableSpec;

/// The tables of a directory that describe its fleet, and not the work on it.
pub const FLEET_TABLES: [&TableSpec; 6] = [&NODES, &ZONES, &ZONE_MEMBERS, &CAPACITIES, &TARIFFS, &MOVE_COSTS];

/// Reads a fleet from its directory: `nodes.parquet`, and `zones.parquet`, `zone_members.parquet`, `capacities.parquet` and
/// `tariffs.parquet` where they are there.
///
/// # Errors
/// The first defect found, with its file, row and column.
pub fn read_fleet(dir: &Path) -> Result<Fleet, DatasetError> {
    Fleet::new(read_parts(dir)?).map_err(|source| refused(dir, source))
}

/// Reads the parts of a fleet, which nobody has checked against each other.
fn read_parts(dir: &Path) -> Result<FleetParts, DatasetError> {
    let path = |table: &TableSpec| dir.join(table.file_name());
    let present = |table| Some(path(table)).filter(|path| path.exists());
    let (nodes, classes) = read_nodes(&path(&NODES))?;
    let mut parts = FleetParts { nodes, classes, ..FleetParts::default() };
    let mut radiator_mw = Vec::new();
    if let Some(path) = present(&ZONES) {
        let rows = read_zones(&path)?;
        (parts.zone_names, parts.zones, radiator_mw) = (rows.names, rows.zones, rows.radiator_mw);
        parts.move_limits = rows.move_limits;
    }
    if let Some(path) = present(&ZONE_MEMBERS) {
        parts.members = read_members(&path, &parts.zone_names, &parts.nodes.names)?;
    }
    if let Some(path) = present(&CAPACITIES) {
        parts.steps = read_capacities(&path, &parts, &radiator_mw)?;
    }
    if let Some(path) = present(&TARIFFS) {
        parts.tariffs = read_tariffs(&path, &parts.zone_names)?;
    }
    if let Some(path) = present(&MOVE_COSTS) {
        parts.move_costs = read_move_costs(&path, &parts.nodes.names)?;
    }
    Ok(parts)
}

/// A refusal of the models, at the cell where it has one.
fn refused(dir: &Path, source: FleetError) -> DatasetError {
    let (nodes, zones) = (dir.join(NODES.file_name()), dir.join(ZONES.file_name()));
    match source {
        FleetError::NoTile => DatasetError::NoTile { path: nodes },
        FleetError::NodeNames(names) => DatasetError::names(&nodes, names),
        FleetError::ZoneNames(names) => DatasetError::names(&zones, names),
        FleetError::EmptyZone { row, name } => {
            DatasetError::Cell { path: zones, row, column: "name", problem: Box::new(Problem::NoMembers { name }) }
        }
        refusal @ FleetError::Nested { .. } => {
            DatasetError::Fleet { path: dir.join(ZONE_MEMBERS.file_name()), refusal }
        }
        refusal => DatasetError::Fleet { path: dir.to_owned(), refusal },
    }
}

/// Where the tables of an instance are.
#[derive(Clone, Debug)]
pub struct InstancePaths {
    /// The fleet directory.
    pub fleet: PathBuf,
    /// The jobs.
    pub jobs: PathBuf,
    /// What runs now; `None` where nothing does.
    pub current: Option<PathBuf>,
}

impl InstancePaths {
    /// The tables of a fleet directory under their fixed names.
    #[must_use]
    pub fn of_directory(dir: &Path) -> InstancePaths {
        let current = dir.join(PLACEMENTS.file_name());
        InstancePaths {
            fleet: dir.to_owned(),
            jobs: dir.join(JOBS.file_name()),
            current: Some(current).filter(|path| path.exists()),
        }
    }
}

/// Reads fleet, jobs and current placements into one checked instance.
///
/// # Errors
/// The first defect found, with its file, row and column.
pub fn read_instance(paths: &InstancePaths, weights: Weights) -> Result<Instance, DatasetError> {
    read_altered(paths, weights, |_| Ok(()))
}

/// The same, with the parts of the fleet altered before anything is checked.
///
/// # Errors
/// What [`read_instance`] refuses, and what altering refuses.
pub fn read_altered<E: From<DatasetError>>(
    paths: &InstancePaths,
    weights: Weights,
    alter: impl FnOnce(&mut FleetParts) -> Result<(), E>,
) -> Result<Instance, E> {
    let mut parts = read_parts(&paths.fleet)?;
    alter(&mut parts)?;
    let fleet = Fleet::new(parts).map_err(|source| refused(&paths.fleet, source))?;
    Ok(read_work(paths, fleet, weights)?)
}

/// Reads jobs and current placements onto a fleet.
fn read_work(paths: &InstancePaths, fleet: Fleet, weights: Weights) -> Result<Instance, DatasetError> {
    let (names, jobs) = read_jobs(&paths.jobs, &fleet)?;
    let current_path = paths.current.as_deref().unwrap_or(Path::new(""));
    let refused = |source| DatasetError::instance(&paths.jobs, current_path, source);
    let instance = Instance::new(fleet, names, jobs, weights).map_err(refused)?;
    match &paths.current {
        Some(path) => {
            let before = read_current(path, &instance)?;
            Ok(instance.with_current(before.running).map_err(refused)?.with_queued(before.queued))
        }
        None => Ok(instance),
    }
}

/// Writes the tables of an instance: nodes, zones, zone members, capacities, jobs and current placements, and tariffs where
/// there are any.
///
/// The directory is made where it is not there. Tiles that a plane closed are written as open: that is the plane's to say.
///
/// # Errors
/// A file that cannot be written, or a value that its table cannot say.
pub fn write_fleet_dir(dir: &Path, instance: &Instance) -> Result<(), DatasetError> {
    fs::create_dir_all(dir).map_err(|source| DatasetError::Create { path: dir.to_owned(), source })?;
    let fleet = instance.fleet();
    write_nodes(&dir.join(NODES.file_name()), fleet)?;
    write_zones(&dir.join(ZONES.file_name()), fleet)?;
    write_members(&dir.join(ZONE_MEMBERS.file_name()), fleet)?;
    write_capacities(&dir.join(CAPACITIES.file_name()), fleet)?;
    if !fleet.move_costs().is_empty() {
        write_move_costs(&dir.join(MOVE_COSTS.file_name()), fleet)?;
    }
    if has_tariffs(fleet) {
        write_tariffs(&dir.join(TARIFFS.file_name()), fleet)?;
    }
    write_work(dir, instance)
}

/// Writes the jobs of an instance, what of them runs, and what an earlier plan has yet to start, into a directory that is there.
///
/// # Errors
/// A file that cannot be written, or a value that its table cannot say.
pub fn write_work(dir: &Path, instance: &Instance) -> Result<(), DatasetError> {
    write_jobs(&dir.join(JOBS.file_name()), instance)?;
    write_current(&dir.join(PLACEMENTS.file_name()), instance)
}

/// The same instance with the jobs of a further table; nothing runs in it. Relations of these lead to each other alone.
///
/// # Errors
/// The first defect found, with its row and column; and the name of a job that is there already.
pub fn add_jobs(path: &Path, instance: &Instance) -> Result<Instance, DatasetError> {
    let (new_names, new_jobs) = read_jobs(path, instance.fleet())?;
    if let Some(row) = new_names.iter().position(|name| instance.job_names().find(name).is_some()) {
        let problem = Box::new(Problem::Model("must not be the name of a job that is there already"));
        return Err(DatasetError::Cell { path: path.to_owned(), row, column: "name", problem });
    }
    let before = u32::try_from(instance.jobs().len()).expect("jobs are counted in 32 bits");
    let shifted = |relation: Relation| Relation { job: JobIndex(relation.job.0 + before), ..relation };
    let mut names: Vec<String> = instance.job_names().iter().map(str::to_owned).collect();
    let mut jobs = instance.jobs().to_vec();
    names.extend(new_names);
    jobs.extend(new_jobs.into_iter().map(|job| Job {
        affinity: job.affinity.map(shifted),
        anti_affinity: job.anti_affinity.map(shifted),
        ..job
    }));
    Instance::new(instance.fleet().clone(), names, jobs, instance.weights().clone())
        .map_err(|source| DatasetError::instance(path, Path::new(""), source))
}

/// A sorted index of job names, for tables that refer to jobs.
///
/// # Errors
/// A name that is empty or repeated, at its row of the file.
pub fn index_jobs(path: &Path, names: &[String]) -> Result<Names, DatasetError> {
    Names::new(names).map_err(|source| DatasetError::names(path, source))
}
