//! The best plan of a tiny instance, by trying every one; the checker alone says which are feasible.

use std::collections::BTreeSet;

use crate::check::{Violation, value, violations};
use crate::draw;
use crate::instance::Instance;
use crate::job::{Job, JobIndex};
use crate::plan::{Placement, Rule};
use crate::time::Timestamp;

/// The most that any plan is worth whose capsules start as early or as late as they may, or at an instant of `starts`.
pub(super) fn optimum(instance: &Instance, starts: &[Timestamp]) -> i128 {
    let jobs = (0..).map(JobIndex).zip(instance.jobs());
    let options = jobs.map(|(index, job)| options(instance, (index, job), starts)).collect();
    let mut search = Search { instance, options, plan: Vec::new(), best: 0 };
    search.descend(0, 0);
    search.best
}

struct Search<'i> {
    instance: &'i Instance,
    options: Vec<Vec<Placement>>,
    plan: Vec<Placement>,
    best: i128,
}

impl Search<'_> {
    /// Adds capsules of the job from its `first` option on, for they are all alike, or goes on to the next job.
    fn descend(&mut self, job: usize, first: usize) {
        let Some(wanted) = self.instance.jobs().get(job).map(|job| job.count) else {
            if violations(self.instance, &self.plan).is_empty() {
                self.best = self.best.max(value(self.instance, &self.plan));
            }
            return;
        };
        self.descend(job + 1, 0);
        let placed = self.plan.iter().filter(|placement| placement.job.at() == job).count();
        if placed == usize::try_from(wanted).unwrap() {
            return;
        }
        for option in first..self.options[job].len() {
            self.plan.push(self.options[job][option]);
            if !hopeless(self.instance, &self.plan) {
                self.descend(job, option);
            }
            self.plan.pop();
        }
    }
}

/// Whether no further capsule can make the plan feasible: only a gang and an affinity wait for more.
fn hopeless(instance: &Instance, plan: &[Placement]) -> bool {
    let waits = |violation: &Violation| matches!(violation, Violation::Rule { rule: Rule::Gang | Rule::Affinity, .. });
    !violations(instance, plan).iter().all(waits)
}

/// Every tile, set of devices and start of one capsule, whether it is allowed or not.
fn options(instance: &Instance, (index, job): (JobIndex, &Job), starts: &[Timestamp]) -> Vec<Placement> {
    let fleet = instance.fleet();
    let mut options = Vec::new();
    for tile in fleet.tiles() {
        let class = &fleet.classes()[fleet.class_of(tile).unwrap().at()];
        let latest = Timestamp(job.deadline.0.saturating_sub_unsigned(draw::term(job, class).0));
        let between = starts.iter().copied().filter(|&start| job.earliest < start && start < latest);
        for start in between.chain(BTreeSet::from([job.earliest, latest])) {
            let masks = (0..1u64 << class.devices).filter(|mask| mask.count_ones() == u32::from(job.demand.devices));
            options.extend(masks.map(|devices| Placement { job: index, tile, start, count: 1, devices }));
        }
    }
    options
}
