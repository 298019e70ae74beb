//! What the policy says of bids and offers before anything is compared.

use std::collections::BTreeMap;

use lessor_models::resources::UNLIMITED;
use lessor_models::time::{StepFunction, Timestamp};

use super::catalog::{Wish, place};
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
            || bid.wishes.len() > limits.goods_max as usize
            || bid.amount > limits.amount_max
    };
    let reason = |bid: &AccountBid, class: Option<usize>| {
        let Some(class) = class else { return Some(Lost::NotTraded) };
        if !session.policy.rules().classes[class].traders.contains(&bid.service) {
            return Some(Lost::NotTrader);
        }
        let begins_before = bid.wishes.iter().any(|wish| at.is_some_and(|at| wish.interval.start < at));
        let reason = account_reason(session, &bid.wishes, at).or(begins_before.then_some(Lost::Term));
        reason.or_else(|| over(bid).then_some(Lost::Limits))
    };
    let mut purses = Purses { session, reserved: BTreeMap::new() };
    let look = |bid: &AccountBid| {
        let class = class_of(session, &bid.wishes);
        let reason = reason(bid, class);
        // What is refused for another reason owes no payment, but the fee of its group all the same.
        let most = if reason.is_none() { bid.amount } else { Money::ZERO };
        let result = if purses.covers(bid, most) { reason.unwrap_or(Lost::Outbid) } else { Lost::Budget };
        Fate { class, counted: bid.amount, reserve: Money::ZERO, part: None, result: Err(result) }
    };
    session.bids.iter().map(look).collect()
}

/// Each offer likewise. What is offered may have begun before the round.
pub(super) fn offers(session: &Session<'_>, at: Option<Timestamp>) -> Vec<OfferFate> {
    let look = |offer: &super::AccountOffer| {
        let wishes: Vec<Wish> = offer.goods.iter().map(|good| good.wish).collect();
        let class = class_of(session, &wishes);
        let result = match class {
            None => Lost::NotTraded,
            Some(class) if !session.policy.rules().classes[class].format.takes_offers() => Lost::NoOffers,
            Some(_) => account_reason(session, &wishes, at).unwrap_or(Lost::Outbid),
        };
        OfferFate { class, ask: Money::ZERO, part: None, result: Err(result) }
    };
    session.offers.iter().map(look).collect()
}

/// The one class that all accounts of a bundle trade in.
fn class_of(session: &Session<'_>, wishes: &[Wish]) -> Option<usize> {
    let classes = &session.policy.rules().classes;
    let covering = |wish: &Wish| {
        let place = place(session.ground.fleet, wish.owner);
        classes.iter().position(|class| class.covers(place, wish.kind))
    };
    let first = wishes.first().and_then(covering)?;
    wishes.iter().all(|wish| covering(wish) == Some(first)).then_some(first)
}

/// Why accounts and terms are not for trade, where they are not.
fn account_reason(session: &Session<'_>, wishes: &[Wish], at: Option<Timestamp>) -> Option<Lost> {
    let terms = session.policy.rules().terms;
    let fits_terms = |wish: &Wish| {
        (terms.least..=terms.most).contains(&wish.interval.span())
            && at.is_none_or(|at| wish.interval.start <= at.after(terms.ahead))
    };
    let fleet = session.ground.fleet;
    let is_unlimited = |wish: &Wish| {
        let steps = fleet.steps().get(&(wish.owner, wish.kind)).into_iter().flat_map(StepFunction::steps);
        let mut within = steps.filter(|step| wish.interval.start < step.0 && step.0 < wish.interval.end);
        let begins = fleet.capacity_at(wish.owner, wish.kind, wish.interval.start);
        begins == UNLIMITED || within.any(|step| step.1 == UNLIMITED)
    };
    if wishes.iter().any(is_unlimited) {
        Some(Lost::Unlimited)
    } else if !wishes.iter().all(fits_terms) {
        Some(Lost::Term)
    } else {
        None
    }
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
