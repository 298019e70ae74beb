//! What winners state beyond what it is let for: counted anew from bids, offers and what came of them.
//!
//! What trades whole is counted in whole micro-credits. What trades in parts is worth fractions of one, of which the sum is rounded
//! down; whether a divisible order that got all it is for did so among parts or whole is not told, so that what it adds lies
//! between the two roundings.

use std::collections::{BTreeMap, BTreeSet};

use super::goods::{asked, up};
use super::reserves::Reserves;
use super::{Told, class_of, names, quantity, share, taken, won};
use crate::policy::{AccountClass, PaymentRule};
use crate::session::catalog::STATED_MICROS;
use crate::session::{AccountBid, AccountOffer, Fate, OfferFate, Session};

/// Binary places of a micro-credit: what rounding loses of 2^27 orders is less than a thousandth of one.
const PLACES: u32 = 40;

/// A number between two, in units of 2^-40 micro-credits.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    least: i128,
    most: i128,
}

impl Span {
    fn whole(micro_credits: i128) -> Span {
        Span { least: micro_credits << PLACES, most: micro_credits << PLACES }
    }

    /// One number over another, rounded down and up.
    fn quotient(over: u128, under: u128) -> Span {
        let (whole, rest) = (over / under, over % under);
        // What is beyond all amounts stays so.
        let least = (whole.min(1 << 64) << PLACES) + (rest << PLACES) / under;
        let least = i128::try_from(least).expect("less than 2^105");
        Span { least, most: least + i128::from(rest != 0) }
    }

    fn plus(self, other: Span) -> Span {
        Span { least: self.least + other.least, most: self.most + other.most }
    }

    fn minus(self, other: Span) -> Span {
        Span { least: self.least - other.most, most: self.most - other.least }
    }
}

/// By how much what classes state as their surplus is not what bids, awards and sales come to, all of them together.
pub(super) fn off(session: &Session<'_>, told: &Told<'_>, reserves: &Reserves<'_>) -> u128 {
    let mut counted: BTreeMap<usize, (Span, bool)> = BTreeMap::new();
    let mut add = |class: Option<usize>, worth: Span, is_part: bool| {
        let Some(class) = class else { return };
        let sum = counted.entry(class).or_default();
        *sum = (sum.0.plus(worth), sum.1 | is_part);
    };
    for (bid, fate, _) in won(session, told) {
        let Some(class) = class_of(session, fate.class) else { continue };
        add(fate.class, worth(reserves, class, bid, fate), may_part(class, bid.is_divisible, names(bid)));
    }
    for (offer, fate) in session.offers.iter().zip(told.offer_fates).filter(|(_, fate)| fate.result.is_ok()) {
        let is_part =
            class_of(session, fate.class).is_some_and(|class| may_part(class, offer.is_divisible, offer.goods.len()));
        add(fate.class, Span::default().minus(cost(session, offer, fate, is_part)), is_part);
    }
    let classes: BTreeSet<usize> = counted.keys().chain(told.surpluses.keys()).copied().collect();
    let off = |class: usize| {
        let stated = told.surpluses.get(&class).copied().unwrap_or(0);
        distance(stated, counted.get(&class).copied().unwrap_or_default())
    };
    classes.into_iter().map(off).sum()
}

/// What winners state for what they got, all of them together, in micro-credits; of parts of amounts each rounded down.
pub(super) fn value(session: &Session<'_>, fates: &[Fate]) -> u128 {
    let won = session.bids.iter().zip(fates).filter(|(_, fate)| fate.result.is_ok());
    let values = won.map(|(bid, fate)| {
        let (part, whole) = share(fate.part, quantity(bid));
        (i128::from(bid.amount.0) * part / whole).unsigned_abs()
    });
    values.sum()
}

/// How far a stated sum is from where it was counted to be. A sum of parts may be a micro-credit lower, where their
/// fractions have no common denominator.
fn distance(stated: u128, (Span { least, most }, is_of_parts): (Span, bool)) -> u128 {
    let stated = i128::try_from(stated).unwrap_or(i128::MAX);
    let least = ((least >> PLACES) - i128::from(is_of_parts)).max(0);
    (least - stated).max(stated - (most >> PLACES)).max(0).unsigned_abs()
}

/// Whether an order may trade in part: in a class of uniform prices on both sides, for one account.
pub(super) fn may_part(class: &AccountClass, is_divisible: bool, goods: usize) -> bool {
    class.format.takes_offers() && class.payment == PaymentRule::Uniform && is_divisible && goods == 1
}

/// What a bid states beyond the reserve prices for what it got, and no more than the price cap of that.
fn worth(reserves: &Reserves<'_>, class: &AccountClass, bid: &AccountBid, fate: &Fate) -> Span {
    let got = taken(bid, fate);
    let cap = class.price_cap.map(|cap| reserves.cost_at(class, &got, cap));
    let all = cap.map_or(bid.amount.0.into(), |cap| up(cap).min(bid.amount.0.into()));
    if !may_part(class, bid.is_divisible, names(bid)) {
        let reserve = if class.format.takes_offers() { 0 } else { reserves.cost(class, &got) };
        return Span::whole(all - up(reserve));
    }
    let (part, whole) = share(fate.part, quantity(bid));
    let stated = Span::quotient((i128::from(bid.amount.0) * part).unsigned_abs(), whole.unsigned_abs());
    let exact = cap.map_or(stated, |cap| {
        let cap = Span::quotient(cap, STATED_MICROS);
        Span { least: stated.least.min(cap.least), most: stated.most.min(cap.most) }
    });
    let most = if fate.part.is_none() { Span::whole(all).most.max(exact.most) } else { exact.most };
    Span { most, ..exact }
}

/// What is asked for what was sold of an offer.
fn cost(session: &Session<'_>, offer: &AccountOffer, fate: &OfferFate, is_part: bool) -> Span {
    let parts = asked(session.ground.fleet, offer, fate.part);
    if !is_part {
        return Span::whole(up(parts));
    }
    let exact = Span::quotient(parts, STATED_MICROS);
    Span { most: if fate.part.is_none() { Span::whole(up(parts)).most } else { exact.most }, ..exact }
}
