//! The batch as raw tables: sorts of pods and kinds of nodes, equal ones counted once.

use std::collections::{BTreeMap, BTreeSet};

use lessor_models::families::openb::{DEVICE_MILLI, Node, OpenbInstance, Pod};

/// What a device has.
pub(super) const ROOM: u32 = DEVICE_MILLI;

/// Pods that cannot be told apart.
#[derive(Clone, Debug)]
pub(super) struct Sort {
    pub(super) cpu: i64,
    pub(super) memory: i64,
    pub(super) devices: u32,
    pub(super) milli: u32,
    /// The pods, by their positions in the instance.
    pub(super) pods: Vec<u32>,
}

impl Sort {
    pub(super) fn milli_sum(&self) -> u64 {
        u64::from(self.devices) * u64::from(self.milli)
    }
}

/// Nodes that cannot be told apart.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    pub(super) cpu: i64,
    pub(super) memory: i64,
    pub(super) devices: u32,
    /// How many there are.
    pub(super) count: u32,
}

/// The instance with its pods and nodes sorted.
#[derive(Clone, Debug)]
pub(super) struct Lowered {
    /// Those that ask for devices first.
    pub(super) sorts: Vec<Sort>,
    /// How many of the sorts ask for devices.
    pub(super) asking: usize,
    pub(super) kinds: Vec<Kind>,
    /// The sort of each pod.
    pub(super) sort_of: Vec<u32>,
    /// The kind of each node.
    pub(super) kind_of: Vec<u32>,
    /// Sort by sort, every kind: whether a pod of the sort runs on a node of the kind that is empty.
    fits: Vec<bool>,
    /// What all devices have, in milli.
    pub(super) device_milli: u64,
}

impl Lowered {
    pub(super) fn new(instance: &OpenbInstance) -> Lowered {
        let all = alike(instance);
        let mut kinds: BTreeMap<&Node, u32> = BTreeMap::new();
        all.iter().for_each(|node| *kinds.entry(node).or_default() += 1);
        let mut sorts: BTreeMap<(bool, &Pod), Vec<u32>> = BTreeMap::new();
        for (at, pod) in (0..).zip(instance.pods()) {
            sorts.entry((pod.devices == 0, pod)).or_default().push(at);
        }
        let positions: BTreeMap<&Node, u32> = kinds.keys().copied().zip(0..).collect();
        let kind_of = all.iter().map(|node| positions[node]).collect();
        let mut sort_of = vec![0; instance.pods().len()];
        for (at, pods) in (0..).zip(sorts.values()) {
            pods.iter().for_each(|&pod| sort_of[pod as usize] = at);
        }
        let fits_empty = |pod: &Pod, node: &Node| {
            let has_devices = pod.devices <= node.devices && pod.allows(node);
            has_devices && pod.cpu_milli <= node.cpu_milli && pod.memory_mib <= node.memory_mib
        };
        let nodes: Vec<&Node> = kinds.keys().copied().collect();
        let fits = sorts.keys().flat_map(|(_, pod)| nodes.iter().map(|node| fits_empty(pod, node))).collect();
        Lowered {
            asking: sorts.keys().take_while(|(is_without, _)| !is_without).count(),
            sorts: sorts.into_iter().map(|((_, pod), pods)| sort(pod, pods)).collect(),
            kinds: kinds.into_iter().map(|(node, count)| kind(node, count)).collect(),
            sort_of,
            kind_of,
            fits,
            device_milli: instance.device_milli(),
        }
    }

    /// Whether a pod of a sort runs on a node of a kind that is empty.
    pub(super) fn fits(&self, sort: usize, kind: usize) -> bool {
        self.fits[sort * self.kinds.len() + kind]
    }

    /// What a pod asks for.
    pub(super) fn pod(&self, pod: u32) -> &Sort {
        &self.sorts[self.sort_of[pod as usize] as usize]
    }

    /// Whether a pod runs on some node that is empty.
    pub(super) fn fits_some(&self, pod: u32) -> bool {
        (0..self.kinds.len()).any(|kind| self.fits(self.sort_of[pod as usize] as usize, kind))
    }

    /// CPU and memory of the cluster for each of its devices.
    pub(super) fn device_means(&self) -> (f64, f64) {
        let sum =
            |of: fn(&Kind) -> f64| -> f64 { self.kinds.iter().map(|kind| of(kind) * f64::from(kind.count)).sum() };
        let devices = sum(|kind| f64::from(kind.devices)).max(1.0);
        let mean = |amounts: f64| (amounts / devices).max(1.0);
        (mean(sum(|kind| kind.cpu as f64)), mean(sum(|kind| kind.memory as f64)))
    }

    /// The same devices as one kind of node that gives CPU and memory without end to any pod that fits somewhere: what is
    /// left is which sizes share a device.
    pub(super) fn sizes_alone(&self) -> Lowered {
        let mut merged: BTreeMap<(u32, u32), Vec<u32>> = BTreeMap::new();
        for (at, sort) in self.sorts[..self.asking].iter().enumerate() {
            if (0..self.kinds.len()).any(|kind| self.fits(at, kind)) {
                merged.entry((sort.devices, sort.milli)).or_default().extend(&sort.pods);
            }
        }
        let plain = |((devices, milli), pods)| Sort { cpu: 0, memory: 0, devices, milli, pods };
        let sorts: Vec<Sort> = merged.into_iter().map(plain).collect();
        let devices: u32 = self.kinds.iter().map(|kind| kind.devices * kind.count).sum();
        Lowered {
            asking: sorts.len(),
            fits: vec![true; sorts.len()],
            sorts,
            kinds: vec![Kind { cpu: 0, memory: 0, devices, count: 1 }],
            sort_of: Vec::new(),
            kind_of: vec![0],
            device_milli: self.device_milli,
        }
    }
}

/// The nodes, where models that no pod tells apart are one.
fn alike(instance: &OpenbInstance) -> Vec<Node> {
    let lists: BTreeSet<&Vec<u32>> = instance.pods().iter().filter_map(|pod| pod.models.as_ref()).collect();
    let models: BTreeSet<u32> = instance.nodes().iter().map(|node| node.model).collect();
    let mut first: BTreeMap<Vec<bool>, u32> = BTreeMap::new();
    let named = |model: u32| {
        let listed = lists.iter().map(|list| list.contains(&model)).collect();
        (model, *first.entry(listed).or_insert(model))
    };
    let names: BTreeMap<u32, u32> = models.into_iter().map(named).collect();
    instance.nodes().iter().map(|node| Node { model: names[&node.model], ..node.clone() }).collect()
}

fn sort(pod: &Pod, pods: Vec<u32>) -> Sort {
    Sort { cpu: signed(pod.cpu_milli), memory: signed(pod.memory_mib), devices: pod.devices, milli: pod.milli, pods }
}

fn kind(node: &Node, count: u32) -> Kind {
    Kind { cpu: signed(node.cpu_milli), memory: signed(node.memory_mib), devices: node.devices, count }
}

fn signed(amount: u64) -> i64 {
    i64::try_from(amount).expect("an amount is at most 2^53")
}

/// A position as an index of 32 bits.
pub(super) fn narrow(position: usize) -> u32 {
    u32::try_from(position).expect("nodes and pods are counted in 24 bits")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_that_no_pod_tells_apart_are_one() {
        // One list names the first two models and another all: the third alone is told apart.
        let node = |model| Node { cpu_milli: 1, memory_mib: 1, devices: 1, model };
        let pod = |models| Pod { cpu_milli: 1, memory_mib: 1, devices: 1, milli: 500, models };
        let pods = vec![pod(Some(vec![0, 1])), pod(Some(vec![2, 1, 0])), pod(None)];
        let lowered = Lowered::new(&OpenbInstance::new((0..3).map(node).collect(), pods).unwrap());
        assert_eq!(lowered.kind_of, [0, 0, 1]);
        assert_eq!(lowered.kinds.iter().map(|kind| kind.count).collect::<Vec<_>>(), [2, 1]);
    }
}
