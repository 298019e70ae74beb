//! No more capsules than the job has: `sum of x[j] <= n[j]`.

use super::{View, Violation};
use crate::job::JobIndex;

pub(super) fn check(view: View<'_>, found: &mut Vec<Violation>) {
    for ((job, placed), wanted) in (0..).map(JobIndex).zip(placed(view)).zip(view.instance.jobs()) {
        if placed > u64::from(wanted.count) {
            found.push(Violation::TooMany { job, placed });
        }
    }
}

/// How many capsules of each job are placed.
pub(super) fn placed(view: View<'_>) -> Vec<u64> {
    let mut placed = vec![0u64; view.instance.jobs().len()];
    for placement in view.placements {
        placed[placement.job.at()] += u64::from(placement.count);
    }
    placed
}
