//! A placement in the making: what is left of each node and device, and where each pod is.

use lessor_models::families::openb::{PODS_PER_NODE, Seat};

use super::lowered::{Lowered, ROOM, narrow};

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

    /// The seat where a pod leaves the least: of the devices it takes a part of, then of CPU and memory. O(nodes).
    pub(super) fn seat_for(&self, pod: u32) -> Option<Seat> {
        let position = self.instance.sort_of[pod as usize] as usize;
        let sort = &self.instance.sorts[position];
        let mut best: Option<(u32, f64, usize)> = None;
        for (node, room) in self.left.iter().enumerate() {
            let fits = holds(room, sort.cpu, sort.memory)
                && self.instance.fits(position, self.instance.kind_of[node] as usize);
            if !fits {
                continue;
            }
            let Some(left) = least_left(room, sort.devices, sort.milli) else { continue };
            // What has no device prefers nodes whose devices need the CPU least.
            let spare: u32 = if sort.devices == 0 { room.devices.iter().sum() } else { left };
            let idle = room.cpu as f64 / self.means.0 + room.memory as f64 / self.means.1;
            let is_less = |(least, known, _): (u32, f64, usize)| (spare, idle) < (least, known);
            if best.is_none_or(is_less) {
                best = Some((spare, idle, node));
            }
        }
        let (.., node) = best?;
        Some(Seat { node: narrow(node), devices: least_devices(&self.left[node], sort.devices, sort.milli) })
    }
}

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
