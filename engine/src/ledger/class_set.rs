//! Sets of tile classes.

use lessor_models::fleet::ClassIndex;

/// A set of tile classes of one fleet, by their positions: bit `c` for class `c`. Classes from the 64th on are in
/// [`ClassSet::ALL`] alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassSet(pub u64);

impl ClassSet {
    /// Every class.
    pub const ALL: ClassSet = ClassSet(u64::MAX);

    /// These classes; all where there are none, and nothing where one of them is beyond the 64th.
    #[must_use]
    pub fn of(classes: &[ClassIndex]) -> Option<ClassSet> {
        if classes.is_empty() {
            return Some(ClassSet::ALL);
        }
        classes.iter().try_fold(0, |set, class| Some(set | 1_u64.checked_shl(class.0)?)).map(ClassSet)
    }

    /// Whether a class is in it.
    #[must_use]
    pub fn has(self, class: ClassIndex) -> bool {
        self == ClassSet::ALL || 1_u64.checked_shl(class.0).is_some_and(|bit| self.0 & bit != 0)
    }

    /// Whether all of it is in another set.
    #[must_use]
    pub fn is_within(self, other: ClassSet) -> bool {
        self.0 & !other.0 == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_it_was_made_of() {
        let set = ClassSet::of(&[ClassIndex(0), ClassIndex(63)]).unwrap();
        assert!(set.has(ClassIndex(0)) && set.has(ClassIndex(63)) && !set.has(ClassIndex(1)));
        assert!(set.is_within(ClassSet::ALL) && !ClassSet::ALL.is_within(set));
    }

    #[test]
    fn no_list_means_every_class_and_a_class_too_many_means_no_set() {
        assert!(ClassSet::of(&[]).unwrap().has(ClassIndex(200)));
        assert_eq!(ClassSet::of(&[ClassIndex(64)]), None);
        assert!(!ClassSet::of(&[ClassIndex(3)]).unwrap().has(ClassIndex(64)));
    }
}
