//! Small fleets, planned until nothing helps any more: no worse than a queue, and nothing left out that there is room for.

#![expect(clippy::unwrap_used, reason = "the helpers of tests unwrap as tests do")]

use lessor_datasets::generate::{Family, Scenario};
use lessor_engine::planner::{Method, Outcome, PlannerOptions, Stops, plan};
use lessor_models::check;
use lessor_models::instance::Instance;
use lessor_models::plan::Reason;
use lessor_solver::support::stop::Stop;

fn planned(instance: &Instance, method: Method) -> Outcome {
    let stop = Stop::new();
    let stops = Stops::one(&stop);
    let options = PlannerOptions { method, seed: 1, work: Some(20_000), memory: None };
    let outcome = plan(instance, &options, stops, &mut |_| {});
    assert_eq!(check::violations(instance, &outcome.plan.placements), []);
    outcome
}

/// Fleets of 40 tiles with rules between jobs, and moves that cost; and smaller ones over time.
fn fleets() -> impl Iterator<Item = Instance> {
    let families = [Family::Small, Family::Mixed, Family::Devices];
    let steady = families.into_iter().flat_map(|family| {
        (6..10).map(move |seed| Scenario {
            family,
            load_permille: 700,
            relations: true,
            moves: true,
            ..Scenario::new(40, seed)
        })
    });
    let timed = families.into_iter().map(|family| Scenario {
        family,
        load_permille: 1_000,
        job_classes: 80,
        relations: true,
        steps: true,
        ..Scenario::new(8, 6)
    });
    steady.chain(timed).map(|scenario| scenario.generate().unwrap())
}

#[test]
fn no_plan_is_worth_less_than_that_of_a_queue() {
    for instance in fleets() {
        let (auto, queued) = (planned(&instance, Method::Auto), planned(&instance, Method::FirstCome));
        assert!(auto.value >= queued.value, "{} is less than {}", auto.value, queued.value);
    }
}

#[test]
fn nothing_is_left_out_that_there_is_room_for() {
    for instance in fleets() {
        let outcome = planned(&instance, Method::Auto);
        let open: Vec<_> = outcome.plan.unplaced.iter().filter(|left| left.reason == Reason::Interrupted).collect();
        assert!(open.is_empty(), "{open:?}");
    }
}

#[test]
fn a_search_alone_betters_first_plans() {
    let alone = [Method::Tiles, Method::Displacement, Method::Rescheduling, Method::Neighborhoods, Method::Reinsertion];
    let mut gains = [0; 5];
    for instance in fleets() {
        let first = planned(&instance, Method::Construction).value;
        for (method, gains) in alone.into_iter().zip(&mut gains) {
            *gains += usize::from(planned(&instance, method).value > first);
        }
    }
    assert!(gains.iter().all(|&gains| gains > 0), "{gains:?}");
}
