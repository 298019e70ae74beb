//! Table `revocations`: leases that the lessor ended before their term.

use std::path::Path;

use lessor_models::time::{Interval, Timestamp};

use crate::table::error::{DatasetError, Problem};
use crate::table::plan::interval;
use crate::table::sink::write_table;
use crate::table::spec::ColumnType::{Amount, Text, Time};
use crate::table::spec::{TableSpec, optional, required};
use crate::table::stated::{Batches, TableSource};

/// The schema of `revocations.parquet`.
pub const REVOCATIONS: TableSpec = TableSpec {
    name: "revocations",
    row: "a lease that the lessor ended before its term, which its holder is paid for",
    columns: &[
        required("holder", Text, "whose lease it was"),
        required("paid", Amount, "what the holder paid for the whole term, in micro-credits"),
        required("start", Time, "first instant of the term"),
        required("end", Time, "first instant after the term"),
        required("revoked", Time, "when it was ended; within the term"),
        optional("seller", Text, "who was paid for it, and gives back what is refunded; NULL: the fleet"),
    ],
};

/// A lease that was ended before its term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevocationRow {
    /// Whose it was.
    pub holder: String,
    /// What was paid for the whole term, in micro-credits.
    pub paid: u64,
    /// The term.
    pub term: Interval,
    /// When it was ended.
    pub revoked: Timestamp,
    /// Who was paid for it; `None`: the fleet.
    pub seller: Option<String>,
}

/// Reads revocations, in table order, from a file or as a caller states them.
///
/// # Errors
/// The first defect found, with its row and column.
pub fn read_revocations<'p>(source: impl Into<TableSource<'p>>) -> Result<Vec<RevocationRow>, DatasetError> {
    let mut reader = Batches::open(source.into(), &REVOCATIONS)?;
    let mut revocations = Vec::with_capacity(reader.row_count());
    while let Some(batch) = reader.next()? {
        let [holder, paid, revoked, seller] = ["holder", "paid", "revoked", "seller"].map(|name| batch.column(name));
        let window = ["start", "end"].map(|name| batch.column(name));
        for row in batch.rows() {
            let read = RevocationRow {
                holder: holder.need_text(row)?.to_owned(),
                paid: paid.need_integer(row)?,
                term: interval(window, row)?,
                revoked: revoked.need_time(row)?,
                seller: seller.text(row).map(str::to_owned),
            };
            if read.holder.is_empty() {
                return Err(holder.refuse(row, Problem::EmptyName));
            }
            if read.seller.as_deref() == Some("") {
                return Err(seller.refuse(row, Problem::EmptyOrNull));
            }
            if read.revoked < read.term.start || read.term.end < read.revoked {
                return Err(revoked.refuse(row, Problem::Model("is outside of the term")));
            }
            revocations.push(read);
        }
    }
    Ok(revocations)
}

/// Writes revocations.
///
/// # Errors
/// A file that cannot be written.
pub fn write_revocations(path: &Path, revocations: &[RevocationRow]) -> Result<(), DatasetError> {
    write_table(path, &REVOCATIONS, revocations.len(), |rows, columns| {
        let revocations = &revocations[rows];
        columns.text("holder", revocations.iter().map(|row| Some(row.holder.as_str())));
        columns.integer("paid", revocations.iter().map(|row| Some(row.paid)));
        columns.time("start", revocations.iter().map(|row| Some(row.term.start)));
        columns.time("end", revocations.iter().map(|row| Some(row.term.end)));
        columns.time("revoked", revocations.iter().map(|row| Some(row.revoked)));
        columns.text("seller", revocations.iter().map(|row| row.seller.as_deref()));
    })
}
