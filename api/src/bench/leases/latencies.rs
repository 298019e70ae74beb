//! Times of calls, and what they come to.

use std::time::Duration;

/// Times of calls, in microseconds.
#[derive(Clone, Debug, Default)]
pub(super) struct Latencies(Vec<u32>);

impl Latencies {
    /// Takes in one time; those beyond an hour count as that.
    pub(super) fn push(&mut self, time: Duration) {
        self.0.push(u32::try_from(time.as_micros()).unwrap_or(u32::MAX));
    }

    /// Takes in all times of another.
    pub(super) fn join(&mut self, other: Latencies) {
        self.0.extend(other.0);
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// The time that so many thousandths of the calls do not exceed, in milliseconds: the nearest rank. Zero without calls.
    pub(super) fn at_permille(&mut self, permille: usize) -> f64 {
        self.0.sort_unstable();
        let rank = (self.0.len() * permille).div_ceil(1_000).max(1);
        self.0.get(rank - 1).map_or(0.0, |&micros| f64::from(micros) / 1_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_the_calls_is_at_most_its_time() {
        let mut times = Latencies::default();
        (1..=100).rev().for_each(|millis| times.push(Duration::from_millis(millis)));
        let found = [500, 990, 1_000].map(|permille| times.at_permille(permille).to_bits());
        assert_eq!(found, [50.0, 99.0, 100.0].map(f64::to_bits));
        assert_eq!(Latencies::default().at_permille(990).to_bits(), 0);
    }
}
