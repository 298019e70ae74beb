//! Devices that a lease asks for.

use lessor_models::tile_class::DEVICE_MILLI;

/// Devices asked for, or none: so many distinct ones, and so much of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Devices {
    /// How many distinct devices of one tile.
    pub count: u8,
    /// How much of each, in milli-devices; 1 to 1,000 where there are any, else 0.
    pub milli: u16,
}

impl Devices {
    /// No device.
    pub const NONE: Devices = Devices { count: 0, milli: 0 };

    /// Milli-devices in all.
    #[must_use]
    pub fn total(self) -> u64 {
        u64::from(self.count) * u64::from(self.milli)
    }

    /// Whether the numbers make sense together.
    #[must_use]
    pub fn is_valid(self) -> bool {
        if self.count == 0 { self.milli == 0 } else { (1..=DEVICE_MILLI).contains(&self.milli) }
    }
}
