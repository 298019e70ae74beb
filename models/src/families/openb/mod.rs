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

mod bound;
mod placement;
#[cfg(test)]
mod tests;

use std::fmt;

use super::COEFFICIENT_MAX;
pub use bound::{OpenbPrices, PRICE_MAX, PRICE_ONE, bound};
pub use placement::{OpenbFault, PODS_PER_NODE, Seat, check};

/// What a device has.
pub const DEVICE_MILLI: u32 = 1_000;

/// The most devices of a node, and of a pod.
pub const DEVICES_MAX: u32 = 64;

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
