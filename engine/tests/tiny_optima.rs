//! Plans of tiny fleets, with gangs, bonuses and rules between jobs, beside the best of all that there are.

#![expect(clippy::unwrap_used, reason = "the helpers of tests unwrap as tests do")]

use lessor_engine::planner::{Method, PlannerOptions, Stops, plan};
use lessor_models::check;
use lessor_models::fleet::{ClassIndex, Fleet, FleetParts, Level, NodeColumns, NodeIndex};
use lessor_models::instance::Instance;
use lessor_models::job::{Demand, Domain, Job, JobIndex, Relation, Spread};
use lessor_models::objective::Weights;
use lessor_models::objective::balance::Balance;
use lessor_models::objective::headroom::Headroom;
use lessor_models::plan::{CurrentPlacement, Placement};
use lessor_models::resources::{Kind, Resources};
use lessor_models::tile_class::TileClass;
use lessor_models::time::{MICROS_PER_HOUR, Timestamp};
use lessor_solver::support::random::Random;
use lessor_solver::support::stop::Stop;

const JOBS: u32 = 3;
const WHOLE: u64 = 1_000;

/// Three tiles of two cells, the first two of the first cell.
const TILES: [NodeIndex; 3] = [NodeIndex(2), NodeIndex(3), NodeIndex(5)];

fn fleet() -> Fleet {
    let mut nodes = NodeColumns::default();
    let mut add = |name: &str, parent: Option<u32>, level, capacity| {
        nodes.names.push(name.to_owned());
        nodes.parents.push(parent);
        nodes.levels.push(level);
        nodes.classes.push((level == Level::Tile).then_some(ClassIndex(0)));
        nodes.capacities.push(capacity);
        nodes.uplink_delays_us.push(0);
    };
    let whole = Resources::UNLIMITED.with(Kind::Compute, WHOLE).with(Kind::Memory, 2 * WHOLE);
    add("cluster", None, Level::Cluster, Resources::UNLIMITED);
    add("cell0", Some(0), Level::Cell, Resources::UNLIMITED.with(Kind::Compute, 3 * WHOLE / 2));
    add("tile0", Some(1), Level::Tile, whole);
    add("tile1", Some(1), Level::Tile, whole);
    add("cell1", Some(0), Level::Cell, Resources::UNLIMITED);
    add("tile2", Some(4), Level::Tile, whole);
    Fleet::new(FleetParts { nodes, classes: vec![TileClass::plain("plain")], ..FleetParts::default() }).unwrap()
}

fn job(at: u32, random: &mut Random) -> Job {
    let count = 1 + u32::try_from(random.below(2)).unwrap();
    let domain = if random.below(2) == 0 { Domain::Level(Level::Tile) } else { Domain::Level(Level::Cell) };
    let mut one_in = |many: u64| random.below(many) == 0;
    let (is_gang, has_bonus, spreads, follows, avoids) = (one_in(3), one_in(2), one_in(4), one_in(3), one_in(4));
    let mut other = |is_named: bool| {
        let job = JobIndex((at + 1 + u32::try_from(random.below(u64::from(JOBS) - 1)).unwrap()) % JOBS);
        is_named.then_some(Relation { job, domain })
    };
    let (affinity, anti_affinity) = (other(follows), other(avoids && !follows));
    let spread = spreads.then(|| {
        if domain == Domain::Level(Level::Cell) { Spread::over(domain, 2) } else { Spread::at_most(domain, 1) }
    });
    Job {
        count,
        // Energy costs up to 100,000.
        bid: random.below(200_000),
        demand: Demand {
            compute_mops: 250 + random.below(600),
            memory_bytes: random.below(600),
            power_mw: random.below(1_000_000),
            ..Demand::default()
        },
        gang_min: if is_gang { count } else { 0 },
        wanted: if has_bonus { 1 + u32::try_from(random.below(u64::from(count))).unwrap() } else { 0 },
        bonus: if has_bonus { random.below(400_000) } else { 0 },
        affinity,
        anti_affinity,
        spread,
        move_cost: random.below(60_000),
        move_cost_once: random.below(60_000),
        preemptible: true,
        deadline: Timestamp(i64::try_from(MICROS_PER_HOUR).unwrap()),
        ..Job::empty(Timestamp(0), Timestamp(i64::try_from(MICROS_PER_HOUR).unwrap()).since(Timestamp(0)))
    }
}

/// The most that any placing of jobs from `from` on adds up to, by trying all of them.
fn best(instance: &Instance, from: usize, taken: &mut Vec<Placement>) -> i128 {
    if from == instance.jobs().len() * TILES.len() {
        let is_plan = check::violations(instance, taken).is_empty();
        return if is_plan { check::value(instance, taken) } else { i128::MIN };
    }
    let (job, tile) = (from / TILES.len(), TILES[from % TILES.len()]);
    let mut most = best(instance, from + 1, taken);
    for count in 1..=instance.jobs()[job].count {
        let job = JobIndex(u32::try_from(job).unwrap());
        taken.push(Placement { job, tile, start: Timestamp(0), count, devices: 0 });
        most = most.max(best(instance, from + 1, taken));
        taken.pop();
    }
    most
}

/// Whatever is true of a case beside its jobs.
struct Setting {
    weights: Weights,
    current: Vec<CurrentPlacement>,
}

/// Nothing runs, and using a tile costs nothing.
fn plain(_: &[Job], _: &mut Random) -> Setting {
    let weights = Weights { risk_permille: 0, thermal_permille: 0, ..Weights::default() };
    Setting { weights, current: Vec::new() }
}

/// Half of the compute is a reserve, and two bytes belong to each Mop/s.
fn strained(jobs: &[Job], random: &mut Random) -> Setting {
    let Setting { weights, current } = plain(jobs, random);
    let mut price = || random.below(3) * 100_000_000;
    let headroom = vec![Headroom { kind: Kind::Compute, safe_permille: 500, price: price() }];
    let balance =
        vec![Balance { of: Kind::Compute, kept: Kind::Memory, target_per_billion: 2_000_000_000, price: price() }];
    Setting { weights: Weights { headroom, balance, ..weights }, current }
}

/// Some capsules run, one on each of some tiles.
fn running(jobs: &[Job], random: &mut Random) -> Setting {
    let Setting { weights, .. } = plain(jobs, random);
    let mut current = Vec::new();
    for (job, at) in jobs.iter().zip(0..) {
        for tile in TILES.into_iter().take(usize::try_from(job.count).unwrap()).filter(|_| random.below(3) == 0) {
            current.push(CurrentPlacement { job: JobIndex(at), tile, count: 1, devices: 0 });
        }
    }
    Setting { weights, current }
}

/// Plans random cases in a setting, and holds each plan against the best of all.
fn plans_are_the_best(seed: u64, setting: impl Fn(&[Job], &mut Random) -> Setting) {
    let mut random = Random::new(seed);
    let mut planned = 0;
    for case in 0..60 {
        let jobs: Vec<Job> = (0..JOBS).map(|at| job(at, &mut random)).collect();
        let Setting { weights, current } = setting(&jobs, &mut random);
        let names = (0..JOBS).map(|at| format!("j{at}")).collect();
        let Ok(instance) = Instance::new(fleet(), names, jobs, weights) else { continue };
        let instance = instance.with_current(current).unwrap();
        let most = best(&instance, 0, &mut Vec::new());
        let stop = Stop::new();
        let stops = Stops::one(&stop);
        let options = PlannerOptions { method: Method::Auto, seed: 1, work: Some(200_000), memory: None };
        let outcome = plan(&instance, &options, stops, &mut |_| {});
        assert_eq!(check::violations(&instance, &outcome.plan.placements), [], "case {case}");
        assert_eq!(outcome.value, most, "case {case}: {:?} {:?}", instance.current(), instance.jobs());
        assert!(outcome.certificate.is_none_or(|(_, bound)| bound >= most), "case {case}: a bound below {most}");
        planned += u32::from(most > 0);
    }
    assert!(planned > 40, "{planned} cases have something to plan");
}

#[test]
fn plans_of_tiny_fleets_are_the_best_and_no_bound_is_below_them() {
    plans_are_the_best(5, plain);
}

#[test]
fn they_are_the_best_where_the_use_of_tiles_costs() {
    plans_are_the_best(6, strained);
}

#[test]
fn they_are_the_best_where_capsules_run_and_moves_cost() {
    plans_are_the_best(7, running);
}
