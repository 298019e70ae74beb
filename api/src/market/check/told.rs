//! What a market directory tells of a round, as the second look takes it.

use std::collections::BTreeMap;
use std::path::Path;

use lessor_datasets::table::{
    AWARDS, AwardRow, BALANCES, BalanceRow, DatasetError, ENTRIES, EntryRow, PRICES, Problem, RoundPrice, SALES,
    SaleRow, read_awards, read_balances, read_entries, read_round_prices, read_sales,
};
use lessor_market::money::Money;
use lessor_market::session::{Fate, Lost, OfferFate};
use lessor_models::fleet::NodeIndex;

use crate::market::record::{ClassRecord, Record};
use crate::market::round::Round;

/// The tables of a market directory.
#[derive(Debug)]
pub(super) struct Tables {
    pub(super) awards: Vec<AwardRow>,
    pub(super) sales: Vec<SaleRow>,
    pub(super) entries: Vec<EntryRow>,
    pub(super) balances: Vec<BalanceRow>,
    pub(super) prices: Vec<RoundPrice>,
}

/// What came of the bids and offers of a round, as tables tell it.
#[derive(Debug)]
pub(super) struct ToldFates {
    /// Of each bid, in the order of the book; of one that no row is of, that it was outbid nowhere.
    pub(super) bids: Vec<Fate>,
    /// Of each offer likewise.
    pub(super) offers: Vec<OfferFate>,
    /// Rows of awards that are no bid of the book, or not as it states it, and bids without a row or with several.
    pub(super) astray_awards: u64,
    /// The same of sales and offers.
    pub(super) astray_sales: u64,
}

impl Tables {
    /// Reads the tables of a directory.
    ///
    /// # Errors
    /// A table that is not there or cannot be read, with the row and the column.
    pub(super) fn read(dir: &Path, round: &Round) -> Result<Tables, DatasetError> {
        let sales = dir.join(SALES.file_name());
        Ok(Tables {
            awards: read_awards(&dir.join(AWARDS.file_name()))?,
            sales: if round.offers.is_empty() { Vec::new() } else { read_sales(&sales)? },
            entries: read_entries(&dir.join(ENTRIES.file_name()))?,
            balances: read_balances(&*dir.join(BALANCES.file_name()))?,
            prices: read_round_prices(&dir.join(PRICES.file_name()), &round.fleet)?,
        })
    }

    /// What came of each bid and offer.
    ///
    /// # Errors
    /// A row that names an account class, a node or a reason that is none.
    pub(super) fn fates(&self, dir: &Path, round: &Round) -> Result<ToldFates, DatasetError> {
        let awards = Words { round, path: dir.join(AWARDS.file_name()) };
        let outbid = |amount| Fate {
            class: None,
            node: None,
            counted: amount,
            reserve: None,
            part: None,
            result: Err(Lost::Outbid),
        };
        let mut told = ToldFates {
            bids: round.bids.iter().map(|bid| outbid(bid.amount)).collect(),
            offers: Vec::with_capacity(round.offers.len()),
            astray_awards: 0,
            astray_sales: 0,
        };
        let places: BTreeMap<&str, usize> = round.rows.iter().zip(0..).map(|(bid, at)| (&*bid.name, at)).collect();
        let mut rows = vec![0_u64; round.rows.len()];
        for (row, award) in self.awards.iter().enumerate() {
            let fate = awards.fate(row, award)?;
            let Some(&at) = places.get(&*award.bid) else {
                told.astray_awards += 1;
                continue;
            };
            let bid = &round.rows[at];
            let is_same = (&bid.bidder, &bid.group, bid.amount) == (&award.bidder, &award.group, award.amount);
            let whole = bid.goods.first().map_or(0, |good| good.quantity);
            let is_part = award.part.is_none_or(|part| bid.is_divisible && (1..whole).contains(&part));
            let is_told = award.payment.is_some() != award.reason.is_some();
            told.astray_awards += u64::from(!(is_same && is_part && is_told));
            rows[at] += 1;
            // Of a bid with several rows, what was won counts.
            if rows[at] == 1 || fate.result.is_ok() {
                told.bids[at] = fate;
            }
        }
        told.astray_awards += rows.into_iter().map(|rows| rows.abs_diff(1)).sum::<u64>();
        self.sold(dir, round, &mut told)?;
        Ok(told)
    }

    /// What came of each offer. Sales have a row for each, in their order.
    fn sold(&self, dir: &Path, round: &Round, told: &mut ToldFates) -> Result<(), DatasetError> {
        let sales = Words { round, path: dir.join(SALES.file_name()) };
        let unsold = OfferFate { class: None, ask: Money::ZERO, part: None, result: Err(Lost::Outbid) };
        told.offers = vec![unsold; round.offers.len()];
        let places: BTreeMap<&str, usize> =
            round.offer_rows.iter().zip(0..).map(|(offer, at)| (&*offer.name, at)).collect();
        let mut rows = vec![0_u64; round.offers.len()];
        for (row, sale) in self.sales.iter().enumerate() {
            let fate = sales.offer_fate(row, sale)?;
            let Some(&at) = places.get(&*sale.offer) else {
                told.astray_sales += 1;
                continue;
            };
            let offer = &round.offer_rows[at];
            let whole = offer.goods.first().map_or(0, |offered| offered.good.quantity);
            let is_part = sale.part.is_none_or(|part| offer.is_divisible && (1..whole).contains(&part));
            let is_told = sale.proceeds.is_some() != sale.reason.is_some();
            told.astray_sales += u64::from(!(offer.seller == sale.seller && is_part && is_told));
            rows[at] += 1;
            if rows[at] == 1 || fate.result.is_ok() {
                told.offers[at] = fate;
            }
        }
        told.astray_sales += rows.into_iter().map(|rows| rows.abs_diff(1)).sum::<u64>();
        Ok(())
    }
}

/// The position of each class of a record in the policy, with what is recorded of it; `None` for a class that the policy lacks.
pub(super) fn classes<'r>(record: &'r Record, round: &Round) -> Vec<(Option<usize>, &'r ClassRecord)> {
    record.classes.iter().map(|class| (position(round, &class.account_class), class)).collect()
}

fn position(round: &Round, class: &str) -> Option<usize> {
    round.policy.rules().classes.iter().position(|known| known.name == class)
}

/// The words of a table that name something.
struct Words<'a> {
    round: &'a Round,
    path: std::path::PathBuf,
}

impl Words<'_> {
    fn fate(&self, row: usize, award: &AwardRow) -> Result<Fate, DatasetError> {
        let node = award.node.as_deref().map(|name| self.node(row, name)).transpose()?;
        Ok(Fate {
            class: self.class(row, award.account_class.as_deref())?,
            node,
            counted: Money::of(award.counted.into()),
            reserve: award.reserve.map(|reserve| Money::of(reserve.into())),
            part: award.part,
            result: self.result(row, award.payment, award.reason.as_deref())?,
        })
    }

    fn offer_fate(&self, row: usize, sale: &SaleRow) -> Result<OfferFate, DatasetError> {
        Ok(OfferFate {
            class: self.class(row, sale.account_class.as_deref())?,
            ask: Money::of(sale.ask.into()),
            part: sale.part,
            result: self.result(row, sale.proceeds, sale.reason.as_deref())?,
        })
    }

    fn class(&self, row: usize, name: Option<&str>) -> Result<Option<usize>, DatasetError> {
        let found = |name: &str| position(self.round, name).ok_or_else(|| unknown("account class", name, "policy"));
        name.map(found).transpose().map_err(|problem| self.refuse(row, "account_class", problem))
    }

    fn node(&self, row: usize, name: &str) -> Result<NodeIndex, DatasetError> {
        let found = self.round.fleet.names().find(name).and_then(|at| u32::try_from(at).ok());
        found.map(NodeIndex).ok_or_else(|| self.refuse(row, "node", unknown("node", name, "nodes")))
    }

    fn result(
        &self,
        row: usize,
        moved: Option<u64>,
        reason: Option<&str>,
    ) -> Result<Result<Money, Lost>, DatasetError> {
        let lost = reason.map(|reason| {
            let known = Lost::ALL.into_iter().find(|lost| lost.name() == reason);
            let words = || Lost::ALL.map(Lost::name).join(", ");
            known.ok_or_else(|| Problem::Word { found: reason.to_owned(), expected: words() })
        });
        let lost = lost.transpose().map_err(|problem| self.refuse(row, "reason", problem))?;
        let amount = moved.map(|moved| Money::of(moved.into()));
        Ok(amount.ok_or_else(|| lost.unwrap_or(Lost::Outbid)))
    }

    fn refuse(&self, row: usize, column: &'static str, problem: Problem) -> DatasetError {
        DatasetError::Cell { path: self.path.clone(), row, column, problem: Box::new(problem) }
    }
}

fn unknown(what: &'static str, name: &str, table: &'static str) -> Problem {
    Problem::Unknown { what, name: name.to_owned(), table }
}
