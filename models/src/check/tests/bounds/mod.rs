//! The bound: tight where hand and theory say so, above the optimum in the cases that once were not, refused where it
//! proves nothing.

mod patterns;
mod refusals;

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

/// Only the plain tiles a and c are open, each with so much compute and memory.
fn plain_tiles(jobs: Vec<Job>, amount: u64) -> Tiny {
    let limit = |tiny: Tiny, kind| tiny.cap_node(A, kind, amount).cap_node(C, kind, amount);
    [Kind::Compute, Kind::Memory].into_iter().fold(Tiny::new(jobs), limit).close(B).close(D)
}

fn both(compute_mops: u64, memory_bytes: u64) -> Demand {
    Demand { compute_mops, memory_bytes, ..Demand::default() }
}
