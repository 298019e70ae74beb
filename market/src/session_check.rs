//! A second look at a round: capacity, groups, prices and money, from the bids and what came of them alone.
//!
//! Nothing here is shared with what cleared the round. Capacity is looked at account by account and instant by instant, with
//! the policy's formula written out again.

use std::collections::BTreeMap;

use lessor_models::fleet::{Fleet, Owner};
use lessor_models::job::Domain;
use lessor_models::resources::Kind;
use lessor_models::time::{StepFunction, Timestamp};

use crate::book::{BidderIndex, GroupIndex};
use crate::catalog::Wish;
use crate::holdings::Holdings;
use crate::policy::{AccountClass, Format};
use crate::session::{Session, SessionOutcome};
use crate::settlement::Transfer;

/// By how much the rules of a round are broken; all zero where they hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Residuals {
    /// The most that an account hands out beyond what may trade of it, or beyond what is sold of it where sellers offer, at any
    /// instant, in base units.
    pub overdrawn: u128,
    /// The most that one bidder wins of an account beyond what one may, in base units.
    pub above_holder_cap: u128,
    /// Groups of which more than one bid won.
    pub groups_broken: u64,
    /// The most that anyone pays beyond its bid, in micro-credits.
    pub above_bid: i64,
    /// The most that any seller gets less than it asks, in micro-credits; a part of what is asked is rounded down.
    pub below_ask: i64,
    /// What all transfers together bring into being or lose, in micro-credits.
    pub unbalanced: i128,
}

impl Residuals {
    /// Whether all rules hold.
    #[must_use]
    pub fn are_zero(&self) -> bool {
        *self == Residuals::default()
    }
}

/// Looks at what is won, sold and paid.
#[must_use]
pub fn residuals(session: &Session<'_>, outcome: &SessionOutcome, transfers: &[Transfer]) -> Residuals {
    let fates =
        || session.bids.iter().zip(&outcome.fates).filter_map(|(bid, fate)| Some((bid, fate, fate.result.ok()?)));
    let won: Vec<(BidderIndex, Wish)> = fates()
        .flat_map(|(bid, fate, _)| bid.wishes.iter().map(move |wish| (bid.bidder, part_of(wish, fate.part))))
        .collect();
    let offers = || {
        session
            .offers
            .iter()
            .zip(&outcome.offer_fates)
            .filter_map(|(offer, fate)| Some((offer, fate, fate.result.ok()?)))
    };
    let sold: Vec<Wish> = offers()
        .flat_map(|(offer, fate, _)| offer.goods.iter().map(move |good| part_of(&good.wish, fate.part)))
        .collect();
    let (overdrawn, above_holder_cap) = overdraft(session, &won, &sold);
    let mut groups: BTreeMap<(BidderIndex, GroupIndex), u64> = BTreeMap::new();
    fates().for_each(|(bid, _, _)| *groups.entry((bid.bidder, bid.group)).or_default() += 1);
    let above = fates().map(|(bid, fate, paid)| {
        let (part, whole) = share(fate.part, bid.wishes[0].quantity);
        i128::from(paid.0) - (i128::from(bid.amount.0) * part + whole - 1) / whole
    });
    let below = offers().map(|(offer, fate, gets)| {
        let (part, whole) = share(fate.part, offer.goods[0].wish.quantity);
        i128::from(fate.ask.0 - i64::from(part < whole)) * part / whole - i128::from(gets.0)
    });
    let most = |residual: Option<i128>| i64::try_from(residual.unwrap_or(0).max(0)).unwrap_or(i64::MAX);
    Residuals {
        overdrawn,
        above_holder_cap,
        groups_broken: groups.values().filter(|&&count| count > 1).count() as u64,
        above_bid: most(above.max()),
        below_ask: most(below.max()),
        unbalanced: unbalanced(transfers),
    }
}

/// A wish, or the part of it that traded.
fn part_of(wish: &Wish, part: Option<u64>) -> Wish {
    Wish { quantity: part.unwrap_or(wish.quantity), ..*wish }
}

/// A part and the whole that it is of.
fn share(part: Option<u64>, whole: u64) -> (i128, i128) {
    (part.unwrap_or(whole).into(), i128::from(whole).max(1))
}

/// Uses of an account.
#[derive(Debug, Default)]
struct Uses {
    won: Vec<(BidderIndex, Wish)>,
    sold: Vec<Wish>,
}

/// The greatest overdraft of any account at any instant, for all bidders together and for one.
fn overdraft(session: &Session<'_>, won: &[(BidderIndex, Wish)], sold: &[Wish]) -> (u128, u128) {
    let mut uses: BTreeMap<(Owner, Kind), Uses> = BTreeMap::new();
    won.iter().for_each(|&(bidder, wish)| uses.entry((wish.owner, wish.kind)).or_default().won.push((bidder, wish)));
    sold.iter().for_each(|&wish| uses.entry((wish.owner, wish.kind)).or_default().sold.push(wish));
    let fleet = session.ground.fleet;
    let mut worst = (0, 0);
    for ((owner, kind), uses) in uses {
        let class = session.policy.class_of(place(fleet, owner), kind);
        let steps = fleet.steps().get(&(owner, kind)).into_iter().flat_map(StepFunction::steps);
        let holdings = session.ground.holdings;
        let wishes = uses.won.iter().map(|(_, wish)| wish).chain(&uses.sold);
        // What is won and held rises only where a term starts; what is there, and what is sold, falls only at a step or an end.
        let instants = wishes.flat_map(|wish| [wish.interval.start, wish.interval.end]).chain(steps.map(|step| step.0));
        for at in instants.chain(holdings.of(owner, kind).iter().map(|holding| holding.interval.start)) {
            let (all, most) = held(&uses.won, at);
            let (mut room, cap) = class.map_or((0, 0), |class| {
                limits(class, fleet.capacity_at(owner, kind, at), held_before(holdings, (owner, kind), at))
            });
            let is_offered =
                class.is_some_and(|class| matches!(class.format, Format::DoubleAuction | Format::UnitDemand));
            let sold =
                uses.sold.iter().filter(|wish| covers(wish, at)).map(|wish| u128::from(wish.quantity)).sum::<u128>();
            worst.0 = worst.0.max(if all > 0 || sold > 0 { sold.saturating_sub(room) } else { 0 });
            if is_offered {
                room = room.min(sold);
            }
            if all > 0 {
                worst = (worst.0.max(all.saturating_sub(room)), worst.1.max(most.saturating_sub(cap)));
            }
        }
    }
    worst
}

fn place(fleet: &Fleet, owner: Owner) -> Domain {
    match owner {
        Owner::Node(node) => Domain::Level(fleet.level(node)),
        Owner::Zone(zone) => Domain::Zone(fleet.zones()[zone.at()].kind),
    }
}

fn covers(wish: &Wish, at: Timestamp) -> bool {
    wish.interval.start <= at && at < wish.interval.end
}

/// What is won at an instant, by all bidders and by the one who holds most.
fn held(won: &[(BidderIndex, Wish)], at: Timestamp) -> (u128, u128) {
    let mut by_bidder: BTreeMap<BidderIndex, u128> = BTreeMap::new();
    for (bidder, wish) in won.iter().filter(|(_, wish)| covers(wish, at)) {
        *by_bidder.entry(*bidder).or_default() += u128::from(wish.quantity);
    }
    (by_bidder.values().sum(), by_bidder.values().copied().max().unwrap_or(0))
}

/// What the classes hold of an account at an instant, A to D, before anything is won.
fn held_before(holdings: &Holdings, (owner, kind): (Owner, Kind), at: Timestamp) -> [u128; 4] {
    let mut held = [0; 4];
    for holding in holdings.of(owner, kind) {
        if holding.interval.start <= at && at < holding.interval.end {
            held[holding.service as usize] += u128::from(holding.amount);
        }
    }
    held
}

/// What may trade of an account of which classes hold so much, and what one bidder may win of it.
fn limits(class: &AccountClass, capacity: u64, held: [u128; 4]) -> (u128, u128) {
    let capacity = u128::from(capacity);
    let part = |permille: u32| capacity * u128::from(permille);
    let kept: u128 = (0..2).map(|class_| part(class.floors_permille[class_]).div_ceil(1_000).max(held[class_])).sum();
    let room = capacity.saturating_sub(kept).min(part(class.share_permille) / 1_000);
    let room = room.saturating_sub(held[2] + held[3]);
    (room, room * u128::from(class.holder_cap_permille) / 1_000)
}

/// What is left when each transfer is written to both of its sides.
fn unbalanced(transfers: &[Transfer]) -> i128 {
    let mut balances = BTreeMap::new();
    for transfer in transfers {
        *balances.entry(transfer.from).or_insert(0) -= i128::from(transfer.amount.0);
        *balances.entry(transfer.to).or_insert(0) += i128::from(transfer.amount.0);
    }
    balances.values().sum()
}
