//! Formats that need no program: greedy with critical bids, and a posted price before its first step.

use std::collections::BTreeSet;

use crate::greedy::{self, SingleMinded};
use crate::session::SessionError;
use crate::session::fate::Lost;
use crate::session::market::{Cleared, Entered, Fates, Market, repeated};

/// Winners by value over the root of weighted size, one bid of a bidder.
pub(super) fn clear_greedy(market: &mut Market<'_>, fates: &mut Fates) -> Result<Cleared, SessionError> {
    market.leave_out_bids(fates, &repeated(market.session.bids.iter().map(|bid| bid.bidder)));
    let single = |entered: &Entered| {
        let fate = &fates.bids[entered.at];
        let goods = entered.bundle.iter().map(|&(good, quantity)| (good.0, quantity)).collect();
        SingleMinded { value: fate.counted, reserve: fate.reserve, goods }
    };
    let bids: Vec<SingleMinded> = market.bids.iter().map(single).collect();
    let supply: Vec<u64> = market.catalog.goods().iter().map(|good| good.offered).collect();
    let payments = greedy::clear(&supply, &bids, market.session.policy.rules().tie_break_seed)?;
    Ok(Cleared { surplus: market.award(&mut fates.bids, payments), ..Cleared::default() })
}

/// In the order of lots, each takes at the reserve price what is left, one of a group at most.
pub(super) fn clear_posted(market: &Market<'_>, fates: &mut Fates) -> Cleared {
    let mut left: Vec<u64> = market.catalog.goods().iter().map(|good| good.offered).collect();
    let mut payments = Vec::with_capacity(market.bids.len());
    let mut served = BTreeSet::new();
    for entered in &market.bids {
        let (bid, fate) = (&market.session.bids[entered.at], &mut fates.bids[entered.at]);
        let is_there = entered.bundle.iter().all(|&(good, quantity)| quantity <= left[good.0 as usize]);
        let lost = if served.contains(&(bid.bidder, bid.group)) {
            Some(Lost::GroupWon)
        } else {
            (!is_there).then_some(Lost::Lot)
        };
        if let Some(lost) = lost {
            fate.result = Err(lost);
        } else {
            served.insert((bid.bidder, bid.group));
            entered.bundle.iter().for_each(|&(good, quantity)| left[good.0 as usize] -= quantity);
        }
        payments.push(lost.is_none().then_some(fate.reserve));
    }
    Cleared { surplus: market.award(&mut fates.bids, payments), ..Cleared::default() }
}
