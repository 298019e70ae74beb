//! Whom a bid displaces, against every set that could be displaced.

use lessor_engine::authority::{Decision, Event, Lease, LeaseState, Money, Request, Scope, Term};
use lessor_models::fleet::NodeIndex;
use lessor_models::job::ServiceClass;
use lessor_models::resources::Kind;
use lessor_models::time::{Span, Timestamp};
use proptest::prelude::*;

use super::random::dear_terms;
use super::support::{SECOND, Watched, request, vector};

/// The tile `a0`, with 10 of compute.
const TILE: NodeIndex = NodeIndex(3);

fn ask(name: &str, now: Timestamp, (compute, seconds): (u64, u64)) -> Request {
    Request {
        first_sent: now,
        scope: Scope::Under(TILE),
        term: Term::Immediate(Span(seconds * 1_000_000)),
        class: ServiceClass::D,
        ..request("ann", name, vector(compute, 0))
    }
}

/// What ending a lease costs: half of what was paid for the time left, rounded up, and all that was paid for the time so far,
/// none of which is safe.
fn cost(lease: &Lease, now: Timestamp) -> i64 {
    let (price, total) = (i128::from(lease.price.0), i128::from(lease.end.0 - lease.start.0));
    let used = i128::from(now.0 - lease.start.0);
    let left = price * (total - used) / total;
    i64::try_from((left + 1) / 2 + price - price * (total - used) / total).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_set_of_leases_makes_room_for_less(sizes in proptest::collection::vec((1..5_u64, 5..60_u64), 1..6), asked in 4..10_u64) {
        let mut watched = Watched::new(dear_terms());
        let mut leases: Vec<Lease> = Vec::new();
        let mut now = Timestamp(0);
        for (at, size) in sizes.into_iter().enumerate() {
            now = Timestamp(now.0 + SECOND);
            let event = Event::Request(ask(&format!("d{at}"), now, size));
            let (decision, effects) = watched.apply(now, event);
            if let (Decision::Granted(_), lessor_engine::authority::Answer::Lease(lease)) = (decision, super::support::answer(&effects)) {
                leases.push(*lease);
            }
        }
        now = Timestamp(now.0 + SECOND);
        watched.tick(now);
        let live: Vec<Lease> = leases.iter().filter_map(|lease| watched.authority.lease(lease.id)).filter(|lease| !lease.is_returned).collect();
        let held: u64 = live.iter().map(|lease| lease.resources.get(Kind::Compute)).sum();
        let bid = Some(Money(1 << 52));
        let wish = Request { class: ServiceClass::C, bid, ..ask("c", now, (asked, 10)) };
        let (decision, _) = watched.apply(now, Event::Request(wish));
        // What has expired returns by itself.
        let live: Vec<Lease> = live.into_iter().filter(|lease| lease.state == LeaseState::Active).collect();
        let sets = (1..1_usize << live.len()).map(|set| live.iter().enumerate().filter(move |(at, _)| set >> at & 1 == 1));
        let enough = sets.filter(|set| {
            let freed: u64 = set.clone().map(|(_, lease)| lease.resources.get(Kind::Compute)).sum();
            held - freed + asked <= 10
        });
        let least = enough.map(|set| set.map(|(_, lease)| cost(lease, now)).sum::<i64>()).min();
        match decision {
            Decision::Granted(_) => prop_assert!(held + asked <= 10),
            Decision::Offered { revoked, .. } => {
                let paid: i64 = revoked.iter().map(|revocation| revocation.compensation.0).sum();
                prop_assert_eq!(Some(paid), least);
            }
            other => prop_assert!(least.is_none(), "{other:?}"),
        }
    }
}
