//! Table `awards`: what came of each bid of a round.

use std::path::Path;

use crate::table::error::DatasetError;
use crate::table::sink::write_table;
use crate::table::source::TableReader;
use crate::table::spec::ColumnType::{Amount, Flag, Text};
use crate::table::spec::{TableSpec, optional, required};

/// The schema of `awards.parquet`.
pub const AWARDS: TableSpec = TableSpec {
    name: "awards",
    row: "what came of one bid of a round; no bid is without a row",
    columns: &[
        required("bid", Text, "name of the bid"),
        required("bidder", Text, "who bid"),
        optional("group", Text, "its XOR group; NULL: alone"),
        optional("account_class", Text, "the account class of the policy that its accounts trade in; NULL: none"),
        required("amount", Amount, "what was bid, in micro-credits"),
        required(
            "counted",
            Amount,
            "what it counts for, in micro-credits: the bid, or the price cap of its bundle where that is less",
        ),
        optional(
            "reserve",
            Amount,
            "the reserve price of its bundle, in micro-credits; NULL: it was refused before that was looked at",
        ),
        required("won", Flag, "whether the bidder gets the bundle"),
        optional(
            "node",
            Text,
            "the node where it was won, of a bid with a level in owner_type; NULL: nothing was won, or all was named",
        ),
        optional("part", Amount, "how much of it was won, in base units; NULL: all of it, or nothing"),
        optional("payment", Amount, "what the bidder pays for it, in micro-credits; NULL: nothing was won"),
        optional("reason", Text, "why nothing was won, in a word; NULL: it was"),
    ],
};

/// What came of a bid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwardRow {
    /// Name of the bid.
    pub bid: String,
    /// Who bid.
    pub bidder: String,
    /// Its XOR group.
    pub group: Option<String>,
    /// The account class that it trades in.
    pub account_class: Option<String>,
    /// What was bid, in micro-credits.
    pub amount: u64,
    /// What it counts for, in micro-credits.
    pub counted: u64,
    /// The reserve price of its bundle, in micro-credits; `None` where it was refused before that was looked at.
    pub reserve: Option<u64>,
    /// The node where it was won, where the bid was for any of a class.
    pub node: Option<String>,
    /// How much of it was won, where that is a part.
    pub part: Option<u64>,
    /// What is paid, in micro-credits; `None` where nothing was won.
    pub payment: Option<u64>,
    /// Why nothing was won.
    pub reason: Option<String>,
}

/// Reads awards, in table order.
///
/// # Errors
/// The first defect found, with its row and column.
pub fn read_awards(path: &Path) -> Result<Vec<AwardRow>, DatasetError> {
    let mut reader = TableReader::open(path, &AWARDS)?;
    let mut awards = Vec::with_capacity(reader.row_count());
    while let Some(batch) = reader.next()? {
        let [bid, bidder, group, class, node, reason] =
            ["bid", "bidder", "group", "account_class", "node", "reason"].map(|name| batch.column(name));
        let [amount, counted, reserve, part, payment] =
            ["amount", "counted", "reserve", "part", "payment"].map(|name| batch.column(name));
        for row in batch.rows() {
            awards.push(AwardRow {
                bid: bid.need_text(row)?.to_owned(),
                bidder: bidder.need_text(row)?.to_owned(),
                group: group.text(row).map(str::to_owned),
                account_class: class.text(row).map(str::to_owned),
                amount: amount.need_integer(row)?,
                counted: counted.need_integer(row)?,
                reserve: reserve.integer(row),
                node: node.text(row).map(str::to_owned),
                part: part.integer(row),
                payment: payment.integer(row),
                reason: reason.text(row).map(str::to_owned),
            });
        }
    }
    Ok(awards)
}

/// Writes awards.
///
/// # Errors
/// A file that cannot be written.
pub fn write_awards(path: &Path, awards: &[AwardRow]) -> Result<(), DatasetError> {
    write_table(path, &AWARDS, awards.len(), |rows, columns| {
        let awards = &awards[rows];
        columns.text("bid", awards.iter().map(|award| Some(award.bid.as_str())));
        columns.text("bidder", awards.iter().map(|award| Some(award.bidder.as_str())));
        columns.text("group", awards.iter().map(|award| award.group.as_deref()));
        columns.text("account_class", awards.iter().map(|award| award.account_class.as_deref()));
        columns.integer("amount", awards.iter().map(|award| Some(award.amount)));
        columns.integer("counted", awards.iter().map(|award| Some(award.counted)));
        columns.integer("reserve", awards.iter().map(|award| award.reserve));
        columns.flag("won", awards.iter().map(|award| Some(award.payment.is_some())));
        columns.text("node", awards.iter().map(|award| award.node.as_deref()));
        columns.integer("part", awards.iter().map(|award| award.part));
        columns.integer("payment", awards.iter().map(|award| award.payment));
        columns.text("reason", awards.iter().map(|award| award.reason.as_deref()));
    })
}
