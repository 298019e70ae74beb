//! What fits, and what is said where it does not.

use expect_test::expect;

use crate::script::check;

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
              refused: b has 2 of 10 compute at 100; at 99
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
fn a_drained_node_takes_nothing_new_and_revokes_in_time() {
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

/// Until 29: a band of 1 s before the deadline.
#[test]
fn a_renewal_beyond_a_drain_is_offered_its_deadline() {
    check(
        "0 ann asks r1 c=4 at=a0 for=10
         1 ops drains a by=30
         2 ann renews r1 v=1 end=40
         3 ann renews r1 v=1 end=29",
        &expect![[r#"
            0 ann asks r1 c=4 at=a0 for=10
              r1 active at a0 v1 t1 0..10
            1 ops drains a by=30
            2 ann renews r1 v=1 end=40
              refused: a drains by 30; at 29
            3 ann renews r1 v=1 end=29
              r1 active at a0 v2 t1 0..29
        "#]],
    );
}

/// A fifth and a tenth of 30, then of 12 between second 100 and second 200, then of the 5 that a plane leaves.
#[test]
fn shares_are_of_what_an_account_can_give_at_each_instant() {
    check(
        "0 ops shares b a=200 b=100
         0 ann asks c1 c=10 at=b0 class=C for=50
         0 ann asks c2 c=10 at=b1 class=C for=50
         0 ann asks c3 c=2 at=b2 class=C for=50
         0 ann asks c4 c=1 at=b2 class=C for=50
         0 ann asks a1 c=6 at=b2 class=A for=50
         60 ann asks d1 c=8 at=b0 class=D for=50
         60 ann asks d2 c=7 at=b0 class=D for=50
         60 ann asks a2 c=3 at=b1 class=A for=50
         120 ops limits b version=1 compute=5
         120 ann asks d3 c=4 at=b0 class=D
         120 ann asks d4 c=3 at=b0 class=D
         120 ops floors b
         120 ann asks d5 c=2 at=b1 class=D",
        &expect![[r#"
            0 ops shares b a=200 b=100
            0 ann asks c1 c=10 at=b0 class=C for=50
              c1 active at b0 v1 t1 0..50
            0 ann asks c2 c=10 at=b1 class=C for=50
              c2 active at b1 v1 t2 0..50
            0 ann asks c3 c=2 at=b2 class=C for=50
              refused: b has 1 of 2 compute at 0; 500/1000 at b2; on a0
            0 ann asks c4 c=1 at=b2 class=C for=50
              c4 active at b2 v1 t3 0..50
            0 ann asks a1 c=6 at=b2 class=A for=50
              a1 active at b2 v1 t4 0..50
            50 tick
              c1 expired at b0 v1 t1 0..50
              c2 expired at b1 v1 t2 0..50
              c4 expired at b2 v1 t3 0..50
              a1 expired at b2 v1 t4 0..50
            51 tick
              c1 expired at b0 v1 t1 0..50 returned
              c2 expired at b1 v1 t2 0..50 returned
              c4 expired at b2 v1 t3 0..50 returned
              a1 expired at b2 v1 t4 0..50 returned
            60 ann asks d1 c=8 at=b0 class=D for=50
              refused: b has 7 of 8 compute at 100; 875/1000 at b0; on a0
            60 ann asks d2 c=7 at=b0 class=D for=50
              d2 active at b0 v1 t5 60..110
            60 ann asks a2 c=3 at=b1 class=A for=50
              a2 active at b1 v1 t6 60..110
            110 tick
              d2 expired at b0 v1 t5 60..110
              a2 expired at b1 v1 t6 60..110
            111 tick
              d2 expired at b0 v1 t5 60..110 returned
              a2 expired at b1 v1 t6 60..110 returned
            120 ops limits b version=1 compute=5
            120 ann asks d3 c=4 at=b0 class=D
              refused: b has 3 of 4 compute at 120; 750/1000 at b0; on a0
            120 ann asks d4 c=3 at=b0 class=D
              d4 active at b0 v1 t7 120..130
            120 ops floors b
            120 ann asks d5 c=2 at=b1 class=D
              d5 active at b1 v1 t8 120..130
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

/// Who holds what came to be kept for others ends in time; class A goes on within its own floor, though class B lacks some.
#[test]
fn floors_that_come_later_end_renewals() {
    check(
        "0 ann asks d1 c=6 at=a0 class=D
         0 ann asks a1 c=2 at=a0 class=A
         1 ops floors a0 a=3 b=2
         2 ann renews d1 v=1 end=20
         2 ann renews a1 v=1 end=20
         3 ops floors a0 a=1 b=3
         4 ann renews a1 v=2 end=22
         5 ann releases d1
         5 ann renews a1 v=2 end=22",
        &expect![[r#"
            0 ann asks d1 c=6 at=a0 class=D
              d1 active at a0 v1 t1 0..10
            0 ann asks a1 c=2 at=a0 class=A
              a1 active at a0 v1 t2 0..10
            1 ops floors a0 a=3 b=2
            2 ann renews d1 v=1 end=20
              refused: a0 has 0 of 6 compute at 2
            2 ann renews a1 v=1 end=20
              a1 active at a0 v2 t2 0..20
            3 ops floors a0 a=1 b=3
            4 ann renews a1 v=2 end=22
              refused: a0 has 0 of 2 compute at 4
            5 ann releases d1
              d1 released at a0 v1 t1 0..10 returned
            5 ann renews a1 v=2 end=22
              a1 active at a0 v3 t2 0..22
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
