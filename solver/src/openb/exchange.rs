//! Exchanges: a pod without a seat takes one by chance; whoever is in its way looks for another. What gives out more of the
//! devices stays, and so does what gives out as much to as many pods without a device and draws less of the nodes. What
//! helps where CPU or memory are scarce, of which patterns know nothing.

use lessor_models::families::openb::Seat;

use crate::random::Random;
use crate::stop::Stop;

use super::lowered::{ROOM, narrow};
use super::rooms::Rooms;

/// Exchanges between two looks at the stop: less than ten milliseconds of them.
const BLOCK: u64 = 64;

/// Nodes that are drawn until one suits a pod.
const DRAWS: usize = 8;

/// Pods that give way to one, at most; more never find other seats.
const EVICTED_MAX: usize = 6;

/// No place in a list.
const NONE: u32 = u32::MAX;

/// A placement with lists of who is where.
struct Exchange<'a> {
    rooms: Rooms<'a>,
    on_node: Vec<Vec<u32>>,
    /// Pods without a seat that ask for devices and fit some node, and the place of each pod in that list.
    out: Vec<u32>,
    place: Vec<u32>,
    /// Pods that the exchange moved, each with the seat it had, in their order.
    journal: Vec<(u32, Option<Seat>)>,
    /// What one milli-CPU and one MiB count, so that all there is of each counts as much.
    rates: (f64, f64),
}

/// What changed.
#[derive(Clone, Copy, Debug, Default)]
struct Change {
    milli: i64,
    /// Pods without a device.
    plain: i64,
    drawn: f64,
}

/// Tries so many exchanges.
pub(super) fn exchange<'a>(rooms: Rooms<'a>, tries: u64, random: &mut Random, stop: &Stop) -> Rooms<'a> {
    let mut exchange = Exchange::new(rooms);
    for at in 0..tries {
        if at.is_multiple_of(BLOCK) {
            stop.spend(BLOCK);
            if stop.is_raised() {
                break;
            }
        }
        if exchange.out.is_empty() {
            break;
        }
        let pod = exchange.out[random.index(exchange.out.len())];
        exchange.try_pod(pod, random);
    }
    exchange.rooms
}

impl Exchange<'_> {
    fn new(rooms: Rooms<'_>) -> Exchange<'_> {
        let instance = rooms.instance;
        let (mut on_node, mut out) = (vec![Vec::new(); instance.kind_of.len()], Vec::new());
        let mut place = vec![NONE; rooms.seats.len()];
        for (pod, seat) in (0..).zip(&rooms.seats) {
            match seat {
                Some(seat) => on_node[seat.node as usize].push(pod),
                None if instance.pod(pod).devices > 0 && instance.fits_some(pod) => {
                    place[pod as usize] = narrow(out.len());
                    out.push(pod);
                }
                None => {}
            }
        }
        let sum = |of: fn(i64, i64) -> i64| -> f64 {
            instance.kinds.iter().map(|kind| of(kind.cpu, kind.memory) as f64 * f64::from(kind.count)).sum()
        };
        let rates = (1.0 / sum(|cpu, _| cpu).max(1.0), 1.0 / sum(|_, memory| memory).max(1.0));
        Exchange { rooms, on_node, out, place, journal: Vec::new(), rates }
    }

    /// Seats a pod on a node by chance, and those in its way elsewhere; undone where it is no gain.
    fn try_pod(&mut self, pod: u32, random: &mut Random) {
        let instance = self.rooms.instance;
        let sort = instance.sort_of[pod as usize] as usize;
        let mut nodes = (0..DRAWS).map(|_| random.index(self.on_node.len()));
        let Some(node) = nodes.find(|&node| instance.fits(sort, instance.kind_of[node] as usize)) else { return };
        self.journal.clear();
        let mut change = Change::default();
        let devices = self.some_devices(node, pod, random);
        let is_seated = self.make_room(node, &devices, pod, random)
            && self.set(pod, Some(Seat { node: narrow(node), devices }), &mut change);
        let mut evicted: Vec<u32> =
            self.journal.iter().map(|&(other, _)| other).filter(|&other| other != pod).collect();
        for &other in &evicted {
            self.count(other, -1, &mut change);
        }
        evicted.sort_by_key(|&other| std::cmp::Reverse(instance.pod(other).milli_sum()));
        for other in evicted {
            if is_seated && let Some(seat) = self.rooms.seat_for(other) {
                self.set(other, Some(seat), &mut change);
            }
        }
        let is_gain = is_seated && (change.milli > 0 || change.milli == 0 && change.plain == 0 && change.drawn <= 0.0);
        if !is_gain {
            while let Some((moved, seat)) = self.journal.pop() {
                self.place(moved, seat);
            }
        }
    }

    /// Devices of a node for a pod: those that have most left, or any by chance.
    fn some_devices(&self, node: usize, pod: u32, random: &mut Random) -> Vec<u32> {
        let left = self.rooms.devices(node);
        let mut ranked: Vec<(u64, u32)> =
            (0..).zip(left).map(|(device, &left)| (u64::from(ROOM - left) * random.below(4), device)).collect();
        ranked.sort_unstable();
        ranked.iter().take(self.rooms.instance.pod(pod).devices as usize).map(|&(_, device)| device).collect()
    }

    /// Takes pods from a node by chance until another has room on some of its devices; whether it has.
    fn make_room(&mut self, node: usize, devices: &[u32], pod: u32, random: &mut Random) -> bool {
        let instance = self.rooms.instance;
        let sort = instance.pod(pod);
        for _ in 0..=EVICTED_MAX {
            let left = self.rooms.devices(node);
            let short: Vec<u32> =
                devices.iter().copied().filter(|&device| left[device as usize] < sort.milli).collect();
            if short.is_empty() && self.rooms.holds(node, sort.cpu, sort.memory) {
                return true;
            }
            let holds_short = |other: &u32| {
                let seat = self.rooms.seats[*other as usize].as_ref();
                short.is_empty() || seat.is_some_and(|seat| seat.devices.iter().any(|device| short.contains(device)))
            };
            let choices: Vec<u32> = self.on_node[node].iter().copied().filter(holds_short).collect();
            if choices.is_empty() {
                return false;
            }
            let other = choices[random.index(choices.len())];
            let seat = self.rooms.seats[other as usize].clone();
            self.journal.push((other, seat));
            self.place(other, None);
        }
        false
    }

    /// Seats a pod and writes down where it was before; whether there was room.
    fn set(&mut self, pod: u32, seat: Option<Seat>, change: &mut Change) -> bool {
        let before = self.rooms.seats[pod as usize].clone();
        let is_placed = self.place(pod, seat);
        if is_placed {
            self.journal.push((pod, before));
            self.count(pod, 1, change);
        }
        is_placed
    }

    fn count(&self, pod: u32, sign: i8, change: &mut Change) {
        let sort = self.rooms.instance.pod(pod);
        let drawn = sort.cpu as f64 * self.rates.0 + sort.memory as f64 * self.rates.1;
        change.drawn += f64::from(sign) * drawn;
        change.plain += i64::from(sign) * i64::from(sort.devices == 0);
        change.milli += i64::from(sign) * i64::try_from(sort.milli_sum()).unwrap_or(0);
    }

    /// Takes a pod from where it is and seats it, or leaves it out; whether there was room.
    fn place(&mut self, pod: u32, seat: Option<Seat>) -> bool {
        if let Some(before) = self.rooms.take(pod) {
            self.on_node[before.node as usize].retain(|&other| other != pod);
            if self.rooms.instance.pod(pod).devices > 0 {
                self.place[pod as usize] = narrow(self.out.len());
                self.out.push(pod);
            }
        }
        let Some(seat) = seat else { return true };
        let node = seat.node as usize;
        let is_placed = self.rooms.put(pod, seat);
        if is_placed {
            self.on_node[node].push(pod);
            let place = std::mem::replace(&mut self.place[pod as usize], NONE);
            if place != NONE {
                self.out.swap_remove(place as usize);
                if let Some(&moved) = self.out.get(place as usize) {
                    self.place[moved as usize] = place;
                }
            }
        }
        is_placed
    }
}

#[cfg(test)]
mod tests {
    use lessor_models::families::openb::{Node, OpenbInstance, Pod};

    use super::super::lowered::Lowered;
    use super::*;

    fn pod(cpu_milli: u64, devices: u32, milli: u32) -> Pod {
        Pod { cpu_milli, memory_mib: 1, devices, milli, models: None }
    }

    /// One node of 4 CPU and one device.
    fn exchanged(pods: Vec<Pod>, seated: &[(u32, u32)]) -> Vec<bool> {
        let node = Node { cpu_milli: 4, memory_mib: 9, devices: 1, model: 0 };
        let instance = Lowered::new(&OpenbInstance::new(vec![node], pods).unwrap());
        let mut rooms = Rooms::empty(&instance);
        for &(pod, devices) in seated {
            assert!(rooms.put(pod, Seat { node: 0, devices: (0..devices).collect() }));
        }
        let rooms = exchange(rooms, 50, &mut Random::new(1), &Stop::new());
        rooms.seats.iter().map(Option::is_some).collect()
    }

    #[test]
    fn a_pod_gives_way_to_one_that_takes_more_of_the_device() {
        assert_eq!(exchanged(vec![pod(4, 1, 300), pod(2, 1, 500)], &[(0, 1)]), [false, true]);
        assert_eq!(exchanged(vec![pod(4, 1, 500), pod(2, 1, 300)], &[(0, 1)]), [true, false]);
        assert_eq!(exchanged(vec![pod(3, 0, 0), pod(2, 1, 300)], &[(0, 0)]), [false, true]);
    }

    #[test]
    fn of_equal_pods_the_one_that_draws_least_stays() {
        assert_eq!(exchanged(vec![pod(4, 1, 600), pod(2, 1, 600)], &[(0, 1)]), [false, true]);
        assert_eq!(exchanged(vec![pod(2, 1, 600), pod(4, 1, 600)], &[(0, 1)]), [true, false]);
    }
}
