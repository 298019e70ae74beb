//! Plans where the market priced accounts, held against every way to place the capsules.

#![expect(clippy::unwrap_used, reason = "the helpers of tests unwrap as tests do")]
mod whole_hours;

use lessor_engine::planner::Method;
use lessor_models::check;
use lessor_models::fleet::{
    ClassIndex, Fleet, FleetParts, Level, NodeColumns, NodeIndex, Owner, Zone, ZoneIndex, ZoneKind,
};
use lessor_models::instance::Instance;
use lessor_models::job::{Demand, Job, ServiceClass, Term};
use lessor_models::objective::{self, Weights};
use lessor_models::plan::{Price, Reason};
use lessor_models::resources::{Kind, Resources};
use lessor_models::tile_class::TileClass;
use lessor_models::time::{Interval, MICROS_PER_HOUR, Span, Timestamp};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;
use whole_hours::{HOURS, JOBS, best, hour, planned};

const HALL: NodeIndex = NodeIndex(0);
const LEFT: NodeIndex = NodeIndex(1);
const RIGHT: NodeIndex = NodeIndex(2);
const A: NodeIndex = NodeIndex(3);
const B: NodeIndex = NodeIndex(4);

/// What a tile has of memory, and what every capsule takes: a million units.
const MEMORY: u64 = 1_000_000;

/// A hall of two cells that are twins, each with one tile that holds one capsule, and a feed; and bulk jobs of some power and bid.
fn twins(jobs: &[(u64, u64)], deadline: i64) -> Instance {
    let bulk: Vec<_> = jobs.iter().map(|&job| (job, ServiceClass::D)).collect();
    twins_with(&bulk, deadline)
}

/// The same with jobs of any class.
fn twins_with(jobs: &[((u64, u64), ServiceClass)], deadline: i64) -> Instance {
    let room = Resources::UNLIMITED.with(Kind::Memory, MEMORY);
    let free = Resources::UNLIMITED;
    let nodes = NodeColumns {
        names: ["hall", "left", "right", "a", "b"].map(String::from).to_vec(),
        parents: vec![None, Some(0), Some(0), Some(1), Some(2)],
        levels: vec![Level::Cluster, Level::Cell, Level::Cell, Level::Tile, Level::Tile],
        classes: vec![None, None, None, Some(ClassIndex(0)), Some(ClassIndex(0))],
        capacities: vec![free, free, free, room, room],
        uplink_delays_us: vec![0; 5],
    };
    let feed = || Zone { kind: ZoneKind::PowerFeed, capacity: Resources::UNLIMITED, energy_price: None };
    let parts = FleetParts {
        nodes,
        classes: vec![TileClass::plain("plain")],
        zone_names: vec!["feed-left".into(), "feed-right".into()],
        zones: vec![feed(), feed()],
        members: vec![(0, LEFT.0), (1, RIGHT.0)],
        ..FleetParts::default()
    };
    let job = |&((power_kw, bid), service): &((u64, u64), ServiceClass)| Job {
        bid,
        service,
        demand: Demand {
            memory_bytes: MEMORY,
            power_mw: power_kw * 1_000_000,
            bandwidth_bps: [0, 2_000_000, 1_000_000, 0, 0],
            ..Demand::default()
        },
        term: Term::Fixed(Span(MICROS_PER_HOUR)),
        deadline: hour(deadline),
        ..Job::empty(hour(0), Span(MICROS_PER_HOUR))
    };
    let names = (0..jobs.len()).map(|at| format!("job-{at}")).collect();
    let weights = Weights { energy_price: 0, risk_permille: 0, ..Weights::default() };
    Instance::new(Fleet::new(parts).unwrap(), names, jobs.iter().map(job).collect(), weights).unwrap()
}

fn price(owner: Owner, kind: Kind, (start, end): (i64, i64), price: u64) -> Price {
    Price { owner, kind, interval: Interval { start: hour(start), end: hour(end) }, price }
}

/// An account that some capsule debits, with its price in each hour.
fn any_account() -> impl Strategy<Value = (Owner, Kind, Vec<u64>)> {
    let nodes = [HALL, LEFT, RIGHT, A, B].map(Owner::Node);
    let zones = [0, 1].map(|zone| Owner::Zone(ZoneIndex(zone)));
    let owners: Vec<Owner> = nodes.into_iter().chain(zones).collect();
    let hours = proptest::collection::vec(0..900u64, usize::try_from(HOURS).unwrap());
    (select(owners), select(&[Kind::Memory, Kind::Power, Kind::Bandwidth][..]), hours)
}

/// Prices hour by hour, each account once.
fn prices(accounts: &[(Owner, Kind, Vec<u64>)]) -> Vec<Price> {
    let mut seen = Vec::new();
    let mut prices = Vec::new();
    for (owner, kind, hours) in accounts {
        if !seen.contains(&(owner, kind)) {
            seen.push((owner, kind));
            prices.extend((0..).zip(hours).map(|(at, &each)| price(*owner, *kind, (at, at + 1), each)));
        }
    }
    prices
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 24,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(8),
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_plan_under_prices_is_the_best_of_all_and_no_plan_beats_the_bound(
        accounts in proptest::collection::vec(any_account(), 1..6),
        jobs in proptest::collection::vec(((1..4u64, 1..5_000u64), select(&ServiceClass::ALL[..])), JOBS),
    ) {
        let instance = twins_with(&jobs, HOURS).with_prices(&prices(&accounts)).unwrap();
        let best = best(&instance, [A, B], 0, &mut Vec::new());
        let outcome = planned(&instance, Method::Auto);
        let placements = &outcome.plan.placements;
        prop_assert_eq!(check::violations(&instance, placements), vec![]);
        prop_assert_eq!(outcome.value, check::value(&instance, placements));
        prop_assert_eq!(objective::plan_value(&instance, placements), check::value(&instance, placements));
        prop_assert_eq!(outcome.value, best);
        let (_, bound) = outcome.certificate.unwrap();
        prop_assert!(bound >= best, "{bound} below {best}");
    }
}

/// Three jobs for two tiles and one hour: the third has nowhere to go.
const ONE_HOUR: [(u64, u64); 3] = [(1, 3_000), (1, 2_000), (1, 1_000)];

#[test]
fn without_prices_or_at_prices_of_zero_the_plan_is_the_same() {
    let plain = planned(&twins(&ONE_HOUR, 1), Method::Auto);
    let zero =
        [price(Owner::Node(LEFT), Kind::Memory, (0, 6), 0), price(Owner::Zone(ZoneIndex(1)), Kind::Power, (0, 6), 0)];
    for instance in [twins(&ONE_HOUR, 1).with_prices(&[]), twins(&ONE_HOUR, 1).with_prices(&zero)] {
        let again = planned(&instance.unwrap(), Method::Auto);
        assert_eq!((again.plan, again.value), (plain.plan.clone(), plain.value));
        assert_eq!(again.certificate, plain.certificate);
    }
}

#[test]
fn a_dear_zone_sends_jobs_to_its_twin() {
    for (dear, cheap) in [(ZoneIndex(0), B), (ZoneIndex(1), A)] {
        let prices = [price(Owner::Zone(dear), Kind::Power, (0, 1), 400)];
        let instance = twins(&[(1, 1_000)], 1).with_prices(&prices).unwrap();
        let outcome = planned(&instance, Method::Auto);
        let tiles: Vec<NodeIndex> = outcome.plan.placements.iter().map(|placement| placement.tile).collect();
        assert_eq!((tiles, outcome.value), (vec![cheap], 1_000));
        assert_eq!(outcome.certificate.unwrap().1, 1_000, "the bound knows of the twin");
    }
}

#[test]
fn who_bids_less_than_the_price_waits_until_it_is_over_or_stays_out() {
    // Both cells ask 1,500 for their memory in the first hour.
    let dear = [LEFT, RIGHT].map(|cell| price(Owner::Node(cell), Kind::Memory, (0, 1), 1_500));
    let outcome = planned(&twins(&[(1, 1_000)], 1).with_prices(&dear).unwrap(), Method::Auto);
    assert_eq!((outcome.plan.placements.len(), outcome.value), (0, 0));
    let reasons: Vec<Reason> = outcome.plan.unplaced.iter().map(|left| left.reason).collect();
    assert_eq!(reasons, [Reason::NotWorth]);
    let outcome = planned(&twins(&[(1, 1_000)], 2).with_prices(&dear).unwrap(), Method::Auto);
    let starts: Vec<Timestamp> = outcome.plan.placements.iter().map(|placement| placement.start).collect();
    assert_eq!((starts, outcome.value), (vec![hour(1)], 1_000));
}

#[test]
fn what_others_bid_for_an_account_keeps_no_protected_class_out() {
    let dear = [price(Owner::Node(HALL), Kind::Memory, (0, 9), 100_000)];
    let jobs = [((1, 1_000), ServiceClass::A), ((1, 1_000), ServiceClass::B), ((1, 99_999), ServiceClass::C)];
    let instance = twins_with(&jobs, 9).with_prices(&dear).unwrap();
    let outcome = planned(&instance, Method::Auto);
    let placed: Vec<u32> = outcome.plan.placements.iter().map(|placement| placement.job.0).collect();
    assert_eq!((placed, outcome.value), (vec![0, 1], 2_000));
    assert_eq!(outcome.certificate.unwrap().1, 2_000);
}

#[test]
fn tiles_alike_but_for_the_price_of_their_own_accounts_are_told_apart() {
    let own = [price(Owner::Node(A), Kind::Memory, (0, 9), 600)];
    let outcome = planned(&twins(&ONE_HOUR, 1).with_prices(&own).unwrap(), Method::Auto);
    // a costs 600, whoever takes it; the third stays out.
    assert_eq!((outcome.plan.placements.len(), outcome.value), (2, 3_000 + 2_000 - 600));
}
