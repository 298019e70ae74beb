//! A second look at a round: capacity, groups, prices and money, from the bids and what came of them alone.
//!
//! Nothing here is shared with what cleared the round. `capacity` is looked at account by account and instant by instant, on every
//! account that what is let or sold is taken from, with the policy's formula written out again; `money` is what is paid, `prices`
//! holds it against what all pay, and `surplus` counts what winners state beyond. They read what `goods` cost anew, and what
//! `reserves` are asked. Of a round that was written, `admitted` says whether the policy lets winners in, and [`program`] whether
//! other bids would be worth more or a coalition would rather deal with the seller.

mod admitted;
mod capacity;
mod goods;
mod money;
mod prices;
pub mod program;
mod reserves;
mod surplus;

use std::collections::{BTreeMap, BTreeSet};

use lessor_models::fleet::{Fleet, Owner};
use lessor_models::job::Domain;
use lessor_models::resources::Kind;
use lessor_models::time::Timestamp;

use super::anywhere::{Anywhere, Need};
use super::catalog::Wish;
use super::{AccountBid, AccountOffer, Fate, OfferFate, Session, SessionOutcome};
use crate::book::{BidderIndex, GroupIndex};
use crate::policy::{AccountClass, Format};
use crate::settlement::Transfer;
use capacity::overdraft;
use goods::{asked, down, up};
pub use prices::ToldGood;
use reserves::Reserves;

/// By how much the rules of a round are broken; all zero where they hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Residuals {
    /// The most that an account hands out beyond what may trade of it, itself or through those below it, or beyond what is sold of
    /// it where sellers offer, at any instant, in base units.
    pub overdrawn: u128,
    /// The most that one bidder wins of an account beyond what one may, in base units.
    pub above_holder_cap: u128,
    /// Groups of which more than one bid won.
    pub groups_broken: u64,
    /// Bids on a node class that won at no node of it, and others that won at a node that they do not name.
    pub misplaced: u64,
    /// The most that anyone pays beyond its bid, in micro-credits.
    pub above_bid: i64,
    /// The most that any seller gets less than it asks, in micro-credits; what is asked for what trades in parts is rounded down.
    pub below_ask: i64,
    /// The most that anyone pays less than the reserve prices of what it wins of the fleet, in micro-credits.
    pub below_reserve: i128,
    /// The most that anyone pays beyond the price cap of what it wins, in micro-credits.
    pub above_cap: i128,
    /// The most that anyone pays or gets beside the price that all pay, where a rule has one, beyond rounding, in micro-credits.
    pub off_price: u128,
    /// By how much the surplus that classes state is not what bids, awards and sales come to, all together, in micro-credits.
    pub off_surplus: u128,
    /// By how much transfers move more or less than what awards and sales say, all together, in micro-credits.
    pub unbalanced: u128,
}

impl Residuals {
    /// Whether all rules hold.
    #[must_use]
    pub fn are_zero(&self) -> bool {
        *self == Residuals::default()
    }
}

/// What is told of a round that is over.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// What came of each bid, in the order of the bids.
    pub fates: &'a [Fate],
    /// What came of each offer, in the order of the offers.
    pub offer_fates: &'a [OfferFate],
    /// The surplus that each class states that was cleared, by its position in the policy, in micro-credits.
    pub surpluses: &'a BTreeMap<usize, u128>,
    /// Whether payment rules left nothing unsettled.
    pub is_settled: bool,
    /// What moved.
    pub transfers: &'a [Transfer],
}

/// Looks at what is won, sold and paid.
#[must_use]
pub fn residuals(session: &Session<'_>, outcome: &SessionOutcome, transfers: &[Transfer]) -> Residuals {
    let surpluses = outcome.classes.iter().map(|class| (class.class, class.surplus)).collect();
    let told = Told {
        fates: &outcome.fates,
        offer_fates: &outcome.offer_fates,
        surpluses: &surpluses,
        is_settled: outcome.classes.iter().all(|class| class.unsettled.is_none()),
        transfers,
    };
    Residuals { off_price: prices::off(session, outcome, &told), ..told_residuals(session, &told) }
}

/// Looks at what is told of a round, all but what it says of prices.
#[must_use]
pub fn told_residuals(session: &Session<'_>, told: &Told<'_>) -> Residuals {
    let all_won: Vec<(BidderIndex, Wish)> = won(session, told)
        .flat_map(|(bid, fate, _)| taken(bid, fate).into_iter().map(|wish| (bid.bidder, wish)))
        .collect();
    let all_sold: Vec<Wish> = sold(session, told)
        .flat_map(|(offer, fate, _)| offer.goods.iter().map(move |good| part_of(&good.wish, fate.part)))
        .collect();
    let (overdrawn, above_holder_cap) = overdraft(session, &all_won, &all_sold);
    let mut groups: BTreeMap<(BidderIndex, GroupIndex), u64> = BTreeMap::new();
    won(session, told).for_each(|(bid, _, _)| *groups.entry((bid.bidder, bid.group)).or_default() += 1);
    let above = won(session, told).map(|(bid, fate, paid)| {
        let (part, whole) = share(fate.part, quantity(bid));
        paid - (i128::from(bid.amount.0) * part + whole - 1) / whole
    });
    let below = sold(session, told).map(|(offer, fate, gets)| {
        let asked = asked(session.ground.fleet, offer, fate.part);
        // What may trade in parts is asked a fraction for.
        if offer.is_divisible { down(asked) - gets } else { up(asked) - gets }
    });
    let narrow = |residual: Option<i128>| i64::try_from(most(residual)).unwrap_or(i64::MAX);
    let misplaced = won(session, told).filter(|(bid, fate, _)| is_misplaced(session.ground.fleet, bid, fate)).count();
    let reserves = Reserves::of(session);
    Residuals {
        overdrawn,
        above_holder_cap,
        groups_broken: groups.values().filter(|&&count| count > 1).count() as u64,
        misplaced: misplaced as u64,
        above_bid: narrow(above.max()),
        below_ask: narrow(below.max()),
        below_reserve: money::below_reserve(session, told, &reserves),
        above_cap: money::above_cap(session, told, &reserves),
        off_price: 0,
        off_surplus: surplus::off(session, told, &reserves),
        unbalanced: money::unbalanced(session, told),
    }
}

/// The most that anyone pays beside the posted prices that are told, each of an account while it holds, in micro-credits.
#[must_use]
pub fn off_posted_prices(session: &Session<'_>, told: &Told<'_>, goods: &[ToldGood]) -> u128 {
    prices::off_told(session, told, goods)
}

/// How many goods are told wrongly, of accounts that trade in a class: of which more is sold than there was, or something else than
/// bids won, or that have a price below their reserve price, or another reserve price than the policy says.
#[must_use]
pub fn misstated_goods(session: &Session<'_>, told: &Told<'_>, goods: &[ToldGood]) -> u64 {
    prices::misstated(session, told, goods)
}

/// How many winners the policy does not let in, as far as bids alone say: for where they trade, who makes them, their terms, their
/// amounts, or how much of a book they are; where the round's instant is stated, also for when they begin.
#[must_use]
pub fn unlawful(session: &Session<'_>, told: &Told<'_>, at: Option<Timestamp>) -> u64 {
    admitted::unlawful(session, told, at)
}

/// How many bids are told to be out for a reason that does not hold of them, as far as bids alone and the groups of winners say; of
/// terms that begin at the wrong time where the round's instant is stated.
#[must_use]
pub fn refused_wrongly(session: &Session<'_>, told: &Told<'_>, at: Option<Timestamp>) -> u64 {
    admitted::refused_wrongly(session, told, at)
}

/// What winners state for what they got, in micro-credits: parts of amounts for parts, each rounded down.
#[must_use]
pub fn value(session: &Session<'_>, fates: &[Fate]) -> u128 {
    surplus::value(session, fates)
}

/// What is won, and what is paid for it.
fn won<'a>(session: &Session<'a>, told: &Told<'a>) -> impl Iterator<Item = (&'a AccountBid, &'a Fate, i128)> {
    let fates = session.bids.iter().zip(told.fates);
    fates.filter_map(|(bid, fate)| Some((bid, fate, i128::from(fate.result.ok()?.0))))
}

/// What is sold, and what its seller gets.
fn sold<'a>(session: &Session<'a>, told: &Told<'a>) -> impl Iterator<Item = (&'a AccountOffer, &'a OfferFate, i128)> {
    let fates = session.offers.iter().zip(told.offer_fates);
    fates.filter_map(|(offer, fate)| Some((offer, fate, i128::from(fate.result.ok()?.0))))
}

/// What a bid took: what it names, or the part of it that traded, and what it needs at the node where it won.
fn taken(bid: &AccountBid, fate: &Fate) -> Vec<Wish> {
    let mut taken: Vec<Wish> = bid.wishes.iter().map(|wish| part_of(wish, fate.part)).collect();
    for Need { kind, quantity, interval } in bid.anywhere.iter().flat_map(|anywhere| &anywhere.needs).copied() {
        taken.extend(fate.node.map(|node| Wish { owner: Owner::Node(node), kind, quantity, interval }));
    }
    taken
}

/// How many accounts a bid names; none, where a node class leaves one open.
fn names(bid: &AccountBid) -> usize {
    if bid.anywhere.is_some() { 0 } else { bid.wishes.len() }
}

/// How much a bid for one account is for.
fn quantity(bid: &AccountBid) -> u64 {
    bid.wishes.first().map_or(1, |wish| wish.quantity)
}

/// Whether a bid won at a node where it may not: one that is not of the level of its class, or not below its node.
fn is_misplaced(fleet: &Fleet, bid: &AccountBid, fate: &Fate) -> bool {
    let (Some(node), Some(Anywhere { class, .. })) = (fate.node, &bid.anywhere) else {
        return fate.node.is_some() || bid.anywhere.is_some();
    };
    let mut above = fleet.parent(node);
    while above.is_some_and(|above| above != class.under) {
        above = above.and_then(|above| fleet.parent(above));
    }
    above.is_none() || fleet.level(node) != class.level
}

fn class_of<'a>(session: &Session<'a>, class: Option<usize>) -> Option<&'a AccountClass> {
    class.map(|class| &session.policy.rules().classes[class])
}

/// A residual, which is nothing where a rule holds with something to spare.
fn most(residual: Option<i128>) -> i128 {
    residual.unwrap_or(0).max(0)
}

/// A wish, or the part of it that traded.
fn part_of(wish: &Wish, part: Option<u64>) -> Wish {
    Wish { quantity: part.unwrap_or(wish.quantity), ..*wish }
}

/// A part and the whole that it is of.
fn share(part: Option<u64>, whole: u64) -> (i128, i128) {
    (part.unwrap_or(whole).into(), i128::from(whole).max(1))
}

/// Whether sellers hand out what trades in a class.
fn is_offered(class: &AccountClass) -> bool {
    matches!(class.format, Format::DoubleAuction | Format::UnitDemand)
}

/// The owners of the accounts above the one that a wish is for, which what it is for is taken from too: nodes, and zones that list
/// one of them or the node itself. What crosses an uplink need not cross the next.
fn above(fleet: &Fleet, wish: &Wish) -> BTreeSet<Owner> {
    let mut owners = BTreeSet::new();
    let mut next = match wish.owner {
        Owner::Node(node) if wish.kind != Kind::Bandwidth => Some(node),
        _ => None,
    };
    while let Some(node) = next {
        owners.insert(Owner::Node(node));
        owners.extend(fleet.zones_listing(node).iter().map(|&zone| Owner::Zone(zone)));
        next = fleet.parent(node);
    }
    owners.remove(&wish.owner);
    owners
}

fn place(fleet: &Fleet, owner: Owner) -> Domain {
    match owner {
        Owner::Node(node) => Domain::Level(fleet.level(node)),
        Owner::Zone(zone) => Domain::Zone(fleet.zones()[zone.at()].kind),
    }
}
