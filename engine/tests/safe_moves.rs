//! A fleet is planned, loses capacity while the plan runs, and is planned again: whatever moves, moves in a safe order.

#![expect(clippy::unwrap_used, reason = "the helpers of tests unwrap as tests do")]

use lessor_datasets::generate::{Family, Scenario};
use lessor_engine::planner::{Method, PlannerOptions, Stops, plan};
use lessor_models::check;
use lessor_models::fleet::{NodeIndex, Owner};
use lessor_models::instance::Instance;
use lessor_models::plan::{CurrentPlacement, Placement, Plan};
use lessor_models::resources::{Resources, UNLIMITED};
use lessor_solver::stop::Stop;

fn planned(instance: &Instance) -> Plan {
    let stop = Stop::new();
    let stops = Stops { bound: &stop, search: &stop, explain: &stop };
    let options = PlannerOptions { method: Method::Auto, seed: 1, work: Some(60), explain_max: 0, memory: None };
    plan(instance, &options, stops, &mut |_| {}).plan
}

/// The instance with what a plan has started by the first instant.
fn running(instance: Instance, plan: &Plan) -> Instance {
    let start = instance.horizon().start;
    let has_begun = plan.placements.iter().filter(|placement| placement.start == start);
    let current = has_begun.map(|&Placement { job, tile, count, devices, .. }| {
        assert!(devices == 0 || count == 1, "devices are held one capsule a row");
        CurrentPlacement { job, tile, count, devices }
    });
    let current = current.collect();
    instance.with_current(current).unwrap()
}

/// Every third tile loses a third of what it has, every seventh takes nothing new.
fn degrade(instance: &mut Instance) {
    let tiles: Vec<NodeIndex> = instance.fleet().tiles().collect();
    for tile in tiles.iter().step_by(3).copied() {
        let base = instance.fleet().base_capacity(Owner::Node(tile));
        let less = Resources(base.0.map(|amount| if amount == UNLIMITED { amount } else { amount / 3 * 2 }));
        instance.fleet_mut().limit(Owner::Node(tile), &less);
    }
    tiles.iter().step_by(7).for_each(|&tile| instance.fleet_mut().close(tile));
}

#[test]
fn whatever_a_plan_moves_it_moves_in_a_safe_order() {
    for family in [Family::Small, Family::Mixed, Family::Devices] {
        for seed in 0..3 {
            let scenario = Scenario { family, load_permille: 800, job_classes: 25, ..Scenario::new(40, seed) };
            let instance = scenario.generate().unwrap();
            let first = planned(&instance);
            let mut instance = running(instance, &first);
            degrade(&mut instance);
            let second = planned(&instance);
            assert_eq!(check::violations(&instance, &second.placements), []);
            let found = check::moves::violations(&instance, &second.placements, &second.moves);
            assert_eq!(found, [], "{family:?}, seed {seed}");
            assert!(!second.moves.is_empty(), "{family:?}, seed {seed}: a tile that lost capacity is left");
        }
    }
}
