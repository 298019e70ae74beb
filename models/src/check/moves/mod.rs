//! Moves: carried out one by one from what runs now, they lead to the placements and overdraw nothing on the way.
//!
//! All of this is about one instant, the [takeover](Instance::takeover) `k`. The plan's placements of the jobs that run
//! say which seats they hold then: those of runs that cover `k`. What was placed to start later, or has ended by then,
//! holds none: a capsule that runs and gets no seat stops. Capsules go from seat to seat, or pause in between: then they
//! leave their seat in one wave and enter the other in a later one.
//!
//! The moves of a *wave* may be under way at once, each begin and end whenever it likes; the next wave begins once all of
//! them have ended. A capsule stops before it starts, as a checkpoint and a restart do: what the seat left gives is there
//! for the seat entered. Of kinds that the weights call *transient* a capsule holds both ends until it has arrived, as
//! memory that is copied is held, and what pauses keeps its hold on the seat left.
//!
//! ```text
//! every wave      its capsules are there when it begins, and no job has more of them on a seat than the plan has
//!                 used[b,r] + sum of max(0, enters[b,r] - leaves[b,r])  <=  max(C[b,r,k], used[b,r])   account b, kind r
//!                 held[d]   + sum of max(0, enters[d]   - leaves[d])    <=  max(1000 milli, held[d])   device d
//!                     over its capsules; leaves counts as zero for transient kinds
//!                 capsules of the wave that go, pause or resume, and those paused  <=  limit[z]        zone z of either end
//! after the last  none is paused
//!                 each job has on each seat no more than the plan has
//!                 on each seat, on each tile and in all no fewer than min(what ran there, what the plan has there)
//!                 no job has paid more between pairs of tiles than the cheapest way costs
//! ```
//!
//! So what is broken already is never made worse, and whatever can stay has stayed. Of several seats that a job gains, the
//! moves say which its running capsules enter; the rest are started anew. Rules that bind capsules to each other (gang,
//! spread, relations) hold before the first step and after the last, and are not looked at between.
//!
//! ```
//! use lessor_models::check::moves::violations;
//! # use lessor_models::fleet::{ClassIndex, Fleet, FleetParts, Level, NodeColumns, NodeIndex};
//! # use lessor_models::instance::Instance;
//! # use lessor_models::job::{Job, JobIndex};
//! # use lessor_models::objective::Weights;
//! use lessor_models::plan::{CurrentPlacement, Move, Placement, Seat, Stage};
//! # use lessor_models::resources::{Kind, Resources};
//! # use lessor_models::tile_class::{Band, TileClass};
//! # use lessor_models::time::{Span, Timestamp};
//!
//! // Two tiles of 4 Mop/s; `big` needs 3 and `small` needs 2. They change places.
//! let (a, b) = (NodeIndex(0), NodeIndex(1));
//! let (big, small) = (JobIndex(0), JobIndex(1));
//! # let four = Resources::UNLIMITED.with(Kind::Compute, 4);
//! # let class = TileClass {
//! #     name: "plain".into(), band: Band { low_mk: 0, high_mk: 1 }, energy_uj_per_mop: [0; 3], device_power_mw: 0,
//! #     idle_power_mw: 0, heat_permille: 0, devices: 0, rate_permille: 1_000, faults_per_gigahour: 0, radiator: None,
//! # };
//! # let nodes = NodeColumns {
//! #     names: vec!["a".into(), "b".into()], parents: vec![None; 2], levels: vec![Level::Tile; 2],
//! #     classes: vec![Some(ClassIndex(0)); 2], capacities: vec![four; 2], uplink_delays_us: vec![0; 2],
//! # };
//! # let fleet = Fleet::new(FleetParts { nodes, classes: vec![class], ..FleetParts::default() }).unwrap();
//! # let job = |compute_mops| {
//! #     let mut job = Job::empty(Timestamp(0), Span(10));
//! #     job.demand.compute_mops = compute_mops;
//! #     job
//! # };
//! # let jobs = vec![job(3), job(2)];
//! # let instance = Instance::new(fleet, vec!["big".into(), "small".into()], jobs, Weights::default()).unwrap();
//! let runs = |job, tile| CurrentPlacement { job, tile, count: 1, devices: 0 };
//! let instance = instance.with_current(vec![runs(big, a), runs(small, b)]).unwrap();
//! let placed = |job, tile| Placement { job, tile, start: Timestamp(0), count: 1, devices: 0 };
//! let placements = [placed(big, b), placed(small, a)];
//!
//! let seat = |tile| Seat { tile, devices: 0 };
//! let step = |wave, stage, job, from, to| Move { wave, stage, job, from: seat(from), to: Some(seat(to)), count: 1 };
//! // Neither can go first: 3 + 2 Mop/s are on one tile for a while.
//! let unsafe_order = [step(0, Stage::Go, small, b, a), step(1, Stage::Go, big, a, b)];
//! assert_eq!(violations(&instance, &placements, &unsafe_order).len(), 1);
//! // One of them pauses until the other is gone.
//! let (out, back) = (step(0, Stage::Pause, small, b, a), step(2, Stage::Resume, small, b, a));
//! assert_eq!(violations(&instance, &placements, &[out, step(1, Stage::Go, big, a, b), back]), []);
//! ```

mod held_back;
mod replay;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{Violation, class_of};
use crate::draw;
use crate::fleet::{NodeIndex, Owner, ZoneIndex};
use crate::instance::Instance;
use crate::job::JobIndex;
use crate::objective;
use crate::plan::{Move, Placement, Seat, Stage};
use crate::resources::Kind;
use crate::time::Timestamp;

pub use held_back::carried_out;
use replay::Replay;

/// What is wrong with a plan's moves. Steps are counted from zero, in the order given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MoveFault {
    /// A move of nothing, from a seat to itself, to nowhere that does not stop or somewhere that does, of a job that is not
    /// there, or on what is no seat for one of its capsules.
    Malformed {
        /// The step.
        step: usize,
    },
    /// A move takes capsules that are not there at that time.
    Absent {
        /// The step.
        step: usize,
        /// The job.
        job: JobIndex,
        /// Where it looks for them.
        tile: NodeIndex,
    },
    /// A move resumes capsules of which fewer paused on their way between these seats.
    NotPaused {
        /// The step.
        step: usize,
        /// The job.
        job: JobIndex,
    },
    /// A move is of an earlier wave than the one before it.
    Unordered {
        /// The step.
        step: usize,
    },
    /// A move puts a capsule where the plan places none of its job, or no further one.
    Unplanned {
        /// The step.
        step: usize,
        /// The job.
        job: JobIndex,
        /// Where to.
        tile: NodeIndex,
    },
    /// A wave overdraws an account, or may overdraw it more than it was.
    Overdrawn {
        /// The wave.
        wave: u32,
        /// Whose.
        owner: Owner,
        /// Of which kind.
        kind: Kind,
        /// What may be used in it, the standing draw included.
        used: u128,
        /// What there is.
        capacity: u64,
    },
    /// A wave may take more of a device than it has left.
    Device {
        /// The wave.
        wave: u32,
        /// The tile.
        tile: NodeIndex,
        /// The device's number.
        device: u32,
    },
    /// More capsules of a zone are on the move in a wave than may be.
    Crowded {
        /// The wave.
        wave: u32,
        /// The zone.
        zone: ZoneIndex,
        /// How many are.
        moving: u64,
        /// How many may be.
        most: u32,
    },
    /// After the last move, capsules are where the plan places none of their job, or fewer.
    Remains {
        /// The job.
        job: JobIndex,
        /// Where.
        tile: NodeIndex,
    },
    /// After the last move, capsules are gone from where the plan leaves them.
    Displaced {
        /// The job.
        job: JobIndex,
        /// Where they ran.
        tile: NodeIndex,
    },
    /// A job's capsules took a dearer way than they could have, by the costs between pairs of tiles.
    Dearer {
        /// The job.
        job: JobIndex,
        /// What they pay beside what the job states, in micro-credits.
        paid: i128,
        /// What the cheapest way costs.
        least: i128,
    },
    /// After the last move, capsules are still paused: they hold what is transient where they left, and their turn in a zone.
    LeftPaused {
        /// The job.
        job: JobIndex,
        /// The tile that they left.
        tile: NodeIndex,
        /// How many they are.
        count: u64,
    },
    /// Of a job's capsules on a seat, more are held back than stay there or stop.
    CarriedOut {
        /// The job.
        job: JobIndex,
        /// The tile that they would have left.
        tile: NodeIndex,
        /// How many are held back.
        held: u64,
        /// How many go to no other seat.
        stay: u64,
    },
    /// After the last move, fewer capsules run than ran and are placed.
    Idle {
        /// The job.
        job: JobIndex,
        /// How many are missing.
        count: u64,
    },
}

/// How many capsules of each job are on each seat.
type Seats = BTreeMap<(JobIndex, Seat), u64>;

/// Every fault of the moves, in the order of steps; empty where they can be carried out and lead to the placements.
///
/// The placements are those that [`super::violations`] passed. O((moves + running + placed) log), each times the length of a
/// tile's path.
#[must_use]
pub fn violations(instance: &Instance, placements: &[Placement], moves: &[Move]) -> Vec<Violation> {
    if instance.current().is_empty() && moves.is_empty() {
        return Vec::new();
    }
    let at = instance.takeover().unwrap_or_default();
    let (current, planned) = (running(instance), planned(instance, placements, at));
    let mut found = Vec::new();
    let mut replay = Replay::new(instance, at, &current, &planned);
    let steps: Vec<(usize, &Move)> = moves.iter().enumerate().collect();
    let unordered = steps.windows(2).filter(|pair| pair[1].1.wave < pair[0].1.wave);
    found.extend(unordered.map(|pair| MoveFault::Unordered { step: pair[1].0 }));
    for wave in steps.chunk_by(|a, b| a.1.wave == b.1.wave) {
        replay.carry_out(wave[0].1.wave, wave, &mut found);
    }
    found.extend(replay.left_paused());
    compare(&current, &planned, replay.there(), &mut found);
    // What does not lead to the plan has no way to compare.
    if found.is_empty() {
        compare_ways(instance, (&current, &planned), moves, &mut found);
    }
    found.into_iter().map(Violation::Moves).collect()
}

fn running(instance: &Instance) -> Seats {
    let mut seats = Seats::new();
    for current in instance.current() {
        let seat = Seat { tile: current.tile, devices: current.devices };
        *seats.entry((current.job, seat)).or_default() += u64::from(current.count);
    }
    seats
}

/// The seats that jobs which run hold at an instant, as the plan has it.
fn planned(instance: &Instance, placements: &[Placement], at: Timestamp) -> Seats {
    let running: BTreeSet<JobIndex> = instance.current().iter().map(|current| current.job).collect();
    let mut seats = Seats::new();
    for placement in placements.iter().filter(|placement| running.contains(&placement.job)) {
        let job = &instance.jobs()[placement.job.at()];
        let end = placement.start.after(draw::term(job, class_of(instance.fleet(), placement.tile)));
        if placement.start <= at && at < end {
            let seat = Seat { tile: placement.tile, devices: placement.devices };
            *seats.entry((placement.job, seat)).or_default() += u64::from(placement.count);
        }
    }
    seats
}

/// Holds what is there after the last step against what ran and what the plan has.
fn compare(current: &Seats, planned: &Seats, there: &Seats, found: &mut Vec<MoveFault>) {
    for (&(job, seat), &count) in there {
        if count > planned.get(&(job, seat)).copied().unwrap_or(0) {
            found.push(MoveFault::Remains { job, tile: seat.tile });
        }
    }
    let mut displaced: BTreeSet<(JobIndex, NodeIndex)> = BTreeSet::new();
    for ((job, seat), _) in missing(current, planned, there, |job, seat| (job, seat)) {
        displaced.insert((job, seat.tile));
    }
    displaced.extend(missing(current, planned, there, |job, seat| (job, seat.tile)).into_keys());
    found.extend(displaced.into_iter().map(|(job, tile)| MoveFault::Displaced { job, tile }));
    let idle = missing(current, planned, there, |job, _| job);
    found.extend(idle.into_iter().map(|(job, count)| MoveFault::Idle { job, count }));
}

/// Holds what the moves cost between pairs of tiles against the cheapest way, which is what a plan is charged.
fn compare_ways(instance: &Instance, (current, planned): (&Seats, &Seats), moves: &[Move], found: &mut Vec<MoveFault>) {
    let (fleet, weights) = (instance.fleet(), instance.weights());
    if fleet.move_costs().is_empty() {
        return;
    }
    let mut paid: BTreeMap<JobIndex, i128> = BTreeMap::new();
    for change in moves.iter().filter(|change| matches!(change.stage, Stage::Go | Stage::Resume)) {
        let Some(to) = change.to.filter(|to| to.tile != change.from.tile) else { continue };
        let each = objective::moves::between(fleet, change.from.tile, to.tile, weights);
        *paid.entry(change.job).or_default() += i128::from(each) * i128::from(change.count);
    }
    let of_tiles = |seats: &Seats, job: JobIndex| {
        let mut tiles: BTreeMap<NodeIndex, u64> = BTreeMap::new();
        let first = Seat { tile: NodeIndex(0), devices: 0 };
        for ((_, seat), &count) in seats.range((job, first)..).take_while(|((other, _), _)| *other == job) {
            *tiles.entry(seat.tile).or_default() += count;
        }
        tiles
    };
    for (job, paid) in paid {
        let (ran, placed) = (of_tiles(current, job), of_tiles(planned, job));
        let beyond = |these: &BTreeMap<NodeIndex, u64>, those: &BTreeMap<NodeIndex, u64>| {
            let other = |tile| those.get(tile).copied().unwrap_or(0);
            let more = these.iter().map(|(tile, &count)| (*tile, count.saturating_sub(other(tile))));
            more.filter(|&(_, count)| count > 0).collect::<Vec<_>>()
        };
        let least = objective::moves::cheapest(fleet, &beyond(&ran, &placed), &beyond(&placed, &ran), weights);
        if paid > least {
            found.push(MoveFault::Dearer { job, paid, least });
        }
    }
}

/// By some key, how many fewer capsules are there than both ran and are planned; only where some are missing.
fn missing<K: Ord>(
    current: &Seats,
    planned: &Seats,
    there: &Seats,
    key: impl Fn(JobIndex, Seat) -> K,
) -> BTreeMap<K, u64> {
    let totals = |seats: &Seats| {
        let mut totals = BTreeMap::new();
        for (&(job, seat), &count) in seats {
            *totals.entry(key(job, seat)).or_insert(0) += count;
        }
        totals
    };
    let (current, planned, there) = (totals(current), totals(planned), totals(there));
    let of = |totals: &BTreeMap<K, u64>, key: &K| totals.get(key).copied().unwrap_or(0);
    let short = current.into_iter().map(|(key, ran)| {
        let count = ran.min(of(&planned, &key)).saturating_sub(of(&there, &key));
        (key, count)
    });
    short.filter(|&(_, count)| count > 0).collect()
}

/// A fault in words, with the names that it concerns.
pub(super) fn describe(fault: &MoveFault, instance: &Instance, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let fleet = instance.fleet();
    let (name, tile_name) = (|job: JobIndex| instance.job_name(job), |tile: NodeIndex| fleet.name(tile));
    match *fault {
        MoveFault::Malformed { step } => write!(f, "move {step} names no job, no capsule or no two different seats"),
        MoveFault::Absent { step, job, tile } => {
            write!(f, "move {step}: job {:?} has too few capsules to take on tile {:?}", name(job), tile_name(tile))
        }
        MoveFault::NotPaused { step, job } => {
            write!(f, "move {step}: job {:?} has too few paused capsules to resume", name(job))
        }
        MoveFault::Unordered { step } => write!(f, "move {step} is of an earlier wave than the one before it"),
        MoveFault::Unplanned { step, job, tile } => {
            write!(f, "move {step}: job {:?} has no such placement on tile {:?}", name(job), tile_name(tile))
        }
        MoveFault::Overdrawn { wave, owner, kind, used, capacity } => {
            let (owner, unit) = (fleet.owner_name(owner), kind.unit());
            write!(f, "wave {wave}: {owner:?}: {kind} overdrawn: {used} of {capacity} {unit}")
        }
        MoveFault::Device { wave, tile, device } => {
            write!(f, "wave {wave}: device {device} of tile {:?} is overfull", tile_name(tile))
        }
        MoveFault::Crowded { wave, zone, moving, most } => {
            let zone = fleet.zone_names().get(zone.at());
            write!(f, "wave {wave}: {moving} capsules of zone {zone:?} are on the move, of at most {most}")
        }
        MoveFault::Remains { job, tile } => {
            write!(f, "moves: job {:?} still has capsules on tile {:?} that are not placed", name(job), tile_name(tile))
        }
        MoveFault::Displaced { job, tile } => {
            write!(f, "moves: job {:?} has left tile {:?}, where it is placed", name(job), tile_name(tile))
        }
        MoveFault::Dearer { job, paid, least } => {
            write!(f, "moves: job {:?} pays {paid} between tiles, and the cheapest way costs {least}", name(job))
        }
        MoveFault::LeftPaused { job, tile, count } => {
            write!(f, "moves: {count} capsules of job {:?} that left tile {:?} stay paused", name(job), tile_name(tile))
        }
        MoveFault::CarriedOut { job, tile, held, stay } => write!(
            f,
            "held_back: {held} capsules of job {:?} on tile {:?} are held back, and {stay} stay there or stop",
            name(job),
            tile_name(tile)
        ),
        MoveFault::Idle { job, count } => {
            write!(f, "moves: job {:?} has {count} capsules too few that run on", name(job))
        }
    }
}
