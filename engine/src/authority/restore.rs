//! The state as plain data, and back.

use std::collections::BTreeMap;

use lessor_models::fleet::Fleet;
use lessor_models::time::Timestamp;
use thiserror::Error;

use super::apply::Authority;
use super::conclude::AFTER_RETURN;
use super::history::History;
use super::lease::{LeaseId, LeaseState};
use super::repeats::Repeats;
use super::slots::{Names, Parts, Record, Slots};
use super::snapshot::{KeptLease, Slot, Snapshot, SnapshotError};
use super::terms::{Terms, TermsError};
use crate::ledger::position;

/// How far ids move when history begins a new line: more leases than one slot sees between a backup and its loss.
const GENERATIONS_PER_INCARNATION: u32 = 1 << 24;

/// Why an authority does not come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RestoreError {
    /// The terms make no sense.
    #[error(transparent)]
    Terms(#[from] TermsError),
    /// The snapshot contradicts itself or the fleet.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
}

impl Snapshot {
    /// The same state as the beginning of a new line of history: for a backup, some of whose later changes may be lost. No
    /// token, revision or lease id of the lost line is given again.
    #[must_use]
    pub fn next_incarnation(mut self) -> Snapshot {
        self.revision.incarnation += 1;
        self.minted = 0;
        self.generation += GENERATIONS_PER_INCARNATION;
        for at in &self.free {
            self.slots[*at as usize].generation += GENERATIONS_PER_INCARNATION;
        }
        self
    }
}

impl Authority {
    /// The whole state as plain data. O(leases plus answers kept).
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let parts = self.slots.parts();
        let slots = (0..).zip(parts.generations.into_iter().zip(parts.leases));
        let slots = slots.map(|(slot, (generation, lease))| Slot { generation, lease: lease.map(|_| self.kept(slot)) });
        Snapshot {
            now: self.now,
            revision: self.history.latest(),
            minted: self.minted,
            generation: self.slots.first_generation(),
            slots: slots.collect(),
            free: parts.free,
            ended: parts.ended,
            repeats: self.repeats.kept(),
            horizon: self.repeats.horizon(),
            balances: self.balances.iter().map(|(holder, balance)| (*holder, *balance)).collect(),
            planes: self.ledger.said(),
            drains: self.ledger.drains(),
            floors: self.ledger.all_floors(),
            deficits: self.deficits().collect(),
            unsettled: self.unsettled.iter().map(|owner| self.ledger.owner(*owner)).collect(),
        }
    }

    fn kept(&self, slot: u32) -> KeptLease {
        let record = self.slots.record(slot);
        KeptLease {
            lease: self.slots.lease(slot),
            draw: *self.slots.draw(slot),
            returns_at: record.returns_at,
            rate: record.rate,
            safe_until: record.safe_until,
            displacement: record.displacement,
            keys: self.keys.of(slot).to_vec(),
            is_fenced: record.is_fenced,
            gang: record.gang,
            waits_for: self.waits_for.get(&slot).cloned().unwrap_or_default(),
        }
    }

    /// The authority that a snapshot was taken of. O(leases plus answers kept).
    ///
    /// # Errors
    /// Where the terms make no sense, or the snapshot contradicts itself or the fleet.
    pub fn restore(fleet: &Fleet, terms: Terms, snapshot: &Snapshot) -> Result<Authority, RestoreError> {
        terms.check()?;
        let mut authority = Authority::empty(fleet, terms, snapshot.now);
        authority.slots = Slots::new(authority.ledger.node_count(), snapshot.generation);
        authority.history = History::new(snapshot.revision);
        authority.minted = snapshot.minted;
        authority.repeats = Repeats::new(&snapshot.repeats, snapshot.horizon);
        authority.balances = snapshot.balances.iter().copied().collect();
        authority.restore_limits(snapshot)?;
        authority.restore_slots(snapshot)?;
        Ok(authority)
    }

    fn restore_limits(&mut self, snapshot: &Snapshot) -> Result<(), SnapshotError> {
        for effect in &snapshot.planes {
            self.ledger.take_in(effect);
        }
        for (node, by) in &snapshot.drains {
            if !self.ledger.has_node(*node) {
                return Err(SnapshotError::UnknownNode { node: *node });
            }
            self.ledger.set_drain(*node, Some(*by));
        }
        for (owner, floors) in &snapshot.floors {
            let index = self.ledger.index(*owner).ok_or(SnapshotError::UnknownOwner { owner: *owner })?;
            self.ledger.set_floors(index, *floors);
        }
        for owner in &snapshot.deficits {
            self.deficits.insert(self.ledger.index(*owner).ok_or(SnapshotError::UnknownOwner { owner: *owner })?);
        }
        for owner in &snapshot.unsettled {
            self.unsettled.insert(self.ledger.index(*owner).ok_or(SnapshotError::UnknownOwner { owner: *owner })?);
        }
        Ok(())
    }

    fn restore_slots(&mut self, snapshot: &Snapshot) -> Result<(), SnapshotError> {
        check_positions(snapshot)?;
        let mut gangs: BTreeMap<LeaseId, Vec<(u32, u32)>> = BTreeMap::new();
        for (slot, kept) in (0..).zip(&snapshot.slots) {
            let Some(kept) = &kept.lease else { continue };
            if !self.ledger.has_node(kept.lease.node) {
                return Err(SnapshotError::UnknownNode { node: kept.lease.node });
            }
            if kept.lease.member.1 > 1 {
                gangs.entry(kept.gang).or_default().push((kept.lease.member.0, slot));
            }
        }
        for (gang, mut members) in gangs {
            members.sort_unstable();
            self.gangs.insert(gang, members.into_iter().map(|(_, slot)| slot).collect());
        }
        self.slots.fill(parts(snapshot));
        for (slot, kept) in (0..).zip(&snapshot.slots) {
            if let Some(kept) = &kept.lease {
                self.restore_lease(slot, kept)?;
            }
        }
        Ok(())
    }

    fn restore_lease(&mut self, slot: u32, kept: &KeptLease) -> Result<(), SnapshotError> {
        let contradiction = SnapshotError::Slot { position: slot };
        if self.slots.id(slot) != kept.lease.id {
            return Err(contradiction);
        }
        if kept.lease.is_returned {
            self.keys.remember(slot, &kept.keys);
            return Ok(());
        }
        if kept.keys.iter().any(|key| self.keys.holder(key).is_some()) {
            return Err(contradiction);
        }
        self.keys.take(slot, &kept.keys);
        self.deadlines.set(slot, self.deadline(kept));
        let (node, entry) = (kept.lease.node, self.slots.entry(slot));
        if kept.lease.state == LeaseState::Offered {
            self.ledger.promise(node, &entry);
            for lease in &kept.waits_for {
                self.awaited_by.insert(*lease, slot);
            }
            self.waits_for.insert(slot, kept.waits_for.clone());
            return Ok(());
        }
        if !self.ledger.can_take(node, kept.lease.device_mask, entry.devices) {
            return Err(SnapshotError::Devices { lease: kept.lease.id });
        }
        self.ledger.post(node, &entry, kept.lease.device_mask);
        Ok(())
    }

    /// When a lease needs attention next.
    fn deadline(&self, kept: &KeptLease) -> Timestamp {
        match (kept.lease.state, kept.lease.notice) {
            (LeaseState::Offered, _) => {
                let waits_for = kept.waits_for.iter().filter_map(|lease| self.slots.find(*lease));
                waits_for.map(|slot| self.slots.record(slot).returns_at).max().unwrap_or(self.now).after(AFTER_RETURN)
            }
            (LeaseState::Active, _) => kept.lease.end,
            (_, Some(notice)) if !kept.is_fenced => notice.until.min(kept.returns_at),
            _ => kept.returns_at,
        }
    }
}

fn parts(snapshot: &Snapshot) -> Parts {
    Parts {
        generations: snapshot.slots.iter().map(|slot| slot.generation).collect(),
        leases: snapshot
            .slots
            .iter()
            .map(|slot| slot.lease.as_ref().map(|kept| (record(kept), kept.draw, names(kept))))
            .collect(),
        free: snapshot.free.clone(),
        ended: snapshot.ended.clone(),
    }
}

fn record(kept: &KeptLease) -> Record {
    let lease = &kept.lease;
    Record {
        node: lease.node,
        state: lease.state,
        class: lease.class,
        displacement: kept.displacement,
        is_returned: lease.is_returned,
        is_fenced: kept.is_fenced,
        devices: lease.devices,
        device_mask: lease.device_mask,
        version: lease.version,
        token: lease.token,
        start: lease.start,
        end: lease.end,
        returns_at: kept.returns_at,
        rate: kept.rate,
        price: lease.price,
        safe_until: kept.safe_until,
        notice: lease.notice,
        member: lease.member,
        gang: kept.gang,
        ..Record::empty()
    }
}

fn names(kept: &KeptLease) -> Names {
    Names { holder: kept.lease.holder, request: kept.lease.request }
}

/// Whether every slot but the first is used, or free once; and those that ended hold a lease that returned.
fn check_positions(snapshot: &Snapshot) -> Result<(), SnapshotError> {
    let mut is_free = vec![false; snapshot.slots.len()];
    for &at in &snapshot.free {
        match is_free.get_mut(at as usize) {
            Some(free) if !*free && at != 0 => *free = true,
            _ => return Err(SnapshotError::Slot { position: at }),
        }
    }
    for (at, slot) in snapshot.slots.iter().enumerate() {
        let has_lease = slot.lease.as_ref().is_some_and(|kept| kept.lease.member.1 > 0);
        if at > 0 && has_lease == is_free[at] || at == 0 && slot.lease.is_some() {
            return Err(SnapshotError::Slot { position: position(at) });
        }
    }
    let returned = |at: u32| {
        let slot = snapshot.slots.get(at as usize)?;
        slot.lease.as_ref().filter(|kept| kept.lease.is_returned)
    };
    match snapshot.ended.iter().find(|at| returned(**at).is_none()) {
        Some(&position) => Err(SnapshotError::Slot { position }),
        None => Ok(()),
    }
}
