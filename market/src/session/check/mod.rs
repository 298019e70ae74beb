//! A second look at a round: capacity, groups, prices and money, from the bids and what came of them alone.
//!
//! Nothing here is shared with what cleared the round. Capacity is looked at account by account and instant by instant, on every
//! account that what is let or sold is taken from, with the policy's formula written out again; `money` is what is paid, `prices`
//! holds it against what all pay, and `surplus` counts what winners state beyond. All of them read what `goods` cost anew.

mod goods;
mod money;
mod prices;
mod surplus;

use std::collections::{BTreeMap, BTreeSet};

use lessor_models::fleet::{Fleet, Owner};
use lessor_models::job::Domain;
use lessor_models::resources::Kind;
use lessor_models::time::{StepFunction, Timestamp};

use super::anywhere::{Anywhere, Need};
use super::catalog::Wish;
use super::{AccountBid, AccountOffer, ClassOutcome, Fate, OfferFate, Session, SessionOutcome};
use crate::book::{BidderIndex, GroupIndex};
use crate::policy::{AccountClass, Format};
use crate::settlement::Transfer;
use goods::{Goods, asked, down, up};

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

/// Looks at what is won, sold and paid.
#[must_use]
pub fn residuals(session: &Session<'_>, outcome: &SessionOutcome, transfers: &[Transfer]) -> Residuals {
    let listed = listed(session, outcome);
    let all_won: Vec<(BidderIndex, Wish)> = won(session, outcome)
        .flat_map(|(bid, fate, _)| taken(bid, fate).into_iter().map(|wish| (bid.bidder, wish)))
        .collect();
    let all_sold: Vec<Wish> = sold(session, outcome)
        .flat_map(|(offer, fate, _)| offer.goods.iter().map(move |good| part_of(&good.wish, fate.part)))
        .collect();
    let (overdrawn, above_holder_cap) = overdraft(session, &all_won, &all_sold);
    let mut groups: BTreeMap<(BidderIndex, GroupIndex), u64> = BTreeMap::new();
    won(session, outcome).for_each(|(bid, _, _)| *groups.entry((bid.bidder, bid.group)).or_default() += 1);
    let above = won(session, outcome).map(|(bid, fate, paid)| {
        let (part, whole) = share(fate.part, quantity(bid));
        paid - (i128::from(bid.amount.0) * part + whole - 1) / whole
    });
    let below = sold(session, outcome).map(|(offer, fate, gets)| {
        let asked = asked(session.ground.fleet, offer, fate.part);
        // What may trade in parts is asked a fraction for.
        if offer.is_divisible { down(asked) - gets } else { up(asked) - gets }
    });
    let narrow = |residual: Option<i128>| i64::try_from(most(residual)).unwrap_or(i64::MAX);
    Residuals {
        overdrawn,
        above_holder_cap,
        groups_broken: groups.values().filter(|&&count| count > 1).count() as u64,
        misplaced: won(session, outcome).filter(|(bid, fate, _)| is_misplaced(session.ground.fleet, bid, fate)).count()
            as u64,
        above_bid: narrow(above.max()),
        below_ask: narrow(below.max()),
        below_reserve: money::below_reserve(session, outcome, &listed),
        above_cap: money::above_cap(session, outcome),
        off_price: prices::off(session, outcome, &listed),
        off_surplus: surplus::off(session, outcome, &listed),
        unbalanced: money::unbalanced(session, outcome, transfers),
    }
}

/// What winners state for what they got, in micro-credits: parts of amounts for parts, each rounded down.
#[must_use]
pub fn value(session: &Session<'_>, outcome: &SessionOutcome) -> u128 {
    surplus::value(session, outcome)
}

/// The goods of each class, by its position in the policy.
type Listed<'a> = BTreeMap<usize, Goods<'a>>;

fn listed<'a>(session: &Session<'_>, outcome: &'a SessionOutcome) -> Listed<'a> {
    let goods = |class: &'a ClassOutcome| Goods::of(class, is_offered(&session.policy.rules().classes[class.class]));
    outcome.classes.iter().map(|class| (class.class, goods(class))).collect()
}

/// What is won, and what is paid for it.
fn won<'a>(
    session: &Session<'a>,
    outcome: &'a SessionOutcome,
) -> impl Iterator<Item = (&'a AccountBid, &'a Fate, i128)> {
    let fates = session.bids.iter().zip(&outcome.fates);
    fates.filter_map(|(bid, fate)| Some((bid, fate, i128::from(fate.result.ok()?.0))))
}

/// What is sold, and what its seller gets.
fn sold<'a>(
    session: &Session<'a>,
    outcome: &'a SessionOutcome,
) -> impl Iterator<Item = (&'a AccountOffer, &'a OfferFate, i128)> {
    let fates = session.offers.iter().zip(&outcome.offer_fates);
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

/// What changes about an account at an instant.
#[derive(Clone, Debug, Default)]
struct Change {
    /// What bidders win more, or less, of the fleet: of the account itself, or of one below it in the same class.
    won: Vec<(BidderIndex, i128)>,
    /// What is won more of accounts below it in other classes.
    won_below: i128,
    /// What bidders win more of sellers.
    bought: Vec<(BidderIndex, i128)>,
    /// What sellers sell more of the account itself.
    sold: i128,
    /// What they sell more of an account below it.
    sold_below: i128,
    /// What each service class holds more.
    held: [i128; 4],
}

/// The changes of an account, by instant.
type Changes = BTreeMap<Timestamp, Change>;

/// The greatest overdraft of any account at any instant, for all bidders together and for one.
fn overdraft(session: &Session<'_>, won: &[(BidderIndex, Wish)], sold: &[Wish]) -> (u128, u128) {
    let fleet = session.ground.fleet;
    let mut accounts: BTreeMap<(Owner, Kind), Changes> = BTreeMap::new();
    let mut change = |owner: Owner, wish: &Wish, make: &dyn Fn(&mut Change, i128)| {
        let (quantity, changes) = (i128::from(wish.quantity), accounts.entry((owner, wish.kind)).or_default());
        make(changes.entry(wish.interval.start).or_default(), quantity);
        make(changes.entry(wish.interval.end).or_default(), -quantity);
    };
    for &(bidder, wish) in won {
        let class = |owner| session.policy.class_of(place(fleet, owner), wish.kind);
        if class(wish.owner).is_some_and(is_offered) {
            change(wish.owner, &wish, &|change, more| change.bought.push((bidder, more)));
            continue;
        }
        change(wish.owner, &wish, &|change, more| change.won.push((bidder, more)));
        for owner in above(fleet, &wish) {
            if class(owner) == class(wish.owner) {
                change(owner, &wish, &|change, more| change.won.push((bidder, more)));
            } else {
                change(owner, &wish, &|change, more| change.won_below += more);
            }
        }
    }
    for wish in sold {
        change(wish.owner, wish, &|change, more| change.sold += more);
        for owner in above(fleet, wish) {
            change(owner, wish, &|change, more| change.sold_below += more);
        }
    }
    let mut worst = (0, 0);
    for (account, changes) in accounts {
        let of_account = overdraft_of(session, account, changes);
        worst = (worst.0.max(of_account.0), worst.1.max(of_account.1));
    }
    worst
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

/// The same of one account, from one instant at which something changes to the next.
fn overdraft_of(session: &Session<'_>, (owner, kind): (Owner, Kind), mut changes: Changes) -> (u128, u128) {
    let fleet = session.ground.fleet;
    let class = session.policy.class_of(place(fleet, owner), kind);
    for &(at, _) in fleet.steps().get(&(owner, kind)).into_iter().flat_map(StepFunction::steps) {
        changes.entry(at).or_default();
    }
    for holding in session.ground.holdings.of(owner, kind) {
        let (service, amount) = (holding.service as usize, i128::from(holding.amount));
        changes.entry(holding.interval.start).or_default().held[service] += amount;
        changes.entry(holding.interval.end).or_default().held[service] -= amount;
    }
    let (mut won, mut bought, mut held) = (Won::default(), Won::default(), [0; 4]);
    let (mut won_below, mut sold, mut sold_below) = (0, 0, 0);
    let mut worst = (0, 0);
    for (at, change) in changes {
        change.won.into_iter().for_each(|(bidder, more)| won.add(bidder, more));
        change.bought.into_iter().for_each(|(bidder, more)| bought.add(bidder, more));
        won_below += change.won_below;
        sold += change.sold;
        sold_below += change.sold_below;
        held.iter_mut().zip(change.held).for_each(|(held, more)| *held += more);
        let capacity = fleet.capacity_at(owner, kind, at);
        let (room, cap) = match class {
            Some(class) => limits(class, capacity, held.map(units)),
            // What trades in no class is let to those below it alone, as far as nobody holds it.
            None => [u128::from(capacity).saturating_sub(units(held.iter().sum())); 2].into(),
        };
        let handed_out = units(won.all) + units(won_below) + units(sold) + units(sold_below);
        let beyond = if handed_out > 0 { handed_out.saturating_sub(room) } else { 0 };
        worst.0 = worst.0.max(beyond).max(units(bought.all).saturating_sub(units(sold)));
        worst.1 = worst.1.max(units(won.most()).saturating_sub(cap)).max(units(bought.most()).saturating_sub(cap));
    }
    worst
}

/// What bidders have won of an account at an instant.
#[derive(Debug, Default)]
struct Won {
    all: i128,
    by_bidder: BTreeMap<BidderIndex, i128>,
    /// The same, least first.
    in_order: BTreeSet<(i128, BidderIndex)>,
}

impl Won {
    fn add(&mut self, bidder: BidderIndex, more: i128) {
        let has = self.by_bidder.entry(bidder).or_default();
        self.in_order.remove(&(*has, bidder));
        *has += more;
        self.in_order.insert((*has, bidder));
        self.all += more;
    }

    /// What the one has who has most.
    fn most(&self) -> i128 {
        self.in_order.last().map_or(0, |most| most.0)
    }
}

/// Base units of which no fewer than none are left once all changes of an instant are made.
fn units(amount: i128) -> u128 {
    u128::try_from(amount).expect("what ends began before")
}

fn place(fleet: &Fleet, owner: Owner) -> Domain {
    match owner {
        Owner::Node(node) => Domain::Level(fleet.level(node)),
        Owner::Zone(zone) => Domain::Zone(fleet.zones()[zone.at()].kind),
    }
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
