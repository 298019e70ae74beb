//! What a server tells of a round, as tables and figures.

use std::path::Path;

use lessor_datasets::table::{
    AWARDS, AwardRow, BALANCES, BalanceRow, DatasetError, ENTRIES, EntryRow, POSTED, PRICES, SALES, SaleRow,
    StatedTable, write_awards, write_balances, write_entries, write_sales,
};

use crate::lease_command::error::LeaseError;
use crate::market::record::{Certificate, ExactPayment, Figures, Swinging};
use crate::market_service::cells;
use crate::proto::market;

/// An outcome as far as it has come.
#[derive(Debug, Default)]
pub(super) struct Received {
    awards: Vec<AwardRow>,
    sales: Vec<SaleRow>,
    entries: Vec<EntryRow>,
    balances: Vec<BalanceRow>,
    prices: Vec<market::Price>,
    posted: Option<Vec<market::PostedPrice>>,
    exact: Vec<ExactPayment>,
    outcome: Option<market::Outcome>,
}

impl Received {
    /// Takes in a further message.
    pub(super) fn take_in(&mut self, part: market::ClearBookResponse) {
        self.awards.extend(part.awards.into_iter().map(award));
        self.sales.extend(part.sales.into_iter().map(sale));
        self.entries.extend(part.entries.into_iter().map(entry));
        if let Some(balances) = part.balances {
            let round = balances.last_round;
            self.balances.extend(balances.balances.into_iter().map(|row| balance(row, round)));
        }
        self.prices.extend(part.prices);
        if let Some(posted) = part.posted_prices {
            self.posted.get_or_insert_default().extend(posted.posted_prices);
        }
        self.exact.extend(part.exact_payments.into_iter().map(exact_payment));
        self.outcome = part.outcome.or(self.outcome.take());
    }

    /// How many entries the ledger got.
    pub(super) fn entries(&self) -> usize {
        self.entries.len()
    }

    /// Writes the tables into a directory.
    ///
    /// # Errors
    /// A table that cannot be written.
    pub(super) fn write(&self, into: &Path) -> Result<(), DatasetError> {
        write_awards(&into.join(AWARDS.file_name()), &self.awards)?;
        if !self.sales.is_empty() {
            write_sales(&into.join(SALES.file_name()), &self.sales)?;
        }
        write_balances(&into.join(BALANCES.file_name()), &self.balances)?;
        write_entries(&into.join(ENTRIES.file_name()), &self.entries)?;
        prices(&self.prices).write(&into.join(PRICES.file_name()))?;
        match &self.posted {
            Some(rows) => cells::posted(rows).write(&into.join(POSTED.file_name())),
            None => Ok(()),
        }
    }

    /// The figures and the proof.
    ///
    /// # Errors
    /// An outcome that ended before them.
    pub(super) fn said(&self) -> Result<(Figures, Certificate), LeaseError> {
        let outcome = self.outcome.as_ref().ok_or(LeaseError::Incomplete { missing: "its figures" })?;
        let proof = outcome.certificate.as_ref().ok_or(LeaseError::Incomplete { missing: "its certificate" })?;
        Ok((figures(outcome, &self.exact), certificate(proof)))
    }
}

fn text(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn award(row: market::Award) -> AwardRow {
    AwardRow {
        bid: row.bid,
        bidder: row.bidder,
        group: text(row.group),
        account_class: text(row.account_class),
        amount: row.amount_micro_credits,
        counted: row.counted_micro_credits,
        reserve: row.reserve_micro_credits,
        node: text(row.node),
        part: row.part,
        payment: row.payment_micro_credits,
        reason: text(row.reason),
    }
}

fn sale(row: market::Sale) -> SaleRow {
    SaleRow {
        offer: row.offer,
        seller: row.seller,
        account_class: text(row.account_class),
        ask: row.ask_micro_credits,
        part: row.part,
        proceeds: row.proceeds_micro_credits,
        reason: text(row.reason),
    }
}

fn entry(row: market::Entry) -> EntryRow {
    EntryRow {
        sequence: row.sequence,
        round: row.round,
        from: row.from,
        to: row.to,
        amount: row.amount_micro_credits,
        purpose: row.purpose,
    }
}

fn balance(row: market::Balance, round: u64) -> BalanceRow {
    BalanceRow {
        party: row.party,
        balance: row.balance_micro_credits,
        owed: row.owed_micro_credits,
        held: row.held_micro_credits,
        round,
    }
}

fn exact_payment(row: market::ExactPayment) -> ExactPayment {
    ExactPayment { account_class: row.account_class, bidder: row.bidder, payment: row.payment }
}

fn prices(rows: &[market::Price]) -> StatedTable {
    let mut table = StatedTable::new(&PRICES, rows.len());
    cells::put_accounts(&mut table, rows.iter().map(|row| row.account.as_ref()));
    cells::put_times(&mut table, "start", rows.iter().map(|row| row.start_time.as_ref()));
    cells::put_times(&mut table, "end", rows.iter().map(|row| row.end_time.as_ref()));
    table.integer("price", rows.iter().map(|row| Some(row.price)));
    table.text("binding", rows.iter().map(|row| Some(row.binding.as_str())));
    table.integer("reserve", rows.iter().map(|row| Some(row.reserve)));
    table.integer("offered", rows.iter().map(|row| Some(row.offered)));
    table.integer("sold", rows.iter().map(|row| Some(row.sold)));
    table
}

fn figures(outcome: &market::Outcome, exact: &[ExactPayment]) -> Figures {
    let count = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
    Figures {
        bids: count(outcome.bid_count),
        bidders: count(outcome.bidder_count),
        winners: count(outcome.winner_count),
        offers: count(outcome.offer_count),
        sales: count(outcome.sale_count),
        value: outcome.value_micro_credits.into(),
        revenue: outcome.revenue_micro_credits.into(),
        surplus: outcome.surplus_micro_credits.into(),
        efficiency: outcome.efficiency,
        fees: outcome.fees_micro_credits.into(),
        operator: outcome.operator_balance_micro_credits.into(),
        tie_break_seed: outcome.tie_break_seed,
        unsettled: outcome.unsettled.clone(),
        swinging: outcome.swinging.iter().map(swinging).collect(),
        exact_payments: exact.to_vec(),
    }
}

fn swinging(found: &market::Swinging) -> Swinging {
    Swinging {
        account: found.account.clone(),
        account_class: found.account_class.clone(),
        gain_permille: found.gain_permille,
        cure: found.cure.clone(),
    }
}

fn certificate(proof: &market::Certificate) -> Certificate {
    Certificate {
        inputs_blake3: proof.inputs_blake3.clone(),
        surplus: proof.surplus_micro_credits.into(),
        bound: proof.bound_micro_credits.map(u128::from),
        price_bound: proof.price_bound_micro_credits.into(),
        gap: proof.gap,
        overdrawn: proof.overdrawn.into(),
        above_holder_cap: proof.above_holder_cap.into(),
        groups_broken: proof.groups_broken,
        misplaced: proof.misplaced,
        above_bid: proof.above_bid_micro_credits,
        below_reserve: proof.below_reserve_micro_credits.into(),
        above_cap: proof.above_cap_micro_credits.into(),
        below_ask: proof.below_ask_micro_credits,
        off_price: proof.off_price_micro_credits.into(),
        off_surplus: proof.off_surplus_micro_credits.into(),
        unbalanced: proof.unbalanced_micro_credits.into(),
        core_violation: proof.core_violation_micro_credits.map(u128::from),
        misreports: proof.misreports,
        seller_misreports: proof.seller_misreports,
        misreports_unfinished: proof.misreports_unfinished,
        misreports_cut: proof.misreports_cut,
        regret: proof.regret_micro_credits,
        seller_regret: proof.seller_regret_micro_credits,
    }
}
