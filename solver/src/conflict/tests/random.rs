//! Worlds at random, each explanation held against brute force.

use lessor_models::fleet::{ClassIndex, Level, NodeIndex, Owner, Zone, ZoneKind};
use lessor_models::job::{Domain, Job, JobIndex, Relation, Spread, Term};
use lessor_models::resources::{Kind, Resources};
use lessor_models::tile_class::Band;
use lessor_models::time::{Span, Timestamp};
use proptest::prelude::*;

use super::claims::assert_sound;
use super::{TICK, World, class, job, placed};
use crate::lowering::Lowered;
use crate::lowering::index::TileIndex;
use crate::support::random::Random;

fn one_in(random: &mut Random, chances: u64) -> bool {
    random.below(chances) == 0
}

fn amounts(random: &mut Random, from: u64, to: u64) -> Resources {
    let mut one = || from + random.below(to - from);
    Resources::UNLIMITED.with(Kind::Memory, one()).with(Kind::Storage, one())
}

fn ticks(count: u64) -> Timestamp {
    Timestamp(TICK * i64::try_from(count).unwrap())
}

/// Two cells of two or three tiles, two classes, a zone across, a maintenance window at times.
fn fleet(random: &mut Random, has_zone: bool) -> World {
    let mut tiles = || -> Vec<Resources> { (0..2 + random.below(2)).map(|_| amounts(random, 4, 10)).collect() };
    let (first, second) = (tiles(), tiles());
    let (one, two) = (amounts(random, 6, 24), amounts(random, 6, 24));
    let mut world = World::new(&[(one, &first), (two, &second)]);
    world.parts.classes.push(class("hot", 400_000));
    world.parts.classes[0].devices = 2;
    for node in 2..world.parts.nodes.levels.len() {
        world.parts.nodes.classes[node] = Some(ClassIndex(u32::from(one_in(random, 3))));
        if one_in(random, 8) {
            world.closed.push(NodeIndex(u32::try_from(node).unwrap()));
        }
    }
    if has_zone {
        world.parts.zone_names.push("loop".into());
        let capacity = amounts(random, 6, 20);
        world.parts.zones.push(Zone { kind: ZoneKind::RadiatorLoop, capacity, energy_price: None });
        world.parts.members.extend([(0, 2), (0, u32::try_from(world.parts.nodes.levels.len() - 1).unwrap())]);
    }
    if one_in(random, 4) {
        let steps = vec![(ticks(1), 2), (ticks(2), 20)];
        world.parts.steps.insert((Owner::Node(NodeIndex(0)), Kind::Memory), steps);
    }
    world
}

/// Jobs that fill the fleet, each capsule where the planner's own fitting lets it in at its earliest start.
fn fill(random: &mut Random, mut world: World) -> World {
    for _ in 0..3 + random.below(3) {
        let mut filler = Job { count: 4, bid: 1 + random.below(120), ..job(1 + random.below(6)) };
        filler.demand.storage_bytes = random.below(5);
        filler.preemptible = one_in(random, 3);
        filler.earliest = ticks(random.below(3));
        let term = Span(TICK.unsigned_abs() * (1 + random.below(2)));
        (filler.term, filler.deadline) = (Term::Fixed(term), filler.earliest.after(Span(term.0 * 2)));
        if one_in(random, 3) {
            (filler.demand.devices, filler.demand.device_milli) = (1, 600);
        }
        let start = filler.earliest;
        world.jobs.push(filler);
        for _ in 0..4 {
            let instance = world.instance();
            let lowered = Lowered::new(&instance);
            let (occupancy, _) = placed(&lowered, &world.plan);
            let class = *lowered.class_of_job.last().unwrap();
            let tile = TileIndex::new(random.index(4));
            let fits = occupancy.fits_tile(tile, class, start)
                && occupancy.path_room(class, lowered.group_of(tile), start, 1) > 0
                && !lowered.group(lowered.group_of(tile)).closed
                && lowered.worth(class, lowered.group_of(tile)).is_some();
            if fits {
                let job = JobIndex(u32::try_from(world.jobs.len() - 1).unwrap());
                let tile = lowered.tiles[tile.at()];
                let placement = lessor_models::plan::Placement { job, tile, start, count: 1, devices: 0 };
                world.plan.push(placement);
                world.give_devices();
            }
        }
    }
    world
}

/// A job with some rules of its own.
fn target(random: &mut Random, world: &World) -> Job {
    let mut job = job(2 + random.below(8));
    job.demand.storage_bytes = random.below(8);
    job.earliest = ticks(random.below(2));
    job.term = Term::Fixed(Span(TICK.unsigned_abs() * (1 + random.below(2))));
    job.deadline = job.earliest.after(Span(TICK.unsigned_abs() * (2 + random.below(2))));
    let domain = if one_in(random, 2) { Level::Cell } else { Level::Tile };
    let relation = Relation { job: JobIndex(0), domain: Domain::Level(domain) };
    match random.below(9) {
        0 => job.classes = vec![ClassIndex(1)],
        1 => job.band = Some(Band { low_mk: 0, high_mk: 300_000 }),
        2 => job.locality = Some(NodeIndex(1)),
        3 => (job.data, job.latency_max_us) = (Some(world.tile(0)), Some(random.below(3))),
        4 => job.affinity = Some(relation),
        5 => job.anti_affinity = Some(relation),
        6 => (job.demand.devices, job.demand.device_milli) = (1 + u8::from(one_in(random, 2)), 500),
        _ => {}
    }
    job
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_explanation_of_one_capsule_stands_up_to_brute_force(seed: u64) {
        let mut random = Random::new(seed);
        let world = fleet(&mut random, true);
        let world = fill(&mut random, world);
        let job = target(&mut random, &world);
        let world = world.with(job, &[]);
        assert_sound(&world, world.jobs.len() - 1);
    }

    #[test]
    fn every_explanation_of_a_gang_stands_up_to_brute_force(seed: u64) {
        // Accounts that nest, where filling in any order places the most there is.
        let mut random = Random::new(seed);
        let mut world = fleet(&mut random, false);
        world.parts.steps.clear();
        let gang_min = 2 + u32::from(one_in(&mut random, 2));
        let mut gang = Job { count: 3, gang_min, ..job(1 + random.below(5)) };
        gang.demand.storage_bytes = random.below(6);
        let domain = Domain::Level(Level::Cell);
        gang.spread = match random.below(6) {
            0 | 1 => Some(Spread::at_most(domain, 1)),
            2 => Some(Spread::over(domain, 2)),
            3 => Some(Spread::over(Domain::Level(Level::Tile), 2)),
            _ => None,
        };
        let mut world = fill(&mut random, world);
        // Capsules of a gang can follow each other at any tick, so every tick is made an edge of the grid.
        for earliest in (0..6).map(ticks) {
            world = world.with(Job { earliest, deadline: earliest.after(Span(TICK.unsigned_abs())), ..job(1) }, &[]);
        }
        let world = world.with(gang, &[]);
        assert_sound(&world, world.jobs.len() - 1);
    }
}
