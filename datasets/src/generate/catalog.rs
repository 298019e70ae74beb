//! The tile classes of each family, and the archetypes that cells are built from.

use lessor_models::resources::{Kind, Resources};
use lessor_models::tile_class::{Band, DEVICE_MILLI, OperationType, Radiator, TileClass};

use super::scenario::Family;

const GIB: u64 = 1 << 30;
const GIGA: u64 = 1_000_000_000;

/// A tile class with what one tile of it can give.
#[derive(Clone, Debug)]
pub(super) struct Model {
    pub(super) class: TileClass,
    pub(super) capacity: Resources,
}

/// Mix of tile classes in one kind of cell, in thousandths of its tiles, in the order of the family's models.
#[derive(Clone, Copy, Debug)]
pub(super) struct Archetype {
    /// How many cells in a thousand are built this way.
    pub(super) share_permille: u64,
    pub(super) mix_permille: &'static [u64],
}

/// The data sheet of a tile class, in the units that data sheets use.
struct Sheet {
    name: &'static str,
    compute_gops: u64,
    memory_gib: u64,
    bandwidth_gbps: u64,
    storage_gb: u64,
    reversible_gops: u64,
    /// Microjoules per million operations, scalar, vector and matrix.
    energy_uj_per_mop: [u64; OperationType::COUNT],
    devices: u8,
    device_w: u64,
    idle_w: u64,
    /// Power limit of the tile against what all its parts draw at full scalar load, in thousandths.
    power_permille: u64,
    band_k: (u32, u32),
    faults_per_gigahour: u64,
    rate_permille: u32,
    radiator: Option<Radiator>,
}

/// A server of today, as the base of every sheet.
const PLAIN: Sheet = Sheet {
    name: "general",
    compute_gops: 640,
    memory_gib: 256,
    bandwidth_gbps: 25,
    storage_gb: 8_000,
    reversible_gops: 0,
    energy_uj_per_mop: [500, 320, 210],
    devices: 0,
    device_w: 0,
    idle_w: 90,
    power_permille: 1_000,
    band_k: (288, 318),
    faults_per_gigahour: 30_000,
    rate_permille: 1_000,
    radiator: None,
};

/// Classes of the families without whole devices: plain, much memory, devices, and cold with reversible compute.
fn common() -> [Sheet; 4] {
    [
        PLAIN,
        Sheet {
            name: "memory",
            compute_gops: 480,
            memory_gib: 512,
            storage_gb: 16_000,
            energy_uj_per_mop: [550, 350, 240],
            idle_w: 130,
            ..PLAIN
        },
        Sheet {
            name: "accelerated",
            compute_gops: 960,
            memory_gib: 384,
            bandwidth_gbps: 32,
            energy_uj_per_mop: [450, 280, 130],
            devices: 4,
            device_w: 350,
            idle_w: 220,
            power_permille: 950,
            faults_per_gigahour: 60_000,
            rate_permille: 1_200,
            ..PLAIN
        },
        Sheet {
            name: "cold",
            compute_gops: 800,
            memory_gib: 256,
            bandwidth_gbps: 32,
            reversible_gops: 400,
            energy_uj_per_mop: [200, 120, 60],
            idle_w: 40,
            band_k: (70, 120),
            rate_permille: 1_500,
            // 2 m^2 at 95 W/m^2 reject 190 W of the 200 W that the parts could draw.
            radiator: Some(Radiator { area_cm2: 20_000, flux_max_mw_per_m2: 95_000 }),
            ..PLAIN
        },
    ]
}

/// Classes of the device family, with devices and hosts as in public clusters of shared accelerators: 10 Gop/s a core.
fn with_devices() -> [Sheet; 5] {
    let host = |name, cores: u64, memory_gib, devices, device_w| Sheet {
        name,
        compute_gops: 10 * cores,
        memory_gib,
        devices,
        device_w,
        idle_w: 60 + 20 * u64::from(devices),
        bandwidth_gbps: 25 + 10 * u64::from(devices),
        ..PLAIN
    };
    [
        host("host", 64, 256, 0, 0),
        host("single", 16, 64, 1, 150),
        Sheet { band_k: (288, 328), ..host("pair", 104, 512, 2, 70) },
        host("quad", 64, 384, 4, 300),
        Sheet { faults_per_gigahour: 60_000, ..host("octo", 96, 448, 8, 250) },
    ]
}

impl Sheet {
    fn model(self) -> Model {
        let compute = 1_000 * self.compute_gops;
        let accelerator = u64::from(self.devices) * u64::from(DEVICE_MILLI);
        let dynamic_mw = compute * self.energy_uj_per_mop[0] / 1_000 + u64::from(self.devices) * self.device_w * 1_000;
        let power = self.idle_w * 1_000 + dynamic_mw * self.power_permille / 1_000;
        let capacity = Resources::of(Kind::Compute, compute)
            .with(Kind::Memory, self.memory_gib * GIB)
            .with(Kind::Bandwidth, self.bandwidth_gbps * GIGA)
            .with(Kind::Power, power)
            .with(Kind::Heat, self.radiator.map_or(power, |radiator| radiator.heat_mw().min(power)))
            .with(Kind::Accelerator, accelerator)
            .with(Kind::Storage, self.storage_gb * GIGA)
            .with(Kind::Reversible, 1_000 * self.reversible_gops);
        let class = TileClass {
            name: self.name.to_owned(),
            band: Band { low_mk: 1_000 * self.band_k.0, high_mk: 1_000 * self.band_k.1 },
            energy_uj_per_mop: self.energy_uj_per_mop,
            device_power_mw: 1_000 * self.device_w,
            idle_power_mw: 1_000 * self.idle_w,
            heat_permille: 1_000,
            devices: self.devices,
            rate_permille: self.rate_permille,
            faults_per_gigahour: self.faults_per_gigahour,
            radiator: self.radiator,
        };
        Model { class, capacity }
    }
}

/// The tile classes of a family.
pub(super) fn models(family: Family) -> Vec<Model> {
    match family {
        Family::Small | Family::Mixed => common().map(Sheet::model).into(),
        Family::Devices => with_devices().map(Sheet::model).into(),
    }
}

/// The kinds of cells that a family's fleet is built from.
pub(super) fn archetypes(family: Family) -> &'static [Archetype] {
    const COMMON: [Archetype; 5] = [
        Archetype { share_permille: 300, mix_permille: &[1_000, 0, 0, 0] },
        Archetype { share_permille: 250, mix_permille: &[700, 300, 0, 0] },
        Archetype { share_permille: 200, mix_permille: &[500, 0, 500, 0] },
        Archetype { share_permille: 100, mix_permille: &[0, 600, 0, 400] },
        Archetype { share_permille: 150, mix_permille: &[400, 200, 200, 200] },
    ];
    const DEVICES: [Archetype; 4] = [
        Archetype { share_permille: 450, mix_permille: &[0, 0, 0, 0, 1_000] },
        Archetype { share_permille: 250, mix_permille: &[0, 0, 1_000, 0, 0] },
        Archetype { share_permille: 200, mix_permille: &[50, 50, 300, 100, 500] },
        Archetype { share_permille: 100, mix_permille: &[150, 50, 400, 400, 0] },
    ];
    match family {
        Family::Small | Family::Mixed => &COMMON,
        Family::Devices => &DEVICES,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archetypes_share_out_all_cells_and_each_mixes_all_its_tiles() {
        for family in [Family::Small, Family::Mixed, Family::Devices] {
            let kinds = archetypes(family);
            assert_eq!(kinds.iter().map(|kind| kind.share_permille).sum::<u64>(), 1_000);
            for kind in kinds {
                assert_eq!(kind.mix_permille.len(), models(family).len());
                assert_eq!(kind.mix_permille.iter().sum::<u64>(), 1_000);
            }
        }
    }

    #[test]
    fn a_plain_tile_may_draw_what_its_parts_draw() {
        // 640 Gop/s at 500 uJ per Mop are 320 W, and 90 W idle.
        let general = &models(Family::Small)[0];
        assert_eq!(general.capacity.get(Kind::Power), 410_000);
        assert_eq!(models(Family::Devices)[4].capacity.get(Kind::Accelerator), 8_000);
    }
}
