//! Crowded starts on three cells, mended and held against the checker.

use lessor_models::check::{self, Violation};
use lessor_models::fleet::{ClassIndex, Fleet, FleetParts, Level, NodeColumns, NodeIndex};
use lessor_models::instance::Instance;
use lessor_models::job::{Domain, Job, Spread};
use lessor_models::objective::Weights;
use lessor_models::plan::Rule;
use lessor_models::resources::{Kind, Resources};
use lessor_models::tile_class::TileClass;
use lessor_models::time::{Span, Timestamp};

use super::spread_out;
use crate::lowering::Lowered;
use crate::lowering::index::{JobClassIndex, TileIndex};
use crate::plan::assemble;
use crate::plan::insert::insert_missing;
use crate::plan::occupancy::{Item, Occupancy};
use crate::plan::rank::Ranking;
use crate::support::random::Random;
use crate::support::stop::Stop;

const CELLS: usize = 3;

/// Cells of two tiles each, with so much compute on each tile.
fn instance(job: Job, capacities: [u64; 2 * CELLS]) -> Instance {
    let compute = |amount| Resources::UNLIMITED.with(Kind::Compute, amount);
    let cells = || 0..CELLS;
    let tiles = || capacities.iter().enumerate();
    let parents = cells().map(|_| None).chain(tiles().map(|(at, _)| Some(u32::try_from(at / 2).unwrap())));
    let nodes = NodeColumns {
        names: cells().map(|at| format!("c{at}")).chain(tiles().map(|(at, _)| format!("t{at}"))).collect(),
        parents: parents.collect(),
        levels: cells().map(|_| Level::Cell).chain(tiles().map(|_| Level::Tile)).collect(),
        classes: cells().map(|_| None).chain(tiles().map(|_| Some(ClassIndex(0)))).collect(),
        capacities: cells().map(|_| Resources::UNLIMITED).chain(tiles().map(|(_, &amount)| compute(amount))).collect(),
        uplink_delays_us: vec![0; 3 * CELLS],
    };
    let fleet = FleetParts { nodes, classes: vec![TileClass::plain("plain")], ..FleetParts::default() };
    Instance::new(Fleet::new(fleet).unwrap(), vec!["j".into()], vec![job], Weights::default()).unwrap()
}

/// Capsules of one Mop/s that must lie in so many members of a domain.
fn job(count: u32, domain: Domain, least: u32) -> Job {
    let mut job = Job { count, bid: 1_000, ..Job::empty(Timestamp(0), Span(10)) };
    (job.demand.compute_mops, job.spread) = (1, Some(Spread::over(domain, least)));
    job
}

fn tile(lowered: &Lowered<'_>, at: usize) -> TileIndex {
    let node = NodeIndex(u32::try_from(CELLS + at).unwrap());
    TileIndex::new(lowered.tiles.iter().position(|&tile| tile == node).unwrap())
}

fn put(occupancy: &mut Occupancy<'_>, at: usize) {
    let item = Item { class: JobClassIndex(0), count: 1, start: Timestamp(0), devices: 0, is_current: true };
    occupancy.place(tile(occupancy.lowered(), at), item);
}

fn held(occupancy: &Occupancy<'_>) -> Vec<u32> {
    let on = |at| occupancy.items(tile(occupancy.lowered(), at)).iter().map(|item| item.count).sum();
    (0..2 * CELLS).map(on).collect()
}

/// What becomes of capsules on the tiles.
fn mended(job: Job, capacities: [u64; 2 * CELLS], on: &[usize]) -> Vec<u32> {
    let instance = instance(job, capacities);
    let lowered = Lowered::new(&instance);
    let mut occupancy = Occupancy::new(&lowered);
    on.iter().for_each(|&at| put(&mut occupancy, at));
    spread_out(&mut occupancy, &Ranking::new(&lowered, None));
    held(&occupancy)
}

#[test]
fn one_move_mends_what_one_move_can() {
    let cell = Domain::Level(Level::Cell);
    // Three in the first cell and one in the second, which must be three cells: one goes to the third.
    assert_eq!(mended(job(4, cell, 3), [3, 3, 3, 0, 3, 0], &[0, 0, 1, 2]), [2, 0, 1, 0, 1, 0]);
    // What is spread out enough stays.
    assert_eq!(mended(job(4, cell, 2), [3, 3, 3, 0, 3, 0], &[0, 0, 1, 2]), [2, 1, 1, 0, 0, 0]);
}

#[test]
fn what_finds_no_location_of_its_own_is_taken_off() {
    // The other cells have no room: one capsule is left.
    assert_eq!(mended(job(3, Domain::Level(Level::Cell), 2), [3, 3, 0, 0, 0, 0], &[0, 1, 1]), [1, 0, 0, 0, 0, 0]);
}

#[test]
fn random_crowds_are_mended_and_filled_up_as_far_as_any_plan_could_be() {
    let mut moved = 0;
    for seed in 0..500 {
        let mut random = Random::new(seed);
        let domain = Domain::Level(if random.below(2) == 0 { Level::Cell } else { Level::Tile });
        let capacities = std::array::from_fn(|_| random.below(4));
        let count = u32::try_from(1 + random.below(6)).unwrap();
        let least = u32::try_from(1 + random.below(5)).unwrap().min(count);
        let instance = instance(job(count, domain, least), capacities);
        let lowered = Lowered::new(&instance);
        let mut occupancy = Occupancy::new(&lowered);
        let all: Vec<usize> =
            (0..2 * CELLS).flat_map(|at| vec![at; usize::try_from(capacities[at]).unwrap()]).collect();
        all.iter().take(usize::try_from(count).unwrap()).for_each(|&at| put(&mut occupancy, at));
        let before = held(&occupancy);
        let ranking = Ranking::new(&lowered, None);
        spread_out(&mut occupancy, &ranking);
        insert_missing(&mut occupancy, &[JobClassIndex(0)], &ranking, &Stop::new());
        let plan = assemble::placements(&occupancy);
        let broken = Violation::Rule { rule: Rule::SpreadLeast, job: lessor_models::job::JobIndex(0), tile: None };
        assert!(!check::violations(&instance, &plan).contains(&broken), "seed {seed}: {plan:?}");
        assert_eq!(check::violations(&instance, &plan), [], "seed {seed}");
        // Any plan of so many capsules lies in at most the members with room, so it holds no more than that, or than there is.
        let member = |at: usize| if domain == Domain::Level(Level::Cell) { at / 2 } else { at };
        let members: std::collections::BTreeSet<usize> = all.iter().map(|&at| member(at)).collect();
        let most = if members.len() < least as usize { members.len() } else { all.len() };
        let placed: u32 = held(&occupancy).iter().sum();
        assert_eq!(placed as usize, most.min(count as usize), "seed {seed}: {before:?}");
        moved += u32::from(held(&occupancy) != before);
    }
    assert!(moved > 100, "crowds are common: {moved}");
}
