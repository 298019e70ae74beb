//! What is paid against the prices that all pay, where a rule has such: price times quantity, but for rounding.
//!
//! A posted price is whole, and what is paid at it is rounded up once: there is nothing else to allow for. Uniform prices are
//! fractions that are told rounded up, come from floating point where orders are whole, and leave what rounding has to be made up
//! for by who trades. Where orders trade both whole and in parts, or in parts over terms that meet, what is told of a good is one
//! price of several, the dearest of its parts: who trades whole is held against the price of that, who trades a part against that
//! of its term, and who trades all of what may trade in parts against the nearer of both, since which it was is not told.

use std::collections::BTreeMap;

use super::goods::{Goods, down, up};
use super::surplus::may_part;
use super::{Listed, class_of, names, part_of, sold, taken, won};
use crate::book::GoodIndex;
use crate::policy::{Format, PaymentRule};
use crate::session::catalog::Wish;
use crate::session::{ClassOutcome, PartTerm, Session, SessionOutcome};

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

/// How an order traded.
#[derive(Clone, Copy, Debug)]
enum Way {
    Whole,
    Parts,
}

/// Who traded at uniform prices, and what was paid for it.
struct Trade {
    wishes: Vec<Wish>,
    is_offer: bool,
    /// What is told of it leaves one of these.
    ways: &'static [Way],
    paid: i128,
}

impl Trade {
    /// The account and the term of an order that may trade in parts.
    fn term(&self) -> PartTerm {
        let Wish { owner, kind, interval, .. } = self.wishes[0];
        (owner, kind, interval)
    }
}

fn off_uniform(session: &Session<'_>, outcome: &SessionOutcome, class: &ClassOutcome, goods: &Goods<'_>) -> u128 {
    let fleet = session.ground.fleet;
    let told = |at: GoodIndex| class.prices.get(&at).copied().unwrap_or(0);
    let of_parts = dearest(class, |wish| goods.taken(fleet, wish).into_iter().map(|entry| entry.0).collect());
    let price = |trade: &Trade, way: Way, at: GoodIndex| match way {
        Way::Whole => class.whole_prices.get(&at).copied().unwrap_or(told(at)),
        Way::Parts => class.part_prices.get(&trade.term()).copied().unwrap_or(0),
    };
    let cost = |trade: &Trade, way: Way, less: u64| {
        goods.cost(fleet, &trade.wishes, |at, _| price(trade, way, at).saturating_sub(less))
    };
    let rounding = |trade: &Trade, way: Way| ROUNDING + (up(cost(trade, way, 0)) >> 29);
    let trades = trades(session, outcome, class);
    // What rounding loses over all trades may be taken from one seller.
    let most_lost = |trade: &Trade| trade.ways.iter().map(|&way| rounding(trade, way)).max().unwrap_or(0);
    let all: i128 = trades.iter().map(most_lost).sum();
    let off_at = |trade: &Trade, way: Way| {
        let less = if trade.is_offer { all } else { rounding(trade, way) };
        let (least, most) = (down(cost(trade, way, 1)) - less, up(cost(trade, way, 0)) + rounding(trade, way));
        (least - trade.paid).max(trade.paid - most).max(0).unsigned_abs()
    };
    let off = trades.iter().map(|trade| {
        let taken = || trade.wishes.iter().flat_map(|wish| goods.taken(fleet, wish)).map(|entry| entry.0);
        // A price beyond what can be told is none.
        let is_told = |way: &&Way| taken().all(|at| price(trade, **way, at) < u64::MAX);
        let paid_beside = if trade.ways.iter().all(|way| is_told(&way)) {
            trade.ways.iter().map(|&way| off_at(trade, way)).min().unwrap_or(0)
        } else {
            0
        };
        // And what the trade would cost for what is told of a good beside the dearest price of its parts.
        let beside = |at: GoodIndex| of_parts.get(&at).map_or(0, |&dearest| dearest.abs_diff(told(at)));
        paid_beside.saturating_add(up(goods.cost(fleet, &trade.wishes, |at, _| beside(at))).unsigned_abs())
    });
    off.max().unwrap_or(0)
}

/// The dearest price of its parts of each good that trades in parts, where one finds the goods of an account over a term.
fn dearest(class: &ClassOutcome, goods: impl Fn(&Wish) -> Vec<GoodIndex>) -> BTreeMap<GoodIndex, u64> {
    let mut dearest: BTreeMap<GoodIndex, u64> = BTreeMap::new();
    for (&(owner, kind, interval), &price) in &class.part_prices {
        for good in goods(&Wish { owner, kind, quantity: 0, interval }) {
            let known = dearest.entry(good).or_default();
            *known = price.max(*known);
        }
    }
    dearest
}

fn trades(session: &Session<'_>, outcome: &SessionOutcome, class: &ClassOutcome) -> Vec<Trade> {
    let is_of_class = |of: Option<usize>| of == Some(class.class);
    let may_part =
        |of, is_divisible, goods| class_of(session, of).is_some_and(|class| may_part(class, is_divisible, goods));
    // Who trades all of what may trade in parts did so among parts or whole: which of both is not told, only that the parts of
    // that account and term have a price.
    let ways = |may_part: bool, part: Option<u64>, wish: Option<&Wish>| -> &'static [Way] {
        let has_price = |wish: &Wish| class.part_prices.contains_key(&(wish.owner, wish.kind, wish.interval));
        match (may_part, part) {
            (true, Some(_)) => &[Way::Parts],
            (true, None) if wish.is_some_and(has_price) => &[Way::Whole, Way::Parts],
            _ => &[Way::Whole],
        }
    };
    let bids = won(session, outcome).filter(|(_, fate, _)| is_of_class(fate.class)).map(|(bid, fate, paid)| {
        let wishes = taken(bid, fate);
        let ways = ways(may_part(fate.class, bid.is_divisible, names(bid)), fate.part, wishes.first());
        Trade { wishes, is_offer: false, ways, paid }
    });
    let offers = sold(session, outcome).filter(|(_, fate, _)| is_of_class(fate.class)).map(|(offer, fate, paid)| {
        let wishes: Vec<Wish> = offer.goods.iter().map(|good| part_of(&good.wish, fate.part)).collect();
        let ways = ways(may_part(fate.class, offer.is_divisible, wishes.len()), fate.part, wishes.first());
        Trade { wishes, is_offer: true, ways, paid }
    });
    bids.chain(offers).collect()
}
