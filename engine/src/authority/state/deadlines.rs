//! When leases need attention: a heap of instants, each with the version of the wish that put it there.
//!
//! Nothing is canceled: an entry whose version is not its slot's current one is late and means nothing. Late ones are swept
//! out when they are more than half, so that the heap stays within twice what is live.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use lessor_models::time::Timestamp;

/// Fewer late entries than this are not worth a sweep.
const SWEEP_MIN: usize = 1 << 12;

/// The deadlines of all slots; each slot has at most one that is not late.
#[derive(Clone, Debug, Default)]
pub(in crate::authority) struct Deadlines {
    heap: BinaryHeap<Reverse<(Timestamp, u32, u32)>>,
    /// By slot: the version of its current wish, and whether it has one.
    versions: Vec<u32>,
    live: usize,
}

/// Versions are even while a slot waits for nothing.
const fn waits(version: u32) -> bool {
    version % 2 == 1
}

impl Deadlines {
    /// A slot wants attention at an instant, and no longer at the one before. Amortized O(log live), mostly O(1).
    pub(in crate::authority) fn set(&mut self, slot: u32, at: Timestamp) {
        let index = slot as usize;
        if self.versions.len() <= index {
            self.versions.resize(index + 1, 0);
        }
        let version = &mut self.versions[index];
        let was_waiting = waits(*version);
        *version = version.wrapping_add(if was_waiting { 2 } else { 1 });
        self.heap.push(Reverse((at, slot, *version)));
        self.live += usize::from(!was_waiting);
        self.sweep();
        self.drop_late();
    }

    /// A slot wants no attention any more.
    pub(in crate::authority) fn unset(&mut self, slot: u32) {
        if let Some(version) = self.versions.get_mut(slot as usize).filter(|version| waits(**version)) {
            *version = version.wrapping_add(1);
            self.live -= 1;
        }
        self.drop_late();
    }

    /// Drops late entries from the front, so that the first is never late.
    fn drop_late(&mut self) {
        while let Some(Reverse((_, slot, version))) = self.heap.peek()
            && self.versions[*slot as usize] != *version
        {
            self.heap.pop();
        }
    }

    /// The first slot that is due, which then waits no longer.
    pub(in crate::authority) fn pop_due(&mut self, now: Timestamp) -> Option<u32> {
        let &Reverse((at, slot, _)) = self.heap.peek()?;
        if at > now {
            return None;
        }
        self.heap.pop();
        self.unset(slot);
        Some(slot)
    }

    /// When the next deadline comes.
    pub(in crate::authority) fn next(&self) -> Option<Timestamp> {
        self.heap.peek().map(|Reverse((at, ..))| *at)
    }

    fn sweep(&mut self) {
        if self.heap.len() > 2 * self.live + SWEEP_MIN {
            let versions = &self.versions;
            self.heap.retain(|Reverse((_, slot, version))| versions[*slot as usize] == *version);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_that_was_moved_or_dropped_is_never_due() {
        let mut deadlines = Deadlines::default();
        deadlines.set(0, Timestamp(10));
        deadlines.set(1, Timestamp(11));
        deadlines.set(0, Timestamp(20));
        deadlines.unset(1);
        assert_eq!(deadlines.pop_due(Timestamp(19)), None);
        assert_eq!(deadlines.pop_due(Timestamp(20)), Some(0));
        assert_eq!((deadlines.pop_due(Timestamp(99)), deadlines.next()), (None, None));
    }

    #[test]
    fn the_heap_stays_within_twice_what_is_live() {
        let mut deadlines = Deadlines::default();
        for round in 0..100_000 {
            deadlines.set(7, Timestamp(round));
        }
        assert!(deadlines.heap.len() <= 2 + SWEEP_MIN + 1, "{}", deadlines.heap.len());
        assert_eq!(deadlines.pop_due(Timestamp(100_000)), Some(7));
    }
}
