//! VCG payments on both sides, from what is left over after clearing.
//!
//! Where a buyer goes, either another bid takes the place, the dearest that reaches its class, or a trade ends, and the dearest
//! ask of those that the class trades with, or that could take over for them, is saved. The better of the two is what the
//! buyer costs the others. Sellers mirror that. All orders of a class pay or get the same.

use super::trading::Trading;

/// What buyers of each bid class pay, and what sellers of each ask class get. Of classes that do not trade it says nothing.
pub(super) fn clarke(trading: &Trading<'_>) -> (Vec<u64>, Vec<u64>) {
    let pays = (0..trading.bought.len()).map(|class| pays(trading, class)).collect();
    let gets = (0..trading.sold.len()).map(|class| gets(trading, class)).collect();
    (pays, gets)
}

/// The dearest bid that would take a buyer's place, or ask that would go with it.
fn pays(trading: &Trading<'_>, class: usize) -> u64 {
    let mut is_bid_seen = vec![false; trading.bought.len()];
    let mut is_ask_seen = vec![false; trading.sold.len()];
    let (mut open, mut most) = (vec![class], 0);
    is_bid_seen[class] = true;
    while let Some(bid) = open.pop() {
        // A bid of this class, or of one whose partners could come over.
        most = most.max(trading.next_bid(bid).unwrap_or(0));
        for (ask, flows) in trading.flows.iter().enumerate() {
            if is_ask_seen[ask] || flows.binary_search_by_key(&bid, |flow| flow.0).is_err() {
                continue;
            }
            is_ask_seen[ask] = true;
            // The dearest ask that trades there is free to go.
            most = most.max(trading.classes.asks[ask].orders[trading.sold[ask] - 1].0);
            for (other, covering) in trading.classes.covering.iter().enumerate() {
                if !is_bid_seen[other] && covering.binary_search(&ask).is_ok() {
                    is_bid_seen[other] = true;
                    open.push(other);
                }
            }
        }
    }
    most
}

/// The cheapest ask that would take a seller's place, or bid that would go with it.
fn gets(trading: &Trading<'_>, class: usize) -> u64 {
    let mut is_bid_seen = vec![false; trading.bought.len()];
    let mut is_ask_seen = vec![false; trading.sold.len()];
    let (mut open, mut least) = (vec![class], u64::MAX);
    is_ask_seen[class] = true;
    while let Some(ask) = open.pop() {
        least = least.min(trading.next_ask(ask).unwrap_or(u64::MAX));
        for &(bid, _) in &trading.flows[ask] {
            if std::mem::replace(&mut is_bid_seen[bid], true) {
                continue;
            }
            // The cheapest bid that trades there could end its trade.
            least = least.min(trading.classes.bids[bid].orders[trading.bought[bid] - 1].0);
            for &other in &trading.classes.covering[bid] {
                if !std::mem::replace(&mut is_ask_seen[other], true) {
                    open.push(other);
                }
            }
        }
    }
    least
}
