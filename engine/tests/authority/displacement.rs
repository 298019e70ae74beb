//! Whom a bid displaces, against every set that could be displaced.

use lessor_engine::authority::{
    Answer, Decision, Displacement, Event, Lease, LeaseState, Money, Request, Retention, Scope, Term, Terms,
    UNIT_PRICE_MAX, UnitPrices,
};
use lessor_engine::ledger::Draw;
use lessor_models::fleet::NodeIndex;
use lessor_models::job::ServiceClass;
use lessor_models::resources::Kind;
use lessor_models::time::{Span, Timestamp};
use proptest::prelude::*;

use super::random::dear_terms;
use super::support::{SECOND, Watched, cell_of, request, vector};

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
            if let (Decision::Granted(_), Answer::Lease(lease)) = (decision, super::support::answer(&effects)) {
                leases.push(*lease);
            }
        }
        now = Timestamp(now.0 + SECOND);
        watched.tick(now);
        let live = leases.iter().filter_map(|lease| watched.authority.lease(lease.id));
        let live: Vec<Lease> = live.filter(|lease| !lease.is_returned).collect();
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

/// The two cells' tiles of the small fleet, and what is left of each in compute, with that of their cells.
#[derive(Clone, Debug)]
struct Rooms {
    tiles: [i64; 6],
    cells: [i64; 2],
}

impl Rooms {
    /// How many members of so much compute fit, whichever way they are laid: with one kind on a tree each tile takes what it
    /// has room for, and each cell caps the sum.
    fn members(&self, compute: i64) -> i64 {
        let of_cell = |cell: usize| {
            let tiles: i64 = self.tiles[3 * cell..3 * cell + 3].iter().map(|left| left.max(&0) / compute).sum();
            tiles.min(self.cells[cell].max(0) / compute)
        };
        of_cell(0) + of_cell(1)
    }

    fn take(&mut self, lease: &Lease) {
        let tile = lease.node.0 as usize - 3;
        let compute = i64::try_from(lease.resources.get(Kind::Compute)).unwrap();
        self.tiles[tile] -= compute;
        self.cells[tile / 3] -= compute;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Leases and gangs of class D all over the fleet; then a gang of class C that pays for whatever it takes.
    #[test]
    fn no_set_of_gangs_makes_room_for_a_gang_for_less(
        sizes in proptest::collection::vec((2..9_u64, 5..60_u64, 1..4_u32), 1..8), asked in 3..9_u64, count in 2..6_u32,
    ) {
        let mut watched = Watched::new(dear_terms());
        let mut gangs: Vec<Vec<Lease>> = Vec::new();
        let mut now = Timestamp(0);
        let wish = |name: &str, now: Timestamp, (compute, seconds): (u64, u64), count: u32| Request {
            scope: Scope::Anywhere, count, ..ask(name, now, (compute, seconds))
        };
        for (at, (compute, seconds, count)) in sizes.into_iter().enumerate() {
            now = Timestamp(now.0 + SECOND / 4);
            let (_, effects) = watched.apply(now, Event::Request(wish(&format!("d{at}"), now, (compute, seconds), count)));
            match super::support::answer(&effects) {
                lessor_engine::authority::Answer::Lease(lease) => gangs.push(vec![*lease]),
                lessor_engine::authority::Answer::Gang(leases) => gangs.push(leases.clone()),
                _ => {}
            }
        }
        now = Timestamp(now.0 + SECOND / 4);
        // No capacity changes before second 100, and nothing has ended: the shortest lasts five seconds.
        let rooms = |kept: &[&Vec<Lease>]| {
            let mut rooms = Rooms { tiles: [10; 6], cells: [25, 30] };
            kept.iter().copied().flatten().for_each(|lease| rooms.take(lease));
            rooms
        };
        let compute = i64::try_from(asked).unwrap();
        let members = i64::from(count);
        let sets = 0..1_usize << gangs.len();
        let enough = sets.filter(|set| {
            let kept: Vec<&Vec<Lease>> = gangs.iter().enumerate().filter(|(at, _)| set >> at & 1 == 0).map(|gang| gang.1).collect();
            rooms(&kept).members(compute) >= members
        });
        let cost_of = |set: usize| -> i64 {
            let ended = gangs.iter().enumerate().filter(|(at, _)| set >> at & 1 == 1);
            ended.flat_map(|(_, gang)| gang).map(|lease| cost(lease, now)).sum()
        };
        let least = enough.map(cost_of).min();
        let request = Request { class: ServiceClass::C, bid: Some(Money(1 << 52)), ..wish("c", now, (asked, 10), count) };
        let (decision, effects) = watched.apply(now, Event::Request(request));
        match decision {
            Decision::Granted(_) => prop_assert_eq!(least, Some(0)),
            Decision::Offered { revoked, .. } => {
                let paid: i64 = revoked.iter().map(|revocation| revocation.compensation.0).sum();
                prop_assert_eq!(Some(paid), least);
                // A gang goes whole or stays.
                for gang in &gangs {
                    let ended = gang.iter().filter(|lease| revoked.iter().any(|revocation| revocation.lease == lease.id));
                    prop_assert!([0, gang.len()].contains(&ended.count()));
                }
                let lessor_engine::authority::Answer::Gang(offered) = super::support::answer(&effects) else {
                    return Err(TestCaseError::fail("a gang is offered as one"));
                };
                prop_assert!(offered.iter().all(|lease| lease.state == LeaseState::Offered));
                // Once all who were displaced are gone, all members begin.
                for revocation in &revoked {
                    let lease = watched.authority.lease(revocation.lease).unwrap();
                    watched.apply(now, Event::Release { holder: lease.holder, lease: lease.id });
                }
                for lease in offered {
                    prop_assert_eq!(watched.authority.lease(lease.id).unwrap().state, LeaseState::Active);
                }
            }
            other => prop_assert!(least.is_none(), "{other:?}"),
        }
    }
}

#[test]
fn a_gang_that_is_offered_and_lets_one_lease_go_lets_all_go_and_gets_its_money_back() {
    let mut watched = Watched::new(dear_terms());
    let now = Timestamp(SECOND);
    let wish =
        |name: &str, count: u32| Request { scope: Scope::Under(NodeIndex(2)), count, ..ask(name, now, (10, 50)) };
    watched.apply(now, Event::Request(wish("d", 3)));
    let request = Request { class: ServiceClass::C, bid: Some(Money(1 << 52)), ..wish("c", 2) };
    let before = watched.authority.balance(&request.holder);
    let (_, effects) = watched.apply(now, Event::Request(request.clone()));
    let lessor_engine::authority::Answer::Gang(offered) = super::support::answer(&effects).clone() else {
        panic!("a gang is offered: {effects:?}");
    };
    let second = offered[1];
    watched.apply(now, Event::Release { holder: second.holder, lease: second.id });
    for lease in &offered {
        let lease = watched.authority.lease(lease.id).unwrap();
        assert_eq!((lease.state, lease.is_returned, lease.price), (LeaseState::Released, true, Money(0)));
    }
    // Those displaced were paid for the time that they lost, by the gang that got it back, both of one holder here.
    assert!(watched.authority.balance(&request.holder) > before);
    let restored =
        lessor_engine::authority::Authority::restore(&watched.fleet, dear_terms(), watched.authority.snapshot());
    assert_eq!(restored.unwrap().snapshot(), watched.authority.snapshot());
}

#[test]
fn a_tile_whose_leases_cost_less_to_end_gives_way_to_one_that_is_cheaper_altogether() {
    let mut prices = UnitPrices([0; Kind::COUNT]);
    prices.0[Kind::Compute.index()] = UNIT_PRICE_MAX;
    let mut watched = Watched::new(Terms { unit_prices: prices, scarcity_permille: 9_000, ..dear_terms() });
    let mut apply = |name: &str, tile: u32, class: ServiceClass, (compute, seconds): (u64, u64), bid: Option<i64>| {
        let wish = Request {
            scope: Scope::Under(NodeIndex(tile)),
            class,
            bid: bid.map(Money),
            ..ask(name, Timestamp(0), (compute, seconds))
        };
        watched.apply(Timestamp(0), Event::Request(wish)).0
    };
    // Half of what was paid: 25 for all of `a0`, 49 for half of `a1`; of the cell 20 of 25 are held then.
    for (name, tile, class, wish) in
        [("x", 3, ServiceClass::D, (10, 5)), ("y", 4, ServiceClass::D, (5, 8)), ("z", 5, ServiceClass::A, (5, 8))]
    {
        assert!(matches!(apply(name, tile, class, wish, None), Decision::Granted(_)), "{name}");
    }
    // Six units cost 60 a second on a full tile, and 41 where four fifths of the cell are held.
    let Decision::Offered { grant, revoked } = apply("c", 1, ServiceClass::C, (6, 10), Some(500)) else {
        panic!("a bid of 500 pays for 49 and 406, and not for 25 and 600");
    };
    let paid: Vec<Money> = revoked.iter().map(|revocation| revocation.compensation).collect();
    assert_eq!((grant.seat.node, paid), (NodeIndex(4), vec![Money(49)]));
}

#[test]
fn a_release_that_ends_more_leases_than_are_kept_is_answered_all_the_same() {
    let mut watched = Watched::new(dear_terms());
    let (_, effects) = watched.apply(Timestamp(0), Event::Request(ask("d", Timestamp(0), (10, 60))));
    let &Answer::Lease(first) = super::support::answer(&effects) else { panic!("{effects:?}") };
    let gang =
        Request { class: ServiceClass::C, count: 3, bid: Some(Money(1 << 52)), ..ask("c", Timestamp(0), (3, 10)) };
    let (decision, _) = watched.apply(Timestamp(0), Event::Request(gang));
    assert!(matches!(decision, Decision::Offered { .. }), "{decision:?}");
    // The gang waits for a node that is closed by then, under terms that keep two leases.
    watched.apply(Timestamp(0), Event::Drain { node: TILE, by: Some(Timestamp(0)) });
    watched.apply(Timestamp(0), Event::Retain(Retention { ended_max: 2, ..dear_terms().retention() }));
    let (_, effects) = watched.apply(Timestamp(SECOND), Event::Release { holder: first.holder, lease: first.id });
    let &Answer::Lease(released) = super::support::answer(&effects) else { panic!("{effects:?}") };
    assert_eq!((released.id, released.is_returned), (first.id, true));
    // The three of the gang ended after it: the first two of all four are forgotten.
    assert_eq!(watched.authority.lease(first.id), None);
}

#[test]
fn a_tile_behind_many_that_hold_nothing_to_displace_is_found() {
    const KEPT: u32 = 64;
    let mut watched = Watched::on(cell_of(80, (10, 0)), dear_terms());
    for tile in 1..=80 {
        let displacement = if tile <= KEPT { Displacement::Never } else { Displacement::Allowed };
        let held = ask(&format!("d{tile}"), Timestamp(0), (10, 60));
        let held = Request { scope: Scope::Under(NodeIndex(tile)), displacement, ..held };
        assert!(matches!(watched.apply(Timestamp(0), Event::Request(held)).0, Decision::Granted(_)));
    }
    for (name, count) in [("alone", 1), ("gang", 8)] {
        let urgent = Request {
            scope: Scope::Anywhere,
            class: ServiceClass::A,
            bid: Some(Money(1 << 52)),
            count,
            ..ask(name, Timestamp(0), (10, 60))
        };
        let (decision, _) = watched.apply(Timestamp(0), Event::Request(urgent));
        let Decision::Offered { grant, revoked } = decision else { panic!("{name}: {decision:?}") };
        assert!(grant.seat.node.0 > KEPT, "{name}");
        assert_eq!(revoked.len(), count as usize, "{name}");
    }
}

#[test]
fn a_dear_lease_is_found_among_many_cheap_ones_that_hold_nothing_of_what_is_short() {
    let mut watched = Watched::on(cell_of(1, (10, 100)), dear_terms());
    let tile = Scope::Under(NodeIndex(1));
    let mut hold = |name: &str, draw, seconds| {
        let held = ask(name, Timestamp(0), (1, seconds));
        let held = Request { scope: tile, draw: Draw::through(draw), ..held };
        let (_, effects) = watched.apply(Timestamp(0), Event::Request(held));
        let &Answer::Lease(lease) = super::support::answer(&effects) else { panic!("{effects:?}") };
        lease
    };
    for at in 0..80 {
        hold(&format!("cheap{at}"), vector(0, 1), 1);
    }
    let dear = hold("dear", vector(10, 0), 900);
    for (name, count) in [("alone", 1), ("gang", 2)] {
        let wish = ask(name, Timestamp(0), (4, 10));
        let wish = Request { scope: tile, class: ServiceClass::C, bid: Some(Money(1 << 52)), count, ..wish };
        let decision = watched.authority.quote(&wish);
        let Decision::Offered { revoked, .. } = decision else { panic!("{name}: {decision:?}") };
        assert_eq!(revoked.iter().map(|revocation| revocation.lease).collect::<Vec<_>>(), [dear.id], "{name}");
    }
}
