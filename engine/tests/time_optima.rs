//! Plans over time of tiny fleets, beside the best that an integer program over every hour finds.

#![expect(clippy::unwrap_used, reason = "the helpers of tests unwrap as tests do")]

use lessor_engine::planner::{Method, Outcome, PlannerOptions, Stops, plan};
use lessor_models::check;
use lessor_models::fleet::{ClassIndex, Fleet, FleetParts, Level, NodeColumns};
use lessor_models::instance::Instance;
use lessor_models::job::{Demand, Job, Term};
use lessor_models::objective::Weights;
use lessor_models::resources::{Kind, Resources};
use lessor_models::tile_class::TileClass;
use lessor_models::time::{Span, Timestamp};
use lessor_solver::program::integer::{IntegerAnswer, IntegerLimits, IntegerProgram};
use lessor_solver::support::random::Random;
use lessor_solver::support::stop::Stop;

const TILES: usize = 2;
const WHOLE: u64 = 1_000;
const HOURS: u64 = 10;

fn hour(count: u64) -> Timestamp {
    Timestamp(i64::try_from(count * 3_600_000_000).unwrap())
}

/// A job in whole hours, as the oracle sees it.
struct Asked {
    count: u32,
    bid: u64,
    draws: [u64; 2],
    earliest: u64,
    hours: u64,
    deadline: u64,
}

/// Far more than fits: capsules of 0.2 to 0.7 of a tile, of one to four hours.
fn asked(random: &mut Random) -> Vec<Asked> {
    let one = |random: &mut Random| {
        let (earliest, hours) = (random.below(5), 1 + random.below(4));
        let deadline = (earliest + hours + random.below(4)).min(HOURS);
        let draws = [200 + random.below(500), 200 + random.below(500)];
        let bid = hours * (draws[0] + draws[1]) * (500 + random.below(1_000));
        Asked { count: 1 + u32::try_from(random.below(2)).unwrap(), bid, draws, earliest, hours, deadline }
    };
    (0..14).map(|_| one(random)).collect()
}

fn instance(asked: &[Asked]) -> Instance {
    let job = |asked: &Asked| {
        let demand = Demand { compute_mops: asked.draws[0], memory_bytes: asked.draws[1], ..Demand::default() };
        let term = hour(asked.hours).since(hour(0));
        let deadline = hour(asked.deadline);
        Job { count: asked.count, bid: asked.bid, demand, deadline, ..Job::empty(hour(asked.earliest), term) }
    };
    fleet_with(asked.iter().map(job).collect(), &[1_000])
}

/// Jobs on the tiles, whose classes have these rates in turn.
fn fleet_with(jobs: Vec<Job>, rates_permille: &[u32]) -> Instance {
    let mut nodes = NodeColumns::default();
    let mut add = |name: &str, parent, level, capacity| {
        nodes.names.push(name.to_owned());
        nodes.parents.push(parent);
        nodes.levels.push(level);
        let turn = u32::try_from(nodes.classes.len().saturating_sub(1) % rates_permille.len()).unwrap();
        nodes.classes.push((level == Level::Tile).then_some(ClassIndex(turn)));
        nodes.capacities.push(capacity);
        nodes.uplink_delays_us.push(0);
    };
    add("cell", None, Level::Cell, Resources::UNLIMITED);
    for tile in 0..TILES {
        let whole = Resources::UNLIMITED.with(Kind::Compute, WHOLE).with(Kind::Memory, WHOLE);
        add(&format!("tile{tile}"), Some(0), Level::Tile, whole);
    }
    let class =
        |&rate_permille: &u32| TileClass { rate_permille, ..TileClass::plain(&format!("rate-{rate_permille}")) };
    let fleet = FleetParts { nodes, classes: rates_permille.iter().map(class).collect(), ..FleetParts::default() };
    let weights =
        Weights { energy_price: 0, thermal_price: 0, latency_price: 0, risk_permille: 0, ..Weights::default() };
    let names = (0..jobs.len()).map(|at| format!("j{at}")).collect();
    Instance::new(Fleet::new(fleet).unwrap(), names, jobs, weights).unwrap()
}

/// The most that jobs can earn: whole hours are enough, since whatever starts later than it could may start earlier.
fn optimum(asked: &[Asked]) -> u64 {
    let mut program = IntegerProgram::default();
    let mut rows: Vec<Vec<(usize, f64)>> = vec![Vec::new(); TILES * usize::try_from(HOURS).unwrap() * 2];
    let mut earned = Vec::new();
    for job in asked {
        let mut columns = Vec::new();
        for (tile, start) in
            (0..TILES).flat_map(|tile| (job.earliest..=job.deadline - job.hours).map(move |at| (tile, at)))
        {
            let column = program.column(-(job.bid as f64) / 1e6, job.count);
            columns.push((column, 1.0));
            earned.push(job.bid);
            for (at, kind) in (start..start + job.hours).flat_map(|at| [(at, 0), (at, 1)]) {
                let row = (tile * usize::try_from(HOURS).unwrap() + usize::try_from(at).unwrap()) * 2 + kind;
                rows[row].push((column, job.draws[kind] as f64));
            }
        }
        program.row(0.0, f64::from(job.count), columns);
    }
    rows.into_iter().for_each(|row| program.row(0.0, WHOLE as f64, row));
    match program.solve(IntegerLimits::default(), &Stop::new()) {
        IntegerAnswer::Optimal(counts) => counts.iter().zip(earned).map(|(&count, bid)| u64::from(count) * bid).sum(),
        other => panic!("{other:?}"),
    }
}

fn planned(instance: &Instance) -> Outcome {
    let stop = Stop::new();
    let options = PlannerOptions { method: Method::Auto, seed: 1, work: Some(40_000), memory: None };
    plan(instance, &options, Stops::one(&stop), &mut |_| {})
}

#[test]
fn work_ends_in_time_on_slow_tiles_too() {
    // Gangs with a bonus for all of them, which take twice as long on the second tile as on the first.
    let mut random = Random::new(5);
    for case in 0..30 {
        let job = |asked: &Asked| {
            let demand = Demand { compute_mops: asked.draws[0], memory_bytes: asked.draws[1], ..Demand::default() };
            let term = Term::Work(asked.draws[0] * 3_600 * asked.hours);
            let (count, earliest) = (1 + asked.count, hour(asked.earliest));
            let deadline = hour(HOURS.min(asked.deadline + asked.hours));
            let whole =
                Job { count, gang_min: count, wanted: count, bonus: asked.bid, ..Job::empty(earliest, Span(1)) };
            Job { bid: asked.bid, demand, term, deadline, ..whole }
        };
        let instance = fleet_with(asked(&mut random).iter().map(job).collect(), &[1_000, 500]);
        let outcome = planned(&instance);
        assert_eq!(check::violations(&instance, &outcome.plan.placements), [], "case {case}");
    }
}

#[test]
fn plans_over_time_of_tiny_fleets_are_near_the_best_and_no_bound_is_below_it() {
    let mut random = Random::new(3);
    let (mut best_of_all, mut value_of_all) = (0, 0);
    for case in 0..8 {
        let asked = asked(&mut random);
        let instance = instance(&asked);
        let best = i128::from(optimum(&asked));
        let outcome = planned(&instance);
        assert_eq!(check::violations(&instance, &outcome.plan.placements), [], "case {case}");
        assert!(outcome.certificate.unwrap().1 >= best, "case {case}: a bound below {best}");
        (best_of_all, value_of_all) = (best_of_all + best, value_of_all + outcome.value);
    }
    // One part in two hundred, over all cases.
    assert!(value_of_all * 200 >= best_of_all * 199, "{value_of_all} of {best_of_all}");
}
