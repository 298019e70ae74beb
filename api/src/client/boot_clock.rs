//! The clock by which a holder counts a term: it goes on while the machine sleeps, and no one can set it.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// An instant of the clock that counts suspension: `CLOCK_BOOTTIME`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BootInstant(Duration);

impl BootInstant {
    /// Now.
    #[must_use]
    pub fn now() -> BootInstant {
        let time = clock_gettime(ClockId::CLOCK_BOOTTIME).expect("the kernel has had this clock since 2011");
        BootInstant(Duration::from(time))
    }

    /// The instant so much later, or the end of time.
    #[must_use]
    pub fn after(self, span: Duration) -> BootInstant {
        BootInstant(self.0.saturating_add(span))
    }

    /// The instant so much earlier, or the machine's start.
    #[must_use]
    pub fn before(self, span: Duration) -> BootInstant {
        BootInstant(self.0.saturating_sub(span))
    }

    /// How long until then; zero when it has passed.
    #[must_use]
    pub fn until(self, later: BootInstant) -> Duration {
        later.0.saturating_sub(self.0)
    }

    /// How long after the machine's start it is.
    pub(crate) const fn since_boot(self) -> Duration {
        self.0
    }

    /// An instant so long after the machine's start, for tests and simulations of what depends on time.
    pub(crate) const fn at(since_boot: Duration) -> BootInstant {
        BootInstant(since_boot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_never_goes_back() {
        let first = BootInstant::now();
        assert!(first <= BootInstant::now());
    }

    #[test]
    fn what_has_passed_is_no_time_away() {
        let now = BootInstant::at(Duration::from_secs(5));
        assert_eq!(now.until(now.after(Duration::from_secs(2))), Duration::from_secs(2));
        assert_eq!(now.after(Duration::from_secs(2)).until(now), Duration::ZERO);
    }
}
