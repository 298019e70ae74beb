//! Value: bids, and the bonus for completing a job.
//!
//! Exact: `bid * x + bonus * [wanted > 0 and x >= wanted]`.
//! Optimistic bound: the same with `x` relaxed; a Lagrangian evaluates the threshold exactly, see [`best_at_margin`].

use crate::job::Job;

/// The bonus that a number of placed capsules earns.
#[must_use]
pub fn bonus(job: &Job, placed: u64) -> u64 {
    if job.wanted > 0 && placed >= u64::from(job.wanted) { job.bonus } else { 0 }
}

/// The most that a job can be worth when each capsule is worth the same margin and at most `count` are placed.
///
/// The maximum of `margin * x + bonus * [x >= wanted]` over `x` in `{0} and [gang_min, count]`; margin and bonus in one unit.
/// `None` where a product overflows.
#[must_use]
pub fn best_at_margin(job: &Job, count: u64, margin: i128, bonus: i128) -> Option<i128> {
    let least = u64::from(job.gang_min.max(1));
    if count < least {
        return Some(0);
    }
    let wanted = u64::from(job.wanted);
    let worth = |x: u64| {
        let earned = if wanted > 0 && x >= wanted { bonus } else { 0 };
        margin.checked_mul(i128::from(x))?.checked_add(earned)
    };
    // The function is linear between its breakpoints, so one of them is a maximum.
    let mut best = 0i128.max(worth(count)?).max(worth(least)?);
    if wanted > 0 && wanted <= count {
        best = best.max(worth(wanted.max(least))?);
    }
    Some(best)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Span, Timestamp};

    fn job(count: u32, gang_min: u32, wanted: u32) -> Job {
        Job { count, gang_min, wanted, bonus: 100, ..Job::empty(Timestamp(0), Span(1)) }
    }

    #[test]
    fn the_bonus_is_earned_at_the_wanted_number() {
        assert_eq!((bonus(&job(5, 0, 4), 3), bonus(&job(5, 0, 4), 4), bonus(&job(5, 0, 0), 5)), (0, 100, 0));
    }

    #[test]
    fn the_best_number_at_a_margin_equals_enumeration() {
        for (count, gang, wanted) in [(5, 0, 4), (5, 3, 2), (5, 0, 0), (2, 3, 0), (4, 2, 4)] {
            let job = job(count, gang, wanted);
            for margin in [-200i128, -30, -24, 0, 7] {
                let allowed = (0..=u64::from(count)).filter(|&x| x == 0 || x >= u64::from(gang));
                let worth = |x: u64| margin * i128::from(x) + i128::from(bonus(&job, x));
                let most = allowed.map(worth).max();
                assert_eq!(best_at_margin(&job, u64::from(count), margin, 100), most);
            }
        }
    }
}
