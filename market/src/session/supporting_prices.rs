//! Prices of goods that support a round, and the bound that they prove.
//!
//! At prices `p >= 0` on goods above their reserves, each XOR group takes its best bundle or none. For any such prices no
//! choice of winners has a greater surplus than
//!
//! ```text
//! sum over goods of offered x p  +  sum over groups of max(0, max over its bids of bid - reserve - p x bundle)
//! ```
//!
//! (Lagrangian relaxation; Geoffrion 1974). Nodes that are alike have one price: they are one good of as much as all of them
//! have, and a bid at one of them is a bid for it. Where sellers make offers, an offer that stays is a bid of its seller for
//! what it offers, at what it asks, and what all offers ask is taken off the bound. Good prices come from subgradient steps:
//! dearer where groups take more than there is, cheaper where less, and never above the policy's cap. The bound is evaluated in
//! exact integers, by code that shares nothing with what chose the winners.

use std::collections::BTreeSet;

use lessor_solver::support::stop::Stop;

use lessor_models::fleet::Owner;

use super::alternatives::others;
use super::catalog::{Catalog, ListedGood, STATED_MICROS, asked_parts};
use super::{ClassOutcome, Compared, Lost, Session, SessionOutcome};
use crate::book::{BidderIndex, GoodIndex, GroupIndex};
use crate::money::Money;

/// Steps of the subgradient method at most, and at least; between them, how many bundles may be looked at in all.
const STEPS: usize = 400;
const STEPS_LEAST: usize = 20;
const LOOKS_MAX: usize = 40_000_000;

/// The dearest that a step makes a good: 2^53, as for amounts.
const PRICE_MOST: f64 = 9_007_199_254_740_992.0;

/// Prices of the goods of a catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SupportingPrices {
    /// Of each good in order, above its reserve price, in micro-credits per 10^6 base units and hour.
    pub above_reserve: Vec<u64>,
    /// No choice of winners has a greater surplus, in micro-credits.
    pub bound: u128,
}

/// Who takes one bundle at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Chooser {
    /// An XOR group of a bidder.
    Group(BidderIndex, GroupIndex),
    /// An offer, by position, which its seller may keep.
    Offer(usize),
}

/// A bundle as the relaxation sees it: what it is worth, in parts of a micro-credit, and the units times time that it takes.
struct Taker {
    chooser: Chooser,
    worth: u128,
    uses: Vec<(usize, u128)>,
}

/// Finds prices for the bids and offers of a class that were compared: after one step at least, the best until the stop is
/// raised. O(steps x goods of all bids), in fewer steps where there are many bids.
#[must_use]
pub fn find(session: &Session<'_>, outcome: &SessionOutcome, class: &ClassOutcome, stop: &Stop) -> SupportingPrices {
    let catalog = &class.catalog;
    let takers = takers(session, outcome, class);
    let pools = pools(class);
    let is_offer = |taker: &&Taker| matches!(taker.chooser, Chooser::Offer(_));
    let asked = takers.iter().filter(is_offer).map(|taker| taker.worth).fold(0, u128::saturating_add);
    let mut offered = vec![0_u128; catalog.goods().len()];
    for (at, good) in catalog.goods().iter().enumerate() {
        offered[pools[at]] = offered[pools[at]].saturating_add(units(catalog, at, good.offered));
    }
    let mut best = SupportingPrices { above_reserve: vec![0; offered.len()], bound: u128::MAX };
    let mut prices = vec![0_u64; offered.len()];
    let scales = scales(&takers, &offered);
    let cap = session.policy.rules().classes[class.class].price_cap.unwrap_or(u64::MAX);
    let room = |good: &ListedGood| if good.is_of_class { cap.saturating_sub(good.reserve) } else { u64::MAX };
    let room: Vec<u64> = catalog.goods().iter().map(room).collect();
    for step in 0..(LOOKS_MAX / takers.len().max(1)).clamp(STEPS_LEAST, STEPS) {
        let (bound, taken) = evaluate(&takers, &offered, &prices);
        let bound = bound.saturating_sub(asked).div_ceil(STATED_MICROS);
        if bound < best.bound {
            best = SupportingPrices { above_reserve: pools.iter().map(|&pool| prices[pool]).collect(), bound };
        }
        if stop.is_raised() {
            break;
        }
        let shrinking = 1.0 / (1.0 + step as f64 / 20.0);
        for (good, price) in prices.iter_mut().enumerate() {
            *price = stepped(*price, (taken[good], offered[good]), scales[good] * shrinking).min(room[good]);
        }
    }
    best
}

/// For each good, by position, the good that it has its price of: that of the first of nodes that are alike. O(n log n) in goods.
fn pools(class: &ClassOutcome) -> Vec<usize> {
    let goods = class.catalog.goods();
    let others = others(&class.alike);
    let pool = |(at, good): (usize, &ListedGood)| {
        let Owner::Node(node) = good.owner else { return at };
        let Some(&first) = others.get(&node) else { return at };
        let key = |good: &ListedGood| (good.owner, good.kind, good.interval.start);
        let of_first = (Owner::Node(first), good.kind, good.interval.start);
        goods.binary_search_by_key(&of_first, key).expect("nodes that are alike are cut alike")
    };
    goods.iter().enumerate().map(pool).collect()
}

/// Whatever was compared, chooser by chooser, at nodes that are alike once.
fn takers(session: &Session<'_>, outcome: &SessionOutcome, class: &ClassOutcome) -> Vec<Taker> {
    let was_compared = |of_class: Option<usize>, result: Result<Money, Lost>| {
        of_class == Some(class.class) && result.err().is_none_or(|lost| Lost::COMPARED.contains(&lost))
    };
    let catalog = &class.catalog;
    // At a posted price, a bid that came after another of its group, or of its bidder, was in the choice as well. What traded in
    // parts was not compared whole.
    let entered: BTreeSet<usize> = class.entered.iter().map(|compared| compared.bid).collect();
    let parts = outcome.fates.iter().enumerate();
    let parts = parts.filter(|(at, fate)| was_compared(fate.class, fate.result) && !entered.contains(at));
    let parts = parts.map(|(bid, fate)| {
        let reserve = fate.reserve.unwrap_or(Money::ZERO);
        Compared { bid, node: fate.node, counted: fate.counted, reserve }
    });
    let others = others(&class.alike);
    let is_first = |compared: &Compared| compared.node.is_none_or(|node| !others.contains_key(&node));
    let whole = class.entered.iter().copied().filter(is_first);
    let mut choices: Vec<Compared> = whole.chain(parts).collect();
    choices.sort_by_key(|compared| compared.bid);
    let bids = choices.into_iter().map(|Compared { bid, node, counted, reserve }| Taker {
        chooser: Chooser::Group(session.bids[bid].bidder, session.bids[bid].group),
        worth: u128::try_from(counted.0 - reserve.0).unwrap_or(0).saturating_mul(STATED_MICROS),
        uses: uses(catalog, &catalog.bundle(&session.bids[bid].wishes_at(node))),
    });
    let offers = session.offers.iter().enumerate().zip(&outcome.offer_fates);
    let offers = offers.filter(|(_, fate)| was_compared(fate.class, fate.result)).map(|((at, offer), _)| {
        let wishes: Vec<_> = offer.goods.iter().map(|good| good.wish).collect();
        Taker {
            chooser: Chooser::Offer(at),
            worth: asked_parts(session.ground.fleet, &offer.goods),
            uses: uses(catalog, &catalog.bundle(&wishes)),
        }
    });
    let mut takers: Vec<Taker> = bids.chain(offers).collect();
    takers.sort_by_key(|taker| taker.chooser);
    takers
}

/// The bound at prices, in parts of a micro-credit, and what is taken of each good.
fn evaluate(takers: &[Taker], offered: &[u128], prices: &[u64]) -> (u128, Vec<u128>) {
    let gain = |taker: &Taker| {
        let cost = taker.uses.iter().map(|&(good, units)| units.saturating_mul(prices[good].into()));
        taker.worth.saturating_sub(cost.fold(0, u128::saturating_add))
    };
    let mut taken = vec![0_u128; offered.len()];
    let mut bound: u128 = 0;
    for choices in takers.chunk_by(|one, next| one.chooser == next.chooser) {
        // The first of equals.
        let best = choices.iter().rev().map(|taker| (gain(taker), taker)).max_by_key(|(gain, _)| *gain);
        if let Some((gain, taker)) = best.filter(|(gain, _)| *gain > 0) {
            bound = bound.saturating_add(gain);
            taker.uses.iter().for_each(|&(good, units)| taken[good] = taken[good].saturating_add(units));
        }
    }
    for (&offered, &price) in offered.iter().zip(prices) {
        bound = bound.saturating_add(offered.saturating_mul(price.into()));
    }
    (bound, taken)
}

/// A first step for each good: the dearest that its bids could pay for it together, in part.
fn scales(takers: &[Taker], offered: &[u128]) -> Vec<f64> {
    let mut worth = vec![0_u128; offered.len()];
    for taker in takers {
        let each = taker.worth / taker.uses.len().max(1) as u128;
        taker.uses.iter().for_each(|&(good, _)| worth[good] = worth[good].saturating_add(each));
    }
    worth.iter().zip(offered).map(|(&worth, &offered)| worth as f64 / offered.max(1) as f64 / 8.0).collect()
}

/// A price after a step along what is taken beyond what is offered, as a share of it.
fn stepped(price: u64, (taken, offered): (u128, u128), step: f64) -> u64 {
    let excess = (taken as f64 - offered as f64) / offered.max(1) as f64;
    let next = price as f64 + step * excess.clamp(-1.0, 1.0);
    lessor_solver::support::numbers::floor(next.clamp(0.0, PRICE_MOST) + 0.5)
}

fn uses(catalog: &Catalog, bundle: &[(GoodIndex, u64)]) -> Vec<(usize, u128)> {
    bundle.iter().map(|&(good, quantity)| (good.0 as usize, units(catalog, good.0 as usize, quantity))).collect()
}

/// Base units times microseconds of a quantity of a good.
fn units(catalog: &Catalog, good: usize, quantity: u64) -> u128 {
    u128::from(quantity) * u128::from(catalog.goods()[good].interval.span().0)
}
