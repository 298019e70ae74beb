//! Table `prices`: what resources are worth where they are scarce.

use std::path::Path;

use lessor_models::account_prices::PriceError;
use lessor_models::fleet::Fleet;
use lessor_models::instance::Instance;
use lessor_models::plan::Price;
use lessor_models::resources::Kind;
use lessor_models::time::Interval;

use super::words::account_words;
use crate::table::cells::Cells;
use crate::table::error::{DatasetError, Problem};
use crate::table::sink::{Columns, write_table};
use crate::table::source::{Batch, TableReader};
use crate::table::spec::ColumnType::{Text, Time, U64};
use crate::table::spec::{TableSpec, optional, required};
use crate::table::words::{Owners, owner_type};

/// The schema of `prices.parquet`.
pub const PRICES: TableSpec = TableSpec {
    name: "prices",
    row: "the price of one account during one interval",
    columns: &[
        required("owner", Text, "name of a node or a zone"),
        required("owner_type", Text, "node or zone"),
        required("kind", Text, "compute, memory, bandwidth, power, heat, accelerator, storage or reversible"),
        required("start", Time, "first instant of the interval"),
        required("end", Time, "first instant after the interval"),
        required("price", U64, "micro-credits per 10^6 base units of the kind and hour"),
        required("binding", Text, "the binding constraint, in words; not read"),
        optional("reserve", U64, "of a round: the least that is taken, as `price`; NULL in a plan"),
        optional("offered", U64, "of a round: how much there was, in base units; NULL in a plan"),
        optional("sold", U64, "of a round: how much of that was won, in base units; NULL in a plan"),
    ],
};

/// A price of a round, with what there was of the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundPrice {
    /// The price.
    pub price: Price,
    /// The least that is taken, in micro-credits per 10^6 base units and hour.
    pub reserve: u64,
    /// How much there was to win, in base units.
    pub offered: u64,
    /// How much of that was won, of the account itself or through those below it, in base units.
    pub sold: u64,
}

/// Reads prices, in table order.
///
/// # Errors
/// The first defect found, with its row and column.
pub fn read_prices(path: &Path, fleet: &Fleet) -> Result<Vec<Price>, DatasetError> {
    read(path, fleet, |price, _, _| Ok(price))
}

/// Reads the prices of a round, in table order.
///
/// # Errors
/// The first defect found, with its row and column: a price without what there was of the account, as plans have, among them.
pub fn read_round_prices(path: &Path, fleet: &Fleet) -> Result<Vec<RoundPrice>, DatasetError> {
    read(path, fleet, |price, batch, row| {
        let need = |column: &'static str| {
            let cells = batch.column(column);
            let missing = || cells.refuse(row, Problem::Model("is NULL, which it is in a plan; clear the round again"));
            cells.integer(row).ok_or_else(missing)
        };
        Ok(RoundPrice { price, reserve: need("reserve")?, offered: need("offered")?, sold: need("sold")? })
    })
}

/// Reads rows, of each of which something is made beside its price.
fn read<T>(
    path: &Path,
    fleet: &Fleet,
    made: impl Fn(Price, &Batch, usize) -> Result<T, DatasetError>,
) -> Result<Vec<T>, DatasetError> {
    let mut reader = TableReader::open(path, &PRICES)?;
    let mut owners = Owners::new(fleet);
    let mut prices = Vec::with_capacity(reader.row_count());
    while let Some(batch) = reader.next()? {
        let [owner, owner_type, kind, price] = ["owner", "owner_type", "kind", "price"].map(|name| batch.column(name));
        let window = ["start", "end"].map(|name| batch.column(name));
        for row in batch.rows() {
            let price = Price {
                owner: owners.find(owner_type, owner, row)?,
                kind: kind.need_word(row, &Kind::ALL, Kind::name)?,
                interval: interval(window, row)?,
                price: price.need_integer(row)?,
            };
            prices.push(made(price, &batch, row)?);
        }
    }
    Ok(prices)
}

/// The same instance where the use of accounts costs what a table of prices says, and nothing else.
///
/// # Errors
/// The first defect found, with its row and column.
pub fn charge_prices(path: &Path, instance: Instance) -> Result<Instance, DatasetError> {
    let prices = read_prices(path, instance.fleet())?;
    instance.with_prices(&prices).map_err(|PriceError { row, field, problem }| DatasetError::Cell {
        path: path.to_owned(),
        row,
        column: field,
        problem: Box::new(Problem::Model(problem)),
    })
}

/// The interval of a row: not empty.
pub(crate) fn interval(window: [Cells; 2], row: usize) -> Result<Interval, DatasetError> {
    let [start, end] = [window[0].need_time(row)?, window[1].need_time(row)?];
    if end <= start {
        return Err(window[1].refuse(row, Problem::EndsBeforeStart { start: start.0, end: end.0 }));
    }
    Ok(Interval { start, end })
}

/// Writes prices.
///
/// # Errors
/// A file that cannot be written.
pub fn write_prices(path: &Path, fleet: &Fleet, prices: &[Price]) -> Result<(), DatasetError> {
    write_table(path, &PRICES, prices.len(), |rows, columns| {
        let prices = &prices[rows];
        put(columns, fleet, prices);
        let nothing = || prices.iter().map(|_| None);
        ["reserve", "offered", "sold"].into_iter().for_each(|column| columns.integer(column, nothing()));
    })
}

/// Writes the prices of a round.
///
/// # Errors
/// A file that cannot be written.
pub fn write_round_prices(path: &Path, fleet: &Fleet, prices: &[RoundPrice]) -> Result<(), DatasetError> {
    write_table(path, &PRICES, prices.len(), |rows, columns| {
        let rows = &prices[rows];
        put(columns, fleet, &rows.iter().map(|row| row.price).collect::<Vec<_>>());
        columns.integer("reserve", rows.iter().map(|row| Some(row.reserve)));
        columns.integer("offered", rows.iter().map(|row| Some(row.offered)));
        columns.integer("sold", rows.iter().map(|row| Some(row.sold)));
    })
}

/// Writes what prices are in any table.
fn put(columns: &mut Columns, fleet: &Fleet, prices: &[Price]) {
    let bindings: Vec<String> = prices.iter().map(|price| account_words(fleet, price.owner, price.kind)).collect();
    columns.text("owner", prices.iter().map(|price| Some(fleet.owner_name(price.owner))));
    columns.text("owner_type", prices.iter().map(|price| Some(owner_type(price.owner))));
    columns.text("kind", prices.iter().map(|price| Some(price.kind.name())));
    columns.time("start", prices.iter().map(|price| Some(price.interval.start)));
    columns.time("end", prices.iter().map(|price| Some(price.interval.end)));
    columns.integer("price", prices.iter().map(|price| Some(price.price)));
    columns.text("binding", bindings.iter().map(|words| Some(words.as_str())));
}
