//! Whatever comes in, the authority answers, and a refusal changes nothing but what is remembered for its repeat.

use lessor_engine::authority::{
    Answer, Decision, Event, Filter, Lease, LeaseId, LeaseState, Money, Reason, Renewal, Request, Revision, Scope,
    Snapshot, Tenure, Term, Terms, Token, Version,
};
use lessor_engine::ledger::{Devices, Draw, FloorShares, Floors};
use lessor_engine::plane::{PlaneEffect, PlaneName};
use lessor_models::fleet::{NodeIndex, Owner, ZoneIndex};
use lessor_models::job::ServiceClass;
use lessor_models::resources::Resources;
use lessor_models::time::{Interval, Span, Timestamp};
use proptest::prelude::*;

use super::support::{SECOND, Watched, answer, key, request, terms, vector};

/// Numbers at the ends of ranges as often as small ones.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![0..20_u64, Just(1 << 53), Just((1 << 53) + 1), Just(u64::MAX), any::<u64>()]
}

fn instant() -> impl Strategy<Value = i64> {
    prop_oneof![-5..50_i64, Just(i64::MIN), Just(i64::MAX), any::<i64>()]
}

fn resources() -> impl Strategy<Value = Resources> {
    proptest::array::uniform8(prop_oneof![4 => Just(0), 1 => number()]).prop_map(Resources)
}

fn scope() -> impl Strategy<Value = Scope> {
    prop_oneof![
        Just(Scope::Anywhere),
        (0..12_u32).prop_map(|node| Scope::Under(NodeIndex(node))),
        Just(Scope::Under(NodeIndex(u32::MAX)))
    ]
}

fn term() -> impl Strategy<Value = Term> {
    let window = |(start, end)| Term::Window(Interval { start: Timestamp(start), end: Timestamp(end) });
    prop_oneof![
        8 => number().prop_map(|seconds| Term::Immediate(Span(seconds.saturating_mul(1_000_000)))),
        1 => (instant(), instant()).prop_map(window),
    ]
}

prop_compose! {
    fn wish()(
        resources in resources(), devices in (any::<u8>(), 0..1_200_u16), scope in scope(), term in term(),
        class in 0..4_usize, bid in proptest::option::of(instant()),
        count in prop_oneof![4 => Just(1), 1 => any::<u32>(), 2 => 0..9_u32],
        keys in proptest::collection::vec(0..4_u8, 0..5), tenure in any::<bool>(), name in 0..6_u8,
        sent in prop_oneof![4 => Just(0), 1 => instant()],
    ) -> Request {
        Request {
            first_sent: Timestamp(sent),
            draw: Draw::through(resources),
            devices: if devices.1 % 3 == 0 { Devices { count: devices.0, milli: devices.1 } } else { Devices::NONE },
            scope,
            term,
            class: ServiceClass::ALL[class],
            bid: bid.map(Money),
            count,
            fence_keys: keys.into_iter().map(|name| key(&format!("k{name}"))).collect(),
            tenure: if tenure { Tenure::Retail } else { Tenure::Wholesale },
            ..request("ann", &format!("r{name}"), vector(0, 0))
        }
    }
}

fn event() -> impl Strategy<Value = Event> {
    let holder = request("ann", "r", vector(0, 0)).holder;
    let lease = || prop_oneof![(0..8_u64).prop_map(LeaseId), any::<u64>().prop_map(LeaseId)];
    let owner = || {
        prop_oneof![
            (0..12_u32).prop_map(|node| Owner::Node(NodeIndex(node))),
            any::<u32>().prop_map(|zone| Owner::Zone(ZoneIndex(zone))),
        ]
    };
    prop_oneof![
        6 => wish().prop_map(Event::Request),
        2 => (lease(), 0..3_u32, instant()).prop_map(move |(lease, version, end)| {
            Event::Renew(Renewal { holder, lease, version: Version(version), end: Timestamp(end), bid: None })
        }),
        1 => lease().prop_map(move |lease| Event::Release { holder, lease }),
        1 => (lease(), proptest::option::of(number().prop_map(Span))).prop_map(|(lease, notice)| Event::Revoke { lease, notice }),
        1 => (lease(), number()).prop_map(|(lease, token)| Event::ConfirmFence { lease, token: Token(token) }),
        1 => lease().prop_map(move |lease| Event::Checkpoint { holder, lease }),
        1 => (owner(), resources(), number()).prop_map(|(owner, most, version)| {
            Event::Plane(PlaneEffect::Limit { plane: PlaneName::Telemetry, version, owner, most })
        }),
        1 => (any::<u32>(), instant()).prop_map(|(node, by)| Event::Drain { node: NodeIndex(node % 12), by: Some(Timestamp(by)) }),
        1 => (owner(), resources(), resources()).prop_map(|(owner, a, b)| Event::Floors { owner, floors: Floors { a, b } }),
        1 => (owner(), resources(), resources()).prop_map(|(owner, a, b)| {
            Event::FloorShares { owner, shares: FloorShares { a, b } }
        }),
    ]
}

/// What a refusal may not change.
fn essence(watched: &Watched) -> Snapshot {
    let snapshot = watched.authority.snapshot();
    Snapshot { now: Timestamp(0), repeats: Vec::new(), horizon: Timestamp(0), unsettled: Vec::new(), ..snapshot }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_in_is_answered_and_a_refusal_changes_nothing(events in proptest::collection::vec(event(), 1..40)) {
        let mut watched = Watched::new(terms());
        for (second, event) in (0..).zip(events) {
            let now = Timestamp(second * SECOND);
            watched.tick(now);
            let before = essence(&watched);
            let (decision, effects) = watched.apply(now, event);
            let answer = answer(&effects);
            if matches!(decision, Decision::Refused(_)) {
                prop_assert!(matches!(answer, Answer::Refused(_)));
                prop_assert_eq!(essence(&watched), before);
            }
            if let Event::Request(request) = &watched.journal.last().unwrap().1.clone() {
                let before = watched.authority.snapshot();
                watched.authority.quote(request);
                watched.authority.explain(request);
                prop_assert_eq!(watched.authority.snapshot(), before, "a quote changes nothing");
            }
        }
    }
}

#[test]
fn a_watch_that_comes_too_late_is_told_where_to_go_on() {
    let mut watched = Watched::new(Terms { watch_max: 2, ..terms() });
    for at in 1..=4 {
        watched.apply(Timestamp(at * SECOND), Event::Request(request("ann", &format!("r{at}"), vector(1, 0))));
    }
    let revision = |number| Revision { incarnation: 1, number };
    let out = watched.authority.changes(revision(1)).err().unwrap();
    assert_eq!((out.oldest, out.latest), (revision(2), revision(4)));
    assert_eq!(watched.authority.changes(out.oldest).unwrap().count(), 2);
    assert_eq!(watched.authority.changes(out.latest).unwrap().count(), 0);
    assert!(watched.authority.changes(revision(5)).is_err(), "no such revision yet");
}

#[test]
fn a_list_comes_in_pages_that_together_are_all_of_it() {
    let mut watched = Watched::new(terms());
    for at in 1..=9 {
        let holder = if at % 3 == 0 { "bob" } else { "ann" };
        watched.apply(Timestamp(at * SECOND), Event::Request(request(holder, &format!("r{at}"), vector(1, 0))));
    }
    let filter = Filter { holder: Some(request("ann", "r", vector(0, 0)).holder), ..Filter::default() };
    let (mut from, mut names) = (None, Vec::new());
    loop {
        let page = watched.authority.leases(from, &filter, 4);
        names.extend(page.leases.iter().map(|lease| lease.request.to_string()));
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    assert_eq!(names, ["r1", "r2", "r4", "r5", "r7", "r8"]);
}

#[test]
fn as_many_leases_as_the_terms_allow_are_live_at_once() {
    let mut watched = Watched::new(Terms { leases_max: 2, ended_max: 9, ..terms() });
    let mut refused = Vec::new();
    for at in 1..=40 {
        let now = Timestamp(at * 4 * SECOND);
        watched.tick(now);
        let asked = Request { first_sent: now, ..request("ann", &format!("r{at}"), vector(1, 0)) };
        if let (Decision::Refused(refusal), _) = watched.apply(now, Event::Request(asked)) {
            assert_eq!(watched.authority.live(), 2);
            refused.push(refusal.reason);
        }
    }
    assert!(
        refused.len() > 5 && refused.iter().all(|reason| *reason == Reason::TooManyLeases { most: 2 }),
        "{refused:?}"
    );
}

/// An authority with one lease, of ten seconds from the beginning.
fn with_a_lease() -> (Watched, Lease) {
    let mut watched = Watched::new(terms());
    let (_, effects) = watched.apply(Timestamp(0), Event::Request(request("ann", "r", vector(1, 0))));
    let Answer::Lease(lease) = answer(&effects).clone() else { panic!("{effects:?}") };
    (watched, lease)
}

fn reason(decision: &Decision) -> Option<Reason> {
    match decision {
        Decision::Refused(refusal) => Some(refusal.reason),
        _ => None,
    }
}

#[test]
fn a_lease_whose_end_has_come_is_not_renewed_even_before_its_tick() {
    let (mut watched, lease) = with_a_lease();
    let renewal = Renewal {
        holder: lease.holder,
        lease: lease.id,
        version: lease.version,
        end: Timestamp(lease.end.0 + SECOND),
        bid: None,
    };
    // No tick comes between: the deadline is due, and not worked off.
    let (decision, _) = watched.apply(lease.end, Event::Renew(renewal));
    assert_eq!(reason(&decision), Some(Reason::NotActive { state: LeaseState::Expired }));
}

#[test]
fn a_fence_is_confirmed_with_the_token_of_its_lease_alone() {
    let (mut watched, lease) = with_a_lease();
    watched.apply(Timestamp(SECOND), Event::Revoke { lease: lease.id, notice: Some(Span(0)) });
    watched.tick(Timestamp(SECOND));
    for token in [0, lease.token.0 - 1, lease.token.0 + 1, u64::MAX] {
        let event = Event::ConfirmFence { lease: lease.id, token: Token(token) };
        let (decision, _) = watched.apply(Timestamp(SECOND), event);
        assert_eq!(reason(&decision), Some(Reason::WrongToken), "{token}");
        assert!(!watched.authority.lease(lease.id).unwrap().is_returned);
    }
    let event = Event::ConfirmFence { lease: lease.id, token: lease.token };
    watched.apply(Timestamp(SECOND), event);
    assert!(watched.authority.lease(lease.id).unwrap().is_returned);
}
