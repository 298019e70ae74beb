//! Prices at which all that trade would trade, decided exactly as long as the work for it lasts.
//!
//! What trades has prices where each bid that trades costs no more than its amount, each offer no less than it asks, and what stays
//! unsold costs nothing. Of these the lowest are taken, weighed by what trades ([`exact_prices`](super::exact_prices)). Then an
//! order that stays out and would gain is a further row, `amount - p x bundle <=` what its group gains: it is let in as long as
//! there are prices with it and those before. One for which there are none is *paradoxically rejected* where it would gain a whole
//! micro-credit. Where prices suit everybody, no row is refused, and nobody is. Goods that no order or group links are apart.

use std::collections::{BTreeMap, BTreeSet};

use lessor_solver::support::sets::Sets;
use num_bigint::BigInt;

use super::exact_prices::{Lowest, Row, Suited};
use super::uniform_support::{Order, Support};
use crate::book::{GoodIndex, GroupIndex};
use crate::linear_prices::LinearPrices;

/// Products of words that the prices of one choice of trades may take: a part of a second.
const WORK: u64 = 1 << 25;

/// What came of a search for prices of trades.
pub(super) enum Exact {
    /// Prices, and what is paid at them.
    Found(Support),
    /// There are none: that is proved.
    Never,
    /// The work was over first.
    OutOfWork,
}

/// Orders that goods and groups link, and their goods that may have a price.
struct Part {
    orders: Vec<usize>,
    /// Each good that may have a price, with its place in rows.
    places: BTreeMap<GoodIndex, usize>,
    /// Which orders trade, by group.
    trading: BTreeMap<GroupIndex, usize>,
}

/// Finds the lowest prices of trades.
pub(super) fn exact(goods: usize, orders: &[Order]) -> Exact {
    let mut work = WORK;
    let mut support = Support {
        prices: LinearPrices::free(goods),
        paid: vec![0; orders.len()],
        is_paradoxical: vec![false; orders.len()],
    };
    for part in parts(goods, orders) {
        let mut rows: Vec<Row> = part.trading.values().map(|&at| part.kept(&orders[at])).collect();
        let mut lowest = Lowest::new(&part.weights(orders));
        match lowest.suit(&rows, &mut work) {
            Suited::Yes => {}
            Suited::Never => return Exact::Never,
            Suited::OutOfWork => return Exact::OutOfWork,
        }
        let refused = part.let_in(orders, &mut lowest, &mut rows, &mut work);
        for (&good, &place) in &part.places {
            support.prices.set_parts(good, |bits| lowest.price(place, bits));
        }
        for &at in &part.orders {
            if orders[at].trades {
                support.paid[at] = part.pays(&orders[at], &lowest);
            }
        }
        for at in refused {
            support.is_paradoxical[at] = part.would_gain(orders, at, &lowest);
        }
    }
    Exact::Found(support)
}

/// The parts of a book, in the order of their goods.
fn parts(goods: usize, orders: &[Order]) -> Vec<Part> {
    let mut sets = Sets::apart(goods);
    let mut first: BTreeMap<GroupIndex, GoodIndex> = BTreeMap::new();
    for order in orders {
        for &(good, _) in &order.bundle {
            let first = *first.entry(order.group).or_insert(good);
            sets.join(first.0 as usize, good.0 as usize);
        }
    }
    let mut unsold = vec![0_i128; goods];
    for order in orders.iter().filter(|order| order.trades) {
        let sign = if order.is_offer { 1 } else { -1 };
        order.bundle.iter().for_each(|&(good, quantity)| unsold[good.0 as usize] += sign * i128::from(quantity));
    }
    let mut parts: BTreeMap<usize, Part> = BTreeMap::new();
    for (at, order) in orders.iter().enumerate() {
        let Some(&(good, _)) = order.bundle.first() else { continue };
        let empty = || Part { orders: Vec::new(), places: BTreeMap::new(), trading: BTreeMap::new() };
        let part = parts.entry(sets.least(good.0 as usize)).or_insert_with(empty);
        part.orders.push(at);
        if order.trades {
            part.trading.insert(order.group, at);
        }
        for &(good, _) in order.bundle.iter().filter(|entry| unsold[entry.0.0 as usize] <= 0) {
            let next = part.places.len();
            part.places.entry(good).or_insert(next);
        }
    }
    parts.into_values().collect()
}

impl Part {
    /// How much of each good is bought, and one at least, so that no price is higher than it must be.
    fn weights(&self, orders: &[Order]) -> Vec<u64> {
        let mut weights = vec![1_u64; self.places.len()];
        for order in self.trading.values().map(|&at| &orders[at]).filter(|order| !order.is_offer) {
            for (good, quantity) in &order.bundle {
                if let Some(&place) = self.places.get(good) {
                    weights[place] = weights[place].saturating_add(*quantity);
                }
            }
        }
        weights
    }

    /// A bundle without what costs nothing.
    fn priced(&self, order: &Order) -> Vec<(usize, i128)> {
        let of = |(good, quantity): &(GoodIndex, u64)| Some((*self.places.get(good)?, i128::from(*quantity)));
        order.bundle.iter().filter_map(of).collect()
    }

    /// That who trades loses nothing by it.
    fn kept(&self, order: &Order) -> Row {
        self.more(order, if order.is_offer { 1 } else { -1 })
    }

    /// What an order costs, so many times, is no less than its amount as many times.
    fn more(&self, order: &Order, times: i128) -> Row {
        let entries = self.priced(order).into_iter().map(|(place, quantity)| (place, times * quantity)).collect();
        Row { entries, least: times * i128::from(order.amount) }
    }

    /// That who stays out would gain no more than its group does.
    fn left_out(&self, orders: &[Order], at: usize) -> Row {
        let mut row = self.more(&orders[at], if orders[at].is_offer { -1 } else { 1 });
        if let Some(own) = self.trading.get(&orders[at].group).map(|&own| self.kept(&orders[own])) {
            let mut sums: BTreeMap<usize, i128> = row.entries.into_iter().collect();
            own.entries.into_iter().for_each(|(place, more)| *sums.entry(place).or_default() += more);
            row = Row { entries: sums.into_iter().collect(), least: row.least + own.least };
        }
        row
    }

    /// Raises prices until who stays out would not gain, the most broken row first; the orders for which that was proved to be
    /// impossible beside those before.
    fn let_in(&self, orders: &[Order], lowest: &mut Lowest, rows: &mut Vec<Row>, work: &mut u64) -> Vec<usize> {
        let staying = self.orders.iter().copied().filter(|&at| !orders[at].trades);
        let mut left: Vec<(usize, Row)> = staying.map(|at| (at, self.left_out(orders, at))).collect();
        let mut refused = BTreeSet::new();
        loop {
            let size = left.iter().map(|(_, row)| row.entries.len() as u64).sum();
            let Some(rest) = work.checked_sub(size) else { break };
            *work = rest;
            let broken = left.iter().enumerate().map(|(place, (_, row))| (lowest.beyond(row), place));
            let Some((_, place)) = broken.filter(|(beyond, _)| *beyond < BigInt::ZERO).min() else { break };
            let (at, row) = left.swap_remove(place);
            let mut raised = lowest.clone();
            rows.push(row);
            match raised.suit(rows, work) {
                Suited::Yes => *lowest = raised,
                Suited::Never => {
                    rows.pop();
                    refused.insert(at);
                }
                Suited::OutOfWork => break,
            }
        }
        refused.into_iter().collect()
    }

    /// What an order that trades pays or gets, in whole micro-credits: buyers pay a fraction as one, and sellers get it as none, so
    /// that what sellers get is there.
    fn pays(&self, order: &Order, lowest: &Lowest) -> u64 {
        let (down, is_less) = lowest.cost(&self.priced(order));
        let paid = if is_less && !order.is_offer { down + 1 } else { down };
        u64::try_from(paid).unwrap_or(u64::MAX)
    }

    /// Whether an order that stays out would gain more than its group does, in whole micro-credits.
    fn would_gain(&self, orders: &[Order], at: usize, lowest: &Lowest) -> bool {
        let gain = |order: &Order| {
            let (amount, pays) = (i128::from(order.amount), i128::from(self.pays(order, lowest)));
            if order.is_offer { pays - amount } else { amount - pays }
        };
        let own = self.trading.get(&orders[at].group).map_or(0, |&own| gain(&orders[own]));
        gain(&orders[at]) > own.max(0)
    }
}
