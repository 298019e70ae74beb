//! Pairs of job and tile that no plan may hold: class, band, locality, latency, closed tiles.

use std::collections::{BTreeMap, BTreeSet};

use super::{View, Violation, class_of};
use crate::fleet::{Fleet, NodeIndex};
use crate::instance::Instance;
use crate::job::{Job, JobIndex};
use crate::objective::latency;
use crate::plan::Rule;

pub(super) fn check(view: View<'_>, found: &mut Vec<Violation>) {
    let fleet = view.fleet();
    let mut on_closed: BTreeMap<(JobIndex, NodeIndex), u64> = BTreeMap::new();
    for placement in view.placements {
        let (job, tile) = (placement.job, placement.tile);
        if let Some(rule) = first_broken(fleet, view.job(placement), tile) {
            found.push(Violation::Rule { rule, job, tile: Some(tile) });
        } else if fleet.is_closed(tile) {
            *on_closed.entry((job, tile)).or_default() += u64::from(placement.count);
        }
    }
    // A closed tile takes nothing new: what runs there may stay.
    for ((job, tile), placed) in on_closed {
        if placed > running(view.instance, job, tile) {
            found.push(Violation::Rule { rule: Rule::Closed, job, tile: Some(tile) });
        }
    }
}

/// Tiles that may hold a capsule of some job: those that are open, and those where something runs.
pub(super) fn usable_tiles(instance: &Instance) -> impl Iterator<Item = NodeIndex> + '_ {
    let busy: BTreeSet<NodeIndex> = instance.current().iter().map(|current| current.tile).collect();
    instance.fleet().tiles().filter(move |tile| !instance.fleet().is_closed(*tile) || busy.contains(tile))
}

/// The first rule, in the order of [`Rule::ALL`], that keeps a job off a tile whatever else is placed.
pub(super) fn first_broken(fleet: &Fleet, job: &Job, tile: NodeIndex) -> Option<Rule> {
    let class = fleet.class_of(tile).expect("the tile was checked to be one");
    if !job.classes.is_empty() && !job.classes.contains(&class) {
        return Some(Rule::Classes);
    }
    if job.band.is_some_and(|band| !band.contains(&class_of(fleet, tile).band)) {
        return Some(Rule::Band);
    }
    if job.locality.is_some_and(|home| !fleet.path(tile).any(|node| node == home)) {
        return Some(Rule::Locality);
    }
    let most = job.latency_max_us.unwrap_or(u64::MAX);
    let reachable = job.data.is_none_or(|data| latency::delay_us(fleet, tile, data).is_some_and(|delay| delay <= most));
    (!reachable).then_some(Rule::Latency)
}

/// How many capsules of a job run on a tile when the plan begins. O(log n) in current placements.
fn running(instance: &Instance, job: JobIndex, tile: NodeIndex) -> u64 {
    let current = instance.current();
    let first = current.partition_point(|placement| (placement.job, placement.tile) < (job, tile));
    let here = current[first..].iter().take_while(|placement| (placement.job, placement.tile) == (job, tile));
    here.map(|placement| u64::from(placement.count)).sum()
}
