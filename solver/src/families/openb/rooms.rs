//! A placement in the making: what is left of each node and device, and where each pod is.

use lessor_models::families::openb::{PODS_PER_NODE, Seat};

use super::lowered::{Lowered, ROOM, Sort, narrow};

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

    /// How many nodes there are.
    pub(super) fn nodes(&self) -> usize {
        self.left.len()
    }

    /// What each device of a node has left.
    pub(super) fn devices(&self, node: usize) -> &[u32] {
        &self.left[node].devices
    }

    /// CPU and memory that a node has left, each against what a device of the cluster has, as the bits of a float: those of at
    /// least zero are in the order of their bits.
    pub(super) fn idle(&self, node: usize) -> u64 {
        self.shares(self.left[node].cpu, self.left[node].memory)
    }

    /// What a node has left at least where a pod of a sort fits.
    pub(super) fn idle_of(&self, need: &Sort) -> u64 {
        self.shares(need.cpu, need.memory)
    }

    fn shares(&self, cpu: i64, memory: i64) -> u64 {
        (cpu as f64 / self.means.0 + memory as f64 / self.means.1).to_bits()
    }

    /// Whether a pod of a sort fits on a node as it is.
    pub(super) fn has_room(&self, sort: usize, node: usize) -> bool {
        let (room, need) = (&self.left[node], &self.instance.sorts[sort]);
        let fits = self.instance.fits(sort, self.instance.kind_of[node] as usize);
        let enough = || room.devices.iter().filter(|&&left| left >= need.milli).count();
        fits && holds(room, need.cpu, need.memory) && enough() >= need.devices as usize
    }

    /// The devices of a node that have least left of those that have enough for a pod of a sort.
    pub(super) fn least_devices(&self, node: usize, need: &Sort) -> Vec<u32> {
        let mut fitting: Vec<(u32, u32)> = (0..).zip(&self.left[node].devices).map(|(at, &left)| (left, at)).collect();
        fitting.retain(|&(left, _)| left >= need.milli);
        fitting.sort_unstable();
        let mut chosen: Vec<u32> = fitting.iter().take(need.devices as usize).map(|&(_, at)| at).collect();
        chosen.sort_unstable();
        chosen
    }
}

fn holds(room: &NodeRoom, cpu: i64, memory: i64) -> bool {
    room.pods > 0 && room.cpu >= cpu && room.memory >= memory
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
