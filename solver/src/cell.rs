//! The cell level: which tile each capsule of a cell's counts goes to, within the cell's shares.
//!
//! Capsules are given out class by class, large ones first and then in the order of worth per price, each to the tile of the
//! group that keeps most of what it would have least of (worst fit on the scarcest kind): the counts fill a group evenly in
//! every kind, so tiles filled evenly have no kind left over. Large parts of devices go where they leave least of a device
//! (best fit). What the counts could not place stays with the caller.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;

use lessor_models::resources::{Kind, Resources, UNLIMITED};
use lessor_models::time::Timestamp;

use crate::index::{GroupIndex, JobClassIndex, TileIndex};
use crate::layer::{Counts, Given, Share};
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
    /// By bucket.
    left: Vec<Resources>,
    /// By device, then bucket.
    devices: Vec<u16>,
}

impl Room {
    fn new(occupancy: &Occupancy<'_>, tile: TileIndex) -> Room {
        let buckets = 0..occupancy.lowered().grid.count();
        let left = buckets.clone().map(|bucket| *occupancy.tile_left(tile, bucket)).collect();
        let group = occupancy.lowered().group(occupancy.lowered().group_of(tile));
        let mut devices = vec![0; usize::from(group.devices) * buckets.len()];
        for bucket in buckets.clone() {
            for (device, left) in occupancy.devices_left(tile, bucket..bucket + 1).enumerate() {
                devices[device * buckets.len() + bucket] = left;
            }
        }
        Room { tile, left, devices }
    }

    /// The least that each device has left over a capsule's run.
    fn device_parts(&self, capsule: &Capsule) -> impl Iterator<Item = u16> {
        let buckets = self.left.len();
        let devices = self.devices.chunks_exact(buckets);
        devices.map(|device| device[capsule.over.clone()].iter().copied().min().unwrap_or(0))
    }
}

impl Packing<'_> {
    /// Gives every class to the group's tiles in the order of the counts, each time to the tile that suits it best.
    fn fill_group(&mut self, group: GroupIndex, counts: &[Given]) {
        let at = self.lowered.group(group);
        let tiles = at.tiles.clone().map(TileIndex::new);
        let mut rooms: Vec<Room> = tiles.map(|tile| Room::new(self.occupancy, tile)).collect();
        for &Given { class, start, count } in counts {
            let capsule = Capsule::new(self.occupancy, class, group, start);
            let mut left = count.min(self.share_times(group, class, &capsule.over));
            let each = if capsule.devices > 0 { 1 } else { (left / rooms.len() as u64).max(1) };
            let suiting = rooms.iter().enumerate().filter_map(|(at, room)| Some((capsule.suits(room)?, Reverse(at))));
            let mut heap: BinaryHeap<(Suits, Reverse<usize>)> = suiting.collect();
            while left > 0 {
                let Some((_, Reverse(at))) = heap.pop() else { break };
                let room = &mut rooms[at];
                let fitting = room.left[capsule.over.clone()].iter().map(|left| times(&capsule.draw, left)).min();
                let many = fitting.unwrap_or(0).min(each).min(left);
                let held = take_devices(&capsule, room);
                let taken = Resources(capsule.draw.0.map(|amount| amount * many));
                for bucket in &mut room.left[capsule.over.clone()] {
                    *bucket = bucket.saturating_sub(&taken);
                }
                left -= many;
                self.debit(group, class, many, &capsule.over);
                let count = u32::try_from(many).expect("a tile holds less than 2^32 capsules");
                self.placed.push((room.tile, Item { class, count, start, devices: held, is_current: false }));
                heap.extend(capsule.suits(room).map(|score| (score, Reverse(at))));
            }
        }
    }

    /// How many capsules of a class the cell's shares still cover.
    fn share_times(&self, group: GroupIndex, class: JobClassIndex, over: &Range<usize>) -> u64 {
        let path = self.lowered.group(group).path.iter();
        path.map(|&(account, level)| {
            let share = self.shares.binary_search_by_key(&account, |share| share.account);
            let draw = self.lowered.draw_at(class, group, level);
            share.map_or(0, |at| {
                let buckets = &self.shares[at].most[over.clone()];
                buckets.iter().map(|most| times(&draw, most)).min().unwrap_or(0)
            })
        })
        .min()
        .unwrap_or(u64::MAX)
    }

    fn debit(&mut self, group: GroupIndex, class: JobClassIndex, count: u64, over: &Range<usize>) {
        for &(account, level) in &self.lowered.group(group).path {
            if let Ok(at) = self.shares.binary_search_by_key(&account, |share| share.account) {
                let draw = self.lowered.draw_at(class, group, level);
                let taken = Resources(draw.0.map(|amount| amount * count));
                for most in &mut self.shares[at].most[over.clone()] {
                    *most = most.saturating_sub(&taken);
                }
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
    /// The buckets in which it runs.
    over: Range<usize>,
}

impl Capsule {
    fn new(occupancy: &Occupancy<'_>, class: JobClassIndex, group: GroupIndex, start: Timestamp) -> Capsule {
        let (lowered, over) = (occupancy.lowered(), occupancy.buckets(class, group, start));
        let (draw, capacity) = (*lowered.draw(class, group), lowered.group(group).capacity(over.start));
        let counts = |k: usize| draw.0[k] > 0 && capacity.0[k] > 0 && capacity.0[k] != UNLIMITED;
        let per_capacity = std::array::from_fn(|k| if counts(k) { 1.0 / capacity.0[k] as f64 } else { 0.0 });
        let demand = &lowered.job(class).demand;
        Capsule { draw, per_capacity, devices: usize::from(demand.devices), milli: demand.device_milli, over }
    }

    /// How well a tile suits, `None` where it has no room: for a large part of a device the tile on whose devices least is
    /// left over, so that whole ones stay whole; otherwise the tile with most left of what it would have least of.
    fn suits(&self, room: &Room) -> Option<Suits> {
        let left = &room.left[self.over.clone()];
        let fitting = room.device_parts(self).filter(|&left| left >= self.milli).count();
        if !left.iter().all(|left| self.draw.fits(left)) || fitting < self.devices {
            return None;
        }
        let drawn = (0..Kind::COUNT).filter(|&k| self.per_capacity[k] > 0.0);
        let share = |left: &Resources, k: usize| (left.0[k] - self.draw.0[k]) as f64 * self.per_capacity[k];
        let least = drawn.flat_map(|k| left.iter().map(move |left| share(left, k))).fold(1.0, f64::min);
        let least = floor(least * 1e6);
        if self.devices == 0 || self.milli < LARGE_PART {
            return Some((Reverse(0), Reverse(0), least));
        }
        let mut parts: Vec<u16> = room.device_parts(self).filter(|&left| left >= self.milli).collect();
        parts.sort_unstable();
        let over = parts[..self.devices].iter().map(|&left| u32::from(left - self.milli)).sum();
        Some((Reverse(over), Reverse(fitting), least))
    }
}

/// Milli left over on the devices taken, devices to choose from, and millionths of the tile left: more suits better.
type Suits = (Reverse<u32>, Reverse<usize>, u64);

/// Takes the devices with least left that still has enough.
fn take_devices(capsule: &Capsule, room: &mut Room) -> u64 {
    if capsule.devices == 0 {
        return 0;
    }
    let buckets = room.left.len();
    let parts = room.device_parts(capsule).zip(0..);
    let mut fitting: Vec<(u16, usize)> = parts.filter(|&(left, _)| left >= capsule.milli).collect();
    fitting.sort_unstable();
    fitting.iter().take(capsule.devices).fold(0, |mask, &(_, device)| {
        let from = device * buckets;
        for left in &mut room.devices[from + capsule.over.start..from + capsule.over.end] {
            *left -= capsule.milli;
        }
        mask | 1 << device
    })
}
