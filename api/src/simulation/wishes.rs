//! What a simulated holder asks for.

use lessor_engine::authority::{Displacement, FenceKey, HolderId, Money, Request, RequestId, Scope, Tenure, Term};
use lessor_engine::ledger::{Devices, Draw};
use lessor_models::fleet::NodeIndex;
use lessor_models::job::ServiceClass;
use lessor_models::resources::{Kind, Resources};
use lessor_models::time::Span;

use super::chance::Chance;
use super::fleet::{NODES, TERM_MAX};
use crate::shell::UNSTATED;

/// Things that are protected by tokens: few, so that holders meet at them.
const KEYS: u64 = 6;
/// How long leases of a storm last, in microseconds.
const STORM_TERM_US: u64 = 20_000_000;
/// What leases of a storm draw: their mark.
const STORM_DRAW: u64 = 1;

/// One holder's wishes.
#[derive(Debug)]
pub(super) struct Wishes {
    holder: HolderId,
    chance: Chance,
    next: u64,
}

impl Wishes {
    /// The wishes of a holder.
    pub(super) fn new(holder: HolderId, chance: Chance) -> Wishes {
        Wishes { holder, chance, next: 0 }
    }

    /// The next wish.
    pub(super) fn next(&mut self) -> Request {
        let chance = &mut self.chance;
        let compute = chance.within(2..40);
        let power = chance.within(0..20);
        let devices = match chance.within(0..4) {
            0 => Devices { count: 1, milli: 500 },
            1 => Devices { count: 2, milli: 1_000 },
            _ => Devices::NONE,
        };
        let count = if chance.happens(100) { 3 } else { 1 };
        let named = if count == 1 && chance.happens(400) { chance.within(1..3) } else { 0 };
        let first = chance.within(0..KEYS);
        let keys = (0..named).map(|at| fence_key((first + at) % KEYS)).collect();
        let class = [ServiceClass::A, ServiceClass::B, ServiceClass::C, ServiceClass::D, ServiceClass::D];
        let class = class[chance.position(class.len()).expect("there are five")];
        let scope = if chance.happens(300) {
            Scope::Under(NodeIndex(u32::try_from(chance.within(0..NODES)).expect("a small number")))
        } else {
            Scope::Anywhere
        };
        let bid = chance.happens(500).then(|| Money(1 << chance.within(20..50)));
        // The longest terms are those over which clocks part most.
        let term = if chance.happens(400) { TERM_MAX } else { Span(chance.within(1_000_000..TERM_MAX.0)) };
        let displacement = if chance.happens(800) { Displacement::Allowed } else { Displacement::Never };
        let vector = Resources::of(Kind::Compute, compute).with(Kind::Power, power);
        Request { devices, scope, class, bid, count, fence_keys: keys, displacement, ..self.plain(vector, term) }
    }

    /// A small lease that ends when those of the same instant end.
    pub(super) fn for_a_storm(&mut self) -> Request {
        self.plain(Resources::of(Kind::Compute, STORM_DRAW), Span(STORM_TERM_US))
    }

    /// Whether a request is one of a storm.
    pub(super) fn is_of_a_storm(request: &Request) -> bool {
        request.draw.resources().get(Kind::Compute) == STORM_DRAW
    }

    fn plain(&mut self, vector: Resources, term: Span) -> Request {
        let name = format!("r{}", self.next);
        self.next += 1;
        Request {
            holder: self.holder,
            request: RequestId::new(&name).expect("a short name is a label"),
            first_sent: UNSTATED,
            draw: Draw::through(vector),
            devices: Devices::NONE,
            scope: Scope::Anywhere,
            term: Term::Immediate(term),
            class: ServiceClass::D,
            bid: None,
            count: 1,
            fence_keys: Vec::new(),
            displacement: Displacement::Allowed,
            tenure: Tenure::Retail,
        }
    }
}

fn fence_key(number: u64) -> FenceKey {
    FenceKey::new(&format!("key-{number}")).expect("a short name is a label")
}
