//! Trade reduction on accounts: for each vector by itself, and one bid or offer of a party.

use std::collections::BTreeSet;

use lessor_models::families::double_auction::{DoubleAuctionInstance, Order};

use super::fate::Lost;
use super::market::{Cleared, Entered, Fates, Market};
use crate::double::reduced;
use crate::money::Money;

/// Clears a class by trade reduction.
pub(super) fn clear_reduced(market: &mut Market<'_>, fates: &mut Fates) -> Cleared {
    keep_single(market, fates);
    let length = market.catalog.goods().len();
    let order = |entered: &Entered, value: Money| {
        let mut vector = vec![0; length];
        entered.bundle.iter().for_each(|&(good, quantity)| vector[good.0 as usize] = quantity);
        Order { id: entered.at as u64, value: value.0.unsigned_abs(), vector }
    };
    let bids = market.bids.iter().map(|entered| order(entered, fates.bids[entered.at].counted)).collect();
    let asks = market.offers.iter().map(|entered| order(entered, fates.offers[entered.at].ask)).collect();
    let instance =
        DoubleAuctionInstance::new(bids, asks).expect("vectors are as long as the catalog, and amounts are in range");
    let outcome = reduced(&instance);
    for trade in &outcome.trades {
        fates.bids[market.bids[trade.bid].at].result = Ok(Money::of(trade.pays.into()));
        fates.offers[market.offers[trade.ask].at].result = Ok(Money::of(trade.gets.into()));
    }
    // What is given up is the rule's price for truth: it proves no bound.
    Cleared { surplus: outcome.surplus, ..Cleared::default() }
}

/// The theorem is of parties with one order each.
fn keep_single(market: &mut Market<'_>, fates: &mut Fates) {
    let session = market.session;
    let (mut seen, mut twice) = (BTreeSet::new(), BTreeSet::new());
    for bid in session.bids {
        if !seen.insert(bid.bidder) {
            twice.insert(bid.bidder);
        }
    }
    let (mut sellers, mut sells_twice) = (BTreeSet::new(), BTreeSet::new());
    for offer in session.offers {
        if !sellers.insert(offer.seller) {
            sells_twice.insert(offer.seller);
        }
    }
    market.bids.retain(|entered| {
        let is_single = !twice.contains(&session.bids[entered.at].bidder);
        if !is_single {
            fates.bids[entered.at].result = Err(Lost::SeveralBids);
        }
        is_single
    });
    market.offers.retain(|entered| {
        let is_single = !sells_twice.contains(&session.offers[entered.at].seller);
        if !is_single {
            fates.offers[entered.at].result = Err(Lost::SeveralBids);
        }
        is_single
    });
}
