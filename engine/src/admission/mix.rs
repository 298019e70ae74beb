//! What has been asked for so far.

use std::collections::BTreeMap;

use super::want::Want;

/// Requests heard before the first review.
const FIRST_REVIEW: u64 = 20;

/// Once so many requests are remembered, half of them fade: a mix that changes is followed, and counts stay small.
const MEMORY: u64 = 1 << 16;

/// How often each sort of want came.
#[derive(Clone, Debug, Default)]
pub(super) struct Mix {
    counts: BTreeMap<Want, u64>,
    asks: u64,
    reviewed: u64,
}

impl Mix {
    /// Remembers a want. Whether it is time to look at the mix again: whenever it has grown by half.
    pub(super) fn hear(&mut self, want: &Want) -> bool {
        *self.counts.entry(*want).or_default() += 1;
        self.asks += 1;
        if self.asks >= MEMORY {
            self.counts.values_mut().for_each(|count| *count /= 2);
            self.counts.retain(|_, count| *count > 0);
            self.asks = self.counts.values().sum();
            self.reviewed = self.asks;
            return true;
        }
        let is_due = self.asks >= FIRST_REVIEW && self.asks >= self.reviewed + self.reviewed / 2;
        if is_due {
            self.reviewed = self.asks;
        }
        is_due
    }

    /// Every sort and how often it came, in a fixed order.
    pub(super) fn sorts(&self) -> impl Iterator<Item = (&Want, u64)> {
        self.counts.iter().map(|(want, &count)| (want, count))
    }

    /// How many sorts are remembered.
    pub(super) fn len(&self) -> usize {
        self.counts.len()
    }

    /// How many requests are remembered.
    pub(super) fn asks(&self) -> u64 {
        self.asks
    }
}
