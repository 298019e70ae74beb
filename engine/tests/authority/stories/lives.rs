//! How leases begin, go on and end, and what is refused on the way.

use expect_test::expect;
use lessor_engine::authority::{Answer, Decision, Event, Renewal, Request, Term, Terms, TermsError};
use lessor_models::time::{Span, Timestamp};

use crate::script::check;
use crate::support::{SECOND, Watched, answer, request, terms, vector};

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

/// What holds until the end of a lease and then for a band of 1 s and, as clocks differ by 200 ppm, 0.2 ms a second.
#[test]
fn what_a_lease_held_returns_later_the_longer_its_holder_counted() {
    let mut watched = Watched::new(Terms { drift_ppm: 200, ..terms() });
    let asked = Request { term: Term::Immediate(Span(1_000_000_000)), ..request("ann", "long", vector(1, 0)) };
    let (decision, effects) = watched.apply(Timestamp(0), Event::Request(asked));
    let Decision::Granted(grant) = decision else { panic!("{decision:?}") };
    assert_eq!((grant.end, grant.returns_at), (Timestamp(1_000 * SECOND), Timestamp(1_001_200_000)));
    let &Answer::Lease(lease) = answer(&effects) else { panic!("{effects:?}") };

    // A renewal is counted from when it is asked for: 110 s lose 22 ms.
    let (at, end) = (Timestamp(900 * SECOND), Timestamp(1_010 * SECOND));
    let renewal = Renewal { holder: lease.holder, lease: lease.id, version: lease.version, end, bid: None };
    let (decision, _) = watched.apply(at, Event::Renew(renewal));
    let Decision::Renewed { returns_at, .. } = decision else { panic!("{decision:?}") };
    assert_eq!(returns_at, Timestamp(1_011_022_000));
    watched.tick(Timestamp(1_011_021_999));
    assert!(!watched.authority.lease(lease.id).unwrap().is_returned);
    watched.tick(returns_at);
    assert!(watched.authority.lease(lease.id).unwrap().is_returned);
}

#[test]
fn terms_bound_how_much_clocks_differ() {
    assert_eq!(Terms { drift_ppm: 100_000, ..terms() }.check(), Ok(()));
    let error = TermsError::TooLarge { field: "drift_ppm", value: 100_001, most: 100_000 };
    assert_eq!(Terms { drift_ppm: 100_001, ..terms() }.check(), Err(error));
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
