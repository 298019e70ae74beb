//! Relations between parts: each leads to one part of what was one job.
//!
//! What must be near a job leads to the first of its parts that it is with, wherever it runs or is planned to start. Where no part
//! is with all of it, what runs is near what has ended, and is free; what waits must be near the first part, and what of it is
//! planned elsewhere waits without a place. Who must keep away leads to the first part.

use std::collections::BTreeSet;

use lessor_models::fleet::{Fleet, NodeIndex, Owner};
use lessor_models::job::{Domain, JobIndex, Relation};

use super::part::{Part, Parts};

/// A part of a job, as relations see it.
struct Leader {
    job: JobIndex,
    tiles: BTreeSet<NodeIndex>,
}

impl Leader {
    /// The members of a domain where it is.
    fn members(&self, fleet: &Fleet, domain: Domain) -> BTreeSet<Owner> {
        self.tiles.iter().flat_map(|&tile| fleet.members(tile, domain)).collect()
    }
}

/// Leads every relation, which names a job of the plan, to the job that is one of its parts. O(relations times capsules).
pub(super) fn settle(fleet: &Fleet, of_jobs: &mut [Parts]) {
    let mut next = 0..;
    let leaders: Vec<Vec<Leader>> = of_jobs
        .iter()
        .map(|parts| {
            let leader =
                |part: &Part| Leader { job: JobIndex(next.next().expect("no end")), tiles: part.tiles().collect() };
            parts.all().iter().map(leader).collect()
        })
        .collect();
    for part in of_jobs.iter_mut().flat_map(Parts::all_mut) {
        let apart = part.job.anti_affinity;
        part.job.anti_affinity = apart.and_then(|Relation { job, domain }| {
            leaders[job.at()].first().map(|first| Relation { job: first.job, domain })
        });
        if let Some(near) = part.job.affinity {
            part.job.affinity = lead(fleet, part, near, &leaders[near.job.at()]);
        }
    }
}

/// The part that another one must be near.
fn lead(fleet: &Fleet, part: &mut Part, Relation { domain, .. }: Relation, leaders: &[Leader]) -> Option<Relation> {
    let meets = |members: &BTreeSet<Owner>, tile| fleet.members(tile, domain).iter().any(|at| members.contains(at));
    let is_with = |leader: &&Leader| {
        let members = leader.members(fleet, domain);
        part.tiles().all(|tile| meets(&members, tile))
    };
    if let Some(leader) = leaders.iter().find(is_with) {
        return Some(Relation { job: leader.job, domain });
    }
    if !part.seats.is_empty() {
        return None;
    }
    let first = leaders.first()?;
    let members = first.members(fleet, domain);
    part.queued.retain(|placement| meets(&members, placement.tile));
    Some(Relation { job: first.job, domain })
}
