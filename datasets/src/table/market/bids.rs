//! Table `bids`: a book, one row for each good of each bid.

use std::collections::HashMap;
use std::path::Path;

use lessor_models::fleet::{Fleet, Owner};
use lessor_models::job::ServiceClass;
use lessor_models::time::Interval;

use super::goods::{AnywhereGoods, BidGood, GoodCells, NodeGood, Places, cells, write_goods};
use crate::table::error::{DatasetError, Problem};
use crate::table::sink::write_table;
use crate::table::spec::ColumnType::{Amount, Flag, Text, Time};
use crate::table::spec::{TableSpec, optional, required};
use crate::table::stated::{Batches, TableSource};

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
        required("owner", Text, "name of a node or a zone; with a level, of a node that the class is below"),
        required(
            "owner_type",
            Text,
            "node, zone, or a level (tile, cell, cluster or region): any node of it below the owner will do",
        ),
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

/// What is wrong with a quantity of nothing.
const NOTHING: &str = "is 0; a good of a bundle is more than nothing";

/// What is wrong with a part of what is wanted at one node, whichever.
const WHOLE: &str = "is true, and a row states a level; such a bid is whole: leave this out, or name the node";

/// What is wrong with a second node class.
const ANOTHER_CLASS: &str = "is of another node class than a row before of the same bid, all of which mean one node; state the \
                             same owner and level, or bid for the other apart";

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
    /// What the bundle holds of accounts that it names, no account twice at one instant.
    pub goods: Vec<BidGood>,
    /// What it holds at any one node of a class. A bundle holds at least one good.
    pub anywhere: Option<AnywhereGoods>,
    /// Whether a part of it is welcome.
    pub is_divisible: bool,
    /// The row of its first good.
    pub row: usize,
}

/// Reads a book, in table order, from a file or as a caller states it.
///
/// # Errors
/// The first defect found, with its row and column: money in floating point, an amount below zero or beyond 2^53, a good
/// that the fleet does not have, one account twice at one instant, an empty name, a bid whose rows disagree, a name of two bids, a
/// level that no node below the owner has, a second node class, and one whose parts are welcome.
pub fn read_bids<'p>(source: impl Into<TableSource<'p>>, fleet: &Fleet) -> Result<Vec<BidRows>, DatasetError> {
    let mut reader = Batches::open(source.into(), &BIDS)?;
    let mut places = Places::new(fleet);
    let mut bids: Vec<BidRows> = Vec::new();
    let mut seen: HashMap<String, usize> = HashMap::new();
    while let Some(batch) = reader.next()? {
        let [name, bidder, group, service, amount, divisible] =
            ["bid", "bidder", "group", "service", "amount", "divisible"].map(|name| batch.column(name));
        let goods = GoodCells::of(&batch);
        for row in batch.rows() {
            let (named, anywhere) = match goods.class(&mut places, row)? {
                Some(class) => (None, Some(AnywhereGoods { class, goods: vec![goods.need(row, NOTHING)?] })),
                None => (Some(goods.read(&mut places.owners, row, NOTHING)?), None),
            };
            let file_row = batch.file_row(row);
            let bid = BidRows {
                name: name.need_text(row)?.to_owned(),
                bidder: bidder.need_text(row)?.to_owned(),
                group: group.text(row).map(str::to_owned),
                service: service.need_word(row, &ServiceClass::ALL, ServiceClass::name)?,
                amount: amount.need_integer(row)?,
                goods: named.into_iter().collect(),
                anywhere,
                is_divisible: divisible.flag(row).unwrap_or(false),
                row: file_row,
            };
            if bid.name.is_empty() || bid.bidder.is_empty() {
                let cell = if bid.name.is_empty() { name } else { bidder };
                return Err(cell.refuse(row, Problem::EmptyName));
            }
            if bid.group.as_deref() == Some("") {
                return Err(group.refuse(row, Problem::EmptyOrNull));
            }
            if bid.is_divisible && bid.anywhere.is_some() {
                return Err(divisible.refuse(row, Problem::Model(WHOLE)));
            }
            match bids.last_mut().filter(|last| last.name == bid.name) {
                Some(last) => {
                    if let Some((column, problem)) = disagreement(last, &bid) {
                        return Err(batch.refuse(row, column, problem));
                    }
                    last.take_in(bid);
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

impl BidRows {
    /// The terms of all of its goods.
    pub fn terms(&self) -> impl Iterator<Item = Interval> + '_ {
        let at_nodes = self.anywhere.iter().flat_map(|anywhere| &anywhere.goods).map(|good| good.interval);
        self.goods.iter().map(|good| good.interval).chain(at_nodes)
    }

    /// Takes in the good of a further row.
    fn take_in(&mut self, row: BidRows) {
        self.goods.extend(row.goods);
        match (&mut self.anywhere, row.anywhere) {
            (Some(anywhere), Some(more)) => anywhere.goods.extend(more.goods),
            (anywhere, more) => *anywhere = anywhere.take().or(more),
        }
    }

    /// The goods as the table has them, those that are named first: the owner, its type, and what is wanted there.
    fn cells(&self) -> impl Iterator<Item = (Owner, &'static str, NodeGood)> + '_ {
        let at_nodes = self.anywhere.iter().flat_map(|AnywhereGoods { class, goods }| {
            goods.iter().map(|&good| (Owner::Node(class.under), class.level.name(), good))
        });
        self.goods.iter().map(cells).chain(at_nodes)
    }
}

/// The first column in which a further row of a bid cannot follow those before it.
fn disagreement(last: &BidRows, row: &BidRows) -> Option<(&'static str, Problem)> {
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
    let (before, further) = (last.anywhere.as_ref(), row.anywhere.as_ref());
    if let Some((before, further)) = before.zip(further).filter(|(before, further)| before.class != further.class) {
        let column = if before.class.level == further.class.level { "owner" } else { "owner_type" };
        return Some((column, Problem::Model(ANOTHER_CLASS)));
    }
    let twice = Problem::Model("names an account that the bid has at the same time already; add the quantities up");
    let meets = |good: &BidGood| last.goods.iter().any(|other| other.meets(good));
    let meets_at_node = |good: &NodeGood| before.is_some_and(|all| all.goods.iter().any(|other| other.meets(good)));
    let is_twice = row.goods.iter().any(meets) || further.is_some_and(|all| all.goods.iter().any(meets_at_node));
    is_twice.then_some(("owner", twice))
}

/// Writes a book.
///
/// # Errors
/// A file that cannot be written.
pub fn write_bids(path: &Path, fleet: &Fleet, bids: &[BidRows]) -> Result<(), DatasetError> {
    let rows: Vec<_> = bids.iter().flat_map(|bid| bid.cells().map(move |good| (bid, good))).collect();
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
