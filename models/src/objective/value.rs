//! Value: bids, and the bonus for completing a job.
//!
//! Exact: `bid * x + bonus * [wanted > 0 and x >= wanted]`.
//! Optimistic bound: the same with `x` relaxed; a Lagrangian evaluates the threshold exactly, see [`best_in_tiers`].

use crate::job::Job;

/// The bonus that a number of placed capsules earns.
#[must_use]
pub fn bonus(job: &Job, placed: u64) -> u64 {
    if job.wanted > 0 && placed >= u64::from(job.wanted) { job.bonus } else { 0 }
}

/// Capsules that earn the same: the margin of each, and how many there may be.
pub type Tier = (i128, u64);

/// The most that a job can be worth with at most `count` capsules, each in one of the tiers, which are sorted best first.
///
/// The maximum of `sum of the best x margins + bonus * [x >= wanted]` over `x` in `{0} and [gang_min, count]`; margins and
/// bonus in one unit. `None` where a sum overflows. O(tiers).
#[must_use]
pub fn best_in_tiers(job: &Job, tiers: &[Tier], count: u64, bonus: i128) -> Option<i128> {
    let room = tiers.iter().fold(0u64, |sum, tier| sum.saturating_add(tier.1));
    let (least, most) = (u64::from(job.gang_min.max(1)), count.min(room));
    if most < least {
        return Some(0);
    }
    let wanted = u64::from(job.wanted);
    let worth = |x: u64| {
        let (mut left, mut sum) = (x, if wanted > 0 && x >= wanted { bonus } else { 0 });
        for &(margin, room) in tiers {
            let part = left.min(room);
            sum = margin.checked_mul(i128::from(part))?.checked_add(sum)?;
            left -= part;
        }
        Some(sum)
    };
    // The sum is concave and peaks where margins turn negative, so each side of the threshold has its best nearest to there.
    let peak = tiers.iter().filter(|tier| tier.0 > 0).fold(0u64, |sum, tier| sum.saturating_add(tier.1));
    let mut best = 0i128.max(worth(peak.clamp(least, most))?);
    if wanted > 0 && wanted <= most {
        best = best.max(worth(peak.clamp(wanted.max(least), most))?);
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
    fn the_best_number_in_tiers_equals_enumeration() {
        for (count, gang, wanted) in [(5, 0, 4), (5, 3, 2), (5, 0, 0), (2, 3, 0), (4, 2, 4)] {
            let job = job(count, gang, wanted);
            for (first, second) in [(-30i128, -200i128), (7, -24), (0, 0), (50, 7), (-24, -24)] {
                for (many, rest) in [(1, 9), (2, 2), (0, 3), (9, 0)] {
                    let allowed = (0..=u64::from(count).min(many + rest)).filter(|&x| x == 0 || x >= u64::from(gang));
                    let margins =
                        |x: u64| first * i128::from(x.min(many)) + second * i128::from(x.saturating_sub(many));
                    let most = allowed.map(|x| margins(x) + i128::from(bonus(&job, x))).max();
                    let tiers = [(first, many), (second, rest)];
                    assert_eq!(best_in_tiers(&job, &tiers, u64::from(count), 100), most);
                }
            }
        }
    }
}
