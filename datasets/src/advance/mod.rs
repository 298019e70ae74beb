//! A fleet's work as it stands at an instant of a plan: what has ended is gone, what runs has the rest of its term, and what has
//! yet to start may not start before.
//!
//! A plan speaks of jobs whose capsules all take the same time. Those that are under way have less of it left than those that wait,
//! so a job falls into [`Part`]s: its capsules that end together, and those that have yet to start. The largest part that runs, or
//! what waits where none does, keeps the job's name.
//!
//! What cannot be said of parts is said as near as it can: a gang is one in each part that runs, and is complete for those that
//! wait; what was earned of a bonus counts, and the rest of it hangs on one part; spreads count within a part. Who must be near a
//! job that fell apart must be near the part that it is with already, see [`relations`].

mod part;
mod relations;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use lessor_models::instance::{Instance, InstanceError};
use lessor_models::job::{Job, JobIndex};
use lessor_models::plan::{CurrentPlacement, Placement};
use lessor_models::time::Timestamp;

use part::{Part, Parts};

/// What became of the capsules of a plan until an instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Have ended.
    pub ended: u64,
    /// Run.
    pub running: u64,
    /// Are planned to start at that instant or later.
    pub queued: u64,
    /// Have no place, and time left.
    pub missing: u64,
    /// Have no place, and could not end before their deadline any more; or nothing is left of what they must be near.
    pub late: u64,
}

/// The work of an instance at an instant: the same fleet and weights, what runs as current placements, what is planned to start as
/// queued ones.
///
/// O(jobs + placements log placements).
///
/// # Errors
/// None that an instance and its valid plan could give: placements that name no job of the instance are the caller's to refuse.
pub fn advance(
    instance: &Instance,
    placements: &[Placement],
    at: Timestamp,
) -> Result<(Instance, Tally), InstanceError> {
    let mut placements = placements.to_vec();
    placements.sort_unstable_by_key(|placement| (placement.job, placement.start, placement.tile, placement.devices));
    let mut tally = Tally::default();
    let mut of_jobs: Vec<Parts> = Vec::with_capacity(instance.jobs().len());
    for (index, job) in (0..).map(JobIndex).zip(instance.jobs()) {
        let first = placements.partition_point(|placement| placement.job < index);
        let ours = &placements[first..first + placements[first..].partition_point(|placement| placement.job == index)];
        of_jobs.push(Parts::of(instance.fleet(), job, ours, at));
    }
    drop_forlorn(&mut of_jobs);
    relations::settle(instance.fleet(), &mut of_jobs);
    of_jobs.iter().for_each(|parts| parts.count(&mut tally));
    let (names, jobs, (running, queued)) = laid_out(instance, of_jobs);
    let advanced = Instance::new(instance.fleet().clone(), names, jobs, instance.weights().clone())?;
    Ok((advanced.with_current(running)?.with_queued(queued), tally))
}

/// Gives up capsules that wait for room near a job of which nothing runs and nothing will.
fn drop_forlorn(of_jobs: &mut [Parts]) {
    loop {
        let is_lost: Vec<bool> = of_jobs.iter().map(Parts::is_over).collect();
        let forlorn = |parts: &&mut Parts| parts.leader().is_some_and(|leader| is_lost[leader.at()]);
        let given_up = of_jobs.iter_mut().filter(forlorn).map(Parts::give_up).filter(|&has_waited| has_waited).count();
        if given_up == 0 {
            return;
        }
    }
}

type Placed = (Vec<CurrentPlacement>, Vec<Placement>);

/// All parts as jobs with names, and where their capsules are.
fn laid_out(instance: &Instance, of_jobs: Vec<Parts>) -> (Vec<String>, Vec<Job>, Placed) {
    let mut taken: BTreeSet<String> = instance.job_names().iter().map(str::to_owned).collect();
    let (mut names, mut jobs, mut placed) = (Vec::new(), Vec::new(), (Vec::new(), Vec::new()));
    for (index, parts) in (0..).map(JobIndex).zip(of_jobs) {
        for (number, Part { job, seats, queued }) in parts.into_all().into_iter().enumerate() {
            let new = JobIndex(u32::try_from(jobs.len()).expect("no more parts than capsules"));
            names.push(part_name(instance.job_name(index), number, &mut taken));
            jobs.push(job);
            placed.0.extend(seats.into_iter().map(|seat| CurrentPlacement { job: new, ..seat }));
            placed.1.extend(queued.into_iter().map(|placement| Placement { job: new, ..placement }));
        }
    }
    (names, jobs, placed)
}

/// The job's own name for its first part, and one that nobody has for each other.
fn part_name(job: &str, number: usize, taken: &mut BTreeSet<String>) -> String {
    if number == 0 {
        return job.to_owned();
    }
    let names = (number + 1..).map(|number| format!("{job}.{number}"));
    let name = names.into_iter().find(|name| !taken.contains(name)).expect("numbers do not end");
    taken.insert(name.clone());
    name
}
