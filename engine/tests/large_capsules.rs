//! A fleet whose capsules are more than half a tile each: the plan is near its bound, which capacity alone would double.

#![expect(clippy::unwrap_used, reason = "the helpers of tests unwrap as tests do")]

use lessor_engine::planner::{Method, Outcome, PlannerOptions, Stops, plan};
use lessor_models::fleet::{ClassIndex, Fleet, FleetParts, Level, NodeColumns};
use lessor_models::instance::Instance;
use lessor_models::job::{Demand, Job};
use lessor_models::objective::Weights;
use lessor_models::resources::{Kind, Resources};
use lessor_models::tile_class::TileClass;
use lessor_models::time::{Span, Timestamp};
use lessor_solver::support::stop::Stop;

const TILES: u32 = 400;

/// Four cells of a hundred tiles of 1,000 Mop/s and 1,000 bytes.
fn fleet() -> Fleet {
    let mut nodes = NodeColumns::default();
    let mut add = |parent, level, capacity| {
        nodes.names.push(format!("n{}", nodes.names.len()));
        nodes.parents.push(parent);
        nodes.levels.push(level);
        nodes.classes.push((level == Level::Tile).then_some(ClassIndex(0)));
        nodes.capacities.push(capacity);
        nodes.uplink_delays_us.push(0);
    };
    (0..4).for_each(|_| add(None, Level::Cell, Resources::UNLIMITED));
    let tile = Resources::UNLIMITED.with(Kind::Compute, 1_000).with(Kind::Memory, 1_000);
    (0..TILES).for_each(|at| add(Some(at % 4), Level::Tile, tile));
    Fleet::new(FleetParts { nodes, classes: vec![TileClass::plain("plain")], ..FleetParts::default() }).unwrap()
}

/// Twice as many capsules as tiles, each 510 to 600 of memory or of compute, and a little of the other.
fn jobs() -> Vec<Job> {
    let sized = |at: u32| {
        let (large, little) = (u64::from(510 + at * 7 % 90), u64::from(20 + at * 13 % 80));
        let (compute_mops, memory_bytes) = if at.is_multiple_of(4) { (large, little) } else { (little, large) };
        let demand = Demand { compute_mops, memory_bytes, ..Demand::default() };
        let bid = 1_000_000 + 9_000 * u64::from(at * 31 % 100);
        Job { count: TILES / 50, bid, demand, ..Job::empty(Timestamp(0), Span(3_600_000_000)) }
    };
    (0..100).map(sized).collect()
}

fn planned() -> Outcome {
    let names = (0..100).map(|at| format!("j{at}")).collect();
    let weights =
        Weights { energy_price: 0, thermal_price: 0, latency_price: 0, risk_permille: 0, ..Weights::default() };
    let instance = Instance::new(fleet(), names, jobs(), weights).unwrap();
    let stop = Stop::new();
    let stops = Stops::one(&stop);
    plan(&instance, &PlannerOptions { method: Method::Auto, seed: 1, work: Some(0), memory: None }, stops, &mut |_| {})
}

#[test]
fn a_plan_of_large_capsules_is_within_two_percent_of_its_bound() {
    let outcome = planned();
    let gap = outcome.gap().unwrap();
    assert!((0.0..0.02).contains(&gap), "a gap of {gap}");
    assert!(!outcome.certificate.unwrap().0.shapes.is_empty(), "capacity alone does not prove it");
}
