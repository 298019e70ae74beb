//! What the shell counts, for whoever shows it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::queue::Queue;

/// Counts since the start, which only rise, and how many posted prices swing.
#[derive(Debug, Default)]
pub struct Counters {
    pub(super) commits: Count,
    pub(super) records: Count,
    pub(super) bytes: Count,
    pub(super) answers: Count,
    pub(super) reads: Count,
    pub(super) snapshots: Count,
    pub(super) failed_snapshots: Count,
    pub(super) overloads: [Count; Queue::COUNT],
    pub(super) commit_times: Histogram,
    pub(super) swinging_prices: Count,
}

/// A number.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    pub(super) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    pub(super) fn set(&self, number: u64) {
        self.0.store(number, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counters {
    /// Group commits that are durable.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.commits.get()
    }

    /// Records in them: events with their decisions.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.records.get()
    }

    /// Bytes of those records.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes.get()
    }

    /// Answers that were given.
    #[must_use]
    pub fn answers(&self) -> u64 {
        self.answers.get()
    }

    /// Reads that were answered.
    #[must_use]
    pub fn reads(&self) -> u64 {
        self.reads.get()
    }

    /// Snapshots that were begun.
    #[must_use]
    pub fn snapshots(&self) -> u64 {
        self.snapshots.get()
    }

    /// Snapshots that could not be written and were given up.
    #[must_use]
    pub fn failed_snapshots(&self) -> u64 {
        self.failed_snapshots.get()
    }

    /// Posted prices that swing, as of the last batch that was told.
    #[must_use]
    pub fn swinging_prices(&self) -> u64 {
        self.swinging_prices.get()
    }

    /// How often something was refused because its queue was full, by queue in their order.
    #[must_use]
    pub fn overloads(&self) -> [u64; Queue::COUNT] {
        std::array::from_fn(|queue| self.overloads[queue].get())
    }

    /// How long writing and syncing of commits took.
    #[must_use]
    pub fn commit_times(&self) -> &Histogram {
        &self.commit_times
    }
}

/// Parts of each power of two.
const PARTS: u32 = 8;
const PARTS_SHIFT: u32 = PARTS.ilog2();
const BUCKETS: usize = 256;

/// How often times of each length occurred, in buckets an eighth of a power of two wide, in microseconds.
#[derive(Debug)]
pub struct Histogram {
    buckets: [AtomicU64; BUCKETS],
    sum_us: AtomicU64,
}

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram { buckets: std::array::from_fn(|_| AtomicU64::new(0)), sum_us: AtomicU64::new(0) }
    }
}

impl Histogram {
    /// Counts one time.
    pub fn record(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.buckets[bucket(micros)].fetch_add(1, Ordering::Relaxed);
        self.sum_us.fetch_add(micros, Ordering::Relaxed);
    }

    /// How many were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)).sum()
    }

    /// The sum of all of them, in microseconds.
    #[must_use]
    pub fn sum_us(&self) -> u64 {
        self.sum_us.load(Ordering::Relaxed)
    }

    /// How many were at most so many microseconds, rounded up to the end of a bucket.
    #[must_use]
    pub fn count_up_to(&self, micros: u64) -> u64 {
        self.buckets[..=bucket(micros)].iter().map(|bucket| bucket.load(Ordering::Relaxed)).sum()
    }

    /// The time that a share of all, in thousandths, did not exceed: in microseconds, at most an eighth too large.
    #[must_use]
    pub fn permille_us(&self, permille: u64) -> u64 {
        let wanted = (self.count() * permille).div_ceil(1000);
        let mut seen = 0;
        let reached = self.buckets.iter().position(|bucket| {
            seen += bucket.load(Ordering::Relaxed);
            seen >= wanted
        });
        reached.map_or(0, last_of)
    }
}

/// The bucket of a time: below eight each has its own, and from there on each power of two has eight.
fn bucket(micros: u64) -> usize {
    if micros < u64::from(PARTS) {
        return usize::try_from(micros).expect("below eight");
    }
    let power = micros.ilog2() - PARTS_SHIFT;
    let part = (micros >> power) - u64::from(PARTS);
    let bucket = usize::try_from(u64::from(PARTS * (power + 1)) + part).expect("a small number");
    bucket.min(BUCKETS - 1)
}

/// The longest time of a bucket.
fn last_of(bucket: usize) -> u64 {
    let bucket = u32::try_from(bucket).expect("a small number");
    if bucket < PARTS {
        return bucket.into();
    }
    let power = bucket / PARTS - 1;
    (u64::from(PARTS + bucket % PARTS + 1) << power) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_lies_in_its_bucket_and_buckets_are_narrow() {
        for micros in (0..5000).chain((1..30).map(|power| (1 << power) + 1)) {
            let at = bucket(micros);
            assert!(micros <= last_of(at), "{micros}");
            assert!(at == 0 || last_of(at - 1) < micros, "{micros}");
            assert!(last_of(at) <= micros + micros / 8, "{micros}");
        }
    }

    #[test]
    fn a_share_of_times_is_found_from_below() {
        let times = Histogram::default();
        (1..=100).for_each(|micros| times.record(Duration::from_micros(micros)));
        assert_eq!((times.count(), times.sum_us(), times.count_up_to(7)), (100, 5050, 7));
        assert_eq!((times.permille_us(500), times.permille_us(990), times.permille_us(10)), (51, 103, 1));
    }
}
