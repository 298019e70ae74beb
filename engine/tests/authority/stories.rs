//! Stories of leases, each with everything that came of it.

use expect_test::expect;
use lessor_engine::authority::{Terms, UnitPrices};
use lessor_models::resources::Kind;

use super::script::{check, check_under};
use super::support::terms;

/// Compute costs a credit for ten units and second while it is idle, and does not get dearer.
fn priced() -> Terms {
    let mut prices = UnitPrices([0; Kind::COUNT]);
    prices.0[Kind::Compute.index()] = 1 << 56;
    Terms { unit_prices: prices, scarcity_permille: 0, ..terms() }
}

#[test]
fn a_lease_is_granted_renewed_and_released() {
    check(
        "0 ann asks r1 c=4 p=2
         3 ann renews r1 v=1 end=30
         4 ann renews r1 v=1 end=30
         5 ann renews r1 v=1 end=40
         6 bob releases r1
         7 ann releases r1
         8 ann releases r1
         9 ann renews r1 v=2 end=50",
        &expect![[r#"
            0 ann asks r1 c=4 p=2
              r1 active at a0 v1 t1 0..10
            3 ann renews r1 v=1 end=30
              r1 active at a0 v2 t1 0..30
            4 ann renews r1 v=1 end=30
              again r1 active at a0 v2 t1 0..30
            5 ann renews r1 v=1 end=40
              refused: StaleVersion { current: Version(2) }
            6 bob releases r1
              refused: WrongHolder
            7 ann releases r1
              r1 released at a0 v2 t1 0..30 returned
            8 ann releases r1
              again r1 released at a0 v2 t1 0..30 returned
            9 ann renews r1 v=2 end=50
              refused: NotActive { state: Released }
        "#]],
    );
}

#[test]
fn a_lease_expires_and_its_capacity_returns_after_the_band() {
    check(
        "0 ann asks r1 c=10 at=a0
         9 bob asks r2 c=10 at=a0
         10 ann renews r1 v=1 end=30
         10 bob asks r3 c=10 at=a0
         11 bob asks r4 c=10 at=a0",
        &expect![[r#"
            0 ann asks r1 c=10 at=a0
              r1 active at a0 v1 t1 0..10
            9 bob asks r2 c=10 at=a0
              refused: a0 has 0 of 10 compute at 9; at 11; on a1
            10 tick
              r1 expired at a0 v1 t1 0..10
            10 ann renews r1 v=1 end=30
              refused: NotActive { state: Expired }
            10 bob asks r3 c=10 at=a0
              refused: a0 has 0 of 10 compute at 10; at 11; on a1
            11 tick
              r1 expired at a0 v1 t1 0..10 returned
            11 bob asks r4 c=10 at=a0
              r4 active at a0 v1 t2 11..21
        "#]],
    );
}

#[test]
fn a_vector_is_granted_whole_or_not_at_all_and_the_binding_account_speaks() {
    check(
        "0 ann asks r1 c=9 p=9 at=a
         0 ann asks r2 c=9 p=9 at=a
         0 ann asks r3 c=7 p=7 at=a
         0 ann asks r4 c=7 p=6 at=a
         0 ann asks r5 c=11 at=a0
         0 ann asks r6 c=9 p=9 at=a",
        &expect![[r#"
            0 ann asks r1 c=9 p=9 at=a
              r1 active at a0 v1 t1 0..10
            0 ann asks r2 c=9 p=9 at=a
              r2 active at a1 v1 t2 0..10
            0 ann asks r3 c=7 p=7 at=a
              refused: feed has 6 of 7 power at 0; 857/1000 at a2; at 11; on b0
            0 ann asks r4 c=7 p=6 at=a
              r4 active at a2 v1 t3 0..10
            0 ann asks r5 c=11 at=a0
              refused: a0 has 1 of 11 compute at 0
            0 ann asks r6 c=9 p=9 at=a
              refused: a has 0 of 9 compute at 0; at 11; on b0
        "#]],
    );
}

#[test]
fn a_known_fall_of_capacity_binds_only_what_lasts_until_then() {
    check(
        "0 ann asks r1 c=10 at=b for=90
         0 ann asks r2 c=10 at=b for=99
         0 ann asks r3 c=10 at=b for=100
         0 ann asks r4 c=10 at=b for=98
         50 ann renews r4 v=1 end=99
         50 ann renews r1 v=1 end=150
         50 ann renews r2 v=1 end=150",
        &expect![[r#"
            0 ann asks r1 c=10 at=b for=90
              r1 active at b0 v1 t1 0..90
            0 ann asks r2 c=10 at=b for=99
              r2 active at b1 v1 t2 0..99
            0 ann asks r3 c=10 at=b for=100
              r3 active at b2 v1 t3 0..100
            0 ann asks r4 c=10 at=b for=98
              refused: b has 0 of 10 compute at 0; on a0
            50 ann renews r4 v=1 end=99
              refused: UnknownLease
            50 ann renews r1 v=1 end=150
              refused: b has 2 of 10 compute at 100
            50 ann renews r2 v=1 end=150
              refused: b has 2 of 10 compute at 100
        "#]],
    );
}

#[test]
fn a_gang_is_offered_a_node_that_takes_all_of_it_and_lies_outside_the_one_asked_for() {
    check(
        "0 ann asks g1 c=6 gang=2 at=a0
         0 ann asks g2 c=9 gang=3 at=a
         0 ann asks g3 c=9 gang=3 at=b
         1 ann asks g4 c=6 gang=2 at=a0
         1 ann asks g5 c=5 gang=2 at=b0
         1 ann asks g6 c=9 gang=4",
        &expect![[r#"
            0 ann asks g1 c=6 gang=2 at=a0
              refused: a0 has 4 of 6 compute at 0; 999/1000 at a0; on b
            0 ann asks g2 c=9 gang=3 at=a
              refused: a has 7 of 9 compute at 0; 999/1000 at a; on b
            0 ann asks g3 c=9 gang=3 at=b
              g3.0 active at b0 v1 t1 0..10
              g3.1 active at b1 v1 t2 0..10
              g3.2 active at b2 v1 t3 0..10
            1 ann asks g4 c=6 gang=2 at=a0
              refused: a0 has 4 of 6 compute at 1; 999/1000 at a0
            1 ann asks g5 c=5 gang=2 at=b0
              refused: b0 has 1 of 5 compute at 1; at 11; on a
            1 ann asks g6 c=9 gang=4
              refused: a has 7 of 9 compute at 1; 666/1000 at a; at 11
        "#]],
    );
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
fn a_gang_is_granted_whole_or_not_at_all() {
    check(
        "0 ann asks g1 c=8 gang=3 at=b
         1 ann asks g2 c=8 gang=4
         2 ann asks g3 c=8 gang=3 at=a
         3 ann asks g1 c=8 gang=3 at=b
         4 ann releases g1.1
         5 ann asks g4 c=8 gang=9
         5 ann asks g5 c=8 gang=0",
        &expect![[r#"
            0 ann asks g1 c=8 gang=3 at=b
              g1.0 active at b0 v1 t1 0..10
              g1.1 active at b1 v1 t2 0..10
              g1.2 active at b2 v1 t3 0..10
            1 ann asks g2 c=8 gang=4
              refused: b has 6 of 8 compute at 1; 749/1000 at a; at 11
            2 ann asks g3 c=8 gang=3 at=a
              g3.0 active at a0 v1 t4 2..12
              g3.1 active at a1 v1 t5 2..12
              g3.2 active at a2 v1 t6 2..12
            3 ann asks g1 c=8 gang=3 at=b
              again 3 leases
            4 ann releases g1.1
              g1.1 released at b1 v1 t2 0..10 returned
            5 ann asks g4 c=8 gang=9
              refused: GangSize { asked: 9, most: 8 }
            5 ann asks g5 c=8 gang=0
              refused: GangSize { asked: 0, most: 8 }
        "#]],
    );
}

#[test]
fn a_fence_key_has_one_holder_and_its_token_rises() {
    check(
        "0 ann asks r1 c=1 keys=disk,link
         1 bob asks r2 c=1 keys=nic,link
         2 ann releases r1
         3 bob asks r3 c=1 keys=nic,link
         4 ann asks r4 c=1 keys=a,a
         4 ann asks r5 c=1 keys=a,b,c,d
         4 ann asks r6 c=1 keys=a gang=2
         12 ann asks r7 c=1 keys=link
         14 ann asks r8 c=1 keys=link",
        &expect![[r#"
            0 ann asks r1 c=1 keys=disk,link
              r1 active at a0 v1 t1 0..10
            1 bob asks r2 c=1 keys=nic,link
              refused: KeyHeld { position: 1, until: Timestamp(11000000) }
            2 ann releases r1
              r1 released at a0 v1 t1 0..10 returned
            3 bob asks r3 c=1 keys=nic,link
              r3 active at a0 v1 t2 3..13
            4 ann asks r4 c=1 keys=a,a
              refused: SharedKey { position: 1 }
            4 ann asks r5 c=1 keys=a,b,c,d
              refused: TooManyKeys { asked: 4, most: 3 }
            4 ann asks r6 c=1 keys=a gang=2
              refused: SharedKey { position: 0 }
            12 ann asks r7 c=1 keys=link
              refused: KeyHeld { position: 0, until: Timestamp(14000000) }
            13 tick
              r3 expired at a0 v1 t2 3..13
            14 tick
              r3 expired at a0 v1 t2 3..13 returned
            14 ann asks r8 c=1 keys=link
              r8 active at a0 v1 t3 14..24
        "#]],
    );
}

#[test]
fn a_repeat_gets_the_first_answer_within_the_window() {
    check(
        "0 ann asks r1 c=4
         1 ann renews r1 v=1 end=20
         2 ann asks r1 c=4
         2 ann asks r1 c=5
         2 bob asks r1 c=5
         3 ann asks big c=400
         4 ann asks big c=400
         5 ann releases r1
         6 ann asks r1 c=4
         120 ann asks r2 c=1 sent=0
         121 ann asks r1 c=4 sent=0
         121 ann asks r3 c=1 sent=3
         121 ann asks r4 c=1 sent=200",
        &expect![[r#"
            0 ann asks r1 c=4
              r1 active at a0 v1 t1 0..10
            1 ann renews r1 v=1 end=20
              r1 active at a0 v2 t1 0..20
            2 ann asks r1 c=4
              again r1 active at a0 v1 t1 0..10
            2 ann asks r1 c=5
              refused: ReusedId
            2 bob asks r1 c=5
              r1 active at a0 v1 t2 2..12
            3 ann asks big c=400
              refused: a has 16 of 400 compute at 3; 25/1000 at a1
            4 ann asks big c=400
              refused: a has 16 of 400 compute at 3; 25/1000 at a1
            5 ann releases r1
              r1 released at a0 v2 t1 0..20 returned
            6 ann asks r1 c=4
              again r1 active at a0 v1 t1 0..10
            12 tick
              r1 expired at a0 v1 t2 2..12
            13 tick
              r1 expired at a0 v1 t2 2..12 returned
            120 ann asks r2 c=1 sent=0
              r2 active at a0 v1 t3 120..130
            121 ann asks r1 c=4 sent=0
              refused: TooOld { horizon: Timestamp(3000000) }
            121 ann asks r3 c=1 sent=3
              refused: TooOld { horizon: Timestamp(3000000) }
            121 ann asks r4 c=1 sent=200
              refused: NotYetSent
        "#]],
    );
}

#[test]
fn revoked_capacity_returns_on_release_on_the_fence_or_at_the_end() {
    check(
        "0 ann asks r1 c=10 at=a0 for=60 keys=disk
         1 ops revokes r1
         2 bob asks x1 c=10 at=a0
         7 ops fenced r1
         8 bob asks x2 c=10 at=a0
         10 ops revokes x2 notice=0
         11 bob releases x2
         12 ann asks r3 c=10 at=a0
         13 ops revokes r3
         14 ops fenced nobody
         21 ops checkpoints r3
         40 bob asks x4 c=10 at=a0
         41 ops fenced x4",
        &expect![[r#"
            0 ann asks r1 c=10 at=a0 for=60 keys=disk
              r1 active at a0 v1 t1 0..60
            1 ops revokes r1
              r1 revoked at a0 v1 t1 0..60 Operator until 6
            2 bob asks x1 c=10 at=a0
              refused: a0 has 0 of 10 compute at 2; at 61; on a1
            6 tick
              fence r1 ["disk"]
            7 ops fenced r1
              r1 revoked at a0 v1 t1 0..60 Operator until 6 returned
            8 bob asks x2 c=10 at=a0
              x2 active at a0 v1 t2 8..18
            10 ops revokes x2 notice=0
              x2 revoked at a0 v1 t2 8..18 Operator until 10
            10 tick
              fence x2 []
            11 bob releases x2
              x2 revoked at a0 v1 t2 8..18 Operator until 10 returned
            12 ann asks r3 c=10 at=a0
              r3 active at a0 v1 t3 12..22
            13 ops revokes r3
              r3 revoked at a0 v1 t3 12..22 Operator until 18
            14 ops fenced nobody
              refused: UnknownLease
            18 tick
              fence r3 []
            21 ops checkpoints r3
              refused: WrongHolder
            23 tick
              r3 revoked at a0 v1 t3 12..22 Operator until 18 returned
            40 bob asks x4 c=10 at=a0
              x4 active at a0 v1 t4 40..50
            41 ops fenced x4
              refused: NotRevoked
        "#]],
    );
}

#[test]
fn a_deficit_is_cured_by_the_least_protected_and_cheapest() {
    check(
        "0 ann asks a c=5 at=a class=A for=60
         0 ann asks c c=5 at=a class=C for=60
         0 ann asks d1 c=4 at=a class=D for=60
         0 ann asks d2 c=6 at=a class=D for=60
         5 plane limits a compute=14 version=1
         6 plane limits a compute=14 version=1
         7 bob asks e c=1 at=a
         8 ann renews a v=1 end=70
         9 ann releases d2
         10 ann renews a v=1 end=70
         11 plane limits a compute=3 version=2
         12 plane limits a version=3",
        &expect![[r#"
            0 ann asks a c=5 at=a class=A for=60
              a active at a0 v1 t1 0..60
            0 ann asks c c=5 at=a class=C for=60
              c active at a0 v1 t2 0..60
            0 ann asks d1 c=4 at=a class=D for=60
              d1 active at a1 v1 t3 0..60
            0 ann asks d2 c=6 at=a class=D for=60
              d2 active at a1 v1 t4 0..60
            5 plane limits a compute=14 version=1
              d2 revoked at a1 v1 t4 0..60 Deficit until 10
              deficit of a: compute 6
            6 plane limits a compute=14 version=1
            7 bob asks e c=1 at=a
              refused: a has 0 of 1 compute at 7; at 61; on b0
            8 ann renews a v=1 end=70
              refused: a has 0 of 5 compute at 8
            9 ann releases d2
              d2 revoked at a1 v1 t4 0..60 Deficit until 10 returned
              deficit of a: none
            10 ann renews a v=1 end=70
              a active at a0 v2 t1 0..70
            11 plane limits a compute=3 version=2
              a revoked at a0 v2 t1 0..70 Deficit until 16
              c revoked at a0 v1 t2 0..60 Deficit until 16
              d1 revoked at a1 v1 t3 0..60 Deficit until 16
              deficit of a: compute 11
            12 plane limits a version=3
              deficit of a: none
        "#]],
    );
}

#[test]
fn a_gang_is_revoked_whole() {
    check(
        "0 ann asks g c=4 gang=3 class=D for=60
         1 plane limits a0 compute=0 version=1
         20 ann releases g.0",
        &expect![[r#"
            0 ann asks g c=4 gang=3 class=D for=60
              g.0 active at a0 v1 t1 0..60
              g.1 active at a0 v1 t2 0..60
              g.2 active at a1 v1 t3 0..60
            1 plane limits a0 compute=0 version=1
              g.0 revoked at a0 v1 t1 0..60 Deficit until 6
              g.1 revoked at a0 v1 t2 0..60 Deficit until 6
              g.2 revoked at a1 v1 t3 0..60 Deficit until 6
              deficit of a0: compute 8
            6 tick
              fence g.0 []
              fence g.1 []
              fence g.2 []
            20 ann releases g.0
              g.0 revoked at a0 v1 t1 0..60 Deficit until 6 returned
        "#]],
    );
}

#[test]
fn a_drained_node_takes_nothing_new_and_is_empty_in_time() {
    check(
        "0 ann asks r1 c=4 at=a0 for=10
         0 ann asks r2 c=4 at=a0 for=100
         1 ops drains a by=30
         2 bob asks x1 c=1 at=a
         3 ann renews r1 v=1 end=29
         4 ann renews r1 v=2 end=31
         35 ops drains a
         36 bob asks x2 c=1 at=a
         37 ops drains nowhere by=50",
        &expect![[r#"
            0 ann asks r1 c=4 at=a0 for=10
              r1 active at a0 v1 t1 0..10
            0 ann asks r2 c=4 at=a0 for=100
              r2 active at a0 v1 t2 0..100
            1 ops drains a by=30
              r2 revoked at a0 v1 t2 0..100 Drain until 30
            2 bob asks x1 c=1 at=a
              refused: a drains by 30; on b0
            3 ann renews r1 v=1 end=29
              r1 active at a0 v2 t1 0..29
            4 ann renews r1 v=2 end=31
              refused: a drains by 30
            29 tick
              r1 expired at a0 v2 t1 0..29
            30 tick
              r1 expired at a0 v2 t1 0..29 returned
              fence r2 []
            35 ops drains a
            36 bob asks x2 c=1 at=a
              x2 active at a0 v1 t3 36..46
            37 ops drains nowhere by=50
              refused: UnknownNode { node: NodeIndex(99) }
        "#]],
    );
}

#[test]
fn floors_are_kept_for_their_class_until_it_holds_them() {
    check(
        "0 ops floors a0 a=4 b=3
         1 ann asks c1 c=4 at=a0 class=C
         1 ann asks c2 c=3 at=a0 class=C
         1 ann asks b1 c=3 at=a0 class=B
         1 ann asks b2 c=1 at=a0 class=B
         1 ann asks a1 c=4 at=a0 class=A
         1 ann asks a2 c=1 at=a0 class=A",
        &expect![[r#"
            0 ops floors a0 a=4 b=3
            1 ann asks c1 c=4 at=a0 class=C
              refused: a0 has 3 of 4 compute at 1; 750/1000 at a0; on a1
            1 ann asks c2 c=3 at=a0 class=C
              c2 active at a0 v1 t1 1..11
            1 ann asks b1 c=3 at=a0 class=B
              b1 active at a0 v1 t2 1..11
            1 ann asks b2 c=1 at=a0 class=B
              refused: a0 has 0 of 1 compute at 1; at 12; on a1
            1 ann asks a1 c=4 at=a0 class=A
              a1 active at a0 v1 t3 1..11
            1 ann asks a2 c=1 at=a0 class=A
              refused: a0 has 0 of 1 compute at 1; at 12; on a1
        "#]],
    );
}

#[test]
fn devices_are_told_apart_from_their_sum() {
    check(
        "0 ann asks d1 dev=1x600 at=a0
         0 ann asks d2 dev=1x700 at=a0
         0 ann asks d3 dev=1x500 at=a0
         0 ann asks d4 dev=1x400 at=a0
         0 ann asks d5 dev=1x300 at=a0
         1 ann releases d2
         1 ann asks d6 dev=1x500 at=a0
         1 ann asks d7 dev=3x100 at=a1
         1 ann asks d8 dev=2x1001 at=a1",
        &expect![[r#"
            0 ann asks d1 dev=1x600 at=a0
              d1 active at a0 v1 t1 0..10 devices 1
            0 ann asks d2 dev=1x700 at=a0
              d2 active at a0 v1 t2 0..10 devices 10
            0 ann asks d3 dev=1x500 at=a0
              refused: a0 has 0 devices; at 11; on a1
            0 ann asks d4 dev=1x400 at=a0
              d4 active at a0 v1 t3 0..10 devices 1
            0 ann asks d5 dev=1x300 at=a0
              d5 active at a0 v1 t4 0..10 devices 10
            1 ann releases d2
              d2 released at a0 v1 t2 0..10 devices 10 returned
            1 ann asks d6 dev=1x500 at=a0
              d6 active at a0 v1 t5 1..11 devices 10
            1 ann asks d7 dev=3x100 at=a1
              refused: a1 has 2 devices
            1 ann asks d8 dev=2x1001 at=a1
              refused: BadDevices
        "#]],
    );
}

#[test]
fn a_closed_tile_takes_nothing_new_until_it_opens() {
    check(
        "0 plane closes a0 version=1
         1 ann asks r1 c=1 at=a0
         2 ann asks r2 c=1
         3 plane opens a0 version=2
         4 plane closes a0 version=1
         5 ann asks r3 c=1",
        &expect![[r#"
            0 plane closes a0 version=1
            1 ann asks r1 c=1 at=a0
              refused: a0 is closed; on a1
            2 ann asks r2 c=1
              r2 active at a1 v1 t1 2..12
            3 plane opens a0 version=2
            4 plane closes a0 version=1
            5 ann asks r3 c=1
              r3 active at a0 v1 t2 5..15
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
              refused: TooDear { price: Money(20) }
            50 ann asks r3 c=2 for=10 bid=20
              ann -20
              r3 active at a0 v1 t2 50..60
            51 ann renews r3 v=1 end=70
              ann -20
              r3 active at a0 v2 t2 50..70
        "#]],
    );
}

#[test]
fn bad_input_is_refused_in_the_documented_order() {
    check(
        "0 ann asks r1
         0 ann asks r2 c=99999999999999999 gang=99
         0 ann asks r3 c=1 gang=99 at=nowhere for=0
         0 ann asks r4 c=1 at=nowhere for=0
         0 ann asks r5 c=1 at=nowhere for=1001
         0 ann asks r6 c=1 at=nowhere bid=-1
         0 ann asks r7 c=1 at=nowhere
         0 ann renews nothing v=1 end=5
         0 ann asks r8 c=1
         1 ann renews r8 v=7 end=0
         1 ann renews r8 v=1 end=0
         1 ann renews r8 v=1 end=9
         1 ann renews r8 v=1 end=5000
         1 ops fenced r8
         1 ops floors nowhere a=1",
        &expect![[r#"
            0 ann asks r1
              refused: ZeroVector
            0 ann asks r2 c=99999999999999999 gang=99
              refused: AmountTooLarge { kind: Compute, asked: 99999999999999999 }
            0 ann asks r3 c=1 gang=99 at=nowhere for=0
              refused: GangSize { asked: 99, most: 8 }
            0 ann asks r4 c=1 at=nowhere for=0
              refused: TermTooShort { least: Span(1000000) }
            0 ann asks r5 c=1 at=nowhere for=1001
              refused: TermTooLong { most: Span(1000000000) }
            0 ann asks r6 c=1 at=nowhere bid=-1
              refused: BadBid
            0 ann asks r7 c=1 at=nowhere
              refused: UnknownNode { node: NodeIndex(99) }
            0 ann renews nothing v=1 end=5
              refused: UnknownLease
            0 ann asks r8 c=1
              r8 active at a0 v1 t1 0..10
            1 ann renews r8 v=7 end=0
              refused: StaleVersion { current: Version(1) }
            1 ann renews r8 v=1 end=0
              refused: TermTooShort { least: Span(1000000) }
            1 ann renews r8 v=1 end=9
              refused: NotLonger { end: Timestamp(10000000) }
            1 ann renews r8 v=1 end=5000
              refused: TermTooLong { most: Span(1000000000) }
            1 ops fenced r8
              refused: NotRevoked
            1 ops floors nowhere a=1
              refused: UnknownOwner { owner: Node(NodeIndex(99)) }
        "#]],
    );
}
