//! What is left of one tile while it is filled: of its kinds in each bucket, and of each device.

use std::ops::Range;

use lessor_models::job::Demand;
use lessor_models::resources::Resources;
use lessor_models::tile_class::DEVICE_MILLI;

use super::occupancy::{Occupancy, best_devices, times};
use crate::lowering::Lowered;
use crate::lowering::index::{GroupIndex, TileIndex};

/// Room on one tile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// By bucket.
    left: Vec<Resources>,
    /// By device, then bucket.
    devices: Vec<u16>,
}

impl Room {
    /// What a partial plan leaves of a tile.
    #[must_use]
    pub fn of(occupancy: &Occupancy<'_>, tile: TileIndex) -> Room {
        let lowered = occupancy.lowered();
        let buckets = lowered.grid.count();
        let left = (0..buckets).map(|bucket| *occupancy.tile_left(tile, bucket)).collect();
        let mut devices = vec![0; usize::from(lowered.group(lowered.group_of(tile)).devices) * buckets];
        for bucket in 0..buckets {
            for (device, left) in occupancy.devices_left(tile, bucket..bucket + 1).enumerate() {
                devices[device * buckets + bucket] = left;
            }
        }
        Room { left, devices }
    }

    /// All of an empty tile of a group.
    #[must_use]
    pub fn empty(lowered: &Lowered<'_>, group: GroupIndex) -> Room {
        let (at, buckets) = (lowered.group(group), lowered.grid.count());
        let left = (0..buckets).map(|bucket| *at.capacity(bucket)).collect();
        Room { left, devices: vec![DEVICE_MILLI; usize::from(at.devices) * buckets] }
    }

    /// What is left in each of some buckets.
    #[must_use]
    pub fn left(&self, over: &Range<usize>) -> &[Resources] {
        &self.left[over.clone()]
    }

    /// The least that each device has left over some buckets.
    pub fn device_parts(&self, over: &Range<usize>) -> impl Iterator<Item = u16> {
        let devices = self.devices.chunks_exact(self.left.len());
        devices.map(|device| device[over.clone()].iter().copied().min().unwrap_or(0))
    }

    /// How many capsules of a draw fit, their devices left aside.
    #[must_use]
    pub fn times(&self, draw: &Resources, over: &Range<usize>) -> u64 {
        self.left(over).iter().map(|left| times(draw, left)).min().unwrap_or(0)
    }

    /// The devices that a capsule would take; see [`best_devices`].
    #[must_use]
    pub fn choose_devices(&self, demand: &Demand, over: &Range<usize>) -> Option<u64> {
        best_devices(self.device_parts(over), demand)
    }

    /// Takes what capsules draw, and the milli of their devices. The caller has made sure that they fit.
    pub fn take(&mut self, draw: &Resources, count: u64, (milli, devices): (u16, u64), over: &Range<usize>) {
        let taken = Resources(draw.0.map(|amount| amount.saturating_mul(count)));
        for left in &mut self.left[over.clone()] {
            *left = left.saturating_sub(&taken);
        }
        let buckets = self.left.len();
        for (device, left) in self.devices.chunks_exact_mut(buckets).enumerate() {
            if devices >> device & 1 == 1 {
                left[over.clone()].iter_mut().for_each(|left| *left -= milli);
            }
        }
    }
}
