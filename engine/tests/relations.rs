//! Jobs that must be near each other or keep apart, over time: planned by whole runs, and on tiny fleets as well as can be.

#![expect(clippy::unwrap_used, reason = "the helpers of tests unwrap as tests do")]

use lessor_engine::planner::{Method, PlannerOptions, Stops, plan};
use lessor_models::check;
use lessor_models::fleet::{ClassIndex, Fleet, FleetParts, Level, NodeColumns, NodeIndex};
use lessor_models::instance::Instance;
use lessor_models::job::{Domain, Job, JobIndex, Relation};
use lessor_models::objective::Weights;
use lessor_models::plan::{CurrentPlacement, Placement};
use lessor_models::resources::{Kind, Resources};
use lessor_models::tile_class::TileClass;
use lessor_models::time::{MICROS_PER_HOUR, Timestamp};
use lessor_solver::support::random::Random;
use lessor_solver::support::stop::Stop;

/// A cell of two tiles.
const TILES: [NodeIndex; 2] = [NodeIndex(1), NodeIndex(2)];

fn hour(count: u64) -> Timestamp {
    Timestamp(i64::try_from(count * MICROS_PER_HOUR).unwrap())
}

/// A capsule that takes so many hours from an hour on, by another one, and bids so much.
fn job((earliest, hours, deadline): (u64, u64, u64), compute_mops: u64, bid: u64) -> Job {
    let mut job = Job::empty(hour(earliest), hour(hours).since(hour(0)));
    (job.bid, job.deadline, job.demand.compute_mops) = (bid, hour(deadline), compute_mops);
    job
}

fn within(level: Level, job: u32) -> Relation {
    Relation { job: JobIndex(job), domain: Domain::Level(level) }
}

/// Jobs on tiles of 10 Mop/s each, where nothing costs.
fn instance(jobs: Vec<Job>) -> Instance {
    let tile = Resources::UNLIMITED.with(Kind::Compute, 10);
    let nodes = NodeColumns {
        names: ["cell", "a", "b"].map(String::from).to_vec(),
        parents: vec![None, Some(0), Some(0)],
        levels: vec![Level::Cell, Level::Tile, Level::Tile],
        classes: vec![None, Some(ClassIndex(0)), Some(ClassIndex(0))],
        capacities: vec![Resources::UNLIMITED, tile, tile],
        uplink_delays_us: vec![0; 3],
    };
    let parts = FleetParts { nodes, classes: vec![TileClass::plain("plain")], ..FleetParts::default() };
    let weights = Weights { energy_price: 0, thermal_price: 0, risk_permille: 0, ..Weights::default() };
    let names = (0..jobs.len()).map(|at| format!("j{at}")).collect();
    Instance::new(Fleet::new(parts).unwrap(), names, jobs, weights).unwrap()
}

/// When each job starts, by a method, in a plan without violations; and its value.
fn planned(instance: &Instance, method: Method) -> (Vec<Option<Timestamp>>, i128) {
    let stop = Stop::new();
    let options = PlannerOptions { method, seed: 1, work: Some(100_000), memory: None };
    let outcome = plan(instance, &options, Stops::one(&stop), &mut |_| {});
    let placements = &outcome.plan.placements;
    assert_eq!(check::violations(instance, placements), [], "{method:?} {:?}", instance.jobs());
    assert_eq!(check::moves::violations(instance, placements, &outcome.plan.moves), [], "{method:?}");
    assert!(outcome.certificate.is_none_or(|(_, bound)| bound >= outcome.value));
    let start = |job| outcome.plan.placements.iter().find(|placed| placed.job == job).map(|placed| placed.start);
    ((0..).map(JobIndex).take(instance.jobs().len()).map(start).collect(), outcome.value)
}

const METHODS: [Method; 3] = [Method::Auto, Method::Construction, Method::FirstCome];

#[test]
fn nobody_is_near_what_has_ended_and_nobody_keeps_away_from_it() {
    let database = job((0, 1, 1), 1, 1_000);
    let app = Job { affinity: Some(within(Level::Cell, 0)), ..job((5, 1, 6), 1, 100) };
    let foe = Job { anti_affinity: Some(within(Level::Cell, 0)), ..job((8, 1, 9), 1, 100) };
    let instance = instance(vec![database, app, foe]);
    for method in METHODS {
        assert_eq!(planned(&instance, method).0, [Some(hour(0)), None, Some(hour(8))], "{method:?}");
    }
}

#[test]
fn who_must_be_near_a_job_waits_for_it_and_who_keeps_away_waits_for_its_end() {
    let database = job((2, 2, 4), 1, 1_000);
    let app = Job { affinity: Some(within(Level::Cell, 0)), ..job((0, 1, 9), 1, 100) };
    let foe = Job { anti_affinity: Some(within(Level::Cell, 0)), ..job((1, 2, 9), 1, 100) };
    let instance = instance(vec![database, app, foe]);
    // A queue would serve who keeps away first, and the other one never.
    for method in [Method::Auto, Method::Construction] {
        let (starts, value) = planned(&instance, method);
        assert_eq!((starts[0], value), (Some(hour(2)), 1_200), "{method:?}");
        assert!((hour(2)..=hour(3)).contains(&starts[1].unwrap()) && starts[2] == Some(hour(4)), "{starts:?}");
    }
}

#[test]
fn what_may_not_be_preempted_stays_beside_a_job_that_began_after_it() {
    let lead = job((1, 10, 20), 1, 1_000);
    for deadline in [5, 20] {
        let follow = Job { affinity: Some(within(Level::Cell, 0)), ..job((0, 5, deadline), 1, 1_000) };
        let runs = [0, 1].map(|at| CurrentPlacement {
            job: JobIndex(u32::try_from(at).unwrap()),
            tile: TILES[at],
            count: 1,
            devices: 0,
        });
        let instance = instance(vec![lead.clone(), follow]).with_current(runs.to_vec()).unwrap();
        for method in METHODS {
            let (starts, value) = planned(&instance, method);
            assert_eq!((starts, value), (vec![Some(hour(1)), Some(hour(0))], 2_000), "{method:?}, {deadline}");
        }
    }
}

/// Two jobs that look at the first one or at each other, with a choice of starts within four hours.
fn any_jobs(random: &mut Random) -> Vec<Job> {
    let mut jobs: Vec<Job> = Vec::new();
    for at in 0..3 {
        let (earliest, hours) = (random.below(3), 1 + random.below(2));
        let deadline = (earliest + hours + random.below(3)).min(4).max(earliest + hours);
        let mut job = job((earliest, hours, deadline), 3 + random.below(6), 100 + random.below(900));
        job.count = 1 + u32::try_from(random.below(2)).unwrap();
        let level = if random.below(2) == 0 { Level::Cell } else { Level::Tile };
        let relation = within(level, if at == 2 { u32::try_from(random.below(2)).unwrap() } else { 0 });
        match random.below(3) {
            0 if at > 0 => job.affinity = Some(relation),
            1 if at > 0 => job.anti_affinity = Some(relation),
            _ => {}
        }
        jobs.push(job);
    }
    jobs
}

/// Every capsule of a job that starts at a whole hour.
fn options((index, job): (JobIndex, &Job)) -> Vec<Placement> {
    let hours = (0..4).map(hour).filter(|&start| job.earliest <= start && start < job.deadline);
    let at = |start| TILES.map(|tile| Placement { job: index, tile, start, count: 1, devices: 0 });
    hours.flat_map(at).collect()
}

/// The most that any plan is worth in which capsules start at whole hours: all terms are whole hours.
fn best(instance: &Instance, job: usize, options: &[Placement], plan: &mut Vec<Placement>) -> i128 {
    let Some(asked) = instance.jobs().get(job) else {
        return if check::violations(instance, plan).is_empty() { check::value(instance, plan) } else { i128::MIN };
    };
    let ours: Vec<Placement> = options.iter().filter(|option| option.job.at() == job).copied().collect();
    let mut most = best(instance, job + 1, options, plan);
    for (at, first) in ours.iter().enumerate() {
        plan.push(*first);
        most = most.max(best(instance, job + 1, options, plan));
        for second in ours[at..].iter().filter(|_| asked.count > 1) {
            plan.push(*second);
            most = most.max(best(instance, job + 1, options, plan));
            plan.pop();
        }
        plan.pop();
    }
    most
}

/// A capsule of most jobs, on a tile by chance.
fn any_current(jobs: &[Job], random: &mut Random) -> Vec<CurrentPlacement> {
    let jobs = (0..).map(JobIndex).take(jobs.len()).filter(|_| random.below(3) > 0);
    let jobs: Vec<JobIndex> = jobs.collect();
    let on = |job| CurrentPlacement { job, tile: TILES[random.index(2)], count: 1, devices: 0 };
    jobs.into_iter().map(on).collect()
}

#[test]
fn plans_with_relations_over_time_are_the_best_of_tiny_fleets() {
    let mut random = Random::new(11);
    let (mut related, mut running) = (0, 0);
    for case in 0..100 {
        let mut jobs = any_jobs(&mut random);
        related += u32::from(jobs.iter().any(|job| job.affinity.is_some() || job.anti_affinity.is_some()));
        jobs.iter_mut().for_each(|job| job.preemptible = true);
        let current = if case < 60 { Vec::new() } else { any_current(&jobs, &mut random) };
        running += current.len();
        let instance = instance(jobs).with_current(current).unwrap();
        let options: Vec<Placement> = (0..).map(JobIndex).zip(instance.jobs()).flat_map(options).collect();
        let most = best(&instance, 0, &options, &mut Vec::new());
        assert_eq!(planned(&instance, Method::Auto).1, most, "case {case}: {:?}", instance.jobs());
    }
    assert!(related > 70 && running > 60, "{related} cases have a relation, {running} jobs run");
}
