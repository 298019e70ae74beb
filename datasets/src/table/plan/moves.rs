//! Table `moves`: changes of placement in waves that can be carried out.

use std::path::Path;

use lessor_models::instance::Instance;
use lessor_models::plan::{Move, Seat, Stage};

use crate::table::cells::Cells;
use crate::table::error::DatasetError;
use crate::table::sink::write_table;
use crate::table::source::TableReader;
use crate::table::spec::ColumnType::{Devices, Text, U32, U64};
use crate::table::spec::{TableSpec, optional, required};
use crate::table::words::Finder;

/// The schema of `moves.parquet`.
pub const MOVES: TableSpec = TableSpec {
    name: "moves",
    row: "one change of placement",
    columns: &[
        required("order", U64, "position in the safe order, from 0"),
        required(
            "wave",
            U32,
            "the wave, from 0: its rows may be under way at once, and end before the next wave begins",
        ),
        required(
            "stage",
            Text,
            "go: from one tile to the other; pause: they leave the first, to enter the second in a later wave; resume: they \
             enter it; stop: they leave for good",
        ),
        required("job", Text, "name of a job"),
        required("from", Text, "name of the tile left; of a row that resumes, the tile left when they paused"),
        optional("from_devices", Devices, "devices that each of them held there; NULL or empty: none"),
        optional("to", Text, "name of the tile entered, or to be entered after a pause; NULL where they stop"),
        optional("to_devices", Devices, "devices that each of them holds there; NULL or empty: none"),
        required("count", U32, "capsules, at least 1"),
    ],
};

/// Reads moves, in their safe order.
///
/// # Errors
/// The first defect found, with its row and column.
pub fn read_moves(path: &Path, instance: &Instance) -> Result<Vec<Move>, DatasetError> {
    let mut reader = TableReader::open(path, &MOVES)?;
    let fleet = instance.fleet();
    let (mut jobs, mut nodes) = (Finder::new(instance.job_names()), Finder::new(fleet.names()));
    let mut moves = Vec::with_capacity(reader.row_count());
    while let Some(batch) = reader.next()? {
        let [orders, job, count] = ["order", "job", "count"].map(|name| batch.column(name));
        let [waves, stages] = ["wave", "stage"].map(|name| batch.column(name));
        let ends = [["from", "from_devices"], ["to", "to_devices"]].map(|end| end.map(|name| batch.column(name)));
        for row in batch.rows() {
            let seat = |tile, devices: Cells<'_>| Seat { tile, devices: devices.integer(row).unwrap_or(0) };
            let from = seat(ends[0][0].need(row, |name| nodes.tile(name, fleet))?, ends[0][1]);
            let to = ends[1][0].parse(row, |name| nodes.tile(name, fleet))?.map(|tile| seat(tile, ends[1][1]));
            let (wave, stage) = (waves.need_narrow(row)?, stages.need_word(row, &Stage::ALL, Stage::name)?);
            let (job, count) = (job.need(row, |name| jobs.job(name))?, count.need_narrow(row)?);
            moves.push((orders.need_integer(row)?, Move { wave, stage, job, from, to, count }));
        }
    }
    moves.sort_by_key(|&(order, _)| order);
    Ok(moves.into_iter().map(|(_, change)| change).collect())
}

/// Writes moves in the order given.
///
/// # Errors
/// A file that cannot be written.
pub fn write_moves(path: &Path, instance: &Instance, moves: &[Move]) -> Result<(), DatasetError> {
    let fleet = instance.fleet();
    write_table(path, &MOVES, moves.len(), |rows, columns| {
        let moves = &moves[rows.clone()];
        columns.integer("order", rows.map(|row| u64::try_from(row).ok()));
        columns.integer("wave", moves.iter().map(|change| Some(change.wave.into())));
        columns.text("stage", moves.iter().map(|change| Some(change.stage.name())));
        columns.text("job", moves.iter().map(|change| Some(instance.job_name(change.job))));
        columns.text("from", moves.iter().map(|change| Some(fleet.name(change.from.tile))));
        columns.devices("from_devices", moves.iter().map(|change| change.from.devices));
        columns.text("to", moves.iter().map(|change| change.to.map(|to| fleet.name(to.tile))));
        columns.devices("to_devices", moves.iter().map(|change| change.to.map_or(0, |to| to.devices)));
        columns.integer("count", moves.iter().map(|change| Some(change.count.into())));
    })
}
