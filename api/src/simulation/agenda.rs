//! What will happen, in order of true time.

use std::collections::BTreeMap;
use std::time::Duration;

/// Things to come. Those of one instant come in the order in which they were put in, so that a seed is one history.
#[derive(Debug)]
pub(super) struct Agenda<T> {
    entries: BTreeMap<(Duration, u64), T>,
    next: u64,
}

impl<T> Agenda<T> {
    /// An empty one.
    pub(super) fn new() -> Agenda<T> {
        Agenda { entries: BTreeMap::new(), next: 0 }
    }

    /// Puts something in.
    pub(super) fn put(&mut self, at: Duration, what: T) {
        self.entries.insert((at, self.next), what);
        self.next += 1;
    }

    /// The first thing, unless it comes later than an instant.
    pub(super) fn take(&mut self, until: Duration) -> Option<(Duration, T)> {
        let first = self.entries.first_entry().filter(|first| first.key().0 <= until)?;
        let ((at, _), what) = first.remove_entry();
        Some((at, what))
    }
}
