//! Goods that trade in any part: one price a good.
//!
//! Bids and offers of one good alone, which may trade in part, are tranches of it: the market of a good is apart from all others,
//! and always has a price ([`crate::uniform_price`]). Buyers pay for what they get rounded up, sellers get it rounded down. A bid for
//! more than one bidder may win is one for so much; of several bids of one bidder that are for more together, the lowest are for less.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::fate::Lost;
use super::market::{Cleared, Entered, Fates, Market};
use crate::book::{BidderIndex, GoodIndex};
use crate::catalog::STATED_MICROS;
use crate::money::{MONEY_MAX, Money};
use crate::uniform_price::{self, BadTranche, Tranche};

/// Where between the lowest and the highest clearing price the price lies, in thousandths.
const POINT_PERMILLE: u32 = 500;

/// The bids and offers of one good.
#[derive(Debug, Default)]
struct Sides {
    bids: Vec<Entered>,
    offers: Vec<Entered>,
}

/// Clears goods that are traded by tranches alone, and takes their bids and offers out of the market; what remains trades whole or
/// not at all.
pub(super) fn clear_tranches(market: &mut Market<'_>, fates: &mut Fates) -> Result<Cleared, BadTranche> {
    let divisible = divisible_goods(market);
    let mut sides: BTreeMap<GoodIndex, Sides> = BTreeMap::new();
    for entered in take(&mut market.bids, &divisible) {
        sides.entry(entered.bundle[0].0).or_default().bids.push(entered);
    }
    for entered in take(&mut market.offers, &divisible) {
        sides.entry(entered.bundle[0].0).or_default().offers.push(entered);
    }
    let mut cleared = Cleared::default();
    for (good, sides) in sides {
        let (surplus, price) = clear_good(market, fates, good, &sides)?;
        cleared.surplus += surplus;
        cleared.prices.extend(price.map(|price| (good, price.micro_credits())));
    }
    // Of goods that trade whole, no part is to be had.
    market.leave_out_too_large(fates);
    // Whatever is most valuable trades, so that nothing could be worth more.
    Ok(Cleared { bound: Some(cleared.surplus), ..cleared })
}

/// Goods that every bid and every offer of is for alone and in any part.
fn divisible_goods(market: &Market<'_>) -> BTreeSet<GoodIndex> {
    let session = market.session;
    let mut whole: BTreeSet<GoodIndex> = BTreeSet::new();
    let mut sizes: BTreeMap<_, u32> = BTreeMap::new();
    session.bids.iter().for_each(|bid| *sizes.entry((bid.bidder, bid.group)).or_default() += 1);
    for entered in &market.bids {
        let bid = &session.bids[entered.at];
        let is_tranche = bid.is_divisible && entered.bundle.len() == 1 && sizes[&(bid.bidder, bid.group)] == 1;
        if !is_tranche {
            whole.extend(entered.bundle.iter().map(|entry| entry.0));
        }
    }
    for entered in &market.offers {
        if !session.offers[entered.at].is_divisible || entered.bundle.len() != 1 {
            whole.extend(entered.bundle.iter().map(|entry| entry.0));
        }
    }
    let all = market.bids.iter().chain(&market.offers).flat_map(|entered| &entered.bundle);
    all.map(|entry| entry.0).filter(|good| !whole.contains(good)).collect()
}

/// Takes out what is for one of some goods.
fn take(entered: &mut Vec<Entered>, goods: &BTreeSet<GoodIndex>) -> Vec<Entered> {
    let (taken, left) = std::mem::take(entered).into_iter().partition(|one| goods.contains(&one.bundle[0].0));
    *entered = left;
    taken
}

/// The tranches of bids at their limits, with the positions of those that are for anything: no bidder's are for more together than
/// one may win, the dearest first, since those trade first.
fn wanted(market: &Market<'_>, good: GoodIndex, bids: &[Entered], limits: &[Money]) -> (Vec<usize>, Vec<Tranche>) {
    let cap = market.holder_cap(good);
    let mut left: BTreeMap<BidderIndex, u64> = BTreeMap::new();
    let mut quantities = vec![0; bids.len()];
    let mut dearest_first: Vec<usize> = (0..bids.len()).collect();
    dearest_first.sort_by_key(|&at| Reverse(limits[at]));
    for at in dearest_first {
        let left = left.entry(market.session.bids[bids[at].at].bidder).or_insert(cap);
        quantities[at] = bids[at].bundle[0].1.min(*left);
        *left -= quantities[at];
    }
    let positions: Vec<usize> = (0..bids.len()).filter(|&at| quantities[at] > 0).collect();
    let tranche = |&at: &usize| Tranche { limit: limits[at], quantity: quantities[at] };
    let tranches = positions.iter().map(tranche).collect();
    (positions, tranches)
}

/// The surplus, and the price where anything trades.
fn clear_good(
    market: &Market<'_>,
    fates: &mut Fates,
    good: GoodIndex,
    sides: &Sides,
) -> Result<(u128, Option<Money>), BadTranche> {
    let listed = &market.catalog.goods()[good.0 as usize];
    let micros = u128::from(listed.interval.span().0);
    let limit = |entered: &Entered| {
        let most = u128::from(fates.bids[entered.at].counted.micro_credits()).saturating_mul(STATED_MICROS);
        Money::of(most / (u128::from(entered.bundle[0].1) * micros))
    };
    let limits: Vec<Money> = sides.bids.iter().map(limit).collect();
    let (bid_for, bids) = wanted(market, good, &sides.bids, &limits);
    let ask = |entered: &Entered| {
        let offered = &market.session.offers[entered.at].goods[0];
        let price = market.catalog.ask_price(&market.session.ground, offered, listed.interval.start);
        Tranche { limit: Money::of(price.into()), quantity: entered.bundle[0].1 }
    };
    let asks: Vec<Tranche> = sides.offers.iter().map(ask).collect();
    let seed = market.session.policy.rules().tie_break_seed;
    let cleared = uniform_price::clear(&bids, &asks, POINT_PERMILLE, seed)?;
    let cost = |price: Money, quantity: u64| {
        u128::from(price.micro_credits()).saturating_mul(quantity.into()).saturating_mul(micros)
    };
    let price = cleared.price.unwrap_or(MONEY_MAX);
    let (mut value, mut asked) = (0, 0);
    for ((&position, tranche), &got) in bid_for.iter().zip(&bids).zip(&cleared.bought) {
        let entered = &sides.bids[position];
        let fate = &mut fates.bids[entered.at];
        fate.part = (0 < got && got < entered.bundle[0].1).then_some(got);
        fate.result = if got > 0 { Ok(Money::of(cost(price, got).div_ceil(STATED_MICROS))) } else { Err(Lost::Outbid) };
        value += cost(tranche.limit, got);
    }
    for ((entered, tranche), &sold) in sides.offers.iter().zip(&asks).zip(&cleared.sold) {
        let fate = &mut fates.offers[entered.at];
        fate.part = (0 < sold && sold < tranche.quantity).then_some(sold);
        fate.result = if sold > 0 { Ok(Money::of(cost(price, sold) / STATED_MICROS)) } else { Err(Lost::Outbid) };
        asked += cost(tranche.limit, sold);
    }
    Ok((value.saturating_sub(asked) / STATED_MICROS, cleared.price))
}
