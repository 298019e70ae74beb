//! Together or apart: a capsule runs only where and while another job runs, or only where and while it does not.
//!
//! ```text
//! together   at every instant of its run the other job runs in some member of the domain that the tile is in
//! apart      at no instant of its run the other job runs in any member of the domain that the tile is in
//! ```
//!
//! Capsules of the other job may relieve each other, in one member or in several.

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
        let met = |relation| met(view, &presence, relation, placement);
        let is_with = |relation| {
            let run = run(view, placement);
            stretches(met(relation)).iter().any(|there| there.contains(&run))
        };
        if job.affinity.is_some_and(|near| !is_with(near)) {
            found.push(broken(Rule::Affinity));
        }
        if job.anti_affinity.is_some_and(|apart| !met(apart).is_empty()) {
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

/// The stretches in which a job runs beside a placement of another one, member by member.
fn met(view: View<'_>, presence: &Presence, relation: Relation, placement: &Placement) -> Vec<Interval> {
    let run = run(view, placement);
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
