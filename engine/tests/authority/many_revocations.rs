//! However many leases go at once, no decision ends more than a record of the journal can tell of.

use lessor_engine::authority::{Authority, Decision, Event, Terms};
use lessor_engine::plane::{PlaneEffect, PlaneName};
use lessor_models::fleet::{NodeIndex, Owner};
use lessor_models::resources::{Kind, Resources};
use lessor_models::time::Timestamp;

use super::support::{SECOND, cell_of, request, terms, vector};

/// As many as one decision ends, and some more.
const LEASES: usize = (1 << 18) + 1_000;

/// A tile full of leases.
fn crowd() -> Authority {
    let fleet = cell_of(1, (LEASES as u64, 0));
    let terms = Terms { leases_max: u32::MAX, repeats_max: 1, ..terms() };
    let mut authority = Authority::new(&fleet, terms, Timestamp(0)).unwrap();
    for number in 0..LEASES {
        let event = Event::Request(request("ann", &format!("r{number}"), vector(1, 0)));
        let decision = authority.apply(Timestamp(0), &event, &mut Vec::new());
        assert!(matches!(decision, Decision::Granted(_)), "{decision:?}");
    }
    authority
}

/// How many leases an event ends at once, and how many each tick after it, until nothing is due; twice, the second time as the
/// first time was recorded.
fn waves(event: Event) -> Vec<usize> {
    let (mut authority, mut again) = (crowd(), crowd());
    let now = Timestamp(SECOND);
    let mut waves = Vec::new();
    let mut next = event;
    loop {
        let decision = authority.apply(now, &next, &mut Vec::new());
        again.enact(now, &next, &decision, &mut Vec::new());
        assert_eq!(authority.next_deadline(), again.next_deadline());
        match decision {
            Decision::Accepted { revoked } | Decision::Ticked { revoked, .. } => waves.push(revoked.len()),
            other => panic!("{other:?} is no decision about a limit"),
        }
        if authority.next_deadline().is_none_or(|deadline| deadline > now) {
            return waves;
        }
        next = Event::Tick;
    }
}

#[test]
fn a_drain_of_many_goes_on_at_the_next_tick() {
    let by = Some(Timestamp(2 * SECOND));
    assert_eq!(waves(Event::Drain { node: NodeIndex(0), by }), [1 << 18, 1_000]);
}

#[test]
fn a_deficit_of_many_goes_on_at_the_next_tick() {
    let most = Resources::UNLIMITED.with(Kind::Compute, 500);
    let limit = PlaneEffect::Limit { plane: PlaneName::Telemetry, version: 1, owner: Owner::Node(NodeIndex(1)), most };
    assert_eq!(waves(Event::Plane(limit)), [1 << 18, 500]);
}
