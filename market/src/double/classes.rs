//! Orders of one vector: buyers from the dearest on, sellers from the cheapest on.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use lessor_models::families::double_auction::{DoubleAuctionInstance, Order};

/// Orders in classes, and which ask classes cover which bid classes.
#[derive(Debug)]
pub(super) struct Classes {
    pub(super) bids: Vec<Class>,
    pub(super) asks: Vec<Class>,
    /// For each bid class, the ask classes whose vector covers its own, in order.
    pub(super) covering: Vec<Vec<usize>>,
}

/// Orders of one vector.
#[derive(Debug)]
pub(super) struct Class {
    pub(super) vector: Vec<u64>,
    /// Value and position of each order, those first that trade first.
    pub(super) orders: Vec<(u64, usize)>,
}

impl Classes {
    pub(super) fn of(instance: &DoubleAuctionInstance) -> Classes {
        let mut bids = classes(instance.bids());
        bids.iter_mut().for_each(|class| class.orders.sort_by_key(|&(value, at)| (Reverse(value), at)));
        let mut asks = classes(instance.asks());
        asks.iter_mut().for_each(|class| class.orders.sort_unstable());
        let covers =
            |bid: &Class, ask: &Class| bid.vector.iter().zip(&ask.vector).all(|(wanted, offered)| wanted <= offered);
        let covering = |bid: &Class| (0..asks.len()).filter(|&ask| covers(bid, &asks[ask])).collect();
        let covering = bids.iter().map(covering).collect();
        Classes { bids, asks, covering }
    }
}

fn classes(orders: &[Order]) -> Vec<Class> {
    let mut found: BTreeMap<&[u64], Vec<(u64, usize)>> = BTreeMap::new();
    for (at, order) in orders.iter().enumerate() {
        found.entry(&order.vector).or_default().push((order.value, at));
    }
    found.into_iter().map(|(vector, orders)| Class { vector: vector.to_vec(), orders }).collect()
}
