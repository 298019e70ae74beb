//! The flow over classes.

use std::cmp::Reverse;

use super::classes::Classes;

/// How many of each class trade, and between which classes.
#[derive(Debug)]
pub(super) struct Trading<'a> {
    pub(super) classes: &'a Classes,
    /// How many orders of each class trade: the first so many.
    pub(super) bought: Vec<usize>,
    pub(super) sold: Vec<usize>,
    /// For each ask class, the bid classes that trade with it and how many do, in order.
    pub(super) flows: Vec<Vec<(usize, usize)>>,
}

/// From where a class was reached: for a bid class the ask class before, for an ask class the bid class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    Nowhere,
    Start,
    Class(usize),
}

impl<'a> Trading<'a> {
    /// Nobody trades.
    pub(super) fn new(classes: &'a Classes) -> Trading<'a> {
        let (bids, asks) = (classes.bids.len(), classes.asks.len());
        Trading { classes, bought: vec![0; bids], sold: vec![0; asks], flows: vec![Vec::new(); asks] }
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
        let mut starts: Vec<(u64, usize)> =
            (0..self.bought.len()).filter_map(|class| self.next_bid(class).map(|value| (value, class))).collect();
        starts.sort_by_key(|&(value, class)| (Reverse(value), class));
        let mut bids = vec![From::Nowhere; self.bought.len()];
        let mut asks = vec![From::Nowhere; self.sold.len()];
        let mut best: Option<(u64, usize)> = None;
        for (value, start) in starts {
            // A class that a dearer bid reached leads nowhere new.
            for ask in self.reach(start, &mut bids, &mut asks) {
                if let Some(cost) = self.next_ask(ask).filter(|&cost| cost < value) {
                    let gain = value - cost;
                    if best.is_none_or(|best| gain > best.0) {
                        best = Some((gain, ask));
                    }
                }
            }
        }
        let Some((_, ask)) = best else { return false };
        self.shift(ask, &bids, &asks);
        true
    }

    /// All ask classes that a bid class newly reaches: those that cover it, and through their partners those that cover them.
    fn reach(&self, start: usize, bids: &mut [From], asks: &mut [From]) -> Vec<usize> {
        if bids[start] != From::Nowhere {
            return Vec::new();
        }
        bids[start] = From::Start;
        let (mut open, mut reached) = (vec![start], Vec::new());
        while let Some(bid) = open.pop() {
            for &ask in &self.classes.covering[bid] {
                if asks[ask] != From::Nowhere {
                    continue;
                }
                asks[ask] = From::Class(bid);
                reached.push(ask);
                for &(partner, _) in &self.flows[ask] {
                    if bids[partner] == From::Nowhere {
                        bids[partner] = From::Class(ask);
                        open.push(partner);
                    }
                }
            }
        }
        reached
    }

    /// One more trade that ends at an ask class, with the changes of partners that lead to it.
    fn shift(&mut self, end: usize, bids: &[From], asks: &[From]) {
        self.sold[end] += 1;
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
                    self.bought[bid] += 1;
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
