//! What a read sees.

use lessor_engine::authority::{
    Authority, Change, Decision, Explanation, FenceKey, Filter, HolderId, Lease, LeaseId, OutOfRange, Page, Request,
    Revision, Terms,
};
use lessor_engine::ledger::Ledger;
use lessor_models::time::Timestamp;

/// The state of the authority, for one read. It may hold what is not durable yet: what a read returns is handed over once it is.
#[derive(Debug)]
pub struct View<'a>(pub(super) &'a mut Authority);

impl View<'_> {
    /// The engine's clock at the last event.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.now()
    }

    /// The last change of any lease: a list read now is a snapshot at it.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.0.revision()
    }

    /// The policy in force.
    #[must_use]
    pub fn terms(&self) -> &Terms {
        self.0.terms()
    }

    /// The accounts.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        self.0.ledger()
    }

    /// How many leases hold something or are offered.
    #[must_use]
    pub fn live(&self) -> usize {
        self.0.live()
    }

    /// A lease that is live, or ended not long ago.
    #[must_use]
    pub fn lease(&self, id: LeaseId) -> Option<Lease> {
        self.0.lease(id)
    }

    /// The fence keys of a lease.
    #[must_use]
    pub fn keys(&self, id: LeaseId) -> &[FenceKey] {
        self.0.keys(id)
    }

    /// Leases, at most so many, from the beginning or from where a page ended.
    #[must_use]
    pub fn leases(&self, from: Option<u32>, filter: &Filter, most: usize) -> Page {
        self.0.leases(from, filter, most)
    }

    /// Changes after a revision, without a gap, at most so many.
    ///
    /// # Errors
    /// Where some of them are no longer kept, or the revision is none of this history.
    pub fn changes(&self, after: Revision, most: usize) -> Result<Vec<Change>, OutOfRange> {
        Ok(self.0.changes(after)?.take(most).copied().collect())
    }

    /// What a holder gained, below zero where it paid, in micro-credits.
    #[must_use]
    pub fn balance(&self, holder: &HolderId) -> i128 {
        self.0.balance(holder)
    }

    /// What a request would be answered, as things stand; nothing is granted.
    pub fn quote(&mut self, request: &Request) -> Decision {
        self.0.quote(request)
    }

    /// The same, and what stands in its way.
    pub fn explain(&mut self, request: &Request) -> Explanation {
        self.0.explain(request)
    }
}
