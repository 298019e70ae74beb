//! Jobs that are short against the horizon, and plans that are fed back before they have begun.

#![expect(clippy::unwrap_used, reason = "the helpers of tests unwrap as tests do")]

use lessor_datasets::generate::{Family, Scenario};
use lessor_engine::planner::{Method, Outcome, PlannerOptions, Stops, plan};
use lessor_models::check;
use lessor_models::draw;
use lessor_models::fleet::{ClassIndex, Fleet, FleetParts, Level, NodeColumns, Zone, ZoneKind};
use lessor_models::instance::Instance;
use lessor_models::job::{Demand, Domain, Job, Spread, Term};
use lessor_models::objective::Weights;
use lessor_models::plan::{CurrentPlacement, Placement};
use lessor_models::resources::{Kind, Resources};
use lessor_models::tile_class::TileClass;
use lessor_models::time::{Span, Timestamp};
use lessor_solver::support::stop::Stop;

const WHOLE: u64 = 1_000;
const MINUTE: u64 = 60_000_000;

fn minute(count: u64) -> Timestamp {
    Timestamp(i64::try_from(count * MINUTE).unwrap())
}

/// Tiles under one cell, or under nothing.
fn parts(tiles: usize, has_cell: bool) -> FleetParts {
    let mut nodes = NodeColumns::default();
    let mut add = |name: String, parent, level, capacity| {
        nodes.names.push(name);
        nodes.parents.push(parent);
        nodes.levels.push(level);
        nodes.classes.push((level == Level::Tile).then_some(ClassIndex(0)));
        nodes.capacities.push(capacity);
        nodes.uplink_delays_us.push(0);
    };
    if has_cell {
        add("cell".to_owned(), None, Level::Cell, Resources::UNLIMITED);
    }
    for tile in 0..tiles {
        let whole = Resources::UNLIMITED.with(Kind::Compute, WHOLE);
        add(format!("tile{tile}"), has_cell.then_some(0), Level::Tile, whole);
    }
    FleetParts { nodes, classes: vec![TileClass::plain("plain")], ..FleetParts::default() }
}

fn job(compute_mops: u64, minutes: u64, bid: u64) -> Job {
    let demand = Demand { compute_mops, ..Demand::default() };
    Job { count: 1, bid, demand, ..Job::empty(Timestamp(0), Span(minutes * MINUTE)) }
}

fn instance(parts: FleetParts, jobs: Vec<Job>) -> Instance {
    let weights =
        Weights { energy_price: 0, thermal_price: 0, latency_price: 0, risk_permille: 0, ..Weights::default() };
    let names = (0..jobs.len()).map(|at| format!("j{at}")).collect();
    Instance::new(Fleet::new(parts).unwrap(), names, jobs, weights).unwrap()
}

fn planned(instance: &Instance, method: Method, work: u64) -> (Outcome, u64) {
    let stop = Stop::new();
    let stops = Stops::one(&stop);
    let options = PlannerOptions { method, seed: 1, work: Some(work), memory: None };
    let outcome = plan(instance, &options, stops, &mut |_| {});
    assert_eq!(check::violations(instance, &outcome.plan.placements), []);
    let placed = outcome.plan.placements.iter().map(|placement| u64::from(placement.count)).sum();
    (outcome, placed)
}

#[test]
fn hours_follow_each_other_without_a_gap() {
    // More than half of a tile each, so that ten fit into ten hours, and a hundred into a hundred.
    for hours in [10, 100] {
        let of = |at: u64| Job { deadline: minute(60 * hours), ..job(501 + at % 3, 60, 1_000 - at % 7) };
        let (_, placed) = planned(&instance(parts(1, true), (0..2 * hours).map(of).collect()), Method::Auto, 2_000);
        assert_eq!(placed, hours);
    }
}

#[test]
fn ten_minutes_at_any_time_of_a_day_leave_no_tile_idle() {
    // 144 of them follow each other on each of two tiles.
    let of = |at: u64| Job { earliest: minute(at / 20 * 10), deadline: minute(24 * 60), ..job(600, 10, 1_000 + at) };
    let (outcome, placed) = planned(&instance(parts(2, true), (0..288).map(of).collect()), Method::Auto, 500);
    assert_eq!(placed, 288);
    assert_eq!(outcome.certificate.unwrap().1, outcome.value);
}

#[test]
fn gaps_shorter_than_a_bucket_are_filled() {
    // A day of a hundred tiles has 672 buckets of some two minutes, and no step goes into these terms: every capsule holds two.
    let of = |at: u64| {
        let seconds = 131 + at * 17 % 101;
        let term = Span(seconds * MINUTE / 60);
        Job { count: 25, deadline: minute(24 * 60), term: Term::Fixed(term), ..job(600, 1, 1_000 + at) }
    };
    let (_, placed) = planned(&instance(parts(100, true), (0..1_600).map(of).collect()), Method::Auto, 1);
    assert!(placed > 100 * 672 / 2, "{placed}");
}

#[test]
fn no_plan_is_worth_less_than_that_of_a_queue() {
    let of = |at: u64| Job {
        earliest: minute(at * 13 % 5_000),
        deadline: minute(7 * 24 * 60),
        ..job(100 + at * 97 % 500, 5 + at * 31 % 86, 1_000 + at * 7 % 300)
    };
    let instance = instance(parts(3, true), (0..900).map(of).collect());
    let (auto, queue) = (planned(&instance, Method::Auto, 50).0, planned(&instance, Method::FirstCome, 50).0);
    assert!(auto.value >= queue.value, "{} and {}", auto.value, queue.value);
}

/// When each job starts that a queue serves, on tiles that hold one at a time: the first gap that is long enough, of the first
/// tile.
fn served(tiles: usize, jobs: &[Job]) -> Vec<Option<Timestamp>> {
    let mut held: Vec<Vec<(Timestamp, Timestamp)>> = vec![Vec::new(); tiles];
    let mut arrivals: Vec<usize> = (0..jobs.len()).collect();
    arrivals.sort_by_key(|&at| (jobs[at].earliest, at));
    let mut starts = vec![None; jobs.len()];
    for at in arrivals {
        let Term::Fixed(term) = jobs[at].term else { unreachable!("terms are fixed here") };
        let first = |held: &Vec<(Timestamp, Timestamp)>| {
            let mut start = jobs[at].earliest;
            for &(begins, ends) in held.iter().filter(|(_, ends)| *ends > jobs[at].earliest) {
                if begins >= start.after(term) {
                    break;
                }
                start = start.max(ends);
            }
            start
        };
        let (start, tile) = held.iter().map(first).zip(0..).min().unwrap();
        if start.after(term) <= jobs[at].deadline {
            starts[at] = Some(start);
            held[tile].push((start, start.after(term)));
            held[tile].sort();
        }
    }
    starts
}

#[test]
fn a_queue_serves_to_the_instant() {
    for (count, tiles, slack) in [(100, 1, 0), (200, 4, 24), (300, 8, 6)] {
        // No term has a length in common with another.
        let of = |at: u64| {
            let (earliest, term) = (minute(at * 7_919 % 2_880), Span(MINUTE + at * 48_611_137 % (180 * MINUTE)));
            let deadline = earliest.after(term).after(Span(slack * 60 * MINUTE));
            Job { earliest, deadline, term: Term::Fixed(term), ..job(WHOLE, 1, 1_000) }
        };
        let jobs: Vec<Job> = (0..count).map(of).collect();
        let instance = instance(parts(tiles, true), jobs.clone());
        let (outcome, _) = planned(&instance, Method::FirstCome, 1);
        let mut starts = vec![None; jobs.len()];
        outcome.plan.placements.iter().for_each(|placed| starts[placed.job.at()] = Some(placed.start));
        assert_eq!(starts, served(tiles, &jobs), "{count} jobs, {tiles} tiles");
    }
}

#[test]
fn what_follows_to_the_instant_finds_its_place() {
    // Windows as long as the terms, each from the end of the one before: all fit, in exactly one way.
    let mut at = 0;
    let of = |job_at: u64| {
        let (earliest, term) = (Timestamp(at), Span(MINUTE + job_at * 48_611_137 % (60 * MINUTE)));
        at = earliest.after(term).0;
        Job { earliest, deadline: Timestamp(at), term: Term::Fixed(term), ..job(WHOLE, 1, 1_000) }
    };
    let instance = instance(parts(1, true), (0..400).map(of).collect());
    for method in [Method::Auto, Method::FirstCome] {
        assert_eq!(planned(&instance, method, 1_000).1, 400, "{method:?}");
    }
}

#[test]
fn tiles_without_anything_above_them_have_prices_too() {
    let jobs: Vec<Job> = (0..60).map(|at| job(250 + at * 11, 60, 1_000 + at * 37)).collect();
    let of = |has_cell| planned(&instance(parts(7, has_cell), jobs.clone()), Method::Auto, 200).0;
    let [alone, under] = [false, true].map(|has_cell| of(has_cell).certificate.unwrap().1);
    assert_eq!(alone, under);
}

#[test]
fn a_plan_that_is_fed_back_is_kept() {
    for (family, seed) in [(Family::Mixed, 5), (Family::Devices, 6)] {
        let scenario = Scenario { family, steps: true, ..Scenario::new(40, seed) };
        let instance = scenario.generate().unwrap();
        let (first, _) = planned(&instance, Method::Auto, 600);
        let now = instance.horizon().start;
        let runs = |placement: &&Placement| placement.start == now;
        let as_current =
            |&Placement { job, tile, count, devices, .. }: &Placement| CurrentPlacement { job, tile, count, devices };
        let placements = &first.plan.placements;
        let ends = |placement: &Placement| {
            let class = instance.fleet().class_of(placement.tile).unwrap();
            let term = draw::term(&instance.jobs()[placement.job.at()], &instance.fleet().classes()[class.at()]);
            placement.start.after(term)
        };
        assert!(placements.iter().all(|placement| ends(placement) > now));
        let current: Vec<_> = placements.iter().filter(runs).map(as_current).collect();
        let queued: Vec<_> = placements.iter().filter(|placement| !runs(placement)).copied().collect();
        assert!(!queued.is_empty(), "{family:?}");
        let again = instance.clone().with_current(current).unwrap().with_queued(queued);
        let (second, _) = planned(&again, Method::Auto, 1);
        assert!(second.value >= first.value, "{family:?}: {} after {}", second.value, first.value);
    }
}

#[test]
fn a_capsule_outside_every_member_is_at_no_location() {
    let mut parts = parts(2, true);
    parts.zone_names = vec!["feed".to_owned()];
    parts.zones = vec![Zone { kind: ZoneKind::PowerFeed, capacity: Resources::UNLIMITED, energy_price: None }];
    parts.members = vec![(0, 1)];
    let spread = Some(Spread::over(Domain::Zone(ZoneKind::PowerFeed), 1));
    for method in [Method::Auto, Method::FirstCome] {
        let of = |compute| Job { count: 3, spread, ..job(compute, 60, 1_000) };
        // One in the zone lets the others lie outside.
        assert_eq!(planned(&instance(parts.clone(), vec![of(600)]), method, 50).1, 2);
    }
    (parts.members, parts.zones, parts.zone_names) = (vec![], vec![], vec![]);
    let of = |compute| Job { spread, ..job(compute, 60, 1_000) };
    assert_eq!(planned(&instance(parts, vec![of(600)]), Method::Auto, 50).1, 0);
}
