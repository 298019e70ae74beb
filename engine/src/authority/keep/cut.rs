//! How the state becomes plain data: at once, or piece by piece while the machine goes on.
//!
//! The plain meaning of a cut is [`Authority::snapshot`] at the instant at which it began. Deviation: slots and answers, which
//! are many, are read in pieces between events, and whatever changes before its turn has its former value kept aside: so
//! nobody waits for a copy of everything, and none is ever in memory. Everything else is copied when the cut begins.

use super::snapshot::{CHANGES_KEPT, KeptLease, Piece, Slot, Snapshot};
use crate::authority::apply::Authority;
use crate::authority::decide::price_board::Board;
use crate::authority::state::slots::{Image, as_seen, slot_id};
use crate::authority::vocabulary::label::FenceKey;
use crate::authority::vocabulary::lease::LeaseId;

impl Authority {
    /// The whole state as plain data. O(leases plus answers kept), in time and memory: for tests and small states.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let slots = 0..crate::ledger::position(self.slots.len());
        let slot = |slot: u32| {
            let waits_for = self.waits_for.get(&slot).cloned().unwrap_or_default();
            kept_slot((slot, self.slots.image(slot)), || (self.keys.of(slot).to_vec(), waits_for))
        };
        Snapshot { slots: slots.map(slot).collect(), repeats: self.repeats.kept(), ..self.head() }
    }

    /// Begins a cut, in place of one that was begun before: everything as it is now but slots and answers, which
    /// [`Authority::next_piece`] hands out. O(ended leases, empty slots, holders with a balance, and changes kept).
    pub fn begin_cut(&mut self) -> Snapshot {
        self.end_cut();
        self.slots.begin_cut();
        self.repeats.begin_cut();
        self.cut = Some(self.waits_for.clone());
        self.head()
    }

    /// The next piece of the cut, of at most so many slots or answers, as they were when it began; none once all were handed
    /// out. O(items), logarithmic in those that changed since.
    pub fn next_piece(&mut self, most: usize) -> Option<Piece> {
        let slots: Vec<Slot> = (0..most).map_while(|_| self.next_slot()).collect();
        if !slots.is_empty() {
            return Some(Piece::Slots(slots));
        }
        let repeats: Vec<_> = (0..most).map_while(|_| self.repeats.next_of_cut()).collect();
        if !repeats.is_empty() {
            return Some(Piece::Repeats(repeats));
        }
        self.end_cut();
        None
    }

    /// Gives a cut up.
    pub fn end_cut(&mut self) {
        self.slots.end_cut();
        self.repeats.end_cut();
        self.keys.end_cut();
        self.cut = None;
    }

    /// Whether a cut was begun and is not over.
    #[must_use]
    pub fn is_cutting(&self) -> bool {
        self.cut.is_some()
    }

    fn next_slot(&mut self) -> Option<Slot> {
        let (slot, image) = self.slots.next_of_cut()?;
        let waits_for = self.cut.as_mut().and_then(|cut| cut.remove(&slot)).unwrap_or_default();
        Some(kept_slot((slot, image), || (self.keys.of_cut(slot), waits_for)))
    }

    /// Everything but slots and answers.
    fn head(&self) -> Snapshot {
        let former = || self.former_prices.clone().map_or((None, Vec::new()), |(at, prices)| (Some(at), prices));
        let (priced, prices) = self.board.as_ref().map_or_else(former, Board::kept);
        Snapshot {
            now: self.now,
            revision: self.history.latest(),
            minted: self.minted,
            generation: self.slots.first_generation(),
            slots: Vec::new(),
            free: self.slots.free().to_vec(),
            ended: self.slots.ended().collect(),
            repeats: Vec::new(),
            horizon: self.repeats.horizon(),
            balances: self.balances.iter().map(|(holder, balance)| (*holder, *balance)).collect(),
            planes: self.ledger.said(),
            drains: self.ledger.drains(),
            floors: self.ledger.all_floors(),
            floor_shares: self.ledger.all_floor_shares(),
            deficits: self.deficits().collect(),
            unsettled: self.unsettled.iter().map(|owner| self.ledger.owner(*owner)).collect(),
            retention: self.retained,
            priced,
            prices,
            changes: self.history.tail(CHANGES_KEPT),
        }
    }
}

/// A slot as plain data; the keys of its lease, and what it waits for as an offer, are asked for where there is a lease.
fn kept_slot(
    (slot, Image { generation, lease, further }): (u32, Image),
    lists: impl FnOnce() -> (Vec<FenceKey>, Vec<LeaseId>),
) -> Slot {
    let lease = lease.map(|(record, draw, names)| {
        let (keys, waits_for) = lists();
        KeptLease {
            lease: as_seen(slot_id(generation, slot), (&record, &draw, &names)),
            draw,
            returns_at: record.returns_at,
            rate: record.rate,
            first: record.first,
            further,
            safe_until: record.safe_until,
            worked: record.worked,
            displacement: record.displacement,
            keys,
            is_fenced: record.is_fenced,
            gang: record.gang,
            waits_for,
        }
    });
    Slot { generation, lease }
}
