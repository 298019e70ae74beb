//! The clock of one simulated machine: it runs at a rate of its own, and goes on while its machine is paused or down.

use std::time::Duration;

const MILLION: i64 = 1_000_000;

/// A clock that gains or loses at a constant rate. True time is counted from the beginning of the world, when every clock showed
/// zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DriftingClock {
    /// Microseconds that it gains in a true second; below zero it loses.
    pub(super) gain_ppm: i64,
}

impl DriftingClock {
    /// What it shows at a true time.
    pub(super) fn shows(self, at: Duration) -> Duration {
        scaled(at, self.rate(), MILLION)
    }

    /// The first true time at which it shows as much.
    pub(super) fn when(self, shown: Duration) -> Duration {
        let at = scaled(shown, MILLION, self.rate());
        if self.shows(at) < shown { at + Duration::from_nanos(2) } else { at }
    }

    fn rate(self) -> i64 {
        MILLION + self.gain_ppm
    }
}

fn scaled(time: Duration, by: i64, over: i64) -> Duration {
    let (by, over) = (u128::from(by.unsigned_abs()), u128::from(over.unsigned_abs()));
    Duration::from_nanos(u64::try_from(time.as_nanos() * by / over).expect("a world lasts less than five centuries"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_loses_a_hundredth_shows_99_seconds_after_100() {
        let clock = DriftingClock { gain_ppm: -10_000 };
        assert_eq!(clock.shows(Duration::from_secs(100)), Duration::from_secs(99));
        assert_eq!(clock.when(Duration::from_secs(99)), Duration::from_secs(100));
    }

    #[test]
    fn when_is_never_before_the_clock_shows_it() {
        for gain_ppm in [-200_000, -9_999, -1, 0, 1, 777, 200_000] {
            let clock = DriftingClock { gain_ppm };
            for micros in [0, 1, 3, 1_000_003, 3_600_000_001] {
                let shown = Duration::from_micros(micros);
                assert!(clock.shows(clock.when(shown)) >= shown, "{gain_ppm} {micros}");
            }
        }
    }
}
