//! Trade reduction on accounts: for each vector by itself, and one bid or offer of a party.

use lessor_models::families::double_auction::{DoubleAuctionInstance, Order};

use crate::double::reduced;
use crate::money::Money;
use crate::session::market::{Cleared, Entered, Fates, Market, repeated};

/// Clears a class by trade reduction.
pub(super) fn clear_reduced(market: &mut Market<'_>, fates: &mut Fates) -> Cleared {
    keep_single(market, fates);
    let length = market.catalog.goods().len();
    let order = |entered: &Entered, value: Money| {
        let mut vector = vec![0; length];
        entered.bundle.iter().for_each(|&(good, quantity)| vector[good.0 as usize] = quantity);
        Order { id: entered.at as u64, value: value.micro_credits(), vector }
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

/// The theorem is of parties with one order each; what the rules kept out is none.
fn keep_single(market: &mut Market<'_>, fates: &mut Fates) {
    market.leave_out_bids(fates, &repeated(market.bids.iter().map(|entered| market.bidder(entered))));
    market.leave_out_offers(fates, &repeated(market.offers.iter().map(|entered| market.seller(entered))));
}
