//! A placement in the making: what is left of each node and device, and where each pod is.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use lessor_models::families::openb::{PODS_PER_NODE, Seat};

use super::lowered::{Lowered, ROOM, narrow};
use crate::support::stop::Stop;

/// What is left of a node.
#[derive(Clone, Debug)]
struct NodeRoom {
    cpu: i64,
    memory: i64,
    pods: usize,
    /// Of each device, in milli.
    devices: Vec<u32>,
}

/// A placement; nothing is ever overdrawn.
#[derive(Clone, Debug)]
pub(super) struct Rooms<'a> {
    pub(super) instance: &'a Lowered,
    /// CPU and memory of the cluster for each of its devices.
    means: (f64, f64),
    left: Vec<NodeRoom>,
    /// Where each pod is.
    pub(super) seats: Vec<Option<Seat>>,
}

impl Rooms<'_> {
    /// Nothing is placed.
    pub(super) fn empty(instance: &Lowered) -> Rooms<'_> {
        let room = |&kind: &u32| {
            let kind = &instance.kinds[kind as usize];
            NodeRoom {
                cpu: kind.cpu,
                memory: kind.memory,
                pods: PODS_PER_NODE,
                devices: vec![ROOM; kind.devices as usize],
            }
        };
        let left = instance.kind_of.iter().map(room).collect();
        Rooms { instance, means: instance.device_means(), left, seats: vec![None; instance.sort_of.len()] }
    }

    /// The devices of a node that give nothing.
    pub(super) fn untouched(&self, node: usize) -> impl Iterator<Item = u32> + '_ {
        (0..).zip(&self.left[node].devices).filter(|&(_, &left)| left == ROOM).map(|(number, _)| number)
    }

    /// The CPU and memory that a node gives.
    pub(super) fn given(&self, node: usize) -> (i64, i64) {
        let kind = &self.instance.kinds[self.instance.kind_of[node] as usize];
        (kind.cpu - self.left[node].cpu, kind.memory - self.left[node].memory)
    }

    /// Seats a pod that has no seat, if its seat has room for it.
    pub(super) fn put(&mut self, pod: u32, seat: Seat) -> bool {
        let sort = self.instance.pod(pod);
        let node = seat.node as usize;
        let room = &mut self.left[node];
        let fits =
            self.instance.fits(self.instance.sort_of[pod as usize] as usize, self.instance.kind_of[node] as usize)
                && holds(room, sort.cpu, sort.memory)
                && seat.devices.iter().all(|&device| room.devices[device as usize] >= sort.milli);
        if fits {
            room.cpu -= sort.cpu;
            room.memory -= sort.memory;
            room.pods -= 1;
            seat.devices.iter().for_each(|&device| room.devices[device as usize] -= sort.milli);
            self.seats[pod as usize] = Some(seat);
        }
        fits
    }

    /// Seats pods of one sort, one after the other, until one fits nowhere or the stop: each where it leaves the least, of the
    /// devices that it takes a part of, then of CPU and memory. A pod changes what its own node has left alone.
    /// O((nodes + pods) log nodes).
    pub(super) fn seat_all(&mut self, sort: usize, pods: &[u32], stop: &Stop) {
        let all = (0..self.left.len()).filter_map(|node| self.left_by(sort, node)).map(Reverse);
        let mut nodes: BinaryHeap<Reverse<Left>> = all.collect();
        for &pod in pods {
            let Some(Reverse((.., node))) = nodes.pop().filter(|_| !stop.is_raised()) else { return };
            let seat = self.seat_on(sort, node);
            self.put(pod, seat);
            nodes.extend(self.left_by(sort, node).map(Reverse));
        }
    }

    /// What a pod of a sort would leave on a node; `None` where it does not fit.
    fn left_by(&self, sort: usize, node: usize) -> Option<Left> {
        let (room, need) = (&self.left[node], &self.instance.sorts[sort]);
        let fits = holds(room, need.cpu, need.memory) && self.instance.fits(sort, self.instance.kind_of[node] as usize);
        let left = least_left(room, need.devices, need.milli).filter(|_| fits)?;
        // What has no device prefers nodes whose devices need the CPU least.
        let spare: u32 = if need.devices == 0 { room.devices.iter().sum() } else { left };
        let idle = room.cpu as f64 / self.means.0 + room.memory as f64 / self.means.1;
        // Floats of at least zero are in the order of their bits.
        Some((spare, idle.to_bits(), node))
    }

    /// The seat of a pod of a sort on a node.
    fn seat_on(&self, sort: usize, node: usize) -> Seat {
        let need = &self.instance.sorts[sort];
        Seat { node: narrow(node), devices: least_devices(&self.left[node], need.devices, need.milli) }
    }
}

/// What is left of devices, then of CPU and memory as the bits of a float, and the node.
type Left = (u32, u64, usize);

fn holds(room: &NodeRoom, cpu: i64, memory: i64) -> bool {
    room.pods > 0 && room.cpu >= cpu && room.memory >= memory
}

/// What the devices have left that a pod would leave least of, without the pod; `None` where there are too few.
fn least_left(room: &NodeRoom, devices: u32, milli: u32) -> Option<u32> {
    match devices {
        0 => Some(0),
        1 => room.devices.iter().copied().filter(|&left| left >= milli).min(),
        _ => {
            let fitting = room.devices.iter().filter(|&&left| left >= milli);
            (fitting.clone().count() >= devices as usize).then(|| fitting.sum())
        }
    }
}

/// The devices that have least left of those that have enough.
fn least_devices(room: &NodeRoom, devices: u32, milli: u32) -> Vec<u32> {
    let mut fitting: Vec<(u32, u32)> = (0..).zip(&room.devices).map(|(at, &left)| (left, at)).collect();
    fitting.retain(|&(left, _)| left >= milli);
    fitting.sort_unstable();
    let mut chosen: Vec<u32> = fitting.iter().take(devices as usize).map(|&(_, at)| at).collect();
    chosen.sort_unstable();
    chosen
}

/// Whom to seat first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum First {
    /// Who takes most of all devices together, then most CPU.
    Most,
    /// Who takes most devices, then most of each, then who may go to the fewest nodes.
    Several,
    /// Who may go to the fewest nodes, then who takes most.
    Confined,
}

impl First {
    pub(super) const ALL: [First; 3] = [First::Most, First::Several, First::Confined];

    /// The pods in that order.
    pub(super) fn order(self, instance: &Lowered) -> Vec<u32> {
        let nodes = |sort: usize| {
            let kinds = instance.kinds.iter().enumerate().filter(|&(kind, _)| instance.fits(sort, kind));
            kinds.map(|(_, kind)| u64::from(kind.count)).sum::<u64>()
        };
        let ranks: Vec<_> = (0..instance.sorts.len())
            .map(|at| {
                let sort = &instance.sorts[at];
                let (sum, several) = (sort.milli_sum(), (u64::from(sort.devices) << 32) + u64::from(sort.milli));
                let rank = match self {
                    First::Most => (sum, 0),
                    First::Several => (several, u64::MAX - nodes(at)),
                    First::Confined if sort.devices > 0 => (u64::MAX - nodes(at), sum),
                    First::Confined => (0, 0),
                };
                std::cmp::Reverse((rank, sort.cpu, sort.memory))
            })
            .collect();
        let mut pods: Vec<u32> = (0..narrow(instance.sort_of.len())).collect();
        pods.sort_by_key(|&pod| (&ranks[instance.sort_of[pod as usize] as usize], pod));
        pods
    }
}

#[cfg(test)]
mod tests {
    use lessor_models::families::openb::{Node, OpenbInstance, Pod};

    use super::*;
    use crate::support::random::Random;

    #[test]
    fn pods_of_one_sort_are_seated_together_as_they_are_one_by_one() {
        let mut random = Random::new(3);
        for _ in 0..100 {
            let node = |random: &mut Random| Node {
                cpu_milli: random.below(20),
                memory_mib: 5 + random.below(20),
                devices: u32::try_from(random.below(4)).unwrap(),
                model: 0,
            };
            let nodes = (0..6).map(|_| node(&mut random)).collect();
            let shapes = [(0, 0), (1, 300), (1, 500), (1, 1_000), (2, 1_000), (2, 400)];
            let pods: Vec<Pod> = (0..40)
                .map(|at| {
                    let (devices, milli) = shapes[at / 7];
                    Pod { cpu_milli: 1 + at as u64 / 7 % 3, memory_mib: 2, devices, milli, models: None }
                })
                .collect();
            let lowered = Lowered::new(&OpenbInstance::new(nodes, pods).unwrap());
            let (mut one_by_one, mut together) = (Rooms::empty(&lowered), Rooms::empty(&lowered));
            let mut order: Vec<usize> = (0..lowered.sorts.len()).collect();
            random.shuffle(&mut order);
            for sort in order {
                for &pod in &lowered.sorts[sort].pods {
                    one_by_one.seat_all(sort, &[pod], &Stop::new());
                }
                together.seat_all(sort, &lowered.sorts[sort].pods, &Stop::new());
            }
            assert_eq!(one_by_one.seats, together.seats);
            assert!(together.seats.iter().any(Option::is_some) && together.seats.iter().any(Option::is_none));
        }
    }
}
