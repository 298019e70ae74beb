//! The cell level: which tile each capsule of a cell's counts goes to, within the cell's shares.
//!
//! Capsules are given out class by class, large ones first and then in the order of worth per price, each to the tile of the
//! group that keeps most of what it would have least of (worst fit on the scarcest kind): the counts fill a group evenly in
//! every kind, so tiles filled evenly have no kind left over. Where the counts mix many classes, each looks at some tiles only,
//! a few for each capsule, which is nearly as even (the power of two choices; Mitzenmacher 2001). Large parts of devices go
//! where they leave least of a device (best fit). Where the use of tiles costs, the tile that is strained least comes first, and
//! none that is strained by more than a capsule earns. What the counts could not place stays with the caller.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;

use lessor_models::job::Demand;
use lessor_models::resources::{Kind, Resources, UNLIMITED};
use lessor_models::time::Timestamp;

use super::layer::{Counts, Given};
use super::occupancy::{Item, Occupancy};
use super::room::Room;
use super::shares::{Drawn, Shares};
use crate::lowering::index::{GroupIndex, JobClassIndex, TileIndex};
use crate::lowering::strain::Load;
use crate::lowering::{Cell, Lowered};
use crate::program::linear::Algorithm;
use crate::support::numbers::floor;

/// Packs one cell. Reads the occupancy; the caller places what comes back.
///
/// O(tiles times job classes + capsules log tiles), where a class may count less than it has tiles; where many classes share a
/// group, O(classes + capsules log tiles).
#[must_use]
pub fn pack(occupancy: &Occupancy<'_>, cell: &Cell, counts: &Counts, shares: Shares) -> Vec<(TileIndex, Item)> {
    let mut packing = Packing { occupancy, lowered: occupancy.lowered(), shares, placed: Vec::new() };
    for at in cell.groups.clone() {
        let group = GroupIndex::new(at);
        if !counts.of_group[at].is_empty() && !packing.lowered.group(group).closed {
            packing.fill_group(group, &counts.of_group[at], counts.algorithm);
        }
    }
    packing.placed
}

struct Packing<'a> {
    occupancy: &'a Occupancy<'a>,
    lowered: &'a Lowered<'a>,
    shares: Shares,
    placed: Vec<(TileIndex, Item)>,
}

/// Tiles of a group that a class looks at where many classes share the group: so many, and so many for each capsule. The next
/// class begins where the last one left off, so that all tiles are looked at as often.
pub(crate) const TILES: u64 = 24;
pub(crate) const TILES_PER_CAPSULE: u64 = 2;

/// Milli of a device from which on capsules are kept together rather than spread.
const LARGE_PART: u16 = 250;

impl Packing<'_> {
    /// Gives every class to the group's tiles in the order of the counts, each time to the tile that suits it best.
    fn fill_group(&mut self, group: GroupIndex, counts: &[Given], algorithm: Algorithm) {
        let tiles: Vec<TileIndex> = self.lowered.group(group).tiles.clone().map(TileIndex::new).collect();
        let mut rooms: Vec<Room> = tiles.iter().map(|&tile| Room::of(self.occupancy, tile)).collect();
        let mut from = 0;
        for &Given { class, start, count } in counts {
            let capsule = Capsule::new(self.occupancy, class, group, start);
            let over = &capsule.over;
            let mut left = count.min(self.shares.times(self.lowered, class, group, over));
            let each = if capsule.demand.devices > 0 { 1 } else { (left / rooms.len() as u64).max(1) };
            let some =
                usize::try_from(TILES_PER_CAPSULE.saturating_mul(left).saturating_add(TILES)).unwrap_or(usize::MAX);
            let many = if algorithm == Algorithm::Inside { some.min(rooms.len()) } else { rooms.len() };
            let looked_at = (from..from + many).map(|at| at % rooms.len());
            from = (from + many) % rooms.len();
            let suiting = looked_at.filter_map(|at| Some((capsule.suits(&rooms[at])?, Reverse(at))));
            let mut heap: BinaryHeap<(Suits, Reverse<usize>)> = suiting.collect();
            while left > 0 {
                let Some((_, Reverse(at))) = heap.pop() else { break };
                let room = &mut rooms[at];
                let many = capsule.worthwhile(room, room.times(&capsule.draw, over).min(each).min(left));
                let devices = room.choose_devices(capsule.demand, over).expect("what suits has its devices");
                room.take(&capsule.draw, many, (capsule.demand.device_milli, devices), over);
                left -= many;
                self.shares.debit(self.lowered, &Drawn { class, group, count: many, over: over.clone() });
                let count = u32::try_from(many).expect("a tile holds less than 2^32 capsules");
                self.placed.push((tiles[at], Item { class, count, start, devices, is_current: false }));
                heap.extend(capsule.suits(room).map(|score| (score, Reverse(at))));
            }
        }
    }
}

/// What one capsule of a class needs of a tile of the group.
struct Capsule<'a> {
    lowered: &'a Lowered<'a>,
    group: GroupIndex,
    /// What it earns at most.
    earns: i64,
    demand: &'a Demand,
    draw: Resources,
    /// One over the tile's capacity, by kind; zero for kinds that the capsule does not draw.
    per_capacity: [f64; Kind::COUNT],
    /// The buckets in which it runs.
    over: Range<usize>,
}

impl<'a> Capsule<'a> {
    fn new(occupancy: &Occupancy<'a>, class: JobClassIndex, group: GroupIndex, start: Timestamp) -> Capsule<'a> {
        let (lowered, over) = (occupancy.lowered(), occupancy.buckets(class, group, start));
        let (draw, capacity) = (*lowered.draw(class, group), lowered.group(group).capacity(over.start));
        let counts = |k: usize| draw.0[k] > 0 && capacity.0[k] > 0 && capacity.0[k] != UNLIMITED;
        let per_capacity = std::array::from_fn(|k| if counts(k) { 1.0 / capacity.0[k] as f64 } else { 0.0 });
        let earns = if lowered.strain.is_free() { i64::MAX } else { lowered.earns(class, group, start) };
        Capsule { lowered, group, earns, demand: &lowered.job(class).demand, draw, per_capacity, over }
    }

    fn load(&self) -> Load<'_> {
        Load { draw: &self.draw, over: self.over.clone() }
    }

    /// What one capsule adds to a tile's strain.
    fn strain(&self, room: &Room) -> i64 {
        self.lowered.strain.added(self.lowered.group(self.group), &self.load(), room.left(&self.over), 1)
    }

    /// How many of so many capsules go to a tile that suits: as long as they strain it no more than the first does.
    fn worthwhile(&self, room: &Room, most: u64) -> u64 {
        if self.lowered.strain.is_free() {
            return most;
        }
        let (group, limit) = (self.lowered.group(self.group), self.strain(room).saturating_add(1));
        self.lowered.strain.worthwhile(group, &self.load(), room.left(&self.over), (limit, most)).max(1)
    }

    /// How well a tile suits, `None` where it has no room: for a large part of a device the tile on whose devices least is
    /// left over, so that whole ones stay whole; otherwise the tile with most left of what it would have least of.
    fn suits(&self, room: &Room) -> Option<Suits> {
        let (left, milli, devices) =
            (room.left(&self.over), self.demand.device_milli, usize::from(self.demand.devices));
        let fitting =
            if devices == 0 { 0 } else { room.device_parts(&self.over).filter(|&left| left >= milli).count() };
        if fitting < devices || !left.iter().all(|left| self.draw.fits(left)) {
            return None;
        }
        let strain = self.strain(room);
        if strain >= self.earns {
            return None;
        }
        let strain = Reverse(strain);
        let drawn = (0..Kind::COUNT).filter(|&k| self.per_capacity[k] > 0.0);
        let share = |left: &Resources, k: usize| (left.0[k] - self.draw.0[k]) as f64 * self.per_capacity[k];
        let least = drawn.flat_map(|k| left.iter().map(move |left| share(left, k))).fold(1.0, f64::min);
        let least = floor(least * 1e6);
        if devices == 0 || milli < LARGE_PART {
            return Some((strain, Reverse(0), Reverse(0), least));
        }
        let mut parts: Vec<u16> = room.device_parts(&self.over).filter(|&left| left >= milli).collect();
        parts.sort_unstable();
        let over = parts[..devices].iter().map(|&left| u32::from(left - milli)).sum();
        Some((strain, Reverse(over), Reverse(fitting), least))
    }
}

/// What the tile is strained by in micro-credits, milli left over on the devices taken, devices to choose from, and millionths
/// of the tile left: more suits better.
type Suits = (Reverse<i64>, Reverse<u32>, Reverse<usize>, u64);
