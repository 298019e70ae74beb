//! Moves at random, held against a replay that looks at every state of every wave as if it were a plan.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;

use super::moves::{held, pause, resume, step, stop};
use crate::check::moves::violations;
use crate::check::{self, MoveFault, Violation};
use crate::fleet::{NodeIndex, Owner, ZoneIndex};
use crate::instance::Instance;
use crate::job::{Demand, Job, JobIndex};
use crate::plan::{CurrentPlacement, Move, Placement, Seat, Stage};
use crate::resources::{Kind, Kinds};
use crate::test_instance::{A, FEED, TILES, Tiny, at, devices, job};

/// Jobs of two capsules with something of every kind that goes by a rule of its own.
fn any_job() -> impl Strategy<Value = Job> {
    let device = prop_oneof![2 => Just((0u8, 0u16)), 1 => (1..=2u8, select(&[400u16, 600][..]))];
    let bandwidth = [0..=2u64, 0..=1, 0..=1, 0..=0, 0..=0];
    (1..=3u64, bandwidth, 0..=2u64, device).prop_map(|(compute_mops, bandwidth_bps, power_mw, (count, milli))| {
        let demand = Demand { compute_mops, bandwidth_bps, power_mw, ..devices(count, milli) };
        Job { count: 2, ..job(demand) }
    })
}

fn any_fleet() -> impl Strategy<Value = Tiny> {
    const KINDS: [Kind; 4] = [Kind::Compute, Kind::Bandwidth, Kind::Power, Kind::Heat];
    let owners: Vec<Owner> = (0..7).map(|node| Owner::Node(NodeIndex(node))).chain([FEED]).collect();
    let limit = (select(owners), select(&KINDS[..]), 0..=8u64, any::<bool>());
    (prop::collection::vec(limit, 0..12), 0..=1u64, prop::collection::vec(any_job(), 3)).prop_map(
        |(limits, idle, jobs)| {
            let mut tiny = Tiny::new(jobs);
            for (owner, kind, amount, in_time) in limits {
                let step = |tiny: Tiny| tiny.step(owner, kind, (at(-1), amount)).step(owner, kind, (at(1), amount / 2));
                tiny = if in_time { step(tiny) } else { tiny.cap(owner, kind, amount) };
            }
            for (class, heat) in tiny.fleet.classes.iter_mut().zip([500, 1_000]) {
                (class.idle_power_mw, class.heat_permille) = (idle, heat);
            }
            tiny
        },
    )
}

/// A tile and which two devices of it to take, as far as the job needs them.
type Choice = Option<(NodeIndex, bool)>;

fn any_choice() -> impl Strategy<Value = Choice> {
    prop::option::weighted(0.8, (select(&TILES[..]), any::<bool>()))
}

fn chosen(job: &Job, choice: Choice) -> Option<Seat> {
    let (tile, second) = choice?;
    let devices = match (job.demand.devices, second) {
        (0, _) => 0,
        (1, false) => 1,
        (1, true) => 2,
        _ => 3,
    };
    Some(held(tile, devices))
}

/// How far a move is in the middle of its wave.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Before,
    During,
    After,
}

/// Where a capsule holds something while its move is so far: of kinds that are not transient, and of those that are.
fn holds_of(change: &Move, phase: Phase) -> [Vec<Seat>; 2] {
    use Phase::{After, Before, During};
    let (from, to) = (vec![change.from], change.to.into_iter().collect::<Vec<Seat>>());
    let both = [from.clone(), to.clone()].concat();
    match (change.stage, phase) {
        (Stage::Go, Before) => [from.clone(), from],
        (Stage::Go, During) => [vec![], both],
        (Stage::Go | Stage::Resume, After) => [to.clone(), to],
        (Stage::Pause, Before) => [from.clone(), from],
        (Stage::Pause, During | After) | (Stage::Resume, Before) => [vec![], from],
        (Stage::Resume, During) => [vec![], both],
        (Stage::Stop, Before) => [from.clone(), from],
        (Stage::Stop, During | After) => [vec![], vec![]],
    }
}

/// Capsules where they are, and those that paused with the seats that they left and will enter.
#[derive(Clone, Default)]
struct State {
    there: Vec<(JobIndex, Seat)>,
    paused: Vec<(JobIndex, Seat, Seat)>,
}

/// What is overdrawn at some holds, of kinds that are not transient and of those that are.
fn overdrawn(instance: &Instance, held: &[Vec<(JobIndex, Seat)>; 2]) -> BTreeMap<Option<(Owner, Kind)>, u128> {
    let start = instance.takeover().unwrap();
    let mut used = BTreeMap::new();
    for (held, is_transient) in held.iter().zip([false, true]) {
        let place = |&(job, seat): &(JobIndex, Seat)| Placement {
            job,
            tile: seat.tile,
            start,
            count: 1,
            devices: seat.devices,
        };
        let placements: Vec<Placement> = held.iter().map(place).collect();
        let is_meant = |kind| instance.weights().transient.contains(kind) == is_transient;
        for violation in check::violations(instance, &placements) {
            match violation {
                Violation::Overdrawn { owner, kind, at, used: amount, .. } if at == start && is_meant(kind) => {
                    used.insert(Some((owner, kind)), amount);
                }
                // How much of a device is held too much is not said: the first wave that does so ends the replay.
                Violation::Device { .. } if is_meant(Kind::Accelerator) => {
                    used.insert(None, 1);
                }
                _ => {}
            }
        }
    }
    used
}

/// The first wave that takes what is not there, has too many on the move, or can be in a state in which something is
/// overdrawn that was not, or more than it was.
///
/// Every state of every wave is looked at whole, by the checker of placements.
fn first_bad_wave(instance: &Instance, moves: &[Move]) -> Option<u32> {
    let mut state = State::default();
    for current in instance.current() {
        state.there.push((current.job, Seat { tile: current.tile, devices: current.devices }));
    }
    moves.chunk_by(|a, b| a.wave == b.wave).find(|wave| !carried_out(instance, &mut state, wave)).map(|bad| bad[0].wave)
}

fn carried_out(instance: &Instance, state: &mut State, wave: &[Move]) -> bool {
    let resting = |state: &State| {
        let paused = state.paused.iter().map(|&(job, from, _)| (job, from));
        [state.there.clone(), state.there.iter().copied().chain(paused).collect()]
    };
    let before = overdrawn(instance, &resting(state));
    for change in wave {
        let at = match change.stage {
            Stage::Resume => {
                let key = (change.job, change.from, change.to.unwrap());
                state.paused.iter().position(|&paused| paused == key).map(|at| state.paused.remove(at).0)
            }
            _ => {
                let key = (change.job, change.from);
                state.there.iter().position(|&there| there == key).map(|at| state.there.remove(at).0)
            }
        };
        if at.is_none() {
            return false;
        }
    }
    // The feed lists every tile but a.
    let is_fed = |&(from, to): &(Seat, Seat)| from.tile != A || to.tile != A;
    let moving = wave.iter().filter_map(|change| Some((change.from, change.to?)));
    let moving = moving.chain(state.paused.iter().map(|&(_, from, to)| (from, to))).filter(is_fed).count();
    let is_crowded = instance.fleet().move_limits().any(|(_, most)| moving > most as usize);
    let all = 3usize.pow(u32::try_from(wave.len()).unwrap());
    let is_worse = (0..all).any(|mut code| {
        let mut held = resting(state);
        for change in wave {
            let phase = [Phase::Before, Phase::During, Phase::After][code % 3];
            code /= 3;
            for (held, seats) in held.iter_mut().zip(holds_of(change, phase)) {
                held.extend(seats.into_iter().map(|seat| (change.job, seat)));
            }
        }
        let used = overdrawn(instance, &held);
        used.iter().any(|(account, &used)| before.get(account).is_none_or(|&before| used > before))
    });
    for change in wave {
        match (change.stage, change.to) {
            (Stage::Pause, Some(to)) => state.paused.push((change.job, change.from, to)),
            (_, Some(to)) => state.there.push((change.job, to)),
            (_, None) => {}
        }
    }
    !is_crowded && !is_worse
}

/// A capsule of a random walk: where it is, or between which seats it paused.
#[derive(Clone, Copy, Debug)]
enum Walker {
    There(Seat),
    Between(Seat, Seat),
    Gone,
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1_500,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(3),
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_replay_finds_the_wave_that_a_look_at_every_state_finds(
        tiny in any_fleet(),
        running in prop::collection::vec((0..3u32, any_choice()), 1..6),
        steps in prop::collection::vec((0..6usize, any_choice(), 0..8u32, any::<bool>()), 1..10),
        transient in prop::collection::vec(select(&[Kind::Compute, Kind::Power, Kind::Accelerator][..]), 0..3),
        limit in prop::option::of(0..=3u32),
    ) {
        let mut tiny = tiny;
        tiny.weights.transient = transient.into_iter().fold(Kinds::NONE, Kinds::with);
        tiny.fleet.move_limits.extend(limit.map(|most| (ZoneIndex(0), most)));
        let mut walkers = Vec::new();
        for (job, choice) in running {
            let count = tiny.current.iter().filter(|current| current.job == JobIndex(job)).count();
            if let Some(seat) = chosen(&tiny.jobs[job as usize], choice).filter(|_| count < 2) {
                let before = tiny.current.len();
                tiny = tiny.running(job, seat.tile, 1);
                tiny.current[before].devices = seat.devices;
                walkers.push((job, Walker::There(seat)));
            }
        }
        let instance = tiny.build();
        prop_assume!(!walkers.is_empty());
        let start = instance.takeover().unwrap();
        let place = |current: &CurrentPlacement| Placement {
            job: current.job, tile: current.tile, start, count: 1, devices: current.devices,
        };
        let placed: Vec<Placement> = instance.current().iter().map(place).collect();
        let is_device = |violation: &Violation| matches!(violation, Violation::Device { .. });
        prop_assume!(!check::violations(&instance, &placed).iter().any(is_device));
        let (mut moves, mut wave, mut moved) = (Vec::new(), 0, Vec::new());
        for (at, choice, wild, begins) in steps {
            let at = at % walkers.len();
            if begins || moved.len() == 3 || moved.contains(&at) {
                (wave, moved) = (wave + 1, Vec::new());
            }
            let (job, walker) = walkers[at];
            let to = chosen(&tiny.jobs[job as usize], choice);
            let (change, next) = match (walker, to) {
                (Walker::Gone, _) => continue,
                (Walker::Between(from, to), _) => (resume(job, from, to), Walker::There(to)),
                (Walker::There(from), None) => (stop(job, from), Walker::Gone),
                (Walker::There(from), Some(to)) if from == to => continue,
                (Walker::There(from), Some(to)) if wild < 2 => (pause(job, from, to), Walker::Between(from, to)),
                (Walker::There(from), Some(to)) => (step(job, from, to), Walker::There(to)),
            };
            // Now and then a move that the capsule does not make, so that a later one looks for it in vain.
            walkers[at].1 = if wild == 7 { walker } else { next };
            moves.push(Move { wave, ..change });
            moved.push(at);
        }
        let found = violations(&instance, &[], &moves);
        let wave_of = |step: usize| moves[step].wave;
        let first = found.iter().find_map(|violation| match *violation {
            Violation::Moves(MoveFault::Absent { step, .. } | MoveFault::NotPaused { step, .. }) => Some(wave_of(step)),
            Violation::Moves(
                MoveFault::Overdrawn { wave, .. } | MoveFault::Device { wave, .. } | MoveFault::Crowded { wave, .. },
            ) => Some(wave),
            _ => None,
        });
        prop_assert_eq!(first, first_bad_wave(&instance, &moves), "{:?} in {:?}", found, moves);
    }
}
