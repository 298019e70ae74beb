//! The search over time, round by round.

#![expect(clippy::unwrap_used, reason = "the helpers of tests unwrap as tests do")]

use lessor_datasets::generate::{Family, Scenario, with_current};
use lessor_engine::planner::{Method, PlannerOptions, Stops, plan};
use lessor_models::check;
use lessor_models::fleet::{ClassIndex, Fleet, FleetParts, Level, NodeColumns};
use lessor_models::instance::Instance;
use lessor_models::job::{Demand, Domain, Job, JobIndex, Relation};
use lessor_models::objective::{self, Weights};
use lessor_models::resources::{Kind, Resources};
use lessor_models::tile_class::TileClass;
use lessor_models::time::{Span, Timestamp};
use lessor_solver::lowering::Lowered;
use lessor_solver::lowering::index::TileIndex;
use lessor_solver::plan::assemble;
use lessor_solver::plan::insert;
use lessor_solver::plan::occupancy::{Item, Occupancy};
use lessor_solver::plan::rank::Ranking;
use lessor_solver::plan::running::Running;
use lessor_solver::plan::unruly::drop_unruly;
use lessor_solver::search::Displacement;
use lessor_solver::support::stop::Stop;

fn worth(occupancy: &Occupancy<'_>) -> i128 {
    let lowered = occupancy.lowered();
    let tiles = (0..lowered.tiles.len()).map(TileIndex::new);
    let items = tiles.flat_map(|tile| occupancy.items(tile).iter().map(move |item| (tile, item)));
    let each = |(tile, item): (TileIndex, &Item)| {
        i128::from(lowered.worth_from(item.class, lowered.group_of(tile), item.start)) * i128::from(item.count)
    };
    items.map(each).sum()
}

#[test]
fn every_round_ends_with_the_best_plan_met_and_rounds_gain() {
    for family in Family::ALL {
        let scenario = Scenario { family, steps: true, load_permille: 1_300, job_classes: 60, ..Scenario::new(6, 4) };
        let instance = scenario.generate().expect("a valid scenario");
        let lowered = Lowered::new(&instance);
        let (running, ranking, stop) = (Running::of(&lowered), Ranking::new(&lowered, None), Stop::new());
        let order = ranking.order(&lowered);
        let mut occupancy = Occupancy::new(&lowered);
        insert::insert_missing(&mut occupancy, &order, &ranking, &stop);
        insert::drop_partial_gangs(&mut occupancy);
        let first = worth(&occupancy);
        let mut displacement = Displacement::new(&running, order, 1);
        let mut value = first;
        for round in 0..6 {
            displacement.round(&mut occupancy, value, &stop, 2_000);
            assert!(worth(&occupancy) >= value, "{family:?}, round {round}");
            value = worth(&occupancy);
            assert_eq!(insert::drop_partial_gangs(&mut occupancy), [], "{family:?}, round {round}");
            assert_eq!(insert::drop_orphans(&mut occupancy), [], "{family:?}, round {round}");
        }
        assert!(value > first, "{family:?}");
    }
}

/// A cell with so much power, and two tiles of a class each with so much compute.
fn pair(power_mw: u64, compute: u64) -> FleetParts {
    let mut nodes = NodeColumns::default();
    let cell = Resources::UNLIMITED.with(Kind::Power, power_mw);
    let tile = Resources::UNLIMITED.with(Kind::Compute, compute);
    for (name, class, capacity) in [("cell", None, cell), ("left", Some(0), tile), ("right", Some(1), tile)] {
        nodes.names.push(name.to_owned());
        nodes.parents.push(class.map(|_| 0));
        nodes.levels.push(if class.is_some() { Level::Tile } else { Level::Cell });
        nodes.classes.push(class.map(ClassIndex));
        nodes.capacities.push(capacity);
        nodes.uplink_delays_us.push(0);
    }
    FleetParts { nodes, classes: vec![TileClass::plain("left"), TileClass::plain("right")], ..FleetParts::default() }
}

/// A job that runs on the left tile, or on the right one.
fn job(class: u32, count: u32, (compute_mops, power_mw): (u64, u64), bid: u64) -> Job {
    let demand = Demand { compute_mops, power_mw, ..Demand::default() };
    Job { count, bid, demand, classes: vec![ClassIndex(class)], ..Job::empty(Timestamp(0), Span(1_000_000)) }
}

/// How many capsules of each job are placed once those of the first ones were placed and rounds of displacement followed.
fn displaced(parts: FleetParts, jobs: Vec<Job>, first: usize) -> Vec<u64> {
    let weights =
        Weights { energy_price: 0, thermal_price: 0, latency_price: 0, risk_permille: 0, ..Weights::default() };
    let names = (0..jobs.len()).map(|at| format!("j{at}")).collect();
    let instance = Instance::new(Fleet::new(parts).unwrap(), names, jobs, weights).unwrap();
    let lowered = Lowered::new(&instance);
    let (running, ranking, stop) = (Running::of(&lowered), Ranking::new(&lowered, None), Stop::new());
    let mut occupancy = Occupancy::new(&lowered);
    insert::insert_missing(&mut occupancy, &lowered.class_of_job[..first], &ranking, &stop);
    let mut displacement = Displacement::new(&running, ranking.order(&lowered), 1);
    let value = worth(&occupancy);
    displacement.round(&mut occupancy, value, &stop, 200);
    lowered.class_of_job.iter().map(|&class| occupancy.placed(class)).collect()
}

#[test]
fn capsules_on_another_tile_give_way_where_the_cell_is_short() {
    // Two cheap capsules on the left take 80 of 100 watts; the dear one on the right needs 60.
    let jobs = vec![job(0, 2, (1, 40_000), 10), job(1, 1, (1, 60_000), 1_000)];
    assert_eq!(displaced(pair(100_000, 10), jobs, 1), [1, 1]);
}

#[test]
fn capsules_that_another_job_avoids_give_way() {
    // The last job may not be where the first one runs; that is no reason for the first one to stay.
    let apart = Relation { job: JobIndex(0), domain: Domain::Level(Level::Tile) };
    let shy = Job { anti_affinity: Some(apart), ..job(1, 1, (1, 1), 5) };
    let jobs = vec![job(0, 3, (3, 1), 10), job(0, 1, (7, 1), 1_000), shy];
    assert_eq!(displaced(pair(100_000, 10), jobs, 1), [1, 1, 1]);
}

/// A job near the first one, on its tile.
fn follower() -> Job {
    let near = Relation { job: JobIndex(0), domain: Domain::Level(Level::Tile) };
    Job { affinity: Some(near), ..job(0, 1, (1, 1), 5_000) }
}

#[test]
fn the_last_capsule_that_another_job_must_be_near_stays() {
    // Whoever is dear needs the room of one of the first job's two capsules, or of both.
    let first = job(0, 2, (4, 1), 10);
    assert_eq!(displaced(pair(100_000, 10), vec![first.clone(), follower(), job(0, 1, (5, 1), 1_000)], 2), [1, 1, 1]);
    assert_eq!(displaced(pair(100_000, 10), vec![first, follower(), job(0, 1, (9, 1), 1_000)], 2), [2, 1, 0]);
}

#[test]
fn a_follower_never_takes_the_place_of_the_capsule_that_it_must_be_near() {
    assert_eq!(displaced(pair(100_000, 4), vec![job(0, 1, (4, 1), 10), follower()], 1), [1, 0]);
}

#[test]
fn gangs_shrink_or_leave_whole_and_a_bonus_keeps_what_earns_it() {
    let dear = job(0, 2, (3, 1), 1_000);
    let gang = Job { gang_min: 2, ..job(0, 3, (3, 1), 10) };
    assert_eq!(displaced(pair(100_000, 9), vec![gang.clone(), Job { count: 1, ..dear.clone() }], 1), [2, 1]);
    assert_eq!(displaced(pair(100_000, 9), vec![gang.clone(), dear.clone()], 1), [0, 2]);
    let worthy = Job { bid: 600, ..gang };
    assert_eq!(displaced(pair(100_000, 9), vec![worthy, dear.clone()], 1), [2, 1]);
    let rewarded = Job { wanted: 2, bonus: 100_000, ..job(0, 3, (3, 1), 10) };
    assert_eq!(displaced(pair(100_000, 9), vec![rewarded, dear], 1), [2, 1]);
}

#[test]
fn a_capsule_that_completes_a_job_is_worth_its_bonus() {
    // It bids less than what it displaces, and one more than is wanted would be worth no more.
    let rewarded = Job { wanted: 2, bonus: 5_000, ..job(0, 3, (5, 1), 10) };
    let first = job(0, 2, (5, 1), 1_000);
    assert_eq!(displaced(pair(100_000, 15), vec![first, rewarded], 2), [1, 2]);
}

/// What a plan is worth with its bonuses.
fn worth_with_bonuses(occupancy: &Occupancy<'_>) -> i128 {
    let lowered = occupancy.lowered();
    let bonus = |class| {
        let jobs = assemble::per_job(lowered, class, occupancy.placed(class));
        jobs.into_iter()
            .map(|(_, placed)| i128::from(objective::value::bonus(lowered.job(class), placed)))
            .sum::<i128>()
    };
    worth(occupancy) + lowered.class_indexes().map(bonus).sum::<i128>()
}

#[test]
fn rounds_keep_every_rule_and_say_what_the_plan_is_worth() {
    for seed in 1..=6 {
        let scenario = Scenario {
            steps: true,
            relations: true,
            distinct: true,
            load_permille: 1_300,
            job_classes: 60,
            ..Scenario::new(12, seed)
        };
        let instance = scenario.generate().expect("a valid scenario");
        let lowered = Lowered::new(&instance);
        let (running, ranking, stop) = (Running::of(&lowered), Ranking::new(&lowered, None), Stop::new());
        let order = ranking.order(&lowered);
        let mut occupancy = Occupancy::new(&lowered);
        insert::insert_missing(&mut occupancy, &order, &ranking, &stop);
        while !drop_unruly(&mut occupancy, &ranking).is_empty() {}
        let mut displacement = Displacement::new(&running, order, seed);
        for round in 0..6 {
            let value = worth_with_bonuses(&occupancy);
            displacement.round(&mut occupancy, value, &stop, 2_000);
            assert!(worth_with_bonuses(&occupancy) >= value, "seed {seed}, round {round}");
            let broken = check::violations(&instance, &assemble::placements(&occupancy));
            assert_eq!(broken, [], "seed {seed}, round {round}");
        }
    }
}

#[test]
fn what_others_must_be_near_does_not_keep_dear_work_out_of_a_plan() {
    // Most tiles with devices are full of a job that another one follows, and those who bid several times as much want them.
    let scenario = Scenario {
        load_permille: 1_100,
        job_classes: 150,
        distinct: true,
        steps: true,
        relations: true,
        moves: true,
        ..Scenario::new(300, 945)
    };
    let instance = with_current(scenario.generate().expect("a valid scenario"), 100, 945).expect("a valid scenario");
    let stop = Stop::new();
    let stops = Stops::one(&stop);
    let options = PlannerOptions { method: Method::Auto, seed: 1, work: Some(30_000), memory: None };
    let outcome = plan(&instance, &options, stops, &mut |_| {});
    assert_eq!(check::violations(&instance, &outcome.plan.placements), []);
    let bound = outcome.certificate.expect("a bound").1;
    assert!(outcome.value * 100 >= bound * 88, "{} of {bound}", outcome.value);
}
