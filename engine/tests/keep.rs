//! A fleet is planned again from what its last plan runs: little moves, and nothing for nothing.

#![expect(clippy::unwrap_used, reason = "the helpers of tests unwrap as tests do")]

use lessor_datasets::generate::{Family, Scenario};
use lessor_engine::planner::{Method, Outcome, PlannerOptions, Stops, plan};
use lessor_models::check;
use lessor_models::fleet::{ClassIndex, Fleet, FleetParts, Level, NodeColumns, NodeIndex, Owner};
use lessor_models::instance::Instance;
use lessor_models::job::{Job, JobIndex};
use lessor_models::objective::Weights;
use lessor_models::plan::{CurrentPlacement, Placement, Plan};
use lessor_models::resources::{Kind, Kinds, Resources};
use lessor_models::tile_class::TileClass;
use lessor_models::time::{MICROS_PER_HOUR, Span, Timestamp};
use lessor_solver::support::stop::Stop;

fn planned(instance: &Instance) -> Outcome {
    planned_with(instance, 200)
}

fn planned_with(instance: &Instance, work: u64) -> Outcome {
    let stop = Stop::new();
    let options = PlannerOptions { method: Method::Auto, seed: 1, work: Some(work), memory: None };
    plan(instance, &options, Stops::one(&stop), &mut |_| {})
}

fn generated(family: Family, seed: u64, load_permille: u32) -> Instance {
    Scenario { family, load_permille, job_classes: 25, ..Scenario::new(40, seed) }.generate().unwrap()
}

/// The instance with all of a plan running, and moves at so many times their cost.
fn running(instance: &Instance, plan: &Plan, factor: u32) -> Instance {
    let as_current =
        |&Placement { job, tile, count, devices, .. }: &Placement| CurrentPlacement { job, tile, count, devices };
    let weights = Weights { moves_permille: 1_000 * factor, ..instance.weights().clone() };
    let current = plan.placements.iter().map(as_current).collect();
    instance.clone().with_weights(weights).with_current(current).unwrap()
}

fn check(instance: &Instance, outcome: &Outcome) {
    let Plan { placements, moves, .. } = &outcome.plan;
    assert_eq!(check::violations(instance, placements), []);
    assert_eq!(check::moves::violations(instance, placements, moves), []);
    assert!(outcome.certificate.as_ref().unwrap().1 >= outcome.value);
}

#[test]
fn where_nothing_changed_nothing_moves_and_nothing_is_lost() {
    for (family, load_permille) in [(Family::Small, 800), (Family::Mixed, 1_300), (Family::Devices, 1_100)] {
        for seed in 0..2 {
            let instance = generated(family, seed, load_permille);
            let first = planned(&instance);
            for factor in [1, 10] {
                let again = running(&instance, &first.plan, factor);
                let second = planned(&again);
                check(&again, &second);
                assert_eq!(second.plan.moves, [], "{family:?}, seed {seed}, factor {factor}");
                assert!(second.value >= first.value, "{family:?}, seed {seed}, factor {factor}");
            }
        }
    }
}

#[test]
fn where_a_tile_is_lost_only_what_was_on_it_moves() {
    for seed in 0..3 {
        let instance = generated(Family::Mixed, seed, 800);
        let first = planned(&instance);
        let mut again = running(&instance, &first.plan, 10);
        let lost = first.plan.placements[0].tile;
        let nothing = again.fleet().base_capacity(Owner::Node(lost)).with(Kind::Memory, 0);
        again.fleet_mut().limit(Owner::Node(lost), &nothing);
        let second = planned(&again);
        check(&again, &second);
        let left: Vec<_> = second.plan.moves.iter().map(|change| change.from.tile).collect();
        assert!(!left.is_empty() && left.iter().all(|&tile| tile == lost), "seed {seed}: {left:?}");
    }
}

/// One tile, on which a job of two hours runs that may be stopped for another one of an hour and started anew.
fn interruptible(move_cost: u64, factor: u32) -> Instance {
    let nodes = NodeColumns {
        names: vec!["tile".into()],
        parents: vec![None],
        levels: vec![Level::Tile],
        classes: vec![Some(ClassIndex(0))],
        capacities: vec![Resources::UNLIMITED.with(Kind::Compute, 10)],
        uplink_delays_us: vec![0],
    };
    let parts = FleetParts { nodes, classes: vec![TileClass::plain("plain")], ..FleetParts::default() };
    let hours = |count: u64| Span(count * MICROS_PER_HOUR);
    let job = |bid, term, window| {
        let mut job = Job { bid, preemptible: true, move_cost, ..Job::empty(Timestamp(0), hours(term)) };
        (job.deadline, job.demand.compute_mops) = (Timestamp(0).after(hours(window)), 10);
        job
    };
    let weights = Weights { energy_price: 0, thermal_price: 0, risk_permille: 0, ..Weights::default() };
    let weights = Weights { moves_permille: 1_000 * factor, ..weights };
    let (names, jobs) = (["runs", "new"].map(String::from).to_vec(), vec![job(1_000_000, 2, 4), job(100_000, 1, 1)]);
    let instance = Instance::new(Fleet::new(parts).unwrap(), names, jobs, weights).unwrap();
    let runs = CurrentPlacement { job: JobIndex(0), tile: NodeIndex(0), count: 1, devices: 0 };
    instance.with_current(vec![runs]).unwrap()
}

#[test]
fn what_runs_is_stopped_and_started_anew_only_where_that_is_worth_a_move() {
    for (move_cost, factor, value) in [(90_000, 1, 1_010_000), (90_000, 2, 1_000_000), (500_000, 1, 1_000_000)] {
        let instance = interruptible(move_cost, factor);
        let outcome = planned_with(&instance, 200_000);
        check(&instance, &outcome);
        assert_eq!((outcome.value, outcome.plan.moves.len()), (value, usize::from(value > 1_000_000)), "{move_cost}");
    }
}

#[test]
fn moves_that_are_free_are_made_for_any_gain_and_dear_ones_are_not() {
    // More is asked for than fits, so some of what runs holds room that is worth more than it.
    let instance = generated(Family::Mixed, 1, 1_300);
    let first = planned(&instance);
    let moves = |factor| {
        let again = running(&instance, &first.plan, factor);
        let second = planned(&again);
        check(&again, &second);
        (second.plan.moves.len(), second.value)
    };
    let [free, dear] = [0, 1_000].map(moves);
    assert!(free.1 >= dear.1 && dear.0 == 0, "free: {free:?}, dear: {dear:?}");
}

#[test]
fn where_moves_are_free_no_plan_is_worth_less_than_if_all_had_stayed() {
    for seed in 0..4 {
        let (family, load_permille) = (Family::Mixed, 1_200);
        let scenario = Scenario { family, load_permille, relations: true, moves: true, ..Scenario::new(120, seed) };
        let instance = scenario.generate().unwrap();
        let jobs = instance.jobs().iter().map(|job| Job { preemptible: true, ..job.clone() }).collect();
        let names = (0..instance.jobs().len()).map(|at| format!("j{at}")).collect();
        // What moves needs its room at both ends meanwhile, so that most orders of many moves lead nowhere.
        let transient = Kinds::NONE.with(Kind::Memory).with(Kind::Compute);
        let weights = Weights { transient, ..instance.weights().clone() };
        let instance = Instance::new(instance.fleet().clone(), names, jobs, weights).unwrap();
        let first = planned(&instance);
        let [free, dear] = [0, 1_000].map(|factor| {
            let again = running(&instance, &first.plan, factor);
            let second = planned(&again);
            check(&again, &second);
            second
        });
        assert_eq!(dear.plan.moves, [], "seed {seed}");
        assert!(free.value >= dear.value, "seed {seed}: {} is less than {}", free.value, dear.value);
    }
}

#[test]
fn an_earlier_plan_is_taken_up_as_it_was() {
    for (tiles, seed) in [(6, 100), (6, 103), (10, 7), (12, 9)] {
        let scenario = Scenario {
            job_classes: 12,
            distinct: true,
            steps: true,
            relations: true,
            moves: true,
            ..Scenario::new(tiles, seed)
        };
        let instance = scenario.generate().unwrap();
        let first = planned(&instance);
        for factor in [10, 1_000, 1_000_000] {
            let again = taken_up(&instance, &first.plan, factor);
            assert!(!again.current().is_empty() && !again.queued().is_empty());
            let second = planned(&again);
            check(&again, &second);
            assert!(
                second.value >= first.value,
                "{tiles} tiles, seed {seed}, factor {factor}: {} is less than {}",
                second.value,
                first.value
            );
        }
    }
}

/// The instance at the instant at which a plan begins: what starts then runs, and the rest is queued.
fn taken_up(instance: &Instance, plan: &Plan, factor: u32) -> Instance {
    let begins = |placement: &&Placement| placement.start == instance.jobs()[placement.job.at()].earliest;
    let start = plan.placements.iter().map(|placement| placement.start).min().unwrap();
    let runs = |placement: &&Placement| begins(placement) && placement.start == start;
    let (running, queued): (Vec<&Placement>, Vec<&Placement>) = plan.placements.iter().partition(runs);
    let as_current =
        |&&Placement { job, tile, count, devices, .. }: &&Placement| CurrentPlacement { job, tile, count, devices };
    let weights = Weights { moves_permille: 1_000 * factor, ..instance.weights().clone() };
    let current = running.iter().map(as_current).collect();
    let again = instance.clone().with_weights(weights).with_current(current).unwrap();
    again.with_queued(queued.into_iter().copied().collect())
}
