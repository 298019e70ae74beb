//! Table `posted`: posted prices, from one round to the next.

use std::collections::HashMap;
use std::path::Path;

use lessor_models::account_prices::SWING_ROUNDS;
use lessor_models::fleet::{Fleet, Owner};
use lessor_models::resources::Kind;

use crate::table::error::{DatasetError, Problem};
use crate::table::sink::write_table;
use crate::table::source::Batch;
use crate::table::spec::ColumnType::{Amount, Text, U64};
use crate::table::spec::{TableSpec, optional, required};
use crate::table::stated::{Batches, StatedRow, TableSource};
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
        optional(
            "excesses",
            Text,
            "the same of each of the last rounds, not smoothed, below zero below the target; oldest first, at most 16, \
             with a comma between two; NULL: none",
        ),
    ],
};

/// The posted price of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostedRow {
    /// Whose account.
    pub owner: Owner,
    /// Of which kind.
    pub kind: Kind,
    /// The price, in 2^-56 micro-credits per base unit and second.
    pub price: u64,
    /// The smoothed excess that it was steered by, in 2^-20; below zero where less than the target was asked for.
    pub excess: i64,
    /// The excesses of the last rounds, oldest first, not smoothed; at most [`SWING_ROUNDS`].
    pub excesses: Vec<i64>,
}

/// Reads posted prices, in table order, from a file or as a caller states them.
///
/// # Errors
/// The first defect found, with its row and column: an account that the fleet does not have or that is named twice, and one both
/// above its target and below it; excesses that are no whole numbers, or too many.
pub fn read_posted<'p>(source: impl Into<TableSource<'p>>, fleet: &Fleet) -> Result<Vec<PostedRow>, DatasetError> {
    let mut reader = Batches::open(source.into(), &POSTED)?;
    let mut owners = Owners::new(fleet);
    let mut posted = Vec::with_capacity(reader.row_count());
    let mut seen: HashMap<(Owner, Kind), usize> = HashMap::new();
    while let Some(batch) = reader.next()? {
        let [owner, owner_type, kind, price] = ["owner", "owner_type", "kind", "price"].map(|name| batch.column(name));
        for row in batch.rows() {
            let (excess, excesses) = steered(&batch, row)?;
            let read = PostedRow {
                owner: owners.find(owner_type, owner, row)?,
                kind: kind.need_word(row, &Kind::ALL, Kind::name)?,
                price: price.need_integer(row)?,
                excess,
                excesses,
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

/// What the price of a row as it is stated was steered by: the smoothed excess, and those of the last rounds.
///
/// # Errors
/// A row that [`read_posted`] refuses for them, likewise.
pub fn stated_excesses(stated: &StatedRow<'_>) -> Result<(i64, Vec<i64>), DatasetError> {
    steered(stated.batch, stated.row)
}

/// The smoothed excess of a row, and the excesses of the last rounds.
fn steered(batch: &Batch, row: usize) -> Result<(i64, Vec<i64>), DatasetError> {
    let [excess, shortfall, excesses] = ["excess", "shortfall", "excesses"].map(|name| batch.column(name));
    let [above, below] = [excess, shortfall].map(|side| side.integer(row).unwrap_or(0));
    if above > 0 && below > 0 {
        return Err(shortfall.refuse(row, Problem::Model("is above 0, and so is the excess")));
    }
    let signed = |amount: u64| i64::try_from(amount).expect("an amount is at most 2^53");
    Ok((signed(above) - signed(below), excesses.parse(row, read_excesses)?.unwrap_or_default()))
}

/// Excesses as a cell has them.
fn read_excesses(text: &str) -> Result<Vec<i64>, Problem> {
    let numbers: Result<Vec<i64>, _> = text.split(',').map(str::parse).collect();
    let is_short = |numbers: &Vec<i64>| numbers.len() <= SWING_ROUNDS;
    numbers.ok().filter(is_short).ok_or(Problem::Model("must be at most 16 whole numbers with a comma between two"))
}

/// Excesses as a cell has them; nothing where there are none.
#[must_use]
pub fn excesses_text(excesses: &[i64]) -> Option<String> {
    let numbers: Vec<String> = excesses.iter().map(i64::to_string).collect();
    (!numbers.is_empty()).then(|| numbers.join(","))
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
        let excesses: Vec<Option<String>> = posted.iter().map(|row| excesses_text(&row.excesses)).collect();
        columns.text("excesses", excesses.iter().map(Option::as_deref));
    })
}
