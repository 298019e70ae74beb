//! What tiles draw by what is held of them.

use lessor_models::fleet::ClassIndex;
use lessor_models::resources::{Kind, UNLIMITED};
use lessor_models::tile_class::{DEVICE_MILLI, TileClass};
use lessor_solver::appraisal::DEVICE_WORTH;

use super::room::Room;

/// The part of what a begun device has left that counts as drawn for others, in tenths, and of a begun block.
const SHARED_DEVICE_TENTHS: i128 = 7;
const SHARED_BLOCK_TENTHS: i128 = 8;

/// What tiles of each class draw beyond what they draw empty: so much for each block of compute of which anything is held, and so
/// much for each device of which anything is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PowerModel {
    block_mops: u64,
    /// By class: a block, and a device, in milliwatts.
    draws: Vec<(u64, u64)>,
}

impl PowerModel {
    /// Compute whose power comes in one step where tiles draw it in steps, in Mop/s: a socket of 32 cores, as in the power
    /// model of Lettich et al., CCGrid 2025.
    pub const SOCKET_MOPS: u64 = 32_000;

    /// The model of a fleet's classes whose compute is powered in blocks of so many Mop/s, such as a socket; at least one.
    #[must_use]
    pub fn new(classes: &[TileClass], block_mops: u64) -> PowerModel {
        let block_mops = block_mops.max(1);
        // Microjoules for a million operations, a thousand times a second, are milliwatts.
        let block = |class: &TileClass| u128::from(class.energy_uj_per_mop[0]) * u128::from(block_mops) / 1_000;
        let draws =
            classes.iter().map(|class| (u64::try_from(block(class)).unwrap_or(u64::MAX), class.device_power_mw));
        PowerModel { block_mops, draws: draws.collect() }
    }

    /// What a tile draws beyond what it draws empty, in milliwatts. O(devices).
    #[must_use]
    pub fn drawn_mw(&self, room: &Room) -> u64 {
        let (block_mw, device_mw) = self.of(room.class);
        let held = held_mops(room);
        let devices = room.devices().iter().filter(|&&left| left < DEVICE_MILLI).count() as u64;
        held.div_ceil(self.block_mops).saturating_mul(block_mw).saturating_add(devices * device_mw)
    }

    /// The same without what begun devices and blocks have left for others, who then draw nothing more for it: most of it,
    /// since most of it is used before long. A device's remainder counts by its worth, in millionths of a device. O(devices).
    pub(super) fn charged_mw(&self, room: &Room, worth: impl Fn(u16) -> i64) -> i64 {
        let (block_mw, device_mw) = self.of(room.class);
        let begun = room.devices().iter().filter(|&&left| left < DEVICE_MILLI);
        let shared: i128 = begun.map(|&left| i128::from(worth(left))).sum();
        let devices = i128::from(device_mw) * shared * SHARED_DEVICE_TENTHS / (10 * i128::from(DEVICE_WORTH));
        let begun_mops = held_mops(room) % self.block_mops;
        let spare = if begun_mops == 0 { 0 } else { i128::from(self.block_mops - begun_mops) };
        let spare_mw = i128::from(block_mw).saturating_mul(spare) / i128::from(self.block_mops);
        let blocks = spare_mw * SHARED_BLOCK_TENTHS / 10;
        let charged = i128::from(self.drawn_mw(room)) - devices - blocks;
        i64::try_from(charged).unwrap_or(i64::MAX)
    }

    /// The most that one device and one block draw, in milliwatts.
    pub(super) fn heaviest_mw(&self) -> u64 {
        self.draws.iter().map(|&(block_mw, device_mw)| block_mw.saturating_add(device_mw)).max().unwrap_or(0)
    }

    fn of(&self, class: ClassIndex) -> (u64, u64) {
        self.draws.get(class.0 as usize).copied().unwrap_or((0, 0))
    }
}

/// The compute that is held of a tile whose compute has a limit.
fn held_mops(room: &Room) -> u64 {
    let has = room.limit.get(Kind::Compute);
    if has == UNLIMITED { 0 } else { has.saturating_sub(room.left.get(Kind::Compute)) }
}

/// By how much a tile would draw more, in milliwatts.
pub(super) fn growth_mw(power: &PowerModel, before: &Room, after: &Room) -> i64 {
    let grown = power.drawn_mw(after).saturating_sub(power.drawn_mw(before));
    i64::try_from(grown).unwrap_or(i64::MAX)
}
