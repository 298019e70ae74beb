//! Table `posted`: posted prices, from one round to the next.

use std::collections::HashMap;
use std::path::Path;

use lessor_models::fleet::{Fleet, Owner};
use lessor_models::resources::Kind;

use crate::table::error::{DatasetError, Problem};
use crate::table::sink::write_table;
use crate::table::spec::ColumnType::{Amount, Text, U64};
use crate::table::spec::{TableSpec, optional, required};
use crate::table::stated::{Batches, TableSource};
use crate::table::words::{Owners, owner_type};

/// The schema of `posted.parquet`.
pub const POSTED: TableSpec = TableSpec {
    name: "posted",
    row: "the posted price of one account, as a round leaves it to the next",
    columns: &[
        required("owner", Text, "name of a node or a zone"),
        required("owner_type", Text, "node or zone"),
        required("kind", Text, "compute, memory, bandwidth, power, heat, accelerator, storage or reversible"),
        required("price", U64, "in 2^-56 micro-credits per base unit and second"),
        optional("excess", Amount, "logarithm of what was asked for over the target, smoothed, in 2^-20; NULL: 0"),
        optional("shortfall", Amount, "the same below the target, as a number above zero; NULL: 0"),
    ],
};

/// The posted price of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PostedRow {
    /// Whose account.
    pub owner: Owner,
    /// Of which kind.
    pub kind: Kind,
    /// The price, in 2^-56 micro-credits per base unit and second.
    pub price: u64,
    /// The smoothed excess that it was steered by, in 2^-20; below zero where less than the target was asked for.
    pub excess: i64,
}

/// Reads posted prices, in table order, from a file or as a caller states them.
///
/// # Errors
/// The first defect found, with its row and column: an account that the fleet does not have or that is named twice, and one both
/// above its target and below it.
pub fn read_posted<'p>(source: impl Into<TableSource<'p>>, fleet: &Fleet) -> Result<Vec<PostedRow>, DatasetError> {
    let mut reader = Batches::open(source.into(), &POSTED)?;
    let mut owners = Owners::new(fleet);
    let mut posted = Vec::with_capacity(reader.row_count());
    let mut seen: HashMap<(Owner, Kind), usize> = HashMap::new();
    while let Some(batch) = reader.next()? {
        let [owner, owner_type, kind, price] = ["owner", "owner_type", "kind", "price"].map(|name| batch.column(name));
        let [excess, shortfall] = ["excess", "shortfall"].map(|name| batch.column(name));
        for row in batch.rows() {
            let [above, below] = [excess, shortfall].map(|side| side.integer(row).unwrap_or(0));
            if above > 0 && below > 0 {
                return Err(shortfall.refuse(row, Problem::Model("is above 0, and so is the excess")));
            }
            let signed = |amount: u64| i64::try_from(amount).expect("an amount is at most 2^53");
            let read = PostedRow {
                owner: owners.find(owner_type, owner, row)?,
                kind: kind.need_word(row, &Kind::ALL, Kind::name)?,
                price: price.need_integer(row)?,
                excess: signed(above) - signed(below),
            };
            if let Some(first) = seen.insert((read.owner, read.kind), batch.file_row(row)) {
                let name = format!("{} of {}", read.kind, fleet.owner_name(read.owner));
                return Err(owner.refuse(row, Problem::Repeated { name, first }));
            }
            posted.push(read);
        }
    }
    Ok(posted)
}

/// Writes posted prices.
///
/// # Errors
/// A file that cannot be written.
pub fn write_posted(path: &Path, fleet: &Fleet, posted: &[PostedRow]) -> Result<(), DatasetError> {
    let side = |excess: i64| u64::try_from(excess).ok().filter(|&amount| amount > 0);
    write_table(path, &POSTED, posted.len(), |rows, columns| {
        let posted = &posted[rows];
        columns.text("owner", posted.iter().map(|row| Some(fleet.owner_name(row.owner))));
        columns.text("owner_type", posted.iter().map(|row| Some(owner_type(row.owner))));
        columns.text("kind", posted.iter().map(|row| Some(row.kind.name())));
        columns.integer("price", posted.iter().map(|row| Some(row.price)));
        columns.integer("excess", posted.iter().map(|row| side(row.excess)));
        columns.integer("shortfall", posted.iter().map(|row| side(row.excess.saturating_neg())));
    })
}
