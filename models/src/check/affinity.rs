//! Together or apart: a capsule runs only where and while another job runs, or only where and while it does not.
//!
//! ```text
//! together   at every instant of its run the other job runs in some member of the domain that the tile is in
//! apart      at no instant of its run the other job runs in any member of the domain that the tile is in
//! ```
//!
//! Capsules of the other job may relieve each other, in one member or in several.
//!
//! What is past binds nobody: a job that runs is asked from the [takeover](crate::instance::Instance::takeover) on, and so are two
//! that must be apart of which one runs.

use std::collections::{BTreeMap, BTreeSet};

use super::{View, Violation, members};
use crate::draw;
use crate::fleet::Owner;
use crate::job::{JobIndex, Relation};
use crate::plan::{Placement, Rule};
use crate::time::{Interval, stretches};

pub(super) fn check(view: View<'_>, found: &mut Vec<Violation>) {
    let presence = presence(view);
    for placement in view.placements {
        let job = view.job(placement);
        let broken = |rule| Violation::Rule { rule, job: placement.job, tile: Some(placement.tile) };
        let run = run(view, placement);
        let met = |relation, asked| met(view, &presence, relation, (placement, asked));
        let is_with = |relation: Relation| {
            let asked = asked(view, run, &[placement.job]);
            asked.is_none_or(|run| stretches(met(relation, run)).iter().any(|there| there.contains(&run)))
        };
        let is_beside = |relation: Relation| {
            let asked = asked(view, run, &[placement.job, relation.job]);
            asked.is_some_and(|run| !met(relation, run).is_empty())
        };
        if job.affinity.is_some_and(|near| !is_with(near)) {
            found.push(broken(Rule::Affinity));
        }
        if job.anti_affinity.is_some_and(is_beside) {
            found.push(broken(Rule::AntiAffinity));
        }
    }
}

/// When each job that another one refers to runs in each member of a domain: stretches of time, in order and apart.
type Presence = BTreeMap<Relation, BTreeMap<Owner, Vec<Interval>>>;

/// O(n log n) in placements, for each relation that is asked for.
fn presence(view: View<'_>) -> Presence {
    let relations = view.instance.jobs().iter().flat_map(|job| [job.affinity, job.anti_affinity]).flatten();
    let relations: BTreeSet<Relation> = relations.collect();
    let mut of_jobs: BTreeMap<JobIndex, Vec<&Placement>> =
        relations.iter().map(|relation| (relation.job, vec![])).collect();
    for placement in view.placements {
        if let Some(list) = of_jobs.get_mut(&placement.job) {
            list.push(placement);
        }
    }
    let of_relation = |relation: Relation| {
        let mut runs: BTreeMap<Owner, Vec<Interval>> = BTreeMap::new();
        for &placement in &of_jobs[&relation.job] {
            for member in members(view.fleet(), placement.tile, relation.domain) {
                runs.entry(member).or_default().push(run(view, placement));
            }
        }
        let stretches = runs.into_iter().map(|(member, runs)| (member, stretches(runs)));
        (relation, stretches.collect())
    };
    relations.into_iter().map(of_relation).collect()
}

/// What relations ask about of a run: nothing before the takeover where one of the jobs runs already. `None` where it is over.
fn asked(view: View<'_>, run: Interval, jobs: &[JobIndex]) -> Option<Interval> {
    let runs = |job: &JobIndex| view.instance.current().binary_search_by_key(job, |current| current.job).is_ok();
    let takeover = view.instance.takeover().filter(|_| jobs.iter().any(runs));
    let start = takeover.map_or(run.start, |takeover| takeover.max(run.start));
    (start < run.end).then_some(Interval { start, ..run })
}

/// The stretches in which a job runs beside a placement of another one during a run, member by member.
fn met(
    view: View<'_>,
    presence: &Presence,
    relation: Relation,
    (placement, run): (&Placement, Interval),
) -> Vec<Interval> {
    let of_member = |member: Owner| {
        let there = presence[&relation].get(&member).map_or(&[][..], Vec::as_slice);
        let ended = there.partition_point(|stretch| stretch.end <= run.start);
        there[ended..].iter().take_while(move |stretch| stretch.start < run.end).copied()
    };
    members(view.fleet(), placement.tile, relation.domain).into_iter().flat_map(of_member).collect()
}

fn run(view: View<'_>, placement: &Placement) -> Interval {
    let term = draw::term(view.job(placement), view.class(placement));
    Interval { start: placement.start, end: placement.start.after(term) }
}
