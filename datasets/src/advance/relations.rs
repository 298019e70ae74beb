//! Relations between parts: each leads to one part of what was one job.
//!
//! What runs and must be near a job leads to the first of its parts that it is with until it ends; where it is with none so long,
//! it is near what has ended or will be relieved, and is free. What waits must be near the part that most of it is planned with,
//! of equals one that waits as well, for that has all of its time before it; what of it is planned elsewhere waits without a place.
//! Who must keep away leads to the first part.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use lessor_models::fleet::{Fleet, NodeIndex, Owner};
use lessor_models::job::{Domain, JobIndex, Relation};
use lessor_models::time::{Interval, stretches};

use super::part::{Part, Parts};

/// Where a capsule runs, and when.
type Run = (NodeIndex, Interval);

/// A part of a job, as relations see it.
struct Leader {
    job: JobIndex,
    waits: bool,
    runs: Vec<Run>,
}

/// When a part runs in each member of a domain.
struct Presence<'f> {
    fleet: &'f Fleet,
    domain: Domain,
    of_members: BTreeMap<Owner, Vec<Interval>>,
}

impl<'f> Presence<'f> {
    fn of(fleet: &'f Fleet, leader: &Leader, domain: Domain) -> Presence<'f> {
        let mut of_members: BTreeMap<Owner, Vec<Interval>> = BTreeMap::new();
        for &(tile, run) in &leader.runs {
            for member in fleet.members(tile, domain) {
                of_members.entry(member).or_default().push(run);
            }
        }
        of_members.values_mut().for_each(|runs| *runs = stretches(std::mem::take(runs)));
        Presence { fleet, domain, of_members }
    }

    /// Whether the part runs there too, all the time.
    fn is_beside(&self, (tile, run): Run) -> bool {
        let members = self.fleet.members(tile, self.domain).into_iter();
        let there = members.filter_map(|member| self.of_members.get(&member)).flatten().copied();
        stretches(there.filter(|there| there.meets(&run)).collect()).iter().any(|there| there.contains(&run))
    }
}

/// Leads every relation, which names a job of the plan, to the job that is one of its parts. O(relations times capsules).
pub(super) fn settle(fleet: &Fleet, of_jobs: &mut [Parts]) {
    let mut next = 0..;
    let leaders: Vec<Vec<Leader>> = of_jobs
        .iter()
        .map(|parts| {
            let leader = |part: &Part| Leader {
                job: JobIndex(next.next().expect("no end")),
                waits: part.seats.is_empty(),
                runs: part.runs(fleet).collect(),
            };
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
    let presence = |leader: &Leader| Presence::of(fleet, leader, domain);
    if !part.seats.is_empty() {
        let is_with = |leader: &&Leader| {
            let presence = presence(leader);
            part.runs(fleet).all(|run| presence.is_beside(run))
        };
        return leaders.iter().find(is_with).map(|leader| Relation { job: leader.job, domain });
    }
    let beside = |leader: &&Leader| {
        let presence = presence(leader);
        (Reverse(part.runs(fleet).filter(|&run| presence.is_beside(run)).count()), !leader.waits)
    };
    let leader = leaders.iter().min_by_key(beside)?;
    let presence = presence(leader);
    let runs: Vec<Run> = part.runs(fleet).collect();
    let mut runs = runs.into_iter();
    part.queued.retain(|_| runs.next().is_some_and(|run| presence.is_beside(run)));
    Some(Relation { job: leader.job, domain })
}
