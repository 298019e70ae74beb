//! Table `move_costs`: what moves from under one node to under another cost beside what a job states.

use std::collections::BTreeMap;
use std::path::Path;

use lessor_models::fleet::{Fleet, NodeIndex};

use super::zones::Rows;
use crate::table::error::DatasetError;
use crate::table::sink::write_table;
use crate::table::source::TableReader;
use crate::table::spec::ColumnType::{Amount, Text};
use crate::table::spec::{TableSpec, required};
use crate::table::words::unknown;

/// The schema of `move_costs.parquet`.
pub const MOVE_COSTS: TableSpec = TableSpec {
    name: "move_costs",
    row: "what moving a capsule from under one node to under another costs",
    columns: &[
        required("from", Text, "name of a node: a tile, or what is above some"),
        required("to", Text, "name of a node"),
        required("cost", Amount, "micro-credits for each capsule, beside what its job states; of equal pairs the last"),
    ],
};

/// Reads the costs by pair of nodes.
pub(crate) fn read_move_costs(
    path: &Path,
    node_names: &[String],
) -> Result<BTreeMap<(NodeIndex, NodeIndex), u64>, DatasetError> {
    let mut reader = TableReader::open(path, &MOVE_COSTS)?;
    let (mut from_rows, mut to_rows) = (Rows::new(node_names), Rows::new(node_names));
    let mut costs = BTreeMap::new();
    while let Some(batch) = reader.next()? {
        let [from, to, cost] = ["from", "to", "cost"].map(|name| batch.column(name));
        for row in batch.rows() {
            let node = |found: Option<u32>, name: &str| found.ok_or_else(|| unknown("node", name, "nodes"));
            let from = from.need(row, |name| node(from_rows.find(name), name))?;
            let to = to.need(row, |name| node(to_rows.find(name), name))?;
            costs.insert((NodeIndex(from), NodeIndex(to)), cost.need_integer(row)?);
        }
    }
    Ok(costs)
}

/// Writes the costs of a fleet by pair of nodes.
///
/// # Errors
/// A file that cannot be written.
pub fn write_move_costs(path: &Path, fleet: &Fleet) -> Result<(), DatasetError> {
    let costs: Vec<((NodeIndex, NodeIndex), u64)> =
        fleet.move_costs().iter().map(|(&pair, &cost)| (pair, cost)).collect();
    write_table(path, &MOVE_COSTS, costs.len(), |rows, columns| {
        let costs = &costs[rows];
        columns.text("from", costs.iter().map(|((from, _), _)| Some(fleet.name(*from))));
        columns.text("to", costs.iter().map(|((_, to), _)| Some(fleet.name(*to))));
        columns.integer("cost", costs.iter().map(|&(_, cost)| Some(cost)));
    })
}
