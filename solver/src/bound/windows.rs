//! The intervals in which the bound prices capacity, and the starts that matter at prices that hold over intervals.
//!
//! What a capsule costs is linear in its start between the starts at which a run begins or ends at an edge, so that one of
//! those, or an end of its window, is the cheapest.

use std::collections::BTreeSet;

use lessor_models::time::{Interval, MICROS_PER_SECOND, Span, Timestamp};

use crate::lowering::Grid;

/// The most intervals.
pub const WINDOWS_MAX: usize = 12;

/// The intervals for a grid: its buckets where they are few, even runs of them otherwise.
#[must_use]
pub fn windows(grid: &Grid) -> Vec<Interval> {
    let buckets = grid.count();
    let parts = buckets.min(WINDOWS_MAX);
    let edge = |part: usize| grid.bucket((part * buckets / parts).min(buckets - 1)).start;
    let end = grid.bucket(buckets - 1).end;
    let mut windows: Vec<Interval> =
        (0..parts).map(|k| Interval { start: edge(k), end: if k + 1 == parts { end } else { edge(k + 1) } }).collect();
    windows.retain(|window| window.end > window.start);
    windows
}

/// The starts of one capsule that matter, with the seconds that each runs in every window.
#[derive(Clone, Debug)]
pub struct Runs {
    /// The starts, ascending.
    pub starts: Vec<Timestamp>,
    /// Seconds, start by start and window by window.
    seconds: Vec<f64>,
    windows: usize,
}

impl Runs {
    /// The runs of a capsule. O(windows squared), or O(windows) where its start is fixed.
    #[must_use]
    pub fn new(windows: &[Interval], earliest: Timestamp, deadline: Timestamp, term: Span) -> Runs {
        let latest = Timestamp(deadline.0.saturating_sub_unsigned(term.0)).max(earliest);
        let mut starts = BTreeSet::from([earliest, latest]);
        if earliest < latest {
            for edge in windows.iter().flat_map(|window| [window.start, window.end]) {
                let ends_there = Timestamp(edge.0.saturating_sub_unsigned(term.0));
                starts.extend([edge, ends_there].into_iter().filter(|&start| earliest < start && start < latest));
            }
        }
        let starts: Vec<Timestamp> = starts.into_iter().collect();
        let seconds = starts.iter().flat_map(|&start| windows.iter().map(move |&window| seconds(start, term, window)));
        Runs { seconds: seconds.collect(), starts, windows: windows.len() }
    }

    /// The seconds of a start in every window.
    #[must_use]
    pub fn seconds(&self, start: usize) -> &[f64] {
        &self.seconds[start * self.windows..(start + 1) * self.windows]
    }

    /// The cheapest start, given what a second costs in each window; the earliest of equals.
    #[must_use]
    pub fn cheapest(&self, per_second: &[f64]) -> (f64, usize) {
        let cost = |start: usize| self.seconds(start).iter().zip(per_second).map(|(s, p)| s * p).sum::<f64>();
        let costs = (0..self.starts.len()).map(|start| (cost(start), start));
        costs.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))).unwrap_or((0.0, 0))
    }
}

fn seconds(start: Timestamp, term: Span, window: Interval) -> f64 {
    let (from, to) = (start.max(window.start), start.after(term).min(window.end));
    to.since(from).0 as f64 / MICROS_PER_SECOND as f64
}

/// Capacity of an account in a window, in units times seconds.
pub(super) fn capacity_seconds(capacity: impl Fn(usize) -> f64, grid: &Grid, window: Interval) -> f64 {
    grid.touched(window)
        .map(|k| {
            let bucket = grid.bucket(k);
            let span = bucket.end.min(window.end).since(bucket.start.max(window.start));
            capacity(k) * (span.0 as f64 / MICROS_PER_SECOND as f64)
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cheapest_start_is_at_an_edge() {
        let at = |second: i64| Timestamp(second * 1_000_000);
        let window = |start, end| Interval { start: at(start), end: at(end) };
        let windows = [window(0, 10), window(10, 20), window(20, 30)];
        let runs = Runs::new(&windows, at(0), at(30), Span(8_000_000));
        // Dear, cheap, dearer: the first start inside the cheap window.
        let (cost, start) = runs.cheapest(&[5.0, 1.0, 9.0]);
        assert!((cost - 8.0).abs() < 1e-9);
        assert_eq!(runs.starts[start], at(10));
    }
}
