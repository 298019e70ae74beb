//! Job classes: the jobs equal in everything but their names and, where nothing hangs on it, their counts.

use std::borrow::Cow;
use std::collections::HashMap;

use lessor_models::instance::Instance;
use lessor_models::job::{Job, JobIndex, Relation};
use lessor_models::time::Timestamp;

/// Jobs that a plan cannot tell apart.
#[derive(Clone, Debug)]
pub struct JobClass {
    /// The first of them, which stands for all.
    pub first: JobIndex,
    /// All of them, in order.
    pub jobs: Vec<JobIndex>,
    /// Capsules of all of them together.
    pub count: u64,
    /// Whether locality, data and latency leave every place equal.
    pub is_placeless: bool,
    /// Whether capsules are bound to places by spread or by other jobs: placed one by one, and left there by the search where time
    /// does not matter.
    pub is_bound: bool,
    /// Whether another job must be near it.
    pub is_followed: bool,
    /// When relations look at it: where it runs already, from the takeover on, and always otherwise.
    pub related_from: Timestamp,
}

pub(super) fn classes(instance: &Instance) -> Vec<JobClass> {
    let followed = named(instance, |job| job.affinity);
    let avoided = named(instance, |job| job.anti_affinity);
    // A capsule that runs belongs to a job by name, so its job is told apart.
    let mut runs = vec![false; instance.jobs().len()];
    instance.current().iter().for_each(|current| runs[current.job.at()] = true);
    let mut class_of: HashMap<Cow<'_, Job>, usize> = HashMap::new();
    let mut classes: Vec<JobClass> = Vec::new();
    for (index, job) in (0..).map(JobIndex).zip(instance.jobs()) {
        let related =
            job.affinity.is_some() || job.anti_affinity.is_some() || followed[index.at()] || avoided[index.at()];
        let is_bound = related || job.spread.is_some();
        let stands_alone = is_bound || runs[index.at()];
        let next = classes.len();
        let at = if stands_alone { next } else { *class_of.entry(but_for_count(job)).or_insert(next) };
        if at == next {
            let is_placeless = job.locality.is_none() && job.data.is_none();
            let is_followed = followed[index.at()];
            let takeover = instance.takeover().filter(|_| runs[index.at()]);
            let related_from = takeover.unwrap_or(Timestamp(i64::MIN));
            let (jobs, count) = (vec![], 0);
            classes.push(JobClass { first: index, jobs, count, is_placeless, is_bound, is_followed, related_from });
        }
        classes[at].jobs.push(index);
        classes[at].count += u64::from(job.count);
    }
    classes
}

/// What a job's class is told by: all of it, but for a count that neither a gang nor a bonus looks at.
fn but_for_count(job: &Job) -> Cow<'_, Job> {
    let is_plain = job.gang_min <= 1 && job.wanted == 0;
    if is_plain { Cow::Owned(Job { count: 1, ..job.clone() }) } else { Cow::Borrowed(job) }
}

/// Jobs that another one names in a relation.
fn named(instance: &Instance, relation: impl Fn(&Job) -> Option<Relation>) -> Vec<bool> {
    let mut named = vec![false; instance.jobs().len()];
    for relation in instance.jobs().iter().filter_map(relation) {
        named[relation.job.at()] = true;
    }
    named
}
