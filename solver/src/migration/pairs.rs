//! Who leaves which seat, and for which.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use lessor_models::draw;
use lessor_models::fleet::NodeIndex;
use lessor_models::instance::Instance;
use lessor_models::job::JobIndex;
use lessor_models::objective::moves::between;
use lessor_models::plan::{Placement, Seat};
use lessor_models::time::Timestamp;

use crate::program::transport;

/// Equal capsules that leave one seat for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SeatChange {
    pub(super) job: JobIndex,
    pub(super) from: Seat,
    pub(super) to: Seat,
    pub(super) count: u32,
}

/// Equal capsules that leave their seat for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SeatLoss {
    pub(super) job: JobIndex,
    pub(super) seat: Seat,
    pub(super) count: u32,
}

/// What becomes of the capsules that run and do not stay, sorted by job.
#[derive(Clone, Debug, Default)]
pub(super) struct Pairs {
    pub(super) changed: Vec<SeatChange>,
    pub(super) stopped: Vec<SeatLoss>,
}

/// A seat, and how many capsules leave or enter it.
type Flow = (Seat, u64);

/// Pairs the seats that each job leaves with those that it enters: on the same tile where it can, then the cheapest way where
/// pairs of tiles have costs, otherwise in their order.
pub(super) fn pairs(instance: &Instance, placements: &[Placement], takeover: Timestamp) -> Pairs {
    let mut seats: BTreeMap<(JobIndex, Seat), (u64, u64)> = BTreeMap::new();
    let mut runs = vec![false; instance.jobs().len()];
    for current in instance.current() {
        let seat = Seat { tile: current.tile, devices: current.devices };
        seats.entry((current.job, seat)).or_default().0 += u64::from(current.count);
        runs[current.job.at()] = true;
    }
    for placement in placements.iter().filter(|placement| runs[placement.job.at()]) {
        if holds(instance, placement, takeover) {
            let seat = Seat { tile: placement.tile, devices: placement.devices };
            seats.entry((placement.job, seat)).or_default().1 += u64::from(placement.count);
        }
    }
    let mut pairs = Pairs::default();
    let seats: Vec<_> = seats.into_iter().collect();
    for of_job in seats.chunk_by(|a, b| a.0.0 == b.0.0) {
        let flow = |seat: Seat, more: u64, less: u64| (more > less).then(|| (seat, more - less));
        let mut left: Vec<Flow> =
            of_job.iter().filter_map(|((_, seat), (now, then))| flow(*seat, *now, *then)).collect();
        let mut entered: Vec<Flow> =
            of_job.iter().filter_map(|((_, seat), (now, then))| flow(*seat, *then, *now)).collect();
        pairs.match_up(instance, of_job[0].0.0, &mut left, &mut entered);
    }
    pairs
}

/// Whether a placement's run covers an instant.
fn holds(instance: &Instance, placement: &Placement, at: Timestamp) -> bool {
    let fleet = instance.fleet();
    let class = fleet.class_of(placement.tile).expect("placements are on tiles");
    let term = draw::term(&instance.jobs()[placement.job.at()], &fleet.classes()[class.at()]);
    placement.start <= at && at < placement.start.after(term)
}

impl Pairs {
    fn match_up(&mut self, instance: &Instance, job: JobIndex, left: &mut Vec<Flow>, entered: &mut Vec<Flow>) {
        self.sweep(job, left, entered, |left, entered| left.tile.cmp(&entered.tile));
        if !instance.fleet().move_costs().is_empty() {
            self.match_cheaply(instance, job, left, entered);
        }
        self.sweep(job, left, entered, |_, _| Ordering::Equal);
        let losses = left.iter().map(|&(seat, count)| SeatLoss { job, seat, count: narrow(count) });
        self.stopped.extend(losses);
    }

    /// Pairs the seats of places by what moves between them cost, all together as cheaply as can be.
    fn match_cheaply(&mut self, instance: &Instance, job: JobIndex, left: &mut Vec<Flow>, entered: &mut Vec<Flow>) {
        let (fleet, weights) = (instance.fleet(), instance.weights());
        let place_left = |&(seat, _): &Flow| fleet.place_left(seat.tile);
        let place_entered = |&(seat, _): &Flow| fleet.place_entered(seat.tile);
        let (mut sources, mut sinks) = (by_place(left, place_left), by_place(entered, place_entered));
        let amount = |flows: &Vec<Flow>| flows.iter().map(|flow| flow.1).sum::<u64>();
        let cost = |from: &Vec<Flow>, to: &Vec<Flow>| between(fleet, from[0].0.tile, to[0].0.tile, weights);
        let costs: Vec<Vec<u64>> = sources.iter().map(|from| sinks.iter().map(|to| cost(from, to)).collect()).collect();
        let amounts = |places: &[Vec<Flow>]| places.iter().map(amount).collect::<Vec<u64>>();
        for (source, sink, count) in transport::cheapest(&amounts(&sources), &amounts(&sinks), &costs) {
            let (mut from, mut to) = (take(&mut sources[source], count), take(&mut sinks[sink], count));
            self.sweep(job, &mut from, &mut to, |_, _| Ordering::Equal);
        }
        (*left, *entered) = (sources.concat(), sinks.concat());
    }

    /// Walks both lists side by side, takes from both what matches, and leaves the rest in them.
    fn sweep(
        &mut self,
        job: JobIndex,
        left: &mut Vec<Flow>,
        entered: &mut Vec<Flow>,
        order: impl Fn(Seat, Seat) -> Ordering,
    ) {
        let (mut at_left, mut at_entered) = (0, 0);
        while at_left < left.len() && at_entered < entered.len() {
            let ((from, leave), (to, enter)) = (&mut left[at_left], &mut entered[at_entered]);
            match order(*from, *to) {
                Ordering::Less => at_left += 1,
                Ordering::Greater => at_entered += 1,
                Ordering::Equal => {
                    let count = (*leave).min(*enter);
                    (*leave, *enter) = (*leave - count, *enter - count);
                    self.changed.push(SeatChange { job, from: *from, to: *to, count: narrow(count) });
                    (at_left, at_entered) = (at_left + usize::from(*leave == 0), at_entered + usize::from(*enter == 0));
                }
            }
        }
        left.retain(|&(_, count)| count > 0);
        entered.retain(|&(_, count)| count > 0);
    }
}

/// Flows by place, in the order of places.
fn by_place(flows: &[Flow], place: impl Fn(&Flow) -> Option<NodeIndex>) -> Vec<Vec<Flow>> {
    let mut places: BTreeMap<Option<NodeIndex>, Vec<Flow>> = BTreeMap::new();
    for flow in flows {
        places.entry(place(flow)).or_default().push(*flow);
    }
    places.into_values().collect()
}

/// Takes so many capsules from the front of some flows.
fn take(flows: &mut Vec<Flow>, count: u64) -> Vec<Flow> {
    let mut due = count;
    let mut taken = Vec::new();
    for (seat, here) in flows.iter_mut() {
        let part = due.min(*here);
        if part > 0 {
            taken.push((*seat, part));
        }
        (due, *here) = (due - part, *here - part);
    }
    flows.retain(|&(_, count)| count > 0);
    taken
}

fn narrow(count: u64) -> u32 {
    u32::try_from(count).expect("a job's capsules are counted in 32 bits")
}
