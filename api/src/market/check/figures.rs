//! What `round.json` states of a round, counted anew: figures, exact payments and the certificate.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use lessor_market::policy::{Format, PaymentRule};
use lessor_market::session::check::{Told, value};
use lessor_market::settlement::Purpose;

use super::told::Tables;
use crate::market::error::MarketError;
use crate::market::record::{Certificate, RECORD, Record};
use crate::market::round::Round;

/// How far two shares may be apart that were written as text.
const SHARE: f64 = 1e-9;

/// The figures that are not what tables come to, by their names.
pub(super) fn misstated(round: &Round, tables: &Tables, told: &Told<'_>, record: &Record) -> Vec<&'static str> {
    let (figures, session) = (&record.figures, round.session());
    let bidders: BTreeSet<&str> = round.rows.iter().map(|bid| &*bid.bidder).collect();
    let paid = tables.awards.iter().filter_map(|award| award.payment);
    let fees = tables.entries.iter().filter(|entry| entry.purpose == Purpose::Fee.name());
    let operator = tables.balances.iter().find(|row| row.party == "operator");
    let operator = operator.map_or(0, |row| i128::from(row.balance) - i128::from(row.owed));
    let surplus: u128 = record.classes.iter().map(|class| class.surplus).sum();
    let unsettled = record.classes.iter().filter(|class| class.unsettled.is_some()).count();
    let efficiency = certified(record).map(|bound| if bound == 0 { 1.0 } else { surplus as f64 / bound as f64 });
    let count = |is: bool, name: &'static str| (!is).then_some(name);
    [
        count(figures.bids == round.rows.len(), "bids"),
        count(figures.bidders == bidders.len(), "bidders"),
        count(figures.winners == paid.clone().count(), "winners"),
        count(figures.offers == round.offers.len(), "offers"),
        count(figures.sales == tables.sales.iter().filter(|sale| sale.proceeds.is_some()).count(), "sales"),
        count(figures.value == value(&session, told.fates), "value"),
        count(figures.revenue == paid.map(u128::from).sum::<u128>(), "revenue"),
        count(figures.surplus == surplus, "surplus"),
        count(figures.fees == fees.map(|fee| u128::from(fee.amount)).sum::<u128>(), "fees"),
        count(figures.operator == operator, "operator"),
        count(figures.tie_break_seed == round.policy.rules().tie_break_seed, "tie_break_seed"),
        count(figures.unsettled.len() == unsettled, "unsettled"),
        count(are_near(figures.efficiency, efficiency), "efficiency"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The bound of all classes together, where the round is held against it: where anything was settled.
fn certified(record: &Record) -> Option<u128> {
    let settled_nothing = record.figures.winners == 0 && record.classes.iter().any(|class| class.unsettled.is_some());
    (!settled_nothing).then(|| record.classes.iter().map(|class| class.bound).sum())
}

fn are_near(one: Option<f64>, other: Option<f64>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => (one - other).abs() <= SHARE,
        (one, other) => one.is_none() && other.is_none(),
    }
}

/// What the certificate states that does not follow from classes, or owns up to a broken rule, by its names.
pub(super) fn uncertified(record: &Record) -> Vec<&'static str> {
    let Certificate { surplus, bound, gap, .. } = &record.certificate;
    let certificate = &record.certificate;
    let stated: u128 = record.classes.iter().map(|class| class.surplus).sum();
    let proved: u128 = record.classes.iter().map(|class| class.bound).sum();
    let found = certified(record).map(|bound| (bound.saturating_sub(stated)) as f64 / bound.max(1) as f64);
    let wrong = [
        (*surplus != stated, "surplus"),
        (*bound != Some(proved), "bound"),
        (!are_near(*gap, found), "gap"),
        (certificate.overdrawn != 0, "overdrawn"),
        (certificate.above_holder_cap != 0, "above_holder_cap"),
        (certificate.groups_broken != 0, "groups_broken"),
        (certificate.misplaced != 0, "misplaced"),
        (certificate.above_bid != 0, "above_bid"),
        (certificate.below_reserve != 0, "below_reserve"),
        (certificate.above_cap != 0, "above_cap"),
        (certificate.below_ask != 0, "below_ask"),
        (certificate.off_price != 0, "off_price"),
        (certificate.off_surplus != 0, "off_surplus"),
        (certificate.unbalanced != 0, "unbalanced"),
    ];
    wrong.into_iter().filter(|(is_wrong, _)| *is_wrong).map(|(_, name)| name).collect()
}

/// By how much what is paid in classes of sealed bids is not the exact payment rounded up, all bidders together. At one price for
/// each good every bid is rounded up by itself.
///
/// # Errors
/// An exact payment that is no number with six decimals, and one in a class that the policy lacks.
pub(super) fn off_exact(round: &Round, told: &Told<'_>, (dir, record): (&Path, &Record)) -> Result<u128, MarketError> {
    let rules = round.policy.rules();
    let mut paid: BTreeMap<(&str, &str), (u128, u128)> = BTreeMap::new();
    let rows = round.rows.iter().zip(told.fates).filter_map(|(bid, fate)| Some((bid, fate.class?, fate.result.ok()?)));
    for (bid, class, payment) in rows {
        if rules.classes[class].format == Format::SealedBid {
            let of_bidder = paid.entry((&rules.classes[class].name, &bid.bidder)).or_default();
            *of_bidder = (of_bidder.0 + u128::from(payment.micro_credits()), of_bidder.1 + 1);
        }
    }
    let mut off = 0_u128;
    for exact in &record.figures.exact_payments {
        let bad = || MarketError::BadExact {
            path: dir.join(RECORD),
            bidder: exact.bidder.clone(),
            class: exact.account_class.clone(),
            payment: exact.payment.clone(),
        };
        let class = rules.classes.iter().find(|class| class.name == exact.account_class).ok_or_else(bad)?;
        let least = rounded_up(&exact.payment).ok_or_else(bad)?;
        let (paid, bids) = paid.remove(&(&*exact.account_class, &*exact.bidder)).unwrap_or_default();
        let rounding = if class.payment == PaymentRule::Uniform { bids.saturating_sub(1) } else { 0 };
        let most = least.saturating_add(rounding);
        off = least.saturating_sub(paid).max(paid.saturating_sub(most)).saturating_add(off);
    }
    // Whoever pays without an exact payment.
    Ok(paid.into_values().map(|(paid, _)| paid).fold(off, u128::saturating_add))
}

/// Micro-credits with six decimals, rounded up to whole ones.
fn rounded_up(text: &str) -> Option<u128> {
    let (whole, rest) = text.split_once('.').filter(|(_, rest)| rest.len() == 6)?;
    let digits =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u128>().ok()).flatten();
    digits(whole)?.checked_add(u128::from(digits(rest)? > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_micro_credit_is_a_whole_one() {
        assert_eq!(["7.000000", "7.000001", "0.999999"].map(rounded_up), [Some(7), Some(8), Some(1)]);
        assert_eq!(["7", "7.1", "-7.000000", "7.00000x", "", "+7.000000"].map(rounded_up), [None; 6]);
    }
}
