//! Table `placements`: which capsules are on which tile, as they run now or as a plan places them.

use std::path::Path;

use lessor_models::fleet::{Fleet, NodeIndex};
use lessor_models::instance::Instance;
use lessor_models::job::JobIndex;
use lessor_models::names::Names;
use lessor_models::plan::{CurrentPlacement, Placement};
use lessor_models::time::Timestamp;

use super::error::DatasetError;
use super::sink::{Columns, write_table};
use super::source::TableReader;
use super::spec::ColumnType::{Devices, Text, Time, U32};
use super::spec::{TableSpec, optional, required};
use super::words::Finder;

/// The schema of `placements.parquet`.
pub const PLACEMENTS: TableSpec = TableSpec {
    name: "placements",
    row: "equal capsules of one job on one tile, started together",
    columns: &[
        required("job", Text, "name of a job"),
        required("node", Text, "name of a tile"),
        optional("start", Time, "when they start; needed in a plan, not read where it says what runs now"),
        optional("count", U32, "capsules; 1 where devices are held; NULL: 1"),
        optional("devices", Devices, "devices of the tile held, each from 0 to 63; NULL or empty: none"),
    ],
};

/// One row of the table, its names resolved.
struct Row {
    job: JobIndex,
    tile: NodeIndex,
    count: u32,
    devices: u64,
}

/// Reads what runs now, in table order.
///
/// # Errors
/// The first defect found, with its row and column. What [`Instance::with_current`] checks is left to it.
pub fn read_current(path: &Path, fleet: &Fleet, job_names: &Names) -> Result<Vec<CurrentPlacement>, DatasetError> {
    let mut current = Vec::new();
    let needs_start = Start::Ignored;
    read_rows(path, (fleet, job_names), needs_start, |row, _| {
        let Row { job, tile, count, devices } = row;
        current.push(CurrentPlacement { job, tile, count, devices });
    })?;
    Ok(current)
}

/// Reads the placements of a plan, in table order.
///
/// # Errors
/// The first defect found, with its row and column.
pub fn read_placements(path: &Path, instance: &Instance) -> Result<Vec<Placement>, DatasetError> {
    let mut placements = Vec::new();
    read_rows(path, (instance.fleet(), instance.job_names()), Start::Needed, |row, start| {
        let Row { job, tile, count, devices } = row;
        placements.push(Placement { job, tile, start, count, devices });
    })?;
    Ok(placements)
}

/// What a reader does with the start column.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Start {
    Needed,
    Ignored,
}

fn read_rows(
    path: &Path,
    (fleet, job_names): (&Fleet, &Names),
    start: Start,
    mut each: impl FnMut(Row, Timestamp),
) -> Result<(), DatasetError> {
    let mut reader = TableReader::open(path, &PLACEMENTS)?;
    let (mut jobs, mut nodes) = (Finder::new(job_names), Finder::new(fleet.names()));
    while let Some(batch) = reader.next()? {
        let [job_cells, node_cells, starts, counts, devices] =
            ["job", "node", "start", "count", "devices"].map(|name| batch.column(name));
        for row in batch.rows() {
            let begins = if start == Start::Needed { starts.need_time(row)? } else { Timestamp(0) };
            let placed = Row {
                job: job_cells.need(row, |name| jobs.job(name))?,
                tile: node_cells.need(row, |name| nodes.tile(name, fleet))?,
                count: counts.narrow(row).unwrap_or(1),
                devices: devices.integer(row).unwrap_or(0),
            };
            each(placed, begins);
        }
    }
    Ok(())
}

/// Writes the placements of a plan.
///
/// # Errors
/// A file that cannot be written.
pub fn write_placements(path: &Path, instance: &Instance, placements: &[Placement]) -> Result<(), DatasetError> {
    write_table(path, &PLACEMENTS, placements.len(), |rows, columns| {
        let placements = &placements[rows];
        put_names(columns, instance, placements.iter().map(|placement| (placement.job, placement.tile)));
        columns.time("start", placements.iter().map(|placement| Some(placement.start)));
        columns.integer("count", placements.iter().map(|placement| Some(placement.count.into())));
        columns.devices("devices", placements.iter().map(|placement| placement.devices));
    })
}

/// Writes what runs now.
///
/// # Errors
/// A file that cannot be written.
pub fn write_current(path: &Path, instance: &Instance) -> Result<(), DatasetError> {
    write_table(path, &PLACEMENTS, instance.current().len(), |rows, columns| {
        let current = &instance.current()[rows];
        put_names(columns, instance, current.iter().map(|placement| (placement.job, placement.tile)));
        columns.integer("count", current.iter().map(|placement| Some(placement.count.into())));
        columns.devices("devices", current.iter().map(|placement| placement.devices));
    })
}

fn put_names(columns: &mut Columns, instance: &Instance, pairs: impl Iterator<Item = (JobIndex, NodeIndex)> + Clone) {
    columns.text("job", pairs.clone().map(|(job, _)| Some(instance.job_name(job))));
    columns.text("node", pairs.map(|(_, tile)| Some(instance.fleet().name(tile))));
}
