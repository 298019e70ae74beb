//! Ruin and recreate: a few nodes drawn by chance are emptied, all or in part, and filled again by pods in an order of chance,
//! those first that give out much for the CPU and memory they draw, at rates of chance; what gives out no less stays (Schrimpf,
//! Schneider, Stamm-Wilbrandt & Dueck 2000). It helps where models, CPU or memory are scarce, of which patterns know nothing.

use rayon::prelude::*;

use crate::support::random::Random;
use crate::support::stop::Stop;

use super::filling::{Filling, Need, fillings, needs, seated};
use super::lowered::Lowered;
use super::rooms::Rooms;

/// Tries between two looks at the stop: a millisecond of them.
const BLOCK: u64 = 64;

/// Nodes of one try, at most.
const NODES_MAX: usize = 3;

/// How often a try keeps some of the pods, and each of them at most so often.
const KEEPING: f64 = 0.5;
const KEPT_MAX: f64 = 0.8;

/// The rates of CPU and of memory, at most, where all that a device has on average of each counts one, and what a pod that draws
/// nothing counts.
const RATES_MAX: (f64, f64) = (3.0, 1.2);
const BASE: f64 = 0.05;

/// By how much chance moves the worth of a sort, as an exponent of e, at most.
const NOISE_MAX: f64 = 0.6;

/// How much more a pod of several devices counts: it needs them at once.
const SEVERAL: f64 = 2.0;

/// How often a sort comes long before its turn, and its worth then.
const LIFTING: f64 = 0.05;
const LIFT: f64 = 5.0;

/// How often no more than a few pods of a sort come at first, and how many.
const HOLDING: f64 = 0.3;
const HELD_MAX: u64 = 4;

/// Nodes that are filled so that the pods on them are worth most.
pub(super) struct Recreate<'a> {
    instance: &'a Lowered,
    needs: &'a [Need],
    /// What a pod of each sort is worth; one that is worth nothing is never put.
    worths: &'a [i64],
    nodes: Vec<Filling>,
    /// Those of the nodes that have devices.
    equipped: Vec<usize>,
    /// Pods of each sort that are nowhere.
    left: Vec<u32>,
    /// The nodes of a try, as they would be, and the pods of each sort that they leave.
    drawn: Vec<usize>,
    tried: Vec<Filling>,
    available: Vec<u32>,
    /// Sorts of which there are pods, with their rank, and how many of each come at first.
    ranked: Vec<(f64, u32, u32)>,
}

/// Tries so many times, for the most of the devices. Pods without a device leave their seats to those that ask for one.
pub(super) fn recreate<'a>(rooms: &Rooms<'a>, tries: u64, random: &mut Random, stop: &Stop) -> Rooms<'a> {
    let instance = rooms.instance;
    let needs = needs(instance);
    let worths: Vec<i64> = needs.iter().map(|need| i64::try_from(need.sum).unwrap_or(i64::MAX)).collect();
    let (nodes, left) = fillings(rooms, &needs);
    let mut recreate = Recreate::new(instance, (&needs, &worths), nodes, left);
    recreate.try_often(tries, random, stop);
    seated(instance, (0..).zip(recreate.nodes.iter().map(|filling| filling.pieces.as_slice())))
}

/// The same on several parts of the nodes at a time, drawn by chance, each with its share of the pods that are nowhere and so many
/// tries: what is gained on one part is not lost to what is gained on another.
pub(super) fn recreate_apart<'a>(
    rooms: &Rooms<'a>,
    (parts, tries): (u32, u64),
    random: &mut Random,
    stop: &Stop,
) -> Rooms<'a> {
    let instance = rooms.instance;
    let needs = needs(instance);
    let worths: Vec<i64> = needs.iter().map(|need| i64::try_from(need.sum).unwrap_or(i64::MAX)).collect();
    let (nodes, left) = fillings(rooms, &needs);
    let mut nodes: Vec<(u32, Filling)> = (0..).zip(nodes).collect();
    random.shuffle(&mut nodes);
    let of_part = nodes.len().div_ceil(parts as usize).max(1);
    let parted: Vec<(u32, &[(u32, Filling)])> = (0..).zip(nodes.chunks(of_part)).collect();
    let one = |&(part, nodes): &(u32, &[(u32, Filling)])| {
        let share = (0..).zip(&left).map(|(sort, &left)| (left + (part + sort) % parts) / parts).collect();
        let fillings = nodes.iter().map(|(_, filling)| filling.clone()).collect();
        let mut recreate = Recreate::new(instance, (&needs, &worths), fillings, share);
        recreate.try_often(tries, &mut random.fork(u64::from(part)), stop);
        recreate.into_nodes()
    };
    let filled: Vec<Vec<Filling>> = parted.par_iter().map(one).collect();
    let filled = nodes.iter().map(|(node, _)| *node).zip(filled.iter().flatten());
    seated(instance, filled.map(|(node, filling)| (node, filling.pieces.as_slice())))
}

impl<'a> Recreate<'a> {
    /// Nodes as they are filled, and how many pods of each sort are nowhere; sorts with their needs and worths.
    pub(super) fn new(
        instance: &'a Lowered,
        (needs, worths): (&'a [Need], &'a [i64]),
        nodes: Vec<Filling>,
        left: Vec<u32>,
    ) -> Recreate<'a> {
        let (drawn, tried, available, ranked) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let has_devices = |&node: &usize| instance.kinds[nodes[node].kind].devices > 0;
        let equipped = (0..nodes.len()).filter(has_devices).collect();
        Recreate { instance, needs, worths, nodes, equipped, left, drawn, tried, available, ranked }
    }

    /// Tries so many times, or until the stop.
    pub(super) fn try_often(&mut self, tries: u64, random: &mut Random, stop: &Stop) {
        if self.equipped.is_empty() {
            return;
        }
        for at in 0..tries {
            if at.is_multiple_of(BLOCK) {
                stop.spend(BLOCK);
                if stop.is_raised() {
                    break;
                }
            }
            self.try_some(random);
        }
    }

    /// The nodes as they are now filled.
    pub(super) fn into_nodes(self) -> Vec<Filling> {
        self.nodes
    }

    /// Empties some nodes and fills them again; kept where they are worth no less.
    fn try_some(&mut self, random: &mut Random) {
        self.draw_nodes(random);
        self.ruin(random);
        self.rank(random);
        self.fill();
        let worth = |filling: &Filling| worth(filling, self.worths);
        let before: i64 = self.drawn.iter().map(|&node| worth(&self.nodes[node])).sum();
        if self.tried.iter().map(worth).sum::<i64>() >= before {
            for (&node, filling) in self.drawn.iter().zip(&mut self.tried) {
                std::mem::swap(&mut self.nodes[node], filling);
            }
            std::mem::swap(&mut self.left, &mut self.available);
        }
    }

    fn draw_nodes(&mut self, random: &mut Random) {
        self.drawn.clear();
        let count = self.equipped.len().min(1 + random.index(NODES_MAX));
        while self.drawn.len() < count {
            let node = self.equipped[random.index(self.equipped.len())];
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
            filling.clear(self.instance, self.nodes[node].kind);
            for &piece in &self.nodes[node].pieces {
                if kept > 0.0 && random.unit() < kept {
                    filling.put(piece, &self.needs[piece.sort as usize]);
                } else {
                    self.available[piece.sort as usize] += 1;
                }
            }
        }
    }

    /// Sorts of which there are pods, by what they are worth for what they draw.
    fn rank(&mut self, random: &mut Random) {
        let rates = (random.unit() * RATES_MAX.0, random.unit() * RATES_MAX.1);
        let noise = random.unit() * NOISE_MAX;
        self.ranked.clear();
        for (sort, ((need, &worth), &available)) in (0..).zip(self.needs.iter().zip(self.worths).zip(&self.available)) {
            if available == 0 || worth <= 0 {
                continue;
            }
            let draw = BASE + rates.0 * need.shares.0 + rates.1 * need.shares.1;
            let several = if need.devices > 1 { SEVERAL } else { 1.0 };
            let lift = if random.unit() < LIFTING { LIFT } else { 1.0 };
            let rank = worth as f64 / draw * several * lift * (noise * (2.0 * random.unit() - 1.0)).exp();
            let held = if random.unit() < HOLDING { 1 + random.below(HELD_MAX) } else { u64::MAX };
            self.ranked.push((rank, sort, u32::try_from(held).unwrap_or(u32::MAX)));
        }
        self.ranked.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    }

    /// Puts pods on the nodes in their order, first no more of a sort than are to come at first.
    fn fill(&mut self) {
        for is_first in [true, false] {
            for &(_, sort, first) in &self.ranked {
                let (available, need) = (&mut self.available[sort as usize], &self.needs[sort as usize]);
                let mut most = if is_first { first.min(*available) } else { *available };
                for filling in self.tried.iter_mut().filter(|filling| self.instance.fits(sort as usize, filling.kind)) {
                    while most > 0
                        && let Some(piece) = filling.room_for(sort, need)
                    {
                        filling.put(piece, need);
                        most -= 1;
                        *available -= 1;
                    }
                }
            }
        }
    }
}

/// What the pods of a filling are worth.
pub(super) fn worth(filling: &Filling, worths: &[i64]) -> i64 {
    filling.pieces.iter().map(|piece| worths[piece.sort as usize]).sum()
}

#[cfg(test)]
mod tests {
    use lessor_models::families::openb::{Node, OpenbInstance, Pod, Seat};

    use super::super::openings::Openings;
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
        let rooms = recreate(&rooms, 50, &mut Random::new(1), &Stop::new());
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
            let mut openings = Openings::new(&rooms);
            for number in 0..30 {
                openings.seat(&mut rooms, number);
            }
            let cost = |rooms: &Rooms<'_>| lessor_models::families::openb::check(&instance, &rooms.seats).unwrap();
            let mut before = cost(&rooms);
            for parts in 0..4 {
                rooms = match parts {
                    0 => recreate(&rooms, 25, &mut random, &Stop::new()),
                    _ => recreate_apart(&rooms, (parts, 25), &mut random, &Stop::new()),
                };
                let after = cost(&rooms);
                assert!(after <= before, "{after} after {before}");
                before = after;
            }
        }
    }
}
