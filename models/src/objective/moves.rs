//! Moves: what it costs to move capsules that run already.
//!
//! Exact: `weight * move_cost` for every capsule of a job that left a tile and runs on another. Optimistic bound: zero.

use std::collections::BTreeMap;

use super::weighted;
use crate::fleet::NodeIndex;
use crate::instance::Instance;
use crate::job::JobIndex;
use crate::plan::Placement;

/// The move cost of a whole plan, in micro-credits.
#[must_use]
pub fn cost(instance: &Instance, placements: &[Placement]) -> i128 {
    if instance.current().is_empty() {
        return 0;
    }
    moved(instance, placements)
        .into_iter()
        .map(|(job, count)| {
            let each = weighted(instance.jobs()[job.at()].move_cost, instance.weights().moves_permille);
            i128::from(each) * i128::from(count)
        })
        .sum()
}

/// How many capsules of each job left a tile and run on another.
#[must_use]
pub fn moved(instance: &Instance, placements: &[Placement]) -> BTreeMap<JobIndex, u64> {
    let mut balance: BTreeMap<(JobIndex, NodeIndex), i64> = BTreeMap::new();
    for current in instance.current() {
        *balance.entry((current.job, current.tile)).or_default() -= i64::from(current.count);
    }
    for placement in placements {
        *balance.entry((placement.job, placement.tile)).or_default() += i64::from(placement.count);
    }
    let mut left: BTreeMap<JobIndex, (u64, u64)> = BTreeMap::new();
    for ((job, _), change) in balance {
        let (gone, come) = left.entry(job).or_default();
        if change < 0 {
            *gone += change.unsigned_abs();
        } else {
            *come += change.unsigned_abs();
        }
    }
    left.into_iter().map(|(job, (gone, come))| (job, gone.min(come))).filter(|&(_, count)| count > 0).collect()
}
