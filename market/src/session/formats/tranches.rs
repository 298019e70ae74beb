//! Goods that trade in any part: one price a good.
//!
//! Bids and offers of one good alone, which may trade in part, are tranches of it: the market of a good is apart from all others,
//! and always has a price ([`crate::uniform_price`]). A limit is an exact fraction: an amount over a quantity. Buyers pay for
//! what they get rounded up, sellers get it rounded down. A bid for more than one bidder may win is one for so much; of several
//! bids of one bidder that are for more together, the lowest are for less.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::book::{BidderIndex, GoodIndex};
use crate::fraction::{Fraction, Sum};
use crate::money::Money;
use crate::session::SessionError;
use crate::session::catalog::STATED_UNITS;
use crate::session::fate::Lost;
use crate::session::market::{Cleared, Entered, Fates, Market, gets};
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
pub(super) fn clear_tranches(market: &mut Market<'_>, fates: &mut Fates) -> Result<Cleared, SessionError> {
    let divisible = divisible_goods(market);
    let mut sides: BTreeMap<GoodIndex, Sides> = BTreeMap::new();
    for entered in take(&mut market.bids, &divisible) {
        sides.entry(entered.bundle[0].0).or_default().bids.push(entered);
    }
    for entered in take(&mut market.offers, &divisible) {
        sides.entry(entered.bundle[0].0).or_default().offers.push(entered);
    }
    let (mut cleared, mut surplus) = (Cleared::default(), Sum::default());
    for (good, sides) in sides {
        let price = clear_good(market, fates, (good, &sides), &mut surplus)?;
        cleared.prices.extend(price.map(|price| (good, price)));
    }
    // Of goods that trade whole, no part is to be had.
    market.leave_out_too_large(fates);
    // Whatever is most valuable trades, so that nothing could be worth more.
    let (least, most) = surplus.down();
    Ok(Cleared { surplus: least, bound: Some(most), ..cleared })
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
fn wanted(market: &Market<'_>, good: GoodIndex, bids: &[Entered], limits: &[Fraction]) -> (Vec<usize>, Vec<Tranche>) {
    // Without a cap of the policy, what is wanted beyond what is offered bids for it all the same.
    let cap = if market.class.is_holder_capped() { market.holder_cap(good) } else { u64::MAX };
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

/// What a unit costs each bid of a good at most, and each offer asks at least, over the good's interval; all in order.
fn limits(
    market: &Market<'_>,
    fates: &Fates,
    good: GoodIndex,
    sides: &Sides,
) -> Result<[Vec<Fraction>; 2], BadTranche> {
    let interval = market.catalog.goods()[good.0 as usize].interval;
    let of_bid = |entered: &Entered| {
        let counted = u128::from(fates.bids[entered.at].counted.micro_credits());
        Fraction::new(counted, entered.bundle[0].1)
    };
    let of_offer = |entered: &Entered| {
        let offered = &market.session.offers[entered.at].goods[0];
        let price = market.catalog.ask_price(&market.session.ground, offered, interval.start);
        Fraction::new(u128::from(price) * u128::from(interval.span().0), STATED_UNITS)
    };
    let all = |side, entered: &[Entered], of: &dyn Fn(&Entered) -> Option<Fraction>| {
        let limit = |(at, entered)| of(entered).ok_or(BadTranche { side, at });
        entered.iter().enumerate().map(limit).collect::<Result<Vec<Fraction>, BadTranche>>()
    };
    Ok([all("bid", &sides.bids, &of_bid)?, all("ask", &sides.offers, &of_offer)?])
}

/// The price where anything trades, in micro-credits per 10^6 base units and hour, rounded up as what buyers pay is; the surplus
/// is added to a sum.
fn clear_good(
    market: &Market<'_>,
    fates: &mut Fates,
    (good, sides): (GoodIndex, &Sides),
    surplus: &mut Sum,
) -> Result<Option<u64>, SessionError> {
    let [limits, asked] = limits(market, fates, good, sides)?;
    let (bid_for, bids) = wanted(market, good, &sides.bids, &limits);
    let ask = |(entered, &limit): (&Entered, &Fraction)| Tranche { limit, quantity: entered.bundle[0].1 };
    let asks: Vec<Tranche> = sides.offers.iter().zip(&asked).map(ask).collect();
    let seed = market.session.policy.rules().tie_break_seed;
    let cleared = uniform_price::clear(&bids, &asks, POINT_PERMILLE, seed)?;
    for ((&position, tranche), &got) in bid_for.iter().zip(&bids).zip(&cleared.bought) {
        let entered = &sides.bids[position];
        let fate = &mut fates.bids[entered.at];
        fate.part = (0 < got && got < entered.bundle[0].1).then_some(got);
        let pays = cleared.price.map_or(0, |price| price.times_up(got));
        fate.result = if got > 0 { Ok(Money::of(pays)) } else { Err(Lost::Outbid) };
        surplus.add(tranche.limit.times(got));
    }
    for ((entered, tranche), &sold) in sides.offers.iter().zip(&asks).zip(&cleared.sold) {
        let fate = &mut fates.offers[entered.at];
        fate.part = (0 < sold && sold < tranche.quantity).then_some(sold);
        let paid = cleared.price.map_or(0, |price| price.times_down(sold));
        fate.result = if sold > 0 { Ok(gets(entered.at, paid)?) } else { Err(Lost::Outbid) };
        surplus.take(tranche.limit.times(sold));
    }
    let micros = u128::from(market.catalog.goods()[good.0 as usize].interval.span().0);
    let stated = cleared.price.map(|price| price.times_up(STATED_UNITS).div_ceil(micros));
    Ok(stated.map(|price| u64::try_from(price).unwrap_or(u64::MAX)))
}
