//! Random scripts: the authority decides as the oracle does, and every invariant holds after every event.

use lessor_engine::authority::{
    Authority, CounterOffer, Decision, Effect, Event, Filter, LeaseId, LeaseState, Money, Reason, Renewal, Request,
    Scope, Term, Terms, UnitPrices,
};
use lessor_engine::ledger::{Barrier, ClassSet, Devices, Draw, FloorShares, Floors};
use lessor_engine::plane::{ClosureCause, PlaneEffect, PlaneName};
use lessor_models::fleet::{NodeIndex, Owner, ZoneIndex};
use lessor_models::job::ServiceClass;
use lessor_models::resources::{Kind, Resources};
use lessor_models::time::{Interval, Span, Timestamp};
use proptest::prelude::*;

use super::oracle::{Oracle, Wish, wish};
use super::support::{SECOND, Watched, key, request, terms, vector};

/// One line of a random script; small numbers that are turned into something that makes sense when they are played.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Line {
    Ask { compute: u64, power: u64, devices: (u8, u16), at: u8, class: u8, count: u32, seconds: u64, bid: u8, key: u8 },
    Repeat { which: usize },
    Renew { which: usize, seconds: i64 },
    Release { which: usize },
    Revoke { which: usize },
    Confirm { which: usize },
    Checkpoint { which: usize },
    Limit { owner: u8, compute: u64, power: u64 },
    Door { tile: u8, closed: bool },
    Drain { node: u8, seconds: Option<i64> },
    Floor { owner: u8, a: u64, b: u64 },
    FloorShare { owner: u8, a: u64, b: u64 },
}

pub(crate) fn lines() -> impl Strategy<Value = Vec<(i64, Line)>> {
    let line = prop_oneof![
        6 => (0..8_u64, 0..8_u64, (0..3_u8, 1..=1_000_u16), 0..15_u8, 0..4_u8, 1..4_u32, (1..60_u64, 0..6_u8, 0..5_u8))
            .prop_map(|(compute, power, devices, at, class, count, (seconds, bid, key))| {
                Line::Ask { compute, power, devices, at, class, count, seconds, bid, key }
            }),
        1 => (0..40_usize).prop_map(|which| Line::Repeat { which }),
        2 => (0..40_usize, 0..90_i64).prop_map(|(which, seconds)| Line::Renew { which, seconds }),
        2 => (0..40_usize).prop_map(|which| Line::Release { which }),
        1 => (0..40_usize).prop_map(|which| Line::Revoke { which }),
        1 => (0..40_usize).prop_map(|which| Line::Confirm { which }),
        1 => (0..40_usize).prop_map(|which| Line::Checkpoint { which }),
        1 => (0..10_u8, 0..30_u64, 0..30_u64).prop_map(|(owner, compute, power)| Line::Limit { owner, compute, power }),
        1 => (3..9_u8, any::<bool>()).prop_map(|(tile, closed)| Line::Door { tile, closed }),
        1 => (0..9_u8, proptest::option::of(1..30_i64)).prop_map(|(node, seconds)| Line::Drain { node, seconds }),
        1 => (0..10_u8, 0..8_u64, 0..8_u64).prop_map(|(owner, a, b)| Line::Floor { owner, a, b }),
        1 => (0..10_u8, 0..600_u64, 0..600_u64).prop_map(|(owner, a, b)| Line::FloorShare { owner, a, b }),
    ];
    proptest::collection::vec((0..8_i64, line), 1..70)
}

/// A script on its way.
pub(crate) struct Player {
    pub(crate) watched: Watched,
    oracle: Oracle,
    leases: Vec<LeaseId>,
    asked: Vec<Request>,
    now: Timestamp,
    version: u64,
    with_bids: bool,
}

/// Terms under which every kind has a price.
pub(crate) fn dear_terms() -> Terms {
    Terms { unit_prices: UnitPrices([1 << 52; Kind::COUNT]), ..terms() }
}

impl Player {
    pub(crate) fn new(terms: Terms, with_bids: bool) -> Player {
        Player {
            watched: Watched::new(terms),
            oracle: Oracle::default(),
            leases: Vec::new(),
            asked: Vec::new(),
            now: Timestamp(0),
            version: 0,
            with_bids,
        }
    }

    pub(crate) fn play(&mut self, (seconds, line): (i64, Line)) {
        self.now = Timestamp(self.now.0 + seconds * SECOND);
        let effects = self.watched.tick(self.now);
        self.hear(&effects);
        let Some(event) = self.event(line) else { return };
        let expected = self.expect(&event);
        let (decision, effects) = self.watched.apply(self.now, event.clone());
        if let Some(expected) = expected {
            expected.hold(self, &event, &decision);
        }
        if let (Event::Request(request), Decision::Refused(refusal)) = (&event, &decision) {
            self.ask_for_counter(request, refusal.counter);
        }
        if let (Event::Renew(renewal), Decision::Refused(refusal)) = (&event, &decision) {
            self.renew_as_offered(renewal, refusal.counter);
        }
        self.hear(&effects);
    }

    fn hear(&mut self, effects: &[Effect]) {
        let band = self.watched.authority.terms().guard_band.0;
        for effect in effects {
            if let Effect::Changed(change) = effect {
                self.oracle.hear(&change.lease, band);
                if !self.leases.contains(&change.lease.id) {
                    self.leases.push(change.lease.id);
                }
            }
        }
    }

    fn pick(&self, which: usize) -> Option<LeaseId> {
        if self.leases.is_empty() { None } else { Some(self.leases[which % self.leases.len()]) }
    }

    fn owner(owner: u8) -> Owner {
        if owner == 9 { Owner::Zone(ZoneIndex(0)) } else { Owner::Node(NodeIndex(owner.into())) }
    }

    fn event(&mut self, line: Line) -> Option<Event> {
        let holder = request("ann", "r", vector(0, 0)).holder;
        self.version += 1;
        Some(match line {
            Line::Ask { .. } => Event::Request(self.ask(line)),
            Line::Repeat { which } if self.asked.is_empty() => return self.pick(which).map(|_| Event::Tick),
            Line::Repeat { which } => Event::Request(self.asked[which % self.asked.len()].clone()),
            Line::Renew { which, seconds } => {
                let lease = self.watched.authority.lease(self.pick(which)?)?;
                let end = Timestamp(self.now.0 + seconds * SECOND);
                Event::Renew(Renewal { holder, lease: lease.id, version: lease.version, end, bid: None })
            }
            Line::Release { which } => Event::Release { holder, lease: self.pick(which)? },
            Line::Revoke { which } => Event::Revoke { lease: self.pick(which)?, notice: None },
            Line::Confirm { which } => {
                let lease = self.watched.authority.lease(self.pick(which)?)?;
                Event::ConfirmFence { lease: lease.id, token: lease.token }
            }
            Line::Checkpoint { which } => Event::Checkpoint { holder, lease: self.pick(which)? },
            Line::Limit { owner, compute, power } => {
                let most = Resources::UNLIMITED.with(Kind::Compute, compute).with(Kind::Power, power);
                let (owner, version) = (Player::owner(owner), self.version);
                self.oracle.limits.insert(owner, most);
                Event::Plane(PlaneEffect::Limit { plane: PlaneName::Telemetry, version, owner, most })
            }
            Line::Door { tile, closed } => {
                let tile = NodeIndex(tile.into());
                if closed {
                    self.oracle.closed.insert(tile)
                } else {
                    self.oracle.closed.remove(&tile)
                };
                let cause = closed.then_some(ClosureCause::TooHot);
                Event::Plane(PlaneEffect::Closure { plane: PlaneName::Telemetry, version: self.version, tile, cause })
            }
            Line::Drain { node, seconds } => {
                let (node, by) = (NodeIndex(node.into()), seconds.map(|by| Timestamp(self.now.0 + by * SECOND)));
                match by {
                    Some(by) => self.oracle.drains.insert(node, by),
                    None => self.oracle.drains.remove(&node),
                };
                Event::Drain { node, by }
            }
            Line::Floor { owner, a, b } => {
                let (owner, floors) = (Player::owner(owner), Floors { a: vector(a, 0), b: vector(b, b) });
                self.oracle.shares.remove(&owner);
                self.oracle.floors.insert(owner, floors);
                Event::Floors { owner, floors }
            }
            Line::FloorShare { owner, a, b } => {
                let (owner, shares) = (Player::owner(owner), FloorShares { a: vector(a, 0), b: vector(b, b) });
                self.oracle.floors.remove(&owner);
                self.oracle.shares.insert(owner, shares);
                Event::FloorShares { owner, shares }
            }
        })
    }

    fn ask(&mut self, line: Line) -> Request {
        let Line::Ask { compute, power, devices, at, class, count, seconds, bid, key: named } = line else {
            unreachable!("only asks ask")
        };
        let name = format!("r{}", self.asked.len());
        let scope = match at {
            0..9 => Scope::Under(NodeIndex(at.into())),
            9 => Scope::OfClasses(ClassSet(0b01)),
            10 => Scope::OfClasses(ClassSet(0b10)),
            11 => Scope::OfClasses(ClassSet(0b11)),
            _ => Scope::Anywhere,
        };
        let devices = if devices.0 == 0 { Devices::NONE } else { Devices { count: devices.0, milli: devices.1 } };
        let asked = Request {
            first_sent: self.now,
            draw: Draw::through(vector(compute, power)),
            devices,
            scope,
            term: Term::Immediate(Span(seconds * 1_000_000)),
            class: ServiceClass::ALL[usize::from(class)],
            bid: (self.with_bids && bid > 0).then(|| Money(1 << (bid * 6))),
            count,
            fence_keys: if count == 1 && named > 2 { vec![key(&format!("k{named}"))] } else { Vec::new() },
            ..request("ann", &name, vector(0, 0))
        };
        self.asked.push(asked.clone());
        asked
    }

    fn expect(&self, event: &Event) -> Option<Expected> {
        match event {
            Event::Request(request) if !self.with_bids => {
                let Term::Immediate(span) = request.term else { return None };
                let end = self.now.after(span).after(self.watched.authority.terms().guard_band);
                let wish = wish(request, Interval { start: self.now, end });
                Some(Expected::Grant(self.seats(request, wish), wish))
            }
            Event::Renew(renewal) => {
                let returns_at = renewal.end.after(self.watched.authority.terms().guard_band);
                let is_held = self.oracle.held.contains_key(&renewal.lease);
                let lasts = is_held && self.oracle.may_last(&self.watched.fleet, renewal.lease, self.now, returns_at);
                Some(Expected::Renewal(lasts))
            }
            _ => None,
        }
    }

    /// Where the members of a gang lie one after the other, or none of them.
    fn seats(&self, request: &Request, wish: Wish) -> Option<Vec<NodeIndex>> {
        let fleet = &self.watched.fleet;
        if request.count == 1 {
            return self.oracle.first_fit(fleet, request.scope, &wish).map(|node| vec![node]);
        }
        // Devices of a gang's members are told apart only once they are granted.
        if request.devices.count > 0 {
            return None;
        }
        let mut oracle = self.oracle.clone();
        let mut seats = Vec::new();
        for member in 0..request.count {
            let node = oracle.first_fit(fleet, request.scope, &wish)?;
            seats.push(node);
            let template = *oracle.held.values().next().map(|held| &held.lease).or(self.any_lease().as_ref())?;
            let id = LeaseId(u64::MAX - u64::from(member));
            let lease = lessor_engine::authority::Lease {
                id,
                node,
                resources: wish.resources,
                class: wish.class,
                device_mask: 0,
                devices: Devices::NONE,
                ..template
            };
            oracle.held.insert(id, super::oracle::Held { lease, interval: wish.interval });
        }
        Some(seats)
    }

    fn any_lease(&self) -> Option<lessor_engine::authority::Lease> {
        self.leases.iter().find_map(|id| self.watched.authority.lease(*id))
    }
}

/// What the oracle says.
enum Expected {
    Grant(Option<Vec<NodeIndex>>, Wish),
    Renewal(bool),
}

impl Expected {
    fn hold(self, player: &Player, event: &Event, decision: &Decision) {
        match (self, event, decision) {
            (Expected::Grant(seats, wish), Event::Request(request), Decision::Granted(grant)) => {
                let got: Vec<NodeIndex> = [grant.seat].iter().chain(&grant.others).map(|seat| seat.node).collect();
                if request.count == 1 {
                    assert_eq!(seats, Some(got), "{wish:?}");
                } else if let Some(seats) = seats {
                    assert_eq!(seats, got, "{wish:?}");
                }
            }
            (Expected::Grant(seats, wish), Event::Request(request), Decision::Refused(refusal)) => {
                if let Reason::NoRoom(barrier) = refusal.reason {
                    assert_eq!(seats, None, "refused for {barrier:?}");
                    if request.count == 1 {
                        player.check_refusal(request, barrier, &wish);
                        player.check_counter(request, refusal.counter, &wish);
                    } else if request.devices.count == 0 {
                        player.check_gang_counter(request, refusal.counter, &wish);
                    }
                }
            }
            (Expected::Renewal(lasts), _, Decision::Renewed { .. }) => assert!(lasts, "it cannot last"),
            (Expected::Renewal(lasts), _, Decision::Refused(refusal)) => {
                // With bids there are offers, and what was promised to them is not there for renewals: the oracle knows none.
                if let Reason::NoRoom(barrier) = refusal.reason
                    && !player.with_bids
                {
                    assert!(!lasts, "it can last, but {barrier:?}");
                }
            }
            _ => {}
        }
    }
}

impl Player {
    /// A refusal's account lacks what it says.
    fn check_refusal(&self, request: &Request, barrier: Barrier, wish: &Wish) {
        if let Barrier::Short(short) = barrier {
            let account = (short.account.owner, short.account.kind);
            let left = self.oracle.left(&self.watched.fleet, account, short.at, request.class);
            assert_eq!((short.left, short.asked), (left, wish.resources.get(account.1)), "{short:?}");
            assert!(short.asked > short.left, "{short:?}");
        }
    }

    /// Whoever asks for what was offered instead is granted it.
    fn ask_for_counter(&mut self, request: &Request, counter: CounterOffer) {
        if let Some((node, permille)) = counter.smaller {
            let part = request.draw.resources().0.map(|amount| amount * u64::from(permille) / 1_000);
            let draw = Draw::through(Resources(part).with(Kind::Accelerator, 0));
            let smaller = Request { draw, scope: Scope::Under(node), ..request.clone() };
            let decision = self.watched.authority.quote(&smaller);
            assert!(matches!(decision, Decision::Granted(_)), "{permille} thousandths under {node:?}: {decision:?}");
        }
        if let Some(node) = counter.elsewhere {
            let ledger = self.watched.authority.ledger();
            match request.scope {
                Scope::Under(asked) => assert!(!ledger.is_under(node, asked) && !ledger.is_under(asked, node)),
                scope => assert!(!scope.has(ledger, node)),
            }
            let elsewhere = Request { scope: Scope::Under(node), ..request.clone() };
            let decision = self.watched.authority.quote(&elsewhere);
            assert!(matches!(decision, Decision::Granted(_)), "elsewhere at {node:?}: {decision:?}");
        }
        if let Some(later) = counter.later {
            let (fleet, terms) = (&self.watched.fleet, *self.watched.authority.terms());
            let mut copy = Authority::restore(fleet, terms, self.watched.authority.snapshot()).unwrap();
            while copy.next_deadline().is_some_and(|deadline| deadline <= later) {
                copy.apply(copy.next_deadline().unwrap().max(copy.now()), &Event::Tick, &mut Vec::new());
            }
            copy.apply(later, &Event::Tick, &mut Vec::new());
            let decision = copy.quote(request);
            assert!(matches!(decision, Decision::Granted(_)), "later at {later:?}: {decision:?}");
        }
    }

    /// A renewal to the end that was offered in place of another is granted.
    fn renew_as_offered(&mut self, renewal: &Renewal, counter: CounterOffer) {
        let Some(end) = counter.later else { return };
        assert!(end < renewal.end, "{end:?} in place of {:?}", renewal.end);
        let (fleet, terms) = (&self.watched.fleet, *self.watched.authority.terms());
        let mut copy = Authority::restore(fleet, terms, self.watched.authority.snapshot()).unwrap();
        let decision = copy.apply(self.now, &Event::Renew(Renewal { end, ..*renewal }), &mut Vec::new());
        assert!(matches!(decision, Decision::Renewed { .. }), "until {end:?}: {decision:?}");
    }

    /// What a gang is offered instead would be granted, as things stand.
    fn check_gang_counter(&self, request: &Request, counter: lessor_engine::authority::CounterOffer, wish: &Wish) {
        // The oracle makes members of leases that were there.
        if self.oracle.held.is_empty() && self.any_lease().is_none() {
            return;
        }
        if let Some((_, permille)) = counter.smaller {
            let scaled = wish.resources.0.map(|amount| amount * u64::from(permille) / 1_000);
            let smaller = Wish { resources: Resources(scaled), ..*wish };
            assert!(self.seats(request, smaller).is_some(), "each {permille} thousandths");
        }
        if let Some(node) = counter.elsewhere {
            let anywhere = Request { scope: Scope::Anywhere, ..request.clone() };
            assert!(self.seats(&anywhere, *wish).is_some(), "elsewhere, first at {node:?}");
        }
        if let Some(later) = counter.later {
            let end = Timestamp(later.0 + (wish.interval.end.0 - wish.interval.start.0));
            let shifted = Wish { interval: Interval { start: later, end }, ..*wish };
            assert!(self.seats(request, shifted).is_some(), "later at {later:?}");
        }
    }

    /// What a refusal offers instead would be granted, as things stand.
    fn check_counter(&self, request: &Request, counter: lessor_engine::authority::CounterOffer, wish: &Wish) {
        let fleet = &self.watched.fleet;
        if let Some((node, permille)) = counter.smaller {
            let scaled = wish.resources.0.map(|amount| amount * u64::from(permille) / 1_000);
            let smaller = Wish {
                resources: Resources(scaled).with(Kind::Accelerator, scaled[Kind::Accelerator.index()]),
                ..*wish
            };
            assert!(self.oracle.fits(fleet, node, &smaller), "{permille} thousandths at {node:?}");
        }
        if let Some(node) = counter.elsewhere {
            assert!(self.oracle.fits(fleet, node, wish), "elsewhere at {node:?}");
        }
        if let Some(later) = counter.later {
            let end = Timestamp(later.0 + (wish.interval.end.0 - wish.interval.start.0));
            let shifted = Wish { interval: Interval { start: later, end }, ..*wish };
            let found = self.oracle.first_fit(fleet, request.scope, &shifted);
            assert!(found.is_some(), "later at {later:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_authority_decides_as_the_oracle_does(script in lines()) {
        let mut player = Player::new(terms(), false);
        script.into_iter().for_each(|line| player.play(line));
    }

    #[test]
    fn invariants_hold_where_leases_have_prices_and_are_displaced(script in lines()) {
        let mut player = Player::new(dear_terms(), true);
        script.into_iter().for_each(|line| player.play(line));
    }

    #[test]
    fn once_nobody_asks_everything_comes_back(script in lines()) {
        let mut player = Player::new(dear_terms(), true);
        script.into_iter().for_each(|line| player.play(line));
        // Twice, for what returns late may let an offer begin late.
        for seconds in [2_000, 4_000] {
            player.watched.tick(Timestamp(player.now.0 + seconds * SECOND));
        }
        let authority = &player.watched.authority;
        prop_assert_eq!(authority.live(), 0);
        for node in player.watched.fleet.nodes() {
            prop_assert_eq!(authority.ledger().held(Owner::Node(node)), Some(&Resources::ZERO));
        }
        let states = authority.leases(None, &Filter::default(), usize::MAX).leases;
        prop_assert!(states.iter().all(|lease| lease.state != LeaseState::Active));
    }
}

/// Leases that return at one instant leave more room than the gang needs, and members find it where it is dearer.
#[test]
fn a_gang_is_offered_no_later_time_at_which_it_would_be_too_dear() {
    let ask = |compute, power, at, (class, count), (seconds, bid)| Line::Ask {
        compute,
        power,
        devices: (0, 1),
        at,
        class,
        count,
        seconds,
        bid,
        key: 0,
    };
    let mut player = Player::new(dear_terms(), true);
    let script = [
        (0, Line::Limit { owner: 1, compute: 11, power: 14 }),
        (0, ask(0, 2, 3, (3, 2), (8, 0))),
        (0, ask(0, 6, 3, (0, 1), (2, 0))),
        (0, ask(0, 0, 0, (0, 1), (1, 0))),
        (0, ask(0, 5, 0, (0, 1), (1, 0))),
        (0, ask(0, 1, 0, (3, 3), (4, 0))),
        (3, ask(0, 4, 1, (0, 3), (1, 1))),
        (0, ask(5, 1, 1, (0, 2), (50, 1))),
    ];
    script.into_iter().for_each(|line| player.play(line));
}
