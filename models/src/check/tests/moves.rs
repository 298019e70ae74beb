//! Moves made by hand, and moves at random held against a replay that looks at each state as if it were a plan.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;

use crate::check::moves::violations;
use crate::check::{self, Described, MoveFault, Violation};
use crate::fleet::{NodeIndex, Owner};
use crate::instance::Instance;
use crate::job::{Demand, Job, JobIndex, Term};
use crate::plan::{CurrentPlacement, Move, Placement, Seat};
use crate::resources::Kind;
use crate::test_instance::{A, B, C, D, FEED, HALL, LEFT, TILES, Tiny, at, compute, devices, job, put, seconds};

fn seat(tile: NodeIndex) -> Option<Seat> {
    held(tile, 0)
}

#[expect(clippy::unnecessary_wraps, reason = "a move's seat may be none")]
fn held(tile: NodeIndex, devices: u64) -> Option<Seat> {
    Some(Seat { tile, devices })
}

/// One capsule of a job from a seat to a seat.
fn step(job: u32, from: Option<Seat>, to: Option<Seat>) -> Move {
    Move { job: JobIndex(job), from, to, count: 1 }
}

fn holds(tiny: &Tiny, plan: &[Placement], moves: &[Move]) {
    breaks(tiny, plan, moves, &[]);
}

fn breaks(tiny: &Tiny, plan: &[Placement], moves: &[Move], expected: &[&str]) {
    let instance = tiny.build();
    let found: Vec<String> = violations(&instance, plan, moves)
        .iter()
        .map(|violation| Described(violation, &instance).to_string())
        .collect();
    assert_eq!(found, expected, "for {moves:?}");
}

/// Jobs of two capsules that ask for so much compute.
fn jobs(mops: &[u64]) -> Tiny {
    Tiny::new(mops.iter().map(|&mops| Job { count: 2, ..job(compute(mops)) }).collect())
}

/// The same, one capsule of each held with these devices.
fn holding(tiny: Tiny, held: &[(u32, NodeIndex, u64)]) -> Tiny {
    let current = |&(job, tile, devices)| CurrentPlacement { job: JobIndex(job), tile, count: 1, devices };
    Tiny { current: held.iter().map(current).collect(), ..tiny }
}

#[test]
fn nothing_that_runs_needs_no_move() {
    holds(&jobs(&[1]), &[put(0, A)], &[]);
    holds(&jobs(&[1]).running(0, A, 2), &[Placement { count: 2, ..put(0, A) }], &[]);
}

#[test]
fn two_full_tiles_change_places_only_when_one_capsule_stops() {
    let tiny = jobs(&[3, 2]).cap_node(A, Kind::Compute, 4).cap_node(B, Kind::Compute, 4);
    let tiny = tiny.running(0, A, 1).running(1, B, 1);
    let plan = [put(0, B), put(1, A)];
    let (out, back) = (step(0, seat(A), seat(B)), step(1, seat(B), seat(A)));
    breaks(&tiny, &plan, &[out, back], &["move 0: \"b\": compute overdrawn: 5 of 4 Mop/s"]);
    breaks(&tiny, &plan, &[back, out], &["move 0: \"a\": compute overdrawn: 5 of 4 Mop/s"]);
    holds(&tiny, &plan, &[step(0, seat(A), None), back, step(0, None, seat(B))]);
}

#[test]
fn a_chain_is_carried_out_from_its_free_end() {
    let tiny = TILES.into_iter().fold(jobs(&[3, 3]), |tiny, tile| tiny.cap_node(tile, Kind::Compute, 3));
    let tiny = tiny.running(0, A, 1).running(1, B, 1);
    let plan = [put(0, B), put(1, C)];
    let (first, second) = (step(0, seat(A), seat(B)), step(1, seat(B), seat(C)));
    holds(&tiny, &plan, &[second, first]);
    breaks(&tiny, &plan, &[first, second], &["move 0: \"b\": compute overdrawn: 6 of 3 Mop/s"]);
}

#[test]
fn what_a_seat_gave_is_there_for_the_seat_entered() {
    // The hall and the feed have nothing to spare, and a move within them needs nothing more.
    let tiny = jobs(&[3]).cap_node(HALL, Kind::Compute, 3).cap(FEED, Kind::Compute, 3).running(0, B, 1);
    holds(&tiny, &[put(0, C)], &[step(0, seat(B), seat(C))]);
    let tiny = jobs(&[3]).cap(FEED, Kind::Compute, 2).running(0, A, 1);
    let found = "move 0: \"feed\": compute overdrawn: 3 of 2 Mop/s";
    breaks(&tiny, &[put(0, C)], &[step(0, seat(A), seat(C))], &[found]);
}

#[test]
fn an_uplink_is_debited_by_what_crosses_it() {
    let demand = Demand { bandwidth_bps: [9, 4, 1, 0, 0], ..Demand::default() };
    let of = |capacity| Tiny::new(vec![job(demand)]).cap_node(LEFT, Kind::Bandwidth, capacity).running(0, C, 1);
    holds(&of(4), &[put(0, A)], &[step(0, seat(C), seat(A))]);
    let found = "move 0: \"left\": bandwidth overdrawn: 4 of 3 bit/s";
    breaks(&of(3), &[put(0, A)], &[step(0, seat(C), seat(A))], &[found]);
}

#[test]
fn what_is_broken_may_stay_broken_and_may_not_get_worse() {
    // Tile a fell to 4 of the 6 that run there.
    let tiny = jobs(&[3, 1]).cap_node(A, Kind::Compute, 4).running(0, A, 2).running(1, B, 1);
    let plan = [put(0, A), put(0, B), put(1, A)];
    let (out, come) = (step(0, seat(A), seat(B)), step(1, seat(B), seat(A)));
    holds(&tiny, &plan, &[out, come]);
    breaks(&tiny, &plan, &[come, out], &["move 0: \"a\": compute overdrawn: 7 of 4 Mop/s"]);
    // From 3 of 1 to 2 of 1 by a stop, never back to 3.
    let tiny = jobs(&[1]).cap_node(A, Kind::Compute, 1);
    let tiny = Tiny { jobs: vec![Job { count: 3, ..job(compute(1)) }], ..tiny }.running(0, A, 3);
    let plan = [put(0, A), put(0, B), put(0, C)];
    let (stop, again) = (step(0, seat(A), None), step(0, None, seat(A)));
    let rest = [step(0, seat(A), seat(B)), step(0, seat(A), seat(C))];
    let found =
        ["move 1: job \"job0\" has no such placement on tile \"a\"", "move 1: \"a\": compute overdrawn: 3 of 1 Mop/s"];
    breaks(&tiny, &plan, &[&[stop, again][..], &rest].concat(), &found);
}

#[test]
fn the_standing_draw_is_there_before_the_first_step() {
    let demand = Demand { power_mw: 3, ..Demand::default() };
    let of = |capacity| {
        let mut tiny = Tiny::new(vec![job(demand)]).cap_node(LEFT, Kind::Power, capacity).running(0, C, 1);
        tiny.fleet.classes.iter_mut().for_each(|class| class.idle_power_mw = 5);
        tiny
    };
    let plan = [put(0, A)];
    holds(&of(13), &plan, &[step(0, seat(C), seat(A))]);
    breaks(&of(12), &plan, &[step(0, seat(C), seat(A))], &["move 0: \"left\": power overdrawn: 13 of 12 mW"]);
}

#[test]
fn capacity_is_that_of_the_takeover() {
    // The second job has begun at 5, when tile b has 3 again; the first began before.
    let tiny = jobs(&[3, 1]).cap_node(B, Kind::Compute, 3).step(Owner::Node(B), Kind::Compute, (at(0), 0));
    let mut tiny = tiny.step(Owner::Node(B), Kind::Compute, (at(5), 3)).running(0, A, 1).running(1, C, 1);
    (tiny.jobs[1].earliest, tiny.jobs[1].deadline) = (at(5), at(15));
    let plan = [Placement { start: at(5), ..put(0, B) }, Placement { start: at(5), ..put(1, C) }];
    holds(&tiny, &plan, &[step(0, seat(A), seat(B))]);
    tiny.jobs[1].earliest = at(4);
    let found = [
        "move 0: job \"job0\" has no such placement on tile \"b\"",
        "move 0: \"b\": compute overdrawn: 3 of 0 Mop/s",
        "moves: job \"job0\" still has capsules on tile \"b\" that are not placed",
        "moves: job \"job1\" still has capsules on tile \"c\" that are not placed",
    ];
    breaks(&tiny, &plan, &[step(0, seat(A), seat(B))], &found);
}

#[test]
fn what_is_placed_to_start_later_stops() {
    let tiny = jobs(&[1]).running(0, A, 1);
    let plan = [Placement { start: at(3), ..put(0, A) }];
    holds(&tiny, &plan, &[step(0, seat(A), None)]);
    breaks(&tiny, &plan, &[], &["moves: job \"job0\" still has capsules on tile \"a\" that are not placed"]);
}

#[test]
fn what_has_ended_by_the_takeover_stops() {
    let mut tiny = jobs(&[1, 1]).running(0, A, 1).running(1, B, 1);
    (tiny.jobs[1].earliest, tiny.jobs[1].deadline) = (at(10), at(20));
    let plan = [put(0, A), Placement { start: at(10), ..put(1, B) }];
    holds(&tiny, &plan, &[step(0, seat(A), None)]);
    (tiny.jobs[0].term, tiny.jobs[0].deadline) = (Term::Fixed(seconds(11)), at(11));
    holds(&tiny, &plan, &[]);
}

#[test]
fn devices_change_hands_one_after_the_other() {
    // Two capsules of one device each exchange them on tile a.
    let tiny = holding(Tiny::new(vec![job(devices(1, 600)), job(devices(1, 600))]), &[(0, A, 1), (1, A, 2)]);
    let plan = [Placement { devices: 2, ..put(0, A) }, Placement { devices: 1, ..put(1, A) }];
    let (first, second) = (step(0, held(A, 1), held(A, 2)), step(1, held(A, 2), held(A, 1)));
    breaks(&tiny, &plan, &[first, second], &["move 0: device 1 of tile \"a\" is overfull"]);
    holds(&tiny, &plan, &[step(1, held(A, 2), None), first, step(1, None, held(A, 1))]);
    let found = [
        "moves: job \"job0\" still has capsules on tile \"a\" that are not placed",
        "moves: job \"job1\" still has capsules on tile \"a\" that are not placed",
    ];
    breaks(&tiny, &plan, &[], &found);
    // Half a device is free on each, so that small ones need not wait.
    let halves = holding(Tiny::new(vec![job(devices(1, 500)), job(devices(1, 500))]), &[(0, A, 1), (1, A, 2)]);
    holds(&halves, &plan, &[first, second]);
}

#[test]
fn a_device_that_is_overfull_already_may_be_left_and_not_entered() {
    let both = vec![job(devices(1, 600)), job(devices(1, 600)), job(devices(1, 100))];
    let tiny = holding(Tiny::new(both), &[(0, A, 1), (1, A, 1), (2, B, 1)]);
    let plan = [
        Placement { devices: 1, ..put(0, A) },
        Placement { devices: 2, ..put(1, A) },
        Placement { devices: 1, ..put(2, A) },
    ];
    let (leave, enter) = (step(1, held(A, 1), held(A, 2)), step(2, held(B, 1), held(A, 1)));
    holds(&tiny, &plan, &[leave, enter]);
    breaks(&tiny, &plan, &[enter, leave], &["move 0: device 0 of tile \"a\" is overfull"]);
}

#[test]
fn only_what_is_there_is_taken() {
    let tiny = jobs(&[1]).running(0, A, 1);
    let plan = [put(0, B)];
    let go = step(0, seat(A), seat(B));
    breaks(&tiny, &plan, &[go, go], &["move 1: job \"job0\" has too few capsules to take on tile \"a\""]);
    let again = step(0, None, seat(B));
    breaks(&tiny, &plan, &[go, again], &["move 1: job \"job0\" has too few stopped capsules to start"]);
    breaks(&jobs(&[1]), &plan, &[go], &["move 0: job \"job0\" has too few capsules to take on tile \"a\""]);
}

#[test]
fn a_move_of_nothing_or_on_no_seat_is_malformed() {
    let tiny = jobs(&[1]).running(0, A, 1);
    let plan = [put(0, A)];
    let bad = [
        Move { count: 0, ..step(0, seat(A), seat(B)) },
        step(0, seat(A), seat(A)),
        step(0, None, None),
        step(1, seat(A), seat(B)),
        step(0, seat(A), seat(LEFT)),
        step(0, seat(NodeIndex(7)), seat(A)),
        step(0, seat(A), held(B, 1)),
    ];
    for change in bad {
        breaks(&tiny, &plan, &[change], &["move 0 names no job, no capsule or no two different seats"]);
    }
}

#[test]
fn the_last_step_leaves_capsules_where_they_are_placed() {
    // Of two capsules on a, one stays and one goes to b; a third is placed and did not run.
    let tiny = Tiny::new(vec![Job { count: 3, ..job(compute(1)) }]).running(0, A, 2);
    let plan = [put(0, A), put(0, B), put(0, C)];
    holds(&tiny, &plan, &[step(0, seat(A), seat(B))]);
    holds(&tiny, &plan, &[step(0, seat(A), seat(C))]);
    let found = "moves: job \"job0\" has left tile \"a\", where it is placed";
    breaks(&tiny, &plan, &[step(0, seat(A), seat(B)), step(0, seat(A), seat(C))], &[found]);
    let found = "moves: job \"job0\" has 1 capsules left stopped";
    breaks(&tiny, &plan, &[step(0, seat(A), None)], &[found]);
    let found = [
        "move 0: job \"job0\" has no such placement on tile \"d\"",
        "moves: job \"job0\" still has capsules on tile \"d\" that are not placed",
    ];
    breaks(&tiny, &plan, &[step(0, seat(A), seat(D))], &found);
}

#[test]
fn a_capsule_does_not_leave_its_tile_where_another_device_of_it_would_do() {
    let tiny = holding(Tiny::new(vec![Job { count: 2, ..job(devices(1, 600)) }]), &[(0, A, 1)]);
    let plan = [Placement { devices: 2, ..put(0, A) }, Placement { devices: 1, ..put(0, B) }];
    holds(&tiny, &plan, &[step(0, held(A, 1), held(A, 2))]);
    let found = "moves: job \"job0\" has left tile \"a\", where it is placed";
    breaks(&tiny, &plan, &[step(0, held(A, 1), held(B, 1))], &[found]);
}

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
    held(tile, devices)
}

/// The first step that takes what is not there, or after which something is overdrawn that was not, or more than it was.
///
/// Every state is looked at whole, by the checker of placements.
fn first_bad_step(instance: &Instance, moves: &[Move]) -> Option<usize> {
    let start = instance.takeover().unwrap();
    let place =
        |(job, seat): (JobIndex, Seat)| Placement { job, tile: seat.tile, start, count: 1, devices: seat.devices };
    let mut state: Vec<(JobIndex, Seat)> = Vec::new();
    for current in instance.current() {
        state.push((current.job, Seat { tile: current.tile, devices: current.devices }));
    }
    let mut stopped: Vec<JobIndex> = Vec::new();
    let overdrawn = |state: &[(JobIndex, Seat)]| {
        let placements: Vec<Placement> = state.iter().copied().map(place).collect();
        let mut used: BTreeMap<Option<(Owner, Kind)>, u128> = BTreeMap::new();
        for violation in check::violations(instance, &placements) {
            match violation {
                Violation::Overdrawn { owner, kind, at, used: amount, .. } if at == start => {
                    used.insert(Some((owner, kind)), amount);
                }
                // How much of a device is held too much is not said: the first step that does so ends the replay.
                Violation::Device { .. } => {
                    used.insert(None, 1);
                }
                _ => {}
            }
        }
        used
    };
    let mut before = overdrawn(&state);
    moves.iter().position(|change| {
        let is_there = match change.from {
            Some(seat) => {
                let at = state.iter().position(|&there| there == (change.job, seat));
                at.map(|at| state.remove(at)).is_some()
            }
            None => {
                let at = stopped.iter().position(|&job| job == change.job);
                at.map(|at| stopped.remove(at)).is_some()
            }
        };
        match change.to {
            Some(seat) => state.push((change.job, seat)),
            None => stopped.push(change.job),
        }
        let after = overdrawn(&state);
        let is_worse = after.iter().any(|(account, &used)| before.get(account).is_none_or(|&before| used > before));
        before = after;
        !is_there || is_worse
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1_500,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(3),
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_replay_finds_the_step_that_a_look_at_every_state_finds(
        tiny in any_fleet(),
        running in prop::collection::vec((0..3u32, any_choice()), 1..6),
        steps in prop::collection::vec((0..6usize, 0..3u32, any_choice(), 0..8u32), 1..10),
    ) {
        let mut tiny = tiny;
        let mut state = Vec::new();
        for (job, choice) in running {
            let fitting = state.iter().filter(|&&(other, _)| other == job).count() < 2;
            if let Some(seat) = chosen(&tiny.jobs[job as usize], choice).filter(|_| fitting) {
                let before = tiny.current.len();
                tiny = tiny.running(job, seat.tile, 1);
                tiny.current[before].devices = seat.devices;
                state.push((job, Some(seat)));
            }
        }
        let instance = tiny.build();
        prop_assume!(!state.is_empty());
        let start = instance.takeover().unwrap();
        let place = |current: &CurrentPlacement| Placement {
            job: current.job, tile: current.tile, start, count: 1, devices: current.devices,
        };
        let placed: Vec<Placement> = instance.current().iter().map(place).collect();
        let is_device = |violation: &Violation| matches!(violation, Violation::Device { .. });
        prop_assume!(!check::violations(&instance, &placed).iter().any(is_device));
        let mut moves = Vec::new();
        for (at, other, choice, wild) in steps {
            // Mostly a capsule that is where the steps before left it.
            let at = at % state.len();
            let (job, from) = if wild == 0 { (other, None) } else { state[at] };
            let change = step(job, from, chosen(&tiny.jobs[job as usize], choice));
            if change.from != change.to {
                state[at] = if wild == 0 { state[at] } else { (job, change.to) };
                moves.push(change);
            }
        }
        let found = violations(&instance, &[], &moves);
        let first = found.iter().find_map(|violation| match violation {
            Violation::Moves(
                MoveFault::Absent { step, .. }
                | MoveFault::NotStopped { step, .. }
                | MoveFault::Overdrawn { step, .. }
                | MoveFault::Device { step, .. },
            ) => Some(*step),
            _ => None,
        });
        prop_assert_eq!(first, first_bad_step(&instance, &moves), "{:?} in {:?}", found, moves);
    }
}
