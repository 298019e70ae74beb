//! A plan is carried out up to an instant, and the fleet is planned on from there.

use lessor_datasets::advance::advance;
use lessor_datasets::generate::Scenario;
use lessor_engine::planner::{Method, Outcome, PlannerOptions, Stops, plan};
use lessor_models::check;
use lessor_models::instance::Instance;
use lessor_models::plan::{Placement, Plan};
use lessor_models::time::{MICROS_PER_HOUR, Timestamp};
use lessor_solver::support::stop::Stop;

fn planned(instance: &Instance) -> Outcome {
    let stop = Stop::new();
    let stops = Stops::one(&stop);
    plan(
        instance,
        &PlannerOptions { method: Method::Auto, seed: 1, work: Some(2_000), memory: None },
        stops,
        &mut |_| {},
    )
}

/// What runs stays, and what waits starts when the plan has it.
fn carried_on(instance: &Instance, at: Timestamp) -> Vec<Placement> {
    let runs = instance.current().iter().map(|row| Placement {
        job: row.job,
        tile: row.tile,
        start: at,
        count: row.count,
        devices: row.devices,
    });
    let mut placements: Vec<Placement> = runs.chain(instance.queued().iter().copied()).collect();
    placements.sort_unstable_by_key(|placed| (placed.job, placed.tile, placed.start, placed.devices));
    placements
}

#[test]
fn a_plan_can_be_carried_on_at_any_instant_and_planning_again_is_worth_no_less() {
    for seed in 0..4 {
        let scenario = Scenario {
            job_classes: 25,
            distinct: true,
            steps: true,
            relations: seed % 2 == 1,
            ..Scenario::new(30, seed)
        };
        let instance = scenario.generate().unwrap();
        let Outcome { plan: Plan { placements, .. }, .. } = planned(&instance);
        for hour in [1, 5, 9, 14, 20] {
            let at = Timestamp(instance.horizon().start.0 + i64::try_from(hour * MICROS_PER_HOUR).unwrap() + 77);
            let (now, tally) = advance(&instance, &placements, at).unwrap();
            let asked: u64 = instance.jobs().iter().map(|job| u64::from(job.count)).sum();
            assert_eq!(tally.ended + tally.running + tally.queued + tally.missing + tally.late, asked);
            let carried_on = carried_on(&now, at);
            assert_eq!(check::violations(&now, &carried_on), [], "seed {seed}, hour {hour}");
            let again = planned(&now);
            assert_eq!(check::violations(&now, &again.plan.placements), [], "seed {seed}, hour {hour}");
            assert_eq!(check::moves::violations(&now, &again.plan.placements, &again.plan.moves), []);
            let worth = check::value(&now, &carried_on);
            assert!(again.value >= worth, "seed {seed}, hour {hour}: {} after {worth}", again.value);
        }
    }
}
