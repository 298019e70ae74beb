//! Orders worked by hand, and orders of random plans held against the checker.

mod every_order;

use lessor_models::check;
use lessor_models::fleet::{
    ClassIndex, Fleet, FleetParts, Level, NodeColumns, NodeIndex, Owner, Zone, ZoneIndex, ZoneKind,
};
use lessor_models::instance::Instance;
use lessor_models::job::{Job, JobIndex};
use lessor_models::objective::Weights;
use lessor_models::plan::{CurrentPlacement, Move, Placement, Seat, Stage, Wait};
use lessor_models::resources::{Kind, Kinds, Resources, UNLIMITED};
use lessor_models::tile_class::TileClass;
use lessor_models::time::{Span, Timestamp};

use super::Migration;
use crate::support::random::Random;
use crate::support::stop::Stop;

fn class(energy: u64, devices: u8) -> TileClass {
    let name = format!("class {energy} {devices}");
    TileClass { energy_uj_per_mop: [energy; 3], heat_permille: 1_000, devices, ..TileClass::plain(&name) }
}

fn compute(amount: u64) -> Resources {
    Resources::UNLIMITED.with(Kind::Compute, amount)
}

/// Tiles of two devices, with so much compute each, under a hall that limits nothing. The hall is node 0, tile `t` is `t + 1`.
fn tiles(capacities: &[u64]) -> FleetParts {
    let limits = [UNLIMITED].iter().chain(capacities);
    let nodes = NodeColumns {
        names: (0..=capacities.len()).map(|at| format!("n{at}")).collect(),
        parents: (0..=capacities.len()).map(|at| (at > 0).then_some(0)).collect(),
        levels: [Level::Cell].into_iter().chain(vec![Level::Tile; capacities.len()]).collect(),
        classes: [None].into_iter().chain(vec![Some(ClassIndex(0)); capacities.len()]).collect(),
        capacities: limits.map(|&amount| compute(amount)).collect(),
        uplink_delays_us: vec![0; capacities.len() + 1],
    };
    FleetParts { nodes, classes: vec![class(0, 2)], ..FleetParts::default() }
}

/// A job of so many capsules of so much compute, dearer to move the more it computes.
fn job(count: u32, mops: u64) -> Job {
    let mut job = Job { count, bid: 100, move_cost: mops, ..Job::empty(Timestamp(0), Span(100)) };
    job.demand.compute_mops = mops;
    job
}

fn instance(parts: FleetParts, jobs: Vec<Job>, current: Vec<CurrentPlacement>) -> Instance {
    let names = (0..jobs.len()).map(|at| format!("j{at}")).collect();
    let instance = Instance::new(Fleet::new(parts).unwrap(), names, jobs, Weights::default()).unwrap();
    instance.with_current(current).unwrap()
}

/// So many capsules of a job on a tile.
fn runs(job: u32, tile: u32, count: u32) -> CurrentPlacement {
    CurrentPlacement { job: JobIndex(job), tile: NodeIndex(tile + 1), count, devices: 0 }
}

fn placed(job: u32, tile: u32, count: u32) -> Placement {
    Placement { job: JobIndex(job), tile: NodeIndex(tile + 1), start: Timestamp(0), count, devices: 0 }
}

fn migration(instance: &Instance, placements: &[Placement]) -> Migration {
    super::migration(instance, placements, &Stop::new())
}

/// Orders the moves, holds them against the checker, and writes each as `wave. job: from -> to, count`; a dash is no seat.
fn ordered(instance: &Instance, placements: &[Placement]) -> Vec<String> {
    let migration = migration(instance, placements);
    assert_eq!(migration.held_back, []);
    let moves = migration.moves;
    let found = check::moves::violations(instance, placements, &moves);
    assert_eq!(found, [], "of {moves:?}");
    let seat = |Seat { tile, devices }: Seat| match devices {
        0 => (tile.0 - 1).to_string(),
        _ => format!("{}/{devices}", tile.0 - 1),
    };
    let word = |change: &Move| {
        let (from, to) = (seat(change.from), change.to.map_or("-".to_owned(), seat));
        let (from, to) = match change.stage {
            Stage::Go | Stage::Stop => (from, to),
            Stage::Pause => (from, format!("- ({to})")),
            Stage::Resume => (format!("({from}) -"), to),
        };
        format!("{}. {}: {from} -> {to}, {}", change.wave, change.job.0, change.count)
    };
    moves.iter().map(word).collect()
}

#[test]
fn what_stays_is_not_moved_and_what_has_no_seat_stops_first() {
    let of = |placements: &[Placement]| {
        let current = vec![runs(0, 0, 2), runs(1, 1, 1)];
        ordered(&instance(tiles(&[4, 4]), vec![job(3, 1), job(1, 3)], current), placements)
    };
    assert_eq!(of(&[placed(0, 0, 3), placed(1, 1, 1)]), [""; 0]);
    assert_eq!(of(&[placed(0, 0, 1), placed(1, 0, 1)]), ["0. 0: 0 -> -, 1", "1. 1: 1 -> 0, 1"]);
    assert_eq!(of(&[]), ["0. 0: 0 -> -, 2", "0. 1: 1 -> -, 1"]);
}

#[test]
fn a_chain_goes_from_its_free_end() {
    let current = vec![runs(0, 0, 1), runs(1, 1, 1), runs(2, 2, 1)];
    let instance = instance(tiles(&[4; 4]), vec![job(1, 3), job(1, 3), job(1, 3)], current);
    let plan = [placed(0, 1, 1), placed(1, 2, 1), placed(2, 3, 1)];
    assert_eq!(ordered(&instance, &plan), ["0. 2: 2 -> 3, 1", "1. 1: 1 -> 2, 1", "2. 0: 0 -> 1, 1"]);
}

#[test]
fn of_two_that_change_places_the_cheaper_one_stops() {
    let instance = instance(tiles(&[4, 4]), vec![job(1, 3), job(1, 2)], vec![runs(0, 0, 1), runs(1, 1, 1)]);
    let plan = [placed(0, 1, 1), placed(1, 0, 1)];
    assert_eq!(ordered(&instance, &plan), ["0. 1: 1 -> - (0), 1", "1. 0: 0 -> 1, 1", "2. 1: (1) - -> 0, 1"]);
}

#[test]
fn what_waits_on_a_cycle_does_not_stop() {
    // Jobs 1 and 2 change places; the cheapest, job 0, waits for tile 1 and could not free anything.
    let jobs = vec![job(1, 1), job(1, 2), job(1, 3)];
    let instance = instance(tiles(&[1, 3, 3]), jobs, vec![runs(0, 0, 1), runs(1, 1, 1), runs(2, 2, 1)]);
    let plan = [placed(0, 2, 1), placed(1, 2, 1), placed(2, 1, 1)];
    let expected = ["0. 1: 1 -> - (2), 1", "1. 2: 2 -> 1, 1", "2. 0: 0 -> 2, 1", "2. 1: (1) - -> 2, 1"];
    assert_eq!(ordered(&instance, &plan), expected);
}

#[test]
fn as_many_capsules_go_at_once_as_there_is_room_for() {
    // Tile 1 has room for two of the first job; each of the second that leaves makes room for one more.
    let instance = instance(tiles(&[4, 4]), vec![job(4, 1), job(2, 1)], vec![runs(0, 0, 4), runs(1, 1, 2)]);
    let plan = [placed(0, 1, 4), placed(1, 0, 2)];
    assert_eq!(ordered(&instance, &plan), ["0. 0: 0 -> 1, 2", "1. 1: 1 -> 0, 2", "2. 0: 0 -> 1, 2"]);
}

#[test]
fn a_tile_that_lost_capacity_is_left_before_it_is_entered() {
    // Tile 0 fell to 4 of the 6 that run there.
    let instance = instance(tiles(&[4, 4]), vec![job(1, 1), job(2, 3)], vec![runs(0, 1, 1), runs(1, 0, 2)]);
    let plan = [placed(0, 0, 1), placed(1, 0, 1), placed(1, 1, 1)];
    assert_eq!(ordered(&instance, &plan), ["0. 1: 0 -> 1, 1", "1. 0: 1 -> 0, 1"]);
}

#[test]
fn capsules_that_exchange_devices_stop_one_of_them() {
    let halves = |milli| Job {
        demand: lessor_models::job::Demand { devices: 1, device_milli: milli, ..job(1, 1).demand },
        ..job(1, 1)
    };
    let on = |current: CurrentPlacement, devices| CurrentPlacement { devices, ..current };
    let holding = |placement: Placement, devices| Placement { devices, ..placement };
    let current = vec![on(runs(0, 0, 1), 1), on(runs(1, 0, 1), 2)];
    let plan = [holding(placed(0, 0, 1), 2), holding(placed(1, 0, 1), 1)];
    let of = |milli| instance(tiles(&[9]), vec![halves(milli), halves(milli)], current.clone());
    assert_eq!(ordered(&of(600), &plan), ["0. 0: 0/1 -> - (0/2), 1", "1. 1: 0/2 -> 0/1, 1", "2. 0: (0/1) - -> 0/2, 1"]);
    assert_eq!(ordered(&of(500), &plan), ["0. 0: 0/1 -> 0/2, 1", "0. 1: 0/2 -> 0/1, 1"]);
    // A capsule stays on its tile where it can, on other devices, though an earlier tile has room as well.
    let job = Job { count: 2, ..halves(600) };
    let instance = instance(tiles(&[9, 9]), vec![job], vec![on(runs(0, 1, 1), 1)]);
    let plan = [holding(placed(0, 0, 1), 1), holding(placed(0, 1, 1), 2)];
    assert_eq!(ordered(&instance, &plan), ["0. 0: 1/1 -> 1/2, 1"]);
}

#[test]
fn what_starts_later_stops() {
    let mut later = placed(0, 1, 1);
    later.start = Timestamp(5);
    let instance = instance(tiles(&[4, 4]), vec![job(1, 3)], vec![runs(0, 0, 1)]);
    assert_eq!(ordered(&instance, &[later]), ["0. 0: 0 -> -, 1"]);
}

#[test]
fn many_moves_take_hardly_more_steps_than_moves() {
    // Full tiles in rings of ten, each capsule to go on to the next tile: one of each ring stops. Behind each ring a
    // chain of ten full tiles that ends in it.
    let rings = 1_000u32;
    let (mut jobs, mut current, mut plan) = (Vec::new(), Vec::new(), Vec::new());
    for ring in 0..rings {
        for at in 0..20 {
            let (index, tile) = (ring * 20 + at, ring * 21 + at);
            // The chain ends on tile 20 of its ring's, which is free once its capsule has gone.
            let to = if at < 10 { ring * 21 + (at + 1) % 10 } else { tile + 1 };
            jobs.push(job(1, 1 + u64::from(index % 7)));
            current.push(runs(index, tile, 1));
            plan.push(placed(index, to, 1));
        }
    }
    let capacities = vec![7; 21 * rings as usize];
    let instance = instance(tiles(&capacities), jobs, current);
    let steps = ordered(&instance, &plan).len();
    assert!(steps <= 21 * rings as usize, "{steps} steps");
}

/// The same with what is held at both ends, and so many of each zone on the move.
fn under(instance: Instance, transient: Kinds) -> Instance {
    let weights = Weights { transient, ..instance.weights().clone() };
    instance.with_weights(weights)
}

/// What is held back, each as `job waits for job`; a dash where nobody frees it.
fn held_back(instance: &Instance, placements: &[Placement]) -> Vec<(String, Wait)> {
    let words = |held: &lessor_models::plan::HeldBack| {
        let behind = held.behind.map_or("-".to_owned(), |job| job.0.to_string());
        (format!("{} waits for {behind}", held.job.0), held.wait)
    };
    migration(instance, placements).held_back.iter().map(words).collect()
}

#[test]
fn two_full_tiles_do_not_change_places_where_both_ends_are_held() {
    let plan = [placed(0, 1, 1), placed(1, 0, 1)];
    let start = || instance(tiles(&[4, 4]), vec![job(1, 3), job(1, 2)], vec![runs(0, 0, 1), runs(1, 1, 1)]);
    let lacks = |tile: u32| Wait::Account { owner: Owner::Node(NodeIndex(tile + 1)), kind: Kind::Compute };
    let expected = [("0 waits for 1".to_owned(), lacks(1)), ("1 waits for 0".to_owned(), lacks(0))];
    assert_eq!(held_back(&under(start(), Kinds::NONE.with(Kind::Compute)), &plan), expected);
    // Of what is not in the way both ends may be held.
    let memory = under(start(), Kinds::NONE.with(Kind::Memory));
    assert_eq!(ordered(&memory, &plan), ["0. 1: 1 -> - (0), 1", "1. 0: 0 -> 1, 1", "2. 1: (1) - -> 0, 1"]);
}

#[test]
fn a_move_within_an_account_that_lacks_room_for_both_ends_is_held_back() {
    let mut parts = tiles(&[4, 4]);
    parts.nodes.capacities[0] = compute(5);
    let start = under(instance(parts, vec![job(1, 3)], vec![runs(0, 0, 1)]), Kinds::NONE.with(Kind::Compute));
    let hall = Wait::Account { owner: Owner::Node(NodeIndex(0)), kind: Kind::Compute };
    assert_eq!(held_back(&start, &[placed(0, 1, 1)]), [("0 waits for -".to_owned(), hall)]);
}

/// Tiles of which every one is in a zone of its own kind that lets so many capsules move at once.
fn limited(capacities: &[u64], most: u32) -> FleetParts {
    let mut parts = tiles(capacities);
    parts.zone_names.push("hall".into());
    let capacity = Resources::UNLIMITED;
    parts.zones.push(Zone { kind: ZoneKind::FailureDomain, capacity, energy_price: None });
    parts.members = vec![(0, 0)];
    parts.move_limits.insert(ZoneIndex(0), most);
    parts
}

#[test]
fn a_zone_lets_as_many_move_in_a_wave_as_it_may() {
    let of = |most| {
        let instance = instance(limited(&[5, 5], most), vec![job(5, 1)], vec![runs(0, 0, 5)]);
        ordered(&instance, &[placed(0, 1, 5)])
    };
    assert_eq!(of(2), ["0. 0: 0 -> 1, 2", "1. 0: 0 -> 1, 2", "2. 0: 0 -> 1, 1"]);
    assert_eq!(of(9), ["0. 0: 0 -> 1, 5"]);
    // None may move.
    let none = instance(limited(&[5, 5], 0), vec![job(5, 1)], vec![runs(0, 0, 5)]);
    let turn = Wait::Turn { zone: ZoneIndex(0) };
    assert_eq!(held_back(&none, &[placed(0, 1, 5)]), [("0 waits for -".to_owned(), turn)]);
    // What stops for good is not on the move.
    assert_eq!(ordered(&none, &[]), ["0. 0: 0 -> -, 5"]);
}

#[test]
fn what_pauses_holds_its_turn() {
    let of = |most| {
        let start = instance(limited(&[4, 4], most), vec![job(1, 3), job(1, 2)], vec![runs(0, 0, 1), runs(1, 1, 1)]);
        (start, [placed(0, 1, 1), placed(1, 0, 1)])
    };
    let (start, plan) = of(2);
    assert_eq!(ordered(&start, &plan), ["0. 1: 1 -> - (0), 1", "1. 0: 0 -> 1, 1", "2. 1: (1) - -> 0, 1"]);
    // Nobody else may move while one is paused, and that one waits for the other.
    let (start, plan) = of(1);
    let waits = held_back(&start, &plan);
    assert!(waits.contains(&("0 waits for 1".to_owned(), Wait::Turn { zone: ZoneIndex(0) })), "{waits:?}");
}

#[test]
fn who_pauses_decides_whether_all_arrive() {
    // Were the cheapest to pause, job 0, then job 1 would have to pause as well, and no turn would be left for job 2.
    let jobs = vec![job(1, 1), job(1, 4), job(1, 7), job(1, 3)];
    let current = vec![runs(0, 0, 1), runs(1, 0, 1), runs(2, 1, 1), runs(3, 1, 1)];
    let start = instance(limited(&[10, 10], 2), jobs, current);
    let plan = [placed(0, 1, 1), placed(1, 1, 1), placed(2, 0, 1), placed(3, 1, 1)];
    let expected = ["0. 1: 0 -> - (1), 1", "1. 2: 1 -> 0, 1", "2. 0: 0 -> 1, 1", "2. 1: (0) - -> 1, 1"];
    assert_eq!(ordered(&start, &plan), expected);
}

/// Two cells of three tiles, a feed across them, two classes, and limits of several kinds anywhere.
fn any_fleet(random: &mut Random) -> FleetParts {
    let mut parts = tiles(&[0; 8]);
    let nodes = &mut parts.nodes;
    (nodes.levels[0], nodes.levels[1], nodes.levels[2]) = (Level::Cluster, Level::Cell, Level::Cell);
    for at in 3..9 {
        nodes.parents[at] = Some(if at < 6 { 1 } else { 2 });
        nodes.classes[at] = Some(ClassIndex(u32::from(random.below(2) == 0)));
    }
    (nodes.classes[1], nodes.classes[2]) = (None, None);
    let mut limits = |most: u64| {
        let mut one = || if random.below(3) == 0 { UNLIMITED } else { 2 + random.below(most) };
        let bandwidth = one();
        Resources::UNLIMITED.with(Kind::Compute, one()).with(Kind::Power, one()).with(Kind::Bandwidth, bandwidth)
    };
    for at in 0..9 {
        nodes.capacities[at] = limits([30, 16, 16].get(at).copied().unwrap_or(6));
    }
    parts.classes = vec![class(1_000, 2), class(2_000, 2)];
    parts.classes[1].idle_power_mw = 1;
    parts.zone_names.push("feed".into());
    parts.zones.push(Zone { kind: ZoneKind::PowerFeed, capacity: limits(20), energy_price: None });
    parts.members = vec![(0, 3), (0, 2)];
    if random.below(2) == 0 {
        let owner = Owner::Node(NodeIndex(u32::try_from(random.below(9)).unwrap()));
        let mut amount = || random.below(9);
        parts.steps.insert((owner, Kind::Compute), vec![(Timestamp(-1), amount()), (Timestamp(3), amount())]);
    }
    parts
}

fn any_job(random: &mut Random) -> Job {
    let mut job = job(1 + u32::try_from(random.below(4)).unwrap(), 1 + random.below(3));
    (job.move_cost, job.bid) = (random.below(3), random.below(50));
    job.demand.power_mw = random.below(2);
    job.demand.bandwidth_bps = [random.below(3), random.below(2), 0, 0, 0];
    if random.below(3) == 0 {
        job.demand.devices = 1 + u8::try_from(random.below(2)).unwrap();
        job.demand.device_milli = [400, 600][random.index(2)];
    }
    job.earliest = Timestamp([0, 0, 0, 4][random.index(4)]);
    job.deadline = Timestamp(110);
    job
}

/// A capsule of a job somewhere, on devices as it needs them.
fn anywhere(random: &mut Random, index: usize, job: &Job) -> Placement {
    let tile = NodeIndex(3 + u32::try_from(random.below(6)).unwrap());
    let devices = match job.demand.devices {
        0 => 0,
        1 => 1 + random.below(2),
        _ => 3,
    };
    let start = if random.below(8) == 0 { Timestamp(7) } else { job.earliest };
    Placement { job: JobIndex(u32::try_from(index).unwrap()), tile, start, count: 1, devices }
}

/// A world in which anything may run anywhere, and a feasible plan of it.
fn any_plan(random: &mut Random) -> (Instance, Vec<Placement>) {
    let jobs: Vec<Job> = (0..2 + random.below(4)).map(|_| any_job(random)).collect();
    let mut current = Vec::new();
    for (index, job) in jobs.iter().enumerate() {
        for _ in 0..random.below(1 + u64::from(job.count)) {
            let Placement { job, tile, count, devices, .. } = anywhere(random, index, job);
            current.push(CurrentPlacement { job, tile, count, devices });
        }
    }
    let instance = instance(any_fleet(random), jobs, current);
    let mut placements: Vec<Placement> = Vec::new();
    for _ in 0..60 {
        let index = random.index(instance.jobs().len());
        placements.push(anywhere(random, index, &instance.jobs()[index]));
        if !check::violations(&instance, &placements).is_empty() {
            placements.pop();
        }
    }
    (instance, placements)
}

#[test]
fn every_order_passes_its_check_and_changed_ones_do_not() {
    let (mut with_cycle, mut reversed_refused, mut with_moves) = (0, 0, 0);
    for seed in 0..3_000 {
        let (instance, placements) = any_plan(&mut Random::new(seed));
        let migration = migration(&instance, &placements);
        assert_eq!(migration.held_back, [], "seed {seed}: nothing is held at both ends");
        let moves = migration.moves;
        let faults = |moves: &[Move]| check::moves::violations(&instance, &placements, moves);
        assert_eq!(faults(&moves), [], "seed {seed}: {moves:?}");
        with_moves += u32::from(moves.len() > 1);
        with_cycle += u32::from(moves.iter().any(|change| change.stage == Stage::Resume));
        for left_out in 0..moves.len() {
            let mut fewer = moves.clone();
            fewer.remove(left_out);
            assert_ne!(faults(&fewer), [], "seed {seed}: without move {left_out} of {moves:?}");
        }
        let reversed = moves.iter().rev().zip(0..).map(|(&change, wave)| Move { wave, ..change });
        reversed_refused += u32::from(!faults(&reversed.collect::<Vec<_>>()).is_empty());
    }
    // The seeds hold cases of every sort.
    assert!(
        with_moves > 2_000 && with_cycle > 50 && reversed_refused > 500,
        "{with_moves}, {with_cycle}, {reversed_refused}"
    );
}

#[test]
fn under_transient_use_and_limits_an_order_passes_its_check_or_what_has_none_is_held_back() {
    let (mut orders, mut held, mut hopeless) = (0, 0, 0);
    for seed in 0..4_000 {
        let mut random = Random::new(seed);
        let (instance, placements) = any_plan(&mut random);
        let mut transient = Kinds::NONE;
        for kind in [Kind::Compute, Kind::Power, Kind::Bandwidth, Kind::Accelerator] {
            transient = if random.below(2) == 0 { transient.with(kind) } else { transient };
        }
        let instance = under(instance, transient);
        let migration = migration(&instance, &placements);
        if migration.held_back.is_empty() {
            let found = check::moves::violations(&instance, &placements, &migration.moves);
            assert_eq!(found, [], "seed {seed}: {:?}", migration.moves);
            orders += u32::from(migration.moves.len() > 1);
            continue;
        }
        held += 1;
        // A search over every order of these very moves finds none, where there are few enough to look.
        if let Some(has_order) = every_order::has_order(&instance, &placements, 5) {
            assert!(!has_order, "seed {seed}");
            hopeless += 1;
        }
    }
    assert!(orders > 2_000 && held > 50 && hopeless > 50, "{orders}, {held}, {hopeless}");
}
