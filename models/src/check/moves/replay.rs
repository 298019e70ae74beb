//! What runs while moves are carried out: who is where, what every account gives, what is held of every device.

use std::collections::{BTreeMap, HashMap};

use super::{MoveFault, Seats};
use crate::check::capacity::Standing;
use crate::check::class_of;
use crate::draw;
use crate::fleet::{Fleet, Level, NodeIndex, Owner};
use crate::instance::Instance;
use crate::job::{Job, JobIndex};
use crate::plan::{Move, Seat};
use crate::resources::{Kind, Resources, UNLIMITED};
use crate::tile_class::DEVICE_MILLI;
use crate::time::Timestamp;

/// What runs at one instant, between two steps.
pub(super) struct Replay<'a> {
    instance: &'a Instance,
    at: Timestamp,
    planned: &'a Seats,
    standing: Standing,
    there: Seats,
    stopped: BTreeMap<JobIndex, u64>,
    /// Of every owner above something that runs or ran, without the standing draw.
    used: HashMap<Owner, [u128; Kind::COUNT]>,
    /// Of every device that is or was held.
    held_milli: HashMap<(NodeIndex, u32), u64>,
}

/// What is used of the accounts above a seat, without their standing draw, and what is held of its devices.
struct Load {
    used: Vec<(Owner, [u128; Kind::COUNT])>,
    held_milli: Vec<(u32, u64)>,
}

/// Whether capsules come to a seat or go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    Comes,
    Goes,
}

impl<'a> Replay<'a> {
    /// What runs now. O(tiles + running), each times the length of a path.
    pub(super) fn new(instance: &'a Instance, at: Timestamp, current: &Seats, planned: &'a Seats) -> Replay<'a> {
        let standing = Standing::of(instance.fleet());
        let (there, stopped) = (current.clone(), BTreeMap::new());
        let (used, held_milli) = (HashMap::new(), HashMap::new());
        let mut replay = Replay { instance, at, planned, standing, there, stopped, used, held_milli };
        for (&(job, seat), &count) in current {
            replay.debit(job, seat, count, Change::Comes);
        }
        replay
    }

    /// How many capsules of each job are where.
    pub(super) fn there(&self) -> &Seats {
        &self.there
    }

    /// Carries out one move and reports what is wrong with it; one that takes what is not there is left out.
    pub(super) fn carry_out(&mut self, step: usize, change: &Move, found: &mut Vec<MoveFault>) {
        if !self.is_well_formed(change) {
            found.push(MoveFault::Malformed { step });
            return;
        }
        if let Some(fault) = self.nothing_to_take(step, change) {
            found.push(fault);
            return;
        }
        let (job, count) = (change.job, u64::from(change.count));
        let before = change.to.map(|to| self.load(to));
        match change.from {
            Some(from) => self.debit(job, from, count, Change::Goes),
            None => *self.stopped.entry(job).or_default() -= count,
        }
        shift(&mut self.there, (job, change.from), count, Change::Goes);
        match change.to {
            Some(to) => self.debit(job, to, count, Change::Comes),
            None => *self.stopped.entry(job).or_default() += count,
        }
        shift(&mut self.there, (job, change.to), count, Change::Comes);
        if let (Some(to), Some(before)) = (change.to, before) {
            self.look(step, (job, to), &before, found);
        }
    }

    fn is_well_formed(&self, change: &Move) -> bool {
        let fleet = self.instance.fleet();
        let Some(job) = self.instance.jobs().get(change.job.at()) else { return false };
        let is_seat = |seat: Seat| {
            let is_tile = seat.tile.at() < fleet.node_count() && fleet.level(seat.tile) == Level::Tile;
            is_tile
                && seat.devices.count_ones() == u32::from(job.demand.devices)
                && 64 - seat.devices.leading_zeros() <= u32::from(class_of(fleet, seat.tile).devices)
        };
        change.count > 0 && change.from != change.to && change.from.is_none_or(is_seat) && change.to.is_none_or(is_seat)
    }

    fn nothing_to_take(&self, step: usize, change: &Move) -> Option<MoveFault> {
        let (job, count) = (change.job, u64::from(change.count));
        match change.from {
            Some(seat) => {
                let there = self.there.get(&(job, seat)).copied().unwrap_or(0);
                (there < count).then_some(MoveFault::Absent { step, job, tile: seat.tile })
            }
            None => {
                let stopped = self.stopped.get(&job).copied().unwrap_or(0);
                (stopped < count).then_some(MoveFault::NotStopped { step, job })
            }
        }
    }

    /// Reports what a seat that was entered has too much of, given the load before.
    fn look(&self, step: usize, (job, to): (JobIndex, Seat), before: &Load, found: &mut Vec<MoveFault>) {
        let count = |seats: &Seats| seats.get(&(job, to)).copied().unwrap_or(0);
        if count(&self.there) > count(self.planned) {
            found.push(MoveFault::Unplanned { step, job, tile: to.tile });
        }
        let after = self.load(to);
        for (&(owner, before), (_, after)) in before.used.iter().zip(after.used) {
            let standing = self.standing.at(self.instance.fleet(), owner);
            for kind in Kind::ALL {
                let (k, capacity) = (kind.index(), self.instance.fleet().capacity_at(owner, kind, self.at));
                let used = standing[k] + after[k];
                if capacity != UNLIMITED && used > u128::from(capacity) && after[k] > before[k] {
                    found.push(MoveFault::Overdrawn { step, owner, kind, used, capacity });
                }
            }
        }
        for (&(device, before), (_, after)) in before.held_milli.iter().zip(after.held_milli) {
            if after > u64::from(DEVICE_MILLI) && after > before {
                found.push(MoveFault::Device { step, tile: to.tile, device });
            }
        }
    }

    fn load(&self, seat: Seat) -> Load {
        let used = |(owner, _)| (owner, self.used.get(&owner).copied().unwrap_or_default());
        let held = |device| (device, self.held_milli.get(&(seat.tile, device)).copied().unwrap_or(0));
        Load {
            used: owners(self.instance.fleet(), seat.tile).into_iter().map(used).collect(),
            held_milli: devices(seat).map(held).collect(),
        }
    }

    /// Takes from every account and device what capsules draw on a seat, or gives it back.
    fn debit(&mut self, job: JobIndex, seat: Seat, count: u64, change: Change) {
        let (fleet, job): (&Fleet, &Job) = (self.instance.fleet(), &self.instance.jobs()[job.at()]);
        let class = class_of(fleet, seat.tile);
        for (owner, level) in owners(fleet, seat.tile) {
            let drawn: Resources = draw::draw(&job.demand, class, level);
            for (used, amount) in self.used.entry(owner).or_default().iter_mut().zip(drawn.0) {
                let amount = u128::from(amount) * u128::from(count);
                *used = if change == Change::Comes { *used + amount } else { *used - amount };
            }
        }
        for device in devices(seat) {
            let held = self.held_milli.entry((seat.tile, device)).or_default();
            let milli = u64::from(job.demand.device_milli) * count;
            *held = if change == Change::Comes { *held + milli } else { *held - milli };
        }
    }
}

/// Who is debited by what runs on a tile, each with the level through which it is.
fn owners(fleet: &Fleet, tile: NodeIndex) -> Vec<(Owner, Level)> {
    let mut owners = Vec::new();
    for node in fleet.path(tile) {
        let level = fleet.level(node);
        owners.push((Owner::Node(node), level));
        owners.extend(fleet.zones_listing(node).iter().map(|&zone| (Owner::Zone(zone), level)));
    }
    owners
}

fn devices(seat: Seat) -> impl Iterator<Item = u32> {
    (0..u64::BITS).filter(move |device| seat.devices >> device & 1 == 1)
}

fn shift(there: &mut Seats, (job, seat): (JobIndex, Option<Seat>), count: u64, change: Change) {
    let Some(seat) = seat else { return };
    let here = there.entry((job, seat)).or_default();
    *here = if change == Change::Comes { *here + count } else { *here - count };
    if *here == 0 {
        there.remove(&(job, seat));
    }
}
