//! Starts from which much must move and little may at once: a search makes no less of them than first plans do.

#![expect(clippy::unwrap_used, reason = "the helpers of tests unwrap as tests do")]

use lessor_engine::planner::{Method, PlannerOptions, Stops, plan};
use lessor_models::check;
use lessor_models::fleet::{ClassIndex, Fleet, FleetParts, Level, NodeColumns, NodeIndex, Zone, ZoneIndex, ZoneKind};
use lessor_models::instance::Instance;
use lessor_models::job::{Domain, Job, JobIndex, Relation, Spread};
use lessor_models::objective::Weights;
use lessor_models::plan::CurrentPlacement;
use lessor_models::resources::{Kind, Kinds, Resources};
use lessor_models::tile_class::TileClass;
use lessor_models::time::{Span, Timestamp};
use lessor_solver::support::random::Random;
use lessor_solver::support::stop::Stop;

/// Two cells of three tiles each.
const TILES: [u32; 6] = [2, 3, 4, 5, 6, 7];

/// Tiles of 4 to 12 Mop/s and bytes in two zones, of which each lets one or two of its capsules move at once.
fn fleet(random: &mut Random) -> Fleet {
    let mut whole = || {
        let kinds = [Kind::Compute, Kind::Memory].map(|kind| (kind, 4 + random.below(9)));
        kinds.into_iter().fold(Resources::UNLIMITED, |sum, (kind, amount)| sum.with(kind, amount))
    };
    let capacities = [[Resources::UNLIMITED; 2].as_slice(), &TILES.map(|_| whole())].concat();
    let nodes = NodeColumns {
        names: ["left", "right", "a", "b", "c", "d", "e", "f"].map(String::from).to_vec(),
        parents: [None, None].into_iter().chain(TILES.map(|tile| Some(u32::from(tile > 4)))).collect(),
        levels: [[Level::Cell; 2].as_slice(), &[Level::Tile; 6]].concat(),
        classes: [None, None].into_iter().chain(TILES.map(|_| Some(ClassIndex(0)))).collect(),
        capacities,
        uplink_delays_us: vec![0; 8],
    };
    let zone = Zone { kind: ZoneKind::FailureDomain, capacity: Resources::UNLIMITED, energy_price: None };
    // Neither zone is empty.
    let third = u32::try_from(random.below(2)).unwrap();
    let zone_of = |tile: u32| if tile == TILES[2] { third } else { tile % 2 };
    let mut few = || 1 + u32::try_from(random.below(2)).unwrap();
    let parts = FleetParts {
        nodes,
        classes: vec![TileClass::plain("plain")],
        zone_names: ["one", "other"].map(String::from).to_vec(),
        zones: vec![zone.clone(), zone],
        move_limits: [(ZoneIndex(0), few()), (ZoneIndex(1), few())].into(),
        members: TILES.map(|tile| (zone_of(tile), tile)).to_vec(),
        ..FleetParts::default()
    };
    Fleet::new(parts).unwrap()
}

fn job(at: u32, random: &mut Random) -> Job {
    let mut small = |many: u64| u32::try_from(random.below(many)).unwrap();
    let mut job = Job { count: 1 + small(4), preemptible: true, ..Job::empty(Timestamp(0), Span(1_000)) };
    let domain = Domain::Level(if small(2) == 0 { Level::Cell } else { Level::Tile });
    match small(6) {
        0 => job.gang_min = job.count,
        1 => (job.wanted, job.bonus) = (1 + small(u64::from(job.count)), u64::from(small(2_000)) * 1_000),
        2 => job.spread = Some(Spread::at_most(domain, 1 + small(2))),
        3 => job.spread = Some(Spread::over(domain, 1 + small(u64::from(job.count)))),
        4 if at > 0 => job.anti_affinity = Some(Relation { job: JobIndex(small(at.into())), domain }),
        _ => {}
    }
    (job.bid, job.move_cost) = ((1 + random.below(1_000)) * 1_000, random.below(300) * 1_000);
    (job.demand.compute_mops, job.demand.memory_bytes) = (random.below(7), random.below(7));
    job
}

/// Capsules run wherever chance puts them; memory is held at both ends of a move.
fn crowded(seed: u64) -> Instance {
    let mut random = Random::new(seed);
    let fleet = fleet(&mut random);
    let jobs: Vec<Job> = (0..2 + u32::try_from(random.below(5)).unwrap()).map(|at| job(at, &mut random)).collect();
    let mut current = Vec::new();
    for (job, asked) in (0..).map(JobIndex).zip(&jobs) {
        for _ in 0..asked.count {
            if random.below(10) < 6 {
                current.push(CurrentPlacement { job, tile: NodeIndex(TILES[random.index(6)]), count: 1, devices: 0 });
            }
        }
    }
    let weights = Weights {
        energy_price: 0,
        thermal_price: 0,
        risk_permille: 0,
        transient: Kinds::NONE.with(Kind::Memory),
        ..Weights::default()
    };
    let names = (0..jobs.len()).map(|at| format!("j{at}")).collect();
    Instance::new(fleet, names, jobs, weights).unwrap().with_current(current).unwrap()
}

/// What a plan is worth that can be carried out, whose search ends after some work, or is ended then from outside.
fn worth(instance: &Instance, method: Method, (work, ended): (Option<u64>, Option<u64>)) -> i128 {
    let (search, other) = (Stop::new(), Stop::new());
    if let Some(ended) = ended {
        search.allow(ended);
    }
    let stops = Stops { bound: &other, search: &search, fill: &search, explain: &other };
    let outcome = plan(instance, &PlannerOptions { method, seed: 1, work, memory: None }, stops, &mut |_| {});
    assert_eq!(check::violations(instance, &outcome.plan.placements), []);
    assert_eq!(check::moves::violations(instance, &outcome.plan.placements, &outcome.plan.moves), []);
    outcome.value
}

#[test]
fn a_search_makes_no_less_of_a_start_than_first_plans_do_whatever_its_limit() {
    for seed in 0..60 {
        let instance = crowded(seed);
        let constructed = worth(&instance, Method::Construction, (None, None));
        for limit in [(Some(100), None), (Some(3_000), None), (None, Some(3_000))] {
            let searched = worth(&instance, Method::Auto, limit);
            assert!(searched >= constructed, "seed {seed}, {limit:?}: {searched} of {constructed}");
        }
    }
}
