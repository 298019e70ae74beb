//! Hard cases, planned and held against the exact checker: nothing to give, nothing to do, one giant, all alike, and numbers
//! as large as they get.

#![expect(clippy::unwrap_used, reason = "the helpers of tests unwrap as tests do")]

use lessor_engine::planner::{Method, Outcome, PlannerOptions, Stops, plan};
use lessor_models::check;
use lessor_models::fleet::{ClassIndex, Fleet, FleetParts, Level, NodeColumns};
use lessor_models::instance::Instance;
use lessor_models::job::{Demand, Job, Term};
use lessor_models::objective::Weights;
use lessor_models::plan::Reason;
use lessor_models::resources::{AMOUNT_MAX, Kind, Resources};
use lessor_models::tile_class::TileClass;
use lessor_models::time::{SPAN_MAX, Span, Timestamp};
use lessor_solver::support::random::Random;
use lessor_solver::support::stop::Stop;

/// Cells of as many tiles each, all with the same memory.
fn fleet(cells: u32, tiles: u32, memory: impl Fn(u32) -> u64) -> Fleet {
    let mut nodes = NodeColumns::default();
    let mut add = |parent, level, capacity| {
        nodes.names.push(format!("n{}", nodes.names.len()));
        nodes.parents.push(parent);
        nodes.levels.push(level);
        nodes.classes.push((level == Level::Tile).then_some(ClassIndex(0)));
        nodes.capacities.push(capacity);
        nodes.uplink_delays_us.push(0);
    };
    (0..cells).for_each(|_| add(None, Level::Cell, Resources::UNLIMITED));
    for at in 0..cells * tiles {
        add(Some(at % cells), Level::Tile, Resources::UNLIMITED.with(Kind::Memory, memory(at)));
    }
    Fleet::new(FleetParts { nodes, classes: vec![TileClass::plain("plain")], ..FleetParts::default() }).unwrap()
}

fn job(count: u32, memory_bytes: u64) -> Job {
    let demand = Demand { memory_bytes, ..Demand::default() };
    Job { count, bid: 1_000, demand, ..Job::empty(Timestamp(0), Span(3_600_000_000)) }
}

fn instance(fleet: Fleet, jobs: Vec<Job>) -> Instance {
    let names = (0..jobs.len()).map(|at| format!("j{at}")).collect();
    Instance::new(fleet, names, jobs, Weights::default()).unwrap()
}

/// Plans, and holds placements, value and bound against the checker. Returns the capsules placed as well.
fn checked(instance: &Instance) -> (Outcome, u64) {
    let stop = Stop::new();
    let stops = Stops::one(&stop);
    let options = PlannerOptions { method: Method::Auto, seed: 1, work: Some(200), memory: None };
    let outcome = plan(instance, &options, stops, &mut |_| {});
    assert_eq!(check::violations(instance, &outcome.plan.placements), []);
    assert_eq!(check::value(instance, &outcome.plan.placements), outcome.value);
    if let Some((certificate, bound)) = &outcome.certificate {
        assert_eq!(check::bound::bound(instance, certificate).unwrap(), *bound);
        assert!(*bound >= outcome.value, "{bound} is below {}", outcome.value);
    }
    let placed: u64 = outcome.plan.placements.iter().map(|placement| u64::from(placement.count)).sum();
    let missing: u64 = outcome.plan.unplaced.iter().map(|unplaced| u64::from(unplaced.count)).sum();
    let asked: u64 = instance.jobs().iter().map(|job| u64::from(job.count)).sum();
    assert_eq!(placed + missing, asked, "whatever is asked for is placed or has a reason");
    (outcome, placed)
}

#[test]
fn where_the_bound_took_all_the_time_whatever_fits_is_placed_all_the_same() {
    let instance = instance(fleet(2, 5, |_| 10), vec![job(60, 1), job(7, 5), job(2, 11)]);
    let (over, reasons) = (Stop::new(), Stop::new());
    over.raise();
    let stops = Stops { bound: &over, search: &over, fill: &over, explain: &reasons };
    let options = PlannerOptions { method: Method::Auto, seed: 1, work: None, memory: None };
    let outcome = plan(&instance, &options, stops, &mut |_| {});
    assert_eq!(check::violations(&instance, &outcome.plan.placements), []);
    let placed: u64 = outcome.plan.placements.iter().map(|placement| u64::from(placement.count)).sum();
    assert!(placed >= 60, "{placed} of 67 that fit");
}

#[test]
fn a_fleet_without_capacity_places_nothing_and_says_why() {
    let (outcome, placed) = checked(&instance(fleet(2, 3, |_| 0), vec![job(5, 1), job(1, AMOUNT_MAX)]));
    assert_eq!((placed, outcome.value), (0, 0));
    assert_eq!(outcome.certificate.map(|(_, bound)| bound), Some(0), "that nothing fits is proved");
    assert!(outcome.plan.unplaced.iter().all(|unplaced| unplaced.reason == Reason::TooLarge));
    // What asks for nothing runs all the same.
    assert_eq!(checked(&instance(fleet(2, 3, |_| 0), vec![job(5, 0)])).1, 5);
}

#[test]
fn a_plan_of_no_job_is_empty() {
    let (outcome, placed) = checked(&instance(fleet(1, 1, |_| 1), vec![]));
    assert_eq!((placed, outcome.value, outcome.plan.unplaced.len()), (0, 0, 0));
    assert_eq!(outcome.certificate.map(|(_, bound)| bound), Some(0));
}

#[test]
fn one_giant_job_fills_the_fleet_and_no_more() {
    // Three bytes on each of 100 tiles, and a capsule of two: one a tile.
    let of = |gang_min| checked(&instance(fleet(4, 25, |_| 3), vec![Job { gang_min, ..job(u32::MAX, 2) }]));
    assert_eq!(of(0).1, 100);
    assert_eq!(of(100).1, 100);
    let (outcome, placed) = of(101);
    assert_eq!((placed, outcome.plan.unplaced[0].reason), (0, Reason::GangTooLarge));
    // One capsule larger than everything there is.
    assert_eq!(checked(&instance(fleet(4, 25, |_| 3), vec![job(1, 301)])).0.plan.unplaced[0].reason, Reason::TooLarge);
}

#[test]
fn where_all_is_equal_the_fleet_is_full() {
    // 40 tiles hold four each of 50 jobs of four capsules.
    let (outcome, placed) = checked(&instance(fleet(4, 10, |_| 8), vec![job(4, 2); 50]));
    assert_eq!(placed, 160);
    assert_eq!(outcome.certificate.unwrap().1, outcome.value, "the bound is reached");
}

#[test]
fn a_million_equal_jobs_are_one_class_and_are_planned_at_once() {
    // 2,000 tiles hold 400 each: 800,000 of them.
    let (outcome, placed) = checked(&instance(fleet(4, 500, |_| 800), vec![job(1, 2); 1_000_000]));
    assert_eq!((placed, outcome.sizes.0), (800_000, 1));
}

#[test]
fn numbers_as_large_as_they_get_do_not_overflow() {
    let large = Job { bid: AMOUNT_MAX, bonus: AMOUNT_MAX, wanted: 3, ..job(3, AMOUNT_MAX) };
    let (outcome, placed) = checked(&instance(fleet(1, 3, |_| AMOUNT_MAX), vec![large.clone()]));
    assert_eq!(placed, 3);
    assert!(outcome.value > i128::from(AMOUNT_MAX) * 3, "{}", outcome.value);
    let many = Job { count: u32::MAX, ..Job { bonus: 0, wanted: 0, ..large } };
    assert_eq!(checked(&instance(fleet(1, 3, |_| AMOUNT_MAX), vec![many])).1, 3);
}

#[test]
fn random_extremes_are_planned_feasibly() {
    const AMOUNTS: [u64; 7] = [0, 1, 2, 1_000, AMOUNT_MAX / 2 + 1, AMOUNT_MAX - 1, AMOUNT_MAX];
    for seed in 0..150 {
        let mut random = Random::new(seed);
        let mut pick = || AMOUNTS[random.index(AMOUNTS.len())];
        let memory: Vec<u64> = (0..4).map(|_| pick()).collect();
        let jobs = (0..4).map(|_| {
            let mut job = job(1, pick());
            (job.bid, job.bonus, job.move_cost, job.move_cost_once) = (pick(), pick(), pick(), pick());
            (job.demand.compute_mops, job.demand.power_mw, job.demand.storage_bytes) = (pick(), pick(), pick());
            job
        });
        let mut jobs: Vec<Job> = jobs.collect();
        for job in &mut jobs {
            job.count = [1, 2, 1_000, u32::MAX][random.index(4)];
            job.gang_min = [0, 1, job.count][random.index(3)];
            job.wanted = [0, 1, job.count][random.index(3)];
            if job.demand.compute_mops > 0 && random.below(3) == 0 {
                job.term = Term::Work(1 + AMOUNTS[random.index(AMOUNTS.len())].min(AMOUNT_MAX - 1));
                job.deadline = job.earliest.after(SPAN_MAX);
            }
        }
        checked(&instance(fleet(2, 2, |at| memory[at as usize]), jobs));
    }
}
