//! What each tile group has left, in sum and at most: the relaxation that is tested before any single tile.

use lessor_models::resources::{Kind, Resources};

use crate::lowering::index::{GroupIndex, TileIndex};
use crate::plan::occupancy::Occupancy;
use crate::support::stop::Stop;

/// The most rows kept apart by bucket, a quarter of a GiB; beyond it a group has one row, the best of all buckets.
const ROWS_MAX: usize = 1 << 20;

/// What the tiles of one group have left in one bucket.
#[derive(Clone, Debug, Default)]
pub(super) struct GroupHeadroom {
    /// The sum over tiles, by kind, in base units.
    pub(super) sum: [u128; Kind::COUNT],
    /// The sum over devices, in milli-devices.
    pub(super) device_milli: u128,
    /// The most of each kind on any one tile.
    pub(super) most: Resources,
}

/// Rows of every group.
#[derive(Debug)]
pub(super) struct Headroom {
    buckets: usize,
    rows: Vec<GroupHeadroom>,
}

impl Headroom {
    /// Adds up a plan, or as much of it as the flag allows. O(tiles times buckets).
    pub(super) fn new(occupancy: &Occupancy<'_>, stop: &Stop) -> Headroom {
        let lowered = occupancy.lowered();
        let all = lowered.grid.count();
        let buckets = if lowered.groups.len() * all <= ROWS_MAX { all } else { 1 };
        let mut rows = vec![GroupHeadroom::default(); lowered.groups.len() * buckets];
        for (group, at) in lowered.groups.iter().enumerate() {
            for tile in at.tiles.clone().map(TileIndex::new).take_while(|_| !stop.is_raised()) {
                for bucket in 0..buckets {
                    // One row for all buckets takes the best of them, which only loosens the relaxation.
                    let over = if buckets == all { bucket..bucket + 1 } else { 0..all };
                    let left = over.clone().map(|k| *occupancy.tile_left(tile, k)).fold(Resources::ZERO, most);
                    let device_milli = if at.devices == 0 {
                        0
                    } else {
                        let sum = |k| occupancy.devices_left(tile, k..k + 1).map(u128::from).sum::<u128>();
                        over.map(sum).max().unwrap_or(0)
                    };
                    rows[group * buckets + bucket].add(&left, device_milli);
                }
            }
        }
        Headroom { buckets, rows }
    }

    /// A group's row in a bucket.
    pub(super) fn row(&self, group: GroupIndex, bucket: usize) -> &GroupHeadroom {
        &self.rows[group.at() * self.buckets + bucket.min(self.buckets - 1)]
    }
}

impl GroupHeadroom {
    fn add(&mut self, left: &Resources, device_milli: u128) {
        for (sum, &amount) in self.sum.iter_mut().zip(&left.0) {
            *sum += u128::from(amount);
        }
        self.device_milli += device_milli;
        self.most = most(self.most, *left);
    }
}

fn most(a: Resources, b: Resources) -> Resources {
    let mut most = a;
    for (slot, &other) in most.0.iter_mut().zip(&b.0) {
        *slot = (*slot).max(other);
    }
    most
}
