//! Zones: what cuts across the tree.

use crate::resources::Resources;
use crate::time::Timestamp;

/// A zone's position in its fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ZoneIndex(pub u32);

impl ZoneIndex {
    /// The position as an array index.
    #[must_use]
    #[inline]
    pub const fn at(self) -> usize {
        self.0 as usize
    }
}

/// What a zone's members share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ZoneKind {
    /// An electrical feed.
    PowerFeed,
    /// A power beam with windows.
    Beam,
    /// A cooling loop with one radiator.
    RadiatorLoop,
    /// A link that carries its members' uplink traffic.
    OpticalLink,
    /// Nodes that fail together.
    FailureDomain,
}

impl ZoneKind {
    /// Every kind, in table order.
    pub const ALL: [ZoneKind; 5] =
        [ZoneKind::PowerFeed, ZoneKind::Beam, ZoneKind::RadiatorLoop, ZoneKind::OpticalLink, ZoneKind::FailureDomain];

    /// The name used in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            ZoneKind::PowerFeed => "power_feed",
            ZoneKind::Beam => "beam",
            ZoneKind::RadiatorLoop => "radiator_loop",
            ZoneKind::OpticalLink => "optical_link",
            ZoneKind::FailureDomain => "failure_domain",
        }
    }

    /// The kind of that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<ZoneKind> {
        ZoneKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// One zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// What its members share.
    pub kind: ZoneKind,
    /// What they may use together; [`UNLIMITED`] where the zone does not limit.
    pub capacity: Resources,
    /// Price of energy in the zone, in micro-credits per kilowatt-hour, where it has one; before its first change, where it
    /// changes.
    pub energy_price: Option<u64>,
}

/// How what energy costs and emits in a zone changes over time.
///
/// Before its first change a price is the zone's own and, where the zone states none, that of the first change; what energy
/// emits is that of the first change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TariffSteps {
    /// Prices from an instant on, in micro-credits per kilowatt-hour.
    pub energy_price: Vec<(Timestamp, u64)>,
    /// Carbon dioxide from an instant on, in milligrams per kilowatt-hour.
    pub carbon: Vec<(Timestamp, u64)>,
}
