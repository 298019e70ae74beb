//! Table `placements`: which capsules are on which tile, as they run now or as a plan places them.

use std::path::Path;

use lessor_models::draw;
use lessor_models::fleet::NodeIndex;
use lessor_models::instance::Instance;
use lessor_models::job::JobIndex;
use lessor_models::plan::{CurrentPlacement, Placement};
use lessor_models::time::Timestamp;

use crate::table::cells::Cells;
use crate::table::error::DatasetError;
use crate::table::sink::{Columns, write_table};
use crate::table::source::TableReader;
use crate::table::spec::ColumnType::{Devices, Text, Time, U32};
use crate::table::spec::{TableSpec, optional, required};
use crate::table::words::Finder;

/// The schema of `placements.parquet`.
pub const PLACEMENTS: TableSpec = TableSpec {
    name: "placements",
    row: "equal capsules of one job on one tile, started together",
    columns: &[
        required("job", Text, "name of a job"),
        required("node", Text, "name of a tile"),
        optional("start", Time, "when they start; needed in a plan; where the table says what runs now, see below"),
        optional("count", U32, "capsules; 1 where devices are held; NULL: 1"),
        optional("devices", Devices, "devices of the tile held, each from 0 to 63; NULL or empty: none"),
    ],
};

/// One row of the table, its names resolved.
struct PlacementRow {
    job: JobIndex,
    tile: NodeIndex,
    count: u32,
    devices: u64,
}

/// What a table says of the time before a plan, in table order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Before {
    /// What runs.
    pub running: Vec<CurrentPlacement>,
    /// What an earlier plan has yet to start.
    pub queued: Vec<Placement>,
}

/// Reads what runs now. A table of a plan can be read as well.
///
/// A row without `start` runs. One with `start` is of a plan: it runs if it covers the first instant at which any job of the
/// instance may start, and is queued if it starts later. It is passed over if it has ended, or if its job or its tile is gone.
///
/// # Errors
/// The first defect found, with its row and column. What [`Instance::with_current`] checks is left to it.
pub fn read_current(path: &Path, instance: &Instance) -> Result<Before, DatasetError> {
    let mut before = Before::default();
    let now = instance.horizon().start;
    read_rows(path, instance, |row, start, at| {
        let PlacementRow { job, tile, count, devices } = match (row, start.time(at)) {
            (Ok(row), Some(start)) if start > now => {
                let PlacementRow { job, tile, count, devices } = row;
                before.queued.push(Placement { job, tile, start, count, devices });
                return Ok(());
            }
            (Ok(row), Some(start)) if !covers(instance, &row, start, now) => return Ok(()),
            (Err(_), Some(_)) => return Ok(()),
            (row, _) => row?,
        };
        before.running.push(CurrentPlacement { job, tile, count, devices });
        Ok(())
    })?;
    Ok(before)
}

/// Whether capsules that start then run at an instant.
fn covers(instance: &Instance, row: &PlacementRow, start: Timestamp, at: Timestamp) -> bool {
    let class = instance.fleet().class_of(row.tile).expect("the row names a tile");
    let term = draw::term(&instance.jobs()[row.job.at()], &instance.fleet().classes()[class.at()]);
    start <= at && at < start.after(term)
}

/// Reads the placements of a plan, in table order.
///
/// # Errors
/// The first defect found, with its row and column.
pub fn read_placements(path: &Path, instance: &Instance) -> Result<Vec<Placement>, DatasetError> {
    let mut placements = Vec::new();
    read_rows(path, instance, |row, start, at| {
        let start = start.need_time(at)?;
        let PlacementRow { job, tile, count, devices } = row?;
        placements.push(Placement { job, tile, start, count, devices });
        Ok(())
    })?;
    Ok(placements)
}

/// Calls back with each row, or with what is wrong with its names, and with the column of starts and its place there.
fn read_rows(
    path: &Path,
    instance: &Instance,
    mut each: impl FnMut(Result<PlacementRow, DatasetError>, &Cells<'_>, usize) -> Result<(), DatasetError>,
) -> Result<(), DatasetError> {
    let fleet = instance.fleet();
    let mut reader = TableReader::open(path, &PLACEMENTS)?;
    let (mut jobs, mut nodes) = (Finder::new(instance.job_names()), Finder::new(fleet.names()));
    while let Some(batch) = reader.next()? {
        let [job_cells, node_cells, starts, counts, devices] =
            ["job", "node", "start", "count", "devices"].map(|name| batch.column(name));
        for row in batch.rows() {
            let mut placed = || {
                Ok(PlacementRow {
                    job: job_cells.need(row, |name| jobs.job(name))?,
                    tile: node_cells.need(row, |name| nodes.tile(name, fleet))?,
                    count: counts.narrow(row).unwrap_or(1),
                    devices: devices.integer(row).unwrap_or(0),
                })
            };
            each(placed(), &starts, row)?;
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

/// Writes what runs now, without starts, and then what an earlier plan has yet to start.
///
/// # Errors
/// A file that cannot be written.
pub fn write_current(path: &Path, instance: &Instance) -> Result<(), DatasetError> {
    let (current, queued) = (instance.current(), instance.queued());
    write_table(path, &PLACEMENTS, current.len() + queued.len(), |rows, columns| {
        let split = |at: usize| (at.min(current.len()), at.saturating_sub(current.len()));
        let ((first, from), (last, to)) = (split(rows.start), split(rows.end));
        let (current, queued) = (&current[first..last], &queued[from..to]);
        let runs = current.iter().map(|row| (row.job, row.tile));
        put_names(columns, instance, runs.chain(queued.iter().map(|row| (row.job, row.tile))));
        columns.time("start", current.iter().map(|_| None).chain(queued.iter().map(|row| Some(row.start))));
        let counts = current.iter().map(|row| row.count).chain(queued.iter().map(|row| row.count));
        columns.integer("count", counts.map(|count| Some(count.into())));
        columns.devices("devices", current.iter().map(|row| row.devices).chain(queued.iter().map(|row| row.devices)));
    })
}

fn put_names(columns: &mut Columns, instance: &Instance, pairs: impl Iterator<Item = (JobIndex, NodeIndex)> + Clone) {
    columns.text("job", pairs.clone().map(|(job, _)| Some(instance.job_name(job))));
    columns.text("node", pairs.map(|(_, tile)| Some(instance.fleet().name(tile))));
}
