//! Bounds of fleets whose capsules are large against a tile: near the optimum where it is known by hand, and above it always.

use lessor_models::certificate::{Dual, Scope};
use lessor_models::check;
use lessor_models::fleet::{ClassIndex, Fleet, FleetParts, Level, NodeColumns, NodeIndex, Owner};
use lessor_models::instance::Instance;
use lessor_models::job::{Demand, Job, JobIndex};
use lessor_models::objective::Weights;
use lessor_models::plan::Placement;
use lessor_models::resources::{Kind, Resources};
use lessor_models::tile_class::TileClass;
use lessor_models::time::Timestamp;

use crate::bound;
use crate::lowering::Lowered;
use crate::support::stop::Stop;

/// What each tile gives of compute and of memory.
const WHOLE: u64 = 1_000;

fn hour(count: i64) -> Timestamp {
    Timestamp(count * 3_600_000_000)
}

/// Cells of so many tiles.
fn parts(cells: &[usize]) -> FleetParts {
    let mut nodes = NodeColumns::default();
    let mut add = |parent: Option<u32>, level, capacity| {
        nodes.names.push(format!("n{}", nodes.names.len()));
        nodes.parents.push(parent);
        nodes.levels.push(level);
        nodes.classes.push((level == Level::Tile).then_some(ClassIndex(0)));
        nodes.capacities.push(capacity);
        nodes.uplink_delays_us.push(0);
        u32::try_from(nodes.names.len() - 1).unwrap()
    };
    for &tiles in cells {
        let cell = add(None, Level::Cell, Resources::UNLIMITED);
        let whole =
            Resources::UNLIMITED.with(Kind::Compute, WHOLE).with(Kind::Memory, WHOLE).with(Kind::Storage, WHOLE);
        for _ in 0..tiles {
            add(Some(cell), Level::Tile, whole);
        }
    }
    FleetParts { nodes, classes: vec![TileClass::plain("plain")], ..FleetParts::default() }
}

/// So many capsules that ask for compute, memory and storage over ten hours, at a bid each.
fn job(count: u32, bid: u64, [compute_mops, memory_bytes, storage_bytes]: [u64; 3]) -> Job {
    let demand = Demand { compute_mops, memory_bytes, storage_bytes, ..Demand::default() };
    Job { count, bid, demand, ..Job::empty(hour(0), hour(10).since(hour(0))) }
}

fn instance(parts: FleetParts, jobs: Vec<Job>) -> Instance {
    let weights =
        Weights { energy_price: 0, thermal_price: 0, latency_price: 0, risk_permille: 0, ..Weights::default() };
    let names = (0..jobs.len()).map(|at| format!("j{at}")).collect();
    Instance::new(Fleet::new(parts).unwrap(), names, jobs, weights).unwrap()
}

/// The bound that the checker makes of the relaxation's certificate, and how many prices of shapes that has.
fn bound_of(instance: &Instance) -> (i128, usize) {
    let lowered = Lowered::new(instance);
    let relaxation = bound::relax(&lowered, None, &Stop::new()).expect("nothing stops it");
    let certificate = bound::certificate(&lowered, &relaxation);
    (check::bound::bound(instance, &certificate).unwrap(), certificate.shapes.len())
}

fn assert_within_a_percent(instance: &Instance, optimum: i128) {
    let (bound, shapes) = bound_of(instance);
    assert!((optimum..=optimum + optimum / 100).contains(&bound), "{bound}, where {optimum} is best; {shapes} shapes");
}

#[test]
fn two_that_are_more_than_half_a_tile_do_not_share_it() {
    // By the sum, 1.8 of them would fit each of the hundred tiles.
    let jobs = vec![job(200, 1_000_000, [10, 550, 0])];
    assert_within_a_percent(&instance(parts(&[60, 40]), jobs), 100 * 1_000_000);
}

#[test]
fn what_tiles_earn_is_read_as_a_price_of_what_is_fullest() {
    // No kind is used up, memory most: all that the hundred tiles earn, over their memory and ten hours.
    let instance = instance(parts(&[60, 40]), vec![job(200, 1_000_000, [10, 550, 0])]);
    let lowered = Lowered::new(&instance);
    let relaxation = bound::relax(&lowered, None, &Stop::new()).expect("nothing stops it");
    let readable = bound::readable_duals(&lowered, &relaxation);
    let worth = |dual: &Dual| {
        let Scope::Tiles { under, .. } = dual.scope else { panic!("a price of tiles") };
        let tiles = if under == NodeIndex(0) { 60.0 } else { 40.0 };
        dual.price as f64 / 2f64.powi(56) * tiles * WHOLE as f64 * 36_000.0
    };
    assert!(readable.iter().all(|dual| dual.kind == Kind::Memory), "{readable:?}");
    let earned: f64 = readable.iter().map(worth).sum();
    assert!((earned / 1e8 - 1.0).abs() < 0.01, "{earned}");
}

#[test]
fn capsules_of_many_sizes_are_all_more_than_half() {
    // The best forty of eighty, whatever their size.
    let jobs: Vec<Job> = (0..80).map(|at| job(1, 1_000_000 + 10_000 * at, [10, 510 + (at * 7) % 90, 0])).collect();
    let best: i128 = (40..80).map(|at| 1_000_000 + 10_000 * at).sum();
    assert_within_a_percent(&instance(parts(&[40]), jobs), best);
}

#[test]
fn what_is_large_in_one_kind_shares_with_what_is_large_in_another() {
    // A hundred tiles hold one of each; 150 of the first want in, and 50 of the second.
    let jobs = vec![job(150, 1_000_000, [100, 600, 0]), job(50, 700_000, [600, 100, 0])];
    assert_within_a_percent(&instance(parts(&[100]), jobs), 100 * 1_000_000 + 50 * 700_000);
}

#[test]
fn three_that_exclude_each_other_in_pairs_fill_a_tile_each() {
    // Each pair overdraws a kind of its own, so that no kind alone says that only one fits.
    let draws = [[600, 0, 600], [600, 600, 0], [0, 600, 600]];
    let jobs: Vec<Job> = draws.into_iter().map(|draw| job(40, 1_000_000, draw)).collect();
    assert_within_a_percent(&instance(parts(&[60]), jobs), 60 * 1_000_000);
}

#[test]
fn small_capsules_fill_what_large_ones_leave() {
    // One of 600 and two of 200 fill a tile, at 120 + 40; five of 200 are 100 without the large one.
    let jobs = vec![job(200, 1_200_000, [0, 600, 0]), job(1_000, 200_000, [0, 200, 0])];
    assert_within_a_percent(&instance(parts(&[100]), jobs), 100 * 1_600_000);
}

#[test]
fn tiles_that_lose_capacity_are_bound_when_they_have_least() {
    // From the fifth hour on a tile has 900: two of 460 fit it before and not after, and all of them run for ten hours.
    let mut parts = parts(&[30]);
    for tile in (1..31).map(NodeIndex) {
        parts.steps.insert((Owner::Node(tile), Kind::Memory), vec![(hour(5), 900)]);
    }
    assert_within_a_percent(&instance(parts, vec![job(60, 1_000_000, [0, 460, 0])]), 30 * 1_000_000);
}

/// The most that a plan and some further capsules are worth, by trying every tile for each.
fn optimum(instance: &Instance, plan: &mut Vec<Placement>, capsules: &[JobIndex]) -> i128 {
    let Some((&job, others)) = capsules.split_first() else { return check::value(instance, plan) };
    let mut best = optimum(instance, plan, others);
    for tile in instance.fleet().tiles() {
        plan.push(Placement { job, tile, start: hour(0), count: 1, devices: 0 });
        if check::violations(instance, plan).is_empty() {
            best = best.max(optimum(instance, plan, others));
        }
        plan.pop();
    }
    best
}

#[test]
fn no_bound_is_below_the_best_plan() {
    let mut random = crate::support::random::Random::new(11);
    let mut with_shapes = 0;
    for _ in 0..120 {
        let mut size = || [0, 150, 300, 350, 450, 520, 550, 600, 700][random.index(9)];
        let draws: Vec<[u64; 3]> = (0..3).map(|_| [size(), size(), size()]).collect();
        let draws = draws.into_iter().filter(|draw| draw.iter().sum::<u64>() > 0);
        let jobs: Vec<Job> = draws.map(|draw| job(2, 10 + random.below(90), draw)).collect();
        let instance = instance(parts(&[2]), jobs);
        let capsules: Vec<JobIndex> =
            (0..).map(JobIndex).take(instance.jobs().len()).flat_map(|job| [job, job]).collect();
        let best = optimum(&instance, &mut Vec::new(), &capsules);
        let (bound, shapes) = bound_of(&instance);
        with_shapes += usize::from(shapes > 0);
        assert!(best <= bound, "{bound} is below {best} of {:?}", instance.jobs());
    }
    assert!(with_shapes > 10, "{with_shapes} certificates with prices of shapes");
}

#[test]
fn fleets_of_small_capsules_get_no_price_of_shapes() {
    let jobs: Vec<Job> = (0..30).map(|at| job(100, 1_000 + at, [20 + at, 240 - 3 * at, 0])).collect();
    assert_eq!(bound_of(&instance(parts(&[100]), jobs)).1, 0);
}
