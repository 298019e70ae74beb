//! Jobs that stand together: near each other, or as gangs.

#![expect(clippy::unwrap_used, reason = "the helpers of tests unwrap as tests do")]

use lessor_engine::planner::{Method, Outcome, PlannerOptions, Stops, plan};
use lessor_models::check;
use lessor_models::fleet::{ClassIndex, Fleet, FleetParts, Level, NodeColumns, NodeIndex};
use lessor_models::instance::Instance;
use lessor_models::job::{Demand, Domain, Job, JobIndex, Relation, Term};
use lessor_models::objective::Weights;
use lessor_models::plan::CurrentPlacement;
use lessor_models::resources::{Kind, Resources};
use lessor_models::tile_class::TileClass;
use lessor_models::time::{MICROS_PER_HOUR, Span, Timestamp};
use lessor_solver::support::random::Random;
use lessor_solver::support::stop::Stop;

const HOUR: Span = Span(MICROS_PER_HOUR);

/// Tiles of so many Mop/s, all in one cell.
fn fleet(tiles: &[u64]) -> Fleet {
    let count = tiles.len();
    let rooms = tiles.iter().map(|&room| Resources::UNLIMITED.with(Kind::Compute, room));
    let nodes = NodeColumns {
        names: std::iter::once("cell".to_owned()).chain((0..count).map(|at| format!("tile-{at}"))).collect(),
        parents: std::iter::once(None).chain(std::iter::repeat_n(Some(0), count)).collect(),
        levels: std::iter::once(Level::Cell).chain(std::iter::repeat_n(Level::Tile, count)).collect(),
        classes: std::iter::once(None).chain(std::iter::repeat_n(Some(ClassIndex(0)), count)).collect(),
        capacities: std::iter::once(Resources::UNLIMITED).chain(rooms).collect(),
        uplink_delays_us: vec![0; count + 1],
    };
    Fleet::new(FleetParts { nodes, classes: vec![TileClass::plain("plain")], ..FleetParts::default() }).unwrap()
}

/// So many capsules of so many Mop/s each, at once and for an hour.
fn job(count: u32, compute_mops: u64, bid: u64) -> Job {
    let demand = Demand { compute_mops, ..Demand::default() };
    let empty = Job::empty(Timestamp(0), HOUR);
    Job { count, bid, demand, term: Term::Fixed(HOUR), deadline: Timestamp(0).after(HOUR), ..empty }
}

/// The job near another one, on its tile.
fn near(other: usize, job: Job) -> Job {
    let other = JobIndex(u32::try_from(other).unwrap());
    Job { affinity: Some(Relation { job: other, domain: Domain::Level(Level::Tile) }), ..job }
}

fn instance(tiles: &[u64], jobs: Vec<Job>) -> Instance {
    let names = (0..jobs.len()).map(|at| format!("job-{at}")).collect();
    Instance::new(fleet(tiles), names, jobs, Weights::default()).unwrap()
}

fn planned(instance: &Instance, work: u64) -> Outcome {
    let stop = Stop::new();
    let stops = Stops::one(&stop);
    let options = PlannerOptions { method: Method::Auto, seed: 1, work: Some(work), memory: None };
    let outcome = plan(instance, &options, stops, &mut |_| {});
    assert_eq!(check::violations(instance, &outcome.plan.placements), []);
    outcome
}

fn runs(job: u32, tile: u32) -> CurrentPlacement {
    CurrentPlacement { job: JobIndex(job), tile: NodeIndex(tile), count: 1, devices: 0 }
}

#[test]
fn jobs_that_need_each_other_are_placed_together() {
    let ring = vec![near(1, job(1, 4, 5)), near(2, job(1, 3, 5)), near(0, job(1, 3, 5))];
    assert_eq!(planned(&instance(&[9, 10], ring.clone()), 100).value, 15);
    assert_eq!(planned(&instance(&[9, 9], ring), 100).value, 0);
}

#[test]
fn jobs_that_need_each_other_and_run_go_on() {
    for preemptible in [false, true] {
        let pair = [near(1, job(1, 4, 5)), near(0, job(1, 3, 5))].map(|job| Job { preemptible, ..job });
        let instance = instance(&[10, 10], pair.to_vec()).with_current(vec![runs(0, 2), runs(1, 2)]).unwrap();
        let outcome = planned(&instance, 100);
        assert_eq!((outcome.value, outcome.plan.moves.len()), (10, 0), "{preemptible}");
    }
}

/// The best place for the leader alone is one that it fills.
#[test]
fn a_leader_goes_where_its_followers_have_room() {
    let jobs = vec![job(1, 2, 5), near(0, job(1, 2, 100))];
    assert_eq!(planned(&instance(&[2, 3, 4, 3], jobs), 100).value, 105);
}

/// Capsules of two jobs of which each pair fits one tile, and both leaders fit one that then takes no follower.
#[test]
fn capsules_of_leaders_leave_room_on_several_tiles() {
    let jobs = vec![job(2, 1, 5), near(0, job(2, 2, 100))];
    assert_eq!(planned(&instance(&[3, 3, 2], jobs), 2_000).value, 210);
}

/// Groups of a leader and followers that fill their tiles exactly, in an order that tells nothing.
#[test]
fn groups_that_fit_a_tile_each_are_all_placed() {
    let (tiles, mut random) = (20, Random::new(7));
    let mut jobs = Vec::new();
    for _ in 0..tiles {
        let leader = jobs.len();
        let (first, second) = (10 + random.below(20), 20 + random.below(20));
        jobs.push(job(1, first, first));
        jobs.push(near(leader, job(1, second, second)));
        jobs.push(near(leader, job(1, 100 - first - second, 100 - first - second)));
    }
    assert_eq!(planned(&instance(&vec![100; tiles], jobs), 20_000).value, 2_000);
}

/// Gangs of 3 on tiles that hold two capsules each: the first capsules of a gang that finds no third place leave no trace.
#[test]
fn a_gang_that_does_not_fit_leaves_its_room_to_others() {
    let gang = |bid| Job { gang_min: 3, ..job(3, 5, bid) };
    let jobs = vec![gang(10), gang(9), job(1, 5, 3)];
    assert_eq!(planned(&instance(&[10, 10], jobs), 200).value, 33);
}
