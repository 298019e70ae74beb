//! What stands in the way at one tile, in one word: kinds that the tile lacks and rules that forbid it.

use lessor_models::plan::{Blocker, Rule};
use lessor_models::resources::Kind;

/// A set of tile kinds and rules, a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Mask(u32);

impl Mask {
    /// The set with one kind of the tiles.
    pub(super) const fn tiles(kind: Kind) -> Mask {
        Mask(1 << kind.index())
    }

    /// The set with one rule.
    pub(super) const fn rule(rule: Rule) -> Mask {
        Mask(1 << (Kind::COUNT + rule as usize))
    }

    /// The set of kinds with one bit each, in vector order.
    pub(super) fn kinds(bits: u8) -> Mask {
        Mask(u32::from(bits))
    }

    /// What is in either set.
    pub(super) const fn with(self, other: Mask) -> Mask {
        Mask(self.0 | other.0)
    }

    /// What is in this set and not in the other.
    pub(super) const fn without(self, other: Mask) -> Mask {
        Mask(self.0 & !other.0)
    }

    /// This set where the condition holds, nothing where it does not.
    pub(super) const fn when(self, condition: bool) -> Mask {
        if condition { self } else { Mask(0) }
    }

    /// Whether every member of the other set is in this one.
    pub(super) const fn contains(self, other: Mask) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether the sets share a member.
    pub(super) const fn meets(self, other: Mask) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) const fn is_single(self) -> bool {
        self.0.is_power_of_two()
    }

    /// The members, in the order of [`Blocker`].
    pub(super) fn blockers(self) -> impl Iterator<Item = Blocker> {
        let kinds = Kind::ALL.into_iter().filter(move |&kind| self.contains(Mask::tiles(kind)));
        let rules = Rule::ALL.into_iter().filter(move |&rule| self.contains(Mask::rule(rule)));
        kinds.map(|kind| Blocker::Tiles { kind }).chain(rules.map(Blocker::Rule))
    }
}
