//! When long work ends: a flag that the shell raises, and a budget of work that needs no clock.
//!
//! Work that ends by its budget has come to the same point on every machine, as long as whatever was cut short is thrown away:
//! threads add to one count, so that which of them sees its end first is left to chance.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Shared by the shell, which raises the flag at the deadline, and the solver, which asks between moves.
#[derive(Debug)]
pub struct Stop {
    raised: AtomicBool,
    spent: AtomicU64,
    /// The count of work at which the budget is used up.
    allowed: AtomicU64,
    /// The bits of a float.
    progress: AtomicU64,
}

impl Default for Stop {
    fn default() -> Stop {
        Stop::new()
    }
}

impl Stop {
    /// A flag that is down, and a budget without an end.
    #[must_use]
    pub fn new() -> Stop {
        Stop {
            raised: AtomicBool::new(false),
            spent: AtomicU64::new(0),
            allowed: AtomicU64::new(u64::MAX),
            progress: AtomicU64::new(0),
        }
    }

    /// Raises the flag: whoever asks next returns what it has.
    pub fn raise(&self) {
        self.raised.store(true, Ordering::Relaxed);
    }

    /// Whether work is to end: the flag is up, or the budget is used up.
    #[must_use]
    pub fn is_raised(&self) -> bool {
        self.raised.load(Ordering::Relaxed) || self.is_used_up()
    }

    /// Sets the budget: so much work from now on.
    pub fn allow(&self, work: u64) {
        self.allowed.store(self.spent().saturating_add(work), Ordering::Relaxed);
    }

    /// Whether all the work that was allowed is done.
    #[must_use]
    pub fn is_used_up(&self) -> bool {
        self.spent() >= self.allowed.load(Ordering::Relaxed)
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

    /// Counts work done: local-search moves, simplex iterations, steps of a search. Decides something only where a budget is set.
    pub fn spend(&self, work: u64) {
        self.spent.fetch_add(work, Ordering::Relaxed);
    }

    /// The work counted so far.
    #[must_use]
    pub fn spent(&self) -> u64 {
        self.spent.load(Ordering::Relaxed)
    }
}
