//! What the policy says of bids and offers before anything is compared.

use std::collections::BTreeMap;

use lessor_models::fleet::Fleet;
use lessor_models::job::Domain;
use lessor_models::resources::{Kind, UNLIMITED};
use lessor_models::time::{Interval, StepFunction, Timestamp};

use super::catalog::{Wish, ask, place};
use super::fate::{Fate, Lost, OfferFate};
use super::{AccountBid, Session};
use crate::book::{BidderIndex, GroupIndex};
use crate::money::Money;

/// Each bid as the policy sees it in a round at an instant, or whenever it is: outbid, unless there is another reason.
pub(super) fn bids(session: &Session<'_>, at: Option<Timestamp>) -> Vec<Fate> {
    let limits = session.policy.rules().bids;
    let mut groups: BTreeMap<BidderIndex, BTreeMap<GroupIndex, u32>> = BTreeMap::new();
    for bid in session.bids {
        *groups.entry(bid.bidder).or_default().entry(bid.group).or_default() += 1;
    }
    let over = |bid: &AccountBid| {
        let of_bidder = &groups[&bid.bidder];
        of_bidder.len() > limits.groups_max as usize
            || of_bidder[&bid.group] > limits.bundles_max
            || bid.terms().count() > limits.goods_max as usize
            || bid.amount > limits.amount_max
    };
    let reason = |bid: &AccountBid, class: Option<usize>| {
        let Some(class) = class else { return Some(Lost::NotTraded) };
        if !session.policy.rules().classes[class].traders.contains(&bid.service) {
            return Some(Lost::NotTrader);
        }
        let begins_before = bid.terms().any(|term| at.is_some_and(|at| term.start < at));
        let reason = account_reason(session, &bid.wishes, bid.terms(), at).or(begins_before.then_some(Lost::Term));
        let is_one_of_several = bid.anywhere.is_some() && session.policy.rules().classes[class].takes_one_bundle();
        let reason = reason.or_else(|| over(bid).then_some(Lost::Limits));
        reason.or_else(|| is_one_of_several.then_some(Lost::SeveralBids))
    };
    let mut purses = Purses { session, reserved: BTreeMap::new() };
    let look = |bid: &AccountBid| {
        let class = class_of(session, bid.traded(session.ground.fleet));
        let reason = reason(bid, class);
        // What is refused for another reason owes no payment, but the fee of its group all the same.
        let most = if reason.is_none() { bid.amount } else { Money::ZERO };
        let result = if purses.covers(bid, most) { reason.unwrap_or(Lost::Outbid) } else { Lost::Budget };
        Fate { class, node: None, counted: bid.amount, reserve: None, part: None, result: Err(result) }
    };
    session.bids.iter().map(look).collect()
}

/// Each offer likewise. What is offered may have begun before the round.
pub(super) fn offers(session: &Session<'_>, at: Option<Timestamp>) -> Vec<OfferFate> {
    let look = |offer: &super::AccountOffer| {
        let wishes: Vec<Wish> = offer.goods.iter().map(|good| good.wish).collect();
        let fleet = session.ground.fleet;
        let class = class_of(session, wishes.iter().map(|wish| (place(fleet, wish.owner), wish.kind)));
        let result = match class {
            None => Lost::NotTraded,
            Some(class) if !session.policy.rules().classes[class].format.takes_offers() => Lost::NoOffers,
            Some(_) => {
                let terms = wishes.iter().map(|wish| wish.interval);
                account_reason(session, &wishes, terms, at).unwrap_or(Lost::Outbid)
            }
        };
        OfferFate { class, ask: Money::of(ask(fleet, &offer.goods)), part: None, result: Err(result) }
    };
    session.offers.iter().map(look).collect()
}

/// The one class that all accounts of a bundle trade in.
fn class_of(session: &Session<'_>, traded: impl Iterator<Item = (Domain, Kind)>) -> Option<usize> {
    let classes = &session.policy.rules().classes;
    let mut covering = traded.map(|(place, kind)| classes.iter().position(|class| class.covers(place, kind)));
    let first = covering.next().flatten()?;
    covering.all(|class| class == Some(first)).then_some(first)
}

/// Why accounts and terms are not for trade, where they are not.
fn account_reason(
    session: &Session<'_>,
    named: &[Wish],
    mut terms: impl Iterator<Item = Interval>,
    at: Option<Timestamp>,
) -> Option<Lost> {
    let limits = session.policy.rules().terms;
    let fits = |term: Interval| {
        (limits.least..=limits.most).contains(&term.span()) && at.is_none_or(|at| term.start <= at.after(limits.ahead))
    };
    if named.iter().any(|wish| is_unlimited(session.ground.fleet, wish)) {
        Some(Lost::Unlimited)
    } else if !terms.all(fits) {
        Some(Lost::Term)
    } else {
        None
    }
}

/// Whether an account has no limit at some time of a term.
pub(super) fn is_unlimited(fleet: &Fleet, wish: &Wish) -> bool {
    let steps = fleet.steps().get(&(wish.owner, wish.kind)).into_iter().flat_map(StepFunction::steps);
    let mut within = steps.filter(|step| wish.interval.start < step.0 && step.0 < wish.interval.end);
    let begins = fleet.capacity_at(wish.owner, wish.kind, wish.interval.start);
    begins == UNLIMITED || within.any(|step| step.1 == UNLIMITED)
}

/// What bidders have for a round, and what of it the bids so far may take.
struct Purses<'a> {
    session: &'a Session<'a>,
    /// What each group may owe: its fee, and the greatest bid so far.
    reserved: BTreeMap<BidderIndex, BTreeMap<GroupIndex, i128>>,
}

impl Purses<'_> {
    /// Whether the bidder has what it may owe with this bid too, of so much at most, which then counts: of each group the fee and
    /// the greatest bid, since one of it wins at most. Bids count in the order of the book; a group of which none counts owes
    /// nothing.
    fn covers(&mut self, bid: &AccountBid, most: Money) -> bool {
        let Some(budgets) = self.session.budgets else { return true };
        let available = budgets.get(bid.bidder.0 as usize).copied().unwrap_or(0);
        let groups = self.reserved.entry(bid.bidder).or_default();
        let fee = i128::from(self.session.policy.rules().fees.per_group.0);
        let before = groups.get(&bid.group).copied().unwrap_or(0);
        let with = before.max(fee + i128::from(most.0));
        let owed = groups.values().sum::<i128>() - before + with;
        if owed <= available {
            groups.insert(bid.group, with);
        }
        owed <= available
    }
}
