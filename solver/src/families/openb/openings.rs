//! The nodes of a placement in the making, in the order in which pods take to them: who has least left first.
//!
//! A pod that asks for one device wants, of those that have enough, the one with the least left; one that asks for several whole
//! devices the node with the fewest that are untouched; one that asks for none the node whose devices have least left. Among equals
//! it wants the node with the least CPU and memory. Each order is kept as a sorted set, so that whoever fits is found near to where
//! the search begins, however many nodes and sorts of pods there are.

use std::collections::BTreeSet;

use lessor_models::families::openb::Seat;

use super::lowered::{ROOM, Sort, narrow};
use super::rooms::Rooms;

/// What is left by the measure of the order, then of CPU and memory as the bits of a float, and the node.
type Opening = (u32, u64, u32);

/// The orders, of rooms that nobody else changes meanwhile.
pub(super) struct Openings {
    /// By what a device has left: once for each amount that a device of the node has left.
    one: BTreeSet<Opening>,
    /// By how many devices are untouched.
    several: BTreeSet<Opening>,
    /// By what all devices together have left.
    none: BTreeSet<Opening>,
}

impl Openings {
    /// O(devices log devices).
    pub(super) fn new(rooms: &Rooms<'_>) -> Openings {
        let (mut one, mut several, mut none) = (Vec::new(), Vec::new(), Vec::new());
        for node in 0..rooms.nodes() {
            one.extend(amounts(rooms, node));
            several.push(untouched(rooms, node));
            none.push(spare(rooms, node));
        }
        let sorted = |openings: Vec<Opening>| openings.into_iter().collect();
        Openings { one: sorted(one), several: sorted(several), none: sorted(none) }
    }

    /// Seats a pod that has no seat where it leaves the least, of the devices that it takes a part of, then of CPU and memory;
    /// false where it fits nowhere. O(log devices) for each node that is looked at; all nodes are where it asks for parts of
    /// several devices.
    pub(super) fn seat(&mut self, rooms: &mut Rooms<'_>, pod: u32) -> bool {
        let sort = rooms.instance.sort_of[pod as usize] as usize;
        let need = &rooms.instance.sorts[sort];
        let fits = |node: u32| rooms.has_room(sort, node as usize);
        let found = match need.devices {
            0 => first(&self.none, 0, rooms.idle_of(need), fits),
            1 => first(&self.one, need.milli, rooms.idle_of(need), fits),
            devices if need.milli == ROOM => first(&self.several, devices, rooms.idle_of(need), fits),
            _ => least_of_several(rooms, need, fits),
        };
        let Some(node) = found else { return false };
        let devices = rooms.least_devices(node as usize, need);
        self.remove(rooms, node as usize);
        let is_put = rooms.put(pod, Seat { node, devices });
        self.insert(rooms, node as usize);
        is_put
    }

    fn remove(&mut self, rooms: &Rooms<'_>, node: usize) {
        for opening in amounts(rooms, node) {
            self.one.remove(&opening);
        }
        self.several.remove(&untouched(rooms, node));
        self.none.remove(&spare(rooms, node));
    }

    fn insert(&mut self, rooms: &Rooms<'_>, node: usize) {
        self.one.extend(amounts(rooms, node));
        self.several.insert(untouched(rooms, node));
        self.none.insert(spare(rooms, node));
    }
}

/// The first node, from an amount on, that fits; whatever has less CPU and memory than `idle` in all is passed over.
fn first(openings: &BTreeSet<Opening>, least: u32, idle: u64, fits: impl Fn(u32) -> bool) -> Option<u32> {
    let mut from = (least, idle, 0);
    loop {
        // Of one amount and with enough CPU and memory in all, until the next amount.
        let (left, next, node) = *openings.range(from..).next()?;
        from = if next < idle {
            (left, idle, 0)
        } else if fits(node) {
            return Some(node);
        } else {
            (left, next, node + 1)
        };
    }
}

/// The node whose devices with enough for the pod have least left together.
fn least_of_several(rooms: &Rooms<'_>, need: &Sort, fits: impl Fn(u32) -> bool) -> Option<u32> {
    let fitting = (0..narrow(rooms.nodes())).filter(|&node| fits(node));
    fitting.min_by_key(|&node| {
        let left = rooms.devices(node as usize).iter().filter(|&&left| left >= need.milli);
        (left.sum::<u32>(), rooms.idle(node as usize), node)
    })
}

fn amounts(rooms: &Rooms<'_>, node: usize) -> impl Iterator<Item = Opening> {
    let idle = rooms.idle(node);
    rooms.devices(node).iter().map(move |&left| (left, idle, narrow(node)))
}

fn untouched(rooms: &Rooms<'_>, node: usize) -> Opening {
    (narrow(rooms.untouched(node).count()), rooms.idle(node), narrow(node))
}

fn spare(rooms: &Rooms<'_>, node: usize) -> Opening {
    (rooms.devices(node).iter().sum(), rooms.idle(node), narrow(node))
}

#[cfg(test)]
mod tests {
    use lessor_models::families::openb::{Node, OpenbInstance, Pod};

    use super::super::lowered::Lowered;
    use super::*;
    use crate::support::random::Random;

    /// The node where a pod leaves least, by looking at all of them.
    fn least(rooms: &Rooms<'_>, pod: u32) -> Option<u32> {
        let sort = rooms.instance.sort_of[pod as usize] as usize;
        let need = &rooms.instance.sorts[sort];
        let fitting = (0..narrow(rooms.nodes())).filter(|&node| rooms.has_room(sort, node as usize));
        fitting.min_by_key(|&node| {
            let devices = rooms.devices(node as usize);
            let enough = devices.iter().copied().filter(|&left| left >= need.milli);
            let left: u32 = match need.devices {
                0 => devices.iter().sum(),
                1 => enough.min().unwrap(),
                _ => enough.sum(),
            };
            (left, rooms.idle(node as usize), node)
        })
    }

    #[test]
    fn each_pod_goes_where_it_leaves_least() {
        let mut random = Random::new(3);
        let (mut seated, mut left_out) = (0, 0);
        for _ in 0..100 {
            let node = |random: &mut Random| Node {
                cpu_milli: random.below(20),
                memory_mib: 5 + random.below(20),
                devices: u32::try_from(random.below(4)).unwrap(),
                model: u32::try_from(random.below(2)).unwrap(),
            };
            let nodes = (0..6).map(|_| node(&mut random)).collect();
            let shapes = [(0, 0), (1, 300), (1, 500), (1, 1_000), (2, 1_000), (2, 400)];
            let pod = |random: &mut Random| {
                let (devices, milli) = shapes[random.index(shapes.len())];
                let models = (random.below(4) == 0).then(|| vec![1]);
                Pod { cpu_milli: 1 + random.below(3), memory_mib: 1 + random.below(4), devices, milli, models }
            };
            let pods = (0..40).map(|_| pod(&mut random)).collect();
            let lowered = Lowered::new(&OpenbInstance::new(nodes, pods).unwrap());
            let mut rooms = Rooms::empty(&lowered);
            let mut openings = Openings::new(&rooms);
            for pod in 0..40 {
                let expected = least(&rooms, pod);
                assert_eq!(openings.seat(&mut rooms, pod), expected.is_some());
                assert_eq!(rooms.seats[pod as usize].as_ref().map(|seat| seat.node), expected);
                *if expected.is_some() { &mut seated } else { &mut left_out } += 1;
            }
        }
        assert!(seated > 1_000 && left_out > 500, "{seated} and {left_out}");
    }
}
