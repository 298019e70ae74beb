//! One round: from a book and a supply to an outcome.
//!
//! [`winner`] lowers a book to a packing and [`payments`] has a file a rule; [`changes`] tells apart what leads from winners to
//! others. [`rules`] is what a round is cleared by, [`outcome`] what comes of it, and [`paying`] what is told of payments
//! meanwhile.

mod changes;
#[cfg(test)]
mod core_tests;
pub mod outcome;
pub mod paying;
pub(crate) mod payments;
pub mod rules;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod truth_tests;
#[cfg(test)]
mod uniform_tests;
pub(crate) mod winner;

use std::collections::BTreeMap;

use lessor_solver::packing::PackingOutcome;
use lessor_solver::support::stop::Stop;

use crate::book::{Bid, BidderIndex, Book, Supply};
use crate::policy::{Format, PaymentRule};
use outcome::{EXACT_UNITS, Outcome, Payment, Uniform, Unsettled};
use paying::Watch;
use payments::choice::Revenue;
use payments::{core, uniform, vcg};
use rules::Rules;
use winner::{ClearError, Round};

/// Called with the surplus and the bound when either improves.
pub type Report<'a> = &'a mut dyn FnMut(u128, u128);

/// Clears a round: who wins, and who pays what. A function of its arguments until the stop is raised; then what is known is
/// returned, with its bound.
///
/// # Errors
/// See [`ClearError`].
pub fn clear(
    book: &Book,
    supply: &Supply,
    rules: &Rules,
    stop: &Stop,
    report: Report<'_>,
) -> Result<Outcome, ClearError> {
    if !Format::SealedBid.supports().contains(&rules.payments) {
        return Err(ClearError::Payments { rule: rules.payments.name() });
    }
    let mut round = Round::new(book, supply)?;
    let found = round.solve(rules.seed, stop, report);
    Ok(settled(&round, supply, found, rules, Watch::quiet(stop)))
}

/// What the winners that were found pay, by a rule of sealed bids.
pub(crate) fn settled(
    round: &Round<'_>,
    supply: &Supply,
    found: PackingOutcome,
    rules: &Rules,
    watch: Watch<'_>,
) -> Outcome {
    let winners = found.chosen;
    let mut prices = None;
    let settlement = match rules.payments {
        PaymentRule::PayAsBid => Ok(as_bid(round, &winners)),
        PaymentRule::Uniform => uniform::prices(round, supply, &winners, watch.stop)
            .map(|found| at_prices(round, &winners, prices.insert(found))),
        _ if found.worth != found.bound => Err(Unsettled::WinnersNotProved),
        PaymentRule::Vcg => vcg::payments(round, &winners, found.worth, rules.seed, watch),
        PaymentRule::Core => core::payments(round, (&winners, found.worth), Revenue::Least, rules.seed, watch),
        _ => core::payments(round, (&winners, found.worth), Revenue::Any, rules.seed, watch),
    };
    Outcome { winners, surplus: found.worth, bound: found.bound, settlement, uniform: prices }
}

/// Everyone pays what they bid.
fn as_bid(round: &Round<'_>, winners: &[usize]) -> Vec<Payment> {
    let winning = round.winning(winners);
    winning.iter().map(|winner| Payment::new(winner.bidder, (winner.surplus + winner.reserve) * EXACT_UNITS)).collect()
}

/// Everyone pays the same for a unit beyond its reserve: bid by bid rounded up.
fn at_prices(round: &Round<'_>, winners: &[usize], found: &Uniform) -> Vec<Payment> {
    let mut payments: BTreeMap<BidderIndex, Payment> = BTreeMap::new();
    for (&at, paid) in winners.iter().zip(&found.paid) {
        let Bid { bidder, bundle, .. } = &round.book.bids()[at];
        let payment = payments.entry(*bidder).or_insert(Payment { bidder: *bidder, exact: 0, settled: 0 });
        payment.exact += found.prices.millionths(bundle) + round.reserves[at] * EXACT_UNITS;
        payment.settled += paid + u64::try_from(round.reserves[at]).expect("no more than the bid");
    }
    payments.into_values().collect()
}
