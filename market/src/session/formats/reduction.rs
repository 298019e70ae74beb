//! Trade reduction on accounts: for each vector by itself, and one bid or offer of a party.

use std::collections::{BTreeMap, BTreeSet};

use lessor_models::families::double_auction::{DoubleAuctionInstance, Order};

use crate::double::reduced;
use crate::money::Money;
use crate::session::market::{Bundle, Cleared, Entered, Fates, Market, repeated};

/// Clears a class by trade reduction.
pub(super) fn clear_reduced(market: &mut Market<'_>, fates: &mut Fates) -> Cleared {
    keep_single(market, fates);
    // Only orders of one vector meet, so that its number says all of it: a round may have as many goods as it has orders.
    let bundles: BTreeSet<&Bundle> = market.bids.iter().chain(&market.offers).map(|entered| &entered.bundle).collect();
    let numbers: BTreeMap<&Bundle, u64> = bundles.into_iter().zip(1..).collect();
    let order = |entered: &Entered, value: Money| Order {
        id: entered.at as u64,
        value: value.micro_credits(),
        vector: vec![numbers[&entered.bundle]],
    };
    let bids = market.bids.iter().map(|entered| order(entered, entered.amount)).collect();
    let asks = market.offers.iter().map(|entered| order(entered, entered.amount)).collect();
    let instance = DoubleAuctionInstance::new(bids, asks).expect("vectors are of one number, and amounts are in range");
    let outcome = reduced(&instance);
    for trade in &outcome.trades {
        fates.win(&market.bids[trade.bid], Money::of(trade.pays.into()));
        fates.offers[market.offers[trade.ask].at].result = Ok(Money::of(trade.gets.into()));
    }
    // What is given up is the rule's price for truth: it proves no bound.
    Cleared { surplus: outcome.surplus, ..Cleared::default() }
}

/// The theorem is of parties with one order each; what the rules kept out is none.
fn keep_single(market: &mut Market<'_>, fates: &mut Fates) {
    market.leave_out_bids(fates, &repeated(market.bids.iter().map(|entered| market.bidder(entered))));
    market.leave_out_offers(fates, &repeated(market.offers.iter().map(|entered| market.seller(entered))));
}
