//! Plans where energy is dearer at one time than at another, held against every way to place the capsules.

#![expect(clippy::unwrap_used, reason = "the helpers of tests unwrap as tests do")]
mod whole_hours;

use std::collections::BTreeMap;

use lessor_engine::planner::Method;
use lessor_models::check;
use lessor_models::fleet::{
    ClassIndex, Fleet, FleetParts, Level, NodeColumns, NodeIndex, TariffSteps, Zone, ZoneIndex, ZoneKind,
};
use lessor_models::instance::Instance;
use lessor_models::job::{Demand, Job, Term};
use lessor_models::objective::Weights;
use lessor_models::resources::{Kind, Resources};
use lessor_models::tile_class::TileClass;
use lessor_models::time::{MICROS_PER_HOUR, Span};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use whole_hours::{HOURS, JOBS, best, hour, planned};

/// A job of one capsule that takes a tile for an hour, of some power and bid.
fn job(&(power_kw, bid): &(u64, u64)) -> Job {
    Job {
        bid,
        demand: Demand { memory_bytes: 10, power_mw: power_kw * 1_000_000, ..Demand::default() },
        term: Term::Fixed(Span(MICROS_PER_HOUR)),
        deadline: hour(HOURS),
        ..Job::empty(hour(0), Span(MICROS_PER_HOUR))
    }
}

/// Two tiles that hold one capsule each, on two grids of their own prices by the hour, and jobs.
fn instance(prices: [Vec<u64>; 2], jobs: Vec<Job>) -> Instance {
    let room = Resources::UNLIMITED.with(Kind::Memory, 10);
    let nodes = NodeColumns {
        names: ["cell", "a", "b"].map(String::from).to_vec(),
        parents: vec![None, Some(0), Some(0)],
        levels: vec![Level::Cell, Level::Tile, Level::Tile],
        classes: vec![None, Some(ClassIndex(0)), Some(ClassIndex(0))],
        capacities: vec![Resources::UNLIMITED, room, room],
        uplink_delays_us: vec![0; 3],
    };
    let grid = || Zone { kind: ZoneKind::PowerFeed, capacity: Resources::UNLIMITED, energy_price: None };
    let steps = |prices: Vec<u64>| (0..).map(hour).zip(prices).collect::<Vec<_>>();
    let [of_a, of_b] = prices.map(steps);
    // What the first grid's energy costs as money, the second's costs as emissions.
    let tariffs = BTreeMap::from([
        (ZoneIndex(0), TariffSteps { energy_price: of_a, carbon: Vec::new() }),
        (ZoneIndex(1), TariffSteps { energy_price: vec![(hour(0), 0)], carbon: of_b }),
    ]);
    let parts = FleetParts {
        nodes,
        classes: vec![TileClass::plain("plain")],
        zone_names: vec!["grid-a".into(), "grid-b".into()],
        zones: vec![grid(), grid()],
        members: vec![(0, 1), (1, 2)],
        tariffs,
        ..FleetParts::default()
    };
    let names = (0..jobs.len()).map(|at| format!("job-{at}")).collect();
    // A milligram costs as much as the price says.
    let weights = Weights { carbon_price: 1_000_000, risk_permille: 0, ..Weights::default() };
    Instance::new(Fleet::new(parts).unwrap(), names, jobs, weights).unwrap()
}

fn any_prices() -> impl Strategy<Value = Vec<u64>> {
    proptest::collection::vec(0..900u64, usize::try_from(HOURS).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 24,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(5),
        ..ProptestConfig::default()
    })]

    #[test]
    fn plans_run_when_energy_is_cheap_and_no_plan_beats_the_bound(
        a in any_prices(),
        b in any_prices(),
        jobs in proptest::collection::vec((1..9u64, 1..5_000u64), JOBS),
    ) {
        let instance = instance([a, b], jobs.iter().map(job).collect());
        let best = best(&instance, [NodeIndex(1), NodeIndex(2)], 0, &mut Vec::new());
        let outcome = planned(&instance, Method::Auto);
        prop_assert_eq!(check::violations(&instance, &outcome.plan.placements), vec![]);
        prop_assert_eq!(outcome.value, check::value(&instance, &outcome.plan.placements));
        prop_assert_eq!(outcome.value, best);
        let (_, bound) = outcome.certificate.unwrap();
        prop_assert!(bound >= best, "{bound} below {best}");
        let first_come = planned(&instance, Method::FirstCome);
        prop_assert_eq!(check::violations(&instance, &first_come.plan.placements), vec![]);
        prop_assert!(first_come.value <= best);
    }
}

#[test]
fn first_come_takes_the_first_hours_whatever_they_cost() {
    let jobs = [(1, 5_000), (2, 6_000), (3, 7_000)].iter().map(job).collect();
    let instance = instance([vec![900, 1, 1, 1, 1, 1], vec![900, 1, 1, 1, 1, 1]], jobs);
    let outcome = planned(&instance, Method::FirstCome);
    let mut seats: Vec<(u32, i64)> =
        outcome.plan.placements.iter().map(|placement| (placement.job.0, placement.start.0 / hour(1).0)).collect();
    seats.sort_unstable();
    assert_eq!(seats, [(0, 0), (1, 0), (2, 1)]);
    // The planner waits an hour.
    assert!(planned(&instance, Method::Auto).plan.placements.iter().all(|placement| placement.start >= hour(1)));
}

#[test]
fn a_gang_or_a_bonus_pays_for_a_capsule_that_costs_more_than_it_bids() {
    // Two of three run while energy costs one; the third costs 500 and bids 300.
    let dear = || vec![1, 500, 900, 900, 900, 900];
    let gang = Job { count: 3, gang_min: 3, ..job(&(1, 300)) };
    let bonus = Job { count: 3, wanted: 3, bonus: 450, ..job(&(1, 300)) };
    for (work, worth) in [(gang, 398), (bonus, 848)] {
        let outcome = planned(&instance([dear(), dear()], vec![work]), Method::Auto);
        assert_eq!((outcome.value, outcome.certificate.is_some_and(|(_, bound)| bound >= worth)), (worth, true));
    }
}
