//! One round: from a book and a supply to an outcome.
//!
//! [`winner`] lowers a book to a packing and [`payments`] has a file a rule; [`rules`] is what a round is cleared by,
//! [`outcome`] what comes of it.

pub mod outcome;
pub(crate) mod payments;
pub mod rules;
#[cfg(test)]
mod tests;
pub(crate) mod winner;

use lessor_solver::support::stop::Stop;

use crate::book::{Book, Supply};
use crate::policy::{Format, PaymentRule};
use outcome::{EXACT_UNITS, Outcome, Payment, Unsettled};
use payments::{core, vcg};
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
    let winners = found.chosen;
    let settlement = match rules.payments {
        PaymentRule::PayAsBid => Ok(as_bid(&round, &winners)),
        _ if found.worth != found.bound => Err(Unsettled::WinnersNotProved),
        PaymentRule::Vcg => vcg::payments(&round, &winners, found.worth, rules.seed, stop),
        PaymentRule::Core => core::payments(&round, (&winners, found.worth), core::Revenue::Least, rules.seed, stop),
        _ => core::payments(&round, (&winners, found.worth), core::Revenue::Any, rules.seed, stop),
    };
    Ok(Outcome { winners, surplus: found.worth, bound: found.bound, settlement })
}

/// Everyone pays what they bid.
fn as_bid(round: &Round<'_>, winners: &[usize]) -> Vec<Payment> {
    let winning = round.winning(winners);
    winning.iter().map(|winner| Payment::new(winner.bidder, (winner.surplus + winner.reserve) * EXACT_UNITS)).collect()
}
