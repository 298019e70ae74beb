//! Why a bid won nothing: the cheapest bid that would have won, and who stood in its way.
//!
//! In every format here a bid that wins goes on winning when it alone is raised, as long as the round is solved to its end. So
//! the cheapest winning amount is found by bisection over the round itself, whatever the format; payments are left out of it.

use lessor_solver::stop::Stop;

use crate::money::Money;
use crate::policy::{Format, PaymentRule, Policy};
use crate::session::{AccountBid, Lost, Session, SessionError, clear_session};

/// What stood in the way of a bid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// Why it won nothing.
    pub lost: Lost,
    /// The least amount that would have won; `None` where no amount would, or where that is not proved.
    pub cheapest: Option<Money>,
    /// Bids that won, and would not have, in order.
    pub against: Vec<usize>,
}

/// Looks into a bid that won nothing; `None` where it won. At most 55 rounds.
///
/// # Errors
/// See [`SessionError`].
///
/// # Panics
/// Where the bid is not in the session.
pub fn why(session: &Session<'_>, bid: usize, stop: &Stop) -> Result<Option<Why>, SessionError> {
    let policy = paid_as_bid(session.policy);
    let session = &Session { policy: &policy, ..*session };
    let before = clear_session(session, stop)?;
    let Err(lost) = before.fates[bid].result else { return Ok(None) };
    let none = Why { lost, cheapest: None, against: Vec::new() };
    if !matches!(lost, Lost::Outbid | Lost::Reserve) {
        return Ok(Some(none));
    }
    let most = session.policy.rules().bids.amount_max;
    let mut bids: Vec<AccountBid> = session.bids.to_vec();
    let mut winners = |amount: Money| -> Result<Option<Vec<usize>>, SessionError> {
        bids[bid].amount = amount;
        let outcome = clear_session(&Session { bids: &bids, ..*session }, stop)?;
        let won = (0..bids.len()).filter(|&at| outcome.fates[at].result.is_ok());
        Ok(outcome.fates[bid].result.is_ok().then(|| won.collect()))
    };
    let Some(mut after) = winners(most)? else { return Ok(Some(none)) };
    let (mut least, mut top) = (session.bids[bid].amount.0, most.0);
    while least < top {
        let middle = least + (top - least) / 2;
        match winners(Money(middle))? {
            Some(found) => (top, after) = (middle, found),
            None => least = middle + 1,
        }
    }
    let lost_it = |&at: &usize| before.fates[at].result.is_ok() && !after.contains(&at);
    let against = (0..session.bids.len()).filter(lost_it).collect();
    Ok(Some(Why { lost, cheapest: (!stop.is_raised()).then_some(Money(top)), against }))
}

/// The same rules, with payments that take no further solve; who wins does not depend on them.
fn paid_as_bid(policy: &Policy) -> Policy {
    let mut rules = policy.rules().clone();
    for class in rules.classes.iter_mut().filter(|class| class.format == Format::SealedBid) {
        class.payment = PaymentRule::PayAsBid;
    }
    Policy::new(rules).expect("the format supports paying as bid, and nothing else changed")
}
