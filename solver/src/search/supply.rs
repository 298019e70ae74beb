//! Capsules that a few tiles may be filled with: so many of each class.

use crate::lowering::index::JobClassIndex;

/// Counts by class, in the order of classes. Few, so that a sorted list beats any tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Supply(Vec<(JobClassIndex, u64)>);

impl Supply {
    /// Nothing of any class.
    pub(super) fn with_room_for(classes: usize) -> Supply {
        Supply(Vec::with_capacity(classes))
    }

    fn position(&self, class: JobClassIndex) -> Result<usize, usize> {
        self.0.binary_search_by_key(&class, |entry| entry.0)
    }

    /// How many there are of a class.
    pub(super) fn of(&self, class: JobClassIndex) -> u64 {
        self.position(class).map_or(0, |at| self.0[at].1)
    }

    /// Adds some of a class.
    pub(super) fn add(&mut self, class: JobClassIndex, count: u64) {
        match self.position(class) {
            Ok(at) => self.0[at].1 += count,
            Err(at) => self.0.insert(at, (class, count)),
        }
    }

    /// Takes some of a class, of which there are as many.
    pub(super) fn take(&mut self, class: JobClassIndex, count: u64) {
        if let Ok(at) = self.position(class) {
            self.0[at].1 -= count;
        }
    }

    /// Forgets the classes of which nothing is left.
    pub(super) fn tidy(&mut self) {
        self.0.retain(|entry| entry.1 > 0);
    }

    /// Every class with how many there are of it.
    pub(super) fn iter(&self) -> impl Iterator<Item = (JobClassIndex, u64)> + '_ {
        self.0.iter().copied()
    }
}
