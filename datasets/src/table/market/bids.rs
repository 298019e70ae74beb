//! Table `bids`: a book, one row for each good of each bid.

use std::collections::HashMap;
use std::path::Path;

use lessor_models::fleet::Fleet;
use lessor_models::job::ServiceClass;

use super::goods::{BidGood, GoodCells, write_goods};
use crate::table::error::{DatasetError, Problem};
use crate::table::sink::write_table;
use crate::table::spec::ColumnType::{Amount, Flag, Text, Time};
use crate::table::spec::{TableSpec, optional, required};
use crate::table::stated::{Batches, TableSource};
use crate::table::words::Owners;

/// The schema of `bids.parquet`.
pub const BIDS: TableSpec = TableSpec {
    name: "bids",
    row: "one good of the bundle that a bid is for; the rows of a bid follow one another",
    columns: &[
        required("bid", Text, "name of the bid"),
        required("bidder", Text, "who bids; the same in all rows of a bid"),
        optional(
            "group",
            Text,
            "name of an XOR group of the bidder, of whose bids one wins at most; NULL: the bid is alone",
        ),
        required("service", Text, "service class of the bidder: A, B, C or D; the policy says who trades"),
        required(
            "amount",
            Amount,
            "the most that the bidder pays for the whole bundle, in micro-credits; the same in all rows of a bid",
        ),
        required("owner", Text, "name of a node or a zone"),
        required("owner_type", Text, "node or zone"),
        required("kind", Text, "compute, memory, bandwidth, power, heat, accelerator, storage or reversible"),
        required("quantity", Amount, "how much of the account, in base units of the kind; above 0"),
        required("start", Time, "first instant of the term"),
        required("end", Time, "first instant after the term"),
        optional(
            "divisible",
            Flag,
            "whether a part is welcome at a part of the amount; the same in all rows of a bid; NULL: all or nothing",
        ),
    ],
};

/// A bid as the table states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BidRows {
    /// Its name.
    pub name: String,
    /// Who bids.
    pub bidder: String,
    /// Its XOR group, if it is in one.
    pub group: Option<String>,
    /// The service class of the bidder.
    pub service: ServiceClass,
    /// The most that the bidder pays, in micro-credits.
    pub amount: u64,
    /// What the bundle holds, at least one good, no account twice at one instant.
    pub goods: Vec<BidGood>,
    /// Whether a part of it is welcome.
    pub is_divisible: bool,
    /// The row of its first good.
    pub row: usize,
}

/// Reads a book, in table order, from a file or as a caller states it.
///
/// # Errors
/// The first defect found, with its row and column: money in floating point, an amount below zero or beyond 2^53, a good
/// that the fleet does not have, one account twice at one instant, a bid whose rows disagree, and a name of two bids.
pub fn read_bids<'p>(source: impl Into<TableSource<'p>>, fleet: &Fleet) -> Result<Vec<BidRows>, DatasetError> {
    let mut reader = Batches::open(source.into(), &BIDS)?;
    let mut owners = Owners::new(fleet);
    let mut bids: Vec<BidRows> = Vec::new();
    let mut seen: HashMap<String, usize> = HashMap::new();
    while let Some(batch) = reader.next()? {
        let [name, bidder, group, service, amount, divisible] =
            ["bid", "bidder", "group", "service", "amount", "divisible"].map(|name| batch.column(name));
        let goods = GoodCells::of(&batch);
        for row in batch.rows() {
            let good = goods.read(&mut owners, row, "is 0; a good of a bundle is more than nothing")?;
            let file_row = batch.file_row(row);
            let bid = BidRows {
                name: name.need_text(row)?.to_owned(),
                bidder: bidder.need_text(row)?.to_owned(),
                group: group.text(row).map(str::to_owned),
                service: service.need_word(row, &ServiceClass::ALL, ServiceClass::name)?,
                amount: amount.need_integer(row)?,
                goods: vec![good],
                is_divisible: divisible.flag(row).unwrap_or(false),
                row: file_row,
            };
            if bid.name.is_empty() || bid.bidder.is_empty() {
                let cell = if bid.name.is_empty() { name } else { bidder };
                return Err(cell.refuse(row, Problem::EmptyName));
            }
            match bids.last_mut().filter(|last| last.name == bid.name) {
                Some(last) => {
                    if let Some((column, problem)) = disagreement(last, &bid, good) {
                        return Err(batch.refuse(row, column, problem));
                    }
                    last.goods.push(good);
                }
                None => {
                    if let Some(first) = seen.insert(bid.name.clone(), file_row) {
                        return Err(name.refuse(row, Problem::Repeated { name: bid.name, first }));
                    }
                    bids.push(bid);
                }
            }
        }
    }
    Ok(bids)
}

/// The first column in which a further row of a bid cannot follow those before it.
fn disagreement(last: &BidRows, row: &BidRows, good: BidGood) -> Option<(&'static str, Problem)> {
    let same = Problem::Model("differs from the row before, which is of the same bid");
    let columns = [
        ("bidder", last.bidder == row.bidder),
        ("group", last.group == row.group),
        ("service", last.service == row.service),
        ("amount", last.amount == row.amount),
        ("divisible", last.is_divisible == row.is_divisible),
    ];
    if let Some((column, _)) = columns.into_iter().find(|(_, agrees)| !agrees) {
        return Some((column, same));
    }
    let twice = Problem::Model("names an account that the bid has at the same time already; add the quantities up");
    last.goods.iter().any(|other| other.meets(&good)).then_some(("owner", twice))
}

/// Writes a book.
///
/// # Errors
/// A file that cannot be written.
pub fn write_bids(path: &Path, fleet: &Fleet, bids: &[BidRows]) -> Result<(), DatasetError> {
    let rows: Vec<(&BidRows, &BidGood)> =
        bids.iter().flat_map(|bid| bid.goods.iter().map(move |good| (bid, good))).collect();
    write_table(path, &BIDS, rows.len(), |range, columns| {
        let rows = &rows[range];
        columns.text("bid", rows.iter().map(|(bid, _)| Some(bid.name.as_str())));
        columns.text("bidder", rows.iter().map(|(bid, _)| Some(bid.bidder.as_str())));
        columns.text("group", rows.iter().map(|(bid, _)| bid.group.as_deref()));
        columns.text("service", rows.iter().map(|(bid, _)| Some(bid.service.name())));
        columns.integer("amount", rows.iter().map(|(bid, _)| Some(bid.amount)));
        write_goods(columns, fleet, rows.iter().map(|(_, good)| *good));
        columns.flag("divisible", rows.iter().map(|(bid, _)| Some(bid.is_divisible)));
    })
}
