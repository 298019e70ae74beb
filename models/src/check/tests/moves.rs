//! Moves made by hand.

use crate::check::Described;
use crate::check::moves::{carried_out, violations};
use crate::fleet::{NodeIndex, Owner, ZoneIndex};
use crate::job::{Demand, Job, JobIndex, Term};
use crate::plan::{CurrentPlacement, HeldBack, Move, Placement, Seat, Stage, Wait};
use crate::resources::{Kind, Kinds};
use crate::test_instance::{A, B, C, D, FEED, HALL, LEFT, TILES, Tiny, at, compute, devices, job, put, seconds};

fn seat(tile: NodeIndex) -> Seat {
    held(tile, 0)
}

pub(super) fn held(tile: NodeIndex, devices: u64) -> Seat {
    Seat { tile, devices }
}

/// One capsule of a job from a seat to a seat.
pub(super) fn step(job: u32, from: Seat, to: Seat) -> Move {
    Move { wave: 0, stage: Stage::Go, job: JobIndex(job), from, to: Some(to), count: 1 }
}

pub(super) fn pause(job: u32, from: Seat, to: Seat) -> Move {
    Move { stage: Stage::Pause, ..step(job, from, to) }
}

pub(super) fn resume(job: u32, from: Seat, to: Seat) -> Move {
    Move { stage: Stage::Resume, ..step(job, from, to) }
}

pub(super) fn stop(job: u32, from: Seat) -> Move {
    Move { stage: Stage::Stop, to: None, ..step(job, from, from) }
}

/// The moves one after the other, a wave each.
fn one_by_one(moves: &[Move]) -> Vec<Move> {
    (0..).zip(moves).map(|(wave, &change)| Move { wave, ..change }).collect()
}

fn holds(tiny: &Tiny, plan: &[Placement], moves: &[Move]) {
    breaks(tiny, plan, moves, &[]);
}

fn breaks(tiny: &Tiny, plan: &[Placement], moves: &[Move], expected: &[&str]) {
    breaks_in_waves(tiny, plan, &one_by_one(moves), expected);
}

fn breaks_in_waves(tiny: &Tiny, plan: &[Placement], moves: &[Move], expected: &[&str]) {
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
    breaks(&tiny, &plan, &[out, back], &["wave 0: \"b\": compute overdrawn: 5 of 4 Mop/s"]);
    breaks(&tiny, &plan, &[back, out], &["wave 0: \"a\": compute overdrawn: 5 of 4 Mop/s"]);
    holds(&tiny, &plan, &[pause(0, seat(A), seat(B)), back, resume(0, seat(A), seat(B))]);
}

#[test]
fn a_chain_is_carried_out_from_its_free_end() {
    let tiny = TILES.into_iter().fold(jobs(&[3, 3]), |tiny, tile| tiny.cap_node(tile, Kind::Compute, 3));
    let tiny = tiny.running(0, A, 1).running(1, B, 1);
    let plan = [put(0, B), put(1, C)];
    let (first, second) = (step(0, seat(A), seat(B)), step(1, seat(B), seat(C)));
    holds(&tiny, &plan, &[second, first]);
    breaks(&tiny, &plan, &[first, second], &["wave 0: \"b\": compute overdrawn: 6 of 3 Mop/s"]);
}

#[test]
fn what_a_seat_gave_is_there_for_the_seat_entered() {
    // The hall and the feed have nothing to spare, and a move within them needs nothing more.
    let tiny = jobs(&[3]).cap_node(HALL, Kind::Compute, 3).cap(FEED, Kind::Compute, 3).running(0, B, 1);
    holds(&tiny, &[put(0, C)], &[step(0, seat(B), seat(C))]);
    let tiny = jobs(&[3]).cap(FEED, Kind::Compute, 2).running(0, A, 1);
    let found = "wave 0: \"feed\": compute overdrawn: 3 of 2 Mop/s";
    breaks(&tiny, &[put(0, C)], &[step(0, seat(A), seat(C))], &[found]);
}

#[test]
fn an_uplink_is_debited_by_what_crosses_it() {
    let demand = Demand { bandwidth_bps: [9, 4, 1, 0, 0], ..Demand::default() };
    let of = |capacity| Tiny::new(vec![job(demand)]).cap_node(LEFT, Kind::Bandwidth, capacity).running(0, C, 1);
    holds(&of(4), &[put(0, A)], &[step(0, seat(C), seat(A))]);
    let found = "wave 0: \"left\": bandwidth overdrawn: 4 of 3 bit/s";
    breaks(&of(3), &[put(0, A)], &[step(0, seat(C), seat(A))], &[found]);
}

#[test]
fn what_is_broken_may_stay_broken_and_may_not_get_worse() {
    // Tile a fell to 4 of the 6 that run there.
    let tiny = jobs(&[3, 1]).cap_node(A, Kind::Compute, 4).running(0, A, 2).running(1, B, 1);
    let plan = [put(0, A), put(0, B), put(1, A)];
    let (out, come) = (step(0, seat(A), seat(B)), step(1, seat(B), seat(A)));
    holds(&tiny, &plan, &[out, come]);
    breaks(&tiny, &plan, &[come, out], &["wave 0: \"a\": compute overdrawn: 7 of 4 Mop/s"]);
    // From 3 of 1 to 2 of 1 by a stop, never back to 3.
    let tiny = jobs(&[1, 1]).cap_node(A, Kind::Compute, 1);
    let tiny = Tiny { jobs: vec![Job { count: 3, ..job(compute(1)) }, job(compute(1))], ..tiny };
    let (tiny, plan) = (tiny.running(0, A, 3).running(1, B, 1), [put(1, A)]);
    let (out, come) = (stop(0, seat(A)), step(1, seat(B), seat(A)));
    breaks(&tiny, &plan, &[out, come, out, out], &["wave 1: \"a\": compute overdrawn: 3 of 1 Mop/s"]);
    holds(&tiny, &plan, &[out, out, out, come]);
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
    breaks(&of(12), &plan, &[step(0, seat(C), seat(A))], &["wave 0: \"left\": power overdrawn: 13 of 12 mW"]);
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
        "wave 0: \"b\": compute overdrawn: 3 of 0 Mop/s",
        "move 0: job \"job0\" has no such placement on tile \"b\"",
        "moves: job \"job0\" still has capsules on tile \"b\" that are not placed",
        "moves: job \"job1\" still has capsules on tile \"c\" that are not placed",
    ];
    breaks(&tiny, &plan, &[step(0, seat(A), seat(B))], &found);
}

#[test]
fn what_is_placed_to_start_later_stops() {
    let tiny = jobs(&[1]).running(0, A, 1);
    let plan = [Placement { start: at(3), ..put(0, A) }];
    holds(&tiny, &plan, &[stop(0, seat(A))]);
    breaks(&tiny, &plan, &[], &["moves: job \"job0\" still has capsules on tile \"a\" that are not placed"]);
}

#[test]
fn what_has_ended_by_the_takeover_stops() {
    let mut tiny = jobs(&[1, 1]).running(0, A, 1).running(1, B, 1);
    (tiny.jobs[1].earliest, tiny.jobs[1].deadline) = (at(10), at(20));
    let plan = [put(0, A), Placement { start: at(10), ..put(1, B) }];
    holds(&tiny, &plan, &[stop(0, seat(A))]);
    (tiny.jobs[0].term, tiny.jobs[0].deadline) = (Term::Fixed(seconds(11)), at(11));
    holds(&tiny, &plan, &[]);
}

#[test]
fn devices_change_hands_one_after_the_other() {
    // Two capsules of one device each exchange them on tile a.
    let tiny = holding(Tiny::new(vec![job(devices(1, 600)), job(devices(1, 600))]), &[(0, A, 1), (1, A, 2)]);
    let plan = [Placement { devices: 2, ..put(0, A) }, Placement { devices: 1, ..put(1, A) }];
    let (first, second) = (step(0, held(A, 1), held(A, 2)), step(1, held(A, 2), held(A, 1)));
    breaks(&tiny, &plan, &[first, second], &["wave 0: device 1 of tile \"a\" is overfull"]);
    holds(&tiny, &plan, &[pause(1, held(A, 2), held(A, 1)), first, resume(1, held(A, 2), held(A, 1))]);
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
    breaks(&tiny, &plan, &[enter, leave], &["wave 0: device 0 of tile \"a\" is overfull"]);
}

#[test]
fn only_what_is_there_is_taken() {
    let tiny = jobs(&[1]).running(0, A, 1);
    let plan = [put(0, B)];
    let go = step(0, seat(A), seat(B));
    breaks(&tiny, &plan, &[go, go], &["move 1: job \"job0\" has too few capsules to take on tile \"a\""]);
    let again = resume(0, seat(A), seat(B));
    breaks(&tiny, &plan, &[go, again], &["move 1: job \"job0\" has too few paused capsules to resume"]);
    breaks(&jobs(&[1]), &plan, &[go], &["move 0: job \"job0\" has too few capsules to take on tile \"a\""]);
}

#[test]
fn a_move_of_nothing_or_on_no_seat_is_malformed() {
    let tiny = jobs(&[1]).running(0, A, 1);
    let plan = [put(0, A)];
    let bad = [
        Move { count: 0, ..step(0, seat(A), seat(B)) },
        step(0, seat(A), seat(A)),
        Move { to: None, ..step(0, seat(A), seat(B)) },
        Move { to: None, ..pause(0, seat(A), seat(B)) },
        Move { to: Some(seat(B)), ..stop(0, seat(A)) },
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
    let found = "moves: job \"job0\" has 1 capsules too few that run on";
    breaks(&tiny, &plan, &[stop(0, seat(A))], &[found]);
    let found = [
        "move 0: job \"job0\" has no such placement on tile \"d\"",
        "moves: job \"job0\" still has capsules on tile \"d\" that are not placed",
    ];
    breaks(&tiny, &plan, &[step(0, seat(A), seat(D))], &found);
}

#[test]
fn what_pauses_goes_on_or_the_plan_does_not_know_it() {
    // The plan has stopped the one capsule, or one of two: a pause that never ends is no stop.
    let found = "moves: 1 capsules of job \"job0\" that left tile \"a\" stay paused";
    breaks(&jobs(&[1]).running(0, A, 1), &[], &[pause(0, seat(A), seat(B))], &[found]);
    let two = jobs(&[1]).running(0, A, 1).running(0, C, 1);
    let (out, over) = (pause(0, seat(A), seat(B)), step(0, seat(C), seat(D)));
    breaks(&two, &[put(0, D)], &[out, over], &[found]);
    holds(&two, &[put(0, D)], &[stop(0, seat(A)), over]);
}

#[test]
fn a_capsule_does_not_leave_its_tile_where_another_device_of_it_would_do() {
    let tiny = holding(Tiny::new(vec![Job { count: 2, ..job(devices(1, 600)) }]), &[(0, A, 1)]);
    let plan = [Placement { devices: 2, ..put(0, A) }, Placement { devices: 1, ..put(0, B) }];
    holds(&tiny, &plan, &[step(0, held(A, 1), held(A, 2))]);
    let found = "moves: job \"job0\" has left tile \"a\", where it is placed";
    breaks(&tiny, &plan, &[step(0, held(A, 1), held(B, 1))], &[found]);
}

#[test]
fn the_moves_of_a_wave_may_be_carried_out_in_any_order() {
    // Tile b has room for one more once its own capsule has gone, and a wave does not say when that is.
    let tiny = TILES.into_iter().fold(jobs(&[3, 3]), |tiny, tile| tiny.cap_node(tile, Kind::Compute, 3));
    let tiny = tiny.running(0, A, 1).running(1, B, 1);
    let plan = [put(0, B), put(1, C)];
    let (enter, leave) = (step(0, seat(A), seat(B)), step(1, seat(B), seat(C)));
    let found = ["wave 0: \"b\": compute overdrawn: 6 of 3 Mop/s"];
    breaks_in_waves(&tiny, &plan, &[leave, enter], &found);
    breaks_in_waves(&tiny, &plan, &[leave, Move { wave: 7, ..enter }], &[]);
    breaks_in_waves(
        &tiny,
        &plan,
        &[Move { wave: 1, ..leave }, enter],
        &["move 1 is of an earlier wave than the one before it"],
    );
    // Two that go where there is room for both are a wave.
    let wide = jobs(&[3, 3]).cap_node(C, Kind::Compute, 6).running(0, A, 1).running(1, B, 1);
    breaks_in_waves(&wide, &[put(0, C), put(1, C)], &[step(0, seat(A), seat(C)), step(1, seat(B), seat(C))], &[]);
}

#[test]
fn what_is_transient_is_held_at_both_ends() {
    // The hall has 5: a capsule of 3 that is copied within it needs 6.
    let mut tiny = jobs(&[3]).cap_node(HALL, Kind::Compute, 5).running(0, A, 1);
    let (plan, go) = ([put(0, B)], step(0, seat(A), seat(B)));
    holds(&tiny, &plan, &[go]);
    tiny.weights.transient = Kinds::NONE.with(Kind::Compute);
    let found = "wave 0: \"hall\": compute overdrawn: 6 of 5 Mop/s";
    breaks(&tiny, &plan, &[go], &[found]);
    // A pause changes nothing about it, and other kinds are of no concern.
    let (out, back) = (pause(0, seat(A), seat(B)), resume(0, seat(A), seat(B)));
    breaks(&tiny, &plan, &[out, back], &["wave 1: \"hall\": compute overdrawn: 6 of 5 Mop/s"]);
    tiny.weights.transient = Kinds::NONE.with(Kind::Memory);
    holds(&tiny, &plan, &[out, back]);
}

#[test]
fn what_pauses_keeps_what_is_transient() {
    // Two capsules change places. Their compute is in the way, and memory is there for both.
    let demand = |mops| Demand { memory_bytes: 4, ..compute(mops) };
    let tiny = Tiny::new(vec![job(demand(3)), job(demand(2))]).running(0, A, 1).running(1, B, 1);
    let room = |tiny: Tiny, bytes| {
        let capped = |tiny: Tiny, tile| tiny.cap_node(tile, Kind::Compute, 4).cap_node(tile, Kind::Memory, bytes);
        let mut tiny = capped(capped(tiny, A), B);
        tiny.weights.transient = Kinds::NONE.with(Kind::Memory);
        tiny
    };
    let plan = [put(0, B), put(1, A)];
    let moves = [pause(0, seat(A), seat(B)), step(1, seat(B), seat(A)), resume(0, seat(A), seat(B))];
    holds(&room(tiny.clone(), 8), &plan, &moves);
    breaks(&room(tiny, 7), &plan, &moves, &["wave 1: \"a\": memory overdrawn: 8 of 7 B"]);
}

#[test]
fn no_more_of_a_zone_is_on_the_move_than_may_be() {
    // The feed lists all tiles but a.
    let limited = |most| {
        let mut tiny = Tiny::new(vec![Job { count: 4, ..job(compute(1)) }]).running(0, A, 2).running(0, B, 2);
        tiny.fleet.move_limits.insert(ZoneIndex(0), most);
        tiny
    };
    let plan = [Placement { count: 2, ..put(0, C) }, Placement { count: 2, ..put(0, D) }];
    let both = |from, to| Move { count: 2, ..step(0, seat(from), seat(to)) };
    breaks_in_waves(&limited(4), &plan, &[both(A, C), both(B, D)], &[]);
    let found = ["wave 0: 4 capsules of zone \"feed\" are on the move, of at most 3"];
    breaks_in_waves(&limited(3), &plan, &[both(A, C), both(B, D)], &found);
    holds(&limited(2), &plan, &[both(A, C), both(B, D)]);
    // What paused is on the move until it resumes, and what stops is not.
    let rest = Move { count: 2, ..pause(0, seat(B), seat(D)) };
    let found = ["wave 1: 4 capsules of zone \"feed\" are on the move, of at most 3"];
    breaks(&limited(3), &plan, &[rest, both(A, C), Move { stage: Stage::Resume, ..rest }], &found);
    holds(&limited(0), &[Placement { count: 2, ..put(0, A) }], &[Move { count: 2, ..stop(0, seat(B)) }]);
}

#[test]
fn what_is_held_back_stays_or_stops() {
    let instance = jobs(&[3, 2]).running(0, A, 2).running(1, B, 1).build();
    let held = |job, from, to, count| {
        let wait = Wait::Account { owner: Owner::Node(C), kind: Kind::Compute };
        HeldBack { job: JobIndex(job), from: seat(from), to: seat(to), count, wait, behind: None }
    };
    let found = |moves: &[Move], held_back: &[HeldBack]| -> Vec<String> {
        let found = carried_out(&instance, moves, held_back);
        found.iter().map(|violation| Described(violation, &instance).to_string()).collect()
    };
    let none: [&str; 0] = [];
    assert_eq!(found(&[], &[held(0, A, C, 2), held(1, B, C, 1)]), none);
    assert_eq!(found(&[stop(0, seat(A))], &[held(0, A, C, 2)]), none);
    assert_eq!(found(&[step(0, seat(A), seat(C))], &[held(0, A, C, 1)]), none, "one of two");
    let of = |held, stay| {
        let who = "capsules of job \"job0\" on tile \"a\"";
        vec![format!("held_back: {held} {who} are held back, and {stay} stay there or stop")]
    };
    assert_eq!(found(&[step(0, seat(A), seat(C))], &[held(0, A, C, 2)]), of(2, 1));
    assert_eq!(found(&[pause(0, seat(A), seat(D))], &[held(0, A, C, 1), held(0, A, D, 1)]), of(2, 1));
    assert_eq!(found(&[], &[held(0, A, C, 2), held(0, A, D, 1)]), of(3, 2));
    assert_eq!(found(&[], &[held(0, B, C, 1)]).len(), 1, "none ran there");
}
