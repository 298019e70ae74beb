//! Seats of pods, and whether they overdraw nothing: checked the plain way.

use std::fmt;

use super::{DEVICE_MILLI, Node, OpenbInstance};

/// The most pods on one node.
pub const PODS_PER_NODE: usize = 1_001;

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
