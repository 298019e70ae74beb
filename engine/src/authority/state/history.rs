//! The last changes, without a gap, for watches that resume.

use std::collections::VecDeque;

use lessor_models::time::Timestamp;
use thiserror::Error;

use crate::authority::vocabulary::effect::Change;
use crate::authority::vocabulary::lease::{Lease, Revision};

/// A revision from which a watch cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "revision {asked} is out of range: watches resume from {oldest} to {latest}; list leases and resume from {latest}"
)]
pub struct OutOfRange {
    /// What was asked.
    pub asked: Revision,
    /// The oldest revision after which every change is still kept.
    pub oldest: Revision,
    /// The revision of the last change: a list that is read now is a snapshot at it.
    pub latest: Revision,
}

/// The changes.
#[derive(Clone, Debug)]
pub(in crate::authority) struct History {
    latest: Revision,
    kept: VecDeque<Change>,
}

impl History {
    pub(in crate::authority) fn new(latest: Revision) -> History {
        History { latest, kept: VecDeque::new() }
    }

    /// The last changes, at most so many, in order.
    pub(in crate::authority) fn tail(&self, most: usize) -> Vec<Change> {
        self.kept.iter().skip(self.kept.len().saturating_sub(most)).copied().collect()
    }

    /// Takes in changes as a snapshot has them, those of one history in order; keeps the last, at most so many.
    pub(in crate::authority) fn refill(&mut self, changes: Vec<Change>, most: u32) {
        self.kept.extend(changes);
        self.kept.drain(..self.kept.len().saturating_sub(most as usize));
    }

    /// Whether the changes kept are those up to the last one, without a gap. O(changes).
    pub(in crate::authority) fn is_whole(&self) -> bool {
        let Revision { incarnation, number } = self.latest;
        let numbers = (0..=number).rev();
        self.kept.len() as u64 <= number
            && self
                .kept
                .iter()
                .rev()
                .zip(numbers)
                .all(|(change, number)| change.revision == Revision { incarnation, number })
    }

    pub(in crate::authority) fn latest(&self) -> Revision {
        self.latest
    }

    /// A lease changed: gives the change its revision, and keeps at most so many.
    pub(in crate::authority) fn push(&mut self, at: Timestamp, lease: &Lease, most: u32) -> Change {
        self.latest.number += 1;
        let change = Change { revision: self.latest, at, lease: *lease };
        if self.kept.len() >= most as usize {
            self.kept.pop_front();
        }
        self.kept.push_back(change);
        change
    }

    /// Every change after a revision. O(1), then O(1) a change.
    pub(in crate::authority) fn after(
        &self,
        asked: Revision,
    ) -> Result<impl Iterator<Item = &Change> + use<'_>, OutOfRange> {
        let oldest = Revision { number: self.latest.number - self.kept.len() as u64, ..self.latest };
        if asked.incarnation != self.latest.incarnation || asked < oldest || asked > self.latest {
            return Err(OutOfRange { asked, oldest, latest: self.latest });
        }
        let skipped = usize::try_from(asked.number - oldest.number).expect("no more than are kept");
        Ok(self.kept.iter().skip(skipped))
    }
}
