//! No answer without a reason: why capsules were left out, which constraints together block them, and what would cure it.
//!
//! The rest of the plan is held fixed. A *conflict set* is a set of constraints that leaves no place even when every
//! other constraint is waived; it is irreducible: waiving any one member as well opens a place. A *cure* is one change after
//! which one more capsule fits, or as many as the gang needs; it is tried on the plan, with that change, before it is offered.
//!
//! A job that waits is told when it may expect to start: the earliest start that fits once its deadline is waived.
//!
//! What this module does not do: it moves nothing. A cure that would need other capsules rearranged is not looked for.

mod cure;
mod enforced;
mod gang;
mod headroom;
mod holders;
mod irreducible;
mod mask;
mod missing;
mod places;
mod preempt;
mod reason;
mod rules;
mod shortage;
mod starts;
mod strain;
#[cfg(test)]
mod tests;
mod trial;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use lessor_models::fleet::Owner;
use lessor_models::job::JobIndex;
use lessor_models::plan::{Blocker, Cure, Price, Reason, Rule, Unplaced};
use lessor_models::resources::{Kind, UNLIMITED};
use lessor_models::time::Timestamp;
use rayon::prelude::*;

use crate::lowering::index::{JobClassIndex, TileIndex};
use crate::plan::assemble::per_job;
use crate::plan::occupancy::{Item, Occupancy};
use crate::support::stop::Stop;
use holders::Held;
use missing::Missing;

/// Classes explained side by side, between which the dearest come first.
const CLASSES_PER_BATCH: usize = 16;

/// Why a job class is missing capsules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Why.
    pub reason: Reason,
    /// An irreducible set of constraints that block it, sorted; empty where the search was interrupted.
    pub conflict: Vec<Blocker>,
    /// The cheapest change found that lets one more in.
    pub cure: Option<Cure>,
    /// When one more, or the gang, would start if its deadline were waived and nothing else changed.
    pub expected_start: Option<Timestamp>,
}

impl Explanation {
    /// A reason, and no more.
    fn by(reason: Reason) -> Explanation {
        Explanation { reason, conflict: vec![], cure: None, expected_start: None }
    }
}

/// What explanations of one plan have in common.
#[derive(Debug)]
pub struct Explainer<'o, 'a> {
    occupancy: &'o Occupancy<'a>,
    bonds: rules::Bonds<'o, 'a>,
    headroom: headroom::Headroom,
    /// The highest price of each account over time, in micro-credits per 10^6 base units and hour.
    prices: BTreeMap<(Owner, Kind), u64>,
    /// The tiles that hold each class, once somebody asks.
    holders: OnceLock<Vec<Vec<Held>>>,
    /// Whether all of the plan was read.
    is_whole: bool,
}

/// Explains one class of a finished plan; a raised flag makes the reason [`Reason::Interrupted`].
#[must_use]
pub fn explain(occupancy: &Occupancy<'_>, class: JobClassIndex, stop: &Stop) -> Explanation {
    Explainer::new(occupancy, &[], stop).explain(class, stop)
}

/// Everything that a finished plan left out, dearest first; see [`Explainer::explain_all`].
#[must_use]
pub fn explain_all(occupancy: &Occupancy<'_>, explain_max: usize, stop: &Stop) -> Vec<Unplaced> {
    Explainer::new(occupancy, &[], stop).explain_all(explain_max, stop)
}

impl<'o, 'a> Explainer<'o, 'a> {
    /// Reads a plan; prices, where known, decide what capacity is cheap. O(tiles times buckets + items + jobs). Where the flag is
    /// raised meanwhile, every explanation is [`Reason::Interrupted`].
    #[must_use]
    pub fn new(occupancy: &'o Occupancy<'a>, prices: &[Price], stop: &Stop) -> Explainer<'o, 'a> {
        let mut highest = BTreeMap::new();
        for price in prices {
            let known = highest.entry((price.owner, price.kind)).or_insert(0);
            *known = price.price.max(*known);
        }
        let (bonds, headroom) = (rules::Bonds::new(occupancy), headroom::Headroom::new(occupancy, stop));
        let (holders, is_whole) = (OnceLock::new(), !stop.is_raised());
        Explainer { occupancy, bonds, headroom, prices: highest, holders, is_whole }
    }

    /// Reason, conflict set and cure of a class with missing capsules: for the least number that can join those placed.
    ///
    /// O(tiles times starts) where one capsule does not fit; a gang costs that per test, of which there are a few dozen.
    #[must_use]
    pub fn explain(&self, class: JobClassIndex, stop: &Stop) -> Explanation {
        let missing = Missing::of(self, class);
        let interrupted = Explanation::by(Reason::Interrupted);
        let Some(reason) = self.reason(&missing, stop) else { return interrupted };
        if let Some(strained) = strain::explain(self, class, reason, stop) {
            return strained;
        }
        let blocked = match reason {
            Reason::Interrupted => return interrupted,
            Reason::GangTooLarge => self.gang_conflict(&missing, stop).map(|conflict| (conflict, None)),
            _ => places::survey(self, class, stop).map(|sets| (irreducible::hitting_set(&sets, reason), Some(sets))),
        };
        // A set that was not brought to the end is no answer; the reason alone still is.
        let Some((conflict, sets)) = blocked else { return Explanation::by(reason) };
        let expected_start = cure::expected_start(self, &missing, stop);
        let cure = match sets.filter(|_| missing.need <= 1) {
            Some(sets) => cure::for_capsule(self, class, &sets, expected_start, stop),
            None => cure::for_gang(self, &missing, &conflict, expected_start, stop),
        };
        Explanation { reason, conflict, cure, expected_start }
    }

    /// Every job with missing capsules, dearest (bid times missing capsules) first, then by job.
    ///
    /// The first `explain_max` classes get conflict set and cure, the others a reason. Jobs of a class share theirs; what is
    /// missing is missing from its last jobs. What the flag cuts off is [`Reason::Interrupted`].
    #[must_use]
    pub fn explain_all(&self, explain_max: usize, stop: &Stop) -> Vec<Unplaced> {
        let lowered = self.occupancy.lowered();
        let mut missing: Vec<(JobIndex, u32)> = Vec::new();
        for class in lowered.class_indexes().filter(|&class| self.occupancy.missing(class) > 0) {
            missing.extend(self.missing_jobs(class));
        }
        let worth =
            |(job, count): &(JobIndex, u32)| u128::from(lowered.instance.jobs()[job.at()].bid) * u128::from(*count);
        missing.sort_by_key(|missed| (Reverse(worth(missed)), missed.0));
        let class_of = |job: JobIndex| lowered.class_of_job[job.at()];
        let mut seen = BTreeSet::new();
        let first = missing.iter().map(|&(job, _)| class_of(job)).filter(|&class| seen.insert(class));
        let classes: Vec<(JobClassIndex, bool)> = first.zip((0..).map(|rank| rank < explain_max)).collect();
        let mut known: BTreeMap<JobClassIndex, Explanation> = BTreeMap::new();
        // Batches, so that the dearest have their turn before the flag is raised.
        for batch in classes.chunks(CLASSES_PER_BATCH) {
            let explain = |&(class, in_full): &(JobClassIndex, bool)| {
                (class, if in_full { self.explain(class, stop) } else { self.reason_only(class, stop) })
            };
            let explained: Vec<_> = batch.par_iter().map(explain).collect();
            known.extend(explained);
        }
        let explained = missing.into_iter().map(|(job, count)| {
            let Explanation { reason, conflict, cure, expected_start } = known[&class_of(job)].clone();
            Unplaced { job, count, reason, conflict, cure, expected_start }
        });
        explained.collect()
    }

    fn reason(&self, missing: &Missing, stop: &Stop) -> Option<Reason> {
        if self.is_whole { reason::reason(self, missing, stop) } else { None }
    }

    fn reason_only(&self, class: JobClassIndex, stop: &Stop) -> Explanation {
        Explanation::by(self.reason(&Missing::of(self, class), stop).unwrap_or(Reason::Interrupted))
    }

    /// The tiles that hold capsules of a class, in order, group by group. O(items), once.
    fn holders(&self, class: JobClassIndex) -> &[Held] {
        &self.holders.get_or_init(|| holders::all(self.occupancy))[class.at()]
    }

    /// The jobs of a class that miss capsules, with how many.
    fn missing_jobs(&self, class: JobClassIndex) -> impl Iterator<Item = (JobIndex, u32)> {
        let lowered = self.occupancy.lowered();
        let missing = per_job(lowered, class, self.occupancy.placed(class)).into_iter().map(move |(job, placed)| {
            let count = lowered.instance.jobs()[job.at()].count;
            (job, count - u32::try_from(placed).expect("a job's share is at most its count"))
        });
        missing.filter(|&(_, count)| count > 0)
    }

    /// The constraints that, with the gang's minimum, leave too little room.
    fn gang_conflict(&self, missing: &Missing, stop: &Stop) -> Option<Vec<Blocker>> {
        let (class, lowered) = (missing.class, self.occupancy.lowered());
        let blocks = |kept: &[Blocker]| {
            let need = if kept.contains(&Blocker::Rule(Rule::Gang)) { missing.need } else { 1 };
            let enforced = enforced::Enforced::only(lowered, kept);
            let trial = trial::Trial { enforced, ..trial::Trial::new(self, class, &missing.shortage) };
            trial.fits(None, need, stop).map(|fits| !fits)
        };
        let gang = [Blocker::Rule(Rule::Gang)];
        let mut conflict = irreducible::shrink(&gang, &self.candidates(class), &blocks)?;
        conflict.extend(gang);
        conflict.sort_unstable();
        Some(conflict)
    }

    /// Every constraint that the class could meet; those preferred in an answer first: tiles, rules, wide accounts.
    fn candidates(&self, class: JobClassIndex) -> Vec<Blocker> {
        let lowered = self.occupancy.lowered();
        let demand = lowered.group_indexes().next().map(|group| lowered.draw(class, group));
        let is_drawn = |kind: Kind| {
            let anywhere = || lowered.group_indexes().any(|group| lowered.draw(class, group).get(kind) > 0);
            let crossing = || lowered.job(class).demand.bandwidth_bps.iter().any(|&amount| amount > 0);
            demand.is_some_and(|draw| draw.get(kind) > 0)
                || if kind == Kind::Bandwidth { crossing() } else { anywhere() }
        };
        let kinds: Vec<Kind> = Kind::ALL.into_iter().filter(|&kind| is_drawn(kind)).collect();
        let tiles = kinds.iter().map(|&kind| Blocker::Tiles { kind });
        let rules = Rule::ALL.into_iter().filter(|&rule| rule != Rule::Gang).map(Blocker::Rule);
        // Nodes of a fleet are listed in any order, so width is told by the level; zones cut across and come first.
        let fleet = lowered.instance.fleet();
        let width = |owner: &Owner| match owner {
            Owner::Zone(_) => None,
            Owner::Node(node) => Some(Reverse(fleet.level(*node))),
        };
        let mut owners: Vec<Owner> = lowered.accounts.iter().map(|account| account.owner).collect();
        owners.sort_by_key(|owner| (width(owner), *owner));
        let is_limited = |owner: Owner, kind: Kind| {
            let account = enforced::account_of(lowered, owner);
            account.is_some_and(|at| lowered.account(at).capacity.iter().any(|vector| vector.get(kind) != UNLIMITED))
        };
        let pairs = owners.into_iter().flat_map(|owner| kinds.iter().map(move |&kind| (owner, kind)));
        let accounts = pairs.filter(|&(owner, kind)| is_limited(owner, kind));
        tiles.chain(rules).chain(accounts.map(|(owner, kind)| Blocker::Account { owner, kind })).collect()
    }

    /// What is bid for so many capsules of a class, in micro-credits; at least one, so that costs can be told apart.
    fn worth_at_stake(&self, class: JobClassIndex, count: u64) -> u128 {
        (u128::from(self.occupancy.lowered().job(class).bid) * u128::from(count)).max(1)
    }

    /// The job whose capsules an item holds, as the plan's placements will say: tile by tile, the first jobs first.
    fn job_on(&self, tile: TileIndex, item: &Item) -> JobIndex {
        let lowered = self.occupancy.lowered();
        let of_class = |at: usize| self.occupancy.items(TileIndex::new(at)).iter().filter(|o| o.class == item.class);
        let elsewhere = (0..tile.at()).flat_map(of_class);
        let here = of_class(tile.at()).filter(|other| (other.start, other.devices) < (item.start, item.devices));
        let mut before: u64 = elsewhere.chain(here).map(|other| u64::from(other.count)).sum();
        let jobs = &lowered.classes[item.class.at()].jobs;
        let is_open = |job: &&JobIndex| {
            let count = u64::from(lowered.instance.jobs()[job.at()].count);
            let is_open = before < count;
            before = before.saturating_sub(count);
            is_open
        };
        *jobs.iter().find(is_open).unwrap_or(&jobs[0])
    }
}
