//! How good a run was at each time, after Berthold (2013): the primal gap of the best that it had, and the integral of that.

use super::aim::Aim;

/// What a run had from each time on: seconds and cost, the one rising and the other getting better. Before the first it had
/// nothing.
pub(super) type Course = Vec<(f64, u128)>;

/// How far a cost is from the best one, as a share of the larger: 0 at the best, 1 without a cost.
pub(super) fn gap(cost: Option<u128>, best: u128) -> f64 {
    match cost {
        None => 1.0,
        Some(cost) => cost.abs_diff(best) as f64 / cost.max(best).max(1) as f64,
    }
}

/// The gap that a course has at some seconds.
pub(super) fn gap_at(course: &[(f64, u128)], best: u128, seconds: f64) -> f64 {
    let had = course.iter().take_while(|step| step.0 <= seconds).last();
    gap(had.map(|&(_, cost)| cost), best)
}

/// The integral of the gap from zero to a limit, in seconds: between 0 and the limit, small where good costs came early.
pub(super) fn integral(course: &[(f64, u128)], best: u128, limit: f64) -> f64 {
    let (mut total, mut from, mut now) = (0.0, 0.0, gap(None, best));
    for &(seconds, cost) in course {
        let until = seconds.clamp(from, limit);
        total += (until - from) * now;
        (from, now) = (until, gap(Some(cost), best));
    }
    total + (limit - from).max(0.0) * now
}

/// The course of a run: what it told that was no better than its checked answer turned out to be, and that answer at its end.
/// A run without an answer had nothing at any time, whatever it told.
pub(super) fn course(told: impl Iterator<Item = (f64, u128)>, answer: Option<u128>, ended: f64, aim: Aim) -> Course {
    let Some(answer) = answer else { return Course::new() };
    let mut course = Course::new();
    let steps = told.filter(|&(_, cost)| !aim.is_better(cost, answer)).chain([(ended, answer)]);
    for (seconds, cost) in steps {
        if course.last().is_none_or(|&(_, had)| aim.is_better(cost, had)) {
            course.push((seconds, cost));
        }
    }
    course
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_about(found: f64, expected: f64) -> bool {
        (found - expected).abs() < 1e-12
    }

    #[test]
    fn a_gap_is_a_share_of_the_larger_cost() {
        assert!(is_about(gap(Some(15), 20), 0.25));
        assert!(is_about(gap(Some(20), 15), 0.25) && is_about(gap(None, 15), 1.0));
        assert!(is_about(gap(Some(15), 15), 0.0) && is_about(gap(Some(0), 0), 0.0) && is_about(gap(Some(9), 0), 1.0));
    }

    #[test]
    fn an_integral_adds_up_gaps_over_time() {
        // Nothing for 2 s, then a gap of 1/2 for 3 s, then none.
        let course = [(2.0, 20), (5.0, 10)];
        assert!(is_about(integral(&course, 10, 10.0), 2.0 + 1.5));
        assert!(is_about(integral(&[(2.0, 40), (5.0, 24)], 18, 10.0), 2.0 + 3.0 * 0.55 + 5.0 * 0.25));
        assert!(is_about(integral(&[], 10, 10.0), 10.0));
        // What comes after the limit does not count.
        assert!(is_about(integral(&[(2.0, 20), (12.0, 10)], 10, 10.0), 2.0 + 4.0));
        assert!(is_about(gap_at(&course, 10, 1.9), 1.0) && is_about(gap_at(&course, 10, 2.0), 0.5));
    }

    #[test]
    fn what_is_told_counts_only_where_the_answer_bears_it_out() {
        let told = [(1.0, 30), (2.0, 5), (3.0, 30), (4.0, 20)];
        let least = |answer| course(told.into_iter(), answer, 6.0, Aim::Least);
        assert_eq!(least(Some(20)), [(1.0, 30), (4.0, 20)]);
        assert_eq!(least(Some(10)), [(1.0, 30), (4.0, 20), (6.0, 10)]);
        assert_eq!(least(None), []);
        let greatest = |answer| course(told.into_iter(), answer, 6.0, Aim::Greatest);
        assert_eq!(greatest(Some(20)), [(2.0, 5), (4.0, 20)]);
        assert_eq!(greatest(Some(40)), [(1.0, 30), (6.0, 40)]);
    }
}
