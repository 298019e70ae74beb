//! What a request wants of a tile.

use lessor_models::resources::{Kind, Resources};

use crate::ledger::{ClassSet, Devices};

/// What one lease wants of a tile. Wants that are equal are of one sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Want {
    /// What it draws from the tile's accounts; of accelerators, what its devices come to.
    pub draw: Resources,
    /// Devices of the tile.
    pub devices: Devices,
    /// Tile classes that it may lie on.
    pub classes: ClassSet,
}

impl Want {
    /// A want that may lie anywhere. What it draws of accelerators is that of its devices.
    #[must_use]
    pub fn anywhere(draw: Resources, devices: Devices) -> Want {
        let draw = draw.with(Kind::Accelerator, devices.total());
        Want { draw, devices, classes: ClassSet::ALL }
    }
}
