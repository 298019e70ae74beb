//! From plain data back to an authority, piece by piece, so that never more than a piece is there twice.

use std::collections::BTreeMap;

use lessor_models::fleet::{Fleet, Owner};
use lessor_models::time::Timestamp;
use thiserror::Error;

use super::snapshot::{KeptLease, Piece, Slot, Snapshot, SnapshotError};
use crate::authority::apply::Authority;
use crate::authority::conclude::AFTER_RETURN;
use crate::authority::state::history::History;
use crate::authority::state::repeats::Repeats;
use crate::authority::state::slots::{Image, Names, Record, Slots, slot_id};
use crate::authority::vocabulary::label::FenceKey;
use crate::authority::vocabulary::lease::MINTED_BITS;
use crate::authority::vocabulary::lease::{LeaseId, LeaseState, Revision};
use crate::authority::vocabulary::money::Money;
use crate::authority::vocabulary::terms::{Terms, TermsError};
use crate::ledger::{FloorShares, Kept};

/// How far ids move when history begins a new line: more leases than one slot sees between a backup and its loss.
const GENERATIONS_PER_INCARNATION: u32 = 1 << 24;

/// The last incarnation of a history: in one beyond it, lease ids would be given again, and in far later ones tokens too.
pub const INCARNATION_MAX: u32 = 1 << 8;
const _: () = assert!(INCARNATION_MAX as u64 * GENERATIONS_PER_INCARNATION as u64 <= 1 << u32::BITS);
const _: () = assert!((INCARNATION_MAX as u64) < 1 << (u64::BITS - MINTED_BITS));

/// Why an authority does not come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RestoreError {
    /// The terms make no sense.
    #[error(transparent)]
    Terms(#[from] TermsError),
    /// The snapshot contradicts itself or the fleet.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// Its history has no ids or tokens left that were not given.
    #[error(
        "the history has begun as many incarnations as may be ({INCARNATION_MAX}), or given every token of one; once its leases \
         are over, begin anew in an empty data directory"
    )]
    Exhausted,
}

impl Authority {
    /// The authority that a snapshot was taken of. O(leases plus answers kept).
    ///
    /// # Errors
    /// Where the terms make no sense, or the snapshot contradicts itself or the fleet.
    pub fn restore(fleet: &Fleet, terms: Terms, mut snapshot: Snapshot) -> Result<Authority, RestoreError> {
        let pieces = snapshot.take_pieces();
        let mut restoring = Restoring::begin(fleet, terms, snapshot)?;
        pieces.into_iter().try_for_each(|piece| restoring.take_in(piece))?;
        restoring.finish()
    }

    /// The same state becomes the beginning of a new line of history: for a backup, some of whose later changes may be lost.
    /// No token, revision or lease id of the lost line is given again, and no watch goes on from it. O(empty slots).
    ///
    /// # Errors
    /// [`RestoreError::Exhausted`], where there is no later incarnation. Nothing was changed.
    pub fn begin_incarnation(&mut self) -> Result<(), RestoreError> {
        let Revision { incarnation, number } = self.history.latest();
        if incarnation >= INCARNATION_MAX || !self.slots.can_skip_generations(GENERATIONS_PER_INCARNATION) {
            return Err(RestoreError::Exhausted);
        }
        self.history = History::new(Revision { incarnation: incarnation + 1, number });
        self.minted = 0;
        self.slots.skip_generations(GENERATIONS_PER_INCARNATION);
        Ok(())
    }
}

/// An authority that is being restored.
#[derive(Debug)]
pub struct Restoring {
    authority: Authority,
    /// How many slots were taken in.
    slots: u32,
    free: Vec<u32>,
    ended: Vec<u32>,
    keys: BTreeMap<u32, Vec<FenceKey>>,
    waits_for: BTreeMap<u32, Vec<LeaseId>>,
    /// The members of each gang, with their slots.
    gangs: BTreeMap<LeaseId, Vec<(u32, u32)>>,
}

impl Restoring {
    /// Begins with everything that is not in pieces.
    ///
    /// # Errors
    /// Where the terms make no sense, or the snapshot contradicts the fleet.
    pub fn begin(fleet: &Fleet, terms: Terms, mut head: Snapshot) -> Result<Restoring, RestoreError> {
        terms.check()?;
        if head.revision.incarnation > INCARNATION_MAX || head.minted >> MINTED_BITS != 0 {
            return Err(RestoreError::Exhausted);
        }
        let pieces = head.take_pieces();
        let mut authority = Authority::empty(fleet, terms, head.now);
        authority.slots = Slots::new(authority.ledger.node_count(), head.generation);
        authority.history = History::new(head.revision);
        authority.minted = head.minted;
        authority.retained = head.retention;
        authority.repeats = Repeats::new(head.horizon);
        authority.restore_limits(&head)?;
        let (slots, free, ended) = (0, Vec::new(), Vec::new());
        let (keys, waits_for, gangs) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let mut restoring = Restoring { authority, slots, free, ended, keys, waits_for, gangs };
        pieces.into_iter().try_for_each(|piece| restoring.take_in(piece))?;
        Ok(restoring)
    }

    /// Takes in the next piece; those of one list come in order.
    ///
    /// # Errors
    /// Where it contradicts itself or the fleet.
    pub fn take_in(&mut self, piece: Piece) -> Result<(), RestoreError> {
        match piece {
            Piece::Slots(slots) => slots.into_iter().try_for_each(|slot| self.slot(slot))?,
            Piece::Free(free) => self.free.extend(free),
            Piece::Ended(ended) => self.ended.extend(ended),
            Piece::Repeats(kept) => self.authority.repeats.refill(kept),
            Piece::Balances(balances) => self.authority.balances.extend(balances),
            Piece::Prices(at, prices) => self.authority.former_prices = at.map(|at| (at, prices)),
            Piece::FloorShares(shares) => self.authority.restore_shares(&shares)?,
            Piece::Changes(changes) => {
                let most = self.authority.terms.watch_max;
                self.authority.history.refill(changes, most);
            }
        }
        Ok(())
    }

    fn slot(&mut self, slot: Slot) -> Result<(), SnapshotError> {
        let at = self.slots;
        let contradiction = SnapshotError::Slot { position: at };
        self.slots = at.checked_add(1).ok_or(contradiction)?;
        let Slot { generation, mut lease } = slot;
        if let Some(kept) = &lease {
            if !self.authority.ledger.has_node(kept.lease.node) {
                return Err(SnapshotError::UnknownNode { node: kept.lease.node });
            }
            if at == 0 || kept.lease.member.1 == 0 || kept.lease.id != slot_id(generation, at) {
                return Err(contradiction);
            }
            if !is_in_order(kept) {
                return Err(contradiction);
            }
            if kept.lease.member.1 > 1 {
                self.gangs.entry(kept.gang).or_default().push((kept.lease.member.0, at));
            }
        }
        let further = lease.as_mut().map(|kept| std::mem::take(&mut kept.further)).unwrap_or_default();
        let filled = lease.as_ref().map(|kept| (record(kept), kept.draw, names(kept)));
        let image = Image { generation, lease: filled, further };
        self.authority.slots.refill(at, &image);
        if let Some(KeptLease { keys, waits_for, .. }) = lease {
            if !keys.is_empty() {
                self.keys.insert(at, keys);
            }
            if !waits_for.is_empty() {
                self.waits_for.insert(at, waits_for);
            }
        }
        Ok(())
    }

    /// The authority, once every piece was taken in.
    ///
    /// # Errors
    /// Where the pieces contradict each other or the fleet.
    pub fn finish(self) -> Result<Authority, RestoreError> {
        self.check_positions()?;
        if !self.authority.history.is_whole() {
            return Err(SnapshotError::Changes.into());
        }
        let Restoring { mut authority, slots, free, ended, mut keys, mut waits_for, gangs } = self;
        authority.slots.refill_lists(free, ended);
        for (gang, mut members) in gangs {
            members.sort_unstable();
            authority.gangs.insert(gang, members.into_iter().map(|(_, slot)| slot).collect());
        }
        for slot in 1..slots {
            if !authority.slots.is_used(slot) {
                continue;
            }
            let (keys, waits_for) = (keys.remove(&slot), waits_for.remove(&slot));
            authority.restore_lease(slot, (keys.unwrap_or_default(), waits_for.unwrap_or_default()))?;
        }
        Ok(authority)
    }

    /// Whether every slot but the first is used, or free once; and those that ended hold a lease that returned.
    fn check_positions(&self) -> Result<(), SnapshotError> {
        let slots = &self.authority.slots;
        let mut is_free = vec![false; self.slots as usize];
        for &at in &self.free {
            match is_free.get_mut(at as usize) {
                Some(free) if !*free && at != 0 => *free = true,
                _ => return Err(SnapshotError::Slot { position: at }),
            }
        }
        if let Some(position) = (1..self.slots).find(|at| slots.is_used(*at) == is_free[*at as usize]) {
            return Err(SnapshotError::Slot { position });
        }
        match self.ended.iter().find(|at| !slots.is_used(**at) || !slots.record(**at).is_returned) {
            Some(&position) => Err(SnapshotError::Slot { position }),
            None => Ok(()),
        }
    }
}

impl Authority {
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
            self.ledger.set_floors(index, Kept::Amounts(*floors));
        }
        for owner in &snapshot.deficits {
            self.deficits.insert(self.ledger.index(*owner).ok_or(SnapshotError::UnknownOwner { owner: *owner })?);
        }
        for owner in &snapshot.unsettled {
            self.unsettled.insert(self.ledger.index(*owner).ok_or(SnapshotError::UnknownOwner { owner: *owner })?);
        }
        Ok(())
    }

    fn restore_shares(&mut self, floors: &[(Owner, FloorShares)]) -> Result<(), SnapshotError> {
        for (owner, shares) in floors {
            let index = self.ledger.index(*owner).ok_or(SnapshotError::UnknownOwner { owner: *owner })?;
            self.ledger.set_floors(index, (*shares).into());
        }
        Ok(())
    }

    fn restore_lease(
        &mut self,
        slot: u32,
        (keys, waits_for): (Vec<FenceKey>, Vec<LeaseId>),
    ) -> Result<(), SnapshotError> {
        let Record { node, state, device_mask, is_returned, .. } = *self.slots.record(slot);
        if is_returned {
            self.keys.remember(slot, &keys);
            return Ok(());
        }
        if keys.iter().any(|key| self.keys.holder(key).is_some()) {
            return Err(SnapshotError::Slot { position: slot });
        }
        self.keys.take(slot, &keys);
        let entry = self.slots.entry(slot);
        // The first lease of an offered gang waits for all of them.
        let waits = state != LeaseState::Offered || self.slots.record(slot).gang == self.slots.id(slot);
        if waits {
            self.deadlines.set(slot, self.deadline(slot, &waits_for));
        }
        if state == LeaseState::Offered {
            self.ledger.promise(node, &entry, device_mask);
            if !waits {
                return Ok(());
            }
            for lease in &waits_for {
                self.awaited_by.insert(*lease, slot);
            }
            self.waits_for.insert(slot, waits_for);
            return Ok(());
        }
        if !self.ledger.can_take_again(node, device_mask, entry.devices) {
            return Err(SnapshotError::Devices { lease: self.slots.id(slot) });
        }
        self.ledger.post(node, &entry, device_mask);
        Ok(())
    }

    /// When a lease needs attention next.
    fn deadline(&self, slot: u32, waits_for: &[LeaseId]) -> Timestamp {
        let record = self.slots.record(slot);
        match (record.state, record.notice) {
            (LeaseState::Offered, _) => {
                let waits_for = waits_for.iter().filter_map(|lease| self.slots.find(*lease));
                waits_for.map(|slot| self.slots.record(slot).returns_at).max().unwrap_or(self.now).after(AFTER_RETURN)
            }
            (LeaseState::Active, _) => record.end,
            (_, Some(notice)) if !record.is_fenced => notice.until.min(record.returns_at),
            _ => record.returns_at,
        }
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
        first: kept.first,
        safe_until: kept.safe_until,
        worked: kept.worked,
        notice: lease.notice,
        member: lease.member,
        gang: kept.gang,
        ..Record::empty()
    }
}

/// Whether the parts of a term follow each other within it, and nothing was paid to the holder for them.
fn is_in_order(kept: &KeptLease) -> bool {
    let parts = || std::iter::once(&kept.first).chain(&kept.further);
    let begins = parts().map(|part| part.from).chain([kept.lease.end]);
    parts().all(|part| part.paid >= Money::ZERO)
        && kept.worked >= Money::ZERO
        && kept.first.from >= kept.lease.start
        && begins.is_sorted_by(|one, next| one < next)
}

fn names(kept: &KeptLease) -> Names {
    Names { holder: kept.lease.holder, request: kept.lease.request }
}
