//! What one capsule of each family asks for, before counts and sizes are scaled to the load.

use lessor_models::fleet::Level;
use lessor_models::job::Demand;
use lessor_models::resources::{Kind, Resources};
use lessor_models::tile_class::{DEVICE_MILLI, OperationType};

use super::dice::Dice;
use super::scenario::Family;

const GIB: u64 = 1 << 30;

/// Sizes are drawn in millionths of a tile.
pub(super) const WHOLE_PPM: u64 = 1_000_000;

/// Share of a tile's traffic that crosses the uplink of each level, in thousandths, leaf first.
const CROSSING_PERMILLE: [u64; Level::COUNT] = [1_000, 600, 300, 100, 0];

/// Power beside compute and devices that reversible compute draws, in microjoules per million operations.
const REVERSIBLE_UJ_PER_MOP: u64 = 10;

/// One kind of work within a family and its share of all capsules.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stratum {
    /// Weight among the family's strata.
    pub(super) share: u64,
    work: Work,
}

#[derive(Clone, Copy, Debug)]
enum Work {
    /// Parts of a tile: the size in each kind is the drawn size times a factor from a range in thousandths.
    Parts { kinds: &'static [(Kind, u64, u64)], devices: bool },
    /// Devices of some thousandths each, with cores (in thousandths) and GiB of memory from ranges.
    Devices { devices: u8, milli: u16, cores_milli: (u64, u64), memory_gib: (u64, u64) },
}

const fn parts(share: u64, kinds: &'static [(Kind, u64, u64)]) -> Stratum {
    Stratum { share, work: Work::Parts { kinds, devices: false } }
}

const fn whole(share: u64, devices: u8, cores_milli: (u64, u64), memory_gib: (u64, u64)) -> Stratum {
    Stratum { share, work: Work::Devices { devices, milli: DEVICE_MILLI, cores_milli, memory_gib } }
}

const fn part(share: u64, milli: u16, cores_milli: (u64, u64), memory_gib: (u64, u64)) -> Stratum {
    Stratum { share, work: Work::Devices { devices: 1, milli, cores_milli, memory_gib } }
}

const COMMON: [Stratum; 6] = [
    parts(
        300,
        &[(Kind::Compute, 1_000, 1_000), (Kind::Memory, 200, 700), (Kind::Bandwidth, 50, 400), (Kind::Storage, 0, 500)],
    ),
    parts(
        270,
        &[(Kind::Compute, 300, 700), (Kind::Memory, 1_000, 1_000), (Kind::Bandwidth, 50, 400), (Kind::Storage, 0, 700)],
    ),
    parts(
        200,
        &[
            (Kind::Compute, 800, 1_000),
            (Kind::Memory, 800, 1_000),
            (Kind::Bandwidth, 200, 700),
            (Kind::Storage, 0, 500),
        ],
    ),
    parts(
        100,
        &[
            (Kind::Compute, 300, 600),
            (Kind::Memory, 200, 500),
            (Kind::Bandwidth, 1_000, 1_000),
            (Kind::Storage, 0, 300),
        ],
    ),
    Stratum {
        share: 100,
        work: Work::Parts {
            kinds: &[(Kind::Compute, 300, 700), (Kind::Memory, 300, 800), (Kind::Bandwidth, 100, 500)],
            devices: true,
        },
    },
    parts(30, &[(Kind::Compute, 100, 300), (Kind::Memory, 200, 500), (Kind::Reversible, 1_000, 1_000)]),
];

/// Shares, fractions and hosts near those of public clusters of shared accelerators.
const DEVICES: [Stratum; 12] = [
    whole(130, 0, (2_000, 32_000), (4, 64)),
    whole(470, 1, (6_000, 14_000), (16, 80)),
    part(130, 810, (2_000, 4_200), (4, 11)),
    part(90, 460, (6_000, 12_000), (12, 46)),
    part(40, 500, (4_000, 10_000), (8, 32)),
    part(40, 410, (4_000, 10_000), (8, 32)),
    part(40, 320, (4_000, 8_000), (16, 30)),
    part(30, 230, (4_000, 8_000), (16, 30)),
    part(20, 650, (8_000, 12_000), (24, 46)),
    whole(6, 8, (72_000, 92_000), (256, 440)),
    whole(3, 2, (14_000, 28_000), (48, 128)),
    whole(3, 4, (30_000, 56_000), (96, 320)),
];

/// The family's strata.
pub(super) fn strata(family: Family) -> &'static [Stratum] {
    match family {
        Family::Small | Family::Mixed => &COMMON,
        Family::Devices => &DEVICES,
    }
}

impl Stratum {
    /// Kinds that a tile must have some of.
    pub(super) fn kinds(&self) -> Vec<Kind> {
        match self.work {
            Work::Parts { kinds, devices } => {
                let accelerator = devices.then_some(Kind::Accelerator);
                kinds.iter().map(|&(kind, _, _)| kind).chain(accelerator).collect()
            }
            Work::Devices { devices, .. } => {
                let accelerator = (devices > 0).then_some(Kind::Accelerator);
                [Kind::Compute, Kind::Memory].into_iter().chain(accelerator).collect()
            }
        }
    }

    /// Devices that a tile must have.
    pub(super) fn devices(&self) -> u8 {
        match self.work {
            Work::Parts { devices, .. } => u8::from(devices),
            Work::Devices { devices, .. } => devices,
        }
    }

    /// Draws the demand of one job class, given the least that any eligible tile has of each kind.
    pub(super) fn draw(&self, family: Family, least: &Resources, dice: &mut Dice) -> Demand {
        match self.work {
            Work::Parts { kinds, devices } => draw_parts(kinds, devices, family, least, dice),
            Work::Devices { devices, milli, cores_milli, memory_gib } => {
                let compute = 10 * dice.between(cores_milli.0, cores_milli.1);
                let memory = GIB / 4 * dice.between(4 * memory_gib.0, 4 * memory_gib.1);
                let size = Resources::of(Kind::Compute, compute)
                    .with(Kind::Memory, memory)
                    .with(Kind::Bandwidth, 50_000_000 * dice.between(1, 10));
                let milli = if devices == 0 { 0 } else { milli };
                let mut demand = Demand { devices, device_milli: milli, ..Demand::default() };
                set_sizes(&mut demand, &size);
                demand
            }
        }
    }
}

fn draw_parts(kinds: &[(Kind, u64, u64)], devices: bool, family: Family, least: &Resources, dice: &mut Dice) -> Demand {
    let (low, high) = family.size_range_ppm();
    let drawn = dice.pareto(low, high);
    let mut size = Resources::ZERO;
    for &(kind, from, to) in kinds {
        let ppm = drawn * dice.between(from, to) / 1_000;
        size = size.with(kind, share(least.get(kind), ppm));
    }
    let mut demand = Demand { operation: operation(dice), ..Demand::default() };
    if devices {
        demand.operation = OperationType::Matrix;
        (demand.devices, demand.device_milli) = draw_devices(family, dice);
    }
    set_sizes(&mut demand, &size);
    demand
}

/// A share of an amount in millionths, rounded down.
pub(super) fn share(amount: u64, ppm: u64) -> u64 {
    let product = u128::from(amount) * u128::from(ppm) / u128::from(WHOLE_PPM);
    u64::try_from(product).expect("a share of at most the whole fits where the amount does")
}

fn operation(dice: &mut Dice) -> OperationType {
    OperationType::ALL[dice.weighted(&[700, 200, 100])]
}

/// Devices of a capsule that lives on tiles with four: at most a tenth of one, or at most 0.6 of one, or up to two whole.
fn draw_devices(family: Family, dice: &mut Dice) -> (u8, u16) {
    match family {
        Family::Small => (1, dice.pick(&[20, 25, 40, 50, 80, 100])),
        Family::Mixed | Family::Devices if dice.chance(400) => (dice.pick(&[1, 1, 2]), DEVICE_MILLI),
        Family::Mixed | Family::Devices => (1, dice.pick(&[100, 200, 250, 300, 400, 500, 600])),
    }
}

/// Sets what scales with a capsule's size: all kinds but power, heat and devices.
pub(super) fn set_sizes(demand: &mut Demand, size: &Resources) {
    demand.compute_mops = size.get(Kind::Compute);
    demand.memory_bytes = size.get(Kind::Memory);
    demand.storage_bytes = size.get(Kind::Storage);
    demand.reversible_mops = size.get(Kind::Reversible);
    demand.power_mw = size.get(Kind::Reversible) * REVERSIBLE_UJ_PER_MOP / 1_000;
    demand.bandwidth_bps = CROSSING_PERMILLE.map(|permille| size.get(Kind::Bandwidth) / 1_000 * permille);
}

/// What scales with a capsule's size.
pub(super) fn sizes(demand: &Demand) -> Resources {
    Resources::of(Kind::Compute, demand.compute_mops)
        .with(Kind::Memory, demand.memory_bytes)
        .with(Kind::Storage, demand.storage_bytes)
        .with(Kind::Reversible, demand.reversible_mops)
        .with(Kind::Bandwidth, demand.bandwidth_bps[Level::Tile.index()])
}
