//! One small world for each reason and each cure.

use lessor_models::fleet::{ClassIndex, Level, NodeIndex, Owner, Zone, ZoneIndex, ZoneKind};
use lessor_models::job::{Domain, Job, JobIndex, Relation, ServiceClass, Spread, Term};
use lessor_models::plan::{Blocker, Cure, Reason, Rule};
use lessor_models::resources::{Kind, Resources};
use lessor_models::tile_class::Band;
use lessor_models::time::{Span, Timestamp};

use super::claims::assert_sound;
use super::{World, class, job, memory, placed};
use crate::conflict::{Explainer, explain, explain_all};
use crate::lowering::Lowered;
use crate::lowering::index::JobClassIndex;
use crate::support::stop::Stop;

const FREE: Resources = Resources::UNLIMITED;

fn tiles(kind: Kind) -> Blocker {
    Blocker::Tiles { kind }
}

fn account(node: u32, kind: Kind) -> Blocker {
    Blocker::Account { owner: Owner::Node(NodeIndex(node)), kind }
}

/// Explains the last job, holds the explanation against brute force, and compares it.
fn check(world: &World, reason: Reason, conflict: &[Blocker], cure: impl Into<Option<Cure>>) {
    let found = assert_sound(world, world.jobs.len() - 1);
    assert_eq!((found.reason, found.conflict.as_slice(), found.cure), (reason, conflict, cure.into()));
}

fn capacity(owner: NodeIndex, kind: Kind, amount: u64) -> Cure {
    Cure::Capacity { owner: Owner::Node(owner), kind, amount }
}

#[test]
fn a_class_that_no_tile_has_leaves_no_eligible_tile() {
    let mut world = World::new(&[(FREE, &[memory(8), memory(8)])]);
    world.parts.classes.push(class("hot", 400_000));
    let world = world.with(Job { classes: vec![ClassIndex(1)], ..job(4) }, &[]);
    check(&world, Reason::NoEligibleTile, &[Blocker::Rule(Rule::Classes)], Some(Cure::Relax(Rule::Classes)));
}

#[test]
fn a_band_and_a_class_that_exclude_each_other_are_named_together() {
    let mut world = World::new(&[(FREE, &[memory(8), memory(8)])]);
    world.parts.classes.push(class("hot", 400_000));
    world.parts.nodes.classes[2] = Some(ClassIndex(1));
    let band = Some(Band { low_mk: 0, high_mk: 300_000 });
    let world = world.with(Job { classes: vec![ClassIndex(1)], band, ..job(4) }, &[]);
    // The cold tile breaks the class, the hot one the band. Either waiver alone is a cure; the first rule wins.
    let rules = [Rule::Classes, Rule::Band].map(Blocker::Rule);
    check(&world, Reason::NoEligibleTile, &rules, Some(Cure::Relax(Rule::Classes)));
}

#[test]
fn a_locality_that_is_full_is_named_beside_what_is_full() {
    let world = World::new(&[(FREE, &[memory(8)]), (FREE, &[memory(8)])]);
    let locality = Some(NodeIndex(0));
    let world = world.with(job(6), &[0]).with(Job { locality, ..job(4) }, &[]);
    // Tile 0 lacks 2 of 8: a quarter of the worth; waiving the locality costs all of it.
    let conflict = [tiles(Kind::Memory), Blocker::Rule(Rule::Locality)];
    check(&world, Reason::NoHeadroom, &conflict, capacity(world.tile(0), Kind::Memory, 2));
}

#[test]
fn data_too_far_away_leaves_no_eligible_tile() {
    // Two roots: no path from the second cell to the data; two hops of 1 us within the first.
    let world = World::new(&[(FREE, &[memory(8), memory(2)]), (FREE, &[memory(8)])]);
    let data = Some(world.tile(1));
    let world = world.with(Job { data, latency_max_us: Some(1), ..job(4) }, &[]);
    let (latency, lacks) = (Blocker::Rule(Rule::Latency), tiles(Kind::Memory));
    // The data's own tile is near enough and too small: capacity there, twice what it has, or the rule.
    check(&world, Reason::TooLarge, &[lacks, latency], capacity(world.tile(1), Kind::Memory, 2));
    let small = World { jobs: vec![Job { latency_max_us: Some(0), ..world.jobs[0].clone() }], ..world };
    let mut closed = small.clone();
    closed.closed.push(small.tile(1));
    check(&closed, Reason::NoEligibleTile, &[latency, Blocker::Rule(Rule::Closed)], Some(Cure::Relax(Rule::Latency)));
}

#[test]
fn a_closed_tile_is_a_rule_that_can_be_waived() {
    let mut world = World::new(&[(FREE, &[memory(8)])]);
    world.closed.push(world.tile(0));
    let world = world.with(job(4), &[]);
    check(&world, Reason::NoEligibleTile, &[Blocker::Rule(Rule::Closed)], Some(Cure::Relax(Rule::Closed)));
}

#[test]
fn a_full_member_of_the_domain_is_named_as_spread() {
    let world = World::new(&[(FREE, &[memory(8)]), (FREE, &[memory(1)])]);
    let spread = Some(Spread::at_most(Domain::Level(Level::Cell), 1));
    let world = world.with(Job { spread, count: 2, ..job(2) }, &[0]);
    // The other cell's tile lacks one of one: as dear as the job, and capacity comes before a rule.
    check(
        &world,
        Reason::TooLarge,
        &[tiles(Kind::Memory), Blocker::Rule(Rule::Spread)],
        capacity(world.tile(1), Kind::Memory, 1),
    );
}

#[test]
fn too_few_locations_are_named_and_can_be_waived() {
    // One capsule is in the first cell, and the second cell's tile is closed: a second one needs a cell of its own.
    let mut world = World::new(&[(FREE, &[memory(8)]), (FREE, &[memory(8)])]);
    world.closed.push(world.tile(1));
    let spread = Some(Spread::over(Domain::Level(Level::Cell), 2));
    let world = world.with(Job { spread, count: 3, ..job(2) }, &[0]);
    let least = Blocker::Rule(Rule::SpreadLeast);
    check(&world, Reason::NoEligibleTile, &[Blocker::Rule(Rule::Closed), least], Some(Cure::Relax(Rule::Closed)));
}

#[test]
fn a_job_that_needs_another_near_names_affinity() {
    let world = World::new(&[(FREE, &[memory(8)]), (FREE, &[memory(8)])]);
    let affinity = Some(Relation { job: JobIndex(0), domain: Domain::Level(Level::Cell) });
    let world = world.with(job(2), &[]).with(Job { affinity, ..job(4) }, &[]);
    check(&world, Reason::NoEligibleTile, &[Blocker::Rule(Rule::Affinity)], Some(Cure::Relax(Rule::Affinity)));
}

#[test]
fn anti_affinity_holds_in_both_directions() {
    let apart = |job: u32| Some(Relation { job: JobIndex(job), domain: Domain::Level(Level::Cell) });
    let world = World::new(&[(FREE, &[memory(8)])]);
    let conflict = [Blocker::Rule(Rule::AntiAffinity)];
    let shuns = world.clone().with(job(2), &[0]).with(Job { anti_affinity: apart(0), ..job(4) }, &[]);
    check(&shuns, Reason::NoEligibleTile, &conflict, Some(Cure::Relax(Rule::AntiAffinity)));
    let mut shunned = world.with(job(2), &[0]).with(job(4), &[]);
    shunned.jobs[0].anti_affinity = apart(1);
    check(&shunned, Reason::NoEligibleTile, &conflict, Some(Cure::Relax(Rule::AntiAffinity)));
}

#[test]
fn who_must_keep_away_is_expected_once_the_other_has_ended_and_who_must_be_near_never() {
    // The first job runs for two ticks, and there is work until the fifth one.
    let two = Job { term: Term::Fixed(Span(20)), deadline: Timestamp(20), ..job(2) };
    let last = Job { earliest: Timestamp(40), deadline: Timestamp(50), ..job(1) };
    let world = World::new(&[(FREE, &[memory(8)])]).with(two, &[0]).with(last, &[]);
    let relation = Some(Relation { job: JobIndex(0), domain: Domain::Level(Level::Cell) });
    let expected = |job: Job| {
        let world = world.clone().with(job, &[]);
        let found = assert_sound(&world, 2);
        (found.conflict, found.expected_start)
    };
    let keeps_away = Job { anti_affinity: relation, deadline: Timestamp(20), ..job(4) };
    let rules = |rules: &[Rule]| rules.iter().copied().map(Blocker::Rule).collect::<Vec<_>>();
    let apart = rules(&[Rule::Window, Rule::AntiAffinity]);
    assert_eq!(expected(keeps_away), (apart, Some(Timestamp(20))));
    // It would end a tick after the first one.
    let near = Job { affinity: relation, earliest: Timestamp(10), deadline: Timestamp(30), ..job(4) };
    let near = Job { term: Term::Fixed(Span(20)), ..near };
    assert_eq!(expected(near), (rules(&[Rule::Affinity]), None));
}

#[test]
fn a_capsule_larger_than_every_empty_tile_is_too_large() {
    let world = World::new(&[(FREE, &[memory(8), memory(6)])]).with(job(10), &[]);
    check(&world, Reason::TooLarge, &[tiles(Kind::Memory)], capacity(world.tile(0), Kind::Memory, 2));
}

#[test]
fn a_job_that_costs_more_than_it_bids_is_told_by_how_much() {
    let mut world = World::new(&[(FREE, &[memory(8)])]);
    // 3.6 kW for one hour at 100,000 micro-credits a kWh cost 360,000.
    world.weights.energy_price = 100_000;
    let mut dear = Job { bid: 359_999, ..Job::empty(Timestamp(0), Span(3_600_000_000)) };
    dear.demand.power_mw = 3_600_000;
    let world = world.with(dear, &[]);
    check(&world, Reason::NotWorth, &[Blocker::Rule(Rule::Worth)], Some(Cure::Bid(2)));
}

#[test]
fn a_bonus_that_is_earned_makes_no_further_capsule_worth_its_costs() {
    let mut world = World::new(&[(FREE, &[memory(8)])]);
    world.weights.energy_price = 100_000;
    let mut one_is_enough =
        Job { count: 2, bid: 359_999, bonus: 1_000_000, wanted: 1, ..Job::empty(Timestamp(0), Span(3_600_000_000)) };
    one_is_enough.demand.power_mw = 3_600_000;
    let world = world.with(one_is_enough, &[0]);
    check(&world, Reason::NotWorth, &[Blocker::Rule(Rule::Worth)], Some(Cure::Bid(2)));
}

#[test]
fn room_in_sum_and_on_no_tile_is_fragmentation() {
    let mut world = World::new(&[(FREE, &[memory(8), memory(8)])]).with(job(5), &[0, 1]).with(job(6), &[]);
    world.jobs[0].count = 2;
    // 3 and 3 are left: 6 in sum.
    check(&world, Reason::Fragmentation, &[tiles(Kind::Memory)], capacity(world.tile(0), Kind::Memory, 3));
}

#[test]
fn an_account_without_headroom_is_named_and_not_the_tiles_below_it() {
    let world = World::new(&[(memory(10), &[memory(8), memory(8)])]);
    let mut world = world.with(job(4), &[0, 1]).with(job(4), &[]);
    world.jobs[0].count = 2;
    // 2 of 10 are left in the cell, 4 on each tile.
    check(&world, Reason::NoHeadroom, &[account(0, Kind::Memory)], capacity(NodeIndex(0), Kind::Memory, 2));
}

#[test]
fn accounts_of_two_cells_block_together() {
    let world = World::new(&[(memory(5), &[memory(8)]), (memory(6), &[memory(8)])]);
    let mut world = world.with(job(4), &[0, 1]).with(job(4), &[]);
    world.jobs[0].count = 2;
    let conflict = [account(0, Kind::Memory), account(1, Kind::Memory)];
    // 3 more of 5 against 2 more of 6.
    check(&world, Reason::NoHeadroom, &conflict, capacity(NodeIndex(1), Kind::Memory, 2));
}

#[test]
fn a_zone_that_cuts_across_cells_is_named_alone() {
    let mut world = World::new(&[(memory(9), &[memory(8)]), (memory(9), &[memory(8)])]);
    world.parts.zone_names.push("feed".into());
    world.parts.zones.push(Zone { kind: ZoneKind::PowerFeed, capacity: memory(9), energy_price: None });
    world.parts.members.extend([(0, 0), (0, 1)]);
    let mut world = world.with(job(4), &[0, 1]).with(job(4), &[]);
    world.jobs[0].count = 2;
    let owner = Owner::Zone(ZoneIndex(0));
    let conflict = [Blocker::Account { owner, kind: Kind::Memory }];
    check(&world, Reason::NoHeadroom, &conflict, Some(Cure::Capacity { owner, kind: Kind::Memory, amount: 3 }));
}

#[test]
fn a_fraction_on_every_device_leaves_no_whole_one() {
    let mut world = World::new(&[(FREE, &[FREE.with(Kind::Accelerator, 2_000)])]);
    world.parts.classes[0].devices = 2;
    let held = |devices, milli| {
        let mut job = job(0);
        (job.demand.devices, job.demand.device_milli) = (devices, milli);
        job
    };
    let mut world = world.with(held(1, 600), &[0, 0]).with(held(1, 700), &[]);
    world.jobs[0].count = 2;
    // 400 and 400 are left: enough in sum. One more device would do.
    let cure = capacity(world.tile(0), Kind::Accelerator, 1_000);
    check(&world, Reason::Fragmentation, &[Blocker::Rule(Rule::Devices)], cure);
}

#[test]
fn a_preemptible_job_of_a_lower_bid_gives_way() {
    let cheap = Job { preemptible: true, bid: 1, ..job(3) };
    let mut world = World::new(&[(FREE, &[memory(8)])]).with(Job { count: 2, ..cheap }, &[0, 0]).with(job(5), &[]);
    // One of two must go, at a loss of 1; 3 more of 8 would cost 38 of 100.
    let conflict = [tiles(Kind::Memory)];
    let cure = Cure::Preempt { job: JobIndex(0), tile: world.tile(0), count: 1 };
    check(&world, Reason::NoHeadroom, &conflict, Some(cure));
    // Neither classes A and B, nor a gang that would fall below its minimum, nor a dearer job.
    let added = capacity(world.tile(0), Kind::Memory, 3);
    world.jobs[0].service = ServiceClass::B;
    check(&world, Reason::NoHeadroom, &conflict, added);
    (world.jobs[0].service, world.jobs[0].gang_min) = (ServiceClass::C, 2);
    check(&world, Reason::NoHeadroom, &conflict, added);
    (world.jobs[0].gang_min, world.jobs[0].bid) = (0, 100);
    check(&world, Reason::NoHeadroom, &conflict, added);
}

#[test]
fn a_capsule_elsewhere_under_a_full_account_can_be_preempted() {
    let world = World::new(&[(memory(8), &[memory(8), memory(8)])]);
    let world = world.with(Job { preemptible: true, bid: 1, ..job(8) }, &[0]).with(job(5), &[]);
    let cure = Cure::Preempt { job: JobIndex(0), tile: world.tile(0), count: 1 };
    check(&world, Reason::NoHeadroom, &[account(0, Kind::Memory)], Some(cure));
}

#[test]
fn a_later_start_is_offered_where_it_is_cheapest() {
    let later = Job { deadline: Timestamp(1_000), ..job(1) };
    let blocker = Job { term: lessor_models::job::Term::Fixed(Span(20)), deadline: Timestamp(20), ..job(8) };
    let wanted = Job { deadline: Timestamp(200), term: lessor_models::job::Term::Fixed(Span(190)), ..job(8) };
    let world = World::new(&[(FREE, &[memory(8)])]).with(later, &[]).with(blocker, &[0]).with(wanted, &[]);
    // The tile is free from 20 on; the latest start in the window is 10: a delay of 10 in a window of 200.
    let conflict = [tiles(Kind::Memory), Blocker::Rule(Rule::Window)];
    check(&world, Reason::NoHeadroom, &conflict, Some(Cure::Start(Timestamp(20))));
}

#[test]
fn where_nothing_else_is_as_cheap_the_capsule_waits_for_the_end_of_the_plan() {
    let world = World::new(&[(memory(3), &[memory(8)])]).with(job(3), &[0]).with(job(3), &[]);
    // Doubling the cell would cost as much as the job; then added capacity comes first.
    check(&world, Reason::NoHeadroom, &[account(0, Kind::Memory)], capacity(NodeIndex(0), Kind::Memory, 3));
    let zero = World::new(&[(FREE, &[memory(8).with(Kind::Storage, 8)])]);
    let both = |amount: u64| {
        let mut job = job(amount);
        job.demand.storage_bytes = amount;
        job
    };
    // Two kinds are short on the only tile, and nobody is preemptible: no single change but a later start.
    let world = zero.with(both(5), &[0]).with(both(5), &[]);
    check(&world, Reason::NoHeadroom, &[tiles(Kind::Storage)], Some(Cure::Start(Timestamp(10))));
}

#[test]
fn a_gang_that_fits_in_part_names_its_minimum() {
    let world = World::new(&[(memory(10), &[memory(8), memory(8)])]);
    let world = world.with(Job { count: 4, gang_min: 3, ..job(4) }, &[]);
    // Four would fit the tiles, two the cell.
    let conflict = [account(0, Kind::Memory), Blocker::Rule(Rule::Gang)];
    check(&world, Reason::GangTooLarge, &conflict, capacity(NodeIndex(0), Kind::Memory, 2));
}

#[test]
fn a_gang_with_no_place_for_one_is_not_blamed_on_its_minimum() {
    let world = World::new(&[(memory(10), &[memory(3), memory(3)])]);
    let world = world.with(Job { count: 4, gang_min: 3, ..job(4) }, &[]);
    check(&world, Reason::TooLarge, &[tiles(Kind::Memory)], None);
}

#[test]
fn a_gang_is_cured_by_one_preemption() {
    let world = World::new(&[(FREE, &[memory(8), memory(8)])]);
    let small = Job { preemptible: true, bid: 1, ..job(1) };
    let world = world.with(small, &[1]).with(Job { count: 2, gang_min: 2, ..job(8) }, &[]);
    let conflict = [tiles(Kind::Memory), Blocker::Rule(Rule::Gang)];
    let cure = Cure::Preempt { job: JobIndex(0), tile: world.tile(1), count: 1 };
    check(&world, Reason::GangTooLarge, &conflict, Some(cure));
}

#[test]
fn known_prices_decide_what_capacity_is_cheap() {
    // Either cell lacks 1 of 8; the first has a price, of one micro-credit for 10^-6 units and hour.
    let world = World::new(&[(memory(8), &[memory(9)]), (memory(8), &[memory(9)])]).with(job(9), &[]);
    let instance = world.instance();
    let lowered = Lowered::new(&instance);
    let (occupancy, _) = placed(&lowered, &world.plan);
    let price = |node| lessor_models::plan::Price {
        owner: Owner::Node(NodeIndex(node)),
        kind: Kind::Memory,
        interval: instance.horizon(),
        price: 1,
    };
    let cure_at =
        |node| Explainer::new(&occupancy, &[price(node)], &Stop::new()).explain(JobClassIndex(0), &Stop::new()).cure;
    assert_eq!([cure_at(0), cure_at(1)], [0, 1].map(|node| Some(capacity(NodeIndex(node), Kind::Memory, 1))));
}

#[test]
fn unplaced_jobs_come_dearest_first_and_share_what_their_class_is_told() {
    let world = World::new(&[(FREE, &[memory(8)])]);
    let world = world.with(job(20), &[]).with(Job { bid: 7, ..job(20) }, &[]).with(job(20), &[]);
    let world = world.with(Job { count: 3, ..job(30) }, &[]).with(job(1), &[0]);
    let instance = world.instance();
    let lowered = Lowered::new(&instance);
    let (occupancy, _) = placed(&lowered, &world.plan);
    let all = explain_all(&occupancy, 2, &Stop::new());
    let order: Vec<(u32, u32, bool)> =
        all.iter().map(|missed| (missed.job.0, missed.count, missed.cure.is_some())).collect();
    // 300, then 100 twice of one class, then 7 of a third class, which is told only the reason.
    assert_eq!(order, [(3, 3, true), (0, 1, true), (2, 1, true), (1, 1, false)]);
    assert!(all.iter().all(|missed| missed.reason == Reason::TooLarge));
    assert_eq!(all[1].conflict, all[2].conflict);
}

#[test]
fn a_raised_flag_interrupts() {
    let world = World::new(&[(FREE, &[memory(8)])]).with(job(20), &[]);
    let instance = world.instance();
    let lowered = Lowered::new(&instance);
    let (occupancy, _) = placed(&lowered, &world.plan);
    let stop = Stop::new();
    stop.raise();
    assert_eq!(explain(&occupancy, JobClassIndex(0), &stop).reason, Reason::Interrupted);
    assert_eq!(explain_all(&occupancy, 9, &stop)[0].reason, Reason::Interrupted);
}

#[test]
fn a_place_that_is_open_after_all_means_that_the_search_was_interrupted() {
    let world = World::new(&[(FREE, &[memory(8)])]).with(job(8), &[]);
    check(&world, Reason::Interrupted, &[], None);
}
