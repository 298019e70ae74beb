//! The clock: seconds since the process began, and the time of day for the record.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use lessor_models::time::Span;

/// When the process began.
#[derive(Clone, Copy, Debug)]
pub struct ProcessClock {
    started: Instant,
}

impl ProcessClock {
    /// Starts the clock: the first thing that `main` does.
    #[must_use]
    pub fn start() -> ProcessClock {
        ProcessClock { started: Instant::now() }
    }

    /// Seconds since the process began.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    /// The instant that lies a duration after the process began.
    #[must_use]
    pub fn instant_after(&self, duration: Duration) -> Option<Instant> {
        self.started.checked_add(duration)
    }

    /// How long ago the process began.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

/// Microseconds since 1970-01-01 UTC by the machine's clock; zero where that is set before then.
pub(crate) fn unix_micros() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// A duration in the microseconds of the models; the longest one where it is longer.
pub(crate) fn span(time: Duration) -> Span {
    Span(u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
}
