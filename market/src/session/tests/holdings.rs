//! What is held changes within a term: what counts is how much classes hold together at one instant.

use super::program::verdicts;
use super::*;
use crate::session::check::program::Verdict;
use crate::session::holdings::{Holding, Holdings};

/// So many million bit/s of a node that a class holds during one hour.
fn hold(holdings: &mut Holdings, node: NodeIndex, (service, millions): (ServiceClass, u64), first: i64) {
    let Wish { owner, kind, quantity, interval } = wish(node, millions, (first, first + 1));
    holdings.add(owner, kind, Holding { interval, service, amount: quantity });
}

#[test]
fn classes_that_hold_one_after_the_other_leave_what_either_leaves() {
    let (fleet, policy) = (fleet_changing(10_000_000, 10_000_000), sealed(PaymentRule::Vcg));
    let long = bid(0, 1_000, &[wish(LAYER, 4, (0, 2))]);
    let wide = bid(1, 9_000, &[wish(LAYER, 6, (0, 2))]);
    let cuts = bid(2, 100, &[wish(LAYER, 1, (0, 1))]);
    for second in [ServiceClass::A, ServiceClass::C, ServiceClass::D] {
        let mut holdings = Holdings::default();
        hold(&mut holdings, LAYER, (ServiceClass::D, 5), 0);
        hold(&mut holdings, LAYER, (second, 5), 1);
        let ground = Ground { holdings: &holdings, ..Ground::bare(&fleet) };
        // Five millions are left in either hour, wherever a bid cuts the two.
        for bids in [vec![long.clone(), wide.clone()], vec![long.clone(), wide.clone(), cuts.clone()]] {
            let session = Session { ground, ..session(&fleet, &policy, &bids) };
            let outcome = clear_session(&session, &Stop::new()).unwrap();
            let results: Vec<_> = outcome.fates.iter().map(|fate| fate.result.is_ok()).collect();
            assert_eq!((&results[..2], outcome.fates[1].result), (&[true, false][..], Err(Lost::Supply)), "{second:?}");
            let found = residuals(&session, &outcome, &posting::transfers(&session, &outcome));
            assert!(found.are_zero(), "{found:?}");
            // The program of the second look has the same room: that nobody won it contradicts.
            let [best, nothing, _] = verdicts(&session, &outcome, outcome.classes[0].surplus);
            assert!(matches!(best, Verdict::Confirmed { .. }), "{best:?}");
            assert!(matches!(nothing, Verdict::Contradicted { .. }), "{nothing:?}");
        }
    }
}

#[test]
fn an_account_of_no_class_gives_what_nobody_holds_at_any_instant() {
    let (fleet, own) = (hierarchy::four_tiles(), [hierarchy::TILES[0]]);
    let tiles = policy(vec![AccountClass {
        kinds: vec![Kind::Memory],
        price_cap: None,
        ..class("tiles", Level::Tile, Format::SealedBid, PaymentRule::PayAsBid)
    }]);
    let mut holdings = Holdings::default();
    for (service, first) in [(ServiceClass::A, 0), (ServiceClass::D, 1)] {
        let interval = Interval { start: hour(first), end: hour(first + 1) };
        holdings.add(Owner::Node(CELL), Kind::Memory, Holding { interval, service, amount: 600 });
    }
    let ground = Ground { holdings: &holdings, ..Ground::bare(&fleet) };
    for (quantity, expected) in [(400, Ok(Money(500))), (401, Err(Lost::Supply))] {
        let wish = |&node: &NodeIndex| Wish { quantity, kind: Kind::Memory, ..wish(node, 1, (0, 2)) };
        let bids = [bid(0, 500, &own.iter().map(wish).collect::<Vec<_>>())];
        let session = Session { ground, ..session(&fleet, &tiles, &bids) };
        assert_eq!(clear_session(&session, &Stop::new()).unwrap().fates[0].result, expected, "{quantity}");
    }
}

#[test]
fn what_one_class_let_in_turn_to_two_leaves_room_for_a_long_term_above() {
    let fleet = hierarchy::four_tiles();
    let of_level = |name, level| AccountClass {
        kinds: vec![Kind::Memory],
        traders: vec![ServiceClass::C, ServiceClass::D],
        price_cap: None,
        ..class(name, level, Format::SealedBid, PaymentRule::Vcg)
    };
    let both = policy(vec![of_level("tiles", Level::Tile), of_level("cells", Level::Cell)]);
    let wish = |node, hours| Wish { quantity: 500, kind: Kind::Memory, ..wish(node, 1, hours) };
    let interactive = AccountBid { service: ServiceClass::C, ..bid(0, 100, &[wish(hierarchy::TILES[0], (0, 1))]) };
    let bids = [interactive, bid(1, 100, &[wish(hierarchy::TILES[0], (1, 2))]), bid(2, 100, &[wish(CELL, (0, 2))])];
    let outcome = looked_at(&fleet, &both, &bids, &[]);
    assert!(outcome.fates.iter().all(|fate| fate.result.is_ok()), "{outcome:?}");
}
