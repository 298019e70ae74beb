//! Each constraint: a plan that breaks it is reported in words, the nearest plan that does not is passed.

use crate::check::{Described, violations};
use crate::fleet::{Level, NodeIndex, Owner, ZoneKind};
use crate::job::{Demand, Domain, Job, JobIndex, Relation, Spread, Term};
use crate::plan::Placement;
use crate::resources::Kind;
use crate::test_instance::{
    A, B, C, D, FAST, FEED, HALL, LEFT, PLAIN, RIGHT, Tiny, at, compute, devices, job, put, seconds,
};
use crate::tile_class::Band;
use crate::time::Timestamp;

fn holds(tiny: &Tiny, plan: &[Placement]) {
    breaks(tiny, plan, &[]);
}

fn breaks(tiny: &Tiny, plan: &[Placement], expected: &[&str]) {
    let instance = tiny.build();
    let found: Vec<String> =
        violations(&instance, plan).iter().map(|violation| Described(violation, &instance).to_string()).collect();
    assert_eq!(found, expected, "for {plan:?}");
}

/// `count` capsules asking for `demand` each.
fn many(count: u32, demand: Demand) -> Job {
    Job { count, ..job(demand) }
}

fn later(placement: Placement, second: i64) -> Placement {
    Placement { start: at(second), ..placement }
}

fn holding(placement: Placement, devices: u64) -> Placement {
    Placement { devices, ..placement }
}

/// A job with 50 seconds for its ten.
fn flexible(demand: Demand) -> Job {
    Job { deadline: at(50), ..job(demand) }
}

#[test]
fn an_empty_plan_is_feasible_and_worth_nothing() {
    let tiny = Tiny::new(vec![many(2, compute(1))]).cap_node(HALL, Kind::Compute, 0);
    holds(&tiny, &[]);
    assert_eq!(crate::check::value(&tiny.build(), &[]), 0);
}

#[test]
fn a_placement_of_nothing_is_malformed() {
    let tiny = Tiny::new(vec![many(2, compute(1))]);
    let message = |position| format!("placement {position} names no tile, no job or no capsule");
    let nothing = Placement { count: 0, ..put(0, A) };
    breaks(&tiny, &[put(0, A), nothing], &[&message(1)]);
    breaks(&tiny, &[put(1, A), put(0, LEFT), put(0, NodeIndex(7))], &[&message(0), &message(1), &message(2)]);
}

#[test]
fn more_capsules_than_the_job_has_are_too_many() {
    let tiny = Tiny::new(vec![many(2, compute(1))]);
    holds(&tiny, &[put(0, A), put(0, A)]);
    let two = Placement { count: 2, ..put(0, B) };
    breaks(&tiny, &[put(0, A), two], &["job \"job0\": 3 capsules placed"]);
}

#[test]
fn every_owner_on_the_path_is_debited() {
    let both = [put(0, B), put(0, C)];
    for (owner, name) in [(Owner::Node(HALL), "hall"), (FEED, "feed")] {
        let of = |capacity| Tiny::new(vec![many(2, compute(3))]).cap(owner, Kind::Compute, capacity);
        holds(&of(6), &both);
        breaks(&of(5), &both, &[&format!("{name:?}: compute overdrawn at 0: 6 of 5 Mop/s")]);
    }
    let cell = Tiny::new(vec![many(2, compute(3))]).cap_node(LEFT, Kind::Compute, 5);
    holds(&cell, &both);
    breaks(&cell, &[put(0, A), put(0, B)], &["\"left\": compute overdrawn at 0: 6 of 5 Mop/s"]);
    let tile = Tiny::new(vec![many(2, compute(3))]).cap_node(A, Kind::Compute, 5);
    holds(&tile, &[put(0, A), put(0, B)]);
    breaks(&tile, &[Placement { count: 2, ..put(0, A) }], &["\"a\": compute overdrawn at 0: 6 of 5 Mop/s"]);
}

#[test]
fn every_kind_is_debited() {
    let demand = Demand {
        compute_mops: 2,
        memory_bytes: 2,
        bandwidth_bps: [2, 0, 0, 0, 0],
        power_mw: 2,
        devices: 1,
        device_milli: 2,
        storage_bytes: 2,
        reversible_mops: 2,
        ..Demand::default()
    };
    for kind in Kind::ALL {
        let of = |capacity| Tiny::new(vec![job(demand)]).cap_node(A, kind, capacity);
        holds(&of(2), &[holding(put(0, A), 1)]);
        let message = format!("\"a\": {kind} overdrawn at 0: 2 of 1 {}", kind.unit());
        breaks(&of(1), &[holding(put(0, A), 1)], &[&message]);
    }
}

#[test]
fn an_uplink_is_debited_by_the_traffic_that_crosses_it() {
    // 9 leave the tile, 4 of them the cell; the feed lists b itself, so it carries 9 from there and 4 from the right cell.
    let demand = Demand { bandwidth_bps: [9, 4, 1, 0, 0], ..Demand::default() };
    let of = |owner, capacity| Tiny::new(vec![job(demand)]).cap(owner, Kind::Bandwidth, capacity);
    let cases =
        [(Owner::Node(B), B, 9), (Owner::Node(LEFT), B, 4), (Owner::Node(HALL), B, 1), (FEED, B, 9), (FEED, C, 4)];
    for (owner, tile, used) in cases {
        holds(&of(owner, used), &[put(0, tile)]);
        let tiny = of(owner, used - 1);
        let name = tiny.build().fleet().owner_name(owner).to_owned();
        let message = format!("{name:?}: bandwidth overdrawn at 0: {used} of {} bit/s", used - 1);
        breaks(&tiny, &[put(0, tile)], &[&message]);
    }
}

#[test]
fn idle_power_is_drawn_before_anything_is_placed() {
    // Each tile idles at 5 mW and rejects half of it as heat, rounded up: the hall stands at 20 and 12, the feed at 15 and 9.
    let of = |owner, kind, capacity| {
        let mut tiny = Tiny::new(vec![job(Demand { power_mw: 2, ..Demand::default() }), job(compute(1))]);
        for class in &mut tiny.fleet.classes {
            (class.idle_power_mw, class.heat_permille) = (5, 500);
        }
        tiny.cap(owner, kind, capacity)
    };
    let hall = Owner::Node(HALL);
    for (owner, kind, used) in
        [(hall, Kind::Power, 22), (FEED, Kind::Power, 17), (hall, Kind::Heat, 13), (FEED, Kind::Heat, 10)]
    {
        holds(&of(owner, kind, used), &[put(0, B)]);
        let name = if owner == FEED { "feed" } else { "hall" };
        let message = format!("{name:?}: {kind} overdrawn at 0: {used} of {} mW", used - 1);
        breaks(&of(owner, kind, used - 1), &[put(0, B)], &[&message]);
    }
    let tile = of(Owner::Node(B), Kind::Power, 4);
    breaks(&tile, &[put(0, B)], &["\"b\": power overdrawn at 0: 7 of 4 mW"]);
    // What the standing draw overdraws alone is not the plan's doing, unless it adds to it.
    holds(&tile, &[put(1, B), put(0, C)]);
}

#[test]
fn a_capacity_step_inside_a_run_binds() {
    let of = |step| {
        Tiny::new(vec![flexible(compute(3))]).cap_node(LEFT, Kind::Compute, 3).step(
            Owner::Node(LEFT),
            Kind::Compute,
            step,
        )
    };
    breaks(&of((at(5), 2)), &[put(0, A)], &["\"left\": compute overdrawn at 5000000: 3 of 2 Mop/s"]);
    // A step at the instant of the end does not bind, and neither does one that another has undone by then.
    holds(&of((at(10), 2)), &[put(0, A)]);
    holds(&of((at(5), 2)).step(Owner::Node(LEFT), Kind::Compute, (at(9), 3)), &[later(put(0, A), 9)]);
    breaks(
        &of((at(5), 2)).step(Owner::Node(LEFT), Kind::Compute, (at(9), 3)),
        &[later(put(0, A), 8)],
        &["\"left\": compute overdrawn at 8000000: 3 of 2 Mop/s"],
    );
}

#[test]
fn a_step_limits_what_was_unlimited_before() {
    let tiny = Tiny::new(vec![flexible(compute(3))]).step(FEED, Kind::Compute, (at(12), 0));
    holds(&tiny, &[later(put(0, D), 2)]);
    breaks(&tiny, &[later(put(0, D), 3)], &["\"feed\": compute overdrawn at 12000000: 3 of 0 Mop/s"]);
}

#[test]
fn what_ends_makes_room_for_what_starts_at_that_instant() {
    let tiny = Tiny::new(vec![flexible(compute(3)), flexible(compute(4))]).cap_node(A, Kind::Compute, 4);
    holds(&tiny, &[put(0, A), later(put(1, A), 10)]);
    holds(&tiny, &[later(put(0, A), 10), put(1, A)]);
    breaks(&tiny, &[put(0, A), later(put(1, A), 9)], &["\"a\": compute overdrawn at 9000000: 7 of 4 Mop/s"]);
    // All that ends at an instant ends before what there is falls then.
    let brief = Job { term: Term::Fixed(seconds(5)), ..flexible(compute(4)) };
    let falling = Tiny::new(vec![flexible(compute(3)), brief]).cap_node(A, Kind::Compute, 7);
    let falling = falling.step(Owner::Node(A), Kind::Compute, (at(10), 0));
    holds(&falling, &[put(0, A), later(put(1, A), 5)]);
    breaks(&falling, &[put(0, A), later(put(1, A), 6)], &["\"a\": compute overdrawn at 10000000: 4 of 0 Mop/s"]);
}

#[test]
fn work_ends_sooner_on_a_faster_class() {
    // 40 Mop at 4 Mop/s: ten seconds on a plain tile, five on a fast one.
    let work = Job { term: Term::Work(40), deadline: at(20), ..job(compute(4)) };
    let tiny = |tile| Tiny::new(vec![work.clone(), work.clone()]).cap_node(tile, Kind::Compute, 4);
    holds(&tiny(B), &[put(0, B), later(put(1, B), 5)]);
    breaks(&tiny(A), &[put(0, A), later(put(1, A), 5)], &["\"a\": compute overdrawn at 5000000: 8 of 4 Mop/s"]);
    holds(&tiny(B), &[later(put(0, B), 15)]);
    breaks(&tiny(A), &[later(put(0, A), 15)], &["job \"job0\": breaks its rule window on tile \"a\""]);
}

#[test]
fn a_device_gives_a_thousand_milli_at_any_instant() {
    let demand = devices(1, 600);
    let tiny = Tiny::new(vec![flexible(demand), flexible(devices(1, 400)), flexible(demand)]);
    let overfull = "tile \"a\": job \"job2\" holds a missing or overfull device";
    holds(&tiny, &[holding(put(0, A), 1), holding(put(1, A), 1), holding(put(2, A), 2)]);
    breaks(&tiny, &[holding(put(0, A), 2), holding(put(2, A), 2)], &[overfull]);
    holds(&tiny, &[holding(put(0, A), 2), holding(later(put(2, A), 10), 2)]);
    breaks(&tiny, &[holding(put(0, A), 2), holding(later(put(2, A), 9), 2)], &[overfull]);
    // The same bit on another tile is another device.
    holds(&tiny, &[holding(put(0, A), 2), holding(put(2, B), 2)]);
}

#[test]
fn a_capsule_holds_the_devices_that_it_asked_for() {
    let tiny = Tiny::new(vec![many(2, devices(2, 500)), job(compute(1))]);
    let wrong = |job: u32| format!("tile \"a\": job \"job{job}\" holds a missing or overfull device");
    holds(&tiny, &[holding(put(0, A), 0b11), put(1, A)]);
    for (plan, job) in [
        (holding(put(0, A), 0b01), 0),
        (holding(put(0, A), 0b101), 0),
        (holding(put(0, A), 1 << 63 | 1), 0),
        (put(0, A), 0),
        (Placement { count: 2, ..holding(put(0, A), 0b11) }, 0),
        (holding(put(1, A), 0b01), 1),
    ] {
        breaks(&tiny, &[plan], &[&wrong(job)]);
    }
    let mut bare = tiny;
    bare.fleet.classes[PLAIN.at()].devices = 0;
    breaks(&bare, &[holding(put(0, A), 0b11)], &[&wrong(0)]);
}

#[test]
fn a_gang_is_placed_whole_or_not_at_all() {
    let tiny = Tiny::new(vec![Job { gang_min: 2, ..many(3, compute(1)) }]);
    holds(&tiny, &[]);
    holds(&tiny, &[put(0, A), put(0, D)]);
    breaks(&tiny, &[put(0, A)], &["job \"job0\": breaks its rule gang"]);
}

#[test]
fn spread_counts_in_every_member_of_the_domain() {
    let of = |domain, most| Tiny::new(vec![Job { spread: Some(Spread::at_most(domain, most)), ..many(4, compute(1)) }]);
    let message = |tile: &str| format!("job \"job0\": breaks its rule spread on tile {tile:?}");
    let cell = of(Domain::Level(Level::Cell), 1);
    holds(&cell, &[put(0, A), put(0, C)]);
    breaks(&cell, &[put(0, A), put(0, B)], &[&message("b")]);
    breaks(&cell, &[Placement { count: 2, ..put(0, A) }], &[&message("a")]);
    // Tile a is on no feed: what is there is not counted.
    let feed = of(Domain::Zone(ZoneKind::PowerFeed), 2);
    holds(&feed, &[put(0, A), put(0, A), put(0, B), put(0, C)]);
    breaks(&feed, &[put(0, A), put(0, B), put(0, C), put(0, D)], &[&message("d")]);
}

#[test]
fn a_job_lies_in_so_many_members_or_each_capsule_in_its_own() {
    let of = |domain, least| Tiny::new(vec![Job { spread: Some(Spread::over(domain, least)), ..many(4, compute(1)) }]);
    let message = "job \"job0\": breaks its rule spread_least";
    let cell = of(Domain::Level(Level::Cell), 2);
    holds(&cell, &[]);
    holds(&cell, &[put(0, A)]);
    breaks(&cell, &[put(0, A), put(0, B)], &[message]);
    holds(&cell, &[put(0, A), put(0, B), put(0, C)]);
    holds(&cell, &[Placement { count: 3, ..put(0, A) }, put(0, D)]);
    let tile = of(Domain::Level(Level::Tile), 3);
    breaks(&tile, &[put(0, A), put(0, A), put(0, B)], &[message]);
    holds(&tile, &[put(0, A), put(0, A), put(0, B), put(0, C)]);
    // There is one feed, and tile a is not on it: a location for one capsule, and none for another.
    let feed = of(Domain::Zone(ZoneKind::PowerFeed), 2);
    holds(&feed, &[put(0, B)]);
    breaks(&feed, &[put(0, A)], &[message]);
    breaks(&feed, &[put(0, B), put(0, C)], &[message]);
}

#[test]
fn a_gang_of_the_least_number_is_on_so_many_or_nowhere() {
    let spread = Some(Spread::over(Domain::Level(Level::Cell), 2));
    let tiny = Tiny::new(vec![Job { spread, gang_min: 2, ..many(3, compute(1)) }]);
    holds(&tiny, &[]);
    breaks(&tiny, &[put(0, A)], &["job \"job0\": breaks its rule gang"]);
    breaks(&tiny, &[put(0, A), put(0, B)], &["job \"job0\": breaks its rule spread_least"]);
    holds(&tiny, &[put(0, A), put(0, C)]);
}

/// What others call a conflict, two capsules of a job that never share a tile, is a spread over tiles of one each.
#[test]
fn a_conflict_is_a_spread_over_tiles_of_at_most_one() {
    let spread = Some(Spread::at_most(Domain::Level(Level::Tile), 1));
    let tiny = Tiny::new(vec![Job { spread, ..many(4, compute(1)) }, many(4, compute(1))]);
    holds(&tiny, &[put(0, A), put(0, B), put(0, C), put(0, D), put(1, A), put(1, A)]);
    let message = "job \"job0\": breaks its rule spread on tile \"a\"";
    breaks(&tiny, &[put(0, A), put(0, A)], &[message]);
}

/// What others call a dependency, a job that needs another one in its neighborhood, is an affinity in that level.
#[test]
fn a_dependency_is_an_affinity_within_the_neighborhood() {
    let affinity = Some(Relation { job: JobIndex(1), domain: Domain::Level(Level::Cell) });
    let tiny = Tiny::new(vec![Job { affinity, ..many(4, compute(1)) }, many(2, compute(1))]);
    let message = |tile: &str| format!("job \"job0\": breaks its rule affinity on tile {tile:?}");
    holds(&tiny, &[put(0, A), put(0, B), put(1, B)]);
    breaks(&tiny, &[put(0, A), put(0, C), put(0, D), put(1, B)], &[&message("c"), &message("d")]);
    holds(&tiny, &[put(0, A), put(0, C), put(0, D), put(1, B), put(1, D)]);
    // The other one needs nobody.
    holds(&tiny, &[put(1, A)]);
}

#[test]
fn affinity_needs_the_other_job_in_the_same_member() {
    let with = |domain| Relation { job: JobIndex(1), domain };
    let of = |domain| Tiny::new(vec![Job { affinity: Some(with(domain)), ..job(compute(1)) }, job(compute(1))]);
    let message = |tile: &str| format!("job \"job0\": breaks its rule affinity on tile {tile:?}");
    let cell = of(Domain::Level(Level::Cell));
    holds(&cell, &[put(1, A)]);
    holds(&cell, &[put(0, A), put(1, B)]);
    breaks(&cell, &[put(0, A), put(1, C)], &[&message("a")]);
    breaks(&cell, &[put(0, A)], &[&message("a")]);
    let feed = of(Domain::Zone(ZoneKind::PowerFeed));
    holds(&feed, &[put(0, B), put(1, C)]);
    breaks(&feed, &[put(0, A), put(1, A)], &[&message("a")]);
}

#[test]
fn anti_affinity_keeps_out_of_the_other_jobs_members() {
    let from = |domain| Relation { job: JobIndex(1), domain };
    let of = |domain| Tiny::new(vec![Job { anti_affinity: Some(from(domain)), ..job(compute(1)) }, job(compute(1))]);
    let message = |tile: &str| format!("job \"job0\": breaks its rule anti_affinity on tile {tile:?}");
    let cell = of(Domain::Level(Level::Cell));
    holds(&cell, &[put(0, A), put(1, C)]);
    breaks(&cell, &[put(0, A), put(1, B)], &[&message("a")]);
    let feed = of(Domain::Zone(ZoneKind::PowerFeed));
    holds(&feed, &[put(0, A), put(1, A)]);
    breaks(&feed, &[put(0, B), put(1, C)], &[&message("b")]);
}

#[test]
fn affinity_needs_the_other_job_for_as_long_as_a_capsule_runs() {
    let affinity = Some(Relation { job: JobIndex(1), domain: Domain::Level(Level::Cell) });
    let tiny = Tiny::new(vec![Job { affinity, ..flexible(compute(1)) }, Job { count: 2, ..flexible(compute(1)) }]);
    let message = "job \"job0\": breaks its rule affinity on tile \"a\"";
    holds(&tiny, &[later(put(0, A), 5), later(put(1, B), 5)]);
    // Each runs for ten seconds: the other one ends while it runs, is long over, or comes too late.
    breaks(&tiny, &[later(put(0, A), 5), put(1, B)], &[message]);
    breaks(&tiny, &[later(put(0, A), 30), put(1, B)], &[message]);
    breaks(&tiny, &[put(0, A), later(put(1, B), 1)], &[message]);
    // One capsule of the other job relieves another, without a gap.
    holds(&tiny, &[later(put(0, A), 5), put(1, A), later(put(1, B), 10)]);
    breaks(&tiny, &[later(put(0, A), 5), put(1, A), later(put(1, B), 11)], &[message]);
    breaks(&tiny, &[later(put(0, A), 5), put(1, A), later(put(1, C), 10)], &[message]);
}

#[test]
fn anti_affinity_keeps_apart_what_runs_at_the_same_time() {
    let anti_affinity = Some(Relation { job: JobIndex(1), domain: Domain::Level(Level::Cell) });
    let tiny = Tiny::new(vec![Job { anti_affinity, ..flexible(compute(1)) }, flexible(compute(1))]);
    let message = "job \"job0\": breaks its rule anti_affinity on tile \"a\"";
    holds(&tiny, &[later(put(0, A), 10), put(1, A)]);
    holds(&tiny, &[put(0, A), later(put(1, B), 10)]);
    breaks(&tiny, &[later(put(0, A), 9), put(1, B)], &[message]);
    breaks(&tiny, &[put(0, A), later(put(1, B), 9)], &[message]);
}

#[test]
fn relations_ask_what_runs_from_the_takeover_on() {
    let other = Some(Relation { job: JobIndex(1), domain: Domain::Level(Level::Cell) });
    let of = |first: Job| {
        let begun_later = Job { earliest: at(5), ..flexible(compute(1)) };
        Tiny::new(vec![first, begun_later]).running(1, B, 1)
    };
    let beside = [put(0, A), later(put(1, B), 5)];
    // The other job runs from 5 to 15, and what runs beside it from 0 to 10, the first half of which is past.
    let follower = Job { affinity: other, ..flexible(compute(1)) };
    let message = "job \"job0\": breaks its rule affinity on tile \"a\"";
    let runs = of(follower.clone()).running(0, A, 1);
    holds(&runs, &beside);
    breaks(&runs, &[put(0, A), later(put(1, B), 6)], &[message]);
    breaks(&runs, &[put(0, A), later(put(1, C), 5)], &[message]);
    breaks(&runs, &[later(put(0, A), 6), later(put(1, B), 5)], &[message]);
    breaks(&of(follower), &beside, &[message]);
    // Who must be apart and ran before has ended at the takeover, whichever of the two runs.
    let keeps_away = |term| Job { anti_affinity: other, term: Term::Fixed(seconds(term)), ..flexible(compute(1)) };
    let message = "job \"job0\": breaks its rule anti_affinity on tile \"a\"";
    let both = |term| {
        let jobs = vec![keeps_away(term), flexible(compute(1)), Job { earliest: at(5), ..flexible(compute(1)) }];
        Tiny::new(jobs).running(2, D, 1)
    };
    let plan = [put(0, A), put(1, B)];
    for (first, second) in [(true, true), (true, false), (false, true)] {
        let tiny = |term| {
            let tiny = if first { both(term).running(0, A, 1) } else { both(term) };
            if second { tiny.running(1, B, 1) } else { tiny }
        };
        holds(&tiny(5), &plan);
        breaks(&tiny(6), &plan, &[message]);
    }
    breaks(&both(5), &plan, &[message]);
}

#[test]
fn a_rule_of_the_job_forbids_a_tile() {
    let any = job(compute(1));
    // From the data at a: itself 0, its neighbor 10 + 10, the other cell 10 + 100 + 100 + 10.
    let data = Job { data: Some(A), ..any.clone() };
    let band = Band { low_mk: 280_000, high_mk: 320_000 };
    let cases: [(&str, Job, &[NodeIndex]); 7] = [
        ("classes", Job { classes: vec![PLAIN], ..any.clone() }, &[A, C]),
        ("classes", Job { classes: vec![FAST], ..any.clone() }, &[B, D]),
        ("band", Job { band: Some(band), ..any.clone() }, &[A, C]),
        ("locality", Job { locality: Some(RIGHT), ..any.clone() }, &[C, D]),
        ("locality", Job { locality: Some(B), ..any }, &[B]),
        ("latency", Job { latency_max_us: Some(20), ..data.clone() }, &[A, B]),
        ("latency", Job { latency_max_us: Some(19), ..data }, &[A]),
    ];
    for (rule, job, allowed) in cases {
        let tiny = Tiny::new(vec![job]);
        for (tile, name) in [(A, "a"), (B, "b"), (C, "c"), (D, "d")] {
            if allowed.contains(&tile) {
                holds(&tiny, &[put(0, tile)]);
            } else {
                breaks(&tiny, &[put(0, tile)], &[&format!("job \"job0\": breaks its rule {rule} on tile {name:?}")]);
            }
        }
    }
}

#[test]
fn data_under_another_root_is_out_of_reach() {
    let mut tiny = Tiny::new(vec![Job { data: Some(A), ..job(compute(1)) }]);
    tiny.fleet.nodes.parents[RIGHT.at()] = None;
    holds(&tiny, &[put(0, B)]);
    breaks(&tiny, &[put(0, C)], &["job \"job0\": breaks its rule latency on tile \"c\""]);
}

#[test]
fn a_closed_tile_keeps_what_runs_there_and_takes_nothing_new() {
    let tiny = Tiny::new(vec![many(3, compute(1)), job(compute(1))]).close(A);
    let closed = |job| format!("job \"job{job}\": breaks its rule closed on tile \"a\"");
    holds(&tiny, &[put(0, B), put(1, C)]);
    breaks(&tiny, &[put(0, A)], &[&closed(0)]);
    let busy = tiny.running(0, A, 2).running(0, B, 1);
    holds(&busy, &[put(0, A), put(0, A), put(0, B)]);
    breaks(&busy, &[Placement { count: 3, ..put(0, A) }], &[&closed(0)]);
    breaks(&busy, &[put(0, A), put(1, A)], &[&closed(1)]);
    holds(&busy.running(1, A, 1), &[put(0, A), put(1, A)]);
}

#[test]
fn a_capsule_starts_and_ends_inside_its_window() {
    let tiny = Tiny::new(vec![Job { earliest: at(5), deadline: at(20), ..job(compute(1)) }]);
    let message = "job \"job0\": breaks its rule window on tile \"a\"";
    for (second, inside) in [(4, false), (5, true), (10, true), (11, false)] {
        let expected: &[&str] = if inside { &[] } else { &[message] };
        breaks(&tiny, &[later(put(0, A), second)], expected);
    }
    for microsecond in [at(5).0 - 1, at(10).0 + 1, i64::MAX, i64::MIN] {
        breaks(&tiny, &[Placement { start: Timestamp(microsecond), ..put(0, A) }], &[message]);
    }
    assert_eq!(seconds(15), tiny.build().horizon().span());
}

#[test]
fn every_broken_constraint_is_reported_once() {
    let gang = Job { gang_min: 4, spread: Some(Spread::at_most(Domain::Level(Level::Cell), 1)), ..many(5, compute(1)) };
    let tiny = Tiny::new(vec![gang]).cap_node(LEFT, Kind::Compute, 2).close(A);
    breaks(
        &tiny,
        &[put(0, A), put(0, A), put(0, A)],
        &[
            "\"left\": compute overdrawn at 0: 3 of 2 Mop/s",
            "job \"job0\": breaks its rule closed on tile \"a\"",
            "job \"job0\": breaks its rule spread on tile \"a\"",
            "job \"job0\": breaks its rule gang",
        ],
    );
}
