//! What came out of a round, as messages of some size each.

use lessor_datasets::table::{
    AwardRow, BalanceRow, EntryRow, PostedRow, RoundPrice, SaleRow, account_words, excesses_text,
};
use lessor_engine::ledger::Account;
use tonic::Code;

use super::messages::Messages;
use crate::market::cleared::{self, Cleared};
use crate::market::record;
use crate::market::round::Round;
use crate::proto::market::{self, ClearBookResponse};
use crate::service::{Failure, account, timestamp};

/// The messages of an outcome; the last one has its figures.
///
/// # Errors
/// A sum that no message can hold.
pub(super) fn told(round: &Round, cleared: &Cleared) -> Result<Vec<ClearBookResponse>, Failure> {
    let mut messages = Messages::<ClearBookResponse>::new();
    let awards = cleared::awards(round, cleared).into_iter().map(award);
    messages.extend(awards, |message| &mut message.awards);
    messages.extend(cleared::sales(round, cleared).into_iter().map(sale), |message| &mut message.sales);
    messages.extend(cleared::entries(round, cleared).into_iter().map(entry), |message| &mut message.entries);
    let last_round = cleared.balances.first().map_or(0, |row| row.round);
    messages.extend(cleared.balances.iter().map(balance), |message| {
        let balances = message.balances.get_or_insert_default();
        balances.last_round = last_round;
        &mut balances.balances
    });
    let prices = cleared::prices(round, cleared);
    messages.extend(prices.iter().map(|row| price(round, row)), |message| &mut message.prices);
    if let Some(posted) = cleared::posted(round, cleared) {
        messages.current().posted_prices.get_or_insert_default();
        let posted = posted.iter().map(|row| posted_price(round, row));
        messages.extend(posted, |message| &mut message.posted_prices.get_or_insert_default().posted_prices);
    }
    let exact = cleared.figures.exact_payments.iter().map(exact_payment);
    messages.extend(exact, |message| &mut message.exact_payments);
    messages.current().outcome = Some(outcome(&cleared.figures, &cleared.certificate)?);
    Ok(messages.into_all())
}

fn award(row: AwardRow) -> market::Award {
    market::Award {
        bid: row.bid,
        bidder: row.bidder,
        group: row.group.unwrap_or_default(),
        account_class: row.account_class.unwrap_or_default(),
        amount_micro_credits: row.amount,
        counted_micro_credits: row.counted,
        reserve_micro_credits: row.reserve,
        part: row.part,
        payment_micro_credits: row.payment,
        reason: row.reason.unwrap_or_default(),
        node: row.node.unwrap_or_default(),
    }
}

fn sale(row: SaleRow) -> market::Sale {
    market::Sale {
        offer: row.offer,
        seller: row.seller,
        account_class: row.account_class.unwrap_or_default(),
        ask_micro_credits: row.ask,
        part: row.part,
        proceeds_micro_credits: row.proceeds,
        reason: row.reason.unwrap_or_default(),
    }
}

fn entry(row: EntryRow) -> market::Entry {
    market::Entry {
        sequence: row.sequence,
        round: row.round,
        from: row.from,
        to: row.to,
        amount_micro_credits: row.amount,
        purpose: row.purpose,
    }
}

fn balance(row: &BalanceRow) -> market::Balance {
    market::Balance {
        party: row.party.clone(),
        balance_micro_credits: row.balance,
        owed_micro_credits: row.owed,
        held_micro_credits: row.held,
    }
}

fn price(round: &Round, told: &RoundPrice) -> market::Price {
    let row = &told.price;
    market::Price {
        account: Some(account(round.fleet(), Account { owner: row.owner, kind: row.kind })),
        start_time: Some(timestamp(row.interval.start)),
        end_time: Some(timestamp(row.interval.end)),
        price: row.price,
        binding: account_words(round.fleet(), row.owner, row.kind),
        reserve: told.reserve,
        offered: told.offered,
        sold: told.sold,
    }
}

fn posted_price(round: &Round, row: &PostedRow) -> market::PostedPrice {
    market::PostedPrice {
        account: Some(account(round.fleet(), Account { owner: row.owner, kind: row.kind })),
        price: Some(row.price),
        excess: row.excess,
        excesses: excesses_text(&row.excesses).unwrap_or_default(),
    }
}

fn exact_payment(exact: &record::ExactPayment) -> market::ExactPayment {
    market::ExactPayment {
        account_class: exact.account_class.clone(),
        bidder: exact.bidder.clone(),
        payment: exact.payment.clone(),
    }
}

fn swinging(found: &record::Swinging) -> market::Swinging {
    market::Swinging {
        account: found.account.clone(),
        account_class: found.account_class.clone(),
        gain_permille: found.gain_permille,
        cure: found.cure.clone(),
    }
}

fn outcome(figures: &record::Figures, proof: &record::Certificate) -> Result<market::Outcome, Failure> {
    Ok(market::Outcome {
        bid_count: figures.bids as u64,
        bidder_count: figures.bidders as u64,
        winner_count: figures.winners as u64,
        offer_count: figures.offers as u64,
        sale_count: figures.sales as u64,
        value_micro_credits: sum(figures.value)?,
        revenue_micro_credits: sum(figures.revenue)?,
        surplus_micro_credits: sum(figures.surplus)?,
        efficiency: figures.efficiency,
        fees_micro_credits: sum(figures.fees)?,
        operator_balance_micro_credits: sum(figures.operator)?,
        tie_break_seed: figures.tie_break_seed,
        unsettled: figures.unsettled.clone(),
        swinging: figures.swinging.iter().map(swinging).collect(),
        certificate: Some(market::Certificate {
            inputs_blake3: proof.inputs_blake3.clone(),
            surplus_micro_credits: sum(proof.surplus)?,
            bound_micro_credits: proof.bound.map(sum).transpose()?,
            price_bound_micro_credits: sum(proof.price_bound)?,
            gap: proof.gap,
            overdrawn: sum(proof.overdrawn)?,
            above_holder_cap: sum(proof.above_holder_cap)?,
            groups_broken: proof.groups_broken,
            above_bid_micro_credits: proof.above_bid,
            below_reserve_micro_credits: sum(proof.below_reserve)?,
            above_cap_micro_credits: sum(proof.above_cap)?,
            below_ask_micro_credits: proof.below_ask,
            unbalanced_micro_credits: sum(proof.unbalanced)?,
            off_price_micro_credits: sum(proof.off_price)?,
            off_surplus_micro_credits: sum(proof.off_surplus)?,
            core_violation_micro_credits: proof.core_violation.map(sum).transpose()?,
            misreports: proof.misreports,
            seller_misreports: proof.seller_misreports,
            misreports_unfinished: proof.misreports_unfinished,
            misreports_cut: proof.misreports_cut,
            regret_micro_credits: proof.regret,
            misplaced: proof.misplaced,
            seller_regret_micro_credits: proof.seller_regret,
        }),
    })
}

/// A sum as a message holds it.
fn sum<Wide, Narrow: TryFrom<Wide>>(sum: Wide) -> Result<Narrow, Failure> {
    let beyond = "a sum of the round is beyond 64 bits; clear fewer or lower bids at once, or clear them from files";
    Narrow::try_from(sum).map_err(|_| Failure::new(Code::OutOfRange, "SUM_TOO_LARGE", beyond))
}
