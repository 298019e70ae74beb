//! The bound: tight where hand and theory say so, above the optimum in the cases that once were not, refused where it
//! proves nothing.

use super::brute::optimum;
use crate::certificate::{Certificate, DUAL_SHIFT, Dual, PIECE_PRICE_SHIFT, PiecePrice, Scope, ShapePrice};
use crate::check::bound::{BoundError, bound};
use crate::check::{value, violations};
use crate::fleet::{ClassIndex, Level, NodeIndex, Owner, ZoneIndex};
use crate::job::{Demand, Domain, Job, JobIndex, Spread, Term};
use crate::plan::Placement;
use crate::resources::{AMOUNT_MAX, Kind, UNLIMITED};
use crate::test_instance::{A, B, C, D, FAST, HALL, LEFT, PLAIN, RIGHT, Tiny, at, compute, devices, during, job, put};
use crate::time::{Interval, SPAN_MAX, Timestamp};

/// A price of whole micro-credits per unit and second of compute over the ten seconds of every job.
fn priced(scope: Scope, price: u64) -> Dual {
    Dual { scope, kind: Kind::Compute, interval: during(0, 10), price: price << DUAL_SHIFT }
}

fn node(node: NodeIndex) -> Scope {
    Scope::Owner(Owner::Node(node))
}

fn with_duals(duals: Vec<Dual>) -> Certificate {
    Certificate { duals, ..Certificate::default() }
}

/// A price of whole micro-credits of a piece on the plain tiles of the hall at second five.
fn piece(milli: u16, price: u64) -> PiecePrice {
    PiecePrice { class: PLAIN, under: HALL, milli, instant: at(5), price: price << PIECE_PRICE_SHIFT }
}

fn with_pieces(pieces: Vec<PiecePrice>) -> Certificate {
    Certificate { pieces, ..Certificate::default() }
}

/// A price of whole micro-credits of what a job draws, on the plain tiles of the hall at second five.
fn shape(job: u32, price: u64) -> ShapePrice {
    ShapePrice { class: PLAIN, under: HALL, job: JobIndex(job), instant: at(5), price: price << PIECE_PRICE_SHIFT }
}

fn with_shapes(shapes: Vec<ShapePrice>) -> Certificate {
    Certificate { shapes, ..Certificate::default() }
}

/// The bound and the optimum of a tiny instance.
fn compare(tiny: &Tiny, certificate: &Certificate) -> (i128, i128) {
    let instance = tiny.build();
    (bound(&instance, certificate).unwrap(), optimum(&instance, &[]))
}

#[test]
fn the_bound_is_tight_at_the_right_price() {
    // Four capsules of 2 Mop/s bid 100 each, two of 3 Mop/s bid 60, and the hall has 11 Mop/s: all four and one of the
    // two fit exactly, worth 460. The last unit goes to the 60, which are 60 / (3 * 10) = 2 per unit and second:
    //   capacity 11 * 10 s * 2 = 220, margins 4 * (100 - 2 * 10 * 2) = 240 and 2 * (60 - 3 * 10 * 2) = 0: 460.
    let jobs = vec![Job { count: 4, ..job(compute(2)) }, Job { count: 2, bid: 60, ..job(compute(3)) }];
    let instance = Tiny::new(jobs).cap_node(HALL, Kind::Compute, 11).build();
    let plan = [Placement { count: 4, ..put(0, A) }, put(1, D)];
    assert_eq!((violations(&instance, &plan).len(), value(&instance, &plan)), (0, 460));
    assert_eq!(bound(&instance, &with_duals(vec![priced(node(HALL), 2)])), Ok(460));
    // Without a price every capsule counts; too high a price pays for capacity that nobody wants.
    assert_eq!(bound(&instance, &Certificate::default()), Ok(520));
    assert_eq!(bound(&instance, &with_duals(vec![priced(node(HALL), 9)])), Ok(990));
}

#[test]
fn device_patterns_are_tight_where_the_sum_of_devices_is_not() {
    // One device on each plain tile. Of three capsules of 600 milli at 90 each, one fits a device, though 3 * 600 is less
    // than 2,000; one capsule of 300 at 20 fits beside it: 90 + 90 + 20 = 200.
    //   At 90 for a piece of 600 and nothing for the small one: each device is worth 90, the small job 20: 2 * 90 + 20.
    let jobs = vec![Job { count: 3, bid: 90, ..job(devices(1, 600)) }, Job { bid: 20, ..job(devices(1, 300)) }];
    let mut tiny = Tiny::new(jobs);
    (tiny.fleet.classes[0].devices, tiny.fleet.classes[1].devices) = (1, 0);
    let of = |pieces| compare(&tiny, &with_pieces(pieces));
    assert_eq!(of(vec![piece(600, 90)]), (200, 200));
    assert_eq!(of(vec![]), (290, 200));
    // Both pieces share a device, 2 * (90 + 20); three small ones do, 2 * 60 + 3 * 90; too dear, 2 * 100 + 20.
    assert_eq!(of(vec![piece(600, 90), piece(300, 20)]).0, 220);
    assert_eq!(of(vec![piece(300, 20)]).0, 390);
    assert_eq!(of(vec![piece(600, 100)]).0, 220);
}

#[test]
fn a_capsule_pays_for_each_of_its_pieces() {
    // Of three capsules that each hold half of two devices, two fit tile a. At 50 a piece each pays all that it bids, and
    // each of the two devices is worth two halves.
    let tiny = Tiny::new(vec![Job { count: 3, ..job(devices(2, 500)) }]).close(B).close(C).close(D);
    assert_eq!(compare(&tiny, &with_pieces(vec![piece(500, 50)])), (200, 200));
    // A piece of another size is not theirs: 3 * 100, and two devices of one piece.
    assert_eq!(compare(&tiny, &with_pieces(vec![piece(501, 50)])).0, 300 + 2 * 50);
}

#[test]
fn prices_of_a_piece_add_up_over_the_scopes_that_hold_the_tile() {
    // Two devices on each tile, two halves on each device, and 10 a half. The left cell and tile a hold one plain tile,
    // the hall two.
    let dear = |class, under| PiecePrice { class, under, ..piece(500, 10) };
    let at_home = |home| Tiny::new(vec![Job { locality: Some(home), ..job(devices(1, 500)) }]);
    let nested = with_pieces([HALL, LEFT, A].map(|under| dear(PLAIN, under)).to_vec());
    for (home, scopes) in [(A, 3), (B, 0), (C, 1), (D, 0)] {
        assert_eq!(compare(&at_home(home), &nested), (80 + 40 + 40 + 100 - 10 * scopes, 100));
    }
    let twice = with_pieces(vec![piece(500, 10); 2]);
    assert_eq!(compare(&at_home(A), &twice).0, 4 * 2 * 20 + 80);
    // The neighbors of a priced tile are free, though nothing else tells them apart.
    let on_a = with_pieces(vec![dear(PLAIN, A)]);
    assert_eq!(compare(&twins(job(devices(1, 500))), &on_a), (40 + 100, 100));
}

#[test]
fn a_start_that_avoids_an_instant_avoids_its_price() {
    // A whole device for ten seconds, of the one of tile a, and 60 for it at second five.
    let within = |earliest, deadline| {
        let flexible = Job { earliest: Timestamp(earliest), deadline: Timestamp(deadline), ..job(devices(1, 1_000)) };
        let mut tiny = Tiny::new(vec![flexible]).close(B).close(C).close(D);
        tiny.fleet.classes[PLAIN.at()].devices = 1;
        tiny
    };
    let once = with_pieces(vec![piece(1_000, 60)]);
    let (pays, avoids) = ((60 + 40, 100), (60 + 100, 100));
    // It holds the device when it starts at the instant, not a microsecond later; and not when it ends then.
    assert_eq!(compare(&within(0, at(15).0), &once), pays);
    assert_eq!(compare(&within(0, at(15).0 + 1), &once), avoids);
    assert_eq!(compare(&within(at(-5).0, at(14).0), &once), avoids);
    assert_eq!(compare(&within(at(-5).0 + 1, at(14).0), &once), pays);
    // With a second instant that costs 30, only one start is left between the two, or none: 10 s from a microsecond past 5.
    let twice = |instant| with_pieces(vec![piece(1_000, 60), PiecePrice { instant, ..piece(1_000, 30) }]);
    assert_eq!(compare(&within(0, at(24).0), &twice(Timestamp(at(15).0 + 1))).0, 90 + 100);
    assert_eq!(compare(&within(0, at(24).0), &twice(at(15))).0, 90 + 70);
}

#[test]
fn the_cheapest_start_weighs_capacity_against_pieces() {
    // Seconds 0 to 5 cost 3 each. From 0 the capsule pays 15 for them; from 4 on, 3 of them and 60 for its piece at
    // second 12; from 2 it ends as the instant comes, and pays 9. Capacity: 1 * 5 * 3; one device: 60.
    let mut demand = devices(1, 1_000);
    demand.compute_mops = 1;
    let mut tiny = Tiny::new(vec![Job { deadline: at(14), ..job(demand) }]).cap_node(HALL, Kind::Compute, 1);
    tiny = tiny.close(B).close(C).close(D);
    tiny.fleet.classes[PLAIN.at()].devices = 1;
    let of = |interval, second| Certificate {
        duals: vec![Dual { interval, ..priced(node(HALL), 3) }],
        pieces: vec![PiecePrice { instant: at(second), ..piece(1_000, 60) }],
        ..Certificate::default()
    };
    assert_eq!(compare(&tiny, &of(during(0, 5), 12)), (15 + 60 + 100 - 9, 100));
    // The same from the other side: a microsecond past second 2, and 3 seconds of 9 to 14.
    assert_eq!(compare(&tiny, &of(during(9, 14), 2)), (15 + 60 + 100 - 9, 100));
}

/// Only the plain tiles a and c are open, each with so much compute and memory.
fn plain_tiles(jobs: Vec<Job>, amount: u64) -> Tiny {
    let limit = |tiny: Tiny, kind| tiny.cap_node(A, kind, amount).cap_node(C, kind, amount);
    [Kind::Compute, Kind::Memory].into_iter().fold(Tiny::new(jobs), limit).close(B).close(D)
}

fn both(compute_mops: u64, memory_bytes: u64) -> Demand {
    Demand { compute_mops, memory_bytes, ..Demand::default() }
}

#[test]
fn tile_patterns_are_tight_where_the_sum_of_capacity_is_not() {
    // Three capsules of 11 of 20 at 90 each on two tiles: one a tile, though 3 * 11 is less than 40. At 90 a capsule each tile
    // is worth 90, and none of them leaves anything.
    let tiny = plain_tiles(vec![Job { count: 3, bid: 90, ..job(compute(11)) }], 20);
    let of = |shapes| compare(&tiny, &with_shapes(shapes));
    assert_eq!(of(vec![]), (270, 180));
    assert_eq!(of(vec![shape(0, 90)]), (180, 180));
    assert_eq!(of(vec![shape(0, 60)]).0, 2 * 60 + 3 * 30);
    assert_eq!(of(vec![shape(0, 100)]).0, 200);
}

#[test]
fn a_pattern_of_two_kinds_pairs_what_differs() {
    // Large in compute at 90 or in memory at 50: one of each fits a tile, two alike do not, so 2 * (90 + 50).
    let jobs = vec![Job { count: 4, bid: 90, ..job(both(12, 2)) }, Job { count: 4, bid: 50, ..job(both(2, 12)) }];
    let of = |shapes| compare(&plain_tiles(jobs.clone(), 20), &with_shapes(shapes));
    assert_eq!(of(vec![shape(0, 90), shape(1, 50)]), (280, 280));
    assert_eq!(of(vec![shape(0, 90)]).0, 180 + 200);
}

#[test]
fn a_capsule_pays_for_its_shape_whatever_its_job() {
    // The first and the last draw alike; the second draws a unit more.
    let jobs = vec![job(compute(11)), job(compute(12)), Job { bid: 70, ..job(compute(11)) }];
    let tiny = plain_tiles(jobs, 20);
    assert_eq!(compare(&tiny, &with_shapes(vec![shape(0, 70)])), (2 * 70 + 30 + 100, 200));
    let told = |job| bound(&tiny.build(), &with_shapes(vec![shape(job, 70)]));
    assert_eq!(told(0), told(2));
    assert_eq!(told(1), Ok(2 * 70 + 100 + 30 + 70));
    // Prices of one shape add up, whichever job tells it, and over the scopes that hold the tile.
    let twice = vec![shape(0, 30), shape(2, 40)];
    assert_eq!(bound(&tiny.build(), &with_shapes(twice)), told(0));
    let nested = [HALL, LEFT, A].map(|under| ShapePrice { under, ..shape(0, 20) }).to_vec();
    assert_eq!(bound(&tiny.build(), &with_shapes(nested)), Ok((40 + 20 + 20) + 80 + 100 + 50));
}

#[test]
fn a_start_that_avoids_an_instant_avoids_the_price_of_a_shape() {
    // Ten seconds at 60 for running at second five; from a microsecond later on it is free.
    let within = |deadline| plain_tiles(vec![Job { deadline: Timestamp(deadline), ..job(compute(11)) }], 20).close(C);
    let once = with_shapes(vec![shape(0, 60)]);
    assert_eq!(compare(&within(at(15).0), &once), (60 + 40, 100));
    assert_eq!(compare(&within(at(15).0 + 1), &once), (60 + 100, 100));
}

#[test]
fn a_tile_is_worth_what_fits_it_then() {
    // Standing draw of 2 mW leaves 10 of 12 and holds two capsules of 5; from second five on the tile gives 11.
    let demand = Demand { power_mw: 5, ..Demand::default() };
    let mut tiny =
        Tiny::new(vec![Job { count: 2, ..job(demand) }]).cap_node(A, Kind::Power, 12).close(B).close(C).close(D);
    tiny.fleet.classes.iter_mut().for_each(|class| class.idle_power_mw = 2);
    let heat = |tiny: Tiny| tiny.step(Owner::Node(A), Kind::Power, (at(5), 11));
    let of = |tiny: &Tiny, second| {
        bound(&tiny.build(), &with_shapes(vec![ShapePrice { instant: at(second), ..shape(0, 100) }]))
    };
    assert_eq!((of(&tiny, 4), of(&tiny, 5)), (Ok(200), Ok(200)));
    assert_eq!((of(&heat(tiny.clone()), 4), of(&heat(tiny.clone()), 5)), (Ok(200), Ok(100)));
    assert_eq!(compare(&heat(tiny), &with_shapes(vec![shape(0, 100)])), (100, 100));
}

#[test]
fn a_bonus_counts_once_and_a_gang_may_stay_out() {
    // Three capsules at 10 with a bonus of 50 from two on; at 2 per unit and second each costs 20, so 10 * 3 - 60 + 50 = 20
    // for all and 20 - 40 + 50 = 30 for two; the capacity is worth 4 * 10 * 2 = 80.
    let gang = Job { count: 3, gang_min: 2, wanted: 2, bonus: 50, bid: 10, ..job(compute(1)) };
    let tiny =
        |bonus| Tiny::new(vec![Job { bonus, ..gang.clone() }]).cap_node(LEFT, Kind::Compute, 4).close(C).close(D);
    let certificate = with_duals(vec![priced(node(LEFT), 2)]);
    assert_eq!(compare(&tiny(50), &certificate), (80 + 30, 80));
    assert_eq!(compare(&tiny(5), &certificate), (80, 35));
}

/// A job that may use only a and b, which nothing but a name tells apart.
fn twins(job: Job) -> Tiny {
    let mut tiny = Tiny::new(vec![job]).close(C).close(D);
    tiny.fleet.nodes.classes[B.at()] = Some(PLAIN);
    tiny.fleet.members = vec![(0, RIGHT.0)];
    tiny
}

#[test]
fn a_job_at_home_on_one_tile_counts_there() {
    // Once, a tile stood for all its neighbors, even where a job named one of them.
    for home in [A, B] {
        let tiny = twins(Job { locality: Some(home), ..job(compute(1)) });
        assert_eq!(compare(&tiny, &Certificate::default()), (100, 100));
    }
}

#[test]
fn a_price_on_one_tile_leaves_its_neighbors_free() {
    // Once, the neighbor of a priced tile paid its price, so that the bound fell below the optimum. The tile's own
    // capacity is worth 1 * 10 * 9 = 90.
    let mut tiny = twins(job(compute(1))).cap_node(A, Kind::Compute, 1);
    let certificate = with_duals(vec![priced(Scope::Tiles { class: PLAIN, under: A }, 9)]);
    assert_eq!(compare(&tiny, &certificate), (90 + 100, 100));
    // The same for tiles without a parent.
    tiny.fleet.nodes.parents[A.at()] = None;
    tiny.fleet.nodes.parents[B.at()] = None;
    assert_eq!(compare(&tiny, &certificate), (90 + 100, 100));
}

#[test]
fn the_delay_of_each_tile_counts() {
    // Once, tiles of one cell shared the delay of the first: here b is ten times as near to the data as a.
    let mut tiny = twins(Job { data: Some(LEFT), ..job(compute(1)) });
    tiny.fleet.nodes.uplink_delays_us[A.at()] = 100;
    // 100 us for 10 s cost 10^9 * 360,000 / (1,000 * 3.6 * 10^9) = 100 micro-credits, a tenth of it on b.
    tiny.weights.latency_price = 360_000;
    assert_eq!(compare(&tiny, &Certificate::default()), (90, 90));
}

#[test]
fn the_data_is_nearest_to_its_own_tile() {
    // From a to the data at b are 20 us, which cost 20 as above; at b it costs nothing, and no other tile is in reach of 0.
    let mut tiny = twins(Job { data: Some(B), ..job(compute(1)) });
    tiny.weights.latency_price = 360_000;
    assert_eq!(compare(&tiny, &Certificate::default()), (100, 100));
    assert_eq!(compare(&tiny.clone().close(B), &Certificate::default()), (80, 80));
    tiny.jobs[0].latency_max_us = Some(0);
    assert_eq!(compare(&tiny, &Certificate::default()), (100, 100));
}

#[test]
fn a_closed_tile_offers_nothing_unless_something_runs_there() {
    let tiny = Tiny::new(vec![Job { count: 2, classes: vec![PLAIN], ..job(compute(1)) }]);
    let tiny = tiny.cap_node(A, Kind::Compute, 1).cap_node(C, Kind::Compute, 1);
    let certificate = with_duals(vec![priced(Scope::Tiles { class: PLAIN, under: HALL }, 10)]);
    assert_eq!(compare(&tiny, &certificate), (200, 200));
    assert_eq!(compare(&tiny.clone().close(A), &certificate), (100, 100));
    assert_eq!(compare(&tiny.clone().close(A).running(0, A, 1), &certificate), (200, 200));
    assert_eq!(compare(&tiny.close(A).close(C), &Certificate::default()), (0, 0));
}

#[test]
fn spread_limits_the_capsules_that_count() {
    let of = |domain, count| {
        let spread = Some(Spread::at_most(domain, 1));
        Tiny::new(vec![Job { count, spread, ..job(compute(1)) }])
    };
    let free = Certificate::default();
    assert_eq!(compare(&of(Domain::Level(Level::Cell), 4), &free), (200, 200));
    assert_eq!(compare(&of(Domain::Level(Level::Tile), 4).close(A), &free), (300, 300));
    // Tile a is on no feed, so that the feed limits nobody who may go there; with a closed, it does.
    let feed = Domain::Zone(crate::fleet::ZoneKind::PowerFeed);
    assert_eq!(compare(&of(feed, 3), &free), (300, 300));
    assert_eq!(compare(&of(feed, 3).close(A), &free), (100, 100));
}

#[test]
fn spread_takes_the_best_margin_of_each_member() {
    // The left cell is free, the right one costs 60: two capsules earn 100 + 40, not 200.
    let spread = Some(Spread::at_most(Domain::Level(Level::Cell), 1));
    let tiny = Tiny::new(vec![Job { count: 2, spread, ..job(compute(1)) }]).cap_node(RIGHT, Kind::Compute, 0);
    let certificate = with_duals(vec![priced(node(RIGHT), 6)]);
    assert_eq!(compare(&tiny, &certificate), (100 + 40, 100));
}

#[test]
fn a_tile_that_could_not_hold_it_empty_is_no_place() {
    let tiny = Tiny::new(vec![Job { count: 2, ..job(compute(3)) }]);
    let small = [A, B, C].into_iter().fold(tiny, |tiny, tile| tiny.cap_node(tile, Kind::Compute, 2));
    assert_eq!(compare(&small, &Certificate::default()), (200, 200));
    assert_eq!(compare(&small.cap_node(D, Kind::Compute, 2), &Certificate::default()), (0, 0));
}

#[test]
fn the_same_prices_cost_classes_by_their_own_draw() {
    // Once, classes on equally priced paths shared the cost of the first one met: here 30 on a, and 10 on b.
    let mut tiny = Tiny::new(vec![job(compute(1))]).cap_node(HALL, Kind::Power, 3);
    tiny.fleet.classes[PLAIN.at()].energy_uj_per_mop = [3_000; 3];
    tiny.fleet.classes[FAST.at()].energy_uj_per_mop = [1_000; 3];
    let power = Dual { kind: Kind::Power, ..priced(node(HALL), 1) };
    assert_eq!(compare(&tiny, &with_duals(vec![power])), (3 * 10 + 100 - 10, 100));
}

#[test]
fn a_class_without_the_devices_is_no_place() {
    let mut tiny = Tiny::new(vec![Job { count: 2, ..job(devices(2, 500)) }]);
    tiny.fleet.classes[PLAIN.at()].devices = 1;
    tiny.fleet.classes[FAST.at()].devices = 1;
    assert_eq!(compare(&tiny, &Certificate::default()), (0, 0));
}

#[test]
fn traffic_is_priced_where_it_crosses() {
    // Of 9 bit/s that leave the tile, 4 leave the cell and 1 the hall; the feed lists b itself, and c through its cell. At 1
    // for ten seconds the bid of 100 pays all but 10 for each bit.
    let demand = crate::job::Demand { bandwidth_bps: [9, 4, 1, 0, 0], ..Default::default() };
    let feed = Owner::Zone(ZoneIndex(0));
    let cases = [(Owner::Node(LEFT), B, 4), (Owner::Node(HALL), B, 1), (feed, B, 9), (feed, C, 4)];
    for (owner, home, crossing) in cases {
        let at_home = Job { count: 2, locality: Some(home), ..job(demand) };
        let tiny = Tiny::new(vec![at_home]).cap(owner, Kind::Bandwidth, crossing);
        let dual = Dual { kind: Kind::Bandwidth, ..priced(Scope::Owner(owner), 1) };
        let margin = 100 - 10 * i128::from(crossing);
        assert_eq!(compare(&tiny, &with_duals(vec![dual])), (2 * margin + 10 * i128::from(crossing), 100));
    }
    let under = Scope::Tiles { class: FAST, under: LEFT };
    let tile = Tiny::new(vec![Job { locality: Some(B), ..job(demand) }]).cap_node(B, Kind::Bandwidth, 9);
    let dual = Dual { kind: Kind::Bandwidth, ..priced(under, 1) };
    assert_eq!(compare(&tile, &with_duals(vec![dual])), (90 + 10, 100));
}

#[test]
fn seconds_round_for_the_bound_and_never_against_it() {
    // A run of a second and a half counts as one, so that a price of 60 leaves 40 of the bid; a capacity of one unit for a
    // second and a half counts as two, worth 120.
    let mut tiny = Tiny::new(vec![job(compute(1))]).cap_node(HALL, Kind::Compute, 1);
    let half = Interval { start: at(0), end: Timestamp(1_500_000) };
    (tiny.jobs[0].term, tiny.jobs[0].deadline) = (Term::Fixed(half.span()), half.end);
    let dual = Dual { interval: half, ..priced(node(HALL), 60) };
    assert_eq!(compare(&tiny, &with_duals(vec![dual])), (40 + 120, 100));
}

#[test]
fn use_counts_where_no_start_avoids_it() {
    // Ten seconds of a window of fourteen: only from 4 to 10 does the capsule surely run. A price of 5 there costs it
    // 6 * 5 = 30 of its 100, and the capacity of one unit is worth as much.
    let flexible = Job { deadline: at(14), ..job(compute(1)) };
    let tiny = Tiny::new(vec![Job { count: 2, ..flexible }]).cap_node(HALL, Kind::Compute, 1);
    let over = |start, end| Dual { interval: during(start, end), ..priced(node(HALL), 5) };
    assert_eq!(compare(&tiny, &with_duals(vec![over(4, 10)])), (2 * 70 + 30, 100));
    assert_eq!(compare(&tiny, &with_duals(vec![over(0, 4)])).0, 2 * 100 + 20);
    // A step halves the capacity from second 7 on: 3 s of 4 units and 3 s of 2, at 5.
    let stepped = tiny.cap_node(HALL, Kind::Compute, 4).step(Owner::Node(HALL), Kind::Compute, (at(7), 2));
    assert_eq!(compare(&stepped, &with_duals(vec![over(4, 10)])).0, 2 * 70 + 90);
}

#[test]
fn no_start_avoids_every_price() {
    // Seconds 0 to 7 cost 1 each and 7 to 14 cost 2: ten seconds from 0 cost 7 + 6, from 4 they cost 3 + 14. Whatever each
    // interval could avoid by itself, 13 cannot be avoided. Capacity: 7 * 1 + 7 * 2.
    let flexible = Job { deadline: at(14), ..job(compute(1)) };
    let tiny = Tiny::new(vec![flexible]).cap_node(HALL, Kind::Compute, 1);
    let over = |start, end, price| Dual { interval: during(start, end), ..priced(node(HALL), price) };
    assert_eq!(compare(&tiny, &with_duals(vec![over(0, 7, 1), over(7, 14, 2)])), (7 + 14 + 100 - 13, 100));
}

#[test]
fn what_stands_is_not_for_sale() {
    let mut tiny = Tiny::new(vec![job(crate::job::Demand { power_mw: 1, ..Default::default() })]);
    tiny.fleet.classes.iter_mut().for_each(|class| class.idle_power_mw = 2);
    // The hall stands at 8 of 9: one unit for ten seconds at 10 pays the bid exactly. At 7 nothing is left, not less.
    let certificate = with_duals(vec![Dual { kind: Kind::Power, ..priced(node(HALL), 10) }]);
    assert_eq!(compare(&tiny.clone().cap_node(HALL, Kind::Power, 9), &certificate), (100, 100));
    assert_eq!(compare(&tiny.cap_node(HALL, Kind::Power, 7), &certificate), (0, 0));
}

#[test]
fn a_price_on_unlimited_capacity_proves_nothing() {
    let tiny = Tiny::new(vec![job(compute(1))]).cap_node(HALL, Kind::Compute, 5).cap_node(A, Kind::Compute, 5);
    let of = |tiny: &Tiny, scope, price| bound(&tiny.build(), &with_duals(vec![priced(scope, price)]));
    let unlimited = Err(BoundError::Unlimited { kind: Kind::Compute });
    assert_eq!(of(&tiny, node(LEFT), 1), unlimited);
    assert_eq!(of(&tiny, Scope::Owner(Owner::Zone(ZoneIndex(0))), 1), unlimited);
    assert_eq!(of(&tiny, node(LEFT), 0), Ok(100));
    // Of the plain tiles, c has no limit.
    assert_eq!(of(&tiny, Scope::Tiles { class: PLAIN, under: HALL }, 1), unlimited);
    assert_eq!(of(&tiny, Scope::Tiles { class: PLAIN, under: LEFT }, 1), Ok(50 + 90 + 10));
    let step = |second| tiny.clone().step(Owner::Node(HALL), Kind::Compute, (at(second), UNLIMITED));
    assert_eq!(of(&step(9), node(HALL), 1), unlimited);
    assert_eq!(of(&step(10), node(HALL), 1), Ok(50 + 90));
}

#[test]
fn a_malformed_price_is_refused_with_its_position() {
    let instance = Tiny::new(vec![job(compute(1))]).cap_node(HALL, Kind::Compute, 5).build();
    let good = priced(node(HALL), 1);
    let scopes = [
        node(NodeIndex(7)),
        node(A),
        Scope::Owner(Owner::Zone(ZoneIndex(1))),
        Scope::Tiles { class: ClassIndex(2), under: HALL },
        Scope::Tiles { class: PLAIN, under: NodeIndex(7) },
    ];
    let intervals = [(3, 3), (4, 3)].map(|(start, end)| Dual { interval: during(start, end), ..good });
    for bad in scopes.map(|scope| priced(scope, 0)).into_iter().chain(intervals) {
        let refused = bound(&instance, &with_duals(vec![good, bad]));
        assert_eq!(refused, Err(BoundError::Malformed { position: 1 }), "{bad:?}");
    }
}

#[test]
fn a_malformed_piece_is_refused_with_its_position() {
    let mut tiny = Tiny::new(vec![job(compute(1))]);
    let instance = tiny.build();
    let good = piece(1_000, 1);
    let class = PiecePrice { class: ClassIndex(2), ..good };
    let under = PiecePrice { under: NodeIndex(7), ..good };
    for bad in [class, under, piece(0, 0), piece(1_001, 0)] {
        let refused = bound(&instance, &with_pieces(vec![good, bad]));
        assert_eq!(refused, Err(BoundError::Piece { position: 1 }), "{bad:?}");
    }
    // Four plain devices of one piece each; without devices the price is worth nothing.
    assert_eq!(bound(&instance, &with_pieces(vec![good])), Ok(4 + 100));
    tiny.fleet.classes[PLAIN.at()].devices = 0;
    assert_eq!(bound(&tiny.build(), &with_pieces(vec![good])), Ok(100));
}

#[test]
fn a_malformed_shape_is_refused_with_its_position() {
    let instance = plain_tiles(vec![job(compute(11))], 20).build();
    let good = shape(0, 1);
    let class = ShapePrice { class: ClassIndex(2), ..good };
    let under = ShapePrice { under: NodeIndex(7), ..good };
    for bad in [class, under, ShapePrice { price: 0, ..shape(1, 0) }] {
        let refused = bound(&instance, &with_shapes(vec![good, bad]));
        assert_eq!(refused, Err(BoundError::Shape { position: 1 }), "{bad:?}");
    }
}

#[test]
fn a_price_of_a_shape_that_nothing_limits_proves_nothing() {
    let of = |demand, price| {
        let tiny = Tiny::new(vec![job(demand)]).cap_node(A, Kind::Compute, 5);
        bound(&tiny.build(), &with_shapes(vec![ShapePrice { under: LEFT, ..shape(0, price) }]))
    };
    assert_eq!(of(compute(5), 10), Ok(10 + 100));
    assert_eq!(of(both(0, 5), 10), Err(BoundError::Boundless));
    assert_eq!(of(Demand::default(), 10), Err(BoundError::Boundless));
    assert_eq!(of(Demand::default(), 0), Ok(100));
}

#[test]
fn shapes_worth_more_than_128_bits_are_refused() {
    // 2^53 capsules a tile at 2^64 units of 2^-10 are 2^163 in exact units.
    let tiny = plain_tiles(vec![job(compute(1))], AMOUNT_MAX);
    let dear = ShapePrice { price: u64::MAX, ..shape(0, 0) };
    assert_eq!(bound(&tiny.build(), &with_shapes(vec![dear])), Err(BoundError::Overflow));
}

#[test]
fn a_sum_beyond_128_bits_is_refused() {
    let tiny = Tiny::new(vec![job(compute(1))]).cap_node(HALL, Kind::Compute, AMOUNT_MAX);
    let century = Interval { start: at(0), end: at(0).after(SPAN_MAX) };
    let dear = Dual { interval: century, price: u64::MAX, ..priced(node(HALL), 0) };
    assert_eq!(bound(&tiny.build(), &with_duals(vec![dear])), Err(BoundError::Overflow));
    // The use alone, on a capacity of nothing.
    let mut tiny = tiny.cap_node(HALL, Kind::Compute, 0);
    tiny.jobs[0] = Job { term: Term::Fixed(SPAN_MAX), deadline: century.end, ..job(compute(AMOUNT_MAX)) };
    assert_eq!(bound(&tiny.build(), &with_duals(vec![dear])), Err(BoundError::Overflow));
}

#[test]
fn pieces_worth_more_than_128_bits_are_refused() {
    // A thousand pieces on each of 128 devices, at 2^110 each, are 2^126.97 at one instant, and too much at two.
    let mut tiny = Tiny::new(vec![job(compute(1))]);
    tiny.fleet.classes[PLAIN.at()].devices = 64;
    let dear = |second| PiecePrice { price: u64::MAX, instant: at(second), ..piece(1, 0) };
    let of = |pieces| bound(&tiny.build(), &with_pieces(pieces));
    assert!(of(vec![dear(1)]).is_ok());
    assert_eq!(of(vec![dear(1), dear(2)]), Err(BoundError::Overflow));
    // The same where they add up to one price.
    assert_eq!(of(vec![dear(1), dear(1)]), Err(BoundError::Overflow));
}
