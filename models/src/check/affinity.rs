//! Together or apart: a job's capsules only in members of a domain where another job runs, or only where it does not.
//!
//! A tile in several members of the domain needs the other job in one of them (together), or in none (apart).

use std::collections::{BTreeMap, BTreeSet};

use super::{View, Violation, members};
use crate::fleet::{NodeIndex, Owner};
use crate::job::{JobIndex, Relation};
use crate::plan::Rule;

pub(super) fn check(view: View<'_>, found: &mut Vec<Violation>) {
    let places = places(view);
    for placement in view.placements {
        let job = view.job(placement);
        let broken = |rule| Violation::Rule { rule, job: placement.job, tile: Some(placement.tile) };
        if job.affinity.is_some_and(|relation| !meets(view, &places, relation, placement.tile)) {
            found.push(broken(Rule::Affinity));
        }
        if job.anti_affinity.is_some_and(|relation| meets(view, &places, relation, placement.tile)) {
            found.push(broken(Rule::AntiAffinity));
        }
    }
}

type Places = BTreeMap<Relation, BTreeSet<Owner>>;

/// Where each job that another one refers to runs.
fn places(view: View<'_>) -> Places {
    let relations = view.instance.jobs().iter().flat_map(|job| [job.affinity, job.anti_affinity]).flatten();
    let mut places: Places = relations.map(|relation| (relation, BTreeSet::new())).collect();
    let mut tiles: BTreeMap<JobIndex, Vec<NodeIndex>> = places.keys().map(|relation| (relation.job, vec![])).collect();
    for placement in view.placements {
        if let Some(list) = tiles.get_mut(&placement.job) {
            list.push(placement.tile);
        }
    }
    for (relation, owners) in &mut places {
        for &tile in &tiles[&relation.job] {
            owners.extend(members(view.fleet(), tile, relation.domain));
        }
    }
    places
}

fn meets(view: View<'_>, places: &Places, relation: Relation, tile: NodeIndex) -> bool {
    members(view.fleet(), tile, relation.domain).iter().any(|member| places[&relation].contains(member))
}
