//! Orders of one vector: buyers from the dearest on, sellers from the cheapest on.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use lessor_models::families::double_auction::{DoubleAuctionInstance, Order};

/// Orders in classes.
#[derive(Debug)]
pub(super) struct Classes {
    pub(super) bids: Vec<Class>,
    pub(super) asks: Vec<Class>,
}

/// Orders of one vector.
#[derive(Debug)]
pub(super) struct Class {
    pub(super) vector: Vec<u64>,
    /// Value and position of each order, those first that trade first.
    pub(super) orders: Vec<(u64, usize)>,
}

impl Class {
    /// Whether an ask of this class serves a bid of another.
    pub(super) fn covers(&self, bid: &Class) -> bool {
        bid.vector.iter().zip(&self.vector).all(|(wanted, offered)| wanted <= offered)
    }
}

impl Classes {
    pub(super) fn of(instance: &DoubleAuctionInstance) -> Classes {
        let mut bids = classes(instance.bids());
        bids.iter_mut().for_each(|class| class.orders.sort_by_key(|&(value, at)| (Reverse(value), at)));
        let mut asks = classes(instance.asks());
        asks.iter_mut().for_each(|class| class.orders.sort_unstable());
        Classes { bids, asks }
    }
}

fn classes(orders: &[Order]) -> Vec<Class> {
    let mut found: BTreeMap<&[u64], Vec<(u64, usize)>> = BTreeMap::new();
    for (at, order) in orders.iter().enumerate() {
        found.entry(&order.vector).or_default().push((order.value, at));
    }
    found.into_iter().map(|(vector, orders)| Class { vector: vector.to_vec(), orders }).collect()
}
