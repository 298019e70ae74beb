//! Ruin and recreate: a few nodes drawn by chance are emptied, all or in part, and filled again by pods in an order of chance,
//! those first that give out much for the CPU and memory they draw, at rates of chance; what gives out no less stays (Schrimpf,
//! Schneider, Stamm-Wilbrandt & Dueck 2000). It helps where models, CPU or memory are scarce, of which patterns know nothing.
//!
//! Pods of one sort are one another's equals, so nodes hold sorts here, and pods come back at the end.

use lessor_models::families::openb::{PODS_PER_NODE, Seat};

use crate::random::Random;
use crate::stop::Stop;

use super::lowered::{Lowered, ROOM, narrow};
use super::rooms::Rooms;

/// Tries between two looks at the stop: a millisecond of them.
const BLOCK: u64 = 64;

/// Nodes of one try, at most.
const NODES_MAX: u64 = 3;

/// How often a try keeps some of the pods, and each of them at most so often.
const KEEPING: f64 = 0.5;
const KEPT_MAX: f64 = 0.8;

/// The rates of CPU and of memory, at most, where all that a device has on average of each counts one, and what a pod that draws
/// nothing counts.
const RATES_MAX: (f64, f64) = (3.0, 1.2);
const BASE: f64 = 0.05;

/// By how much chance moves the worth of a sort, as an exponent of e, at most.
const NOISE_MAX: f64 = 0.6;

/// How often a sort comes long before its turn, and its worth then.
const LIFTING: f64 = 0.05;
const LIFT: f64 = 5.0;

/// How often no more than a few pods of a sort come at first, and how many.
const HOLDING: f64 = 0.3;
const HELD_MAX: u64 = 4;

/// A pod on a node: its sort, and a bit for each device it is on.
#[derive(Clone, Copy, Debug)]
struct Piece {
    sort: u32,
    devices: u64,
}

/// What is left of a node, and what it holds.
#[derive(Clone, Debug)]
struct Filling {
    cpu: i64,
    memory: i64,
    devices: Vec<u32>,
    pieces: Vec<Piece>,
    milli: u64,
}

/// What a sort asks for, ready to be compared.
#[derive(Clone, Copy, Debug)]
struct Need {
    cpu: i64,
    memory: i64,
    devices: u32,
    milli: u32,
    /// The sum of its devices' milli.
    sum: u64,
    /// CPU and memory against what a device has on average.
    shares: (f64, f64),
}

/// Nodes with the sorts they hold.
struct Recreate<'a> {
    instance: &'a Lowered,
    needs: Vec<Need>,
    nodes: Vec<Filling>,
    /// Pods of each sort that are nowhere.
    left: Vec<u32>,
    /// The nodes of a try, as they would be, and the pods of each sort that they leave.
    drawn: Vec<usize>,
    tried: Vec<Filling>,
    available: Vec<u32>,
    /// Sorts of which there are pods, with their worth, and how many of each come at first.
    ranked: Vec<(f64, u32, u32)>,
}

/// Tries so many times. Pods without a device leave their seats to those that ask for one.
pub(super) fn recreate<'a>(rooms: Rooms<'a>, tries: u64, random: &mut Random, stop: &Stop) -> Rooms<'a> {
    if rooms.instance.kind_of.is_empty() {
        return rooms;
    }
    let mut recreate = Recreate::new(&rooms);
    for at in 0..tries {
        if at.is_multiple_of(BLOCK) {
            stop.spend(BLOCK);
            if stop.is_raised() {
                break;
            }
        }
        recreate.try_some(random);
    }
    recreate.rooms()
}

impl Filling {
    fn empty(instance: &Lowered, node: usize) -> Filling {
        let kind = &instance.kinds[instance.kind_of[node] as usize];
        let devices = vec![ROOM; kind.devices as usize];
        Filling { cpu: kind.cpu, memory: kind.memory, devices, pieces: Vec::new(), milli: 0 }
    }

    /// Puts a pod on devices that have room, where CPU and memory have.
    fn put(&mut self, sort: u32, need: &Need, devices: u64) {
        self.cpu -= need.cpu;
        self.memory -= need.memory;
        self.milli += need.sum;
        bits(devices).for_each(|device| self.devices[device] -= need.milli);
        self.pieces.push(Piece { sort, devices });
    }

    /// The devices that a pod would leave least of; `None` where it does not fit.
    fn devices_for(&self, need: &Need) -> Option<u64> {
        if self.cpu < need.cpu || self.memory < need.memory || self.pieces.len() >= PODS_PER_NODE {
            return None;
        }
        let mut chosen = 0;
        for _ in 0..need.devices {
            let free = (0..).zip(&self.devices).filter(|&(at, &left)| left >= need.milli && chosen >> at & 1 == 0);
            chosen |= 1 << free.min_by_key(|&(_, &left)| left)?.0;
        }
        Some(chosen)
    }
}

/// The positions of the bits that are set.
fn bits(mut set: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let at = (set != 0).then(|| set.trailing_zeros() as usize)?;
        set &= set - 1;
        Some(at)
    })
}

impl<'a> Recreate<'a> {
    fn new(rooms: &Rooms<'a>) -> Recreate<'a> {
        let instance = rooms.instance;
        let mean = instance.device_means();
        let asking = &instance.sorts[..instance.asking];
        let needs: Vec<Need> = asking
            .iter()
            .map(|sort| Need {
                cpu: sort.cpu,
                memory: sort.memory,
                devices: sort.devices,
                milli: sort.milli,
                sum: sort.milli_sum(),
                shares: (sort.cpu as f64 / mean.0, sort.memory as f64 / mean.1),
            })
            .collect();
        let mut nodes: Vec<Filling> = (0..instance.kind_of.len()).map(|node| Filling::empty(instance, node)).collect();
        let mut left: Vec<u32> = asking.iter().map(|sort| narrow(sort.pods.len())).collect();
        for (&sort, seat) in instance.sort_of.iter().zip(&rooms.seats) {
            if let (Some(need), Some(seat)) = (needs.get(sort as usize), seat) {
                let devices = seat.devices.iter().fold(0, |set, device| set | 1 << device);
                nodes[seat.node as usize].put(sort, need, devices);
                left[sort as usize] -= 1;
            }
        }
        let (drawn, tried, available, ranked) = (Vec::new(), Vec::new(), left.clone(), Vec::new());
        Recreate { instance, needs, nodes, left, drawn, tried, available, ranked }
    }

    /// Empties some nodes and fills them again; kept where they give out no less.
    fn try_some(&mut self, random: &mut Random) {
        self.draw_nodes(random);
        self.ruin(random);
        self.rank(random);
        self.fill();
        let given = |fillings: &mut dyn Iterator<Item = &Filling>| fillings.map(|filling| filling.milli).sum::<u64>();
        let before = given(&mut self.drawn.iter().map(|&node| &self.nodes[node]));
        if given(&mut self.tried.iter()) >= before {
            for (&node, filling) in self.drawn.iter().zip(&mut self.tried) {
                std::mem::swap(&mut self.nodes[node], filling);
            }
            std::mem::swap(&mut self.left, &mut self.available);
        }
    }

    fn draw_nodes(&mut self, random: &mut Random) {
        self.drawn.clear();
        let all = self.nodes.len();
        let count = all.min(1 + random.index(usize::try_from(NODES_MAX).expect("it is small")));
        while self.drawn.len() < count {
            let node = random.index(all);
            if !self.drawn.contains(&node) {
                self.drawn.push(node);
            }
        }
    }

    /// The nodes as they are with few of their pods or none.
    fn ruin(&mut self, random: &mut Random) {
        self.available.clone_from(&self.left);
        let kept = if random.unit() < KEEPING { random.unit() * KEPT_MAX } else { 0.0 };
        self.tried.resize_with(self.drawn.len(), || Filling::empty(self.instance, 0));
        for (&node, filling) in self.drawn.iter().zip(&mut self.tried) {
            let kind = &self.instance.kinds[self.instance.kind_of[node] as usize];
            (filling.cpu, filling.memory, filling.milli) = (kind.cpu, kind.memory, 0);
            filling.devices.clear();
            filling.devices.resize(kind.devices as usize, ROOM);
            filling.pieces.clear();
            for piece in &self.nodes[node].pieces {
                if kept > 0.0 && random.unit() < kept {
                    filling.put(piece.sort, &self.needs[piece.sort as usize], piece.devices);
                } else {
                    self.available[piece.sort as usize] += 1;
                }
            }
        }
    }

    /// Sorts of which there are pods, by what they give out for what they draw.
    fn rank(&mut self, random: &mut Random) {
        let rates = (random.unit() * RATES_MAX.0, random.unit() * RATES_MAX.1);
        let noise = random.unit() * NOISE_MAX;
        self.ranked.clear();
        for (sort, (need, &available)) in (0..).zip(self.needs.iter().zip(&self.available)) {
            if available == 0 {
                continue;
            }
            let draw = BASE + rates.0 * need.shares.0 + rates.1 * need.shares.1;
            let several = if need.devices > 1 { 2.0 } else { 1.0 };
            let lift = if random.unit() < LIFTING { LIFT } else { 1.0 };
            let worth = need.sum as f64 / draw * several * lift * (noise * (2.0 * random.unit() - 1.0)).exp();
            let held = if random.unit() < HOLDING { 1 + random.below(HELD_MAX) } else { u64::MAX };
            self.ranked.push((worth, sort, u32::try_from(held).unwrap_or(u32::MAX)));
        }
        self.ranked.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    }

    /// Puts pods on the nodes in their order, first no more of a sort than are to come at first.
    fn fill(&mut self) {
        for is_first in [true, false] {
            for &(_, sort, first) in &self.ranked {
                let available = &mut self.available[sort as usize];
                let mut most = if is_first { first.min(*available) } else { *available };
                for (&node, filling) in self.drawn.iter().zip(&mut self.tried) {
                    if !self.instance.fits(sort as usize, self.instance.kind_of[node] as usize) {
                        continue;
                    }
                    let need = &self.needs[sort as usize];
                    while most > 0
                        && let Some(devices) = filling.devices_for(need)
                    {
                        filling.put(sort, need, devices);
                        most -= 1;
                        *available -= 1;
                    }
                }
            }
        }
    }

    /// The placement with pods again.
    fn rooms(&self) -> Rooms<'a> {
        let mut rooms = Rooms::empty(self.instance);
        let mut pods: Vec<_> = self.instance.sorts.iter().map(|sort| sort.pods.iter()).collect();
        for (node, filling) in (0..).zip(&self.nodes) {
            for piece in &filling.pieces {
                let devices = bits(piece.devices).map(narrow).collect();
                if let Some(&pod) = pods[piece.sort as usize].next() {
                    rooms.put(pod, Seat { node, devices });
                }
            }
        }
        rooms
    }
}

#[cfg(test)]
mod tests {
    use lessor_models::families::openb::{Node, OpenbInstance, Pod};

    use super::*;

    fn pod(cpu_milli: u64, devices: u32, milli: u32) -> Pod {
        Pod { cpu_milli, memory_mib: 1, devices, milli, models: None }
    }

    /// One node of 4 CPU and one device.
    fn recreated(pods: Vec<Pod>, seated: &[(u32, u32)]) -> Vec<bool> {
        let node = Node { cpu_milli: 4, memory_mib: 9, devices: 1, model: 0 };
        let instance = Lowered::new(&OpenbInstance::new(vec![node], pods).unwrap());
        let mut rooms = Rooms::empty(&instance);
        for &(pod, devices) in seated {
            assert!(rooms.put(pod, Seat { node: 0, devices: (0..devices).collect() }));
        }
        let rooms = recreate(rooms, 50, &mut Random::new(1), &Stop::new());
        rooms.seats.iter().map(Option::is_some).collect()
    }

    #[test]
    fn a_pod_gives_way_to_one_that_takes_more_of_the_device() {
        assert_eq!(recreated(vec![pod(4, 1, 300), pod(2, 1, 500)], &[(0, 1)]), [false, true]);
        assert_eq!(recreated(vec![pod(4, 1, 500), pod(2, 1, 300)], &[(0, 1)]), [true, false]);
        assert_eq!(recreated(vec![pod(3, 0, 0), pod(2, 1, 300)], &[(0, 0)]), [false, true]);
    }

    #[test]
    fn nothing_is_lost_however_often_it_is_tried() {
        let mut random = Random::new(5);
        for _ in 0..20 {
            let nodes = (0..3).map(|model| Node { cpu_milli: 9, memory_mib: 40, devices: 4, model }).collect();
            let some = |random: &mut Random| {
                let (devices, milli) = [(1, 300), (1, 470), (1, 1_000), (2, 500), (0, 0)][random.index(5)];
                let models = (random.below(3) == 0).then(|| vec![u32::try_from(random.below(3)).unwrap()]);
                Pod { models, ..pod(1 + random.below(4), devices, milli) }
            };
            let instance = OpenbInstance::new(nodes, (0..30).map(|_| some(&mut random)).collect()).unwrap();
            let lowered = Lowered::new(&instance);
            let mut rooms = Rooms::empty(&lowered);
            for number in 0..30 {
                if let Some(seat) = rooms.seat_for(number) {
                    rooms.put(number, seat);
                }
            }
            let cost = |rooms: &Rooms<'_>| lessor_models::families::openb::check(&instance, &rooms.seats).unwrap();
            let mut before = cost(&rooms);
            for _ in 0..4 {
                rooms = recreate(rooms, 25, &mut random, &Stop::new());
                let after = cost(&rooms);
                assert!(after <= before, "{after} after {before}");
                before = after;
            }
        }
    }
}
