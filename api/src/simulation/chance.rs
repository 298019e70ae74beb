//! Every choice of a simulated world, from one seed.

use std::ops::Range;
use std::time::Duration;

use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// A stream of choices.
#[derive(Clone, Debug)]
pub(super) struct Chance(Pcg64Mcg);

impl Chance {
    /// The stream of a seed.
    pub(super) fn of(seed: u64) -> Chance {
        Chance(Pcg64Mcg::seed_from_u64(seed))
    }

    /// A stream for a part of the world, so that its choices do not depend on how many others choose between them.
    pub(super) fn part(&mut self) -> Chance {
        Chance::of(self.0.random())
    }

    /// A seed for something that has a stream of its own.
    pub(super) fn seed(&mut self) -> u64 {
        self.0.random()
    }

    /// A number in a range that is not empty.
    pub(super) fn within(&mut self, range: Range<u64>) -> u64 {
        self.0.random_range(range)
    }

    /// A length of time in a range of milliseconds, to the microsecond.
    pub(super) fn millis(&mut self, range: Range<u64>) -> Duration {
        Duration::from_micros(self.within(range.start * 1_000..range.end * 1_000))
    }

    /// Whether something happens that does so many times in a thousand.
    pub(super) fn happens(&mut self, permille: u64) -> bool {
        self.within(0..1_000) < permille
    }

    /// A position in something of a length, none where it is empty.
    pub(super) fn position(&mut self, length: usize) -> Option<usize> {
        (length > 0).then(|| self.0.random_range(0..length))
    }
}
