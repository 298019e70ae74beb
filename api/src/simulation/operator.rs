//! A simulated operator and the planes beside it: revocations, drains, limits, closures and floors, and their end.

use std::collections::{BTreeMap, BTreeSet};

use lessor_engine::authority::{Authority, Event, Filter, LeaseState};
use lessor_engine::ledger::{FloorShares, Floors};
use lessor_engine::plane::{ClosureCause, PlaneEffect, PlaneName};
use lessor_models::fleet::{NodeIndex, Owner, ZoneIndex};
use lessor_models::resources::{Kind, Resources};
use lessor_models::time::Span;

use super::chance::Chance;
use super::fleet::{NODES, TILE};

/// The operator.
#[derive(Debug)]
pub(super) struct Operator {
    chance: Chance,
    version: u64,
    limited: BTreeSet<Owner>,
    closed: BTreeSet<NodeIndex>,
    drained: BTreeSet<NodeIndex>,
    floored: BTreeSet<Owner>,
    /// What was sent and must be answered, by number.
    pub(super) open: BTreeMap<u64, Event>,
    next: u64,
}

impl Operator {
    /// An operator that did nothing yet.
    pub(super) fn new(chance: Chance) -> Operator {
        Operator {
            chance,
            version: 0,
            limited: BTreeSet::new(),
            closed: BTreeSet::new(),
            drained: BTreeSet::new(),
            floored: BTreeSet::new(),
            open: BTreeMap::new(),
            next: 0,
        }
    }

    /// Whatever comes to its mind; it is sent once.
    pub(super) fn meddle(&mut self, authority: &Authority) -> Option<(u64, Event)> {
        let event = match self.chance.within(0..5) {
            0 => {
                let active = Filter { state: Some(LeaseState::Active), ..Filter::default() };
                let leases = authority.leases(None, &active, usize::MAX).leases;
                let lease = leases[self.chance.position(leases.len())?].id;
                let notice = self.chance.happens(500).then(|| Span(self.chance.within(0..20_000_000)));
                Event::Revoke { lease, notice }
            }
            1 => {
                let node = self.node(1..NODES);
                self.drained.insert(node);
                let by = authority.now().after(Span(self.chance.within(1_000_000..60_000_000)));
                Event::Drain { node, by: Some(by) }
            }
            2 => {
                let node = self.node(3..NODES);
                self.closed.insert(node);
                self.closure(node, Some(ClosureCause::LinkDown))
            }
            3 => {
                let owner =
                    if self.chance.happens(200) { Owner::Zone(ZoneIndex(0)) } else { Owner::Node(self.node(1..NODES)) };
                self.limited.insert(owner);
                let (compute, power) = (self.chance.within(0..2 * TILE), self.chance.within(0..2 * TILE));
                let most = Resources::UNLIMITED.with(Kind::Compute, compute).with(Kind::Power, power);
                self.limit(owner, most)
            }
            _ => {
                let owner = Owner::Node(self.node(1..NODES));
                self.floored.insert(owner);
                let kept = |amount| Resources::of(Kind::Compute, amount);
                if self.chance.happens(500) {
                    let [a, b] = [(); 2].map(|()| kept(self.chance.within(0..300)));
                    Event::FloorShares { owner, shares: FloorShares { a, b } }
                } else {
                    let [a, b] = [(); 2].map(|()| kept(self.chance.within(0..60)));
                    Event::Floors { owner, floors: Floors { a, b } }
                }
            }
        };
        self.next += 1;
        Some((self.next, event))
    }

    /// One thing that it did is taken back.
    pub(super) fn relent(&mut self) -> Option<(u64, Event)> {
        let event = if let Some(node) = self.drained.pop_first() {
            Event::Drain { node, by: None }
        } else if let Some(node) = self.closed.pop_first() {
            self.closure(node, None)
        } else if let Some(owner) = self.limited.pop_first() {
            self.limit(owner, Resources::UNLIMITED)
        } else {
            let owner = self.floored.pop_first()?;
            Event::Floors { owner, floors: Floors::default() }
        };
        self.next += 1;
        Some((self.next, event))
    }

    /// Everything is taken back, and sent until it is answered.
    pub(super) fn lift_all(&mut self) {
        while let Some((number, event)) = self.relent() {
            self.open.insert(number, event);
        }
    }

    fn node(&mut self, among: std::ops::Range<u64>) -> NodeIndex {
        NodeIndex(u32::try_from(self.chance.within(among)).expect("a small number"))
    }

    fn limit(&mut self, owner: Owner, most: Resources) -> Event {
        self.version += 1;
        Event::Plane(PlaneEffect::Limit { plane: PlaneName::Telemetry, version: self.version, owner, most })
    }

    fn closure(&mut self, tile: NodeIndex, cause: Option<ClosureCause>) -> Event {
        self.version += 1;
        Event::Plane(PlaneEffect::Closure { plane: PlaneName::Telemetry, version: self.version, tile, cause })
    }
}
