//! Why a bid won nothing: the cheapest bid that would have won, and who stood in its way.
//!
//! In every format but one, a bid that wins goes on winning when it alone is raised, as long as the round is solved to its end. So
//! the cheapest winning amount is found by bisection over the round itself, whatever the format; payments are left out of it. At
//! uniform prices of whole orders of both sides a bid that is raised may come to stand in the way of prices: there the stated
//! amount is doubled until one wins, and what is found between is the edge of a range of winning amounts, of which there may be
//! others.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use lessor_models::fleet::{NodeIndex, Owner};
use lessor_models::resources::{Kind, UNLIMITED};
use lessor_models::time::Interval;
use lessor_solver::support::stop::Stop;

use super::catalog::Wish;
use super::debits::debits;
use super::edge::edge;
use super::{AccountBid, Lost, Session, SessionError, can_pay, clear_session};
use crate::money::Money;
use crate::policy::{AccountClass, Format, PaymentRule, Policy};

/// What stood in the way of a bid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// Why it won nothing.
    pub lost: Lost,
    /// The least amount that would have won, or at uniform prices one that would have though one micro-credit less would not;
    /// `None` where no amount would or none was found, or where that is not proved.
    pub cheapest: Option<Money>,
    /// At which node it would have won with that, where it is for any of a class.
    pub node: Option<NodeIndex>,
    /// Bids that won, and would not have, in order; where its own group won in another account class, the bid that did; where
    /// the lot decided at a posted price, or no amount would win, those that took of the same accounts.
    pub against: Vec<usize>,
}

/// At which node a bid wins, where it is for any of a class, and who wins with it.
type Won = (Option<NodeIndex>, Vec<usize>);

/// Looks into a bid that won nothing; `None` where it won. At most 55 rounds, twice as many at
/// uniform prices.
///
/// # Errors
/// See [`SessionError`].
///
/// # Panics
/// Where the bid is not in the session.
pub fn why(session: &Session<'_>, bid: usize, stop: &Stop) -> Result<Option<Why>, SessionError> {
    // What one price for a good tells of who lost is told; who wins does not depend on it, and is sought without.
    let policy = paid_as_bid(session.policy, |class| class.payment != PaymentRule::Uniform);
    let before = clear_session(&Session { policy: &policy, ..*session }, stop)?;
    let policy = paid_as_bid(session.policy, |_| true);
    let session = &Session { policy: &policy, ..*session };
    let Err(lost) = before.fates[bid].result else { return Ok(None) };
    let none = Why { lost, cheapest: None, node: None, against: Vec::new() };
    if lost == Lost::GroupWon {
        let own = &session.bids[bid];
        let is_of_group = |other: &AccountBid| (other.bidder, other.group) == (own.bidder, own.group);
        let has_won = |&at: &usize| is_of_group(&session.bids[at]) && before.fates[at].result.is_ok();
        return Ok(Some(Why { against: (0..session.bids.len()).filter(has_won).collect(), ..none }));
    }
    let takes_offers = has_class(session, before.fates[bid].class, |class| class.format.takes_offers());
    let accounts = |wish: &Wish| {
        if takes_offers { vec![wish.owner] } else { debits(session.ground.fleet, wish.owner, wish.kind) }
    };
    let own = wanted(session, bid, accounts);
    let is_of_own = |wish: &Wish| {
        let terms = accounts(wish).into_iter().filter_map(|owner| own.get(&(owner, wish.kind))).flatten();
        terms.into_iter().any(|term| term.meets(&wish.interval))
    };
    let took = |&at: &usize| {
        let fate = &before.fates[at];
        fate.result.is_ok() && session.bids[at].wishes_at(fate.node).iter().any(is_of_own)
    };
    let in_its_place = || Why { against: (0..session.bids.len()).filter(took).collect(), ..none.clone() };
    if lost == Lost::Lot && has_class(session, before.fates[bid].class, |class| class.format == Format::Posted) {
        return Ok(Some(in_its_place()));
    }
    if !matches!(lost, Lost::Outbid | Lost::Lot | Lost::Reserve | Lost::Paradox) {
        return Ok(Some(none));
    }
    let mut bids: Vec<AccountBid> = session.bids.to_vec();
    let mut winners = |amount: i64| -> Result<Option<Won>, SessionError> {
        bids[bid].amount = Money(amount);
        let outcome = clear_session(&Session { bids: &bids, ..*session }, stop)?;
        let (fate, won) = (&outcome.fates[bid], (0..bids.len()).filter(|&at| outcome.fates[at].result.is_ok()));
        Ok(fate.result.is_ok().then(|| (fate.node, won.collect())))
    };
    let most = most(session, bid, stop);
    // The greatest amount that is known to lose, and a greater one that wins.
    let (mut loses, mut wins) = (session.bids[bid].amount.0, most);
    let mut found = None;
    // At uniform prices of both sides a bid that is raised may lose by it.
    let is_of_both = |class: &AccountClass| class.format.takes_offers() && class.payment == PaymentRule::Uniform;
    if has_class(session, before.fates[bid].class, is_of_both) {
        while found.is_none() && loses < most && !stop.is_raised() {
            wins = loses.saturating_mul(2).clamp(loses + 1, most);
            found = winners(wins)?;
            loses = if found.is_none() { wins } else { loses };
        }
    } else {
        found = winners(most)?;
    }
    let Some(after) = found else { return Ok(Some(if stop.is_raised() { none } else { in_its_place() })) };
    let (wins, (node, after)) = edge((wins, loses), after, stop, winners)?;
    let lost_it = |&at: &usize| before.fates[at].result.is_ok() && after.binary_search(&at).is_err();
    let against = (0..session.bids.len()).filter(lost_it).collect();
    let is_found = !stop.is_raised();
    Ok(Some(Why { lost, cheapest: is_found.then_some(Money(wins)), node: node.filter(|_| is_found), against }))
}

/// The accounts that a bid would take from, at any node of its class, with the terms: what it names, and what lies above that and
/// has a limit.
fn wanted(
    session: &Session<'_>,
    bid: usize,
    accounts: impl Fn(&Wish) -> Vec<Owner>,
) -> BTreeMap<(Owner, Kind), BTreeSet<Interval>> {
    let (fleet, bid) = (session.ground.fleet, &session.bids[bid]);
    let classes = bid.anywhere.iter().map(|anywhere| anywhere.class).collect();
    let nodes = fleet.nodes_of(&classes).into_values().flatten();
    let needs = bid.anywhere.iter().flat_map(|anywhere| &anywhere.needs);
    let at_nodes = nodes.flat_map(|node| needs.clone().map(move |need| need.at(node)));
    let mut wanted: BTreeMap<(Owner, Kind), BTreeSet<Interval>> = BTreeMap::new();
    for wish in bid.wishes.iter().copied().chain(at_nodes) {
        let is_limit =
            |owner: Owner| owner == wish.owner || fleet.capacity_at(owner, wish.kind, wish.interval.start) != UNLIMITED;
        for owner in accounts(&wish).into_iter().filter(|&owner| is_limit(owner)) {
            wanted.entry((owner, wish.kind)).or_default().insert(wish.interval);
        }
    }
    wanted
}

/// The most that a bid may state: within the policy's limits, and what its bidder has. Less where the stop comes first.
fn most(session: &Session<'_>, bid: usize, stop: &Stop) -> i64 {
    let most = session.policy.rules().bids.amount_max.0;
    let mut bids: Vec<AccountBid> = session.bids.to_vec();
    let mut can_pay = |amount: i64| {
        bids[bid].amount = Money(amount);
        can_pay(&Session { bids: &bids, ..*session }, bid)
    };
    if session.budgets.is_none() || can_pay(most) {
        return most;
    }
    let look = |amount| Ok::<_, Infallible>(can_pay(amount).then_some(()));
    let Ok((within, ())) = edge((session.bids[bid].amount.0, most), (), stop, look);
    within
}

/// Whether a bid trades in a class that something holds of.
fn has_class(session: &Session<'_>, class: Option<usize>, holds: fn(&AccountClass) -> bool) -> bool {
    class.is_some_and(|class| holds(&session.policy.rules().classes[class]))
}

/// The same rules, where sealed bids pay what they bid in classes of which a predicate holds: that takes nothing beside the
/// choice of winners, which does not depend on it.
pub(super) fn paid_as_bid(policy: &Policy, holds: fn(&AccountClass) -> bool) -> Policy {
    let mut rules = policy.rules().clone();
    for class in rules.classes.iter_mut().filter(|class| class.format == Format::SealedBid && holds(class)) {
        class.payment = PaymentRule::PayAsBid;
    }
    Policy::new(rules).expect("the format supports paying as bid, and nothing else changed")
}
