//! Reservations, and what fills in around them: the recipe of docs/schema.md.

#![expect(clippy::unwrap_used, reason = "the helpers of tests unwrap as tests do")]

use std::ops::Range;

use lessor_engine::planner::{Method, PlannerOptions, Stops, plan};
use lessor_models::check;
use lessor_models::fleet::{ClassIndex, Fleet, FleetParts, Level, NodeColumns, NodeIndex, Owner};
use lessor_models::instance::Instance;
use lessor_models::job::{Demand, Job, ServiceClass};
use lessor_models::objective::Weights;
use lessor_models::resources::{Kind, Resources};
use lessor_models::tile_class::TileClass;
use lessor_models::time::{MICROS_PER_HOUR, Span, Timestamp};
use lessor_solver::support::stop::Stop;

const WHOLE: u64 = 1_000;

/// What is reserved, in hours.
const RESERVED: Range<u64> = 4..6;

fn hour(count: u64) -> Timestamp {
    Timestamp(0).after(Span(count * MICROS_PER_HOUR))
}

/// One tile.
fn tile() -> FleetParts {
    let nodes = NodeColumns {
        names: vec!["tile".to_owned()],
        parents: vec![None],
        levels: vec![Level::Tile],
        classes: vec![Some(ClassIndex(0))],
        capacities: vec![Resources::UNLIMITED.with(Kind::Compute, WHOLE)],
        uplink_delays_us: vec![0],
    };
    FleetParts { nodes, classes: vec![TileClass::plain("plain")], ..FleetParts::default() }
}

/// A job that may run within twelve hours.
fn job(compute_mops: u64, hours: u64, bid: u64) -> Job {
    let demand = Demand { compute_mops, ..Demand::default() };
    Job { count: 1, bid, demand, deadline: hour(12), ..Job::empty(Timestamp(0), Span(hours * MICROS_PER_HOUR)) }
}

/// A long job, two short ones beside which it has no room, and a narrow one: before the reservation there is room for both short
/// ones, one after the other, with the narrow one beside them; the long one must wait until it is over, however much it bids.
fn queue() -> Vec<Job> {
    let before = Job { deadline: hour(RESERVED.start), ..job(400, 4, 300) };
    vec![job(600, 5, 9_000), job(600, 2, 500), job(600, 2, 400), before]
}

/// When each job of an instance is planned to start.
fn starts(parts: FleetParts, jobs: Vec<Job>) -> Vec<Option<Timestamp>> {
    let weights =
        Weights { energy_price: 0, thermal_price: 0, latency_price: 0, risk_permille: 0, ..Weights::default() };
    let names = (0..jobs.len()).map(|at| format!("j{at}")).collect();
    let instance = Instance::new(Fleet::new(parts).unwrap(), names, jobs, weights).unwrap();
    let options = PlannerOptions { method: Method::Auto, seed: 1, work: Some(2_000), memory: None };
    let stop = Stop::new();
    let outcome = plan(&instance, &options, Stops::one(&stop), &mut |_| {});
    assert_eq!(check::violations(&instance, &outcome.plan.placements), []);
    let mut starts = vec![None; instance.jobs().len()];
    outcome.plan.placements.iter().for_each(|placement| starts[placement.job.0 as usize] = Some(placement.start));
    starts
}

fn fill_in_around(starts: &[Option<Timestamp>]) {
    let [long, others @ ..] = starts else { panic!("four jobs wait") };
    assert!(long.is_some_and(|start| start >= hour(RESERVED.end)), "{starts:?}");
    let ends = |(start, hours): (&Option<Timestamp>, u64)| start.unwrap().after(Span(hours * MICROS_PER_HOUR));
    assert!(others.iter().zip([2, 2, 4]).map(ends).all(|end| end <= hour(RESERVED.start)), "{starts:?}");
}

#[test]
fn a_job_whose_window_is_its_term_runs_then_and_others_fill_in_around_it() {
    let reservation = Job {
        service: ServiceClass::A,
        earliest: hour(RESERVED.start),
        deadline: hour(RESERVED.end),
        ..job(WHOLE, RESERVED.end - RESERVED.start, 10_000)
    };
    let jobs = [vec![reservation], queue()].concat();
    let starts = starts(tile(), jobs);
    assert_eq!(starts[0], Some(hour(RESERVED.start)));
    fill_in_around(&starts[1..]);
}

#[test]
fn capacity_that_is_gone_for_a_while_is_a_reservation_for_somebody_else() {
    let reserved = vec![(hour(RESERVED.start), 0), (hour(RESERVED.end), WHOLE)];
    let steps = [((Owner::Node(NodeIndex(0)), Kind::Compute), reserved)].into_iter().collect();
    fill_in_around(&starts(FleetParts { steps, ..tile() }, queue()));
}
