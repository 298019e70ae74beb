//! What one node holds, sort by sort.
//!
//! Pods of one sort are one another's equals, so a filling names sorts; pods come in at the end.

use lessor_models::families::openb::{PODS_PER_NODE, Seat};

use super::lowered::{Lowered, ROOM, narrow};
use super::rooms::Rooms;

/// A pod on a node: its sort, and a bit for each device it is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Piece {
    pub(super) sort: u32,
    devices: u64,
}

/// What a node of a kind holds, and what is left of it.
#[derive(Clone, Debug)]
pub(super) struct Filling {
    pub(super) kind: usize,
    pub(super) pieces: Vec<Piece>,
    cpu: i64,
    memory: i64,
    devices: Vec<u32>,
}

/// What a sort asks for, ready to be compared.
#[derive(Clone, Copy, Debug)]
pub(super) struct Need {
    cpu: i64,
    memory: i64,
    pub(super) devices: u32,
    milli: u32,
    /// The sum of its devices' milli.
    pub(super) sum: u64,
    /// CPU and memory against what a device has on average.
    pub(super) shares: (f64, f64),
}

/// What each sort that asks for devices needs.
pub(super) fn needs(instance: &Lowered) -> Vec<Need> {
    let mean = instance.device_means();
    let need = |sort: &super::lowered::Sort| Need {
        cpu: sort.cpu,
        memory: sort.memory,
        devices: sort.devices,
        milli: sort.milli,
        sum: sort.milli_sum(),
        shares: (sort.cpu as f64 / mean.0, sort.memory as f64 / mean.1),
    };
    instance.sorts[..instance.asking].iter().map(need).collect()
}

impl Filling {
    /// An empty node.
    pub(super) fn empty(instance: &Lowered, kind: usize) -> Filling {
        let mut filling = Filling { kind, pieces: Vec::new(), cpu: 0, memory: 0, devices: Vec::new() };
        filling.clear(instance, kind);
        filling
    }

    /// Makes it an empty node of a kind.
    pub(super) fn clear(&mut self, instance: &Lowered, kind: usize) {
        let of = &instance.kinds[kind];
        (self.kind, self.cpu, self.memory) = (kind, of.cpu, of.memory);
        self.pieces.clear();
        self.devices.clear();
        self.devices.resize(of.devices as usize, ROOM);
    }

    /// Puts a pod on devices that have room, where CPU and memory have.
    pub(super) fn put(&mut self, piece: Piece, need: &Need) {
        self.cpu -= need.cpu;
        self.memory -= need.memory;
        bits(piece.devices).for_each(|device| self.devices[device] -= need.milli);
        self.pieces.push(piece);
    }

    /// A pod of a sort on the devices that it would leave least of; `None` where there is no room for it.
    pub(super) fn room_for(&self, sort: u32, need: &Need) -> Option<Piece> {
        if self.cpu < need.cpu || self.memory < need.memory || self.pieces.len() >= PODS_PER_NODE {
            return None;
        }
        let mut devices = 0_u64;
        for _ in 0..need.devices {
            let free = (0..).zip(&self.devices).filter(|&(at, &left)| left >= need.milli && devices >> at & 1 == 0);
            devices |= 1 << free.min_by_key(|&(_, &left)| left)?.0;
        }
        Some(Piece { sort, devices })
    }
}

/// The fillings of the nodes of a placement, and how many pods of each sort that asks for devices are nowhere.
pub(super) fn fillings(rooms: &Rooms<'_>, needs: &[Need]) -> (Vec<Filling>, Vec<u32>) {
    let instance = rooms.instance;
    let mut nodes: Vec<Filling> =
        instance.kind_of.iter().map(|&kind| Filling::empty(instance, kind as usize)).collect();
    let mut left: Vec<u32> = instance.sorts[..needs.len()].iter().map(|sort| narrow(sort.pods.len())).collect();
    for (&sort, seat) in instance.sort_of.iter().zip(&rooms.seats) {
        if let (Some(need), Some(seat)) = (needs.get(sort as usize), seat) {
            let devices = seat.devices.iter().fold(0, |set, device| set | 1 << device);
            nodes[seat.node as usize].put(Piece { sort, devices }, need);
            left[sort as usize] -= 1;
        }
    }
    (nodes, left)
}

/// The placement that gives each node its filling; a pod that is asked for more often than it is there is left out.
pub(super) fn seated<'a, 'p>(instance: &'a Lowered, fillings: impl Iterator<Item = (u32, &'p [Piece])>) -> Rooms<'a> {
    let mut rooms = Rooms::empty(instance);
    let mut pods: Vec<_> = instance.sorts.iter().map(|sort| sort.pods.iter()).collect();
    for (node, pieces) in fillings {
        for piece in pieces {
            let devices = bits(piece.devices).map(narrow).collect();
            if let Some(&pod) = pods[piece.sort as usize].next() {
                rooms.put(pod, Seat { node, devices });
            }
        }
    }
    rooms
}

/// The positions of the bits that are set.
fn bits(mut set: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let at = (set != 0).then(|| set.trailing_zeros() as usize)?;
        set &= set - 1;
        Some(at)
    })
}
