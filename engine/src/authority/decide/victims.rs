//! Whom the lessor ends leases of, and in which order: deficits, drains, an operator's word.
//!
//! A gang goes whole or stays. In a deficit the least protected class goes first; within a class whoever costs least in
//! compensation and lost work, then the youngest. Whoever turns out not to be needed, from the last one back, stays. Leases on
//! devices that their tile lacks by now go before anybody is chosen: nobody else's end gives those back.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use lessor_models::fleet::{NodeIndex, Owner};
use lessor_models::job::ServiceClass;
use lessor_models::resources::{Kind, Resources};
use lessor_models::time::{Span, Timestamp};

use super::refused;
use crate::authority::apply::Authority;
use crate::authority::vocabulary::decision::{Decision, Revocation};
use crate::authority::vocabulary::lease::{LeaseId, LeaseState, RevocationCause};
use crate::authority::vocabulary::money::Money;
use crate::authority::vocabulary::refusal::Reason;
use crate::ledger::OwnerIndex;

/// How many revocations one decision makes before it leaves the rest to the next tick: a record of the journal stays far below
/// what it may hold, whatever is drained. The gang with which it is reached goes whole.
pub(in crate::authority) const REVOCATIONS_MAX: usize = 1 << 18;

/// Leases that go together, and what that costs.
#[derive(Clone, Debug)]
pub(in crate::authority) struct Group {
    /// The most protected class among them.
    pub(in crate::authority) class: ServiceClass,
    /// Compensation and lost work of all.
    pub(in crate::authority) cost: Money,
    /// The first lease of the gang.
    pub(in crate::authority) gang: LeaseId,
    pub(in crate::authority) start: Timestamp,
    pub(in crate::authority) slots: Vec<u32>,
}

impl Authority {
    /// Revocations that cure the deficits of owners whose limits changed, and those that are left of drains; of both together
    /// as many as one decision makes.
    pub(in crate::authority) fn cure(&self) -> Vec<Revocation> {
        let mut chosen = BTreeSet::new();
        for owner in &self.unsettled {
            if chosen.len() < REVOCATIONS_MAX && self.ledger.missing(*owner) != Resources::ZERO {
                self.cure_one(*owner, &mut chosen);
            }
        }
        let notice = self.now.after(self.terms.notice);
        let mut revoked: Vec<Revocation> =
            chosen.iter().map(|slot| self.revocation(*slot, RevocationCause::Deficit, notice)).collect();
        for owner in &self.unsettled {
            if let Some(by) = self.ledger.drain(self.ledger.owner(*owner)) {
                self.outlast(*owner, by, &mut chosen, &mut revoked);
            }
        }
        revoked
    }

    fn cure_one(&self, owner: OwnerIndex, chosen: &mut BTreeSet<u32>) {
        let on_lost_devices = self.groups(self.on_lost_devices(owner), chosen);
        chosen.extend(on_lost_devices.into_iter().flat_map(|group| group.slots));
        let lacking = self.lacking(owner, chosen);
        let mut groups = self.groups(self.revocable(owner).collect(), chosen);
        groups.sort_by_key(|group| (Reverse(group.class), group.cost, Reverse(group.start), group.gang));
        let (mut open, mut sum, mut count) = (lacking, Resources::ZERO, 0);
        let mut picked: Vec<(Group, Resources)> = Vec::new();
        for group in groups {
            if open == Resources::ZERO || chosen.len() + count >= REVOCATIONS_MAX {
                break;
            }
            let freed = self.freed(&group.slots, owner);
            if less(&open, &freed) != open {
                open = less(&open, &freed);
                sum = plus(&sum, &freed);
                count += group.slots.len();
                picked.push((group, freed));
            }
        }
        drop_spare(&mut picked, less(&sum, &lacking), &lacking);
        chosen.extend(picked.into_iter().flat_map(|(group, _)| group.slots));
    }

    /// Leases at a tile that hold devices which it lacks; at other owners none.
    fn on_lost_devices(&self, owner: OwnerIndex) -> Vec<u32> {
        let Owner::Node(node) = self.ledger.owner(owner) else { return Vec::new() };
        let here = self.slots.at_node(node).filter(|slot| !self.is_leaving(*slot));
        here.filter(|slot| self.ledger.lacks(node, self.slots.record(*slot).device_mask)).collect()
    }

    /// What an owner still lacks once everything that is on its way back, and everything chosen, is back.
    fn lacking(&self, owner: OwnerIndex, chosen: &BTreeSet<u32>) -> Resources {
        let leaving = self.debiting(owner).filter(|slot| self.is_leaving(*slot) || chosen.contains(slot));
        let back = self.freed(&leaving.collect::<Vec<_>>(), owner);
        less(&self.ledger.missing(owner), &back)
    }

    /// Whether a lease holds something only until it is returned.
    pub(in crate::authority) fn is_leaving(&self, slot: u32) -> bool {
        self.slots.record(slot).state_at(self.now) != LeaseState::Active
    }

    /// What slots hold of an owner.
    pub(in crate::authority) fn freed(&self, slots: &[u32], owner: OwnerIndex) -> Resources {
        let drawn = slots.iter().map(|&slot| {
            let node = self.slots.record(slot).node;
            self.ledger.drawn(node, self.slots.draw(slot), owner)
        });
        drawn.fold(Resources::ZERO, |sum, drawn| plus(&sum, &drawn))
    }

    /// Leases that debit an owner.
    fn debiting(&self, owner: OwnerIndex) -> impl Iterator<Item = u32> + '_ {
        self.ledger.under(owner).into_iter().flat_map(|node| self.slots.at_node(node))
    }

    /// Those of them that could be revoked.
    fn revocable(&self, owner: OwnerIndex) -> impl Iterator<Item = u32> + '_ {
        self.debiting(owner).filter(|slot| !self.is_leaving(*slot))
    }

    /// The gangs of some leases, whole, in order of their first leases; without those that hold something chosen.
    pub(in crate::authority) fn groups(&self, slots: Vec<u32>, chosen: &BTreeSet<u32>) -> Vec<Group> {
        let mut gangs: Vec<(LeaseId, u32)> =
            slots.into_iter().map(|slot| (self.slots.record(slot).gang, slot)).collect();
        gangs.sort_unstable();
        gangs.dedup_by_key(|gang| gang.0);
        let groups = gangs.into_iter().map(|(gang, slot)| self.group(gang, slot));
        groups.filter(|group| !group.slots.iter().any(|slot| chosen.contains(slot))).collect()
    }

    fn group(&self, gang: LeaseId, slot: u32) -> Group {
        let members = self.gangs.get(&gang).cloned().unwrap_or_else(|| vec![slot]);
        let slots: Vec<u32> = members.into_iter().filter(|slot| !self.is_leaving(*slot)).collect();
        let records = || slots.iter().map(|slot| self.slots.record(*slot));
        Group {
            class: records().map(|record| record.class).min().unwrap_or_default(),
            cost: slots.iter().fold(Money::ZERO, |sum, slot| sum.plus(self.loss(*slot))),
            gang,
            start: records().map(|record| record.start).min().unwrap_or_default(),
            slots,
        }
    }

    /// What revoking a lease costs: compensation, lost work in it.
    pub(in crate::authority) fn loss(&self, slot: u32) -> Money {
        let left = self.slots.refund(slot, self.now);
        let extra = u128::from(left.0.unsigned_abs()) * u128::from(self.terms.compensation_permille);
        Money::of(extra.div_ceil(1_000)).plus(self.slots.lost_work(slot, self.now))
    }

    /// How a lease is revoked, its holder having until an instant, or until its end.
    pub(in crate::authority) fn revocation(&self, slot: u32, cause: RevocationCause, until: Timestamp) -> Revocation {
        let record = self.slots.record(slot);
        Revocation {
            lease: self.slots.id(slot),
            cause,
            until: until.min(record.end).max(self.now),
            refund: self.slots.refund(slot, self.now),
            compensation: self.loss(slot),
        }
    }

    pub(in crate::authority) fn decide_revocation(&self, lease: LeaseId, notice: Option<Span>) -> Decision {
        let Some(slot) = self.slots.find(lease) else { return refused(Reason::UnknownLease) };
        let state = self.slots.record(slot).state_at(self.now);
        if state == LeaseState::Revoked {
            return Decision::Repeated;
        }
        if state != LeaseState::Active {
            return refused(Reason::NotActive { state });
        }
        let until = self.now.after(notice.unwrap_or(self.terms.notice));
        let group = self.group(self.slots.record(slot).gang, slot);
        let revoked = group.slots.iter().map(|slot| self.revocation(*slot, RevocationCause::Operator, until));
        Decision::Accepted { revoked: revoked.collect() }
    }

    pub(in crate::authority) fn decide_drain(&self, node: NodeIndex, by: Option<Timestamp>) -> Decision {
        if !self.ledger.has_node(node) {
            return refused(Reason::UnknownNode { node });
        }
        let Some(by) = by else { return Decision::Accepted { revoked: Vec::new() } };
        let owner = self.ledger.index(Owner::Node(node)).expect("the node was just found");
        let mut revoked = Vec::new();
        self.outlast(owner, by, &mut BTreeSet::new(), &mut revoked);
        Decision::Accepted { revoked }
    }

    /// Revokes what would outlast a drain, gangs whole, as far as one decision goes.
    fn outlast(&self, owner: OwnerIndex, by: Timestamp, chosen: &mut BTreeSet<u32>, revoked: &mut Vec<Revocation>) {
        for slot in self.revocable(owner).filter(|slot| self.slots.record(*slot).end > by) {
            if revoked.len() >= REVOCATIONS_MAX {
                return;
            }
            if !chosen.contains(&slot) {
                let group = self.group(self.slots.record(slot).gang, slot);
                revoked.extend(group.slots.iter().map(|slot| self.revocation(*slot, RevocationCause::Drain, by)));
                chosen.extend(group.slots);
            }
        }
    }
}

/// A vector less another one, at least zero; unlimited amounts are amounts here.
pub(in crate::authority) fn less(from: &Resources, taken: &Resources) -> Resources {
    let mut left = Resources::ZERO;
    for kind in Kind::ALL {
        left = left.with(kind, from.get(kind).saturating_sub(taken.get(kind)));
    }
    left
}

/// The sum of two vectors; what is beyond all amounts is no limit.
pub(in crate::authority) fn plus(sum: &Resources, more: &Resources) -> Resources {
    sum.checked_add(more).unwrap_or(Resources::UNLIMITED)
}

/// Drops groups, from the last one back, without which what was lacking is still covered.
fn drop_spare(picked: &mut Vec<(Group, Resources)>, mut spare: Resources, lacking: &Resources) {
    for at in (0..picked.len()).rev() {
        let freed = &picked[at].1;
        let is_spare = Kind::ALL.iter().all(|&kind| lacking.get(kind) == 0 || freed.get(kind) <= spare.get(kind));
        if is_spare {
            spare = less(&spare, freed);
            picked.remove(at);
        }
    }
}
