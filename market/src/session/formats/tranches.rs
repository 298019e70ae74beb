//! What trades in any part: one price for an account over a term.
//!
//! Bids and offers of one account over the same term, which may trade in part, are tranches of it: their market is apart from all
//! others, and always has a price ([`crate::uniform_price`]). They trade among each other first, so that no order that trades
//! whole or over another term comes between them. Who got nothing then trades whole or not at all with those. A limit is an exact
//! fraction: an amount over a quantity. Buyers pay for what they get rounded up, sellers get it rounded down. A bid for more than
//! one bidder may win is one for so much; of several bids of one bidder that are for more together, the lowest are for less.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::book::{BidderIndex, GoodIndex};
use crate::fraction::{Fraction, Sum};
use crate::money::Money;
use crate::session::catalog::{STATED_UNITS, Wish, asked_parts};
use crate::session::fate::Lost;
use crate::session::market::{Cleared, Entered, Fates, Market, gets};
use crate::session::{OfferedGood, PartTerm, SessionError};
use crate::uniform_price::{self, BadTranche, Tranche};

/// Where between the lowest and the highest clearing price the price lies, in thousandths.
const POINT_PERMILLE: u32 = 500;

/// The bids and offers of one account over one term.
#[derive(Debug, Default)]
struct Sides {
    bids: Vec<Entered>,
    offers: Vec<Entered>,
}

/// Clears what trades in parts, and takes who got anything out of the market; what remains trades whole or not at all. Orders that
/// got nothing remain where they meet such others.
pub(super) fn clear_tranches(market: &mut Market<'_>, fates: &mut Fates) -> Result<Cleared, SessionError> {
    let sides = sides(market);
    let (mut cleared, mut surplus) = (Cleared::default(), Sum::default());
    for (term, sides) in &sides {
        let Some(price) = clear_term(market, fates, sides, &mut surplus)? else { continue };
        cleared.part_prices.insert(*term, price);
        for &(good, _) in &sides.bids[0].bundle {
            // Of terms that meet, the dearest.
            let dearest = cleared.prices.entry(good).or_default();
            *dearest = price.max(*dearest);
        }
    }
    let is_apart = leave_out_parts(market, fates, &sides);
    // Whatever is most valuable trades, so that nothing could be worth more, where nothing else is for the same goods.
    let (least, most) = surplus.down();
    Ok(Cleared { surplus: least, bound: is_apart.then_some(most), ..cleared })
}

/// The orders that trade in parts, by account and term; those of which there are both sides.
fn sides(market: &Market<'_>) -> BTreeMap<PartTerm, Sides> {
    let session = market.session;
    let mut sizes: BTreeMap<_, u32> = BTreeMap::new();
    for bid in market.bids.iter().map(|entered| &session.bids[entered.at]) {
        *sizes.entry((bid.bidder, bid.group)).or_default() += 1;
    }
    let term = |wish: &Wish| (wish.owner, wish.kind, wish.interval);
    let mut sides: BTreeMap<PartTerm, Sides> = BTreeMap::new();
    for entered in &market.bids {
        let bid = &session.bids[entered.at];
        if let (Some(wish), 1) = (bid.divisible(), sizes[&(bid.bidder, bid.group)]) {
            sides.entry(term(wish)).or_default().bids.push(entered.clone());
        }
    }
    for entered in &market.offers {
        let offer = &session.offers[entered.at];
        if let ([good], true) = (&*offer.goods, offer.is_divisible) {
            sides.entry(term(&good.wish)).or_default().offers.push(entered.clone());
        }
    }
    sides.retain(|_, sides| !sides.bids.is_empty() && !sides.offers.is_empty());
    sides
}

/// Takes out who traded in part, who could do no more whole, and who meets nobody who trades whole. Whether all that trades in
/// parts is so apart from what trades whole.
fn leave_out_parts(market: &mut Market<'_>, fates: &mut Fates, sides: &BTreeMap<PartTerm, Sides>) -> bool {
    let parts = || sides.values();
    let bids: BTreeSet<usize> = parts().flat_map(|sides| &sides.bids).map(|entered| entered.at).collect();
    let offers: BTreeSet<usize> = parts().flat_map(|sides| &sides.offers).map(|entered| entered.at).collect();
    let goods = |entered: &[Entered], parts: &BTreeSet<usize>| -> Vec<GoodIndex> {
        let whole = entered.iter().filter(|entered| !parts.contains(&entered.at));
        whole.flat_map(|entered| &entered.bundle).map(|entry| entry.0).collect()
    };
    let whole: BTreeSet<GoodIndex> =
        goods(&market.bids, &bids).into_iter().chain(goods(&market.offers, &offers)).collect();
    let meets_whole = |entered: &Entered| entered.bundle.iter().any(|entry| whole.contains(&entry.0));
    let is_apart = !parts().any(|sides| meets_whole(&sides.bids[0]));
    market.bids.retain(|entered| {
        !bids.contains(&entered.at) || (fates.bids[entered.at].result.is_err() && meets_whole(entered))
    });
    market.offers.retain(|entered| {
        !offers.contains(&entered.at) || (fates.offers[entered.at].result.is_err() && meets_whole(entered))
    });
    let told: Vec<(usize, Result<Money, Lost>)> = bids.iter().map(|&at| (at, fates.bids[at].result)).collect();
    // Where nothing trades in parts, none of it is to be had.
    market.leave_out_too_large(fates);
    told.into_iter().for_each(|(at, result)| fates.bids[at].result = result);
    is_apart
}

/// The tranches of bids at their limits, with the positions of those that are for anything: no bidder's are for more together than
/// one may win, the dearest first, since those trade first.
fn wanted(market: &Market<'_>, bids: &[Entered], limits: &[Fraction]) -> (Vec<usize>, Vec<Tranche>) {
    // Without a cap of the policy, what is wanted beyond what is offered bids for it all the same.
    let cap = |entered: &Entered| {
        let most = entered.bundle.iter().map(|&(good, _)| market.may_win(market.bidder(entered), good)).min();
        if market.class.is_holder_capped() { most.unwrap_or(0) } else { u64::MAX }
    };
    let mut left: BTreeMap<BidderIndex, u64> = BTreeMap::new();
    let mut quantities = vec![0; bids.len()];
    let mut dearest_first: Vec<usize> = (0..bids.len()).collect();
    dearest_first.sort_by_key(|&at| Reverse(limits[at]));
    for at in dearest_first {
        let left = left.entry(market.bidder(&bids[at])).or_insert_with(|| cap(&bids[at]));
        quantities[at] = bids[at].bundle[0].1.min(*left);
        *left -= quantities[at];
    }
    let positions: Vec<usize> = (0..bids.len()).filter(|&at| quantities[at] > 0).collect();
    let tranche = |&at: &usize| Tranche { limit: limits[at], quantity: quantities[at] };
    let tranches = positions.iter().map(tranche).collect();
    (positions, tranches)
}

/// What a unit costs each bid of a term at most, which is no more than the price cap, and each offer asks at least, over all of the
/// term; in order.
fn limits(market: &Market<'_>, fates: &Fates, sides: &Sides) -> Result<[Vec<Fraction>; 2], BadTranche> {
    let of_bid = |entered: &Entered| {
        let wish = &market.session.bids[entered.at].wishes[0];
        let stated = Fraction::new(fates.bids[entered.at].counted.micro_credits().into(), wish.quantity)?;
        let cap = market.class.price_cap.map(|cap| u128::from(cap) * u128::from(wish.interval.span().0));
        Some(cap.and_then(|cap| Fraction::new(cap, STATED_UNITS)).map_or(stated, |cap| stated.min(cap)))
    };
    let of_offer = |entered: &Entered| {
        let offered = &market.session.offers[entered.at].goods[0];
        let unit = OfferedGood { wish: Wish { quantity: 1, ..offered.wish }, ..*offered };
        Fraction::new(asked_parts(market.session.ground.fleet, &[unit]), STATED_UNITS)
    };
    let all = |side, entered: &[Entered], of: &dyn Fn(&Entered) -> Option<Fraction>| {
        let limit = |(at, entered)| of(entered).ok_or(BadTranche { side, at });
        entered.iter().enumerate().map(limit).collect::<Result<Vec<Fraction>, BadTranche>>()
    };
    Ok([all("bid", &sides.bids, &of_bid)?, all("ask", &sides.offers, &of_offer)?])
}

/// The price where anything trades, in micro-credits per 10^6 base units and hour, rounded up as what buyers pay is; the surplus
/// is added to a sum, and what bidders get counts for what else they may win.
fn clear_term(
    market: &mut Market<'_>,
    fates: &mut Fates,
    sides: &Sides,
    surplus: &mut Sum,
) -> Result<Option<u64>, SessionError> {
    let [limits, asked] = limits(market, fates, sides)?;
    let (bid_for, bids) = wanted(market, &sides.bids, &limits);
    let ask = |(entered, &limit): (&Entered, &Fraction)| Tranche { limit, quantity: entered.bundle[0].1 };
    let asks: Vec<Tranche> = sides.offers.iter().zip(&asked).map(ask).collect();
    let cleared = uniform_price::clear(&bids, &asks, POINT_PERMILLE)?;
    let least_bid = traded(&bids, &cleared.bought).min();
    for ((&position, tranche), &got) in bid_for.iter().zip(&bids).zip(&cleared.bought) {
        let entered = &sides.bids[position];
        let fate = &mut fates.bids[entered.at];
        fate.part = (0 < got && got < entered.bundle[0].1).then_some(got);
        let pays = cleared.price.map_or(0, |price| price.times_up(got));
        fate.result = if got > 0 { Ok(Money::of(pays)) } else { Err(beaten(tranche, least_bid)) };
        surplus.add(tranche.limit.times(got));
        market.count(entered, got);
    }
    let most_asked = traded(&asks, &cleared.sold).max();
    for ((entered, tranche), &sold) in sides.offers.iter().zip(&asks).zip(&cleared.sold) {
        let fate = &mut fates.offers[entered.at];
        fate.part = (0 < sold && sold < tranche.quantity).then_some(sold);
        let paid = cleared.price.map_or(0, |price| price.times_down(sold));
        fate.result = if sold > 0 { Ok(gets(entered.at, paid)?) } else { Err(beaten(tranche, most_asked)) };
        surplus.take(tranche.limit.times(sold));
    }
    let micros = u128::from(market.session.bids[sides.bids[0].at].wishes[0].interval.span().0);
    let stated = cleared.price.map(|price| price.times_up(STATED_UNITS).div_ceil(micros));
    Ok(stated.map(|price| u64::try_from(price).unwrap_or(u64::MAX)))
}

/// The limits of tranches of which something trades.
fn traded(tranches: &[Tranche], counts: &[u64]) -> impl Iterator<Item = Fraction> {
    tranches.iter().zip(counts).filter(|(_, count)| **count > 0).map(|(tranche, _)| tranche.limit)
}

/// What kept a tranche out: the lot, where its limit is that of the last that trades.
fn beaten(tranche: &Tranche, last: Option<Fraction>) -> Lost {
    if Some(tranche.limit) == last { Lost::Lot } else { Lost::Outbid }
}
