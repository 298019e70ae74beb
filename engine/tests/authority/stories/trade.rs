//! What is paid, who makes room for whom, and what offers promise.

use expect_test::expect;
use lessor_engine::authority::{Terms, UnitPrices};
use lessor_models::resources::Kind;

use crate::script::{check, check_under};
use crate::support::terms;

/// Compute costs a credit for ten units and second while it is idle, and does not get dearer.
fn priced() -> Terms {
    let mut prices = UnitPrices([0; Kind::COUNT]);
    prices.0[Kind::Compute.index()] = 1 << 56;
    Terms { unit_prices: prices, scarcity_permille: 0, ..terms() }
}

#[test]
fn devices_that_an_offer_was_promised_are_kept_for_it() {
    check(
        "0 ann asks r0 c=1 dev=1x500 at=a0
         0 ann asks r1 c=1 dev=1x400 at=a0 class=D for=50
         0 ann asks r2 c=1 dev=1x400 at=a0 class=D for=50 never
         0 ann releases r0
         1 bob asks r3 c=1 dev=1x700 at=a0 class=B bid=100
         2 eve asks r4 c=1 dev=2x200 at=a0
         2 eve asks r5 c=1 dev=1x500 at=a0
         3 ann releases r1",
        &expect![[r#"
            0 ann asks r0 c=1 dev=1x500 at=a0
              r0 active at a0 v1 t1 0..10 devices 1
            0 ann asks r1 c=1 dev=1x400 at=a0 class=D for=50
              r1 active at a0 v1 t2 0..50 devices 1
            0 ann asks r2 c=1 dev=1x400 at=a0 class=D for=50 never
              r2 active at a0 v1 t3 0..50 devices 10
            0 ann releases r0
              r0 released at a0 v1 t1 0..10 devices 1 returned
            1 bob asks r3 c=1 dev=1x700 at=a0 class=B bid=100
              r1 revoked at a0 v1 t2 0..50 devices 1 Preempted until 6
              r3 offered at a0 v1 t0 1..11 devices 1
            2 eve asks r4 c=1 dev=2x200 at=a0
              refused: a0 has 1 devices; at 51; on a1
            2 eve asks r5 c=1 dev=1x500 at=a0
              r5 active at a0 v1 t4 2..12 devices 10
            3 ann releases r1
              r1 revoked at a0 v1 t2 0..50 devices 1 Preempted until 6 returned
              r3 active at a0 v1 t5 3..13 devices 1
        "#]],
    );
}

#[test]
fn an_offer_is_not_broken_for_one_of_its_own_class() {
    check(
        "0 ann asks d0 c=2 at=a0 class=D for=50
         0 ann asks d1 c=2 at=a0 class=D for=50
         0 ann asks d2 c=2 at=a0 class=D for=50
         0 ann asks d3 c=2 at=a0 class=D for=50
         1 bob asks r1 c=3 at=a0 class=C bid=100
         2 eve asks r2 c=3 at=a0 class=C bid=100
         3 ann releases d0
         4 eve asks r3 c=3 at=a0 class=C bid=100",
        &expect![[r#"
            0 ann asks d0 c=2 at=a0 class=D for=50
              d0 active at a0 v1 t1 0..50
            0 ann asks d1 c=2 at=a0 class=D for=50
              d1 active at a0 v1 t2 0..50
            0 ann asks d2 c=2 at=a0 class=D for=50
              d2 active at a0 v1 t3 0..50
            0 ann asks d3 c=2 at=a0 class=D for=50
              d3 active at a0 v1 t4 0..50
            1 bob asks r1 c=3 at=a0 class=C bid=100
              d0 revoked at a0 v1 t1 0..50 Preempted until 6
              r1 offered at a0 v1 t0 1..11
            2 eve asks r2 c=3 at=a0 class=C bid=100
              refused: a0 has 0 of 3 compute at 2; on a1
            3 ann releases d0
              d0 revoked at a0 v1 t1 0..50 Preempted until 6 returned
              r1 active at a0 v1 t5 3..13
            4 eve asks r3 c=3 at=a0 class=C bid=100
              d1 revoked at a0 v1 t2 0..50 Preempted until 9
              r3 offered at a0 v1 t0 4..14
        "#]],
    );
}

#[test]
fn a_more_protected_class_may_be_offered_what_an_offer_then_lacks() {
    check(
        "0 ann asks d0 c=2 at=a0 class=D for=50
         0 ann asks d1 c=2 at=a0 class=D for=50
         0 ann asks d2 c=2 at=a0 class=D for=50
         0 ann asks d3 c=2 at=a0 class=D for=50
         1 bob asks r1 c=3 at=a0 class=C bid=100
         2 eve asks r2 c=3 at=a0 class=A bid=100
         3 ann releases d0
         4 ann releases d1
         5 ann releases d2",
        &expect![[r#"
            0 ann asks d0 c=2 at=a0 class=D for=50
              d0 active at a0 v1 t1 0..50
            0 ann asks d1 c=2 at=a0 class=D for=50
              d1 active at a0 v1 t2 0..50
            0 ann asks d2 c=2 at=a0 class=D for=50
              d2 active at a0 v1 t3 0..50
            0 ann asks d3 c=2 at=a0 class=D for=50
              d3 active at a0 v1 t4 0..50
            1 bob asks r1 c=3 at=a0 class=C bid=100
              d0 revoked at a0 v1 t1 0..50 Preempted until 6
              r1 offered at a0 v1 t0 1..11
            2 eve asks r2 c=3 at=a0 class=A bid=100
              d1 revoked at a0 v1 t2 0..50 Preempted until 7
              d2 revoked at a0 v1 t3 0..50 Preempted until 7
              r2 offered at a0 v1 t0 2..12
            3 ann releases d0
              d0 revoked at a0 v1 t1 0..50 Preempted until 6 returned
              r1 expired at a0 v1 t0 1..11 returned
            4 ann releases d1
              d1 revoked at a0 v1 t2 0..50 Preempted until 7 returned
            5 ann releases d2
              d2 revoked at a0 v1 t3 0..50 Preempted until 7 returned
              r2 active at a0 v1 t5 5..15
        "#]],
    );
}

#[test]
fn the_cheapest_leases_make_room_for_a_bid_that_pays_for_them() {
    check_under(
        priced(),
        "0 ann asks d1 c=6 at=a0 class=D for=60
         0 ann asks d2 c=4 at=a0 class=D for=60
         0 bob asks e1 c=5 at=a1 class=D for=60 never
         10 ann checkpoints d1
         20 eve asks x1 c=4 at=a0 class=C bid=50
         20 eve asks x2 c=4 at=a0 class=C bid=1000
         21 eve asks x3 c=1 at=a0 class=A
         22 bob asks x4 c=6 at=a0 class=D bid=9999
         23 bob asks x5 c=9 at=a1 class=A bid=9999
         24 ann releases d2",
        &expect![[r#"
            0 ann asks d1 c=6 at=a0 class=D for=60
              ann -360
              d1 active at a0 v1 t1 0..60
            0 ann asks d2 c=4 at=a0 class=D for=60
              ann -240
              d2 active at a0 v1 t2 0..60
            0 bob asks e1 c=5 at=a1 class=D for=60 never
              bob -300
              e1 active at a1 v1 t3 0..60
            10 ann checkpoints d1
              again d1 active at a0 v1 t1 0..60
            20 eve asks x1 c=4 at=a0 class=C bid=50
              refused: a0 has 0 of 4 compute at 20; at 61; on a1
            20 eve asks x2 c=4 at=a0 class=C bid=1000
              ann +320
              d2 revoked at a0 v1 t2 0..60 Preempted until 25
              eve -160
              x2 offered at a0 v1 t0 20..30
            21 eve asks x3 c=1 at=a0 class=A
              refused: a0 has 0 of 1 compute at 21; at 61; on a1
            22 bob asks x4 c=6 at=a0 class=D bid=9999
              refused: a0 has 0 of 6 compute at 22; at 61; on a2
            23 bob asks x5 c=9 at=a1 class=A bid=9999
              refused: a1 has 5 of 9 compute at 23; 555/1000 at a1; at 61; on b0
            24 ann releases d2
              d2 revoked at a0 v1 t2 0..60 Preempted until 25 returned
              eve -40
              x2 active at a0 v1 t4 24..34
        "#]],
    );
}

#[test]
fn an_offer_ends_when_it_is_released_and_its_holder_gets_back_what_it_paid() {
    check_under(
        priced(),
        "0 ann asks d1 c=9 at=a0 class=D for=60
         10 eve asks x1 c=4 at=a0 class=C bid=1000
         11 eve asks x1 c=4 at=a0 class=C bid=1000
         12 eve releases x1
         13 ann releases d1",
        &expect![[r#"
            0 ann asks d1 c=9 at=a0 class=D for=60
              ann -540
              d1 active at a0 v1 t1 0..60
            10 eve asks x1 c=4 at=a0 class=C bid=1000
              ann +765
              d1 revoked at a0 v1 t1 0..60 Preempted until 15
              eve -315
              x1 offered at a0 v1 t0 10..20
            11 eve asks x1 c=4 at=a0 class=C bid=1000
              again x1 offered at a0 v1 t0 10..20
            12 eve releases x1
              eve +315
              x1 released at a0 v1 t0 10..20 returned
            13 ann releases d1
              d1 revoked at a0 v1 t1 0..60 Preempted until 15 returned
        "#]],
    );
}

#[test]
fn what_was_paid_for_time_that_is_not_used_comes_back() {
    check_under(
        priced(),
        "0 ann asks r1 c=2 for=100
         40 ann releases r1
         50 ann asks r2 c=2 for=10 bid=19
         50 ann asks r3 c=2 for=10 bid=20
         51 ann renews r3 v=1 end=70",
        &expect![[r#"
            0 ann asks r1 c=2 for=100
              ann -200
              r1 active at a0 v1 t1 0..100
            40 ann releases r1
              ann +120
              r1 released at a0 v1 t1 0..100 returned
            50 ann asks r2 c=2 for=10 bid=19
              refused: TooDear { price: Money(20) }; 950/1000 at a0
            50 ann asks r3 c=2 for=10 bid=20
              ann -20
              r3 active at a0 v1 t2 50..60
            51 ann renews r3 v=1 end=70
              ann -20
              r3 active at a0 v2 t2 50..70
        "#]],
    );
}
