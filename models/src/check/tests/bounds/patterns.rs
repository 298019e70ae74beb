//! Prices of pieces and of shapes: tight where sums of capacity are not.

use super::*;

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
