//! The cheapest single change that lets one more capsule, or the gang, in; each is tried on the plan before it is offered.
//!
//! Cheap is what takes least from others, on one scale of micro-credits:
//! - capacity: the amount at its price for the capsule's term; where no price is known, the share of the owner's capacity
//!   that it comes to, of the worth at stake (doubling an account is as dear as the job);
//! - preemption: the bids lost, and the bonus;
//! - a later start: the delay's share of the job's own window, of the worth at stake; one beyond the plan's horizon, where
//!   nothing is planned yet, the whole worth;
//! - a rule waived: the whole worth, because a rule is somebody's purpose and has no price;
//! - a higher bid: the amount.
//!
//! When a job that waits may expect to start is told beside that, whatever it costs; it is the later start that is offered.
//!
//! The worth at stake is what is bid for all the capsules let in. Of equal costs the first in the order of [`Cure`] wins.

use std::collections::BTreeSet;

use lessor_models::fleet::Owner;
use lessor_models::plan::{Blocker, Cure, Rule};
use lessor_models::resources::{Kind, UNLIMITED};
use lessor_models::tile_class::{DEVICE_MILLI, DEVICES_MAX};
use lessor_models::time::{MICROS_PER_HOUR, Timestamp};

use super::missing::Missing;
use super::places::{Place, Sets};
use super::preempt::{self, Victim};
use super::shortage::Shortage;
use super::trial::{Trial, When};
use super::{Explainer, rules, starts};
use crate::lowering::index::{GroupIndex, JobClassIndex, TileIndex};
use crate::plan::occupancy::Occupancy;
use crate::support::stop::Stop;

/// Victims that are tried for a gang, each with a whole plan.
const GANG_VICTIMS_MAX: usize = 32;

/// A cure not yet tried.
struct Candidate {
    cost: u128,
    cure: Cure,
    target: TileIndex,
    gone: Option<(TileIndex, crate::plan::occupancy::Item)>,
}

/// The cheapest cure for one capsule, from the places that one constraint blocks. `None` where none works or time is up.
pub(super) fn for_capsule(
    explainer: &Explainer<'_, '_>,
    class: JobClassIndex,
    sets: &Sets,
    expected: Option<Timestamp>,
    stop: &Stop,
) -> Option<Cure> {
    let worth = explainer.worth_at_stake(class, 1);
    let singles = sets.iter().filter(|(set, _)| set.len() == 1);
    let mut candidates: Vec<Candidate> =
        singles.filter_map(|(set, place)| candidate(explainer, class, set[0], *place)).collect();
    let victim = preempt::cheapest(explainer, class, sets, worth, stop);
    candidates.extend(victim.map(|victim| preemption(explainer, &victim)));
    let later = expected.map(Cure::Start).map(|cure| (cost(explainer, class, (1, GroupIndex(0)), &cure), cure));
    candidates.retain(|candidate| later.is_none_or(|later| (candidate.cost, candidate.cure) < later));
    candidates.sort_by_key(|candidate| (candidate.cost, candidate.cure));
    let cheapest = candidates.iter().find(|candidate| works(explainer, class, candidate, stop));
    cheapest.map(|candidate| candidate.cure).or(later.map(|(_, cure)| cure))
}

/// The earliest start after the window at which so many more capsules fit together, whatever that costs; the end of the
/// horizon, where they fit then and no earlier. O(starts times tiles), of which groups without room are passed over.
pub(super) fn expected_start(explainer: &Explainer<'_, '_>, missing: &Missing, stop: &Stop) -> Option<Timestamp> {
    let Missing { class, need, ref shortage } = *missing;
    let lowered = explainer.occupancy.lowered();
    let (job, end) = (lowered.job(class), lowered.instance.horizon().end);
    let latest = latest(explainer.occupancy, class)?;
    let opens = |when| Trial { when, ..Trial::new(explainer, class, shortage) }.fits(None, need, stop) == Some(true);
    let late = lowered.grid.starts(job.earliest, end).filter(|&start| latest < start && start < end);
    let within = late.take_while(|_| !stop.is_raised()).find(|&start| opens(When::At(start)));
    within.or_else(|| opens(When::Afterwards).then_some(end))
}

/// The last start that the window allows wherever a capsule may run; `None` where it may run nowhere.
fn latest(occupancy: &Occupancy<'_>, class: JobClassIndex) -> Option<Timestamp> {
    let lowered = occupancy.lowered();
    let suits = |&group: &GroupIndex| {
        rules::reaches_data(lowered, class, group) && rules::of_pair(occupancy, class, group).is_empty()
    };
    lowered.group_indexes().filter(suits).map(|group| starts::latest(lowered, class, group)).min()
}

/// The waiver of one constraint at the place that is least short of it.
fn candidate(explainer: &Explainer<'_, '_>, class: JobClassIndex, blocker: Blocker, place: Place) -> Option<Candidate> {
    let lowered = explainer.occupancy.lowered();
    let here = Owner::Node(lowered.tiles[place.tile.at()]);
    let cure = match blocker {
        Blocker::Account { owner, kind } => Cure::Capacity { owner, kind, amount: place.short },
        Blocker::Tiles { kind } => Cure::Capacity { owner: here, kind, amount: place.short },
        Blocker::Rule(Rule::Devices) => {
            let present = u64::from(lowered.group(lowered.group_of(place.tile)).devices);
            let fits = present + place.short / u64::from(DEVICE_MILLI) <= u64::from(DEVICES_MAX);
            let cure = Cure::Capacity { owner: here, kind: Kind::Accelerator, amount: place.short };
            fits.then_some(cure)?
        }
        // A later start is offered whatever blocks the window; see [`expected_start`].
        Blocker::Rule(Rule::Window) => return None,
        Blocker::Rule(Rule::Worth) => Cure::Bid(place.short),
        Blocker::Rule(rule) => Cure::Relax(rule),
    };
    let cost = cost(explainer, class, (1, lowered.group_of(place.tile)), &cure);
    Some(Candidate { cost, cure, target: place.tile, gone: None })
}

fn preemption(explainer: &Explainer<'_, '_>, victim: &Victim) -> Candidate {
    let lowered = explainer.occupancy.lowered();
    let job = explainer.job_on(victim.tile, &victim.item);
    let cure = Cure::Preempt { job, tile: lowered.tiles[victim.tile.at()], count: victim.item.count };
    Candidate { cost: victim.lost, cure, target: victim.target, gone: Some((victim.tile, victim.item)) }
}

/// What a cure takes from others, in micro-credits, by the scale of this module.
fn cost(explainer: &Explainer<'_, '_>, class: JobClassIndex, (need, group): (u64, GroupIndex), cure: &Cure) -> u128 {
    let lowered = explainer.occupancy.lowered();
    let worth = explainer.worth_at_stake(class, need);
    match *cure {
        Cure::Capacity { owner, kind, amount } => {
            if let Some(&price) = explainer.prices.get(&(owner, kind)) {
                let used = u128::from(amount) * u128::from(lowered.term(class, group).0);
                used.saturating_mul(u128::from(price)).div_ceil(1_000_000 * u128::from(MICROS_PER_HOUR))
            } else {
                let capacity = u128::from(lowered.instance.fleet().base_capacity(owner).get(kind).max(1));
                worth.saturating_mul(u128::from(amount)).div_ceil(capacity)
            }
        }
        Cure::Start(start) if start >= lowered.instance.horizon().end => worth,
        Cure::Start(start) => {
            let job = lowered.job(class);
            let delay = latest(explainer.occupancy, class).map_or(0, |latest| u128::from(start.since(latest).0));
            worth.saturating_mul(delay).div_ceil(u128::from(job.deadline.since(job.earliest).0.max(1)))
        }
        Cure::Bid(amount) => u128::from(amount) * u128::from(need),
        Cure::Relax(_) | Cure::Preempt { .. } => worth,
    }
}

/// Plans the capsule again with the change.
fn works(explainer: &Explainer<'_, '_>, class: JobClassIndex, candidate: &Candidate, stop: &Stop) -> bool {
    let lowered = explainer.occupancy.lowered();
    let shortage = Shortage::default();
    let mut trial = Trial::new(explainer, class, &shortage);
    match candidate.cure {
        Cure::Capacity { owner, kind, amount } => trial.more = Some((owner, kind, amount)),
        Cure::Relax(rule) => trial.enforced = trial.enforced.without(lowered, Blocker::Rule(rule)),
        Cure::Preempt { .. } => trial.gone = candidate.gone,
        // Told by [`expected_start`], which tried it.
        Cure::Start(_) => return true,
        Cure::Bid(more) => trial.bid_more = more,
    }
    trial.fits(Some(candidate.target), 1, stop) == Some(true)
}

/// The cheapest cure for a gang among the members of a conflict set. Every one-change cure is a member of every such set.
/// Capacity is added to accounts only: no gang is cured at one tile.
pub(super) fn for_gang(
    explainer: &Explainer<'_, '_>,
    missing: &Missing,
    conflict: &[Blocker],
    expected: Option<Timestamp>,
    stop: &Stop,
) -> Option<Cure> {
    let Missing { class, need, ref shortage } = *missing;
    let worth = explainer.worth_at_stake(class, need);
    let gang = Gang { explainer, class, need, shortage, stop };
    let priced = |cure: Cure| (cost(explainer, class, (need, GroupIndex(0)), &cure), cure);
    let mut best = expected.map(|start| priced(Cure::Start(start)));
    for &blocker in conflict {
        let cure = match blocker {
            Blocker::Account { owner, kind } => gang.capacity(owner, kind),
            // Where they do not fit together at any start, some can start inside the window and some after it.
            Blocker::Rule(Rule::Window) if expected.is_some() => None,
            Blocker::Rule(Rule::Worth) => gang.bid(),
            Blocker::Rule(Rule::Gang) => gang.holds(&|trial| trial, 1).then_some(Cure::Relax(Rule::Gang)),
            Blocker::Tiles { .. } | Blocker::Rule(Rule::Devices) => None,
            Blocker::Rule(rule) => gang.waiver(rule),
        };
        best = best.into_iter().chain(cure.map(priced)).min();
    }
    let most = best.map_or(worth, |(cost, _)| cost.min(worth));
    let short = need.saturating_sub(Trial::new(explainer, class, shortage).fill(None, need, stop)?);
    let victims = preempt::whole_items(explainer, class, most, short);
    let cured = victims
        .iter()
        .take(GANG_VICTIMS_MAX)
        .find(|victim| gang.holds(&|trial| Trial { gone: Some((victim.tile, victim.item)), ..trial }, need));
    cured.map(|victim| preemption(explainer, victim).cure).or(best.map(|(_, cure)| cure))
}

struct Gang<'x, 'o, 'a> {
    explainer: &'x Explainer<'o, 'a>,
    class: JobClassIndex,
    need: u64,
    shortage: &'x Shortage,
    stop: &'x Stop,
}

impl<'x, 'o, 'a> Gang<'x, 'o, 'a> {
    /// Whether so many fit after a change; a raised flag counts as no.
    fn holds(&self, change: &dyn Fn(Trial<'x, 'o, 'a>) -> Trial<'x, 'o, 'a>, need: u64) -> bool {
        change(Trial::new(self.explainer, self.class, self.shortage)).fits(None, need, self.stop) == Some(true)
    }

    fn waiver(&self, rule: Rule) -> Option<Cure> {
        let lowered = self.explainer.occupancy.lowered();
        let waive = |trial: Trial<'x, 'o, 'a>| {
            let enforced = trial.enforced.clone().without(lowered, Blocker::Rule(rule));
            Trial { enforced, ..trial }
        };
        self.holds(&waive, self.need).then_some(Cure::Relax(rule))
    }

    /// The least addition to an account that is enough, by bisection.
    fn capacity(&self, owner: Owner, kind: Kind) -> Option<Cure> {
        let lowered = self.explainer.occupancy.lowered();
        let draws = lowered.group_indexes().map(|group| {
            let at_tile = lowered.draw(self.class, group).get(kind);
            let bandwidth = lowered.job(self.class).demand.bandwidth_bps.iter().copied().max().unwrap_or(0);
            if kind == Kind::Bandwidth { bandwidth } else { at_tile }
        });
        let mut enough = draws.max()?.saturating_mul(self.need).min(UNLIMITED - 1);
        let fits = |amount: u64| self.holds(&|trial| Trial { more: Some((owner, kind, amount)), ..trial }, self.need);
        if !fits(enough) {
            return None;
        }
        let mut short = 0;
        while enough - short > 1 && !self.stop.is_raised() {
            let middle = short + (enough - short) / 2;
            if fits(middle) { enough = middle } else { short = middle }
        }
        Some(Cure::Capacity { owner, kind, amount: enough })
    }

    /// The least rise of the bid that is enough: one at which some group begins to pay.
    fn bid(&self) -> Option<Cure> {
        let lowered = self.explainer.occupancy.lowered();
        let worths = lowered.group_indexes().map(|group| rules::worth(self.explainer.occupancy, self.class, group));
        let rises: BTreeSet<u64> = worths.filter(|&worth| worth <= 0).map(|worth| worth.unsigned_abs() + 1).collect();
        let rises: Vec<u64> = rises.into_iter().collect();
        let fits = |&rise: &u64| self.holds(&|trial| Trial { bid_more: rise, ..trial }, self.need);
        let at = rises.partition_point(|rise| !fits(rise));
        rises.get(at).map(|&rise| Cure::Bid(rise))
    }
}
