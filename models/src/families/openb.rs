//! The batch of an openb arrival sequence (Weng et al. 2023): pods that ask for CPU, memory and devices, and the nodes of a
//! cluster. As much of the devices as possible is given out, and what is not is the cost.
//!
//! ```text
//! minimize   1000 * devices of the cluster - sum of devices * milli of the pods placed
//! subject to CPU and memory of the pods on a node <= what it has          every node
//!            pods on a node <= 1001
//!            a pod holds as many distinct devices of its node as it asks for, its milli of each
//!            no device gives more than 1000 milli
//!            a pod that asks for a device is on a node of a model that it allows
//! ```
//!
//! Prices of pods, and of CPU and memory by node, prove a bound: whoever is placed pays its own price, and for what it draws
//! from its node; what it is worth beyond that goes to its devices, each of which holds what pays most of all that fits 1000
//! milli. [`bound`] evaluates it in exact integers. It lets the devices of a node meet no more than in CPU and memory, and
//! those of all nodes at one price share them (Lagrangian relaxation; Geoffrion 1974, Gilmore & Gomory 1961).

use std::collections::BTreeMap;
use std::fmt;

use super::COEFFICIENT_MAX;

/// What a device has.
pub const DEVICE_MILLI: u32 = 1_000;

/// The most pods on one node.
pub const PODS_PER_NODE: usize = 1_001;

/// The most devices of a node, and of a pod.
pub const DEVICES_MAX: u32 = 64;

/// A price of one device-milli.
pub const PRICE_ONE: u64 = 1 << 20;

/// The largest price of [`bound`]: a hundred thousand devices for a unit.
pub const PRICE_MAX: u64 = 1 << 47;

/// A machine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Node {
    /// CPU, in thousandths of a core.
    pub cpu_milli: u64,
    /// Memory, in MiB.
    pub memory_mib: u64,
    /// How many devices it has.
    pub devices: u32,
    /// Their model, by a number.
    pub model: u32,
}

/// A unit of work.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pod {
    /// CPU, in thousandths of a core.
    pub cpu_milli: u64,
    /// Memory, in MiB.
    pub memory_mib: u64,
    /// How many devices it holds.
    pub devices: u32,
    /// What it takes of each, in thousandths.
    pub milli: u32,
    /// Models that it may hold devices of; any where there is no list.
    pub models: Option<Vec<u32>>,
}

impl Pod {
    /// What it takes of all its devices together.
    #[must_use]
    pub fn milli_sum(&self) -> u64 {
        u64::from(self.devices) * u64::from(self.milli)
    }

    /// Whether its list of models lets it run there.
    #[must_use]
    pub fn allows(&self, node: &Node) -> bool {
        self.devices == 0 || self.models.as_ref().is_none_or(|models| models.contains(&node.model))
    }
}

/// Pods and nodes; valid once it exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenbInstance {
    nodes: Vec<Node>,
    pods: Vec<Pod>,
}

/// Why numbers make no instance. Nodes and pods count from zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenbError {
    /// A coefficient beyond [`COEFFICIENT_MAX`].
    TooLarge(u64),
    /// More devices on a node, or for a pod, than [`DEVICES_MAX`].
    Devices(u32),
    /// A pod that takes more of a device than there is, or nothing of those it holds, or something of none.
    Milli {
        /// The pod.
        pod: usize,
        /// What it takes.
        milli: u32,
    },
    /// More than 2^24 nodes or pods.
    TooMany(usize),
}

impl fmt::Display for OpenbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenbError::TooLarge(number) => write!(f, "{number} is beyond {COEFFICIENT_MAX}"),
            OpenbError::Devices(count) => write!(f, "{count} devices are more than {DEVICES_MAX}"),
            OpenbError::Milli { pod, milli } => {
                write!(f, "pod {pod} takes {milli} milli, which must be 1 to {DEVICE_MILLI} with devices and 0 without")
            }
            OpenbError::TooMany(count) => write!(f, "{count} nodes or pods are more than 2^24"),
        }
    }
}

impl std::error::Error for OpenbError {}

impl OpenbInstance {
    /// An instance of nodes and pods.
    ///
    /// # Errors
    /// See [`OpenbError`].
    pub fn new(nodes: Vec<Node>, pods: Vec<Pod>) -> Result<OpenbInstance, OpenbError> {
        let counts = [nodes.len(), pods.len()];
        if let Some(&count) = counts.iter().find(|&&count| count > 1 << 24) {
            return Err(OpenbError::TooMany(count));
        }
        let of_nodes = nodes.iter().flat_map(|node| [node.cpu_milli, node.memory_mib]);
        let mut amounts = of_nodes.chain(pods.iter().flat_map(|pod| [pod.cpu_milli, pod.memory_mib]));
        if let Some(amount) = amounts.find(|&amount| amount > COEFFICIENT_MAX) {
            return Err(OpenbError::TooLarge(amount));
        }
        let mut counts = nodes.iter().map(|node| node.devices).chain(pods.iter().map(|pod| pod.devices));
        if let Some(count) = counts.find(|&count| count > DEVICES_MAX) {
            return Err(OpenbError::Devices(count));
        }
        let is_wrong = |pod: &Pod| pod.milli > DEVICE_MILLI || (pod.devices == 0) != (pod.milli == 0);
        if let Some(pod) = pods.iter().position(is_wrong) {
            return Err(OpenbError::Milli { pod, milli: pods[pod].milli });
        }
        Ok(OpenbInstance { nodes, pods })
    }

    /// The nodes.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The pods, in the order of their arrival.
    #[must_use]
    pub fn pods(&self) -> &[Pod] {
        &self.pods
    }

    /// What all devices of the cluster have together.
    #[must_use]
    pub fn device_milli(&self) -> u64 {
        self.nodes.iter().map(|node| u64::from(node.devices) * u64::from(DEVICE_MILLI)).sum()
    }
}

/// Where a pod is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    /// The node.
    pub node: u32,
    /// Its devices that the pod holds; the first device of a node is 0.
    pub devices: Vec<u32>,
}

/// Why seats make no placement. Pods and nodes count from zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenbFault {
    /// Not one seat, or none, for each pod.
    Length {
        /// How many are named.
        named: usize,
        /// How many pods there are.
        pods: usize,
    },
    /// A node that there is not.
    NoNode {
        /// The pod.
        pod: usize,
        /// The node.
        node: u32,
    },
    /// A pod on a model that it does not allow.
    Model {
        /// The pod.
        pod: usize,
        /// The node.
        node: u32,
    },
    /// Devices that are not as many as the pod asks for, not distinct, or not there.
    Devices {
        /// The pod.
        pod: usize,
        /// The devices.
        devices: Vec<u32>,
    },
    /// A device that gives more than it has.
    DeviceOverdrawn {
        /// The node.
        node: u32,
        /// The device.
        device: u32,
        /// What it gives.
        milli: u64,
    },
    /// A node that gives more CPU or memory than it has, or has too many pods.
    NodeOverdrawn {
        /// The node.
        node: u32,
        /// The CPU it gives.
        cpu_milli: u64,
        /// The memory it gives.
        memory_mib: u64,
        /// The pods on it.
        pods: usize,
    },
}

impl fmt::Display for OpenbFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenbFault::Length { named, pods } => write!(f, "{named} seats are named for {pods} pods"),
            OpenbFault::NoNode { pod, node } => write!(f, "pod {pod} is on node {node}, which is not there"),
            OpenbFault::Model { pod, node } => write!(f, "pod {pod} does not allow the model of node {node}"),
            OpenbFault::Devices { pod, devices } => write!(f, "pod {pod} cannot hold the devices {devices:?}"),
            OpenbFault::DeviceOverdrawn { node, device, milli } => {
                write!(f, "device {device} of node {node} gives {milli} of {DEVICE_MILLI} milli")
            }
            OpenbFault::NodeOverdrawn { node, cpu_milli, memory_mib, pods } => {
                write!(f, "node {node} gives {cpu_milli} milli-CPU and {memory_mib} MiB to {pods} pods")
            }
        }
    }
}

impl std::error::Error for OpenbFault {}

/// What is given out on one node.
#[derive(Clone, Debug)]
struct Given {
    cpu_milli: u64,
    memory_mib: u64,
    pods: usize,
    devices: Vec<u64>,
}

/// What of the cluster's devices is left unallocated, in milli: the seat of each pod, or none.
///
/// # Errors
/// The first [`OpenbFault`].
pub fn check(instance: &OpenbInstance, seats: &[Option<Seat>]) -> Result<u64, OpenbFault> {
    if seats.len() != instance.pods.len() {
        return Err(OpenbFault::Length { named: seats.len(), pods: instance.pods.len() });
    }
    let empty = |node: &Node| Given { cpu_milli: 0, memory_mib: 0, pods: 0, devices: vec![0; node.devices as usize] };
    let mut given: Vec<Given> = instance.nodes.iter().map(empty).collect();
    let mut placed = 0;
    for (index, (pod, seat)) in instance.pods.iter().zip(seats).enumerate() {
        let Some(seat) = seat else { continue };
        let Some(node) = instance.nodes.get(seat.node as usize) else {
            return Err(OpenbFault::NoNode { pod: index, node: seat.node });
        };
        if !pod.allows(node) {
            return Err(OpenbFault::Model { pod: index, node: seat.node });
        }
        let mut distinct = seat.devices.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let is_there = distinct.iter().all(|&device| device < node.devices);
        if !is_there || distinct.len() != seat.devices.len() || distinct.len() != pod.devices as usize {
            return Err(OpenbFault::Devices { pod: index, devices: seat.devices.clone() });
        }
        // No sum overflows: a node holds at most 2^53, and one pod more is refused at once.
        let given = &mut given[seat.node as usize];
        given.cpu_milli += pod.cpu_milli;
        given.memory_mib += pod.memory_mib;
        given.pods += 1;
        if given.cpu_milli > node.cpu_milli || given.memory_mib > node.memory_mib || given.pods > PODS_PER_NODE {
            let &mut Given { cpu_milli, memory_mib, pods, .. } = given;
            return Err(OpenbFault::NodeOverdrawn { node: seat.node, cpu_milli, memory_mib, pods });
        }
        for &device in &distinct {
            let milli = &mut given.devices[device as usize];
            *milli += u64::from(pod.milli);
            if *milli > u64::from(DEVICE_MILLI) {
                return Err(OpenbFault::DeviceOverdrawn { node: seat.node, device, milli: *milli });
            }
        }
        placed += pod.milli_sum();
    }
    Ok(instance.device_milli() - placed)
}

/// Prices that prove a bound, each in 2^-20 device-milli; beyond [`PRICE_MAX`] they count as that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenbPrices {
    /// Of each pod that is placed; none where the list ends.
    pub pods: Vec<u64>,
    /// Of a milli-CPU and of a MiB of each node; none where the list ends.
    pub nodes: Vec<(u64, u64)>,
}

/// A number of device-milli of which at least so many stay unallocated in any placement, by prices.
///
/// ```text
/// placed <= sum over pods of price + sum over nodes of CPU * price + memory * price + devices * dearest device
/// dearest device = max of sum of worth of pieces that fit 1000 milli
/// worth of a piece = (milli * devices - price of the pod - what it draws at the prices of the node) / devices, rounded up
/// ```
///
/// Nor is more placed than the pods ask for that fit some empty node; and what is placed is a multiple of the greatest common
/// divisor of what they ask for. Any prices are valid. Takes a knapsack of 1000 for each sort of node and sort of pod.
#[must_use]
pub fn bound(instance: &OpenbInstance, prices: &OpenbPrices) -> u64 {
    let one = i128::from(PRICE_ONE);
    let limited = |price: u64| i128::from(price.min(PRICE_MAX));
    let pod_price = |at: usize| limited(prices.pods.get(at).copied().unwrap_or(0));
    let mut sorts: BTreeMap<(&Node, (i128, i128)), i128> = BTreeMap::new();
    for (at, node) in instance.nodes.iter().enumerate() {
        let (cpu, memory) = prices.nodes.get(at).copied().unwrap_or((0, 0));
        *sorts.entry((node, (limited(cpu), limited(memory)))).or_default() += 1;
    }
    let mut pods: BTreeMap<(&Pod, i128), i128> = BTreeMap::new();
    for (at, pod) in instance.pods.iter().enumerate() {
        // A pod without a device adds nothing to what is placed, and leaving it out only relaxes the rest.
        let is_asking = pod.devices > 0 && instance_fits(&sorts, pod);
        if is_asking {
            *pods.entry((pod, pod_price(at))).or_default() += 1;
        }
    }
    let mut most: i128 = pods.iter().map(|((_, price), count)| price * count).sum();
    for (&(node, (cpu, memory)), &count) in &sorts {
        let given = cpu * i128::from(node.cpu_milli) + memory * i128::from(node.memory_mib);
        let dearest = dearest_device(node, (cpu, memory), pods.keys().copied());
        most += count * (given + i128::from(node.devices) * dearest);
    }
    let asked: i128 = pods.iter().map(|((pod, _), count)| i128::from(pod.milli_sum()) * count).sum();
    let most = (most / one).min(asked).unsigned_abs();
    let divisor = pods.keys().fold(0, |divisor, (pod, _)| gcd(divisor, pod.milli_sum())).max(1);
    let most = most - most % u128::from(divisor);
    instance.device_milli().saturating_sub(u64::try_from(most).unwrap_or(u64::MAX))
}

/// Whether a pod fits some node that is empty.
fn instance_fits(sorts: &BTreeMap<(&Node, (i128, i128)), i128>, pod: &Pod) -> bool {
    sorts.keys().any(|(node, _)| fits_empty(node, pod))
}

fn fits_empty(node: &Node, pod: &Pod) -> bool {
    pod.allows(node)
        && pod.devices <= node.devices
        && pod.cpu_milli <= node.cpu_milli
        && pod.memory_mib <= node.memory_mib
}

/// The most that pieces on one device of a node are worth, as often as they fit.
fn dearest_device<'a>(node: &Node, (cpu, memory): (i128, i128), pods: impl Iterator<Item = (&'a Pod, i128)>) -> i128 {
    // The dearest piece of each size.
    let mut pieces = vec![0_i128; DEVICE_MILLI as usize + 1];
    for (pod, price) in pods.filter(|(pod, _)| fits_empty(node, pod)) {
        let drawn = cpu * i128::from(pod.cpu_milli) + memory * i128::from(pod.memory_mib);
        let worth = i128::from(pod.milli_sum()) * i128::from(PRICE_ONE) - price - drawn;
        let devices = i128::from(pod.devices);
        let piece = if worth > 0 { (worth + devices - 1) / devices } else { 0 };
        let dearest = &mut pieces[pod.milli as usize];
        *dearest = piece.max(*dearest);
    }
    let paying: Vec<(usize, i128)> = pieces.into_iter().enumerate().filter(|&(_, worth)| worth > 0).collect();
    let mut best = vec![0_i128; DEVICE_MILLI as usize + 1];
    for room in 1..best.len() {
        let fitting = paying.iter().take_while(|&&(size, _)| size <= room);
        let filled = fitting.map(|&(size, worth)| worth + best[room - size]);
        best[room] = filled.max().unwrap_or(0).max(best[room - 1]);
    }
    best[DEVICE_MILLI as usize]
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(devices: u32, model: u32) -> Node {
        Node { cpu_milli: 4_000, memory_mib: 100, devices, model }
    }

    fn pod(cpu_milli: u64, devices: u32, milli: u32) -> Pod {
        Pod { cpu_milli, memory_mib: 10, devices, milli, models: None }
    }

    fn seat(node: u32, devices: &[u32]) -> Seat {
        Seat { node, devices: devices.to_vec() }
    }

    /// A node of two devices of model 7 and one of one device of model 9; pods of 2 devices, 810, 160, 470 milli, none.
    fn small() -> OpenbInstance {
        let mut last = pod(1_000, 1, 470);
        last.models = Some(vec![9]);
        let pods = vec![pod(1_000, 2, 1_000), pod(1_000, 1, 810), pod(500, 1, 160), last, pod(4_000, 0, 0)];
        OpenbInstance::new(vec![node(2, 7), node(1, 9)], pods).unwrap()
    }

    #[test]
    fn what_is_left_unallocated_is_counted() {
        // 3,000 milli less 2,000 less 810 less 160.
        let seats = [Some(seat(0, &[1, 0])), Some(seat(1, &[0])), Some(seat(1, &[0])), None, None];
        assert_eq!(check(&small(), &seats), Ok(30));
        assert_eq!(check(&small(), &[None, None, None, None, Some(seat(1, &[]))]), Ok(3_000));
    }

    #[test]
    fn faults_are_named() {
        let refused = |at: usize, wrong: Option<Seat>| {
            let mut seats = vec![Some(seat(0, &[0, 1])), None, None, None, None];
            seats[at] = wrong;
            check(&small(), &seats).unwrap_err()
        };
        assert_eq!(check(&small(), &[]), Err(OpenbFault::Length { named: 0, pods: 5 }));
        assert_eq!(refused(1, Some(seat(2, &[0]))), OpenbFault::NoNode { pod: 1, node: 2 });
        assert_eq!(refused(3, Some(seat(0, &[0]))), OpenbFault::Model { pod: 3, node: 0 });
        for devices in [&[0][..], &[0, 0], &[0, 2], &[0, 1, 2]] {
            assert_eq!(refused(0, Some(seat(0, devices))), OpenbFault::Devices { pod: 0, devices: devices.to_vec() });
        }
        assert_eq!(refused(4, Some(seat(1, &[0]))), OpenbFault::Devices { pod: 4, devices: vec![0] });
        assert_eq!(refused(1, Some(seat(0, &[1]))), OpenbFault::DeviceOverdrawn { node: 0, device: 1, milli: 1_810 });
        let overdrawn = OpenbFault::NodeOverdrawn { node: 0, cpu_milli: 5_000, memory_mib: 20, pods: 2 };
        assert_eq!(refused(4, Some(seat(0, &[]))), overdrawn);
    }

    #[test]
    fn a_node_has_at_most_1001_pods() {
        let mut light = pod(0, 0, 0);
        light.memory_mib = 0;
        let instance = OpenbInstance::new(vec![node(0, 0)], vec![light; 1_002]).unwrap();
        let mut seats = vec![Some(seat(0, &[])); 1_002];
        assert!(matches!(check(&instance, &seats), Err(OpenbFault::NodeOverdrawn { pods: 1_002, .. })));
        seats[5] = None;
        assert_eq!(check(&instance, &seats), Ok(0));
    }

    #[test]
    fn without_prices_devices_and_what_is_asked_bound() {
        // The two devices of one node could be filled; no sizes fill that of the other beyond 810 and 160.
        assert_eq!(bound(&small(), &OpenbPrices::default()), 30);
        // One pod of 810 asks for less than there is, and fits no more than once.
        let instance = OpenbInstance::new(vec![node(2, 7)], vec![pod(1_000, 1, 810)]).unwrap();
        assert_eq!(bound(&instance, &OpenbPrices::default()), 2_000 - 810);
    }

    #[test]
    fn a_device_holds_one_of_810() {
        // Three of 810 on two devices: one on each, as the knapsack knows without a price.
        let instance = OpenbInstance::new(vec![node(2, 7)], vec![pod(1, 1, 810); 3]).unwrap();
        assert_eq!(bound(&instance, &OpenbPrices::default()), 2_000 - 2 * 810);
    }

    #[test]
    fn a_price_of_pods_counts_how_many_there_are() {
        // Two of 810 and one of 160 on two devices. Without prices each device holds 970; with 160 paid by the pod itself,
        // a device holds 810 at most, and 160 comes once.
        let pods = vec![pod(1, 1, 810), pod(1, 1, 810), pod(1, 1, 160), pod(1, 1, 810)];
        let instance = OpenbInstance::new(vec![node(2, 7)], pods).unwrap();
        assert_eq!(bound(&instance, &OpenbPrices::default()), 2_000 - 2 * 970);
        let prices = OpenbPrices { pods: vec![0, 0, 160 * PRICE_ONE], nodes: vec![] };
        assert_eq!(bound(&instance, &prices), 2_000 - (2 * 810 + 160));
    }

    #[test]
    fn a_price_of_cpu_counts_what_a_node_has() {
        // 4,000 milli-CPU hold one pod of 3,000; at a third of a milli for each, a pod is worth nothing beyond its CPU.
        let instance = OpenbInstance::new(vec![node(2, 7)], vec![pod(3_000, 1, 1_000); 2]).unwrap();
        let prices = OpenbPrices { pods: vec![], nodes: vec![(PRICE_ONE.div_ceil(3), 0)] };
        // 4,000 / 3 = 1,333, rounded down to a multiple of 1,000.
        assert_eq!(bound(&instance, &prices), 1_000);
    }

    #[test]
    fn no_prices_exceed_the_least_cost_of_any_tiny_instance() {
        let sizes = [(1, 810), (1, 470), (1, 190), (2, 1_000)];
        for bits in 0_usize..1 << 6 {
            let one = |at: usize| sizes[bits >> (2 * at) & 3];
            let pods: Vec<Pod> = (0..3).map(|at| pod(1_500 + 700 * at as u64, one(at).0, one(at).1)).collect();
            let instance = OpenbInstance::new(vec![node(2, 0), node(1, 1)], pods.clone()).unwrap();
            let choices = |pod: &Pod| {
                let seats = [seat(0, &[0]), seat(0, &[1]), seat(1, &[0]), seat(0, &[0, 1])];
                let fitting = seats.into_iter().filter(|seat| seat.devices.len() == pod.devices as usize);
                std::iter::once(None).chain(fitting.map(Some)).collect::<Vec<_>>()
            };
            let [a, b, c] = [0, 1, 2].map(|at| choices(&pods[at]));
            let all = a.iter().flat_map(|x| b.iter().flat_map(|y| c.iter().map(|z| [x.clone(), y.clone(), z.clone()])));
            let least = all.filter_map(|seats| check(&instance, &seats).ok()).min().unwrap();
            for unit in [0, 1, 100, 700] {
                for cpu in [0, PRICE_ONE / 10, PRICE_ONE / 3] {
                    let pods = vec![unit * PRICE_ONE, unit * PRICE_ONE / 2, 0];
                    let prices = OpenbPrices { pods, nodes: vec![(cpu, 0), (0, cpu)] };
                    assert!(bound(&instance, &prices) <= least, "bits {bits}, {unit}, {cpu}");
                }
            }
        }
    }

    #[test]
    fn the_largest_numbers_and_prices_do_not_overflow() {
        let big = Node { cpu_milli: COEFFICIENT_MAX, memory_mib: COEFFICIENT_MAX, devices: DEVICES_MAX, model: 0 };
        let heavy = Pod { cpu_milli: COEFFICIENT_MAX, memory_mib: 0, devices: 1, milli: 10, models: None };
        let instance = OpenbInstance::new(vec![big; 3], vec![heavy; 3]).unwrap();
        let prices = OpenbPrices { pods: vec![u64::MAX; 3], nodes: vec![(u64::MAX, u64::MAX); 3] };
        assert_eq!(bound(&instance, &prices), 3 * 64_000 - 30);
        let seats = [Some(seat(0, &[0])), Some(seat(0, &[1])), None];
        assert!(matches!(check(&instance, &seats), Err(OpenbFault::NodeOverdrawn { .. })));
    }

    #[test]
    fn numbers_that_make_no_instance_are_refused() {
        let refused = |nodes, pods| OpenbInstance::new(nodes, pods).unwrap_err();
        assert_eq!(refused(vec![node(65, 0)], vec![]), OpenbError::Devices(65));
        assert_eq!(refused(vec![], vec![pod(1, 1, 1_001)]), OpenbError::Milli { pod: 0, milli: 1_001 });
        assert_eq!(refused(vec![], vec![pod(1, 1, 1), pod(1, 0, 5)]), OpenbError::Milli { pod: 1, milli: 5 });
        assert_eq!(refused(vec![], vec![pod(1, 1, 0)]), OpenbError::Milli { pod: 0, milli: 0 });
        assert_eq!(refused(vec![], vec![pod(1 << 60, 0, 0)]), OpenbError::TooLarge(1 << 60));
    }
}
