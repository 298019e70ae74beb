//! Table `moves`: changes of placement in an order that can be carried out.

use std::path::Path;

use lessor_models::instance::Instance;
use lessor_models::plan::Move;

use super::error::DatasetError;
use super::sink::write_table;
use super::source::TableReader;
use super::spec::ColumnType::{Text, U32, U64};
use super::spec::{TableSpec, optional, required};
use super::words::Finder;

/// The schema of `moves.parquet`.
pub const MOVES: TableSpec = TableSpec {
    name: "moves",
    row: "one change of placement",
    columns: &[
        required("order", U64, "position in the safe order, from 0"),
        required("job", Text, "name of a job"),
        required("from", Text, "name of the tile left"),
        optional("to", Text, "name of the tile entered; NULL: the capsules stop"),
        required("count", U32, "capsules"),
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
        let [orders, job, from, to, count] = ["order", "job", "from", "to", "count"].map(|name| batch.column(name));
        for row in batch.rows() {
            let change = Move {
                job: job.need(row, |name| jobs.job(name))?,
                from: from.need(row, |name| nodes.tile(name, fleet))?,
                to: to.parse(row, |name| nodes.tile(name, fleet))?,
                count: count.need_narrow(row)?,
            };
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
        columns.text("from", moves.iter().map(|change| Some(fleet.name(change.from))));
        columns.text("to", moves.iter().map(|change| change.to.map(|tile| fleet.name(tile))));
        columns.integer("count", moves.iter().map(|change| Some(change.count.into())));
    })
}
