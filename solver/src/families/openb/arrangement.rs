//! Patterns on nodes: every device has a pattern, and what is left to settle is which pods are its pieces, and which devices share
//! a node. Annealing swaps devices between nodes, and pods of one size between devices, until no node is overdrawn (Kirkpatrick,
//! Gelatt & Vecchi 1983). What is given out of the devices stays the same all the while.

use std::collections::BTreeMap;

use lessor_models::families::openb::Seat;

use crate::support::random::Random;
use crate::support::stop::Stop;

use super::lowered::{Lowered, Sort, narrow};
use super::relaxed::Pattern;
use super::rooms::Rooms;

/// Moves between two looks at the stop.
const BLOCK: u64 = 4_096;

/// By how much a move may make things worse at all often, in what a device has on average.
const TEMPERATURE: f64 = 0.02;

/// What a pod on a model that it does not allow counts, in the same unit.
const STRANGER: f64 = 1.0;

/// No device, no place in a list.
const NONE: u32 = u32::MAX;

/// What a node gives.
#[derive(Clone, Copy, Debug, Default)]
struct Load {
    cpu: i64,
    memory: i64,
    /// Pods that cannot run there.
    strangers: i64,
}

impl Load {
    fn plus(self, other: Load) -> Load {
        Load {
            cpu: self.cpu + other.cpu,
            memory: self.memory + other.memory,
            strangers: self.strangers + other.strangers,
        }
    }

    fn less(self, other: Load) -> Load {
        Load {
            cpu: self.cpu - other.cpu,
            memory: self.memory - other.memory,
            strangers: self.strangers - other.strangers,
        }
    }
}

/// A device of the cluster that pods of one device share.
#[derive(Clone, Debug)]
struct Device {
    node: u32,
    /// Its number on its node.
    number: u32,
    pods: Vec<u32>,
}

/// Devices with their pieces, and what each node gives.
#[derive(Clone, Debug)]
pub(super) struct Arrangement<'a> {
    instance: &'a Lowered,
    devices: Vec<Device>,
    /// The devices of each node.
    of_node: Vec<Vec<u32>>,
    /// The device that a pod is on, or none.
    device_of: Vec<u32>,
    /// Pods of each size, seated or not, and the list that each pod is in.
    peers: Vec<Vec<u32>>,
    peers_of: Vec<u32>,
    loads: Vec<Load>,
    /// The nodes that are overdrawn, and the place of each node in that list.
    overdrawn: Vec<u32>,
    place: Vec<u32>,
    /// What a device has on average, of CPU and of memory.
    mean: (f64, f64),
}

impl Arrangement<'_> {
    /// Patterns on the devices that `rooms` leaves untouched, of which there must be enough: those that need most where most is,
    /// the rest by chance.
    pub(super) fn start<'a>(
        instance: &'a Lowered,
        rooms: &Rooms<'_>,
        patterns: &[(Pattern, u32)],
        random: &mut Random,
    ) -> Arrangement<'a> {
        let mut arrangement = Arrangement::bare(instance, rooms);
        let mut contents = arrangement.contents(patterns, random);
        let need = |pods: &[u32]| pods.iter().map(|&pod| arrangement.need(pod)).sum::<f64>();
        contents.sort_by(|a, b| need(b).total_cmp(&need(a)));
        contents.resize(arrangement.devices.len(), Vec::new());
        let mut order: Vec<usize> = (0..arrangement.devices.len()).collect();
        let kinds: Vec<u32> = arrangement.devices.iter().map(|device| instance.kind_of[device.node as usize]).collect();
        let mean = arrangement.mean;
        let wealth = |device: usize| {
            let kind = &instance.kinds[kinds[device] as usize];
            let share = |amount: i64, mean: f64| amount as f64 / f64::from(kind.devices) / mean;
            share(kind.cpu, mean.0).min(share(kind.memory, mean.1))
        };
        order.sort_by(|&a, &b| wealth(b).total_cmp(&wealth(a)).then(kinds[a].cmp(&kinds[b])));
        for run in order.chunk_by(|&a, &b| kinds[a] == kinds[b]) {
            let mut few: Vec<Vec<u32>> = contents.drain(..run.len()).collect();
            random.shuffle(&mut few);
            run.iter().zip(few).for_each(|(&device, pods)| arrangement.seat_all(device, pods));
        }
        (0..arrangement.loads.len()).for_each(|node| arrangement.note(node));
        arrangement
    }

    fn bare<'a>(instance: &'a Lowered, rooms: &Rooms<'_>) -> Arrangement<'a> {
        let nodes = instance.kind_of.len();
        let (mut loads, mut of_node) = (vec![Load::default(); nodes], vec![Vec::new(); nodes]);
        let mut devices = Vec::new();
        for node in 0..nodes {
            for number in rooms.untouched(node) {
                of_node[node].push(narrow(devices.len()));
                devices.push(Device { node: narrow(node), number, pods: Vec::new() });
            }
            let (cpu, memory) = rooms.given(node);
            loads[node] = Load { cpu, memory, strangers: 0 };
        }
        let mut sizes: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for pod in 0..narrow(instance.sort_of.len()) {
            if instance.pod(pod).devices == 1 && instance.fits_some(pod) {
                sizes.entry(instance.pod(pod).milli).or_default().push(pod);
            }
        }
        let mut peers_of = vec![NONE; instance.sort_of.len()];
        for (list, pods) in (0..).zip(sizes.values()) {
            pods.iter().for_each(|&pod| peers_of[pod as usize] = list);
        }
        Arrangement {
            instance,
            devices,
            of_node,
            device_of: vec![NONE; instance.sort_of.len()],
            peers: sizes.into_values().collect(),
            peers_of,
            loads,
            overdrawn: Vec::new(),
            place: vec![NONE; nodes],
            mean: instance.device_means(),
        }
    }

    /// Pods for every piece of the patterns: those of a size that need least, paired by chance.
    fn contents(&self, patterns: &[(Pattern, u32)], random: &mut Random) -> Vec<Vec<u32>> {
        let mut wanted: BTreeMap<u32, usize> = BTreeMap::new();
        for (pattern, devices) in patterns {
            pattern.iter().for_each(|(size, count)| *wanted.entry(*size).or_default() += (count * devices) as usize);
        }
        let mut ready: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for peers in &self.peers {
            let size = self.instance.pod(peers[0]).milli;
            let mut pods = peers.clone();
            random.shuffle(&mut pods);
            pods.sort_by(|&a, &b| self.need(a).total_cmp(&self.need(b)));
            pods.truncate(wanted.get(&size).copied().unwrap_or(0));
            random.shuffle(&mut pods);
            ready.insert(size, pods);
        }
        let mut contents = Vec::new();
        for (pattern, devices) in patterns {
            for _ in 0..*devices {
                let pieces = pattern.iter().flat_map(|&(size, count)| (0..count).map(move |_| size));
                contents.push(pieces.filter_map(|size| ready.get_mut(&size)?.pop()).collect());
            }
        }
        contents
    }

    /// What a pod draws, against what a device has on average.
    fn need(&self, pod: u32) -> f64 {
        let sort = self.instance.pod(pod);
        sort.cpu as f64 / self.mean.0 + sort.memory as f64 / self.mean.1
    }

    /// Swaps until nothing is overdrawn or so many moves were tried; whether nothing is.
    pub(super) fn settle(&mut self, moves: u64, random: &mut Random, stop: &Stop) -> bool {
        for at in 0..moves {
            if self.overdrawn.is_empty() {
                return true;
            }
            if at.is_multiple_of(BLOCK) {
                stop.spend(BLOCK);
                if stop.is_raised() {
                    return false;
                }
            }
            let node = self.overdrawn[random.index(self.overdrawn.len())] as usize;
            if self.of_node[node].is_empty() {
                continue;
            }
            let device = self.of_node[node][random.index(self.of_node[node].len())];
            if random.below(2) == 0 {
                let other = narrow(random.index(self.devices.len()));
                self.try_devices(device, other, random);
            } else {
                self.try_peers(device, random);
            }
        }
        self.overdrawn.is_empty()
    }

    /// Swaps all that two devices hold, where chance allows.
    fn try_devices(&mut self, device: u32, other: u32, random: &mut Random) {
        let [a, b] = [device, other].map(|device| self.devices[device as usize].node as usize);
        if a == b {
            return;
        }
        let load = |device: u32, node: usize| {
            let pods = self.devices[device as usize].pods.iter();
            pods.fold(Load::default(), |load, &pod| load.plus(self.load(pod, node)))
        };
        let after = [
            self.loads[a].less(load(device, a)).plus(load(other, a)),
            self.loads[b].less(load(other, b)).plus(load(device, b)),
        ];
        if self.accepts([a, b], after, random) {
            let pods = std::mem::take(&mut self.devices[device as usize].pods);
            let others = std::mem::replace(&mut self.devices[other as usize].pods, pods);
            self.devices[device as usize].pods = others;
            for device in [device, other] {
                for &pod in &self.devices[device as usize].pods {
                    self.device_of[pod as usize] = device;
                }
            }
            self.set([a, b], after);
        }
    }

    /// Swaps a pod of a device for one of its size that is elsewhere or nowhere, where chance allows.
    fn try_peers(&mut self, device: u32, random: &mut Random) {
        let pods = &self.devices[device as usize].pods;
        if pods.is_empty() {
            return;
        }
        let at = random.index(pods.len());
        let pod = pods[at];
        let peers = &self.peers[self.peers_of[pod as usize] as usize];
        let peer = peers[random.index(peers.len())];
        let (other, a) = (self.device_of[peer as usize], self.devices[device as usize].node as usize);
        let of_a = self.loads[a].less(self.load(pod, a)).plus(self.load(peer, a));
        if other == NONE {
            if self.accepts([a, a], [of_a, of_a], random) {
                self.device_of[pod as usize] = NONE;
                self.replace(device, at, peer);
                self.set([a, a], [of_a, of_a]);
            }
            return;
        }
        let b = self.devices[other as usize].node as usize;
        if a == b {
            return;
        }
        let of_b = self.loads[b].less(self.load(peer, b)).plus(self.load(pod, b));
        if self.accepts([a, b], [of_a, of_b], random) {
            let there = self.devices[other as usize].pods.iter().position(|&known| known == peer);
            self.replace(device, at, peer);
            self.replace(other, there.expect("a pod is on the device that it names"), pod);
            self.set([a, b], [of_a, of_b]);
        }
    }

    fn replace(&mut self, device: u32, at: usize, pod: u32) {
        self.devices[device as usize].pods[at] = pod;
        self.device_of[pod as usize] = device;
    }

    /// Whether chance allows that one or two nodes give something else.
    fn accepts(&self, nodes: [usize; 2], after: [Load; 2], random: &mut Random) -> bool {
        let of = |at: usize| self.over(nodes[at], after[at]) - self.over(nodes[at], self.loads[nodes[at]]);
        let rise = if nodes[0] == nodes[1] { of(0) } else { of(0) + of(1) };
        random.accepts(rise, TEMPERATURE)
    }

    fn set(&mut self, nodes: [usize; 2], after: [Load; 2]) {
        for (node, load) in nodes.into_iter().zip(after) {
            self.loads[node] = load;
            self.note(node);
        }
    }

    /// Keeps the list of overdrawn nodes.
    fn note(&mut self, node: usize) {
        let is_over = self.over(node, self.loads[node]) > 0.0;
        let place = self.place[node];
        if is_over && place == NONE {
            self.place[node] = narrow(self.overdrawn.len());
            self.overdrawn.push(narrow(node));
        } else if !is_over && place != NONE {
            self.overdrawn.swap_remove(place as usize);
            if let Some(&moved) = self.overdrawn.get(place as usize) {
                self.place[moved as usize] = place;
            }
            self.place[node] = NONE;
        }
    }

    /// By how much a node would be overdrawn, in what a device has on average.
    fn over(&self, node: usize, load: Load) -> f64 {
        let kind = &self.instance.kinds[self.instance.kind_of[node] as usize];
        (load.cpu - kind.cpu).max(0) as f64 / self.mean.0
            + (load.memory - kind.memory).max(0) as f64 / self.mean.1
            + load.strangers as f64 * STRANGER
    }

    /// What a pod draws on a node.
    fn load(&self, pod: u32, node: usize) -> Load {
        let sort = self.instance.sort_of[pod as usize] as usize;
        let fits = self.instance.fits(sort, self.instance.kind_of[node] as usize);
        let &Sort { cpu, memory, .. } = &self.instance.sorts[sort];
        Load { cpu, memory, strangers: i64::from(!fits) }
    }

    fn seat_all(&mut self, device: usize, pods: Vec<u32>) {
        let node = self.devices[device].node as usize;
        for &pod in &pods {
            self.device_of[pod as usize] = narrow(device);
            self.loads[node] = self.loads[node].plus(self.load(pod, node));
        }
        self.devices[device].pods = pods;
    }

    /// Seats of all pods that have a device here, node by node.
    pub(super) fn seats(&self) -> impl Iterator<Item = (u32, Seat)> + '_ {
        let devices = self.of_node.iter().flatten().map(|&device| &self.devices[device as usize]);
        devices.flat_map(|device| {
            let seat = Seat { node: device.node, devices: vec![device.number] };
            device.pods.iter().map(move |&pod| (pod, seat.clone()))
        })
    }
}
