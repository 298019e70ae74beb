//! The nodes of a placement in the making, in the order in which pods take to them: who has least left first.
//!
//! A pod that asks for one device wants, of those that have enough, the one with the least left; one that asks for several whole
//! devices the node with the fewest that are untouched; one that asks for none the node whose devices have least left. Among equals
//! it wants the node with the least CPU and memory. Each order is kept as a sorted set, so that whoever fits is mostly found near
//! to where the search begins, however many nodes and sorts of pods there are.
//!
//! Nodes that lack CPU or memory alone, or are of a model that the pod may not use, may lie between. A node only ever loses room,
//! so what refused a pod refuses all of its sort: pods of one sort that come one after another share one search, which goes on
//! where it stands and looks again at no node but the one that took a pod last.

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
    /// The search for the sort of which a pod was last seated.
    search: Option<Search>,
}

/// Where the search for the pods of a sort stands.
struct Search {
    sort: usize,
    /// All before it refuse the sort, but for the node that took one last.
    from: Opening,
    last: Option<u32>,
    /// What a node has of CPU and memory at least, as in an opening.
    idle: u64,
    /// In place of the others, for parts of several devices: those that fit, by what their devices with enough have left together.
    fitting: BTreeSet<Opening>,
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
        Openings { one: sorted(one), several: sorted(several), none: sorted(none), search: None }
    }

    /// Seats a pod that has no seat where it leaves the least, of the devices that it takes a part of, then of CPU and memory;
    /// false where it fits nowhere. O(log devices) for each node that is looked at; while pods are of one sort, that is each node
    /// once and those that took a pod once more each time. All nodes are where a sort asks for parts of several devices.
    pub(super) fn seat(&mut self, rooms: &mut Rooms<'_>, pod: u32) -> bool {
        let sort = rooms.instance.sort_of[pod as usize] as usize;
        let found = self.find(rooms, sort, |node| rooms.has_room(sort, node as usize));
        found.is_some_and(|node| self.put(rooms, pod, node))
    }

    /// The node where a pod of a sort leaves the least, among those that fit.
    fn find(&mut self, rooms: &Rooms<'_>, sort: usize, fits: impl Fn(u32) -> bool) -> Option<u32> {
        let need = &rooms.instance.sorts[sort];
        let known = self.search.take().filter(|search| search.sort == sort);
        let mut search = known.unwrap_or_else(|| Search::start(rooms, sort, &fits));
        let found = match need.devices {
            0 => search.next(&self.none, |node| Some(spare(rooms, node)), fits),
            1 => search.next(&self.one, |node| amounts(rooms, node).filter(|left| left.0 >= need.milli).min(), fits),
            _ if need.milli == ROOM => search.next(&self.several, |node| Some(untouched(rooms, node)), fits),
            _ => search.next_of_several(|node| together(rooms, need, node), fits),
        };
        self.search = Some(search);
        found
    }

    /// Seats a pod on a node that has room for it.
    fn put(&mut self, rooms: &mut Rooms<'_>, pod: u32, node: u32) -> bool {
        let devices = rooms.least_devices(node as usize, rooms.instance.pod(pod));
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

impl Search {
    fn start(rooms: &Rooms<'_>, sort: usize, fits: impl Fn(u32) -> bool) -> Search {
        let need = &rooms.instance.sorts[sort];
        let least = match need.devices {
            0 => 0,
            1 => need.milli,
            devices => devices,
        };
        let mut fitting = BTreeSet::new();
        if need.devices > 1 && need.milli < ROOM {
            let nodes = (0..narrow(rooms.nodes())).filter(|&node| fits(node));
            fitting.extend(nodes.map(|node| together(rooms, need, node as usize)));
        }
        let idle = rooms.idle_of(need);
        Search { sort, from: (least, idle, 0), last: None, idle, fitting }
    }

    /// The first node that fits, in an order in which `own` is where a node that fits stands.
    fn next(
        &mut self,
        openings: &BTreeSet<Opening>,
        own: impl Fn(usize) -> Option<Opening>,
        fits: impl Fn(u32) -> bool,
    ) -> Option<u32> {
        let again = self.last.filter(|&node| fits(node)).and_then(|node| own(node as usize));
        if again.is_none_or(|opening| opening >= self.from) {
            self.from = first(openings, self.from, self.idle, fits)?;
            self.last = Some(self.from.2);
        }
        self.last
    }

    /// The first node of those that fit; `own` is where a node that fits stands among them.
    fn next_of_several(&mut self, own: impl Fn(usize) -> Opening, fits: impl Fn(u32) -> bool) -> Option<u32> {
        self.fitting.extend(self.last.take().filter(|&node| fits(node)).map(|node| own(node as usize)));
        self.last = self.fitting.pop_first().map(|(_, _, node)| node);
        self.last
    }
}

/// The first that fits, from an opening on; whatever has less CPU and memory than `idle` in all is passed over.
fn first(openings: &BTreeSet<Opening>, mut from: Opening, idle: u64, fits: impl Fn(u32) -> bool) -> Option<Opening> {
    loop {
        // Of one amount and with enough CPU and memory in all, until the next amount.
        let opening @ (left, next, node) = *openings.range(from..).next()?;
        from = if next < idle {
            (left, idle, 0)
        } else if fits(node) {
            return Some(opening);
        } else {
            (left, next, node + 1)
        };
    }
}

/// What the devices of a node that have enough for a pod have left together.
fn together(rooms: &Rooms<'_>, need: &Sort, node: usize) -> Opening {
    let left = rooms.devices(node).iter().filter(|&&left| left >= need.milli);
    (left.sum(), rooms.idle(node), narrow(node))
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
    use std::cell::Cell;

    use lessor_models::families::openb::{Node, OpenbInstance, Pod};

    use super::super::lowered::Lowered;
    use super::super::rooms::First;
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
            for pod in First::Several.order(&lowered) {
                let expected = least(&rooms, pod);
                assert_eq!(openings.seat(&mut rooms, pod), expected.is_some());
                assert_eq!(rooms.seats[pod as usize].as_ref().map(|seat| seat.node), expected);
                *if expected.is_some() { &mut seated } else { &mut left_out } += 1;
            }
        }
        assert!(seated > 1_000 && left_out > 500, "{seated} and {left_out}");
    }

    #[test]
    fn pods_of_one_sort_look_at_no_node_twice() {
        // A node has CPU for one of the pods, and memory and devices for many: it stays where the search begins.
        for (devices, milli) in [(0, 0), (1, 300), (2, 1_000), (2, 400)] {
            let node = || Node { cpu_milli: 3, memory_mib: 1_000, devices: 8, model: 0 };
            let pod = || Pod { cpu_milli: 2, memory_mib: 1, devices, milli, models: None };
            let nodes = 200;
            let batch = (0..nodes).map(|_| node()).collect();
            let lowered = Lowered::new(&OpenbInstance::new(batch, (0..=nodes).map(|_| pod()).collect()).unwrap());
            let mut rooms = Rooms::empty(&lowered);
            let mut openings = Openings::new(&rooms);
            let looks = Cell::new(0);
            for pod in 0..=nodes {
                let found = openings.find(&rooms, 0, |node| {
                    looks.set(looks.get() + 1);
                    rooms.has_room(0, node as usize)
                });
                assert_eq!(found.is_some(), pod < nodes);
                found.into_iter().for_each(|node| assert!(openings.put(&mut rooms, pod, node)));
            }
            assert!(looks.get() <= 3 * nodes, "{} looks at {nodes} nodes", looks.get());
        }
    }
}
