//! What can be asked of an authority without changing it. A shell sends such answers once everything applied is durable.

use lessor_models::fleet::NodeIndex;
use lessor_models::time::Timestamp;

use super::apply::Authority;
use super::state::history::OutOfRange;
use super::vocabulary::effect::Change;
use super::vocabulary::label::{FenceKey, HolderId, RequestId};
use super::vocabulary::lease::{Lease, LeaseId, LeaseState, Revision};
use super::vocabulary::terms::{Retention, Terms};
use crate::ledger::{Ledger, position};

/// Slots that one page looks at, so that a filter that nothing passes does not hold up everybody else.
const SLOTS_PER_PAGE: usize = 1 << 14;

/// Which leases to list: those that pass every filter given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this holder.
    pub holder: Option<HolderId>,
    /// On this node, or under it.
    pub node: Option<NodeIndex>,
    /// In this state.
    pub state: Option<LeaseState>,
}

/// A part of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Leases, in order of slots.
    pub leases: Vec<Lease>,
    /// Where the next page begins, to be handed back as it is; none at the end. A page may be empty and not the last.
    pub next: Option<u32>,
}

impl Authority {
    /// The last instant applied.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The last change.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.history.latest()
    }

    /// The terms in force.
    #[must_use]
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// How long answers and ended leases are kept, where an event said so.
    #[must_use]
    pub fn retained(&self) -> Option<Retention> {
        self.retained
    }

    /// The same, or what the terms say.
    pub(super) fn retention(&self) -> Retention {
        self.retained.unwrap_or(self.terms.retention())
    }

    /// The accounts.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// How many leases hold something or are offered.
    #[must_use]
    pub fn live(&self) -> usize {
        self.slots.live()
    }

    /// A lease that is live, or ended not long ago. O(1).
    #[must_use]
    pub fn lease(&self, id: LeaseId) -> Option<Lease> {
        self.slots.find(id).map(|slot| self.slots.lease(slot))
    }

    /// The fence keys of a lease.
    #[must_use]
    pub fn keys(&self, id: LeaseId) -> &[FenceKey] {
        self.slots.find(id).map_or(&[], |slot| self.keys.of(slot))
    }

    /// Leases, at most so many, from the beginning or from where a page ended. Leases that come or go between two pages may
    /// be on one, on none, but on no two. O(slots looked at).
    #[must_use]
    pub fn leases(&self, from: Option<u32>, filter: &Filter, most: usize) -> Page {
        let first = from.unwrap_or(1).max(1) as usize;
        let mut page = Page::default();
        for slot in first..self.slots.len() {
            if page.leases.len() >= most || slot - first >= SLOTS_PER_PAGE {
                page.next = Some(position(slot));
                break;
            }
            let slot = position(slot);
            if self.slots.is_used(slot) && self.passes(slot, filter) {
                page.leases.push(self.slots.lease(slot));
            }
        }
        page
    }

    fn passes(&self, slot: u32, filter: &Filter) -> bool {
        let record = self.slots.record(slot);
        filter.holder.is_none_or(|holder| self.slots.names(slot).holder == holder)
            && filter.state.is_none_or(|state| record.state == state)
            && filter.node.is_none_or(|node| self.ledger.is_under(record.node, node))
    }

    /// Every change after a revision, in order, without a gap.
    ///
    /// # Errors
    /// Where some of them are no longer kept, or the revision is none of this history.
    pub fn changes(&self, after: Revision) -> Result<impl Iterator<Item = &Change> + use<'_>, OutOfRange> {
        self.history.after(after)
    }

    /// When a request was first answered, if that is remembered: a repeat is told so. O(1).
    #[must_use]
    pub fn answered_at(&self, holder: &HolderId, request: &RequestId) -> Option<Timestamp> {
        self.repeats.find(holder, request).map(|kept| kept.at)
    }

    /// What a holder gained, below zero where it paid, in micro-credits.
    #[must_use]
    pub fn balance(&self, holder: &HolderId) -> i128 {
        self.balances.get(holder).copied().unwrap_or(0)
    }
}
