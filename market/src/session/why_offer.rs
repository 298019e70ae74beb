//! Why an offer sold nothing: the most that it could have asked, and which offers sold in its place.
//!
//! An offer that sells goes on selling when it alone asks for less, but at uniform prices of whole orders. So the dearest ask that
//! sells is found by bisection over the round itself, as [`why`](super::why) does for bids, between asking for nothing and what is
//! asked, in parts of 2^20: all that it asks, of each of its goods, is scaled alike.

use lessor_solver::support::stop::Stop;

use super::edge::edge;
use super::why::paid_as_bid;
use super::{AccountOffer, Lost, OfferedGood, Session, SessionError, clear_session};
use crate::money::Money;
use crate::policy::PaymentRule;

/// Parts that an ask is divided into.
const PARTS: i64 = 1 << 20;

/// What stood in the way of an offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhyOffer {
    /// Why it sold nothing.
    pub lost: Lost,
    /// The most that it could have asked for all of it and sold some, to a 2^-20 of what it asks; at uniform prices one such ask,
    /// of which there may be dearer ones. `None` where none sells or none was found, or where that is not proved.
    pub dearest: Option<Money>,
    /// Offers that sold, and would not have, in order; where no ask sells, those that sold of the same accounts.
    pub against: Vec<usize>,
}

/// Looks into an offer that sold nothing; `None` where it sold. At most 22 rounds, 20 more at uniform prices.
///
/// # Errors
/// See [`SessionError`].
///
/// # Panics
/// Where the offer is not in the session.
pub fn why_offer(session: &Session<'_>, offer: usize, stop: &Stop) -> Result<Option<WhyOffer>, SessionError> {
    let policy = paid_as_bid(session.policy, |_| true);
    let session = &Session { policy: &policy, ..*session };
    let before = clear_session(session, stop)?;
    let fate = before.offer_fates[offer];
    let Err(lost) = fate.result else { return Ok(None) };
    let none = WhyOffer { lost, dearest: None, against: Vec::new() };
    if !matches!(lost, Lost::Outbid | Lost::Lot | Lost::Paradox) {
        return Ok(Some(none));
    }
    let had_sold = |&at: &usize| before.offer_fates[at].result.is_ok();
    let mut offers: Vec<AccountOffer> = session.offers.to_vec();
    // What is asked, and which offers sell, where it asks for so many parts.
    let mut sold = |parts: i64| -> Result<Option<(Money, Vec<usize>)>, SessionError> {
        offers[offer].goods = session.offers[offer].goods.iter().map(|good| asking(good, parts)).collect();
        let outcome = clear_session(&Session { offers: &offers, ..*session }, stop)?;
        let fate = outcome.offer_fates[offer];
        let sold = (0..offers.len()).filter(|&at| outcome.offer_fates[at].result.is_ok());
        Ok(fate.result.is_ok().then(|| (fate.ask, sold.collect())))
    };
    // At uniform prices an offer that asks for less may come to be in the way: parts are halved until it sells.
    let is_uniform = fate.class.is_some_and(|class| policy.rules().classes[class].payment == PaymentRule::Uniform);
    let (mut sells, mut stays) = (if is_uniform { PARTS / 2 } else { 0 }, PARTS);
    let mut found = sold(sells)?;
    while found.is_none() && sells > 0 && !stop.is_raised() {
        (sells, stays) = (sells / 2, sells);
        found = sold(sells)?;
    }
    let Some(after) = found else {
        let goods = &session.offers[offer].goods;
        let is_same = |other: &AccountOffer| {
            let shares = |OfferedGood { wish: one, .. }: &OfferedGood, OfferedGood { wish: two, .. }: &OfferedGood| {
                (one.owner, one.kind) == (two.owner, two.kind) && one.interval.meets(&two.interval)
            };
            goods.iter().any(|good| other.goods.iter().any(|other| shares(good, other)))
        };
        let of_same = (0..session.offers.len()).filter(had_sold).filter(|&at| is_same(&session.offers[at]));
        let against = if stop.is_raised() { Vec::new() } else { of_same.collect() };
        return Ok(Some(WhyOffer { against, ..none }));
    };
    let (_, (ask, now)) = edge((sells, stays), after, stop, sold)?;
    let against = (0..session.offers.len()).filter(had_sold).filter(|at| now.binary_search(at).is_err()).collect();
    Ok(Some(WhyOffer { lost, dearest: (!stop.is_raised()).then_some(ask), against }))
}

/// An offered good that asks for so many of the parts of what it asks, rounded down.
fn asking(good: &OfferedGood, parts: i64) -> OfferedGood {
    let part = |amount: u64| {
        u64::try_from(i128::from(amount) * i128::from(parts) / i128::from(PARTS)).expect("no more than the whole")
    };
    OfferedGood { cost: good.cost.scaled(part), ..*good }
}
