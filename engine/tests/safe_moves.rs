//! A fleet is planned, loses capacity while the plan runs, and is planned again: whatever moves, moves in a safe order.

#![expect(clippy::unwrap_used, reason = "the helpers of tests unwrap as tests do")]

use lessor_datasets::generate::{Family, Scenario};
use lessor_engine::planner::{Method, PlannerOptions, Stops, plan};
use lessor_models::check;
use lessor_models::fleet::{
    ClassIndex, Fleet, FleetParts, Level, NodeColumns, NodeIndex, Owner, Zone, ZoneIndex, ZoneKind,
};
use lessor_models::instance::Instance;
use lessor_models::job::{Job, JobIndex};
use lessor_models::objective::Weights;
use lessor_models::plan::{CurrentPlacement, HeldBack, Placement, Plan, Seat, Wait};
use lessor_models::resources::{Kind, Kinds, Resources, UNLIMITED};
use lessor_models::tile_class::TileClass;
use lessor_models::time::{MICROS_PER_HOUR, Span, Timestamp};
use lessor_solver::support::stop::Stop;

fn planned(instance: &Instance) -> Plan {
    let stop = Stop::new();
    let stops = Stops::one(&stop);
    let options = PlannerOptions { method: Method::Auto, seed: 1, work: Some(60), memory: None };
    plan(instance, &options, stops, &mut |_| {}).plan
}

/// The instance with what a plan has started by the first instant.
fn running(instance: Instance, plan: &Plan) -> Instance {
    let start = instance.horizon().start;
    let has_begun = plan.placements.iter().filter(|placement| placement.start == start);
    let current = has_begun.map(|&Placement { job, tile, count, devices, .. }| {
        assert!(devices == 0 || count == 1, "devices are held one capsule a row");
        CurrentPlacement { job, tile, count, devices }
    });
    let current = current.collect();
    instance.with_current(current).unwrap()
}

/// Every third tile loses a third of what it has, every seventh takes nothing new.
fn degrade(instance: &mut Instance) {
    let tiles: Vec<NodeIndex> = instance.fleet().tiles().collect();
    for tile in tiles.iter().step_by(3).copied() {
        let base = instance.fleet().base_capacity(Owner::Node(tile));
        let less = Resources(base.0.map(|amount| if amount == UNLIMITED { amount } else { amount / 3 * 2 }));
        instance.fleet_mut().limit(Owner::Node(tile), &less);
    }
    tiles.iter().step_by(7).for_each(|&tile| instance.fleet_mut().close(tile));
}

#[test]
fn whatever_a_plan_moves_it_moves_in_a_safe_order() {
    for family in [Family::Small, Family::Mixed, Family::Devices] {
        for seed in 0..3 {
            let scenario = Scenario { family, load_permille: 800, job_classes: 25, ..Scenario::new(40, seed) };
            let instance = scenario.generate().unwrap();
            let first = planned(&instance);
            let mut instance = running(instance, &first);
            degrade(&mut instance);
            let second = planned(&instance);
            assert_eq!(check::violations(&instance, &second.placements), []);
            let found = check::moves::violations(&instance, &second.placements, &second.moves);
            assert_eq!(found, [], "{family:?}, seed {seed}");
            assert!(!second.moves.is_empty(), "{family:?}, seed {seed}: a tile that lost capacity is left");
            // The same where everything is held at both ends.
            let weights =
                Weights { transient: Kind::ALL.into_iter().fold(Kinds::NONE, Kinds::with), ..Weights::default() };
            let instance = instance.with_weights(weights);
            let third = planned(&instance);
            assert_eq!(check::violations(&instance, &third.placements), []);
            let found = check::moves::violations(&instance, &third.placements, &third.moves);
            assert_eq!(found, [], "{family:?}, seed {seed}: {:?}", third.held_back);
            let found = check::moves::carried_out(&instance, &third.moves, &third.held_back);
            assert_eq!(found, [], "{family:?}, seed {seed}: {:?}", third.held_back);
        }
    }
}

const TILES: [NodeIndex; 2] = [NodeIndex(1), NodeIndex(2)];

/// Two full tiles far from each other, each with a job whose data is on the other one; so many of both may move at once.
fn crossed(moves_max: u32) -> Instance {
    let full = Resources::UNLIMITED.with(Kind::Compute, 4);
    let nodes = NodeColumns {
        names: ["hall", "a", "b"].map(String::from).to_vec(),
        parents: vec![None, Some(0), Some(0)],
        levels: vec![Level::Cell, Level::Tile, Level::Tile],
        classes: vec![None, Some(ClassIndex(0)), Some(ClassIndex(0))],
        capacities: vec![Resources::UNLIMITED, full, full],
        uplink_delays_us: vec![0, 10_000, 10_000],
    };
    let hall = Zone { kind: ZoneKind::FailureDomain, capacity: Resources::UNLIMITED, energy_price: None };
    let parts = FleetParts {
        nodes,
        classes: vec![TileClass::plain("plain")],
        zone_names: vec!["all".into()],
        zones: vec![hall],
        members: vec![(0, 0)],
        move_limits: [(ZoneIndex(0), moves_max)].into(),
        ..FleetParts::default()
    };
    let job = |data: usize, mops| {
        let mut job = Job { bid: 1_000_000, preemptible: true, ..Job::empty(Timestamp(0), Span(MICROS_PER_HOUR)) };
        (job.data, job.demand.compute_mops) = (Some(TILES[data]), mops);
        job
    };
    let names = ["first", "second"].map(String::from).to_vec();
    let instance = Instance::new(Fleet::new(parts).unwrap(), names, vec![job(1, 3), job(0, 2)], Weights::default());
    let runs = |job: u32, tile| CurrentPlacement { job: JobIndex(job), tile, count: 1, devices: 0 };
    instance.unwrap().with_current(vec![runs(0, TILES[0]), runs(1, TILES[1])]).unwrap()
}

/// Where a plan has the two jobs, its moves, and what it holds back.
fn crossing(instance: &Instance) -> (Vec<NodeIndex>, usize, Vec<HeldBack>) {
    let plan = planned(instance);
    assert_eq!(check::violations(instance, &plan.placements), []);
    assert_eq!(check::moves::violations(instance, &plan.placements, &plan.moves), []);
    assert_eq!(check::moves::carried_out(instance, &plan.moves, &plan.held_back), []);
    (plan.placements.iter().map(|placement| placement.tile).collect(), plan.moves.len(), plan.held_back)
}

#[test]
fn what_no_order_allows_stays_where_it_runs_and_who_waits_for_whom_is_told() {
    let exchanged = vec![TILES[1], TILES[0]];
    // One pauses, the other goes, the first resumes.
    assert_eq!(crossing(&crossed(2)), (exchanged, 3, vec![]));
    let held = |job: u32, wait, behind| {
        let seat = |tile| Seat { tile, devices: 0 };
        let (from, to) = (seat(TILES[job as usize]), seat(TILES[1 - job as usize]));
        HeldBack { job: JobIndex(job), from, to, count: 1, wait, behind: Some(JobIndex(behind)) }
    };
    let lacks = |tile| Wait::Account { owner: Owner::Node(tile), kind: Kind::Compute };
    let copied = crossed(2).with_weights(Weights { transient: Kinds::NONE.with(Kind::Compute), ..Weights::default() });
    let expected = vec![held(0, lacks(TILES[1]), 1), held(1, lacks(TILES[0]), 0)];
    assert_eq!(crossing(&copied), (TILES.to_vec(), 0, expected));
    // Where only one may be on the move, the other has no turn while one is paused.
    let (tiles, moves, held_back) = crossing(&crossed(1));
    assert_eq!((tiles, moves), (TILES.to_vec(), 0));
    assert!(held_back.iter().any(|held| held.wait == Wait::Turn { zone: ZoneIndex(0) }), "{held_back:?}");
}

#[test]
fn of_two_that_can_neither_stay_nor_pass_each_other_one_goes() {
    // Each must be on the tile of the other, and needs its room at both ends meanwhile.
    let instance = crossed(2);
    let mut jobs = instance.jobs().to_vec();
    (jobs[0].locality, jobs[1].locality) = (Some(TILES[1]), Some(TILES[0]));
    jobs[1].bid = 3_000_000;
    let names = ["first", "second"].map(String::from).to_vec();
    let weights = Weights { transient: Kinds::NONE.with(Kind::Compute), ..Weights::default() };
    let bound = Instance::new(instance.fleet().clone(), names, jobs, weights).unwrap();
    let bound = bound.with_current(instance.current().to_vec()).unwrap();
    let (tiles, moves, held_back) = crossing(&bound);
    assert_eq!((tiles, moves), (vec![TILES[0]], 2), "the first stops, and the second goes where it ran");
    let held: Vec<JobIndex> = held_back.iter().map(|held| held.job).collect();
    assert_eq!(held, [JobIndex(0)], "what goes after all is not held back");
}
