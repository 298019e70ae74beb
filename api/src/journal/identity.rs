//! Whose journal it is: the fleet, and the incarnation of its history.

use std::fmt;

/// A fleet, by a hash of what its directory says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FleetId(pub [u8; 32]);

impl fmt::Display for FleetId {
    /// The first eight bytes, in hexadecimal: enough to tell two fleets apart in a message.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0[..8].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The history that a journal continues. A restored backup forgets what came after it, so it begins a new one: revisions and
/// tokens of two incarnations are never mixed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Incarnation(pub u32);

impl Incarnation {
    /// That of a journal that was never restored.
    pub const FIRST: Incarnation = Incarnation(1);

    /// The one that a restored journal has at least.
    #[must_use]
    pub fn next(self) -> Incarnation {
        Incarnation(self.0.saturating_add(1))
    }
}

/// A hash of what gives the grants of a journal their meaning beside the identity of its fleet: capacities, classes, zones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FleetContents(pub [u8; 32]);
