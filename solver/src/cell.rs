//! The cell level: which tile each capsule of a cell's counts goes to, within the cell's shares.
//!
//! Capsules are given out class by class, large ones first and then in the order of worth per price, each to the tile of the
//! group that keeps most of what it would have least of (worst fit on the scarcest kind): the counts fill a group evenly in
//! every kind, so tiles filled evenly have no kind left over. Large parts of devices go where they leave least of a device
//! (best fit). What the counts could not place stays with the caller. Static grids only: where time matters, capsules are
//! inserted one by one.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use lessor_models::resources::{Kind, Resources, UNLIMITED};

use crate::index::{GroupIndex, JobClassIndex, TileIndex};
use crate::layer::{Counts, Share};
use crate::lowering::{Cell, Lowered};
use crate::numbers::floor;
use crate::occupancy::{Item, Occupancy, times};

/// Packs one cell. Reads the occupancy; the caller places what comes back.
///
/// O(tiles times job classes + capsules log tiles), where a class may count less than it has tiles.
#[must_use]
pub fn pack(occupancy: &Occupancy<'_>, cell: &Cell, counts: &Counts, shares: Vec<Share>) -> Vec<(TileIndex, Item)> {
    let mut packing = Packing { occupancy, lowered: occupancy.lowered(), shares, placed: Vec::new() };
    for at in cell.groups.clone() {
        let group = GroupIndex::new(at);
        if !counts.of_group[at].is_empty() && !packing.lowered.group(group).closed {
            packing.fill_group(group, &counts.of_group[at]);
        }
    }
    packing.placed
}

struct Packing<'a> {
    occupancy: &'a Occupancy<'a>,
    lowered: &'a Lowered<'a>,
    shares: Vec<Share>,
    placed: Vec<(TileIndex, Item)>,
}

/// Milli of a device from which on capsules are kept together rather than spread.
const LARGE_PART: u16 = 250;

/// What is left of one tile while its group is filled.
struct Room {
    tile: TileIndex,
    left: Resources,
    devices: Vec<u16>,
}

impl Packing<'_> {
    /// Gives every class to the group's tiles in the order of the counts, each time to the tile that suits it best.
    fn fill_group(&mut self, group: GroupIndex, counts: &[(JobClassIndex, u64)]) {
        let at = self.lowered.group(group);
        let tiles = at.tiles.clone().map(TileIndex::new);
        let mut rooms: Vec<Room> = tiles
            .map(|tile| Room {
                tile,
                left: *self.occupancy.tile_left(tile, 0),
                devices: self.occupancy.devices_left(tile, 0..1).collect(),
            })
            .collect();
        for &(class, count) in counts {
            let capsule = Capsule::new(self.lowered, class, group);
            let mut left = count.min(self.share_times(group, class));
            let each = if capsule.devices > 0 { 1 } else { (left / rooms.len() as u64).max(1) };
            let suiting = rooms.iter().enumerate().filter_map(|(at, room)| Some((capsule.suits(room)?, Reverse(at))));
            let mut heap: BinaryHeap<(Suits, Reverse<usize>)> = suiting.collect();
            while left > 0 {
                let Some((_, Reverse(at))) = heap.pop() else { break };
                let room = &mut rooms[at];
                let many = times(&capsule.draw, &room.left).min(each).min(left);
                let held = take_devices(&capsule, &mut room.devices);
                room.left = room.left.saturating_sub(&Resources(capsule.draw.0.map(|amount| amount * many)));
                left -= many;
                self.debit(group, class, many);
                let count = u32::try_from(many).expect("a tile holds less than 2^32 capsules");
                let start = self.lowered.job(class).earliest;
                self.placed.push((room.tile, Item { class, count, start, devices: held, is_current: false }));
                heap.extend(capsule.suits(room).map(|score| (score, Reverse(at))));
            }
        }
    }

    /// How many capsules of a class the cell's shares still cover.
    fn share_times(&self, group: GroupIndex, class: JobClassIndex) -> u64 {
        let path = self.lowered.group(group).path.iter();
        path.map(|&(account, level)| {
            let share = self.shares.binary_search_by_key(&account, |share| share.account);
            share.map_or(0, |at| times(&self.lowered.draw_at(class, group, level), &self.shares[at].most))
        })
        .min()
        .unwrap_or(u64::MAX)
    }

    fn debit(&mut self, group: GroupIndex, class: JobClassIndex, count: u64) {
        for &(account, level) in &self.lowered.group(group).path {
            if let Ok(at) = self.shares.binary_search_by_key(&account, |share| share.account) {
                let draw = self.lowered.draw_at(class, group, level);
                let most = &mut self.shares[at].most;
                *most = most.saturating_sub(&Resources(draw.0.map(|amount| amount * count)));
            }
        }
    }
}

/// What one capsule of a class needs of a tile of the group.
struct Capsule {
    draw: Resources,
    /// One over the tile's capacity, by kind; zero for kinds that the capsule does not draw.
    per_capacity: [f64; Kind::COUNT],
    devices: usize,
    milli: u16,
}

impl Capsule {
    fn new(lowered: &Lowered<'_>, class: JobClassIndex, group: GroupIndex) -> Capsule {
        let (draw, capacity) = (*lowered.draw(class, group), lowered.group(group).capacity(0));
        let counts = |k: usize| draw.0[k] > 0 && capacity.0[k] > 0 && capacity.0[k] != UNLIMITED;
        let per_capacity = std::array::from_fn(|k| if counts(k) { 1.0 / capacity.0[k] as f64 } else { 0.0 });
        let demand = &lowered.job(class).demand;
        Capsule { draw, per_capacity, devices: usize::from(demand.devices), milli: demand.device_milli }
    }

    /// How well a tile suits, `None` where it has no room: for a large part of a device the tile on whose devices least is
    /// left over, so that whole ones stay whole; otherwise the tile with most left of what it would have least of.
    fn suits(&self, room: &Room) -> Option<Suits> {
        let fitting = room.devices.iter().filter(|&&left| left >= self.milli).count();
        if !self.draw.fits(&room.left) || fitting < self.devices {
            return None;
        }
        let share = |k: usize| (room.left.0[k] - self.draw.0[k]) as f64 * self.per_capacity[k];
        let drawn = (0..Kind::COUNT).filter(|&k| self.per_capacity[k] > 0.0);
        let least = floor(drawn.map(share).fold(1.0, f64::min) * 1e6);
        if self.devices == 0 || self.milli < LARGE_PART {
            return Some((Reverse(0), Reverse(0), least));
        }
        let mut parts: Vec<u16> = room.devices.iter().copied().filter(|&left| left >= self.milli).collect();
        parts.sort_unstable();
        let over = parts[..self.devices].iter().map(|&left| u32::from(left - self.milli)).sum();
        Some((Reverse(over), Reverse(fitting), least))
    }
}

/// Milli left over on the devices taken, devices to choose from, and millionths of the tile left: more suits better.
type Suits = (Reverse<u32>, Reverse<usize>, u64);

/// Takes the devices with least left that still has enough.
fn take_devices(capsule: &Capsule, devices: &mut [u16]) -> u64 {
    let mut fitting: Vec<(u16, usize)> =
        devices.iter().copied().zip(0..).filter(|&(left, _)| left >= capsule.milli).collect();
    fitting.sort_unstable();
    fitting.iter().take(capsule.devices).fold(0, |mask, &(_, device)| {
        devices[device] -= capsule.milli;
        mask | 1 << device
    })
}
