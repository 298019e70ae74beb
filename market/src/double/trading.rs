//! The flow over classes.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::classes::Classes;
use super::relation::{ColumnSet, Relation};

/// How many of each class trade, and between which classes.
#[derive(Debug)]
pub(super) struct Trading<'a> {
    pub(super) classes: &'a Classes,
    /// For each bid class, the ask classes whose vector covers its own.
    pub(super) covering: Relation,
    /// For each ask class, the bid classes whose vector its own covers.
    pub(super) covered: Relation,
    /// How many orders of each class trade: the first so many.
    pub(super) bought: Vec<usize>,
    pub(super) sold: Vec<usize>,
    /// For each ask class, the bid classes that trade with it and how many do, in order.
    pub(super) flows: Vec<Vec<(usize, usize)>>,
    /// The dearest bid of each class that does not trade, the dearest first.
    starts: BTreeSet<(Reverse<u64>, usize)>,
    /// The cheapest ask of each class that does not trade, the cheapest first.
    ends: BTreeSet<(u64, usize)>,
}

/// From where a class was reached: for a bid class the ask class before, for an ask class the bid class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    Nowhere,
    Start,
    Class(usize),
}

/// The classes that a search reached.
#[derive(Debug)]
struct Search {
    bids: Vec<From>,
    asks: Vec<From>,
    /// The ask classes that it did not.
    unseen: ColumnSet,
}

impl<'a> Trading<'a> {
    /// Nobody trades.
    pub(super) fn new(classes: &'a Classes) -> Trading<'a> {
        let (bids, asks) = (classes.bids.len(), classes.asks.len());
        let (mut covering, mut covered) = (Relation::none(bids, asks), Relation::none(asks, bids));
        for (bid, wanted) in classes.bids.iter().enumerate() {
            for (ask, _) in classes.asks.iter().enumerate().filter(|(_, offered)| offered.covers(wanted)) {
                covering.hold(bid, ask);
                covered.hold(ask, bid);
            }
        }
        Trading {
            classes,
            covering,
            covered,
            bought: vec![0; bids],
            sold: vec![0; asks],
            flows: vec![Vec::new(); asks],
            starts: classes.bids.iter().enumerate().map(|(at, class)| (Reverse(class.orders[0].0), at)).collect(),
            ends: classes.asks.iter().enumerate().map(|(at, class)| (class.orders[0].0, at)).collect(),
        }
    }

    /// The dearest bid of a class that does not trade.
    pub(super) fn next_bid(&self, class: usize) -> Option<u64> {
        self.classes.bids[class].orders.get(self.bought[class]).map(|order| order.0)
    }

    /// The cheapest ask of a class that does not trade.
    pub(super) fn next_ask(&self, class: usize) -> Option<u64> {
        self.classes.asks[class].orders.get(self.sold[class]).map(|order| order.0)
    }

    /// Lets one more pair trade, the one of greatest gain; whether there was one that gains anything.
    pub(super) fn step(&mut self) -> bool {
        let mut search = Search {
            bids: vec![From::Nowhere; self.bought.len()],
            asks: vec![From::Nowhere; self.sold.len()],
            unseen: ColumnSet::all(self.sold.len()),
        };
        let mut best: Option<(u64, usize)> = None;
        let mut ends = self.ends.iter().peekable();
        for &(Reverse(value), start) in &self.starts {
            // From here on no bid is dearer, and no ask that is not reached yet is cheaper.
            while ends.next_if(|end| search.asks[end.1] != From::Nowhere).is_some() {}
            let Some(cheapest) = ends.peek() else { break };
            if value.saturating_sub(cheapest.0) <= best.map_or(0, |best| best.0) {
                break;
            }
            // A class that a dearer bid reached leads nowhere new.
            for ask in self.reach(start, &mut search) {
                if let Some(cost) = self.next_ask(ask).filter(|&cost| cost < value) {
                    let gain = value - cost;
                    if best.is_none_or(|best| gain > best.0) {
                        best = Some((gain, ask));
                    }
                }
            }
        }
        let Some((_, ask)) = best else { return false };
        self.shift(ask, &search);
        true
    }

    /// All ask classes that a bid class newly reaches: those that cover it, and through their partners those that cover them.
    fn reach(&self, start: usize, Search { bids, asks, unseen }: &mut Search) -> Vec<usize> {
        if bids[start] != From::Nowhere {
            return Vec::new();
        }
        bids[start] = From::Start;
        let (mut open, mut reached) = (vec![start], Vec::new());
        while let Some(bid) = open.pop() {
            self.covering.take(bid, unseen, |ask| {
                asks[ask] = From::Class(bid);
                reached.push(ask);
                for &(partner, _) in &self.flows[ask] {
                    if bids[partner] == From::Nowhere {
                        bids[partner] = From::Class(ask);
                        open.push(partner);
                    }
                }
            });
        }
        reached
    }

    /// One more trade that ends at an ask class, with the changes of partners that lead to it.
    fn shift(&mut self, end: usize, Search { bids, asks, .. }: &Search) {
        self.ends.remove(&(self.next_ask(end).expect("an ask is left where a trade ends"), end));
        self.sold[end] += 1;
        self.ends.extend(self.next_ask(end).map(|cost| (cost, end)));
        let mut ask = end;
        loop {
            let From::Class(bid) = asks[ask] else { unreachable!("ask classes are reached from bid classes") };
            self.flow(ask, bid, true);
            match bids[bid] {
                From::Class(before) => {
                    self.flow(before, bid, false);
                    ask = before;
                }
                _ => {
                    self.starts
                        .remove(&(Reverse(self.next_bid(bid).expect("a bid is left where a trade begins")), bid));
                    self.bought[bid] += 1;
                    self.starts.extend(self.next_bid(bid).map(|value| (Reverse(value), bid)));
                    return;
                }
            }
        }
    }

    fn flow(&mut self, ask: usize, bid: usize, is_more: bool) {
        let flows = &mut self.flows[ask];
        match (flows.binary_search_by_key(&bid, |flow| flow.0), is_more) {
            (Ok(at), true) => flows[at].1 += 1,
            (Err(at), true) => flows.insert(at, (bid, 1)),
            (Ok(at), false) if flows[at].1 > 1 => flows[at].1 -= 1,
            (Ok(at), false) => {
                flows.remove(at);
            }
            (Err(_), false) => unreachable!("partners trade with each other"),
        }
    }

    /// Values of the bids that trade, less those of the asks.
    pub(super) fn surplus(&self) -> u128 {
        let sum = |classes: &[super::classes::Class], counts: &[usize]| -> u128 {
            let orders = classes.iter().zip(counts).flat_map(|(class, &count)| &class.orders[..count]);
            orders.map(|order| u128::from(order.0)).sum()
        };
        sum(&self.classes.bids, &self.bought) - sum(&self.classes.asks, &self.sold)
    }

    /// Who trades with whom: bid class, ask class, and the positions of bid and ask.
    pub(super) fn pairs(&self) -> Vec<(usize, usize, usize, usize)> {
        let mut next_bid = vec![0; self.bought.len()];
        let mut pairs = Vec::new();
        for (ask_class, flows) in self.flows.iter().enumerate() {
            let mut asks = self.classes.asks[ask_class].orders.iter();
            for &(bid_class, count) in flows {
                for _ in 0..count {
                    let bid = self.classes.bids[bid_class].orders[next_bid[bid_class]].1;
                    next_bid[bid_class] += 1;
                    let ask = asks.next().expect("as many asks trade as flow says").1;
                    pairs.push((bid_class, ask_class, bid, ask));
                }
            }
        }
        pairs
    }
}
