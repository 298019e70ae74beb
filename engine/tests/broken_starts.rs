//! Starts that break rules or overdraw accounts: planned feasibly, by safe moves, and about as well as by brute force.

#![expect(clippy::unwrap_used, reason = "the helpers of tests unwrap as tests do")]

use std::collections::BTreeMap;

use lessor_engine::planner::{Method, PlannerOptions, Stops, plan};
use lessor_models::check;
use lessor_models::fleet::{ClassIndex, Fleet, FleetParts, Level, NodeColumns, NodeIndex};
use lessor_models::instance::Instance;
use lessor_models::job::{Domain, Job, JobIndex, Relation, Spread};
use lessor_models::objective::Weights;
use lessor_models::plan::{CurrentPlacement, Placement, Plan};
use lessor_models::resources::{Kind, Kinds, Resources};
use lessor_models::tile_class::TileClass;
use lessor_models::time::{Span, Timestamp};
use lessor_solver::support::random::Random;
use lessor_solver::support::stop::Stop;

/// Two cells of two tiles: nodes 0 and 1, and tiles 2 to 5.
const TILES: [NodeIndex; 4] = [NodeIndex(2), NodeIndex(3), NodeIndex(4), NodeIndex(5)];

fn instance(capacities: [u64; 4], jobs: Vec<Job>, runs: &[(u32, usize, u32)], closed: &[usize]) -> Instance {
    let compute = |&amount: &u64| Resources::UNLIMITED.with(Kind::Compute, amount);
    let tile = Some(ClassIndex(0));
    let nodes = NodeColumns {
        names: ["left", "right", "a", "b", "c", "d"].map(String::from).to_vec(),
        parents: vec![None, None, Some(0), Some(0), Some(1), Some(1)],
        levels: [[Level::Cell; 2].as_slice(), &[Level::Tile; 4]].concat(),
        classes: vec![None, None, tile, tile, tile, tile],
        capacities: [[Resources::UNLIMITED; 2].as_slice(), &capacities.each_ref().map(compute)].concat(),
        uplink_delays_us: vec![0; 6],
    };
    let parts = FleetParts { nodes, classes: vec![TileClass::plain("plain")], ..FleetParts::default() };
    let mut fleet = Fleet::new(parts).unwrap();
    closed.iter().for_each(|&at| fleet.close(TILES[at]));
    let names = (0..jobs.len()).map(|at| format!("j{at}")).collect();
    let run = |&(job, at, count): &(u32, usize, u32)| CurrentPlacement {
        job: JobIndex(job),
        tile: TILES[at],
        count,
        devices: 0,
    };
    let free = Weights { energy_price: 0, thermal_price: 0, risk_permille: 0, ..Weights::default() };
    let instance = Instance::new(fleet, names, jobs, free).unwrap();
    instance.with_current(runs.iter().map(run).collect()).unwrap()
}

/// Capsules of so many Mop/s that bid a thousand each and move at ten.
fn job(count: u32, mops: u64) -> Job {
    let mut job = Job { count, bid: 1_000, move_cost: 10, ..Job::empty(Timestamp(0), Span(1_000)) };
    job.demand.compute_mops = mops;
    job
}

/// A plan that its checks passed, moves and reasons included.
fn checked(instance: &Instance) -> Plan {
    let stop = Stop::new();
    let stops = Stops::one(&stop);
    let options = PlannerOptions { method: Method::Auto, seed: 1, work: Some(4_000), memory: None };
    let plan = plan(instance, &options, stops, &mut |_| {}).plan;
    assert_eq!(check::violations(instance, &plan.placements), []);
    assert_eq!(check::moves::violations(instance, &plan.placements, &plan.moves), [], "{:?}", plan.moves);
    let mut missing: BTreeMap<JobIndex, u32> = BTreeMap::new();
    for (index, job) in (0..).map(JobIndex).zip(instance.jobs()) {
        let placed: u32 = plan.placements.iter().filter(|placed| placed.job == index).map(|placed| placed.count).sum();
        missing.extend((placed < job.count).then_some((index, job.count - placed)));
    }
    let named = plan.unplaced.iter().map(|unplaced| (unplaced.job, unplaced.count)).collect();
    assert_eq!(missing, named, "what cannot be mended is named");
    plan
}

/// How many capsules of a job each tile has.
fn held(plan: &Plan, job: u32) -> [u32; 4] {
    TILES.map(|tile| {
        let here = plan.placements.iter().filter(|placed| (placed.job, placed.tile) == (JobIndex(job), tile));
        here.map(|placed| placed.count).sum()
    })
}

#[test]
fn an_overdrawn_tile_is_left_by_as_few_as_it_takes() {
    let plan = checked(&instance([4, 4, 0, 0], vec![job(3, 2)], &[(0, 0, 3)], &[]));
    assert_eq!(held(&plan, 0), [2, 1, 0, 0]);
    // Where nothing else has room one stops, and is named.
    let plan = checked(&instance([4, 0, 0, 0], vec![job(3, 2)], &[(0, 0, 3)], &[]));
    assert_eq!((held(&plan, 0), plan.unplaced.len()), ([2, 0, 0, 0], 1));
}

#[test]
fn a_broken_spread_is_mended_by_as_few_moves_as_it_takes() {
    let most = Spread::at_most(Domain::Level(Level::Tile), 1);
    let plan = checked(&instance([9; 4], vec![Job { spread: Some(most), ..job(3, 2) }], &[(0, 0, 2), (0, 1, 1)], &[]));
    assert_eq!((&held(&plan, 0)[..2], plan.moves.len()), (&[1, 1][..], 1));
    let least = Spread::over(Domain::Level(Level::Cell), 2);
    let plan = checked(&instance([9; 4], vec![Job { spread: Some(least), ..job(4, 2) }], &[(0, 0, 3), (0, 1, 1)], &[]));
    assert_eq!((held(&plan, 0)[2..].iter().sum::<u32>(), plan.moves.len()), (1, 1));
    // No room in the other cell: one location holds one capsule, and the others stop.
    let full = instance([9, 9, 0, 0], vec![Job { spread: Some(least), ..job(3, 2) }], &[(0, 0, 3)], &[]);
    let plan = checked(&full);
    assert_eq!((held(&plan, 0), plan.unplaced[0].count), ([1, 0, 0, 0], 2));
}

#[test]
fn what_may_not_be_preempted_stays_before_what_may() {
    let preemptible = Job { preemptible: true, ..job(1, 6) };
    let jobs = vec![job(1, 4), Job { bid: 9_000, ..preemptible.clone() }, job(1, 5)];
    let plan = checked(&instance([10, 0, 0, 0], jobs, &[(0, 0, 1), (1, 0, 1), (2, 0, 1)], &[]));
    assert_eq!([0, 1, 2].map(|job| held(&plan, job)[0]), [1, 0, 1]);
    // Nor does what it must be near give way to work that is worth more.
    let near = Some(Relation { job: JobIndex(0), domain: Domain::Level(Level::Tile) });
    let jobs = vec![preemptible, Job { affinity: near, ..job(1, 2) }, Job { bid: 90_000, ..job(1, 8) }];
    let plan = checked(&instance([10, 0, 0, 0], jobs, &[(0, 0, 1), (1, 0, 1)], &[]));
    assert_eq!([0, 1, 2].map(|job| held(&plan, job)[0]), [1, 1, 0]);
}

#[test]
fn what_may_not_be_preempted_spreads_out_before_others_take_the_room() {
    // Both capsules run in one cell, and the other cell is full of what may be preempted.
    let apart = Job { spread: Some(Spread::over(Domain::Level(Level::Cell), 2)), ..job(2, 2) };
    let preemptible = Job { bid: 9_000, preemptible: true, ..job(2, 9) };
    let plan = checked(&instance([9; 4], vec![apart, preemptible], &[(0, 0, 2), (1, 2, 1), (1, 3, 1)], &[]));
    let placed = held(&plan, 0);
    assert_eq!((placed[0] + placed[1], placed[2] + placed[3]), (1, 1));
}

#[test]
fn what_is_not_worth_the_move_that_mends_a_rule_stops() {
    let dear = |spread| Job { spread: Some(spread), move_cost: 5_000, preemptible: true, ..job(2, 2) };
    for spread in [Spread::at_most(Domain::Level(Level::Tile), 1), Spread::over(Domain::Level(Level::Cell), 2)] {
        let plan = checked(&instance([9; 4], vec![dear(spread)], &[(0, 0, 2)], &[]));
        assert_eq!((held(&plan, 0), plan.moves.len(), plan.unplaced[0].count), ([1, 0, 0, 0], 1, 1), "{spread:?}");
    }
    // Nor does it join others of its job where they run.
    let jobs = vec![Job { spread: None, count: 3, ..dear(Spread::at_most(Domain::Level(Level::Tile), 1)) }];
    let plan = checked(&instance([2, 9, 0, 0], jobs, &[(0, 0, 2), (0, 1, 1)], &[]));
    assert_eq!((held(&plan, 0), plan.moves.len()), ([1, 1, 0, 0], 1));
    // A gang that would be too small without it stops whole, and stays where it is worth all that.
    let most = Spread::at_most(Domain::Level(Level::Tile), 1);
    let gang = |move_cost| Job { gang_min: 2, move_cost, ..dear(most) };
    let plan = checked(&instance([9; 4], vec![gang(5_000)], &[(0, 0, 2)], &[]));
    assert_eq!(held(&plan, 0), [0; 4]);
    let plan = checked(&instance([9; 4], vec![gang(1_500)], &[(0, 0, 2)], &[]));
    assert_eq!(held(&plan, 0).iter().sum::<u32>(), 2);
}

#[test]
fn jobs_that_must_keep_apart_part() {
    let apart = Some(Relation { job: JobIndex(0), domain: Domain::Level(Level::Cell) });
    let jobs = vec![job(1, 2), Job { anti_affinity: apart, ..job(2, 2) }];
    let plan = checked(&instance([9; 4], jobs, &[(0, 0, 1), (1, 0, 1), (1, 1, 1)], &[]));
    assert_eq!(plan.unplaced, [], "there is room for all of them");
}

#[test]
fn what_runs_on_a_closed_tile_stays_and_nothing_joins_it() {
    let plan = checked(&instance([9; 4], vec![job(3, 2)], &[(0, 0, 2)], &[0]));
    assert_eq!((held(&plan, 0)[0], plan.moves.len(), plan.unplaced.len()), (2, 0, 0));
    // It is overdrawn too: one must leave, and none comes back.
    let plan = checked(&instance([2, 9, 9, 9], vec![job(3, 2)], &[(0, 0, 2)], &[0]));
    assert_eq!((held(&plan, 0)[0], plan.moves.len(), plan.unplaced.len()), (1, 1, 0));
}

/// The most that any feasible plan is worth, its moves paid: every capsule on every tile or on none.
fn best(instance: &Instance, capsules: &[JobIndex], placed: &mut Vec<Placement>) -> i128 {
    let Some((&job, rest)) = capsules.split_first() else {
        let is_feasible = check::violations(instance, placed).is_empty();
        return if is_feasible { check::value(instance, placed) } else { 0 };
    };
    let mut most = best(instance, rest, placed);
    for tile in TILES {
        placed.push(Placement { job, tile, start: Timestamp(0), count: 1, devices: 0 });
        most = most.max(best(instance, rest, placed));
        placed.pop();
    }
    most
}

fn any_job(random: &mut Random) -> Job {
    let mut job = job(1 + u32::try_from(random.below(2)).unwrap(), 1 + random.below(3));
    (job.bid, job.move_cost, job.move_cost_once) = (100 + random.below(900), random.below(50), random.below(50));
    (job.preemptible, job.gang_min) = (true, u32::try_from(random.below(3)).unwrap().min(job.count));
    let domain = Domain::Level(if random.below(2) == 0 { Level::Cell } else { Level::Tile });
    let relation = Some(Relation { job: JobIndex(0), domain });
    match random.below(6) {
        0 => job.spread = Some(Spread::at_most(domain, 1)),
        1 => job.spread = Some(Spread { domain, most: 2, least: job.count }),
        2 => job.anti_affinity = relation,
        3 => job.affinity = relation,
        _ => {}
    }
    job
}

#[test]
fn random_broken_starts_are_planned_feasibly_and_mostly_as_well_as_can_be() {
    let (mut broken, mut reached, mut worth, mut most) = (0, 0, 0, 0);
    for seed in 0..300 {
        let mut random = Random::new(seed);
        let mut jobs: Vec<Job> = (0..3).map(|_| any_job(&mut random)).collect();
        (jobs[0].affinity, jobs[0].anti_affinity) = (None, None);
        let mut runs = Vec::new();
        for (index, job) in (0..).zip(&jobs) {
            runs.extend((0..random.below(1 + u64::from(job.count))).map(|_| (index, random.index(4), 1)));
        }
        let capacities = std::array::from_fn(|_| random.below(6));
        let closed: Vec<usize> = (0..4).filter(|_| random.below(8) == 0).collect();
        let transient = if random.below(2) == 0 { Kinds::NONE } else { Kinds::NONE.with(Kind::Compute) };
        let start = instance(capacities, jobs, &runs, &closed);
        let weights = Weights { transient, ..start.weights().clone() };
        let instance = start.with_weights(weights);
        let now: Vec<Placement> = instance
            .current()
            .iter()
            .map(|run| Placement { job: run.job, tile: run.tile, start: Timestamp(0), count: 1, devices: 0 })
            .collect();
        if check::violations(&instance, &now).is_empty() {
            continue;
        }
        broken += 1;
        let plan = checked(&instance);
        let capsules: Vec<JobIndex> =
            (0..).map(JobIndex).zip(instance.jobs()).flat_map(|(at, job)| vec![at; job.count as usize]).collect();
        let (value, optimum) = (check::value(&instance, &plan.placements), best(&instance, &capsules, &mut Vec::new()));
        assert!(value <= optimum, "seed {seed}");
        reached += u32::from(value == optimum);
        (worth, most) = (worth + value, most + optimum);
    }
    assert!(broken > 150, "{broken}");
    assert!(reached * 100 > broken * 87 && worth * 1_000 > most * 965, "{reached} of {broken}, {worth} of {most}");
}
