//! What runs while moves are carried out: who is where, what every account gives, what is held of every device.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{MoveFault, Seats};
use crate::check::capacity::Standing;
use crate::check::class_of;
use crate::draw;
use crate::fleet::{Fleet, Level, NodeIndex, Owner, ZoneIndex};
use crate::instance::Instance;
use crate::job::JobIndex;
use crate::plan::{Move, Seat, Stage};
use crate::resources::{Kind, Kinds, UNLIMITED};
use crate::tile_class::DEVICE_MILLI;
use crate::time::Timestamp;

/// What runs at one instant, between two waves.
pub(super) struct Replay<'a> {
    instance: &'a Instance,
    at: Timestamp,
    planned: &'a Seats,
    transient: Kinds,
    standing: Standing,
    there: Seats,
    /// Capsules that paused, by job, seat left and seat to enter.
    paused: BTreeMap<(JobIndex, Seat, Seat), u64>,
    /// Of every owner above something that runs or ran, without the standing draw.
    used: HashMap<Owner, [u128; Kind::COUNT]>,
    /// Of every device that is or was held.
    held_milli: HashMap<(NodeIndex, u32), u64>,
}

/// What is taken from owners and devices.
#[derive(Default)]
struct Taken {
    owners: BTreeMap<Owner, [u128; Kind::COUNT]>,
    devices: BTreeMap<(NodeIndex, u32), u64>,
}

/// Whether capsules come to a seat or go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Comes,
    Goes,
}

/// Of which kinds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    All,
    Transient,
    NotTransient,
}

impl<'a> Replay<'a> {
    /// What runs now. O(tiles + running), each times the length of a path.
    pub(super) fn new(instance: &'a Instance, at: Timestamp, current: &Seats, planned: &'a Seats) -> Replay<'a> {
        let (standing, transient) = (Standing::of(instance.fleet()), instance.weights().transient);
        let (there, paused) = (current.clone(), BTreeMap::new());
        let (used, held_milli) = (HashMap::new(), HashMap::new());
        let mut replay = Replay { instance, at, planned, transient, standing, there, paused, used, held_milli };
        for (&(job, seat), &count) in current {
            replay.debit((job, seat), count, Direction::Comes, Part::All);
        }
        replay
    }

    /// How many capsules of each job are where.
    pub(super) fn there(&self) -> &Seats {
        &self.there
    }

    /// Capsules that paused and have not gone on.
    pub(super) fn left_paused(&self) -> impl Iterator<Item = MoveFault> + '_ {
        self.paused.iter().map(|(&(job, from, _), &count)| MoveFault::LeftPaused { job, tile: from.tile, count })
    }

    /// Carries out one wave and reports what is wrong with it; a move that takes what is not there is left out.
    pub(super) fn carry_out(&mut self, wave: u32, steps: &[(usize, &Move)], found: &mut Vec<MoveFault>) {
        let mut begun: Vec<(usize, &Move)> = Vec::with_capacity(steps.len());
        for &(step, change) in steps {
            match self.begin(step, change) {
                Ok(()) => begun.push((step, change)),
                Err(fault) => found.push(fault),
            }
        }
        let taken = self.taken(&begun);
        self.look(wave, &taken, found);
        self.look_at_turns(wave, &begun, found);
        for (step, change) in begun {
            self.end(change);
            self.look_at_seat(step, change, found);
        }
    }

    /// Takes capsules from where they are.
    fn begin(&mut self, step: usize, change: &Move) -> Result<(), MoveFault> {
        if !self.is_well_formed(change) {
            return Err(MoveFault::Malformed { step });
        }
        let &Move { job, from, to, count, stage, .. } = change;
        let is_taken = match (stage, to) {
            (Stage::Resume, Some(to)) => take(&mut self.paused, &(job, from, to), count),
            _ => take(&mut self.there, &(job, from), count),
        };
        match stage {
            _ if is_taken => Ok(()),
            Stage::Resume => Err(MoveFault::NotPaused { step, job }),
            Stage::Go | Stage::Pause | Stage::Stop => Err(MoveFault::Absent { step, job, tile: from.tile }),
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
        change.count > 0
            && (change.stage == Stage::Stop) == change.to.is_none()
            && change.to != Some(change.from)
            && is_seat(change.from)
            && change.to.is_none_or(is_seat)
    }

    /// The most that may be taken beyond what was, at any time while the moves are under way.
    fn taken(&self, begun: &[(usize, &Move)]) -> Taken {
        let mut taken = Taken::default();
        for (_, change) in begun {
            let Some(to) = change.to.filter(|_| matches!(change.stage, Stage::Go | Stage::Resume)) else { continue };
            let leaves = (change.stage == Stage::Go).then_some(change.from);
            let (given, given_milli) = leaves.map_or_else(Default::default, |from| self.draws(change.job, from));
            let (drawn, drawn_milli) = self.draws(change.job, to);
            let count = u128::from(change.count);
            for (owner, drawn) in drawn {
                let given = given.get(&owner).copied().unwrap_or_default();
                let sums = taken.owners.entry(owner).or_default();
                for kind in Kind::ALL {
                    let k = kind.index();
                    let given = if self.transient.contains(kind) { 0 } else { given[k] };
                    sums[k] += drawn[k].saturating_sub(given) * count;
                }
            }
            for (device, milli) in drawn_milli {
                let is_held = self.transient.contains(Kind::Accelerator);
                let given = if is_held { 0 } else { given_milli.get(&device).copied().unwrap_or(0) };
                *taken.devices.entry(device).or_default() += milli.saturating_sub(given) * u64::from(change.count);
            }
        }
        taken
    }

    /// Reports what a wave may take too much of.
    fn look(&self, wave: u32, taken: &Taken, found: &mut Vec<MoveFault>) {
        for (&owner, taken) in &taken.owners {
            let standing = self.standing.at(self.instance.fleet(), owner);
            let before = self.used.get(&owner).copied().unwrap_or_default();
            for kind in Kind::ALL {
                let (k, capacity) = (kind.index(), self.instance.fleet().capacity_at(owner, kind, self.at));
                let used = standing[k] + before[k] + taken[k];
                if capacity != UNLIMITED && used > u128::from(capacity) && taken[k] > 0 {
                    found.push(MoveFault::Overdrawn { wave, owner, kind, used, capacity });
                }
            }
        }
        for (&(tile, device), &taken) in &taken.devices {
            let before = self.held_milli.get(&(tile, device)).copied().unwrap_or(0);
            if before + taken > u64::from(DEVICE_MILLI) && taken > 0 {
                found.push(MoveFault::Device { wave, tile, device });
            }
        }
    }

    /// Reports the zones of which more is on the move than may be.
    fn look_at_turns(&self, wave: u32, begun: &[(usize, &Move)], found: &mut Vec<MoveFault>) {
        let fleet = self.instance.fleet();
        let moving = begun.iter().filter_map(|(_, change)| Some((change.from, change.to?, u64::from(change.count))));
        let paused = self.paused.iter().map(|(&(_, from, to), &count)| (from, to, count));
        let mut of_zone: BTreeMap<ZoneIndex, u64> = BTreeMap::new();
        if fleet.move_limits().next().is_some() {
            for (from, to, count) in moving.chain(paused) {
                let ends = [from, to].into_iter().flat_map(|seat| fleet.path(seat.tile));
                let zones: BTreeSet<ZoneIndex> = ends.flat_map(|node| fleet.zones_listing(node)).copied().collect();
                zones.into_iter().for_each(|zone| *of_zone.entry(zone).or_default() += count);
            }
        }
        for (zone, moving) in of_zone {
            if let Some(most) = fleet.move_limit(zone).filter(|&most| moving > u64::from(most)) {
                found.push(MoveFault::Crowded { wave, zone, moving, most });
            }
        }
    }

    /// Brings capsules to where they go.
    fn end(&mut self, change: &Move) {
        let &Move { job, from, to, stage, .. } = change;
        let count = u64::from(change.count);
        let left = match stage {
            Stage::Go | Stage::Stop => Part::All,
            Stage::Pause => Part::NotTransient,
            Stage::Resume => Part::Transient,
        };
        self.debit((job, from), count, Direction::Goes, left);
        match (stage, to) {
            (Stage::Pause, Some(to)) => *self.paused.entry((job, from, to)).or_default() += count,
            (_, Some(to)) => {
                self.debit((job, to), count, Direction::Comes, Part::All);
                *self.there.entry((job, to)).or_default() += count;
            }
            (_, None) => {}
        }
    }

    fn look_at_seat(&self, step: usize, change: &Move, found: &mut Vec<MoveFault>) {
        let Some(to) = change.to.filter(|_| change.stage != Stage::Pause) else { return };
        let count = |seats: &Seats| seats.get(&(change.job, to)).copied().unwrap_or(0);
        if count(&self.there) > count(self.planned) {
            found.push(MoveFault::Unplanned { step, job: change.job, tile: to.tile });
        }
    }

    /// What one capsule on a seat draws from every owner above it, and holds of every device.
    #[expect(clippy::type_complexity, reason = "two maps, taken apart where they are asked for")]
    fn draws(
        &self,
        job: JobIndex,
        seat: Seat,
    ) -> (BTreeMap<Owner, [u128; Kind::COUNT]>, BTreeMap<(NodeIndex, u32), u64>) {
        let (fleet, job) = (self.instance.fleet(), &self.instance.jobs()[job.at()]);
        let class = class_of(fleet, seat.tile);
        let drawn = |(owner, level)| (owner, draw::draw(&job.demand, class, level).0.map(u128::from));
        let milli = u64::from(job.demand.device_milli);
        let devices = (0..u64::BITS).filter(|device| seat.devices >> device & 1 == 1);
        let held = devices.map(|device| ((seat.tile, device), milli));
        (owners(fleet, seat.tile).into_iter().map(drawn).collect(), held.collect())
    }

    /// Takes from every account and device what capsules draw on a seat of some kinds, or gives it back.
    fn debit(&mut self, (job, seat): (JobIndex, Seat), count: u64, change: Direction, part: Part) {
        let transient = self.transient;
        let is_meant = |kind: Kind| match part {
            Part::All => true,
            Part::Transient => transient.contains(kind),
            Part::NotTransient => !transient.contains(kind),
        };
        let (drawn, held) = self.draws(job, seat);
        for (owner, drawn) in drawn {
            let used = self.used.entry(owner).or_default();
            for kind in Kind::ALL.into_iter().filter(|&kind| is_meant(kind)) {
                let (used, amount) = (&mut used[kind.index()], drawn[kind.index()] * u128::from(count));
                *used = if change == Direction::Comes { *used + amount } else { *used - amount };
            }
        }
        for (device, milli) in held.into_iter().filter(|_| is_meant(Kind::Accelerator)) {
            let held = self.held_milli.entry(device).or_default();
            *held = if change == Direction::Comes { *held + milli * count } else { *held - milli * count };
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

/// Takes capsules out of a pool; whether there were as many.
fn take<K: Ord>(pool: &mut BTreeMap<K, u64>, key: &K, count: u32) -> bool {
    let Some(here) = pool.get_mut(key) else { return false };
    let Some(left) = here.checked_sub(u64::from(count)) else { return false };
    *here = left;
    if left == 0 {
        pool.remove(key);
    }
    true
}
