//! Prices of goods at which all that trade would trade, where there are any.
//!
//! With bundles there need not be such prices. They are the duals of the relaxation: where that is whole, nobody would rather do
//! anything else at them (Bikhchandani & Mamer 1997). Where it is not, prices are sought that support those who trade, in the
//! relaxation of their orders alone; an order that stays out and would gain at them is *paradoxically rejected*. Where even those
//! who trade have no such prices, or what nobody takes of a whole offer has one, there are none, and the orders are named that they
//! suit least: without them there may be.
//!
//! Which it is, and at what prices, is decided exactly ([`exact_support`](super::exact_support)); where the work for that is over,
//! prices are estimated in floating point, which tells amounts apart to some thirty bits of the greatest in a program. So goods
//! that no order links have programs of their own, and where no prices suit, bids are counted for less than they state: prices
//! that suit a lower bid suit the bid, and whether they do is decided by what is stated. Where there are none, estimates say which
//! order is most in the way.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use lessor_solver::packing::{Packing, PackingColumn, row_prices};
use lessor_solver::support::sets::Sets;

use super::exact_support::{Exact, exact};
use crate::book::{GoodIndex, GroupIndex};
use crate::linear_prices::{LinearPrices, is_within, rounding};

/// A bid, or an offer, of an exchange.
#[derive(Clone, Debug)]
pub(super) struct Order {
    /// Orders of which one trades at most.
    pub(super) group: GroupIndex,
    pub(super) bundle: Vec<(GoodIndex, u64)>,
    /// What is paid at most, or asked at least, in micro-credits.
    pub(super) amount: u64,
    pub(super) is_offer: bool,
    pub(super) trades: bool,
}

/// Payments at uniform prices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Support {
    pub(super) prices: LinearPrices,
    /// What each order pays or gets, in micro-credits; nothing where it does not trade.
    pub(super) paid: Vec<u64>,
    /// Whether each stays out though it would gain.
    pub(super) is_paradoxical: Vec<bool>,
}

/// By how many bits the greatest amount is counted lower, where prices of a wider range do not suit.
const CLIPS: [u32; 3] = [0, 20, 40];

/// Finds prices of so many goods, and what orders pay at them.
///
/// # Errors
/// Where there are none, the positions of the orders that trade, those first that are most in the way; nothing where no price was
/// found at all.
pub(super) fn support(goods: usize, orders: &[Order]) -> Result<Support, Vec<usize>> {
    match exact(goods, orders) {
        Exact::Found(support) => Ok(support),
        Exact::OutOfWork => estimated(goods, orders),
        Exact::Never => {
            let trading: Vec<&Order> = orders.iter().filter(|order| order.trades).collect();
            let parts = linked(goods, &trading).into_iter().map(|part| (part, u64::MAX)).collect::<Vec<_>>();
            let guess = prices(goods, &parts).unwrap_or(LinearPrices::free(goods));
            Err(in_the_way(goods, orders, &guess))
        }
    }
}

/// The same in floating point.
fn estimated(goods: usize, orders: &[Order]) -> Result<Support, Vec<usize>> {
    let all: Vec<&Order> = orders.iter().collect();
    let trading: Vec<&Order> = orders.iter().filter(|order| order.trades).collect();
    let mut last = None;
    // Prices that suit but for rounding may leave no payments that add up, where those of who trades alone do.
    for (among, bits) in [&all, &trading].into_iter().flat_map(|among| CLIPS.map(|bits| (among, bits))) {
        let mut is_clipped = false;
        let parts = linked(goods, among).into_iter().map(|part| {
            let most = most_counted(&part, bits);
            is_clipped |= part.iter().any(|order| order.amount > most);
            (part, most)
        });
        let parts: Vec<(Vec<&Order>, u64)> = parts.collect();
        if bits > 0 && !is_clipped {
            continue;
        }
        let Some(found) = prices(goods, &parts) else { continue };
        let suit =
            trading.iter().all(|order| gain(order, &found) >= -rounding(order.amount)) && is_balanced(&trading, &found);
        match payments(orders, &found).filter(|_| suit) {
            Some(paid) => return Ok(Support { is_paradoxical: paradoxical(orders, &found), paid, prices: found }),
            None => last = Some(found),
        }
    }
    Err(last.map_or(Vec::new(), |prices| in_the_way(goods, orders, &prices)))
}

/// Whether each order stays out though it would gain more than what its group does.
fn paradoxical(orders: &[Order], prices: &LinearPrices) -> Vec<bool> {
    let trading = orders.iter().filter(|order| order.trades);
    let gains: BTreeMap<GroupIndex, i128> = trading.map(|order| (order.group, gain(order, prices))).collect();
    let would_gain = |order: &Order| {
        let has = gains.get(&order.group).copied().unwrap_or(0).max(0);
        !order.trades && gain(order, prices) > has + rounding(order.amount)
    };
    orders.iter().map(would_gain).collect()
}

/// What each order pays or gets; `None` where what buyers pay at most is less than what sellers ask.
fn payments(orders: &[Order], prices: &LinearPrices) -> Option<Vec<u64>> {
    let mut paid: Vec<u64> = orders.iter().map(|order| if order.trades { pays(order, prices) } else { 0 }).collect();
    balance(orders, &mut paid).then_some(paid)
}

/// The orders that trade, those first that prices suit least: who loses most by trading, then offers of whose goods the dearest
/// stay unsold, then who gains least.
fn in_the_way(goods: usize, orders: &[Order], prices: &LinearPrices) -> Vec<usize> {
    let trading = || orders.iter().enumerate().filter(|(_, order)| order.trades);
    let mut unsold: Vec<i128> = vec![0; goods];
    for (_, order) in trading() {
        let sign = if order.is_offer { 1 } else { -1 };
        order.bundle.iter().for_each(|&(good, quantity)| unsold[good.0 as usize] += sign * i128::from(quantity));
    }
    let stays = |order: &Order| {
        let of = |&(good, quantity): &(GoodIndex, u64)| {
            let left = u64::try_from(unsold[good.0 as usize].max(0)).unwrap_or(u64::MAX).min(quantity);
            prices.of_units(good, left)
        };
        order.bundle.iter().filter(|_| order.is_offer).map(of).fold(0, u128::saturating_add)
    };
    let rank = |(at, order): (usize, &Order)| {
        let gain = gain(order, prices);
        let loss = if gain < -rounding(order.amount) { gain } else { 0 };
        (loss, Reverse(stays(order)), gain, at)
    };
    let mut ranked: Vec<_> = trading().map(rank).collect();
    ranked.sort_unstable();
    ranked.into_iter().map(|(.., at)| at).collect()
}

/// Orders by the goods that they link: no order of one part is for a good of another.
fn linked<'a>(goods: usize, among: &[&'a Order]) -> Vec<Vec<&'a Order>> {
    let mut sets = Sets::apart(goods);
    let first = |order: &Order| order.bundle.first().map_or(0, |entry| entry.0.0 as usize);
    for order in among {
        for &(good, _) in &order.bundle {
            sets.join(first(order), good.0 as usize);
        }
    }
    let mut parts: BTreeMap<usize, Vec<&Order>> = BTreeMap::new();
    for &order in among.iter().filter(|order| !order.bundle.is_empty()) {
        parts.entry(sets.least(first(order))).or_default().push(order);
    }
    parts.into_values().collect()
}

/// What an order counts for at most, so many bits below the greatest amount, but no less than what anyone who trades asks;
/// whatever it states where that is the greatest all the same.
fn most_counted(part: &[&Order], bits: u32) -> u64 {
    let greatest = part.iter().map(|order| order.amount).max().unwrap_or(0);
    let asked = part.iter().filter(|order| order.is_offer && order.trades).map(|order| order.amount).max().unwrap_or(0);
    let most = greatest >> bits;
    if most > asked.saturating_mul(2) { most } else { greatest }
}

/// Prices of goods, from the relaxation of each part on what its orders offer, each for so much at most.
fn prices(goods: usize, parts: &[(Vec<&Order>, u64)]) -> Option<LinearPrices> {
    let mut found = LinearPrices::free(goods);
    for (part, most) in parts {
        let mut offered: BTreeMap<GoodIndex, u64> = BTreeMap::new();
        for order in part {
            for &(good, quantity) in &order.bundle {
                let sum = offered.entry(good).or_default();
                *sum = sum.saturating_add(if order.is_offer { quantity } else { 0 });
            }
        }
        let rows: BTreeMap<GoodIndex, u32> = offered.keys().copied().zip(0..).collect();
        let columns = part.iter().map(|order| PackingColumn {
            worth: order.amount.min(*most),
            entries: order.bundle.iter().map(|&(good, quantity)| (rows[&good], quantity)).collect(),
        });
        let packing = Packing::new(offered.into_values().collect(), columns.collect()).ok()?;
        let of_rows = row_prices(&packing)?;
        rows.into_iter().for_each(|(good, row)| found.set(good, of_rows[row as usize]));
    }
    Some(found)
}

/// Whether what is sold and not bought costs nothing, so that buyers pay what sellers get, but for what prices may be off by.
fn is_balanced(trading: &[&Order], prices: &LinearPrices) -> bool {
    let side = |is_offer: bool| -> u128 {
        let costs = trading.iter().filter(|order| order.is_offer == is_offer).map(|order| prices.cost(&order.bundle));
        costs.fold(0, u128::saturating_add)
    };
    let (gets, pays) = (side(true), side(false));
    is_within(gets, pays)
}

/// What an order would gain by trading, in whole micro-credits, rounded down.
fn gain(order: &Order, prices: &LinearPrices) -> i128 {
    let left = prices.left(order.amount, &order.bundle);
    if order.is_offer { -left } else { left }
}

/// What an order pays or gets: buyers no more than their bid, sellers no less than they ask. Buyers pay a fraction as one, and
/// sellers get it as none.
fn pays(order: &Order, prices: &LinearPrices) -> u64 {
    let charge = prices.charge(&order.bundle);
    if order.is_offer { charge.down.max(order.amount) } else { charge.up.min(order.amount) }
}

/// Where rounding has sellers get more than buyers pay, takes it from sellers who get more than they ask, and then has buyers pay
/// it who pay less than they bid, no more than prices may be off by; whether that is enough.
fn balance(orders: &[Order], paid: &mut [u64]) -> bool {
    let sum = |is_offer: bool, paid: &[u64]| -> u128 {
        let side = orders.iter().zip(paid).filter(|(order, _)| order.is_offer == is_offer);
        side.map(|(_, &paid)| u128::from(paid)).sum()
    };
    let mut short = sum(true, paid).saturating_sub(sum(false, paid));
    let mut moved = |room: u64| {
        let part = short.min(room.into());
        short -= part;
        u64::try_from(part).expect("no more than there is room for")
    };
    for (order, paid) in orders.iter().zip(paid.iter_mut()).filter(|(order, _)| order.is_offer && order.trades) {
        *paid -= moved(*paid - order.amount);
    }
    for (order, paid) in orders.iter().zip(paid).filter(|(order, _)| !order.is_offer && order.trades) {
        let most = u64::try_from(rounding(order.amount)).unwrap_or(0);
        *paid += moved((order.amount - *paid).min(most));
    }
    short == 0
}
