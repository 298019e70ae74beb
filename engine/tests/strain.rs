//! Plans where the use of tiles costs, held against every way to place the capsules.

#![expect(clippy::unwrap_used, reason = "the helpers of tests unwrap as tests do")]
use lessor_engine::planner::{Method, Outcome, PlannerOptions, Stops, plan};
use lessor_models::check;
use lessor_models::fleet::{ClassIndex, Fleet, FleetParts, Level, NodeColumns, NodeIndex};
use lessor_models::instance::Instance;
use lessor_models::job::{Demand, Job, JobIndex, Term};
use lessor_models::objective::Weights;
use lessor_models::objective::balance::Balance;
use lessor_models::objective::headroom::Headroom;
use lessor_models::objective::strain;
use lessor_models::plan::{Cure, Placement, Reason};
use lessor_models::resources::{Kind, Resources};
use lessor_models::tile_class::TileClass;
use lessor_models::time::{MICROS_PER_HOUR, Span, Timestamp};
use lessor_solver::support::random::Random;
use lessor_solver::support::stop::Stop;

/// A price of one micro-credit for a unit and an hour.
const UNIT: u64 = 1_000_000;

/// Random instances.
const CASES: u32 = 60;

fn hour(count: i64) -> Timestamp {
    Timestamp(count * i64::try_from(MICROS_PER_HOUR).unwrap())
}

/// Jobs of one capsule and one hour, each of some Mop/s, some bytes and some bid, that end within so many hours; two tiles of
/// 10 Mop/s and 20 bytes.
fn instance(jobs: &[(u64, u64, u64)], hours: i64, weights: Weights) -> Instance {
    let room = Resources::UNLIMITED.with(Kind::Compute, 10).with(Kind::Memory, 20);
    let nodes = NodeColumns {
        names: ["cell", "a", "b"].map(String::from).to_vec(),
        parents: vec![None, Some(0), Some(0)],
        levels: vec![Level::Cell, Level::Tile, Level::Tile],
        classes: vec![None, Some(ClassIndex(0)), Some(ClassIndex(0))],
        capacities: vec![Resources::UNLIMITED, room, room],
        uplink_delays_us: vec![0; 3],
    };
    let parts = FleetParts { nodes, classes: vec![TileClass::plain("plain")], ..FleetParts::default() };
    let job = |&(compute_mops, memory_bytes, bid): &(u64, u64, u64)| Job {
        bid,
        demand: Demand { compute_mops, memory_bytes, ..Demand::default() },
        term: Term::Fixed(Span(MICROS_PER_HOUR)),
        deadline: hour(hours),
        ..Job::empty(hour(0), Span(MICROS_PER_HOUR))
    };
    let names = (0..jobs.len()).map(|at| format!("job-{at}")).collect();
    Instance::new(Fleet::new(parts).unwrap(), names, jobs.iter().map(job).collect(), weights).unwrap()
}

/// A safety capacity of half the compute, and two bytes that belong to each Mop/s.
fn weights(headroom: u64, balance: u64) -> Weights {
    let headroom = Headroom { kind: Kind::Compute, safe_permille: 500, price: headroom * UNIT };
    let balance =
        Balance { of: Kind::Compute, kept: Kind::Memory, target_per_billion: 2_000_000_000, price: balance * UNIT };
    Weights {
        headroom: vec![headroom],
        balance: vec![balance],
        energy_price: 0,
        risk_permille: 0,
        ..Weights::default()
    }
}

fn planned(instance: &Instance) -> Outcome {
    let (a, b, c) = (Stop::new(), Stop::new(), Stop::new());
    let stops = Stops { bound: &a, search: &b, fill: &b, explain: &c };
    let options = PlannerOptions { method: Method::Auto, seed: 1, work: Some(40_000), memory: None };
    plan(instance, &options, stops, &mut |_| {})
}

/// The most that any placing of whole hours is worth, by trying all of them.
fn best(instance: &Instance, hours: i64, from: usize, taken: &mut Vec<Placement>) -> i128 {
    if from == instance.jobs().len() {
        let is_feasible = check::violations(instance, taken).is_empty();
        return if is_feasible { check::value(instance, taken) } else { 0 };
    }
    let mut most = best(instance, hours, from + 1, taken);
    for (tile, start) in [1, 2].into_iter().flat_map(|tile| (0..hours).map(move |at| (NodeIndex(tile), hour(at)))) {
        taken.push(Placement { job: JobIndex(u32::try_from(from).unwrap()), tile, start, count: 1, devices: 0 });
        most = most.max(best(instance, hours, from + 1, taken));
        taken.pop();
    }
    most
}

#[test]
fn plans_weigh_what_they_strain_and_no_plan_beats_the_bound() {
    let mut random = Random::new(5);
    let (mut reached, mut strained, mut total, mut most) = (0, 0, 0, 0);
    for case in 0..CASES {
        let mut job = || (1 + random.below(7), 1 + random.below(15), 1 + random.below(60));
        let jobs = [job(), job(), job(), job()];
        let hours = if case % 2 == 0 { 1 } else { 2 };
        let instance = instance(&jobs, hours, weights(random.below(12), random.below(6)));
        let best = best(&instance, hours, 0, &mut Vec::new());
        let outcome = planned(&instance);
        assert_eq!(check::violations(&instance, &outcome.plan.placements), vec![], "case {case}");
        assert_eq!(outcome.value, check::value(&instance, &outcome.plan.placements), "case {case}");
        let (_, bound) = outcome.certificate.unwrap();
        assert!(outcome.value <= best && best <= bound, "case {case}: {} to {best} to {bound}", outcome.value);
        reached += u32::from(outcome.value == best);
        (total, most) = (total + outcome.value, most + best);
        let costs = strain::cost(&instance, &outcome.plan.placements);
        strained += u32::from(costs.headroom + costs.balance > 0);
    }
    assert!(reached >= CASES * 9 / 10, "{reached} of {CASES} are the best");
    assert!(total * 100 >= most * 99, "{total} of {most} in all");
    assert!(strained >= CASES / 10, "in {strained} of {CASES} some strain is worth it");
}

#[test]
fn capsules_spread_out_to_keep_their_headroom() {
    // Two of 5 Mop/s fit one tile, and each keeps a tile at its safety capacity.
    let instance = instance(&[(5, 10, 9), (5, 10, 9)], 1, weights(1, 0));
    let outcome = planned(&instance);
    assert_eq!(outcome.value, 18);
    assert_eq!(strain::cost(&instance, &outcome.plan.placements).headroom, 0);
}

#[test]
fn a_capsule_that_strains_tiles_by_more_than_it_bids_is_told_what_it_should_bid() {
    // Each tile holds 5 Mop/s. One of 5 more uses up a reserve of 5, at 4 for each: it must bid 21 in place of 9.
    let instance = instance(&[(5, 10, 100), (5, 10, 100), (5, 10, 9)], 1, weights(4, 0));
    let outcome = planned(&instance);
    assert_eq!(outcome.value, 200);
    let [left] = &outcome.plan.unplaced[..] else { panic!("one is left out: {:?}", outcome.plan.unplaced) };
    assert_eq!((left.job, left.reason, left.cure), (JobIndex(2), Reason::NotWorth, Some(Cure::Bid(12))));
}
