//! Table `offers`: what sellers offer in a round, one row for each good of each offer.

use std::collections::HashMap;
use std::path::Path;

use lessor_models::fleet::Fleet;

use super::goods::{BidGood, GoodCells, cells, write_goods};
use crate::table::error::{DatasetError, Problem};
use crate::table::sink::write_table;
use crate::table::spec::ColumnType::{Amount, Flag, Text, Time};
use crate::table::spec::{TableSpec, optional, required};
use crate::table::stated::{Batches, TableSource};
use crate::table::words::Owners;

/// The schema of `offers.parquet`.
pub const OFFERS: TableSpec = TableSpec {
    name: "offers",
    row: "one good that an offer holds; the rows of an offer follow one another, and a step of rising cost is an offer of its own",
    columns: &[
        required("offer", Text, "name of the offer"),
        required("seller", Text, "who offers; the same in all rows of an offer"),
        required("owner", Text, "name of a node or a zone"),
        required("owner_type", Text, "node or zone"),
        required("kind", Text, "compute, memory, bandwidth, power, heat, accelerator, storage or reversible"),
        required("quantity", Amount, "how much of the account, in base units of the kind; above 0"),
        required("start", Time, "first instant of the term"),
        required("end", Time, "first instant after the term"),
        required(
            "price",
            Amount,
            "the least that is taken, wear included, in micro-credits per 10^6 base units and hour",
        ),
        optional(
            "draw_mw",
            Amount,
            "power that 10^6 base units draw, in mW, which costs what energy does there; NULL: 0",
        ),
        optional(
            "heat_price",
            Amount,
            "what rejecting a kilowatt-hour of that as heat costs, in micro-credits; NULL: 0",
        ),
        optional(
            "divisible",
            Flag,
            "whether any part of it is for sale; the same in all rows of an offer; NULL: whole or not at all",
        ),
    ],
};

/// An offer as the table states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferRows {
    /// Its name.
    pub name: String,
    /// Who offers.
    pub seller: String,
    /// What is offered, at least one good, no account twice at one instant.
    pub goods: Vec<OfferGood>,
    /// Whether any part of it is for sale.
    pub is_divisible: bool,
    /// The row of its first good.
    pub row: usize,
}

/// A good that is offered, and what handing it out costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfferGood {
    /// What is offered.
    pub good: BidGood,
    /// The least price, in micro-credits per 10^6 base units and hour.
    pub price: u64,
    /// Power that 10^6 base units draw, in milliwatts.
    pub draw_mw: u64,
    /// What rejecting a kilowatt-hour of heat costs, in micro-credits.
    pub heat_price: u64,
}

/// Reads offers, in table order, from a file or as a caller states them.
///
/// # Errors
/// The first defect found, with its row and column: a price in floating point, a good that the fleet does not have, one account
/// twice at one instant, an offer whose rows disagree, and a name of two offers.
pub fn read_offers<'p>(source: impl Into<TableSource<'p>>, fleet: &Fleet) -> Result<Vec<OfferRows>, DatasetError> {
    let mut reader = Batches::open(source.into(), &OFFERS)?;
    let mut owners = Owners::new(fleet);
    let mut offers: Vec<OfferRows> = Vec::new();
    let mut seen: HashMap<String, usize> = HashMap::new();
    while let Some(batch) = reader.next()? {
        let [name, seller, divisible] = ["offer", "seller", "divisible"].map(|name| batch.column(name));
        let goods = GoodCells::of(&batch);
        let [price, draw_mw, heat_price] = ["price", "draw_mw", "heat_price"].map(|name| batch.column(name));
        for row in batch.rows() {
            let good = goods.read(&mut owners, row, "is 0; a good that is offered is more than nothing")?;
            let offer = OfferRows {
                name: name.need_text(row)?.to_owned(),
                seller: seller.need_text(row)?.to_owned(),
                goods: vec![OfferGood {
                    good,
                    price: price.need_integer(row)?,
                    draw_mw: draw_mw.integer(row).unwrap_or(0),
                    heat_price: heat_price.integer(row).unwrap_or(0),
                }],
                is_divisible: divisible.flag(row).unwrap_or(false),
                row: batch.file_row(row),
            };
            if offer.name.is_empty() || offer.seller.is_empty() {
                let cell = if offer.name.is_empty() { name } else { seller };
                return Err(cell.refuse(row, Problem::EmptyName));
            }
            match offers.last_mut().filter(|last| last.name == offer.name) {
                Some(last) => {
                    if let Some((column, problem)) = disagreement(last, &offer) {
                        return Err(batch.refuse(row, column, problem));
                    }
                    last.goods.extend(offer.goods);
                }
                None => {
                    if let Some(first) = seen.insert(offer.name.clone(), offer.row) {
                        return Err(name.refuse(row, Problem::Repeated { name: offer.name, first }));
                    }
                    offers.push(offer);
                }
            }
        }
    }
    Ok(offers)
}

/// The first column in which a further row of an offer cannot follow those before it.
fn disagreement(last: &OfferRows, row: &OfferRows) -> Option<(&'static str, Problem)> {
    let same = Problem::Model("differs from the row before, which is of the same offer");
    let columns = [("seller", last.seller == row.seller), ("divisible", last.is_divisible == row.is_divisible)];
    if let Some((column, _)) = columns.into_iter().find(|(_, agrees)| !agrees) {
        return Some((column, same));
    }
    let good = row.goods[0].good;
    let meets = |other: &OfferGood| other.good.meets(&good);
    let twice = Problem::Model("names an account that the offer has at the same time already; add the quantities up");
    last.goods.iter().any(meets).then_some(("owner", twice))
}

/// Writes offers.
///
/// # Errors
/// A file that cannot be written.
pub fn write_offers(path: &Path, fleet: &Fleet, offers: &[OfferRows]) -> Result<(), DatasetError> {
    let rows: Vec<(&OfferRows, &OfferGood)> =
        offers.iter().flat_map(|offer| offer.goods.iter().map(move |good| (offer, good))).collect();
    write_table(path, &OFFERS, rows.len(), |range, columns| {
        let rows = &rows[range];
        columns.text("offer", rows.iter().map(|(offer, _)| Some(offer.name.as_str())));
        columns.text("seller", rows.iter().map(|(offer, _)| Some(offer.seller.as_str())));
        write_goods(columns, fleet, rows.iter().map(|(_, offered)| cells(&offered.good)));
        columns.integer("price", rows.iter().map(|(_, offered)| Some(offered.price)));
        columns.integer("draw_mw", rows.iter().map(|(_, offered)| Some(offered.draw_mw)));
        columns.integer("heat_price", rows.iter().map(|(_, offered)| Some(offered.heat_price)));
        columns.flag("divisible", rows.iter().map(|(offer, _)| Some(offer.is_divisible)));
    })
}
