//! Certificates that prove nothing are refused, with what is wrong with them.

use super::*;

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
