//! What is paid against the prices that all pay, where a rule has such: price times quantity, but for rounding.
//!
//! A posted price is whole, and what is paid at it is rounded up once: there is nothing else to allow for. Uniform prices are
//! fractions that are told rounded up, come from floating point where orders are whole, and leave what rounding has to be made up
//! for by who trades. Where orders trade both whole and in parts, or in parts over terms that meet, what is told of a good is one
//! price of several, the dearest of its parts: who trades whole is held against the price of that, who trades a part against that
//! of its term, and who trades all of what may trade in parts against the nearer of both, since which it was is not told.

use std::collections::{BTreeMap, BTreeSet};

use lessor_models::fleet::Owner;
use lessor_models::plan::Price;
use lessor_models::resources::Kind;
use lessor_models::time::Interval;

use super::goods::{Goods, down, up};
use super::reserves::Reserves;
use super::surplus::may_part;
use super::{Told, above, class_of, is_offered, names, part_of, place, sold, taken, won};
use crate::book::GoodIndex;
use crate::policy::{AccountClass, Format, PaymentRule};
use crate::session::catalog::Wish;
use crate::session::{ClassOutcome, PartTerm, Session, SessionOutcome};

/// By what an order may be off for rounding, in micro-credits, beside one part in 2^29 of what it costs.
const ROUNDING: i128 = 8;

/// The most that anyone pays or gets beside the price that all pay.
pub(super) fn off(session: &Session<'_>, outcome: &SessionOutcome, told: &Told<'_>) -> u128 {
    let of_class = |class: &ClassOutcome| {
        let rules = &session.policy.rules().classes[class.class];
        let goods = Goods::of(class, is_offered(rules));
        match (rules.format, rules.payment) {
            (Format::Posted, _) => {
                off_posted(session, told, class.class, &goods, |at| class.prices.get(&at).copied().unwrap_or(0))
            }
            (_, PaymentRule::Uniform) => off_uniform(session, told, class, &goods),
            _ => 0,
        }
    };
    outcome.classes.iter().map(of_class).max().unwrap_or(0)
}

/// What is told of a good.
#[derive(Clone, Copy, Debug)]
pub struct ToldGood {
    /// The account, the interval and the price.
    pub price: Price,
    /// The least that is taken, in micro-credits per 10^6 base units and hour.
    pub reserve: u64,
    /// How much there was of it, in base units.
    pub offered: u64,
    /// How much of that was won, in base units.
    pub sold: u64,
}

/// How many goods are told wrongly that trade in a class: of which more is sold than there was, or something else than bids of the
/// class won, or that have a price below their reserve price, or another reserve price than the policy says.
pub(super) fn misstated(session: &Session<'_>, told: &Told<'_>, goods: &[ToldGood]) -> u64 {
    let (fleet, reserves) = (session.ground.fleet, Reserves::of(session));
    let mut won_of: BTreeMap<(Owner, Kind), Vec<(Interval, u64)>> = BTreeMap::new();
    for (bid, fate, _) in won(session, told) {
        let Some(class) = class_of(session, fate.class) else { continue };
        for wish in taken(bid, fate) {
            let above = if is_offered(class) { BTreeSet::new() } else { above(fleet, &wish) };
            let owners = above.into_iter().chain([wish.owner]);
            for owner in owners.filter(|&owner| class.covers(place(fleet, owner), wish.kind)) {
                won_of.entry((owner, wish.kind)).or_default().push((wish.interval, wish.quantity));
            }
        }
    }
    let is_wrong = |good: &&ToldGood| {
        let account = (good.price.owner, good.price.kind);
        let class = session.policy.class_of(place(fleet, account.0), account.1);
        let terms = won_of.get(&account).into_iter().flatten().filter(|(term, _)| term.contains(&good.price.interval));
        let sold: u128 = terms.map(|(_, quantity)| u128::from(*quantity)).sum();
        let asked = class
            .map(|class| if is_offered(class) { 0 } else { reserves.price(class, account, good.price.interval.start) });
        good.sold > good.offered
            || good.price.price < good.reserve
            || (class.is_some() && u128::from(good.sold) != sold)
            || asked.is_some_and(|asked| asked != good.reserve)
    };
    goods.iter().filter(is_wrong).count() as u64
}

/// The most that anyone pays beside posted prices, as they are told by account and time, in the classes that post them.
pub(super) fn off_told(session: &Session<'_>, told: &Told<'_>, told_goods: &[ToldGood]) -> u128 {
    let fleet = session.ground.fleet;
    let of_class = |(at, class): (usize, &AccountClass)| {
        let row = |good: &ToldGood| (good.price.owner, good.price.kind, good.price.interval);
        let rows = (0..).map(GoodIndex).zip(told_goods.iter().map(row));
        let of_class = rows.filter(|(_, (owner, kind, _))| class.covers(place(fleet, *owner), *kind));
        let goods = Goods::over(of_class, false);
        off_posted(session, told, at, &goods, |good| told_goods[good.0 as usize].price.price)
    };
    let classes = session.policy.rules().classes.iter().enumerate();
    classes.filter(|(_, class)| class.format == Format::Posted).map(of_class).max().unwrap_or(0)
}

fn off_posted(
    session: &Session<'_>,
    told: &Told<'_>,
    class: usize,
    goods: &Goods,
    price: impl Fn(GoodIndex) -> u64,
) -> u128 {
    let of_class = won(session, told).filter(|(_, fate, _)| fate.class == Some(class));
    let off = of_class
        .map(|(bid, fate, paid)| paid.abs_diff(up(goods.cost(session.ground.fleet, &taken(bid, fate), &price))));
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

fn off_uniform(session: &Session<'_>, told: &Told<'_>, class: &ClassOutcome, goods: &Goods) -> u128 {
    let fleet = session.ground.fleet;
    let shown = |at: GoodIndex| class.prices.get(&at).copied().unwrap_or(0);
    let of_parts = dearest(class, |wish| goods.taken(fleet, wish).into_iter().map(|entry| entry.0).collect());
    let price = |trade: &Trade, way: Way, at: GoodIndex| match way {
        Way::Whole => class.whole_prices.get(&at).copied().unwrap_or(shown(at)),
        Way::Parts => class.part_prices.get(&trade.term()).copied().unwrap_or(0),
    };
    let cost = |trade: &Trade, way: Way, less: u64| {
        goods.cost(fleet, &trade.wishes, |at| price(trade, way, at).saturating_sub(less))
    };
    let rounding = |trade: &Trade, way: Way| ROUNDING + (up(cost(trade, way, 0)) >> 29);
    let trades = trades(session, told, class);
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
        let beside = |at: GoodIndex| of_parts.get(&at).map_or(0, |&dearest| dearest.abs_diff(shown(at)));
        paid_beside.saturating_add(up(goods.cost(fleet, &trade.wishes, beside)).unsigned_abs())
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

fn trades(session: &Session<'_>, told: &Told<'_>, class: &ClassOutcome) -> Vec<Trade> {
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
    let bids = won(session, told).filter(|(_, fate, _)| is_of_class(fate.class)).map(|(bid, fate, paid)| {
        let wishes = taken(bid, fate);
        let ways = ways(may_part(fate.class, bid.is_divisible, names(bid)), fate.part, wishes.first());
        Trade { wishes, is_offer: false, ways, paid }
    });
    let offers = sold(session, told).filter(|(_, fate, _)| is_of_class(fate.class)).map(|(offer, fate, paid)| {
        let wishes: Vec<Wish> = offer.goods.iter().map(|good| part_of(&good.wish, fate.part)).collect();
        let ways = ways(may_part(fate.class, offer.is_divisible, wishes.len()), fate.part, wishes.first());
        Trade { wishes, is_offer: true, ways, paid }
    });
    bids.chain(offers).collect()
}
