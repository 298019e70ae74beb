//! Time in buckets: what happens anywhere in a bucket is taken to last for all of it, so that feasibility is conservative.

use std::collections::BTreeSet;
use std::ops::Range;

use lessor_models::draw;
use lessor_models::instance::Instance;
use lessor_models::time::{Interval, Span, StepFunction, Timestamp};

use super::tick::{self, Terms};

/// The most buckets of a grid whose edges are exactly the instants at which anything changes, but where tiles are few and no job
/// may start later.
const EXACT_BUCKETS_MAX: usize = 64;

/// The most buckets of any grid: a week in quarters of an hour.
const BUCKETS_MAX: usize = 672;

/// The most buckets where tiles are few, and how many vectors a table of them may have then: a week in steps of five minutes.
const BUCKETS_OF_FEW_MAX: usize = 2_016;
const VECTORS_OF_FEW_MAX: usize = 1 << 16;

/// What the grid's tile tables may hold, in vectors of one cache line each: 1 GiB.
pub const TILE_VECTORS_MAX: usize = 1 << 24;

/// Edges of the buckets, ascending; bucket `k` is `[edges[k], edges[k + 1])`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    edges: Vec<Timestamp>,
    is_exact: bool,
}

impl Grid {
    /// A grid for an instance: exact where few instants matter, even steps otherwise. Where a job may start later and all terms,
    /// windows and changes have a step in common that makes no more buckets, it is that. No finer than that a table of all tiles
    /// has so many vectors.
    #[must_use]
    pub fn within(instance: &Instance, vectors: usize) -> Grid {
        let has_choice = instance.jobs().iter().any(|job| instance.may_start_later(job));
        let grid = Grid::of_instants(instance, has_choice, vectors);
        match has_choice.then(|| tick::common(instance, grid.count())).flatten() {
            Some(tick) => Grid { edges: ticks(instance.horizon(), tick), is_exact: true },
            None => grid,
        }
    }

    /// The same without a step in common. Where a job may start later, an exact grid has edges between the instants that matter
    /// too, so that capsules can follow each other. Steps go into the terms of capsules where that wastes less.
    fn of_instants(instance: &Instance, has_choice: bool, vectors: usize) -> Grid {
        let horizon = instance.horizon();
        let tiles = instance.fleet().tiles().count().max(1);
        let most = BUCKETS_MAX.min(vectors / tiles).max(1);
        let exact_most = if has_choice { 0 } else { Grid::most_of_few(tiles, vectors) };
        let exact_most = exact_most.max(EXACT_BUCKETS_MAX.min(most));
        let mut instants = BTreeSet::from([horizon.start, horizon.end]);
        for job in instance.jobs() {
            let ends = instance.fleet().classes().iter().map(|class| job.earliest.after(draw::term(job, class)));
            instants.extend(ends.chain([job.earliest]));
            if instants.len() > exact_most + 1 {
                return Grid::steady(instance, most, vectors);
            }
        }
        instants.extend(Grid::capacity_changes(instance));
        if has_choice {
            instants.extend(instance.fleet().tariff_changes());
        }
        let inside: Vec<Timestamp> =
            instants.iter().copied().filter(|&at| horizon.start <= at && at <= horizon.end).collect();
        if inside.len() > exact_most + 1 {
            Grid::steady(instance, most, vectors)
        } else if has_choice {
            let refined = refined(&inside, exact_most);
            let (span, otherwise) = (horizon.span(), refined.len() - 1);
            let tick = Terms::of(instance).tick(span.0, most, otherwise);
            let exact = |edges| Grid { edges, is_exact: true };
            tick.map_or_else(|| exact(refined), |tick| exact(ticks(horizon, tick)).with_edges(&instants))
        } else {
            Grid { edges: inside, is_exact: true }
        }
    }

    /// The most buckets of a grid where tiles are few.
    fn most_of_few(tiles: usize, vectors: usize) -> usize {
        BUCKETS_OF_FEW_MAX.min(VECTORS_OF_FEW_MAX.min(vectors) / tiles)
    }

    /// Steps of one length: such that runs waste little, or as many as may be.
    fn steady(instance: &Instance, most: usize, vectors: usize) -> Grid {
        let horizon = instance.horizon();
        let tiles = instance.fleet().tiles().count().max(1);
        let of_few = Grid::most_of_few(tiles, vectors);
        let tick = Terms::of(instance).tick(horizon.span().0, most.max(of_few), most);
        tick.map_or_else(|| Grid::even(horizon, most), |tick| Grid { edges: ticks(horizon, tick), is_exact: false })
    }

    /// The same with edges at further instants, where they are inside. O(edges log edges).
    #[must_use]
    pub fn with_edges(&self, instants: &BTreeSet<Timestamp>) -> Grid {
        let (Some(&first), Some(&last)) = (self.edges.first(), self.edges.last()) else { return self.clone() };
        let inside = instants.range(first..=last).copied();
        let edges: BTreeSet<Timestamp> = inside.chain(self.edges.iter().copied()).collect();
        Grid { edges: edges.into_iter().collect(), is_exact: self.is_exact }
    }

    /// When capacities change, in no order.
    pub fn capacity_changes(instance: &Instance) -> impl Iterator<Item = Timestamp> + '_ {
        instance.fleet().steps().values().flat_map(StepFunction::steps).map(|step| step.0)
    }

    fn even(horizon: Interval, buckets: usize) -> Grid {
        let parts = i128::try_from(buckets).expect("at most 672");
        let length = i128::from(horizon.span().0);
        let edge = |k: i128| {
            let offset = u64::try_from(length * k / parts).expect("a part of a span of 64 bits");
            Timestamp(horizon.start.0.saturating_add_unsigned(offset))
        };
        let mut edges: Vec<Timestamp> = (0..=parts).map(edge).collect();
        edges.dedup();
        Grid { edges, is_exact: false }
    }

    /// Whether every instant at which a run of a fixed start or a capacity changes is an edge.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.is_exact
    }

    /// How many buckets there are; at least one.
    #[must_use]
    pub fn count(&self) -> usize {
        self.edges.len().saturating_sub(1).max(1)
    }

    /// A bucket's interval.
    #[must_use]
    pub fn bucket(&self, k: usize) -> Interval {
        Interval { start: self.edges[k], end: self.edges[(k + 1).min(self.edges.len() - 1)] }
    }

    /// Every bucket that an interval touches. O(log buckets).
    #[must_use]
    #[inline]
    pub fn touched(&self, interval: Interval) -> Range<usize> {
        if self.edges.len() <= 2 {
            return 0..1;
        }
        let first = self.edges.partition_point(|&edge| edge <= interval.start).saturating_sub(1);
        let last = self.edges.partition_point(|&edge| edge < interval.end);
        first..last.clamp(first + 1, self.count())
    }

    /// The starts worth trying in `[earliest, latest]`: the earliest, then every edge.
    pub fn starts(&self, earliest: Timestamp, latest: Timestamp) -> impl Iterator<Item = Timestamp> + '_ {
        let from = self.edges.partition_point(|&edge| edge <= earliest);
        let to = self.edges.partition_point(|&edge| edge <= latest).max(from);
        std::iter::once(earliest).chain(self.edges[from..to].iter().copied())
    }
}

/// Edges a tick apart, the last one at the end of the horizon.
fn ticks(horizon: Interval, tick: u64) -> Vec<Timestamp> {
    let inside = std::iter::successors(Some(horizon.start), |at| Some(at.after(Span(tick))));
    inside.take_while(|&at| at < horizon.end).chain([horizon.end]).collect()
}

/// Edges with more between them: even parts of each gap, none shorter than such a part of the whole, so that there are no more
/// parts than that.
fn refined(edges: &[Timestamp], most: usize) -> Vec<Timestamp> {
    let (Some(first), Some(last)) = (edges.first(), edges.last()) else { return Vec::new() };
    let shortest = (last.since(*first).0 / most as u64).max(1);
    let mut refined = Vec::new();
    for pair in edges.windows(2) {
        let gap = pair[1].since(pair[0]).0;
        let parts = (gap / shortest).max(1);
        let edge = |k: u64| u64::try_from(u128::from(gap) * u128::from(k) / u128::from(parts)).unwrap_or(gap);
        refined.extend((0..parts).map(|k| Timestamp(pair[0].0.saturating_add_unsigned(edge(k)))));
    }
    refined.push(*last);
    refined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(edges: &[i64]) -> Grid {
        Grid { edges: edges.iter().copied().map(Timestamp).collect(), is_exact: true }
    }

    #[test]
    fn an_interval_touches_every_bucket_that_it_overlaps() {
        let grid = grid(&[0, 10, 20, 30]);
        let touched = |start, end| grid.touched(Interval { start: Timestamp(start), end: Timestamp(end) });
        assert_eq!((touched(0, 10), touched(5, 11), touched(10, 30), touched(29, 30)), (0..1, 0..2, 1..3, 2..3));
    }

    #[test]
    fn refined_edges_keep_those_that_were_there_and_split_long_gaps() {
        let at = |edges: &[i64]| edges.iter().copied().map(Timestamp).collect::<Vec<_>>();
        assert_eq!(refined(&at(&[0, 10, 60]), 6), at(&[0, 10, 20, 30, 40, 50, 60]));
        assert_eq!(refined(&at(&[0, 1, 2]), 64), at(&[0, 1, 2]));
        let many: Vec<Timestamp> = (0..40).map(|k| Timestamp(k * k)).collect();
        let refined = refined(&many, 64);
        assert!(many.iter().all(|edge| refined.contains(edge)) && refined.is_sorted());
        assert!(refined.len() <= 64 + many.len(), "{}", refined.len());
    }

    #[test]
    fn starts_are_the_earliest_and_the_edges_up_to_the_latest() {
        let grid = grid(&[0, 10, 20, 30]);
        let starts: Vec<i64> = grid.starts(Timestamp(5), Timestamp(20)).map(|at| at.0).collect();
        assert_eq!(starts, [5, 10, 20]);
    }
}
