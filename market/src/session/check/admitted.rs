//! Whether the policy lets winners in, and keeps out whom it is told to, as far as bids alone say.

use std::collections::{BTreeMap, BTreeSet};

use lessor_models::fleet::Fleet;
use lessor_models::job::Domain;
use lessor_models::resources::{Kind, UNLIMITED};
use lessor_models::time::{Interval, StepFunction, Timestamp};

use super::{Told, class_of, place, won};
use crate::book::{BidderIndex, GroupIndex};
use crate::session::catalog::Wish;
use crate::session::{AccountBid, Lost, Session};

/// How many bids each group of a bidder has.
type Groups = BTreeMap<BidderIndex, BTreeMap<GroupIndex, usize>>;

/// How many winners the policy does not let in: all accounts of a bid trade in the class that is told, its bidder trades there, no
/// term is too short or too long, and it is within the limits of bids; where the round's instant is stated, no term begins before
/// it or too far ahead.
pub(super) fn unlawful(session: &Session<'_>, told: &Told<'_>, at: Option<Timestamp>) -> u64 {
    let groups = groups(session);
    let is_lawful = |bid: &AccountBid, class: Option<usize>| {
        let goods = goods(session.ground.fleet, bid);
        class_of(session, class).is_some_and(|class| {
            class.traders.contains(&bid.service) && goods.iter().all(|&(place, kind, _)| class.covers(place, kind))
        }) && goods.iter().all(|&(.., term)| fits(session, term, at))
            && is_within_limits(session, bid, goods.len(), &groups[&bid.bidder])
    };
    won(session, told).filter(|(bid, fate, _)| !is_lawful(bid, fate.class)).count() as u64
}

/// How many bids are told to be out for a reason that does not hold of them. Not looked at are what a bidder has, where balances
/// say so, when a term begins, where nobody says when the round is, and reasons that formats give.
pub(super) fn refused_wrongly(session: &Session<'_>, told: &Told<'_>, at: Option<Timestamp>) -> u64 {
    let groups = groups(session);
    let winners: BTreeSet<(BidderIndex, GroupIndex)> =
        won(session, told).map(|(bid, ..)| (bid.bidder, bid.group)).collect();
    let holds = |bid: &AccountBid, class: Option<usize>, lost: Lost| {
        let goods = goods(session.ground.fleet, bid);
        match lost {
            Lost::NotTraded => !is_of_one_class(session, &goods),
            Lost::NotTrader => class_of(session, class).is_none_or(|class| !class.traders.contains(&bid.service)),
            Lost::Unlimited => bid.anywhere.is_some() || bid.wishes.iter().any(|wish| has_no_limit(session, wish)),
            Lost::Term => at.is_none() || goods.iter().any(|&(.., term)| !fits(session, term, at)),
            Lost::Limits => !is_within_limits(session, bid, goods.len(), &groups[&bid.bidder]),
            Lost::Budget => session.budgets.is_some(),
            Lost::GroupWon => winners.contains(&(bid.bidder, bid.group)),
            _ => true,
        }
    };
    let fates = session.bids.iter().zip(told.fates);
    fates.filter(|(bid, fate)| fate.result.err().is_some_and(|lost| !holds(bid, fate.class, lost))).count() as u64
}

/// How many bids each group of each bidder has.
fn groups(session: &Session<'_>) -> Groups {
    let mut groups = Groups::new();
    for bid in session.bids {
        *groups.entry(bid.bidder).or_default().entry(bid.group).or_default() += 1;
    }
    groups
}

/// Whether a term is neither too short nor too long and, where the round's instant is stated, begins neither before it nor too far
/// ahead.
fn fits(session: &Session<'_>, term: Interval, at: Option<Timestamp>) -> bool {
    let terms = session.policy.rules().terms;
    (terms.least..=terms.most).contains(&term.span())
        && at.is_none_or(|at| at <= term.start && term.start <= at.after(terms.ahead))
}

/// Whether there is an account class that all goods are of.
fn is_of_one_class(session: &Session<'_>, goods: &[(Domain, Kind, Interval)]) -> bool {
    let classes = &session.policy.rules().classes;
    classes.iter().any(|class| goods.iter().all(|&(place, kind, _)| class.covers(place, kind)))
}

/// Whether an account has no limit at some time of a term.
fn has_no_limit(session: &Session<'_>, wish: &Wish) -> bool {
    let fleet = session.ground.fleet;
    let steps = fleet.steps().get(&(wish.owner, wish.kind)).into_iter().flat_map(StepFunction::steps);
    let mut within = steps.filter(|step| wish.interval.start < step.0 && step.0 < wish.interval.end);
    fleet.capacity_at(wish.owner, wish.kind, wish.interval.start) == UNLIMITED || within.any(|step| step.1 == UNLIMITED)
}

/// What a bid is for: where, of which kind and for how long each good is.
fn goods(fleet: &Fleet, bid: &AccountBid) -> Vec<(Domain, Kind, Interval)> {
    let named = bid.wishes.iter().map(|wish| (place(fleet, wish.owner), wish.kind, wish.interval));
    let needed = bid.anywhere.iter().flat_map(|anywhere| {
        anywhere.needs.iter().map(|need| (Domain::Level(anywhere.class.level), need.kind, need.interval))
    });
    named.chain(needed).collect()
}

/// Whether a bid for so many goods, and the groups of its bidder, are no more than a bidder may put into a round.
fn is_within_limits(
    session: &Session<'_>,
    bid: &AccountBid,
    goods: usize,
    groups: &BTreeMap<GroupIndex, usize>,
) -> bool {
    let limits = session.policy.rules().bids;
    bid.amount <= limits.amount_max
        && goods <= limits.goods_max as usize
        && groups.len() <= limits.groups_max as usize
        && groups[&bid.group] <= limits.bundles_max as usize
}
