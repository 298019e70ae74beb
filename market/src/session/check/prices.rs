//! What is paid against the prices that all pay, where a rule has such: price times quantity, but for rounding.
//!
//! A posted price is whole, and what is paid at it is rounded up once: there is nothing else to allow for. Uniform prices are
//! fractions that are told rounded up, come from floating point where orders are whole, and leave what rounding has to be made up
//! for by who trades. Where orders trade both whole and in parts, or in parts over terms that meet, what is told of a good is one
//! price of several: orders for such goods are not looked at.

use std::collections::{BTreeMap, BTreeSet};

use lessor_models::time::Interval;

use super::goods::{Goods, down, up};
use super::surplus::may_part;
use super::{Listed, class_of, names, part_of, sold, taken, won};
use crate::book::{BidderIndex, GoodIndex, GroupIndex};
use crate::policy::{Format, PaymentRule};
use crate::session::catalog::Wish;
use crate::session::{ClassOutcome, Session, SessionOutcome};

/// By what an order may be off for rounding, in micro-credits, beside one part in 2^29 of what it costs.
const ROUNDING: i128 = 8;

/// The most that anyone pays or gets beside the price that all pay.
pub(super) fn off(session: &Session<'_>, outcome: &SessionOutcome, listed: &Listed<'_>) -> u128 {
    let of_class = |class: &ClassOutcome| {
        let rule = class_of(session, Some(class.class)).map(|class| (class.format, class.payment));
        match (rule, listed.get(&class.class)) {
            (Some((Format::Posted, _)), Some(goods)) => off_posted(session, outcome, class, goods),
            (Some((_, PaymentRule::Uniform)), Some(goods)) => off_uniform(session, outcome, class, goods),
            _ => 0,
        }
    };
    outcome.classes.iter().map(of_class).max().unwrap_or(0)
}

fn off_posted(session: &Session<'_>, outcome: &SessionOutcome, class: &ClassOutcome, goods: &Goods<'_>) -> u128 {
    let of_class = won(session, outcome).filter(|(_, fate, _)| fate.class == Some(class.class));
    let price = |at| class.prices.get(&at).copied().unwrap_or(0);
    let off = of_class.map(|(bid, fate, paid)| {
        paid.abs_diff(up(goods.cost(session.ground.fleet, &taken(bid, fate), |at, _| price(at))))
    });
    off.max().unwrap_or(0)
}

/// How the price of a good came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pricing {
    /// Among orders that trade whole.
    Whole,
    /// Among orders that trade in parts, over one term.
    Parts(Interval),
    /// In more than one way, or in one that is not told.
    Several,
}

/// Who traded at uniform prices, and what was paid for it.
struct Trade {
    wishes: Vec<Wish>,
    is_offer: bool,
    pricing: Pricing,
    paid: i128,
}

fn off_uniform(session: &Session<'_>, outcome: &SessionOutcome, class: &ClassOutcome, goods: &Goods<'_>) -> u128 {
    let fleet = session.ground.fleet;
    let trades = trades(session, outcome, class.class);
    let goods_of = |trade: &Trade| -> BTreeSet<GoodIndex> {
        trade.wishes.iter().flat_map(|wish| goods.taken(fleet, wish)).map(|entry| entry.0).collect()
    };
    let mut pricings: BTreeMap<GoodIndex, Pricing> = BTreeMap::new();
    for trade in &trades {
        for good in goods_of(trade) {
            let pricing = pricings.entry(good).or_insert(trade.pricing);
            if *pricing != trade.pricing {
                *pricing = Pricing::Several;
            }
        }
    }
    let price = |at: GoodIndex| class.prices.get(&at).copied().unwrap_or(0);
    // A price beyond what can be told is none.
    let is_told = |at: &GoodIndex| pricings[at] != Pricing::Several && price(*at) < u64::MAX;
    let cost = |trade: &Trade, less: u64| goods.cost(fleet, &trade.wishes, |at, _| price(at).saturating_sub(less));
    let rounding = |trade: &Trade| ROUNDING + (up(cost(trade, 0)) >> 29);
    // What rounding loses over all trades may be taken from one seller.
    let all: i128 = trades.iter().map(rounding).sum();
    let off = trades.iter().filter(|trade| goods_of(trade).iter().all(is_told)).map(|trade| {
        let less = if trade.is_offer { all } else { rounding(trade) };
        let (least, most) = (down(cost(trade, 1)) - less, up(cost(trade, 0)) + rounding(trade));
        (least - trade.paid).max(trade.paid - most).max(0).unsigned_abs()
    });
    off.max().unwrap_or(0)
}

fn trades(session: &Session<'_>, outcome: &SessionOutcome, class: usize) -> Vec<Trade> {
    let mut sizes: BTreeMap<(BidderIndex, GroupIndex), u32> = BTreeMap::new();
    session.bids.iter().for_each(|bid| *sizes.entry((bid.bidder, bid.group)).or_default() += 1);
    let is_of_class = |of: Option<usize>| of == Some(class);
    let may_part =
        |of, is_divisible, goods| class_of(session, of).is_some_and(|class| may_part(class, is_divisible, goods));
    let bids = won(session, outcome).filter(|(_, fate, _)| is_of_class(fate.class)).map(|(bid, fate, paid)| {
        // A bid that others of its group stand beside trades whole, whatever it welcomes.
        let pricing = match (may_part(fate.class, bid.is_divisible, names(bid)), sizes[&(bid.bidder, bid.group)]) {
            (false, _) => Pricing::Whole,
            (true, 1) => Pricing::Parts(bid.wishes[0].interval),
            (true, _) => Pricing::Several,
        };
        let wishes = taken(bid, fate);
        Trade { wishes, is_offer: false, pricing, paid }
    });
    let offers = sold(session, outcome).filter(|(_, fate, _)| is_of_class(fate.class)).map(|(offer, fate, paid)| {
        let wishes: Vec<Wish> = offer.goods.iter().map(|good| part_of(&good.wish, fate.part)).collect();
        let is_part = may_part(fate.class, offer.is_divisible, wishes.len());
        let pricing = if is_part { Pricing::Parts(wishes[0].interval) } else { Pricing::Whole };
        Trade { wishes, is_offer: true, pricing, paid }
    });
    bids.chain(offers).collect()
}
