//! Table `moves`: changes of placement in an order that can be carried out.

use std::path::Path;

use lessor_models::instance::Instance;
use lessor_models::plan::{Move, Seat};

use super::cells::Cells;
use super::error::DatasetError;
use super::sink::write_table;
use super::source::TableReader;
use super::spec::ColumnType::{Devices, Text, U32, U64};
use super::spec::{TableSpec, optional, required};
use super::words::Finder;

/// The schema of `moves.parquet`.
pub const MOVES: TableSpec = TableSpec {
    name: "moves",
    row: "one change of placement",
    columns: &[
        required("order", U64, "position in the safe order, from 0"),
        required("job", Text, "name of a job"),
        optional("from", Text, "name of the tile left; NULL: they start again after an earlier row stopped them"),
        optional("from_devices", Devices, "devices that each of them held there; NULL or empty: none"),
        optional("to", Text, "name of the tile entered; NULL: they stop"),
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
        let ends = [["from", "from_devices"], ["to", "to_devices"]].map(|end| end.map(|name| batch.column(name)));
        for row in batch.rows() {
            let mut seat = |[tile, devices]: [Cells<'_>; 2]| -> Result<Option<Seat>, DatasetError> {
                let tile = tile.parse(row, |name| nodes.tile(name, fleet))?;
                Ok(tile.map(|tile| Seat { tile, devices: devices.integer(row).unwrap_or(0) }))
            };
            let (from, to) = (seat(ends[0])?, seat(ends[1])?);
            let job = job.need(row, |name| jobs.job(name))?;
            let change = Move { job, from, to, count: count.need_narrow(row)? };
            moves.push((orders.need_integer(row)?, change));
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
        columns.text("job", moves.iter().map(|change| Some(instance.job_name(change.job))));
        let tile = |seat: Option<Seat>| seat.map(|seat| fleet.name(seat.tile));
        let devices = |seat: Option<Seat>| seat.map_or(0, |seat| seat.devices);
        columns.text("from", moves.iter().map(|change| tile(change.from)));
        columns.devices("from_devices", moves.iter().map(|change| devices(change.from)));
        columns.text("to", moves.iter().map(|change| tile(change.to)));
        columns.devices("to_devices", moves.iter().map(|change| devices(change.to)));
        columns.integer("count", moves.iter().map(|change| Some(change.count.into())));
    })
}
