//! Formats that need no program: greedy with critical bids, and a posted price.

use std::collections::{BTreeMap, BTreeSet};

use lessor_solver::support::stop::Stop;

use crate::book::{BidderIndex, GoodIndex};
use crate::clear::outcome::Unsettled;
use crate::greedy::{self, SingleMinded, Stock};
use crate::session::SessionError;
use crate::session::catalog::ListedGood;
use crate::session::fate::Lost;
use crate::session::market::{Cleared, Entered, Fates, Market, repeated};

/// Winners by value over the root of weighted size, one bid of a bidder. What a good weighs is how long it lasts, so that a term
/// that others' bids cut into several goods weighs the same.
pub(super) fn clear_greedy(market: &mut Market<'_>, fates: &mut Fates, stop: &Stop) -> Result<Cleared, SessionError> {
    market.leave_out_bids(fates, &repeated(market.bids.iter().map(|entered| market.bidder(entered))));
    let single = |entered: &Entered| {
        let goods = entered.bundle.iter().map(|&(good, quantity)| (good.0, quantity)).collect();
        SingleMinded { value: entered.amount, reserve: entered.reserve, goods }
    };
    let bids: Vec<SingleMinded> = market.bids.iter().map(single).collect();
    let stock = |good: &ListedGood| Stock { quantity: good.offered, weight: good.interval.span().0 };
    let supply: Vec<Stock> = market.catalog.goods().iter().map(stock).collect();
    let Some(payments) = greedy::clear(&supply, &bids, stop)? else {
        return Ok(market.give_up(fates, None, Unsettled::OutOfTime));
    };
    Ok(Cleared { surplus: market.award(fates, payments), ..Cleared::default() })
}

/// In the order of lots, each takes at the posted price what is left, one of a group at most, and no bidder more of a good than one
/// may win. The posted price of a good is its reserve price, and what everybody pays. A bid on a node class takes the node that
/// costs least of those with room.
pub(super) fn clear_posted(market: &Market<'_>, fates: &mut Fates) -> Cleared {
    let goods = market.catalog.goods();
    let mut left: Vec<u64> = goods.iter().map(|good| good.offered).collect();
    let mut taken: BTreeMap<(BidderIndex, GoodIndex), u64> = BTreeMap::new();
    let mut payments = Vec::with_capacity(market.bids.len());
    let mut served = BTreeSet::new();
    for entered in &market.bids {
        let bid = &market.session.bids[entered.at];
        let with = |good, quantity: u64| quantity.saturating_add(taken.get(&(bid.bidder, good)).copied().unwrap_or(0));
        let lost = if served.contains(&(bid.bidder, bid.group)) {
            Some(Lost::GroupWon)
        } else if entered.bundle.iter().any(|&(good, quantity)| with(good, quantity) > market.holder_cap(good)) {
            Some(Lost::Supply)
        } else if entered.bundle.iter().any(|&(good, quantity)| quantity > left[good.0 as usize]) {
            Some(Lost::Lot)
        } else {
            None
        };
        if let Some(lost) = lost {
            fates.lose(entered, lost);
        } else {
            served.insert((bid.bidder, bid.group));
            for &(good, quantity) in &entered.bundle {
                left[good.0 as usize] -= quantity;
                *taken.entry((bid.bidder, good)).or_default() += quantity;
            }
        }
        payments.push(lost.is_none().then_some(entered.reserve));
    }
    let listed = (0..).map(GoodIndex).zip(goods).filter(|(_, good)| good.is_of_class);
    let prices = listed.map(|(at, good)| (at, good.reserve)).collect();
    Cleared { surplus: market.award(fates, payments), prices, ..Cleared::default() }
}
