//! Trade reduction (McAfee 1992), for each vector by itself: buyers and sellers of exactly that vector trade at one price that
//! none of them sets, or the last pair stays out and sets the two prices.
//!
//! For unit demand nobody gains by misreporting, nobody loses by taking part, and the operator never pays; what is given up is
//! the last pair of a vector at most, and every trade between vectors that differ.

use lessor_models::families::double_auction::DoubleAuctionInstance;

use super::classes::{Class, Classes};
use super::{DoubleOutcome, Trade};

/// Clears by trade reduction.
#[must_use]
pub fn reduced(instance: &DoubleAuctionInstance) -> DoubleOutcome {
    let classes = Classes::of(instance);
    let mut outcome = DoubleOutcome { trades: Vec::new(), surplus: 0 };
    for bids in &classes.bids {
        let asks = classes.asks.binary_search_by(|asks| asks.vector.cmp(&bids.vector));
        if let Ok(at) = asks {
            trade(bids, &classes.asks[at], &mut outcome);
        }
    }
    outcome.trades.sort_by_key(|trade| trade.bid);
    outcome
}

fn trade(bids: &Class, asks: &Class, outcome: &mut DoubleOutcome) {
    let pairs = bids.orders.iter().zip(&asks.orders);
    // A pair that gains nothing does not trade.
    let efficient = pairs.take_while(|(bid, ask)| bid.0 > ask.0).count();
    let Some(last) = efficient.checked_sub(1) else { return };
    let (lowest_bid, highest_ask) = (bids.orders[last].0, asks.orders[last].0);
    let beyond = bids.orders.get(efficient).zip(asks.orders.get(efficient));
    let price = beyond.map(|(bid, ask)| u64::midpoint(bid.0, ask.0));
    let (count, pays, gets) = match price.filter(|price| (highest_ask..=lowest_bid).contains(price)) {
        Some(price) => (efficient, price, price),
        None => (last, lowest_bid, highest_ask),
    };
    for (bid, ask) in bids.orders.iter().zip(&asks.orders).take(count) {
        outcome.trades.push(Trade { bid: bid.1, ask: ask.1, pays, gets });
        outcome.surplus += u128::from(bid.0 - ask.0);
    }
}
