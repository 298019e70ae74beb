//! A book that comes in messages. It is put together within bounds, and then is tables like those of files.

use lessor_datasets::table::{BALANCES, BIDS, OFFERS, REVOCATIONS, StatedTable};
use lessor_models::time::Timestamp;
use prost::Message;
use tonic::Code;

use super::cells;
use crate::market::round::Entrants;
use crate::proto::market::{Balance, BidRow, ClearBookRequest, OfferRow, PostedPrice, Revocation, RoundSpec};
use crate::service::{Failure, read_timestamp};

/// Rows that a book has at most, of all tables together: some 100 MB of them, and far more than a round settles.
const ROWS_MAX: usize = 1 << 18;

/// Bytes that its messages have at most.
const BYTES_MAX: usize = 32 << 20;

/// A book as far as it has come.
#[derive(Debug, Default)]
pub(super) struct Book {
    /// How the round is held.
    pub(super) spec: RoundSpec,
    messages: usize,
    bytes: usize,
    bids: Vec<BidRow>,
    offers: Vec<OfferRow>,
    /// With the last round that was settled, where balances are stated.
    balances: Option<Vec<(u64, Balance)>>,
    posted: Option<Vec<PostedPrice>>,
    revocations: Vec<Revocation>,
}

impl Book {
    /// Takes in a further message.
    ///
    /// # Errors
    /// A book beyond its bounds, or a round that is stated late.
    pub(super) fn take_in(&mut self, part: ClearBookRequest) -> Result<(), Failure> {
        self.bytes += part.encoded_len();
        if let Some(spec) = part.round {
            if self.messages > 0 {
                return Err(Failure::field(
                    "round",
                    "NOT_FIRST",
                    "how the round is held is stated in the first message",
                ));
            }
            self.spec = spec;
        }
        self.messages += 1;
        self.bids.extend(part.bids);
        self.offers.extend(part.offers);
        if let Some(stated) = part.balances {
            let last = stated.last_round;
            let balances = self.balances.get_or_insert_default();
            balances.extend(stated.balances.into_iter().map(|balance| (last, balance)));
        }
        if let Some(stated) = part.posted_prices {
            self.posted.get_or_insert_default().extend(stated.posted_prices);
        }
        self.revocations.extend(part.revocations);
        if self.bytes > BYTES_MAX {
            return Err(too_large("most_bytes", BYTES_MAX, "bytes"));
        }
        if self.rows() > ROWS_MAX {
            return Err(too_large("most_rows", ROWS_MAX, "rows"));
        }
        Ok(())
    }

    fn rows(&self) -> usize {
        let balances = self.balances.as_ref().map_or(0, Vec::len);
        let posted = self.posted.as_ref().map_or(0, Vec::len);
        self.bids.len() + self.offers.len() + balances + posted + self.revocations.len()
    }

    /// When the round takes place, where that is stated.
    ///
    /// # Errors
    /// An instant that is none.
    pub(super) fn at(&self) -> Result<Option<Timestamp>, Failure> {
        self.spec.round_time.map(|time| read_timestamp("round.round_time", time)).transpose()
    }

    /// The tables of the book.
    pub(super) fn entrants(&self, at: Option<Timestamp>) -> Entrants<'static> {
        Entrants {
            book: bids(&self.bids).into(),
            offers: (!self.offers.is_empty()).then(|| offers(&self.offers).into()),
            balances: self.balances.as_ref().map(|rows| balances(rows).into()),
            posted: self.posted.as_ref().map(|rows| cells::posted(rows).into()),
            revoked: (!self.revocations.is_empty()).then(|| revocations(&self.revocations).into()),
            at,
        }
    }
}

fn too_large(key: &'static str, most: usize, what: &str) -> Failure {
    let words = format!("a book has at most {most} {what}; clear a smaller one, or clear it from files");
    Failure::new(Code::InvalidArgument, "BOOK_TOO_LARGE", words).with(key, &most)
}

fn bids(rows: &[BidRow]) -> StatedTable {
    let mut table = StatedTable::new(&BIDS, rows.len());
    table.text("bid", rows.iter().map(|row| Some(row.bid.as_str())));
    table.text("bidder", rows.iter().map(|row| Some(row.bidder.as_str())));
    table.text("group", rows.iter().map(|row| cells::text(&row.group)));
    table.text("service", rows.iter().map(|row| cells::class(row.service_class)));
    table.integer("amount", rows.iter().map(|row| row.amount_micro_credits));
    cells::put_places(&mut table, rows);
    table.integer("quantity", rows.iter().map(|row| Some(row.quantity)));
    cells::put_times(&mut table, "start", rows.iter().map(|row| row.start_time.as_ref()));
    cells::put_times(&mut table, "end", rows.iter().map(|row| row.end_time.as_ref()));
    table.flag("divisible", rows.iter().map(|row| Some(row.divisible)));
    table
}

fn offers(rows: &[OfferRow]) -> StatedTable {
    let mut table = StatedTable::new(&OFFERS, rows.len());
    table.text("offer", rows.iter().map(|row| Some(row.offer.as_str())));
    table.text("seller", rows.iter().map(|row| Some(row.seller.as_str())));
    cells::put_accounts(&mut table, rows.iter().map(|row| row.account.as_ref()));
    table.integer("quantity", rows.iter().map(|row| Some(row.quantity)));
    cells::put_times(&mut table, "start", rows.iter().map(|row| row.start_time.as_ref()));
    cells::put_times(&mut table, "end", rows.iter().map(|row| row.end_time.as_ref()));
    table.integer("price", rows.iter().map(|row| row.price));
    table.integer("draw_mw", rows.iter().map(|row| Some(row.draw_mw)));
    table.integer("heat_price", rows.iter().map(|row| Some(row.heat_price)));
    table.flag("divisible", rows.iter().map(|row| Some(row.divisible)));
    table
}

fn balances(rows: &[(u64, Balance)]) -> StatedTable {
    let mut table = StatedTable::new(&BALANCES, rows.len());
    table.text("party", rows.iter().map(|(_, row)| Some(row.party.as_str())));
    table.integer("balance", rows.iter().map(|(_, row)| Some(row.balance_micro_credits)));
    table.integer("owed", rows.iter().map(|(_, row)| Some(row.owed_micro_credits)));
    table.integer("held", rows.iter().map(|(_, row)| Some(row.held_micro_credits)));
    table.integer("round", rows.iter().map(|(last, _)| Some(*last)));
    table
}

fn revocations(rows: &[Revocation]) -> StatedTable {
    let mut table = StatedTable::new(&REVOCATIONS, rows.len());
    table.text("holder", rows.iter().map(|row| Some(row.holder.as_str())));
    table.integer("paid", rows.iter().map(|row| row.paid_micro_credits));
    cells::put_times(&mut table, "start", rows.iter().map(|row| row.start_time.as_ref()));
    cells::put_times(&mut table, "end", rows.iter().map(|row| row.end_time.as_ref()));
    cells::put_times(&mut table, "revoked", rows.iter().map(|row| row.revoke_time.as_ref()));
    table.text("seller", rows.iter().map(|row| cells::text(&row.seller)));
    table
}

/// The field of a message that a column of a table comes from, by its path from the beginning of the book.
pub(super) fn field(table: &str, row: usize, column: &str) -> String {
    let path = match table {
        "balances" if column == "round" => return "balances.last_round".to_owned(),
        "balances" => format!("balances.balances[{row}]"),
        "posted" => format!("posted_prices.posted_prices[{row}]"),
        table => format!("{table}[{row}]"),
    };
    let name = match column {
        "service" => "service_class",
        "amount" => "amount_micro_credits",
        "owner" | "owner_type" => "account",
        "kind" => "account.kind",
        "start" => "start_time",
        "end" => "end_time",
        "balance" => "balance_micro_credits",
        "owed" => "owed_micro_credits",
        "held" => "held_micro_credits",
        "paid" => "paid_micro_credits",
        "revoked" => "revoke_time",
        "shortfall" => "excess",
        same => same,
    };
    format!("{path}.{name}")
}
