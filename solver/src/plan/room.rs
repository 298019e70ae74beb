//! What is left of one tile while it is filled: of its kinds in each bucket, and of each device.

use std::ops::Range;

use lessor_models::job::Demand;
use lessor_models::resources::{Kind, Resources, UNLIMITED};
use lessor_models::tile_class::{DEVICE_MILLI, DEVICES_MAX};

use super::occupancy::{Occupancy, best_devices, times};
use crate::lowering::Lowered;
use crate::lowering::index::{GroupIndex, TileIndex};

/// Room on one tile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
        let mut room = Room::default();
        room.enter(occupancy, tile);
        room
    }

    /// Becomes what a partial plan leaves of a tile, in the memory that it has.
    pub fn enter(&mut self, occupancy: &Occupancy<'_>, tile: TileIndex) {
        let lowered = occupancy.lowered();
        let buckets = lowered.grid.count();
        self.left.clear();
        self.left.extend((0..buckets).map(|bucket| *occupancy.tile_left(tile, bucket)));
        self.devices.clear();
        self.devices.resize(usize::from(lowered.group(lowered.group_of(tile)).devices) * buckets, 0);
        for bucket in 0..buckets {
            for (device, left) in occupancy.devices_left(tile, bucket..bucket + 1).enumerate() {
                self.devices[device * buckets + bucket] = left;
            }
        }
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
        debit(&mut self.left[over.clone()], draw, count);
        self.held(devices, over, |left| *left -= milli);
    }

    /// Gives back what capsules drew, and the milli of their devices: as if they had never come.
    pub fn give_back(&mut self, draw: &Resources, count: u64, (milli, devices): (u16, u64), over: &Range<usize>) {
        credit(&mut self.left[over.clone()], draw, count);
        self.held(devices, over, |left| *left += milli);
    }

    /// Adds to what there is of a kind, at every instant; with accelerators come as many whole devices as a tile may have.
    pub fn widen(&mut self, kind: Kind, amount: u64) {
        credit(&mut self.left, &Resources::of(kind, amount), 1);
        if kind == Kind::Accelerator {
            let (whole, had) = (amount / u64::from(DEVICE_MILLI), self.devices.len() / self.left.len());
            let new = usize::try_from(whole).unwrap_or(usize::MAX).min(usize::from(DEVICES_MAX).saturating_sub(had));
            self.devices.extend(std::iter::repeat_n(DEVICE_MILLI, new * self.left.len()));
        }
    }

    /// Changes what some devices have left over some buckets.
    fn held(&mut self, devices: u64, over: &Range<usize>, change: impl Fn(&mut u16)) {
        for (device, left) in self.devices.chunks_exact_mut(self.left.len()).enumerate() {
            if devices >> device & 1 == 1 {
                left[over.clone()].iter_mut().for_each(&change);
            }
        }
    }
}

/// Takes what capsules draw off what is left in some buckets, where that is limited; never below nothing.
pub(crate) fn debit(left: &mut [Resources], draw: &Resources, count: u64) {
    let drawn = Resources(draw.0.map(|amount| amount.saturating_mul(count)));
    left.iter_mut().for_each(|left| *left = left.saturating_sub(&drawn));
}

/// Adds what capsules drew to what is left in some buckets, where that is limited.
pub(crate) fn credit(left: &mut [Resources], draw: &Resources, count: u64) {
    let drawn = draw.0.map(|amount| amount.saturating_mul(count));
    for (left, drawn) in left.iter_mut().flat_map(|left| left.0.iter_mut().zip(drawn)) {
        if *left != UNLIMITED {
            *left = left.saturating_add(drawn);
        }
    }
}
