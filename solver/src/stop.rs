//! When long work ends: a flag that the shell raises, and a budget of work that needs no clock.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Shared by the shell, which raises the flag at the deadline, and the solver, which asks between moves.
#[derive(Debug, Default)]
pub struct Stop {
    raised: AtomicBool,
    spent: AtomicU64,
    /// The bits of a float.
    progress: AtomicU64,
}

impl Stop {
    /// A flag that is down.
    #[must_use]
    pub fn new() -> Stop {
        Stop::default()
    }

    /// Raises the flag: whoever asks next returns what it has.
    pub fn raise(&self) {
        self.raised.store(true, Ordering::Relaxed);
    }

    /// Whether the flag is up.
    #[must_use]
    pub fn is_raised(&self) -> bool {
        self.raised.load(Ordering::Relaxed)
    }

    /// Tells which share of the time until the flag goes up is over, from 0 to 1.
    pub fn tell_progress(&self, share: f64) {
        self.progress.store(share.to_bits(), Ordering::Relaxed);
    }

    /// The share of the time that is over, as the shell told last; 0 where it tells nothing.
    #[must_use]
    pub fn progress(&self) -> f64 {
        f64::from_bits(self.progress.load(Ordering::Relaxed))
    }

    /// Counts work done: local-search moves and simplex iterations. For progress; never decides anything.
    pub fn spend(&self, work: u64) {
        self.spent.fetch_add(work, Ordering::Relaxed);
    }

    /// The work counted so far.
    #[must_use]
    pub fn spent(&self) -> u64 {
        self.spent.load(Ordering::Relaxed)
    }
}
