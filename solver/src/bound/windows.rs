//! The intervals in which the bound prices capacity.
//!
//! A capsule is charged for what it cannot avoid using in an interval, whatever its start, so a long interval binds jobs
//! that may move and a short one binds those that may not. The whole horizon and an even partition of it serve both.

use lessor_models::time::{Interval, MICROS_PER_SECOND, Span, Timestamp};

use crate::lowering::Grid;

/// The most parts of the partition.
const PARTS_MAX: usize = 12;

/// The intervals for a grid: its buckets where they are few, and the whole.
#[must_use]
pub fn windows(grid: &Grid) -> Vec<Interval> {
    let buckets = grid.count();
    let parts = buckets.min(PARTS_MAX);
    let edge = |part: usize| grid.bucket((part * buckets / parts).min(buckets - 1)).start;
    let end = grid.bucket(buckets - 1).end;
    let mut windows: Vec<Interval> =
        (0..parts).map(|k| Interval { start: edge(k), end: if k + 1 == parts { end } else { edge(k + 1) } }).collect();
    if parts > 1 {
        windows.push(Interval { start: edge(0), end });
    }
    windows.retain(|window| window.end > window.start);
    windows
}

/// Seconds of an interval that a capsule cannot avoid: the smaller overlap of its earliest and its latest run.
#[must_use]
pub fn unavoidable_seconds(earliest: Timestamp, deadline: Timestamp, term: Span, window: Interval) -> u64 {
    let overlap = |start: Timestamp| {
        let (from, to) = (start.max(window.start), start.after(term).min(window.end));
        to.since(from).0 / MICROS_PER_SECOND
    };
    overlap(earliest).min(overlap(Timestamp(deadline.0.saturating_sub_unsigned(term.0))))
}

/// Capacity of an account in a window, in units times seconds.
pub(super) fn capacity_seconds(capacity: impl Fn(usize) -> u64, grid: &Grid, window: Interval) -> f64 {
    grid.touched(window)
        .map(|k| {
            let bucket = grid.bucket(k);
            let span = bucket.end.min(window.end).since(bucket.start.max(window.start));
            capacity(k) as f64 * (span.0 as f64 / MICROS_PER_SECOND as f64)
        })
        .sum()
}
