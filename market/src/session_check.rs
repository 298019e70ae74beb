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
use crate::money::Money;
use crate::policy::{AccountClass, Policy};
use crate::session::AccountBid;
use crate::settlement::Transfer;

/// By how much the rules of a round are broken; all zero where they hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Residuals {
    /// The most that an account hands out beyond what may trade of it, at any instant, in base units.
    pub overdrawn: u128,
    /// The most that one bidder wins of an account beyond what one may, in base units.
    pub above_holder_cap: u128,
    /// Groups of which more than one bid won.
    pub groups_broken: u64,
    /// The most that anyone pays beyond its bid, in micro-credits.
    pub above_bid: i64,
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

/// What is won and paid: the payment of each bid, `None` where it won nothing.
#[must_use]
pub fn residuals(
    fleet: &Fleet,
    policy: &Policy,
    bids: &[AccountBid],
    payments: &[Option<Money>],
    transfers: &[Transfer],
) -> Residuals {
    let won: Vec<&AccountBid> =
        bids.iter().zip(payments).filter(|(_, paid)| paid.is_some()).map(|(bid, _)| bid).collect();
    let (overdrawn, above_holder_cap) = overdraft(fleet, policy, &won);
    let mut groups: BTreeMap<(BidderIndex, GroupIndex), u64> = BTreeMap::new();
    won.iter().for_each(|bid| *groups.entry((bid.bidder, bid.group)).or_default() += 1);
    let excess = bids.iter().zip(payments).filter_map(|(bid, paid)| Some(paid.as_ref()?.0 - bid.amount.0));
    Residuals {
        overdrawn,
        above_holder_cap,
        groups_broken: groups.values().filter(|&&count| count > 1).count() as u64,
        above_bid: excess.max().unwrap_or(0).max(0),
        unbalanced: unbalanced(transfers),
    }
}

/// The greatest overdraft of any account at any instant, for all bidders together and for one.
fn overdraft(fleet: &Fleet, policy: &Policy, won: &[&AccountBid]) -> (u128, u128) {
    let mut uses: BTreeMap<(Owner, Kind), Vec<(BidderIndex, &crate::catalog::Wish)>> = BTreeMap::new();
    for bid in won {
        for wish in &bid.wishes {
            uses.entry((wish.owner, wish.kind)).or_default().push((bid.bidder, wish));
        }
    }
    let mut worst = (0, 0);
    for ((owner, kind), uses) in uses {
        let place = match owner {
            Owner::Node(node) => Domain::Level(fleet.level(node)),
            Owner::Zone(zone) => Domain::Zone(fleet.zones()[zone.at()].kind),
        };
        let class = policy.class_of(place, kind);
        let steps = fleet.steps().get(&(owner, kind)).into_iter().flat_map(StepFunction::steps);
        let starts = uses.iter().map(|(_, wish)| wish.interval.start);
        // What is held rises only where a term starts, and what is there falls only at a step.
        for at in starts.chain(steps.map(|step| step.0)) {
            let (all, most) = held(&uses, at);
            let (room, cap) = class.map_or((0, 0), |class| limits(class, fleet.capacity_at(owner, kind, at)));
            worst = (worst.0.max(all.saturating_sub(room)), worst.1.max(most.saturating_sub(cap)));
        }
    }
    worst
}

/// What is held at an instant, by all bidders and by the one who holds most.
fn held(uses: &[(BidderIndex, &crate::catalog::Wish)], at: Timestamp) -> (u128, u128) {
    let mut by_bidder: BTreeMap<BidderIndex, u128> = BTreeMap::new();
    for (bidder, wish) in uses {
        if wish.interval.start <= at && at < wish.interval.end {
            *by_bidder.entry(*bidder).or_default() += u128::from(wish.quantity);
        }
    }
    (by_bidder.values().sum(), by_bidder.values().copied().max().unwrap_or(0))
}

/// What may trade of an account where A and B hold nothing, and what one bidder may win of it.
fn limits(class: &AccountClass, capacity: u64) -> (u128, u128) {
    let capacity = u128::from(capacity);
    let part = |permille: u32| capacity * u128::from(permille);
    let floors: u128 = class.floors_permille.iter().map(|&floor| part(floor).div_ceil(1_000)).sum();
    let room = capacity.saturating_sub(floors).min(part(class.share_permille) / 1_000);
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
