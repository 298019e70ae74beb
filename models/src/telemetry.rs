//! What sensors say.

use crate::fleet::NodeIndex;
use crate::time::Timestamp;

/// The coldest reading believed, in millikelvin: lower ones are in another unit.
pub const COLDEST_MK: u32 = 1_000;

/// Whole use, in thousandths.
pub const WHOLE_PERMILLE: u16 = 1_000;

/// One row of telemetry: what a tile's sensors said at an instant. A sensor that is missing or gave nonsense is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The tile.
    pub tile: NodeIndex,
    /// When it was taken; the edge refuses instants that have not come yet.
    pub at: Timestamp,
    /// Power drawn, in milliwatts.
    pub power_mw: Option<u64>,
    /// Temperature, in millikelvin, at least [`COLDEST_MK`].
    pub temperature_mk: Option<u32>,
    /// Use of the tile, in thousandths, at most [`WHOLE_PERMILLE`]. It limits nothing: a lease holds its share whether it is used
    /// or not.
    pub utilization_permille: Option<u16>,
    /// Memory in use, in bytes. It limits nothing either.
    pub memory_bytes: Option<u64>,
    /// Errors since the sample before of the same tile.
    pub error_count: Option<u64>,
    /// Whether the tile's uplink is up.
    pub link_up: Option<bool>,
}

impl Sample {
    /// A sample in which no sensor spoke.
    #[must_use]
    pub fn silent(tile: NodeIndex, at: Timestamp) -> Sample {
        Sample {
            tile,
            at,
            power_mw: None,
            temperature_mk: None,
            utilization_permille: None,
            memory_bytes: None,
            error_count: None,
            link_up: None,
        }
    }
}
