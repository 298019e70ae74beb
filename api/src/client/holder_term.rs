//! Until when a holder may use what it holds, by its own clock.
//!
//! As a function: what was granted or renewed by one call may be used until the call's *first* sending, plus what the lessor
//! says was left of the term when it decided, less the guard band. The lessor decides after the call was sent, so delay, lost
//! answers and repeats only shorten use. The band covers pauses; the lessor waits for what the clocks differ by.

use std::time::Duration;

use super::boot_clock::BootInstant;

/// The least time to the stop in which a renewal is still tried.
const RENEWABLE_MIN: Duration = Duration::from_millis(10);

/// What the lessor says about a term: how much was left of it when it decided, and the margin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TermLeft {
    /// From the decision to the end.
    pub left: Duration,
    /// The guard band.
    pub band: Duration,
}

/// The part of a term that a holder may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HolderTerm {
    from: BootInstant,
    stop: BootInstant,
}

impl HolderTerm {
    /// What a grant allows whose request was first sent at an instant.
    #[must_use]
    pub fn granted(first_sent: BootInstant, term: TermLeft) -> HolderTerm {
        HolderTerm { from: first_sent, stop: first_sent.after(term.left.saturating_sub(term.band)) }
    }

    /// What a renewal allows that was first sent at an instant and whose answer came at another. A renewal that comes after
    /// the holder has stopped is worth nothing: what is protected may be somebody else's by then.
    #[must_use]
    pub fn renewed(self, first_sent: BootInstant, answered: BootInstant, term: TermLeft) -> Option<HolderTerm> {
        if answered >= self.stop {
            return None;
        }
        let renewed = HolderTerm::granted(first_sent, term);
        // An earlier end is the lessor's mistake; the later of two promises holds.
        Some(if renewed.stop > self.stop { renewed } else { self })
    }

    /// The same term where the lessor ends it so much earlier.
    #[must_use]
    pub fn shortened(self, by: Duration) -> HolderTerm {
        HolderTerm { stop: self.stop.before(by), ..self }
    }

    /// The holder stops using what it holds at this instant.
    #[must_use]
    pub fn stop(self) -> BootInstant {
        self.stop
    }

    /// Whether the holder may still use what it holds.
    #[must_use]
    pub fn is_open(self, now: BootInstant) -> bool {
        now < self.stop
    }

    /// How much of the term is spent by an instant.
    #[must_use]
    pub fn spent(self, now: BootInstant) -> Duration {
        self.from.until(now)
    }

    /// What is left of the same term at an instant; `None` where nothing is.
    #[must_use]
    pub fn from(self, now: BootInstant) -> Option<HolderTerm> {
        self.is_open(now).then_some(HolderTerm { from: now, stop: self.stop })
    }

    /// When to ask for more: half way to the stop, unless that is so near that there is no point.
    #[must_use]
    pub fn renew_at(self) -> BootInstant {
        let half = self.from.until(self.stop) / 2;
        if half < RENEWABLE_MIN { self.stop } else { self.from.after(half) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(at: u64) -> BootInstant {
        BootInstant::at(Duration::from_secs(at))
    }

    /// So many seconds left, with a band of one.
    fn left(seconds: u64) -> TermLeft {
        TermLeft { left: Duration::from_secs(seconds), band: Duration::from_secs(1) }
    }

    #[test]
    fn a_term_counts_from_the_first_sending_and_ends_a_band_early() {
        // Sent at 100, answered whenever: 10 s less the band of 1 s.
        let term = HolderTerm::granted(second(100), left(10));
        assert_eq!((term.stop(), term.renew_at()), (second(109), BootInstant::at(Duration::from_millis(104_500))));
        assert_eq!((term.is_open(second(108)), term.is_open(second(109))), (true, false));
    }

    #[test]
    fn a_renewal_counts_from_its_own_first_sending() {
        let term = HolderTerm::granted(second(100), left(10));
        assert_eq!(term.renewed(second(105), second(108), left(20)).map(HolderTerm::stop), Some(second(124)));
    }

    #[test]
    fn a_renewal_that_comes_after_the_stop_is_worth_nothing() {
        let term = HolderTerm::granted(second(100), left(10));
        assert_eq!(term.renewed(second(105), second(109), left(20)), None);
    }

    #[test]
    fn a_renewal_never_shortens_what_was_promised() {
        let term = HolderTerm::granted(second(100), left(10));
        assert_eq!(term.renewed(second(101), second(102), left(3)), Some(term));
    }

    #[test]
    fn a_term_that_is_ended_earlier_stops_as_much_earlier() {
        let term = HolderTerm::granted(second(100), left(10)).shortened(Duration::from_secs(4));
        assert_eq!((term.stop(), term.is_open(second(105))), (second(105), false));
    }

    #[test]
    fn a_term_within_its_band_allows_nothing() {
        assert!(!HolderTerm::granted(second(100), left(1)).is_open(second(100)));
    }
}
