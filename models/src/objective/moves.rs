//! Moves: what it costs to move capsules that run already.
//!
//! Exact: `weight * move_cost` for every capsule of a job that left a tile and runs on another; where the job states no move
//! cost, a share of its bid stands in for it. Optimistic bound: zero.

use std::collections::BTreeMap;

use super::{Weights, weighted};
use crate::fleet::NodeIndex;
use crate::instance::Instance;
use crate::job::{Job, JobIndex};
use crate::plan::Placement;

/// What moving one capsule of a job costs, in micro-credits, rounded up.
#[must_use]
pub fn each(job: &Job, weights: &Weights) -> u64 {
    let stated = if job.move_cost > 0 { job.move_cost } else { weighted(job.bid, weights.move_share_permille) };
    weighted(stated, weights.moves_permille)
}

/// The move cost of a whole plan, in micro-credits.
#[must_use]
pub fn cost(instance: &Instance, placements: &[Placement]) -> i128 {
    if instance.current().is_empty() {
        return 0;
    }
    moved(instance, placements)
        .into_iter()
        .map(|(job, count)| i128::from(each(&instance.jobs()[job.at()], instance.weights())) * i128::from(count))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_instance::{A, B, C, Tiny, compute, job, put};

    fn weights(moves_permille: u32, move_share_permille: u32) -> Weights {
        Weights { moves_permille, move_share_permille, ..Weights::default() }
    }

    #[test]
    fn a_job_that_states_no_cost_moves_for_a_share_of_its_bid() {
        let silent = Job { bid: 12_345, ..job(compute(1)) };
        // 12.345 rounds up to 13; ten times that, and half of it.
        assert_eq!([1_000, 10_000, 500, 0].map(|weight| each(&silent, &weights(weight, 1))), [13, 130, 7, 0]);
        assert_eq!([0, 2, 1_000].map(|share| each(&silent, &weights(1_000, share))), [0, 25, 12_345]);
    }

    #[test]
    fn a_stated_cost_stands_whatever_the_bid() {
        let stated = Job { bid: 12_345, move_cost: 3, ..job(compute(1)) };
        assert_eq!([0, 1, 1_000].map(|share| each(&stated, &weights(2_000, share))), [6, 6, 6]);
    }

    #[test]
    fn only_capsules_that_left_one_tile_for_another_cost() {
        // Three run on `a`. One stays, one goes to `b`, one stops; job 1 is new on `c`.
        let jobs = vec![Job { count: 3, move_cost: 7, ..job(compute(1)) }, job(compute(1))];
        let mut tiny = Tiny::new(jobs).running(0, A, 3);
        assert_eq!(cost(&tiny.build(), &[put(0, A), put(0, B), put(1, C)]), 7);
        tiny.weights.moves_permille = 10_000;
        assert_eq!(cost(&tiny.build(), &[put(0, A), put(0, B), put(1, C)]), 70);
        assert_eq!(cost(&tiny.build(), &[put(0, A), put(1, B)]), 0);
    }
}
