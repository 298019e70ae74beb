//! Table `entries`: what a ledger of credits posted, for an audit.

use std::path::Path;

use crate::table::error::DatasetError;
use crate::table::sink::write_table;
use crate::table::source::TableReader;
use crate::table::spec::ColumnType::{Amount, Text, U64};
use crate::table::spec::{TableSpec, required};

/// The schema of `entries.parquet`.
pub const ENTRIES: TableSpec = TableSpec {
    name: "entries",
    row: "money that moved from one party to another; what all parties have adds up to zero after every row",
    columns: &[
        required("sequence", U64, "number of the entry, one above that of the row before"),
        required("round", U64, "the round that it settles"),
        required("from", Text, "who gives: issuer, operator, holder:NAME or seller:NAME"),
        required("to", Text, "who gets, written likewise"),
        required("amount", Amount, "how much, in micro-credits"),
        required("purpose", Text, "issue, withdrawal, payment, proceeds, fee, return, refund or compensation"),
    ],
};

/// An entry of a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRow {
    /// Its number.
    pub sequence: u64,
    /// The round.
    pub round: u64,
    /// Who gives.
    pub from: String,
    /// Who gets.
    pub to: String,
    /// How much, in micro-credits.
    pub amount: u64,
    /// What for.
    pub purpose: String,
}

/// Reads entries, in table order.
///
/// # Errors
/// The first defect found, with its row and column.
pub fn read_entries(path: &Path) -> Result<Vec<EntryRow>, DatasetError> {
    let mut reader = TableReader::open(path, &ENTRIES)?;
    let mut entries = Vec::with_capacity(reader.row_count());
    while let Some(batch) = reader.next()? {
        let [sequence, round, amount] = ["sequence", "round", "amount"].map(|name| batch.column(name));
        let [from, to, purpose] = ["from", "to", "purpose"].map(|name| batch.column(name));
        for row in batch.rows() {
            entries.push(EntryRow {
                sequence: sequence.need_integer(row)?,
                round: round.need_integer(row)?,
                from: from.need_text(row)?.to_owned(),
                to: to.need_text(row)?.to_owned(),
                amount: amount.need_integer(row)?,
                purpose: purpose.need_text(row)?.to_owned(),
            });
        }
    }
    Ok(entries)
}

/// Writes entries.
///
/// # Errors
/// A file that cannot be written.
pub fn write_entries(path: &Path, entries: &[EntryRow]) -> Result<(), DatasetError> {
    write_table(path, &ENTRIES, entries.len(), |rows, columns| {
        let entries = &entries[rows];
        columns.integer("sequence", entries.iter().map(|entry| Some(entry.sequence)));
        columns.integer("round", entries.iter().map(|entry| Some(entry.round)));
        columns.text("from", entries.iter().map(|entry| Some(entry.from.as_str())));
        columns.text("to", entries.iter().map(|entry| Some(entry.to.as_str())));
        columns.integer("amount", entries.iter().map(|entry| Some(entry.amount)));
        columns.text("purpose", entries.iter().map(|entry| Some(entry.purpose.as_str())));
    })
}
