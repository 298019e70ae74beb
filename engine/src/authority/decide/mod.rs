//! Whether a request is granted, where, and at what price.

pub(super) mod cheapest;
pub(super) mod counter;
pub(super) mod displace;
pub(super) mod explain;
pub(super) mod first_fit;
pub(super) mod gang;
pub(super) mod gang_counter;
pub(super) mod manage;
pub(super) mod offers;
pub(super) mod placement;
pub(super) mod price_board;
pub(super) mod prices;
pub(super) mod validate;
pub(super) mod victims;
pub(super) mod wanted;

use lessor_models::time::{Interval, Span};

use super::apply::Authority;
use crate::authority::vocabulary::decision::{Decision, Grant, Seat};
use crate::authority::vocabulary::digest::digest;
use crate::authority::vocabulary::event::{Request, Scope};
use crate::authority::vocabulary::money::{MONEY_MAX, Money};
use crate::authority::vocabulary::refusal::{CounterOffer, Reason, Refusal};
use crate::ledger::{Barrier, Entry};
use placement::Ask;
use validate::full_draw;
use wanted::Wanted;

impl Authority {
    pub(super) fn decide_request(&mut self, request: &Request) -> Decision {
        if let Some(kept) = self.repeats.find(&request.holder, &request.request) {
            let is_same = kept.digest == digest(request);
            return if is_same { Decision::Repeated } else { refused(Reason::ReusedId) };
        }
        self.decide_new(request)
    }

    /// What is decided about a request that is no repeat.
    pub(super) fn decide_new(&mut self, request: &Request) -> Decision {
        let span = match self.check_request(request) {
            Ok(span) => span,
            Err(reason) => return refused(reason),
        };
        let entry = self.entry(request, span);
        let wanted = Wanted { request, span, entry: &entry };
        let grant = match request.count {
            1 => self.place_one(wanted),
            _ => self.place_gang(request.scope, wanted),
        };
        match grant {
            Ok(grant) => self.afford(wanted, grant),
            Err(barrier) => self.without_room(wanted, barrier),
        }
    }

    /// Everything that can be refused before a tile is looked for.
    fn check_request(&self, request: &Request) -> Result<Span, Reason> {
        if request.first_sent <= self.repeats.horizon() {
            return Err(Reason::TooOld { horizon: self.repeats.horizon() });
        }
        if request.first_sent > self.now {
            return Err(Reason::NotYetSent);
        }
        let span = self.validate(request)?;
        for (at, key) in request.fence_keys.iter().enumerate() {
            if let Some(slot) = self.keys.holder(key) {
                let position = u32::try_from(at).unwrap_or(u32::MAX);
                return Err(Reason::KeyHeld { position, until: self.slots.record(slot).returns_at });
            }
        }
        if self.slots.live() + request.count as usize > self.terms.leases_max as usize {
            return Err(Reason::TooManyLeases { most: self.terms.leases_max });
        }
        Ok(span)
    }

    /// What each lease of a request would hold from now on.
    pub(super) fn entry(&self, request: &Request, span: Span) -> Entry {
        let end = self.now.after(span).after(self.terms.wait_after(span));
        Entry {
            draw: full_draw(request),
            devices: request.devices,
            class: request.class,
            interval: Interval { start: self.now, end },
        }
    }

    fn place_one(&mut self, wanted: Wanted<'_>) -> Result<Grant, Barrier> {
        let (scope, entry) = (wanted.request.scope, wanted.entry);
        match self.seat(scope, entry) {
            Some(seat) => Ok(wanted.granted(seat, Vec::new())),
            None => Err(self.binding(scope, entry).1),
        }
    }

    /// A seat that the policy chose, looked at again.
    fn seat(&mut self, scope: Scope, entry: &Entry) -> Option<Seat> {
        let ask = Ask { scope, entry, now: self.now };
        let (node, device_mask) = self.placement.place(&self.ledger, &ask)?;
        let fits = self.ledger.is_tile(node)
            && scope.has(&self.ledger, node)
            && self.ledger.check(node, entry).is_none()
            && self.ledger.can_take(node, device_mask, entry.devices);
        fits.then(|| Seat { node, device_mask, rate: self.rate(node, entry) })
    }

    /// Places each member as if those before it were granted, and takes them all back: a gang is granted whole or not at all.
    pub(super) fn place_gang(&mut self, scope: Scope, wanted: Wanted<'_>) -> Result<Grant, Barrier> {
        let entry = wanted.entry;
        let (mut seats, mut barrier): (Vec<Seat>, _) = (Vec::new(), None);
        while seats.len() < wanted.request.count as usize {
            let Some(seat) = self.seat(scope, entry) else {
                barrier = Some(self.binding(scope, entry).1);
                break;
            };
            self.ledger.post(seat.node, entry, seat.device_mask);
            self.placement.changed(&self.ledger, seat.node);
            seats.push(seat);
        }
        for seat in seats.iter().rev() {
            self.ledger.take_back(seat.node, entry, seat.device_mask);
            self.placement.changed(&self.ledger, seat.node);
        }
        let others = seats.split_off(seats.len().min(1));
        match barrier {
            Some(barrier) => Err(barrier),
            None => Ok(wanted.granted(seats[0], others)),
        }
    }

    fn afford(&self, wanted: Wanted<'_>, grant: Grant) -> Decision {
        let price = price(&grant, wanted.span);
        if wanted.pays(price) {
            return Decision::Granted(grant);
        }
        let smaller = self.smaller_for_bid(wanted, grant.seat.node, price);
        Decision::Refused(Refusal {
            reason: Reason::TooDear { price },
            counter: CounterOffer { smaller, ..CounterOffer::default() },
        })
    }

    fn without_room(&mut self, wanted: Wanted<'_>, barrier: Barrier) -> Decision {
        if let Some(offer) = self.displace(wanted) {
            return offer;
        }
        let counter = self.counter_offer(wanted);
        Decision::Refused(Refusal { reason: Reason::NoRoom(barrier), counter })
    }
}

/// What all leases of a grant cost for a span.
pub(super) fn price(grant: &Grant, span: Span) -> Money {
    let seats = std::iter::once(&grant.seat).chain(&grant.others);
    seats.fold(Money::ZERO, |sum, seat| sum.plus(seat.rate.over(span))).min(MONEY_MAX)
}

pub(super) const fn refused(reason: Reason) -> Decision {
    Decision::Refused(Refusal::of(reason))
}
