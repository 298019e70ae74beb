//! What happens to one lease: it becomes active, is revoked, ends, gives back what it held, and is forgotten.

use lessor_models::fleet::Owner;
use lessor_models::resources::Resources;
use lessor_models::time::Interval;

use super::apply::Authority;
use super::decide::validate::full_draw;
use super::decide::victims::REVOCATIONS_MAX;
use super::keep::restore::INCARNATION_MAX;
use super::state::slots::{Names, Record};
use super::state::stretches::{Longer, Stretch};
use super::vocabulary::decision::{Grant, Revocation, Seat};
use super::vocabulary::effect::{Effect, Posting};
use super::vocabulary::event::Request;
use super::vocabulary::lease::{LeaseId, LeaseState, MINTED_BITS, Notice, Token, Version};
use super::vocabulary::money::Money;
use crate::ledger::Entry;

impl Authority {
    /// Puts the leases of a grant into slots, as promises; returns the first id.
    pub(super) fn promise_leases(&mut self, request: &Request, grant: &Grant) -> LeaseId {
        let first = self.slots.next_id();
        let draw = full_draw(request);
        let mut slots = Vec::new();
        for (member, seat) in (0..).zip(std::iter::once(&grant.seat).chain(&grant.others)) {
            let names = Names { holder: request.holder, request: request.request };
            let record = self.new_record(request, (grant, seat), (member, first));
            let slot = self.slots.insert(record, draw, names);
            if request.count > 1 {
                slots.push(slot);
            } else {
                self.keys.take(slot, &request.fence_keys);
            }
        }
        if request.count > 1 {
            self.gangs.insert(first, slots);
        }
        first
    }

    fn new_record(&self, request: &Request, (grant, seat): (&Grant, &Seat), (member, gang): (u32, LeaseId)) -> Record {
        Record {
            node: seat.node,
            state: LeaseState::Offered,
            class: request.class,
            displacement: request.displacement,
            is_returned: false,
            devices: request.devices,
            device_mask: seat.device_mask,
            version: Version(1),
            start: self.now,
            end: grant.end,
            returns_at: grant.returns_at,
            rate: seat.rate,
            first: Stretch { from: self.now, paid: Money::ZERO },
            safe_until: self.now,
            member: (member, request.count),
            gang,
            ..Record::empty()
        }
    }

    /// A promised lease that fits becomes active: accounts are debited, a token is minted, the price is paid.
    pub(super) fn activate(&mut self, slot: u32, effects: &mut Vec<Effect>) {
        let token = self.mint();
        let record = self.slots.record_mut(slot);
        let price = record.rate.over(record.end.since(record.start));
        (record.state, record.token) = (LeaseState::Active, token);
        let (node, device_mask, end) = (record.node, record.device_mask, record.end);
        self.slots.pay_whole(slot, price);
        let entry = self.slots.entry(slot);
        self.ledger.post(node, &entry, device_mask);
        self.placement.changed(&self.ledger, node);
        self.slots.link(slot);
        self.deadlines.set(slot, end);
        self.pay(slot, Money(-price.0), effects);
        self.tell(slot, effects);
    }

    /// The next token: higher than all before.
    fn mint(&mut self) -> Token {
        self.minted += 1;
        let incarnation = self.history.latest().incarnation;
        assert!(
            self.minted >> MINTED_BITS == 0 && incarnation <= INCARNATION_MAX,
            "an authority mints fewer than 2^48 tokens in each of its incarnations, which are numbered to {INCARNATION_MAX}"
        );
        Token(u64::from(incarnation) << MINTED_BITS | self.minted)
    }

    /// Appends the change that a lease just went through.
    pub(super) fn tell(&mut self, slot: u32, effects: &mut Vec<Effect>) {
        let change = self.history.push(self.now, &self.slots.lease(slot), self.terms.watch_max);
        effects.push(Effect::Changed(change));
    }

    /// The holder of a lease gains an amount, or pays it where it is below zero.
    pub(super) fn pay(&mut self, slot: u32, gain: Money, effects: &mut Vec<Effect>) {
        if gain == Money::ZERO {
            return;
        }
        let holder = self.slots.names(slot).holder;
        *self.balances.entry(holder).or_default() += i128::from(gain.0);
        effects.push(Effect::Posted(Posting { lease: self.slots.id(slot), holder, gain }));
    }

    /// A lease is revoked: its holder is told and paid, and what it holds stays debited until it is returned.
    pub(super) fn revoke(&mut self, revocation: &Revocation, effects: &mut Vec<Effect>) {
        let slot = self.slots.find(revocation.lease).expect("only a live lease is revoked");
        let Revocation { cause, until, refund, compensation, .. } = *revocation;
        let record = self.slots.record_mut(slot);
        assert!(record.state == LeaseState::Active, "only an active lease is revoked");
        record.state = LeaseState::Revoked;
        record.notice = Some(Notice { cause, until, compensation });
        record.price = Money(record.price.0 - refund.0);
        let at = until.min(record.returns_at);
        self.deadlines.set(slot, at);
        self.pay(slot, refund.plus(compensation), effects);
        self.tell(slot, effects);
    }

    /// A lease gives back everything that it holds. Its state says why; the change is told.
    pub(super) fn return_all(&mut self, slot: u32, effects: &mut Vec<Effect>) {
        let was_held = self.slots.record(slot).state != LeaseState::Offered;
        self.give_back(slot, was_held);
        self.tell(slot, effects);
        self.settle_path(slot, effects);
        let lease = self.slots.id(slot);
        self.slots.end(slot);
        self.advance_offer(lease, effects);
    }

    fn give_back(&mut self, slot: u32, was_held: bool) {
        self.deadlines.unset(slot);
        self.keys.give(slot);
        let record = self.slots.record_mut(slot);
        record.is_returned = true;
        let (node, device_mask) = (record.node, record.device_mask);
        if was_held {
            let entry = self.slots.entry(slot);
            self.slots.unlink(slot);
            self.ledger.take_back(node, &entry, device_mask);
            self.placement.changed(&self.ledger, node);
        }
    }

    /// The slots of a lease's gang, in order; its own where it is alone.
    pub(super) fn members(&self, slot: u32) -> Vec<u32> {
        self.gangs.get(&self.slots.record(slot).gang).cloned().unwrap_or_else(|| vec![slot])
    }

    /// Accounts keep room for what offered leases would hold.
    pub(super) fn promise(&mut self, slots: &[u32]) {
        for slot in slots {
            let (entry, record) = (self.slots.entry(*slot), self.slots.record(*slot));
            self.ledger.promise(record.node, &entry, record.device_mask);
            self.placement.changed(&self.ledger, record.node);
        }
    }

    /// Accounts keep it no longer.
    fn unpromise(&mut self, slots: &[u32]) {
        for slot in slots {
            let (entry, record) = (self.slots.entry(*slot), self.slots.record(*slot));
            self.ledger.unpromise(record.node, &entry, record.device_mask);
            self.placement.changed(&self.ledger, record.node);
        }
    }

    /// An offer comes to nothing, with all its leases; that in `slot` is told last.
    pub(super) fn withdraw(&mut self, slot: u32, state: LeaseState, effects: &mut Vec<Effect>) {
        let mut members = self.members(slot);
        members.retain(|member| *member != slot);
        members.push(slot);
        for member in members {
            self.withdraw_one(member, state, effects);
        }
    }

    fn withdraw_one(&mut self, slot: u32, state: LeaseState, effects: &mut Vec<Effect>) {
        self.unpromise(&[slot]);
        for lease in self.waits_for.remove(&slot).unwrap_or_default() {
            self.awaited_by.remove(&lease);
        }
        // What the holder paid to those that it displaced comes back: it got nothing for it.
        let paid = std::mem::take(&mut self.slots.record_mut(slot).price);
        self.pay(slot, paid, effects);
        self.give_back(slot, false);
        self.slots.record_mut(slot).state = state;
        self.tell(slot, effects);
        self.slots.end(slot);
    }

    /// Forgets leases that ended first, as long as more are kept than may be: once an event is worked off and answered, since what
    /// ends by it may be told of.
    pub(super) fn forget_ended(&mut self) {
        let most = self.retention().ended_max;
        while let Some(slot) = self.slots.surplus(most) {
            self.forget(slot);
        }
    }

    fn forget(&mut self, forgotten: u32) {
        let gang = self.slots.record(forgotten).gang;
        let keys = self.keys.forget(forgotten);
        if self.slots.is_to_be_read(forgotten) {
            self.keys.keep_for_cut(forgotten, keys);
        }
        if let Some(members) = self.gangs.get_mut(&gang) {
            members.retain(|member| *member != forgotten);
            if members.is_empty() {
                self.gangs.remove(&gang);
            }
        }
        self.slots.empty(forgotten);
    }

    /// A lease returned what an offer may wait for: once nothing is left to wait for, the offer's leases begin, if all fit.
    fn advance_offer(&mut self, returned: LeaseId, effects: &mut Vec<Effect>) {
        let Some(offer) = self.awaited_by.remove(&returned) else { return };
        let waits_for = self.waits_for.get_mut(&offer).expect("an awaited lease is one that an offer waits for");
        waits_for.retain(|lease| *lease != returned);
        if !waits_for.is_empty() {
            return;
        }
        let members = self.members(offer);
        self.unpromise(&members);
        let Some(masks) = self.masks_for(&members) else {
            self.promise(&members);
            self.withdraw(offer, LeaseState::Expired, effects);
            return;
        };
        self.waits_for.remove(&offer);
        for (member, mask) in members.into_iter().zip(masks) {
            let entry = self.entry_from_now(member);
            let record = self.slots.record_mut(member);
            let term = record.end.since(record.start);
            record.device_mask = mask;
            (record.start, record.safe_until) = (entry.interval.start, entry.interval.start);
            (record.end, record.returns_at) = (entry.interval.start.after(term), entry.interval.end);
            self.activate(member, effects);
        }
    }

    /// What an offered lease would hold if it began now.
    fn entry_from_now(&self, slot: u32) -> Entry {
        let record = self.slots.record(slot);
        let (term, band) = (record.end.since(record.start), record.returns_at.since(record.end));
        let interval = Interval { start: self.now, end: self.now.after(term).after(band) };
        Entry { interval, ..self.slots.entry(slot) }
    }

    /// The devices of each lease of an offer, if all of them fit now at once.
    fn masks_for(&mut self, members: &[u32]) -> Option<Vec<u64>> {
        let mut masks = Vec::new();
        for member in members {
            let (entry, node) = (self.entry_from_now(*member), self.slots.record(*member).node);
            let mask = self.mask_for(*member, &entry).filter(|_| self.ledger.check(node, &entry).is_none());
            let Some(mask) = mask else { break };
            self.ledger.post(node, &entry, mask);
            masks.push(mask);
        }
        for (member, mask) in members.iter().zip(&masks).rev() {
            let (entry, node) = (self.entry_from_now(*member), self.slots.record(*member).node);
            self.ledger.take_back(node, &entry, *mask);
        }
        (masks.len() == members.len()).then_some(masks)
    }

    /// The devices that an offer was promised, or others where somebody took those.
    fn mask_for(&self, offer: u32, entry: &Entry) -> Option<u64> {
        let Record { node, device_mask, .. } = *self.slots.record(offer);
        if self.ledger.can_take_promised(node, device_mask, entry.devices) {
            return Some(device_mask);
        }
        self.ledger.choose_promised(node, entry.devices).ok()
    }

    /// Tells whose deficit was cured by what a lease gave back.
    fn settle_path(&mut self, slot: u32, effects: &mut Vec<Effect>) {
        if self.deficits.is_empty() {
            return;
        }
        let node = self.slots.record(slot).node;
        let owners: Vec<_> = self.ledger.steps(node).iter().map(|step| step.owner).collect();
        for owner in owners {
            if self.deficits.contains(&owner) && self.ledger.missing(owner) == Resources::ZERO {
                self.deficits.remove(&owner);
                effects.push(Effect::Deficit { owner: self.ledger.owner(owner), missing: Resources::ZERO });
            }
        }
    }

    /// Tells which owners fell into deficit, or out of it, since limits changed. They are looked at again at the next tick where a
    /// decision about them made as many revocations as one makes.
    pub(super) fn settle(&mut self, revoked: &[Revocation], effects: &mut Vec<Effect>) {
        let unsettled = std::mem::take(&mut self.unsettled);
        if revoked.len() >= REVOCATIONS_MAX {
            self.unsettled.clone_from(&unsettled);
        }
        for owner in unsettled {
            let missing = self.ledger.missing(owner);
            let is_over = missing != Resources::ZERO;
            let was_over = if is_over { !self.deficits.insert(owner) } else { self.deficits.remove(&owner) };
            if is_over || was_over {
                effects.push(Effect::Deficit { owner: self.ledger.owner(owner), missing });
            }
        }
    }

    /// Looks at every owner for a deficit at the next tick: after a start on a fleet whose capacities are not what they were.
    pub fn look_for_deficits(&mut self) {
        let owners = self.ledger.owners();
        self.unsettled.extend(owners.filter(|owner| self.ledger.missing(*owner) != Resources::ZERO));
    }

    /// Whose accounts are in deficit.
    pub fn deficits(&self) -> impl Iterator<Item = Owner> + '_ {
        self.deficits.iter().map(|owner| self.ledger.owner(*owner))
    }

    /// A lease lasts longer, at another rate from its old end on.
    pub(super) fn lengthen(&mut self, slot: u32, to: Longer, effects: &mut Vec<Effect>) {
        let entry = self.slots.entry(slot);
        self.slots.pay_more(slot, self.now, &to);
        let record = self.slots.record_mut(slot);
        let node = record.node;
        record.version = Version(record.version.0 + 1);
        (record.end, record.returns_at, record.rate) = (to.end, to.returns_at, to.rate);
        self.ledger.lengthen(node, &entry, to.returns_at);
        self.deadlines.set(slot, to.end);
        self.pay(slot, Money(-to.price.0), effects);
        self.tell(slot, effects);
    }
}
