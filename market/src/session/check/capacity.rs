//! What accounts hand out against what may trade of them, account by account and instant by instant.

use std::collections::{BTreeMap, BTreeSet};

use lessor_models::fleet::Owner;
use lessor_models::resources::Kind;
use lessor_models::time::{StepFunction, Timestamp};

use super::{above, is_offered, place};
use crate::book::BidderIndex;
use crate::policy::AccountClass;
use crate::session::Session;
use crate::session::catalog::Wish;

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
pub(super) fn overdraft(session: &Session<'_>, won: &[(BidderIndex, Wish)], sold: &[Wish]) -> (u128, u128) {
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

/// What may trade of an account of which classes hold so much, and what one bidder may win of it.
pub(super) fn limits(class: &AccountClass, capacity: u64, held: [u128; 4]) -> (u128, u128) {
    let capacity = u128::from(capacity);
    let part = |permille: u32| capacity * u128::from(permille);
    let kept: u128 = (0..2).map(|class_| part(class.floors_permille[class_]).div_ceil(1_000).max(held[class_])).sum();
    let room = capacity.saturating_sub(kept).min(part(class.share_permille) / 1_000);
    let room = room.saturating_sub(held[2] + held[3]);
    (room, room * u128::from(class.holder_cap_permille) / 1_000)
}
