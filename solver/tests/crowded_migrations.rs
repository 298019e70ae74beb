//! Orders of moves between two full plans of one small fleet, in which most capsules change places with others.

use lessor_models::check;
use lessor_models::fleet::{ClassIndex, Fleet, FleetParts, Level, NodeColumns, NodeIndex};
use lessor_models::instance::Instance;
use lessor_models::job::{Job, JobIndex};
use lessor_models::objective::Weights;
use lessor_models::plan::{CurrentPlacement, Placement, Stage};
use lessor_models::resources::{Kind, Resources};
use lessor_models::tile_class::TileClass;
use lessor_models::time::{Span, Timestamp};
use lessor_solver::migration::migration;
use lessor_solver::support::random::Random;
use lessor_solver::support::stop::Stop;

const TILES: usize = 24;
const JOBS: usize = 90;

/// A cell of tiles with as much compute as memory.
fn fleet() -> Fleet {
    let tile = Resources::UNLIMITED.with(Kind::Compute, 20).with(Kind::Memory, 20);
    let nodes = NodeColumns {
        names: (0..=TILES).map(|at| format!("n{at}")).collect(),
        parents: (0..=TILES).map(|at| (at > 0).then_some(0)).collect(),
        levels: [Level::Cell].into_iter().chain([Level::Tile; TILES]).collect(),
        classes: [None].into_iter().chain([Some(ClassIndex(0)); TILES]).collect(),
        capacities: [Resources::UNLIMITED].into_iter().chain([tile; TILES]).collect(),
        uplink_delays_us: vec![0; TILES + 1],
    };
    Fleet::new(FleetParts { nodes, classes: vec![TileClass::plain("plain")], ..FleetParts::default() })
        .expect("the fleet is sound")
}

fn any_job(random: &mut Random) -> Job {
    let mut job =
        Job { count: 2, bid: random.below(50), move_cost: random.below(9), ..Job::empty(Timestamp(0), Span(9)) };
    (job.demand.compute_mops, job.demand.memory_bytes) = (1 + random.below(9), 1 + random.below(9));
    job
}

/// Where capsules go that look for room from a tile of their own on.
fn full(jobs: &[Job], random: &mut Random) -> Vec<(JobIndex, NodeIndex)> {
    let (mut left, mut found) = ([(20, 20); TILES], Vec::new());
    for (index, job) in (0..).map(JobIndex).zip(jobs) {
        for _ in 0..job.count {
            let (compute, memory) = (job.demand.compute_mops, job.demand.memory_bytes);
            let from = random.index(TILES);
            let mut tiles = (from..TILES).chain(0..from);
            let Some(tile) = tiles.find(|&tile| left[tile].0 >= compute && left[tile].1 >= memory) else { continue };
            left[tile] = (left[tile].0 - compute, left[tile].1 - memory);
            found.push((index, NodeIndex(u32::try_from(tile + 1).expect("there are few tiles"))));
        }
    }
    found
}

#[test]
fn from_one_full_plan_to_another_every_capsule_finds_its_turn() {
    let mut paused = 0;
    for seed in 0..400 {
        let mut random = Random::new(seed);
        let jobs: Vec<Job> = (0..JOBS).map(|_| any_job(&mut random)).collect();
        let current = full(&jobs, &mut random).into_iter();
        let current = current.map(|(job, tile)| CurrentPlacement { job, tile, count: 1, devices: 0 }).collect();
        let placed = full(&jobs, &mut random).into_iter();
        let placed = placed.map(|(job, tile)| Placement { job, tile, start: Timestamp(0), count: 1, devices: 0 });
        let placements: Vec<Placement> = placed.collect();
        let names = (0..JOBS).map(|at| format!("j{at}")).collect();
        let instance = Instance::new(fleet(), names, jobs, Weights::default()).unwrap().with_current(current).unwrap();
        let migration = migration(&instance, &placements, &Stop::new());
        assert_eq!(migration.held_back, [], "seed {seed}: nothing is held at both ends");
        assert_eq!(check::moves::violations(&instance, &placements, &migration.moves), [], "seed {seed}");
        paused += migration.moves.iter().filter(|change| change.stage == Stage::Pause).count();
    }
    assert!(paused > 400, "{paused} pauses: the plans are full");
}
