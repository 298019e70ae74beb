//! How a decision is written into the state and told; nothing here asks the policy.

use lessor_models::fleet::Owner;
use lessor_models::time::{Span, Timestamp};

use super::apply::Authority;
use super::decide::validate::full_draw;
use super::decide::victims::REVOCATIONS_MAX;
use super::keep::snapshot::{GrantedLease, KeptAnswer, Repeat};
use super::state::stretches::Longer;
use super::vocabulary::decision::{Decision, Grant, Revocation};
use super::vocabulary::digest::digest;
use super::vocabulary::effect::{Answer, Effect};
use super::vocabulary::event::{Event, Request};
use super::vocabulary::lease::{Lease, LeaseId, LeaseState};
use super::vocabulary::money::Money;
use super::vocabulary::refusal::{Reason, Refusal};
use super::vocabulary::terms::Retention;

/// How long after the last return that an offer waits for it expires: so little that the return comes first.
pub(super) const AFTER_RETURN: Span = Span(1);

impl Authority {
    /// Carries out a decision. Of a tick it corrects how much was worked off.
    pub(super) fn conclude(&mut self, event: &Event, decision: &mut Decision, effects: &mut Vec<Effect>) {
        match (event, decision) {
            (Event::Tick, Decision::Ticked { worked, revoked }) => {
                self.revoke_all(revoked, effects);
                self.settle(revoked, effects);
                *worked = self.work_off(*worked, effects);
                if let Some(board) = &mut self.board {
                    board.step(&self.ledger, self.now);
                }
            }
            (Event::Request(request), decision) => self.conclude_request(request, decision, effects),
            (_, Decision::Refused(refusal)) => answer(Answer::Refused(*refusal), effects),
            (Event::Renew(renewal), decision) => self.conclude_renewal(renewal.lease, decision, effects),
            (Event::Release { lease, .. }, decision) => self.conclude_release(*lease, decision, effects),
            (Event::ConfirmFence { lease, .. }, decision) => {
                if *decision != Decision::Repeated {
                    self.conclude_fence(*lease, effects);
                }
                self.answer_lease(*lease, effects);
            }
            (Event::Checkpoint { lease, .. }, _) => {
                let slot = self.slot_of(*lease);
                self.slots.make_safe(slot, self.now);
                self.answer_lease(*lease, effects);
            }
            (Event::Revoke { lease, .. }, decision) => {
                if let Decision::Accepted { revoked } = decision {
                    self.revoke_all(revoked, effects);
                }
                self.answer_lease(*lease, effects);
            }
            (Event::Plane(_), Decision::Accepted { revoked }) => {
                self.revoke_all(revoked, effects);
                self.settle(revoked, effects);
                answer(Answer::Done, effects);
            }
            (Event::Drain { node, .. }, Decision::Accepted { revoked }) => {
                self.revoke_all(revoked, effects);
                if revoked.len() >= REVOCATIONS_MAX {
                    self.unsettled.extend(self.ledger.index(Owner::Node(*node)));
                }
                answer(Answer::Done, effects);
            }
            (Event::Floors { .. } | Event::FloorShares { .. }, Decision::Accepted { .. }) => {
                answer(Answer::Done, effects);
            }
            (Event::Retain(retention), Decision::Accepted { .. }) => {
                self.retained = Some(*retention);
                answer(Answer::Done, effects);
            }
            (event, decision) => unreachable!("{decision:?} decides nothing about {event:?}"),
        }
    }

    fn slot_of(&self, lease: LeaseId) -> u32 {
        self.slots.find(lease).expect("a decision names a lease that is there")
    }

    fn answer_lease(&self, lease: LeaseId, effects: &mut Vec<Effect>) {
        answer(Answer::Lease(self.slots.lease(self.slot_of(lease))), effects);
    }

    fn revoke_all(&mut self, revoked: &[Revocation], effects: &mut Vec<Effect>) {
        revoked.iter().for_each(|revocation| self.revoke(revocation, effects));
    }

    fn conclude_request(&mut self, request: &Request, decision: &Decision, effects: &mut Vec<Effect>) {
        if is_demand(decision) {
            self.placement.hear(request);
        }
        let kept = match decision {
            Decision::Granted(grant) => self.conclude_grant(request, grant, effects),
            Decision::Offered { grant, revoked } => self.conclude_offer(request, (grant, revoked), effects),
            Decision::Refused(refusal) => {
                answer(Answer::Refused(*refusal), effects);
                if !is_remembered(refusal) {
                    return;
                }
                KeptAnswer::Refused(*refusal)
            }
            Decision::Repeated => return self.repeat(request, effects),
            other => unreachable!("{other:?} decides nothing about a request"),
        };
        let repeat = Repeat {
            holder: request.holder,
            request: request.request,
            at: self.now,
            digest: digest(request),
            answer: kept,
        };
        let Retention { repeat_window, repeats_max, .. } = self.retention();
        self.repeats.keep(repeat, repeat_window, repeats_max);
    }

    fn conclude_grant(&mut self, request: &Request, grant: &Grant, effects: &mut Vec<Effect>) -> KeptAnswer {
        let first = self.promise_leases(request, grant);
        if request.count == 1 {
            let slot = self.slot_of(first);
            self.activate(slot, effects);
            let lease = self.slots.lease(slot);
            answer(Answer::Lease(lease), effects);
            return KeptAnswer::Lease(granted(&lease));
        }
        let slots = self.gangs[&first].clone();
        slots.iter().for_each(|slot| self.activate(*slot, effects));
        self.answer_request(&slots, effects)
    }

    /// An offer holds a promise for each of its leases until those that it displaces have returned what they hold, and pays
    /// them now. Its first lease waits for them, and owes what was paid.
    fn conclude_offer(
        &mut self,
        request: &Request,
        (grant, revoked): (&Grant, &[Revocation]),
        effects: &mut Vec<Effect>,
    ) -> KeptAnswer {
        let first = self.promise_leases(request, grant);
        let slot = self.slot_of(first);
        let members = self.members(slot);
        self.revoke_all(revoked, effects);
        let owed = revoked.iter().fold(Money::ZERO, |sum, revocation| sum.plus(revocation.compensation));
        self.slots.record_mut(slot).price = owed;
        self.pay(slot, Money(-owed.0), effects);
        self.promise(&members);
        let until = revoked.iter().map(|revocation| self.slots.record(self.slot_of(revocation.lease)).returns_at).max();
        self.deadlines.set(slot, until.unwrap_or(self.now).after(AFTER_RETURN));
        for revocation in revoked {
            self.awaited_by.insert(revocation.lease, slot);
        }
        self.waits_for.insert(slot, revoked.iter().map(|revocation| revocation.lease).collect());
        members.iter().for_each(|member| self.tell(*member, effects));
        self.answer_request(&members, effects)
    }

    /// Answers with the leases of a request; says what a repeat will be answered.
    fn answer_request(&self, members: &[u32], effects: &mut Vec<Effect>) -> KeptAnswer {
        let leases: Vec<Lease> = members.iter().map(|slot| self.slots.lease(*slot)).collect();
        let kept = leases.iter().map(granted).collect();
        if let [lease] = leases[..]
            && lease.member.1 == 1
        {
            answer(Answer::Lease(lease), effects);
            return KeptAnswer::Lease(granted(&lease));
        }
        answer(Answer::Gang(leases), effects);
        KeptAnswer::Gang(kept)
    }

    /// The first answer again.
    fn repeat(&self, request: &Request, effects: &mut Vec<Effect>) {
        let kept =
            self.repeats.find(&request.holder, &request.request).expect("a repeat was found when it was decided");
        answer(
            match &kept.answer {
                KeptAnswer::Lease(lease) => Answer::Lease(as_granted(request, lease, 0)),
                KeptAnswer::Gang(leases) => {
                    Answer::Gang((0..).zip(leases).map(|(member, lease)| as_granted(request, lease, member)).collect())
                }
                KeptAnswer::Refused(refusal) => Answer::Refused(*refusal),
            },
            effects,
        );
    }

    fn conclude_renewal(&mut self, lease: LeaseId, decision: &Decision, effects: &mut Vec<Effect>) {
        if let Decision::Renewed { end, returns_at, rate, price } = *decision {
            let slot = self.slot_of(lease);
            self.lengthen(slot, Longer { end, returns_at, rate, price }, effects);
        }
        self.answer_lease(lease, effects);
    }

    fn conclude_release(&mut self, lease: LeaseId, decision: &Decision, effects: &mut Vec<Effect>) {
        let Decision::Released { refund } = *decision else { return self.answer_lease(lease, effects) };
        let slot = self.slot_of(lease);
        if self.slots.record(slot).state == LeaseState::Offered {
            self.withdraw(slot, LeaseState::Released, effects);
        } else {
            let record = self.slots.record_mut(slot);
            if record.state == LeaseState::Active {
                record.state = LeaseState::Released;
            }
            record.price = Money(record.price.0 - refund.0);
            self.pay(slot, refund, effects);
            self.return_all(slot, effects);
        }
        self.answer_lease(lease, effects);
    }

    fn conclude_fence(&mut self, lease: LeaseId, effects: &mut Vec<Effect>) {
        let slot = self.slot_of(lease);
        let record = self.slots.record_mut(slot);
        if record.state == LeaseState::Active {
            record.state = LeaseState::Expired;
        }
        self.return_all(slot, effects);
    }

    /// Works off due deadlines, at most so many; says how many.
    fn work_off(&mut self, most: u32, effects: &mut Vec<Effect>) -> u32 {
        for worked in 0..most {
            let Some(slot) = self.deadlines.pop_due(self.now) else { return worked };
            self.on_deadline(slot, effects);
        }
        most
    }

    fn on_deadline(&mut self, slot: u32, effects: &mut Vec<Effect>) {
        let now = self.now;
        let record = self.slots.record_mut(slot);
        let returns_at = record.returns_at;
        match record.state {
            LeaseState::Offered => self.withdraw(slot, LeaseState::Expired, effects),
            LeaseState::Active => {
                record.state = LeaseState::Expired;
                self.return_or_wait(slot, returns_at, effects);
            }
            LeaseState::Revoked if now < returns_at => self.fence(slot, returns_at, effects),
            LeaseState::Expired | LeaseState::Revoked => self.return_all(slot, effects),
            LeaseState::Released => unreachable!("a released lease waits for nothing"),
        }
    }

    fn return_or_wait(&mut self, slot: u32, returns_at: Timestamp, effects: &mut Vec<Effect>) {
        if returns_at <= self.now {
            self.return_all(slot, effects);
        } else {
            self.deadlines.set(slot, returns_at);
            self.tell(slot, effects);
        }
    }

    /// The notice is over: what the token protects must refuse it from now on.
    fn fence(&mut self, slot: u32, returns_at: Timestamp, effects: &mut Vec<Effect>) {
        self.deadlines.set(slot, returns_at);
        let record = self.slots.record_mut(slot);
        record.is_fenced = true;
        let token = record.token;
        effects.push(Effect::Fence { lease: self.slots.id(slot), token, keys: self.keys.of(slot).to_vec() });
    }
}

fn answer(answer: Answer, effects: &mut Vec<Effect>) {
    effects.push(Effect::Answer(answer));
}

/// Whether a tile was looked for: what is refused for want of room or money is asked for all the same.
fn is_demand(decision: &Decision) -> bool {
    match decision {
        Decision::Granted(_) | Decision::Offered { .. } => true,
        Decision::Refused(refusal) => matches!(refusal.reason, Reason::NoRoom(_) | Reason::TooDear { .. }),
        _ => false,
    }
}

/// Refusals of a name itself are none of that name's answer.
fn is_remembered(refusal: &Refusal) -> bool {
    !matches!(refusal.reason, Reason::ReusedId | Reason::TooOld { .. } | Reason::NotYetSent)
}

fn granted(lease: &Lease) -> GrantedLease {
    GrantedLease {
        id: lease.id,
        node: lease.node,
        device_mask: lease.device_mask,
        token: lease.token,
        start: lease.start,
        end: lease.end,
        price: lease.price,
    }
}

/// A lease as it was first granted or offered, from the request that is repeated and what was kept.
fn as_granted(request: &Request, kept: &GrantedLease, member: u32) -> Lease {
    let is_offer = kept.token == super::vocabulary::lease::Token(0);
    Lease {
        id: kept.id,
        holder: request.holder,
        request: request.request,
        member: (member, request.count),
        node: kept.node,
        state: if is_offer { LeaseState::Offered } else { LeaseState::Active },
        version: super::vocabulary::lease::Version(1),
        token: kept.token,
        start: kept.start,
        end: kept.end,
        resources: *full_draw(request).resources(),
        devices: request.devices,
        device_mask: kept.device_mask,
        class: request.class,
        price: kept.price,
        notice: None,
        is_returned: false,
    }
}
