//! Time as the bound sees it: parts between edges, windows of whole parts in which capacity is priced, and the starts that
//! matter at such prices.
//!
//! What a capsule costs is linear in its start between the starts at which a run begins or ends at an edge, so that one of
//! those, or an end of its window, is the cheapest.

use std::collections::BTreeSet;

use lessor_models::job::Job;
use lessor_models::time::{Interval, MICROS_PER_SECOND, Span, Timestamp};

use crate::lowering::Grid;

/// The most parts.
const PARTS_MAX: usize = 96;

/// The most windows that a program starts with.
const COARSE_MAX: usize = 12;

/// Parts of time, ascending and without gaps: a grid's buckets where they are few, even runs of them otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    edges: Vec<Timestamp>,
}

/// Whole parts of a timeline in a row, from the first to before the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window {
    /// The first part.
    pub from: usize,
    /// The part after the last.
    pub to: usize,
}

impl Timeline {
    /// The timeline of a grid.
    #[must_use]
    pub fn of(grid: &Grid) -> Timeline {
        let buckets = grid.count();
        let mut edges: Vec<Timestamp> = even_runs(buckets, PARTS_MAX).map(|run| grid.bucket(run.from).start).collect();
        edges.push(grid.bucket(buckets - 1).end);
        Timeline { edges }
    }

    /// How many parts there are; at least one.
    #[must_use]
    pub fn count(&self) -> usize {
        self.edges.len() - 1
    }

    /// From the start of a window to its end.
    #[must_use]
    pub fn interval(&self, window: Window) -> Interval {
        Interval { start: self.edges[window.from], end: self.edges[window.to] }
    }

    /// The part in which an instant lies; `None` outside.
    #[must_use]
    pub fn part_at(&self, instant: Timestamp) -> Option<usize> {
        let after = self.edges.partition_point(|&edge| edge <= instant);
        (1..self.edges.len()).contains(&after).then(|| after - 1)
    }

    /// All of time.
    #[must_use]
    pub fn whole(&self) -> Window {
        Window { from: 0, to: self.count() }
    }

    /// The windows that a program starts with: together all of time, none twice.
    pub fn coarse(&self) -> impl Iterator<Item = Window> + use<> {
        even_runs(self.count(), COARSE_MAX)
    }

    /// Seconds of an interval in each part, for the parts that it touches.
    pub fn overlaps(&self, interval: Interval) -> impl Iterator<Item = (usize, f64)> + '_ {
        let first = self.edges.partition_point(|&edge| edge <= interval.start).saturating_sub(1);
        let parts = (first..self.count()).take_while(move |&part| self.edges[part] < interval.end);
        parts.map(move |part| (part, self.seconds(interval, Window::of(part))))
    }

    /// Seconds of an interval in a window.
    #[must_use]
    pub fn seconds(&self, interval: Interval, window: Window) -> f64 {
        let Interval { start, end } = self.interval(window);
        interval.end.min(end).since(interval.start.max(start)).0 as f64 / MICROS_PER_SECOND as f64
    }
}

impl Window {
    /// One part alone.
    #[must_use]
    pub fn of(part: usize) -> Window {
        Window { from: part, to: part + 1 }
    }

    /// Its parts.
    #[must_use]
    pub fn parts(self) -> std::ops::Range<usize> {
        self.from..self.to
    }
}

/// At most so many runs that together cover a count, as even as they can be.
fn even_runs(count: usize, most: usize) -> impl Iterator<Item = Window> + use<> {
    let runs = count.min(most);
    (0..runs).map(move |k| Window { from: k * count / runs, to: (k + 1) * count / runs })
}

/// The starts of one capsule that matter.
#[derive(Clone, Debug)]
pub struct Runs {
    /// The starts, ascending.
    pub starts: Vec<Timestamp>,
    term: Span,
}

impl Runs {
    /// The runs of a capsule of a job, where what it costs beside the prices changes at some instants. O(n log n) in parts and
    /// changes, or O(1) where its start is fixed.
    #[must_use]
    pub fn new(timeline: &Timeline, job: &Job, term: Span, changes: impl Iterator<Item = Timestamp>) -> Runs {
        let earliest = job.earliest;
        let latest = Timestamp(job.deadline.0.saturating_sub_unsigned(term.0)).max(earliest);
        let mut starts = BTreeSet::from([earliest, latest]);
        if earliest < latest {
            for edge in timeline.edges.iter().copied().chain(changes) {
                let ends_there = Timestamp(edge.0.saturating_sub_unsigned(term.0));
                starts.extend([edge, ends_there].into_iter().filter(|&start| earliest < start && start < latest));
            }
        }
        Runs { starts: starts.into_iter().collect(), term }
    }

    /// When a capsule of one of the starts runs.
    #[must_use]
    pub fn run(&self, start: usize) -> Interval {
        Interval { start: self.starts[start], end: self.starts[start].after(self.term) }
    }

    /// The cheapest start, given what a second costs in each part and what the run of a start costs beside; the earliest of
    /// equals.
    ///
    /// O(parts + starts log parts).
    #[must_use]
    pub fn cheapest(
        &self,
        timeline: &Timeline,
        per_second: &[f64],
        beside: impl Fn(usize, Interval) -> f64,
    ) -> (f64, usize) {
        if self.starts.len() == 1 && per_second.len() == 1 {
            return (per_second[0] * timeline.seconds(self.run(0), Window::of(0)) + beside(0, self.run(0)), 0);
        }
        let mut paid = Vec::with_capacity(per_second.len() + 1);
        paid.push(0.0);
        for (part, price) in per_second.iter().enumerate() {
            let whole = timeline.interval(Window::of(part));
            paid.push(paid[part] + price * timeline.seconds(whole, Window::of(part)));
        }
        let paid_until = |instant: Timestamp| {
            let Some(part) = timeline.part_at(instant) else {
                return if instant < timeline.edges[0] { 0.0 } else { paid[per_second.len()] };
            };
            let begun = Interval { start: timeline.edges[part], end: instant };
            paid[part] + per_second[part] * timeline.seconds(begun, Window::of(part))
        };
        let cost = |start: usize| {
            let run = self.run(start);
            paid_until(run.end) - paid_until(run.start) + beside(start, run)
        };
        let costs = (0..self.starts.len()).map(|start| (cost(start), start));
        costs.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))).unwrap_or((0.0, 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp(second * 1_000_000)
    }

    fn timeline() -> Timeline {
        Timeline { edges: vec![at(0), at(10), at(20), at(30)] }
    }

    #[test]
    fn the_cheapest_start_is_at_an_edge() {
        let timeline = timeline();
        let job = Job { deadline: at(30), ..Job::empty(at(0), Span(8_000_000)) };
        let runs = Runs::new(&timeline, &job, Span(8_000_000), std::iter::empty());
        // Dear, cheap, dearer: the first start inside the cheap part.
        let (cost, start) = runs.cheapest(&timeline, &[5.0, 1.0, 9.0], |_, _| 0.0);
        assert!((cost - 8.0).abs() < 1e-9);
        assert_eq!(runs.starts[start], at(10));
        // Where running at second 15 costs more than the dear part, the capsule runs before.
        let beside = |_, run: Interval| if run.start <= at(15) && at(15) < run.end { 50.0 } else { 0.0 };
        let (cost, start) = runs.cheapest(&timeline, &[5.0, 1.0, 9.0], beside);
        assert!((cost - 40.0).abs() < 1e-9);
        assert_eq!(runs.starts[start], at(0));
    }

    #[test]
    fn an_interval_overlaps_the_parts_that_it_touches() {
        let overlaps: Vec<_> = timeline().overlaps(Interval { start: at(5), end: at(20) }).collect();
        assert_eq!(overlaps, [(0, 5.0), (1, 10.0)]);
        assert_eq!(timeline().overlaps(Interval { start: at(30), end: at(40) }).count(), 0);
    }

    #[test]
    fn an_instant_lies_in_the_part_that_starts_with_it() {
        let part_at = |second| timeline().part_at(at(second));
        assert_eq!(
            (part_at(-1), part_at(0), part_at(10), part_at(29), part_at(30)),
            (None, Some(0), Some(1), Some(2), None)
        );
    }

    #[test]
    fn runs_cover_a_count_evenly() {
        let runs: Vec<_> = even_runs(7, 3).map(Window::parts).collect();
        assert_eq!(runs, [0..2, 2..4, 4..7]);
    }
}
