//! What the program has rows for, and what it counts.

use lessor_models::resources::Kind;
use lessor_models::time::Timestamp;

use super::timeline::Window;
use crate::lowering::index::JobClassIndex;

/// Where a price stands: a merged group's tiles or a merged account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// Every tile of a merged group.
    Tiles(usize),
    /// Every account merged.
    Account(usize),
}

/// A row of capacity: where, of which kind, in which window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Budget {
    /// Whose.
    pub place: Place,
    /// Of which kind.
    pub kind: Kind,
    /// When.
    pub window: Window,
}

/// Capsules of one class that the program gives one merged group and start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Count {
    /// The class.
    pub class: JobClassIndex,
    /// The merged group.
    pub group: usize,
    /// When they start.
    pub start: Timestamp,
    /// How many, not necessarily whole.
    pub capsules: f64,
}
