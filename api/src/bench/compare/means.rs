//! What all runs of a contender come to.

use serde::Serialize;

use super::run::CompareRun;

/// One contender over all instances and seeds. The names are those of the keys that `--json` prints.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Means {
    pub(super) contender: String,
    pub(super) runs: usize,
    /// Runs with an answer that its checker took.
    pub(super) answered: usize,
    /// Runs whose bound is their cost.
    pub(super) proven: usize,
    /// Runs than whose cost none is known to be better.
    pub(super) at_best: usize,
    /// Of the primal gap, over all runs; without an answer it is 1.
    pub(super) mean_gap: f64,
    pub(super) max_gap: f64,
    /// Over the runs that have an answer and a reference.
    pub(super) mean_gap_to_reference: Option<f64>,
    pub(super) max_gap_to_reference: Option<f64>,
    pub(super) mean_score: Option<f64>,
    pub(super) mean_primal_integral: f64,
    pub(super) mean_seconds: f64,
    pub(super) max_seconds: f64,
    /// Runs that took longer than the seconds they were given.
    pub(super) overruns: usize,
    pub(super) max_overrun_seconds: f64,
    pub(super) max_peak_memory_bytes: Option<u64>,
}

/// The means of each contender, in this order of them.
pub(super) fn of<'n>(names: impl Iterator<Item = &'n str>, runs: &[CompareRun]) -> Vec<Means> {
    names.map(|name| one(name, &runs.iter().filter(|run| run.contender == name).collect::<Vec<_>>())).collect()
}

fn one(name: &str, runs: &[&CompareRun]) -> Means {
    let count = |is: fn(&CompareRun) -> bool| runs.iter().filter(|run| is(run)).count();
    let all = |of: fn(&CompareRun) -> f64| runs.iter().map(|run| of(run)).collect::<Vec<f64>>();
    let known = |of: fn(&CompareRun) -> Option<f64>| runs.iter().filter_map(|run| of(run)).collect::<Vec<f64>>();
    let (gaps, seconds) = (all(|run| run.primal_gap), all(|run| run.seconds));
    let to_reference = known(|run| run.gap_to_reference);
    Means {
        contender: name.to_owned(),
        runs: runs.len(),
        answered: count(CompareRun::is_answered),
        proven: count(CompareRun::is_proven),
        at_best: count(CompareRun::is_best),
        mean_gap: mean(&gaps).unwrap_or(1.0),
        max_gap: max(&gaps).unwrap_or(1.0),
        mean_gap_to_reference: mean(&to_reference),
        max_gap_to_reference: max(&to_reference),
        mean_score: mean(&known(|run| run.score)),
        mean_primal_integral: mean(&all(|run| run.primal_integral)).unwrap_or(0.0),
        mean_seconds: mean(&seconds).unwrap_or(0.0),
        max_seconds: max(&seconds).unwrap_or(0.0),
        overruns: count(|run| run.overrun_seconds > 0.0),
        max_overrun_seconds: max(&all(|run| run.overrun_seconds)).unwrap_or(0.0),
        max_peak_memory_bytes: runs.iter().filter_map(|run| run.peak_memory_bytes).max(),
    }
}

/// The mean; `None` of nothing.
pub(super) fn mean(numbers: &[f64]) -> Option<f64> {
    (!numbers.is_empty()).then(|| numbers.iter().sum::<f64>() / numbers.len() as f64)
}

/// The middle one, or between the middle two; `None` of nothing.
pub(super) fn median(numbers: &[f64]) -> Option<f64> {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = sorted.len() / 2;
    let lower = sorted.len().saturating_sub(1) / 2;
    Some(f64::midpoint(*sorted.get(lower)?, sorted[upper]))
}

fn max(numbers: &[f64]) -> Option<f64> {
    numbers.iter().copied().reduce(f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::compare::run::tests::run;

    fn is_about(found: f64, expected: f64) -> bool {
        (found - expected).abs() < 1e-12
    }

    #[test]
    fn every_run_counts_and_those_without_an_answer_have_the_whole_gap() {
        let none = CompareRun {
            status: "infeasible",
            cost: None,
            gap_to_reference: None,
            primal_gap: 1.0,
            primal_integral: 10.0,
            seconds: 12.5,
            overrun_seconds: 2.5,
            ..run("x", "b")
        };
        let optimal = CompareRun {
            cost: Some(10),
            bound: Some(10),
            gap_to_reference: Some(0.0),
            primal_gap: 0.0,
            ..run("x", "c")
        };
        let means = of(["x"].into_iter(), &[run("x", "a"), none, optimal, run("y", "a")]).remove(0);
        assert_eq!((means.runs, means.answered, means.proven, means.at_best, means.overruns), (3, 2, 1, 1, 1));
        assert!(is_about(means.mean_gap, (1.0 / 6.0 + 1.0) / 3.0) && is_about(means.max_gap, 1.0), "{means:?}");
        assert!(is_about(means.mean_gap_to_reference.unwrap(), 0.1) && means.mean_score.is_none(), "{means:?}");
        assert!(is_about(means.mean_primal_integral, 5.0) && is_about(means.mean_seconds, 10.5), "{means:?}");
        assert!(is_about(means.max_seconds, 12.5) && is_about(means.max_overrun_seconds, 2.5), "{means:?}");
    }

    #[test]
    fn a_median_is_in_the_middle() {
        assert_eq!([median(&[]), median(&[3.0]), median(&[9.0, 1.0, 2.0, 4.0])], [None, Some(3.0), Some(3.0)]);
    }
}
