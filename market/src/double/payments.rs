//! VCG payments on both sides, from what is left over after clearing.
//!
//! Where a buyer goes, either another bid takes the place, the dearest that reaches its class, or a trade ends, and the dearest
//! ask of those that the class trades with, or that could take over for them, is saved. The better of the two is what the
//! buyer costs the others. Sellers mirror that. All orders of a class pay or get the same.
//!
//! What a class pays is the greatest of values that reach it, so that one search from all values, the greatest first, finds
//! what all classes pay: whatever a value reaches, no lesser one need reach again.

use std::cmp::Reverse;

use super::relation::{ColumnSet, Relation};
use super::trading::Trading;

/// A value, and the classes that it is at.
type Source = (u64, Vec<usize>);

/// What buyers of each bid class pay, and what sellers of each ask class get. Of classes that do not trade it says nothing.
///
/// O(bid classes x ask classes / 64), and the sorting.
pub(super) fn clarke(trading: &Trading<'_>) -> (Vec<u64>, Vec<u64>) {
    (pays(trading), gets(trading))
}

/// The dearest bid that would take a buyer's place, or ask that would go with it.
fn pays(trading: &Trading<'_>) -> Vec<u64> {
    let partners: Vec<Vec<usize>> =
        trading.flows.iter().map(|flows| flows.iter().map(|flow| flow.0).collect()).collect();
    let bids = (0..trading.bought.len()).filter_map(|bid| Some((trading.next_bid(bid)?, vec![bid])));
    // The dearest ask that trades is free to go, from any of its class's partners.
    let last = |ask: usize| {
        Some((trading.classes.asks[ask].orders[trading.sold[ask].checked_sub(1)?].0, partners[ask].clone()))
    };
    let mut sources: Vec<Source> = bids.chain((0..trading.sold.len()).filter_map(last)).collect();
    sources.sort_by_key(|source| Reverse(source.0));
    spread(&sources, &trading.covering, &partners, trading.bought.len())
        .into_iter()
        .map(|paid| paid.unwrap_or(0))
        .collect()
}

/// The cheapest ask that would take a seller's place, or bid that would go with it.
fn gets(trading: &Trading<'_>) -> Vec<u64> {
    let mut partners = vec![Vec::new(); trading.bought.len()];
    for (ask, flows) in trading.flows.iter().enumerate() {
        flows.iter().for_each(|&(bid, _)| partners[bid].push(ask));
    }
    let asks = (0..trading.sold.len()).filter_map(|ask| Some((trading.next_ask(ask)?, vec![ask])));
    // The cheapest bid that trades could end its trade, with any of its class's partners.
    let last = |bid: usize| {
        Some((trading.classes.bids[bid].orders[trading.bought[bid].checked_sub(1)?].0, partners[bid].clone()))
    };
    let mut sources: Vec<Source> = asks.chain((0..trading.bought.len()).filter_map(last)).collect();
    sources.sort_by_key(|source| source.0);
    let got = spread(&sources, &trading.covered, &partners, trading.sold.len());
    got.into_iter().map(|got| got.unwrap_or(u64::MAX)).collect()
}

/// For each class of one side, the first source from which it is reached, over classes of the other side that a class could
/// trade with and then the partners of those.
fn spread(sources: &[Source], could_trade: &Relation, partners: &[Vec<usize>], classes: usize) -> Vec<Option<u64>> {
    let mut values = vec![None; classes];
    let (mut unseen, mut open) = (ColumnSet::all(partners.len()), Vec::new());
    for (value, starts) in sources {
        let mut reach = |class: usize, open: &mut Vec<usize>| {
            if values[class].is_none() {
                values[class] = Some(*value);
                open.push(class);
            }
        };
        starts.iter().for_each(|&class| reach(class, &mut open));
        while let Some(class) = open.pop() {
            could_trade.take(class, &mut unseen, |other| {
                partners[other].iter().for_each(|&partner| reach(partner, &mut open));
            });
        }
    }
    values
}
