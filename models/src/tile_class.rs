//! What tiles of one class have in common: energy, heat, speed, faults, temperature.

use crate::resources::AMOUNT_MAX;

/// What kind of operations a capsule mostly executes; joules per operation differ by it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OperationType {
    /// Branching integer code.
    #[default]
    Scalar,
    /// Wide vector code.
    Vector,
    /// Dense matrix code.
    Matrix,
}

impl OperationType {
    /// How many types there are.
    pub const COUNT: usize = 3;

    /// Every type, in table order.
    pub const ALL: [OperationType; OperationType::COUNT] =
        [OperationType::Scalar, OperationType::Vector, OperationType::Matrix];

    /// The name used in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            OperationType::Scalar => "scalar",
            OperationType::Vector => "vector",
            OperationType::Matrix => "matrix",
        }
    }

    /// The type of that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<OperationType> {
        OperationType::ALL.into_iter().find(|operation| operation.name() == name)
    }
}

/// A closed range of temperatures in millikelvin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Band {
    /// The coldest.
    pub low_mk: u32,
    /// The hottest.
    pub high_mk: u32,
}

impl Band {
    /// Whether the other band lies wholly inside this one.
    #[must_use]
    pub fn contains(&self, other: &Band) -> bool {
        self.low_mk <= other.low_mk && other.high_mk <= self.high_mk
    }
}

/// A radiating surface and the flux that it may carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Radiator {
    /// Area in square centimeters.
    pub area_cm2: u64,
    /// Greatest heat flux in milliwatts per square meter.
    pub flux_max_mw_per_m2: u64,
}

impl Radiator {
    /// The heat limit that flux and area imply, in milliwatts, rounded down.
    #[must_use]
    pub fn heat_mw(&self) -> u64 {
        let product = u128::from(self.area_cm2) * u128::from(self.flux_max_mw_per_m2) / 10_000;
        u64::try_from(product).unwrap_or(u64::MAX).min(AMOUNT_MAX)
    }
}

/// Tiles with the same descriptor, energy model and temperature band.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileClass {
    /// The class's name, such as a device model.
    pub name: String,
    /// Temperatures at which these tiles run.
    pub band: Band,
    /// Dynamic energy per million operations by [`OperationType`], in microjoules.
    pub energy_uj_per_mop: [u64; OperationType::COUNT],
    /// Dynamic power of one whole device in use, in milliwatts.
    pub device_power_mw: u64,
    /// Power that a tile draws with nothing placed on it, in milliwatts: a standing commitment.
    pub idle_power_mw: u64,
    /// Heat rejected per power drawn, in thousandths.
    pub heat_permille: u32,
    /// Devices on one tile, each of 1,000 milli; at most 64.
    pub devices: u8,
    /// Speed against the reference tile, in thousandths; above zero.
    pub rate_permille: u32,
    /// Faults of one tile in 10^9 hours.
    pub faults_per_gigahour: u64,
    /// The tile's own radiator, where it limits heat.
    pub radiator: Option<Radiator>,
}

impl TileClass {
    /// A class of reference speed, between 280 and 320 kelvin, that draws and rejects nothing, has no devices and never
    /// fails: what an instance fills in from.
    #[must_use]
    pub fn plain(name: &str) -> TileClass {
        TileClass {
            name: name.into(),
            band: Band { low_mk: 280_000, high_mk: 320_000 },
            energy_uj_per_mop: [0; OperationType::COUNT],
            device_power_mw: 0,
            idle_power_mw: 0,
            heat_permille: 0,
            devices: 0,
            rate_permille: 1_000,
            faults_per_gigahour: 0,
            radiator: None,
        }
    }
}

/// The most devices that one tile may carry: one bit each in a placement's mask.
pub const DEVICES_MAX: u8 = 64;

/// What one whole device holds, in milli-devices.
pub const DEVICE_MILLI: u16 = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flux_times_area_limits_heat() {
        // 2 m^2 at 350 W/m^2 reject 700 W.
        let radiator = Radiator { area_cm2: 20_000, flux_max_mw_per_m2: 350_000 };
        assert_eq!(radiator.heat_mw(), 700_000);
    }
}
