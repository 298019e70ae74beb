//! A second authority that is told every durable record and nothing else: what the world knows of the true history.
//!
//! It enacts what the journal holds and looks at every invariant of the engine after every event. Whatever anybody is told must
//! be in its history already.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lessor_engine::authority::{Authority, Change, Effect, LeaseId, Revision, Snapshot, Terms};
use lessor_engine::invariants::{Invariants, Step};
use lessor_models::fleet::Fleet;
use lessor_models::time::Timestamp;

use super::invariants::Violation;
use super::invariants::postings::Postings;
use crate::journal::simulated::SimulatedDisk;
use crate::journal::{History, JournalError};
use crate::shell::fleet_id;
use crate::wire::{Record, Records};

/// Changes that can be looked up: more than the authority keeps for watches, and those under way.
const CHANGES_KEPT: u64 = 5_000;

/// The witness.
#[derive(Debug)]
pub(super) struct Witness {
    fleet: Arc<Fleet>,
    terms: Terms,
    authority: Option<Authority>,
    invariants: Invariants,
    postings: Postings,
    /// The number of the last commit, and its records.
    pub(super) sequence: u64,
    last: Vec<u8>,
    changes: BTreeMap<u64, Change>,
    /// Leases that have given everything back.
    returned: BTreeSet<LeaseId>,
    /// Records in all.
    pub(super) records: u64,
}

impl Witness {
    /// A witness of nothing yet.
    pub(super) fn new(fleet: Arc<Fleet>, terms: Terms) -> Witness {
        Witness {
            fleet,
            terms,
            authority: None,
            invariants: Invariants::default(),
            postings: Postings::default(),
            sequence: 0,
            last: Vec::new(),
            changes: BTreeMap::new(),
            returned: BTreeSet::new(),
            records: 0,
        }
    }

    /// Takes in the records of one more commit.
    ///
    /// # Errors
    /// The first thing that should never be.
    pub(super) fn take_in(&mut self, records: &[u8]) -> Result<(), Violation> {
        for record in Records::new(records) {
            let Record { now, event, decision } = record.map_err(|_| Violation::Unreadable)?;
            let authority = match self.authority.take() {
                Some(authority) => authority,
                None => Authority::new(&self.fleet, self.terms, now).map_err(|_| Violation::Unreadable)?,
            };
            let authority = self.authority.insert(authority);
            let mut effects = Vec::new();
            authority.enact(now, &event, &decision, &mut effects);
            let step = Step { authority, now, event: &event, decision: &decision, effects: &effects };
            self.invariants.observe(&self.fleet, &step)?;
            self.postings.observe(&effects)?;
            self.records += 1;
            self.note(&effects);
        }
        self.sequence += 1;
        self.last = records.to_vec();
        Ok(())
    }

    fn note(&mut self, effects: &[Effect]) {
        for effect in effects {
            if let Effect::Changed(change) = effect {
                self.changes.insert(change.revision.number, *change);
                if change.lease.is_returned {
                    self.returned.insert(change.lease.id);
                }
                self.changes.remove(&change.revision.number.wrapping_sub(CHANGES_KEPT));
            }
        }
    }

    /// The same state on another fleet, as a server that is started on it makes of it.
    ///
    /// # Errors
    /// A state that cannot be.
    pub(super) fn refit(&mut self, fleet: Arc<Fleet>) -> Result<(), Violation> {
        if let Some(authority) = self.authority.take() {
            let moved = Authority::restore(&fleet, self.terms, authority.snapshot());
            let mut moved = moved.map_err(|error| Violation::Unopened { error: error.to_string() })?;
            moved.look_for_deficits();
            self.authority = Some(moved);
        }
        self.fleet = fleet;
        Ok(())
    }

    /// Whether the journal is the snapshot of all commits that are known, so that none is left to be carried out.
    pub(super) fn is_settled(&self, disk: &SimulatedDisk) -> bool {
        let history = History::read(disk.fork(), fleet_id(&self.fleet));
        history.is_ok_and(|history| history.snapshot_sequence() == Some(self.sequence))
    }

    /// Takes in what a server found in its journal: all that was durable before, and at most the one commit whose fate
    /// nobody knew.
    ///
    /// # Errors
    /// Something else.
    pub(super) fn take_in_found(&mut self, disk: &SimulatedDisk, in_doubt: Option<&[u8]>) -> Result<(), Violation> {
        let found = self.read(disk)?;
        let mut doubt = in_doubt;
        for records in &found {
            // The very first record says that the history begins; the server appends it before anybody can speak to it.
            let is_first = self.sequence == 0 && doubt.is_none();
            if !is_first && doubt.take() != Some(records.as_slice()) {
                return Err(Violation::Invented { sequence: self.sequence + 1 });
            }
            self.take_in(records)?;
        }
        Ok(())
    }

    /// Whether all that is known to be durable survives the worst that may happen now.
    ///
    /// # Errors
    /// Where it does not.
    pub(super) fn survives(&self, disk: &SimulatedDisk) -> Result<(), Violation> {
        self.read(&disk.survivors()).map(|_| ())
    }

    /// The records of the commits after the last one that is known.
    fn read(&self, disk: &SimulatedDisk) -> Result<Vec<Vec<u8>>, Violation> {
        let failed = |source: JournalError| Violation::Unopened { error: source.to_string() };
        let mut history = History::read(disk.fork(), fleet_id(&self.fleet)).map_err(failed)?;
        let mut found = Vec::new();
        while let Some(commit) = history.next_commit().map_err(failed)? {
            if commit.sequence == self.sequence && commit.payload != self.last {
                return Err(Violation::Invented { sequence: commit.sequence });
            }
            if commit.sequence > self.sequence {
                found.push(commit.payload.to_vec());
            }
        }
        if history.sequence() < self.sequence {
            return Err(Violation::CommitForgotten { sequence: self.sequence, found: history.sequence() });
        }
        Ok(found)
    }

    /// The state that the records lead to.
    pub(super) fn state(&self) -> Option<Snapshot> {
        self.authority.as_ref().map(Authority::snapshot)
    }

    /// The authority that they lead to.
    pub(super) fn authority(&self) -> Option<&Authority> {
        self.authority.as_ref()
    }

    /// The last instant that is durable.
    pub(super) fn now(&self) -> Timestamp {
        self.authority.as_ref().map_or(Timestamp(i64::MIN), Authority::now)
    }

    /// The last change that is durable.
    pub(super) fn revision(&self) -> Revision {
        self.authority.as_ref().map(Authority::revision).unwrap_or_default()
    }

    /// A change by its number.
    pub(super) fn change(&self, number: u64) -> Option<&Change> {
        self.changes.get(&number)
    }

    /// Whether a lease has given everything back.
    pub(super) fn is_returned(&self, lease: LeaseId) -> bool {
        self.returned.contains(&lease)
    }
}
