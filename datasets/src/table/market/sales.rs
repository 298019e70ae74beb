//! Table `sales`: what came of each offer of a round.

use std::path::Path;

use crate::table::error::DatasetError;
use crate::table::sink::write_table;
use crate::table::source::TableReader;
use crate::table::spec::ColumnType::{Amount, Flag, Text};
use crate::table::spec::{TableSpec, optional, required};

/// The schema of `sales.parquet`.
pub const SALES: TableSpec = TableSpec {
    name: "sales",
    row: "what came of one offer of a round; no offer is without a row",
    columns: &[
        required("offer", Text, "name of the offer"),
        required("seller", Text, "who offered"),
        optional("account_class", Text, "the account class of the policy that its accounts trade in; NULL: none"),
        required("ask", Amount, "what is asked for all of it, in micro-credits"),
        required("sold", Flag, "whether any of it is sold"),
        optional("part", Amount, "how much of it is sold, in base units; NULL: all of it, or nothing"),
        optional("proceeds", Amount, "what the seller gets before fees, in micro-credits; NULL: nothing was sold"),
        optional("reason", Text, "why nothing was sold, in a word; NULL: it was"),
    ],
};

/// What came of an offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaleRow {
    /// Name of the offer.
    pub offer: String,
    /// Who offered.
    pub seller: String,
    /// The account class that it trades in.
    pub account_class: Option<String>,
    /// What is asked for all of it, in micro-credits.
    pub ask: u64,
    /// How much of it is sold, where that is a part.
    pub part: Option<u64>,
    /// What the seller gets, in micro-credits; `None` where nothing was sold.
    pub proceeds: Option<u64>,
    /// Why nothing was sold.
    pub reason: Option<String>,
}

/// Reads sales, in table order.
///
/// # Errors
/// The first defect found, with its row and column.
pub fn read_sales(path: &Path) -> Result<Vec<SaleRow>, DatasetError> {
    let mut reader = TableReader::open(path, &SALES)?;
    let mut sales = Vec::with_capacity(reader.row_count());
    while let Some(batch) = reader.next()? {
        let [offer, seller, class, reason] =
            ["offer", "seller", "account_class", "reason"].map(|name| batch.column(name));
        let [ask, part, proceeds] = ["ask", "part", "proceeds"].map(|name| batch.column(name));
        for row in batch.rows() {
            sales.push(SaleRow {
                offer: offer.need_text(row)?.to_owned(),
                seller: seller.need_text(row)?.to_owned(),
                account_class: class.text(row).map(str::to_owned),
                ask: ask.need_integer(row)?,
                part: part.integer(row),
                proceeds: proceeds.integer(row),
                reason: reason.text(row).map(str::to_owned),
            });
        }
    }
    Ok(sales)
}

/// Writes sales.
///
/// # Errors
/// A file that cannot be written.
pub fn write_sales(path: &Path, sales: &[SaleRow]) -> Result<(), DatasetError> {
    write_table(path, &SALES, sales.len(), |rows, columns| {
        let sales = &sales[rows];
        columns.text("offer", sales.iter().map(|sale| Some(sale.offer.as_str())));
        columns.text("seller", sales.iter().map(|sale| Some(sale.seller.as_str())));
        columns.text("account_class", sales.iter().map(|sale| sale.account_class.as_deref()));
        columns.integer("ask", sales.iter().map(|sale| Some(sale.ask)));
        columns.flag("sold", sales.iter().map(|sale| Some(sale.proceeds.is_some())));
        columns.integer("part", sales.iter().map(|sale| sale.part));
        columns.integer("proceeds", sales.iter().map(|sale| sale.proceeds));
        columns.text("reason", sales.iter().map(|sale| sale.reason.as_deref()));
    })
}
