//! Who stays, who leaves and what that costs, on three tiles.

use lessor_models::fleet::{ClassIndex, Fleet, FleetParts, Level, NodeColumns, NodeIndex, Zone, ZoneKind};
use lessor_models::instance::Instance;
use lessor_models::job::{Domain, Job, JobIndex, Relation, Term};
use lessor_models::objective::Weights;
use lessor_models::plan::CurrentPlacement;
use lessor_models::resources::{Kind, Resources};
use lessor_models::tile_class::TileClass;
use lessor_models::time::{MICROS_PER_HOUR, Span, Timestamp};

use super::{Running, Stay};
use crate::lowering::Lowered;
use crate::lowering::index::{JobClassIndex, TileIndex};
use crate::plan::occupancy::{Item, Occupancy};
use crate::plan::rank::Ranking;

const TILES: [NodeIndex; 3] = [NodeIndex(1), NodeIndex(2), NodeIndex(3)];

/// Tiles of 4, 4 and 2 Mop/s in one cell. Energy costs 60 a kilowatt-hour on the second, and 10 elsewhere.
fn instance(jobs: Vec<Job>, runs: &[(u32, usize)]) -> Instance {
    let compute = |amount| Resources::UNLIMITED.with(Kind::Compute, amount);
    let nodes = NodeColumns {
        names: ["cell", "a", "b", "c"].map(String::from).to_vec(),
        parents: vec![None, Some(0), Some(0), Some(0)],
        levels: vec![Level::Cell, Level::Tile, Level::Tile, Level::Tile],
        classes: vec![None, Some(ClassIndex(0)), Some(ClassIndex(0)), Some(ClassIndex(0))],
        capacities: vec![Resources::UNLIMITED, compute(4), compute(4), compute(2)],
        uplink_delays_us: vec![0; 4],
    };
    let dear = Zone { kind: ZoneKind::PowerFeed, capacity: Resources::UNLIMITED, energy_price: Some(60) };
    let parts = FleetParts {
        nodes,
        classes: vec![TileClass::plain("plain")],
        zone_names: vec!["dear".into()],
        zones: vec![dear],
        members: vec![(0, 2)],
        ..FleetParts::default()
    };
    let weights = Weights { energy_price: 10, thermal_price: 0, risk_permille: 0, ..Weights::default() };
    let names = (0..jobs.len()).map(|at| format!("j{at}")).collect();
    let current = runs.iter().map(|&(job, tile)| CurrentPlacement {
        job: JobIndex(job),
        tile: TILES[tile],
        count: 1,
        devices: 0,
    });
    let current = current.collect();
    Instance::new(Fleet::new(parts).unwrap(), names, jobs, weights).unwrap().with_current(current).unwrap()
}

/// Capsules of so many Mop/s and a kilowatt for an hour, each bidding 100: worth 90, and 40 on the second tile.
fn job(count: u32, mops: u64, move_cost: u64) -> Job {
    let mut job = Job { count, bid: 100, move_cost, ..Job::empty(Timestamp(0), Span(MICROS_PER_HOUR)) };
    (job.demand.compute_mops, job.demand.power_mw) = (mops, 1_000_000);
    job
}

fn tile(lowered: &Lowered<'_>, at: usize) -> TileIndex {
    TileIndex::new(lowered.tiles.iter().position(|&node| node == TILES[at]).unwrap())
}

/// How many capsules of each job are on each tile.
fn held(occupancy: &Occupancy<'_>) -> Vec<[u32; 3]> {
    let lowered = occupancy.lowered();
    let of_class = |class: JobClassIndex| {
        [0, 1, 2].map(|at| {
            let items = occupancy.items(tile(lowered, at)).iter().filter(|item| item.class == class);
            items.map(|item| item.count).sum()
        })
    };
    lowered.class_indexes().map(of_class).collect()
}

fn kept(instance: &Instance, is_ranked: bool) -> Vec<[u32; 3]> {
    let lowered = Lowered::new(instance);
    // Without prices, worth alone ranks.
    let ranking = Ranking::new(&lowered, None);
    let mut occupancy = Occupancy::new(&lowered);
    let stay = if is_ranked { Stay::Worthwhile { ranking: &ranking, gain: 0.0 } } else { Stay::All };
    Running::of(&lowered).keep(&mut occupancy, stay, &ranking);
    held(&occupancy)
}

fn place(occupancy: &mut Occupancy<'_>, at: usize) {
    let item = Item { class: JobClassIndex(0), count: 1, start: Timestamp(0), devices: 0, is_current: false };
    occupancy.place(tile(occupancy.lowered(), at), item);
}

#[test]
fn what_has_room_stays_and_what_has_none_does_not() {
    // Two capsules of 3 Mop/s run: one on the first tile, and one on the third, which has room for 2.
    let instance = instance(vec![job(2, 3, 7)], &[(0, 0), (0, 2)]);
    assert_eq!(kept(&instance, false), [[1, 0, 0]]);
    assert_eq!(kept(&instance, true), [[1, 0, 0]]);
}

#[test]
fn whoever_may_be_preempted_leaves_where_it_earns_more_elsewhere_than_the_move_costs() {
    // On the second tile a capsule is worth 40, elsewhere 90.
    let runs = |preemptible, move_cost| {
        let jobs = vec![Job { preemptible, ..job(1, 1, move_cost) }];
        kept(&instance(jobs, &[(0, 1)]), true)
    };
    assert_eq!((runs(true, 49), runs(true, 50), runs(false, 49)), (vec![[0, 0, 0]], vec![[0, 1, 0]], vec![[0, 1, 0]]));
}

#[test]
fn leavers_are_known_before_anything_is_put_back() {
    let has_leavers = |move_cost, gain| {
        let instance = instance(vec![Job { preemptible: true, ..job(1, 1, move_cost) }], &[(0, 1)]);
        let lowered = Lowered::new(&instance);
        let stay = Stay::Worthwhile { ranking: &Ranking::new(&lowered, None), gain };
        Running::of(&lowered).has_leavers(&lowered, stay)
    };
    assert_eq!((has_leavers(49, 0.0), has_leavers(50, 0.0)), (true, false));
    // It earns 40 where it runs, and must gain a tenth of that too.
    assert_eq!((has_leavers(45, 0.1), has_leavers(46, 0.1)), (true, false));
}

#[test]
fn a_follower_stays_though_its_job_comes_before_the_one_that_it_follows() {
    let near = Relation { job: JobIndex(1), domain: Domain::Level(Level::Tile) };
    let jobs = vec![Job { affinity: Some(near), ..job(1, 1, 0) }, job(1, 1, 0)];
    assert_eq!(kept(&instance(jobs.clone(), &[(0, 0), (1, 0)]), false), [[1, 0, 0], [1, 0, 0]]);
    assert_eq!(kept(&instance(jobs, &[(0, 0), (1, 1)]), false), [[0, 0, 0], [0, 1, 0]]);
}

#[test]
fn what_runs_side_by_side_stays_though_one_began_before_the_other() {
    // The other job began half an hour later, at the takeover; then whoever keeps away ends, or runs for a while yet.
    let half = i64::try_from(MICROS_PER_HOUR / 2).unwrap();
    let later = Job { earliest: Timestamp(half), deadline: Timestamp(4 * half), ..job(1, 1, 0) };
    let other = Some(Relation { job: JobIndex(1), domain: Domain::Level(Level::Cell) });
    let near = Job { affinity: other, ..job(1, 1, 0) };
    assert_eq!(kept(&instance(vec![near, later.clone()], &[(0, 0), (1, 1)]), false), [[1, 0, 0], [0, 1, 0]]);
    let apart = |share| {
        let short = Job { term: Term::Fixed(Span(MICROS_PER_HOUR / share)), ..job(1, 1, 0) };
        let jobs = vec![Job { anti_affinity: other, ..short.clone() }, short, later.clone()];
        kept(&instance(jobs, &[(0, 0), (1, 1), (2, 2)]), false)[..2].to_vec()
    };
    assert_eq!((apart(2), apart(1)), (vec![[1, 0, 0], [0, 1, 0]], vec![[1, 0, 0], [0, 0, 0]]));
}

#[test]
fn a_capsule_that_left_its_tile_for_another_costs_a_move() {
    // Two run, on the first and on the second tile.
    let instance = instance(vec![job(3, 1, 7)], &[(0, 0), (0, 1)]);
    let lowered = Lowered::new(&instance);
    let running = Running::of(&lowered);
    let cost = |tiles: &[usize]| {
        let mut occupancy = Occupancy::new(&lowered);
        tiles.iter().for_each(|&at| place(&mut occupancy, at));
        running.move_cost(&occupancy)
    };
    assert_eq!([cost(&[0, 1]), cost(&[0, 2]), cost(&[2, 2]), cost(&[2])], [0, 7, 14, 7]);
    // A third capsule is new, and one that stops for good is not moved.
    assert_eq!([cost(&[0, 1, 2]), cost(&[0]), cost(&[])], [0, 0, 0]);
}

#[test]
fn what_is_worth_less_than_its_move_is_taken_off() {
    // It ran on the first tile, and was put on the third, where it is worth 90.
    let left = |job: Job| {
        let instance = instance(vec![job], &[(0, 0)]);
        let lowered = Lowered::new(&instance);
        let mut occupancy = Occupancy::new(&lowered);
        place(&mut occupancy, 2);
        let losers = Running::of(&lowered).withdraw(&mut occupancy);
        (held(&occupancy), losers.len())
    };
    assert_eq!(left(job(1, 1, 90)), (vec![[0, 0, 1]], 0));
    assert_eq!(left(job(1, 1, 91)), (vec![[0, 0, 0]], 1));
    // Where a bonus hangs on it that counts as well.
    let rewarded = |bonus| left(Job { wanted: 1, bonus, ..job(1, 1, 91) });
    assert_eq!((rewarded(1), rewarded(0)), ((vec![[0, 0, 1]], 0), (vec![[0, 0, 0]], 1)));
}
