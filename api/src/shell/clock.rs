//! The engine's clock: it goes on where the journal stopped, at the pace of a monotonic clock that counts suspension.

use std::time::Duration;

use lessor_models::time::Timestamp;
use nix::time::{ClockId, clock_gettime};

use crate::process::clock::span;

/// A clock that never goes back, whatever anyone does to the time of day.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EngineClock {
    base: Timestamp,
    started: Duration,
}

impl EngineClock {
    /// A clock that stands at an instant now.
    pub(super) fn from(base: Timestamp) -> EngineClock {
        EngineClock::set(base, since_boot())
    }

    /// A clock that stands at an instant when the machine has been up for so long.
    pub(crate) fn set(base: Timestamp, since_boot: Duration) -> EngineClock {
        EngineClock { base, started: since_boot }
    }

    /// The instant when the machine has been up for so long.
    pub(crate) fn at(&self, since_boot: Duration) -> Timestamp {
        self.base.after(span(since_boot.saturating_sub(self.started)))
    }

    /// The instant. Never earlier than an instant that it gave before.
    pub(super) fn now(&self) -> Timestamp {
        self.at(since_boot())
    }

    /// How long it is until an instant; zero where it has passed.
    pub(super) fn until(&self, instant: Timestamp) -> Duration {
        Duration::from_micros(instant.since(self.now()).0)
    }
}

fn since_boot() -> Duration {
    let time = clock_gettime(ClockId::CLOCK_BOOTTIME).expect("the kernel has had this clock since 2011");
    Duration::from(time)
}

#[cfg(test)]
mod tests {
    use lessor_models::time::Span;

    use super::*;

    #[test]
    fn the_clock_goes_on_from_where_it_was_set_and_never_back() {
        let clock = EngineClock::from(Timestamp(5_000_000));
        let mut last = Timestamp(5_000_000);
        for _ in 0..1000 {
            let now = clock.now();
            assert!(now >= last);
            last = now;
        }
        assert_eq!(clock.until(last), Duration::ZERO);
        assert!(clock.until(last.after(Span(60_000_000))) > Duration::from_secs(50));
    }
}
