//! What a read sees.

use lessor_engine::authority::{
    Authority, Change, Decision, Explanation, FenceKey, Filter, HolderId, Lease, LeaseId, OutOfRange, Page, Request,
    Revision, Terms,
};
use lessor_engine::ledger::{Account, Ledger};
use lessor_models::time::Timestamp;

/// The state of the authority, for one read. It may hold what is not durable yet: what a read returns is handed over once it is.
#[derive(Debug)]
pub struct View<'a> {
    authority: &'a mut Authority,
    now: Timestamp,
    is_time_told: bool,
}

impl<'a> View<'a> {
    /// A view of the state at an instant of the engine's clock.
    pub(super) fn at(now: Timestamp, authority: &'a mut Authority) -> View<'a> {
        View { authority, now, is_time_told: false }
    }

    /// The instant, where it was asked for: no restart may go back behind it then.
    pub(super) fn told(self) -> Option<Timestamp> {
        self.is_time_told.then_some(self.now)
    }

    /// The engine's clock. Whoever is told of it is told once a record of it is durable.
    pub fn now(&mut self) -> Timestamp {
        self.is_time_told = true;
        self.now
    }

    /// The last change of any lease: a list read now is a snapshot at it.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.authority.revision()
    }

    /// The policy in force.
    #[must_use]
    pub fn terms(&self) -> &Terms {
        self.authority.terms()
    }

    /// The accounts.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        self.authority.ledger()
    }

    /// What an account costs at the posted price, in micro-credits per 10^6 base units and hour; none where none is posted.
    #[must_use]
    pub fn posted_price(&self, account: Account) -> Option<u64> {
        self.authority.posted_price(account)
    }

    /// How many leases hold something or are offered.
    #[must_use]
    pub fn live(&self) -> usize {
        self.authority.live()
    }

    /// A lease that is live, or ended not long ago.
    #[must_use]
    pub fn lease(&self, id: LeaseId) -> Option<Lease> {
        self.authority.lease(id)
    }

    /// The fence keys of a lease.
    #[must_use]
    pub fn keys(&self, id: LeaseId) -> &[FenceKey] {
        self.authority.keys(id)
    }

    /// Leases, at most so many, from the beginning or from where a page ended.
    #[must_use]
    pub fn leases(&self, from: Option<u32>, filter: &Filter, most: usize) -> Page {
        self.authority.leases(from, filter, most)
    }

    /// Changes after a revision, without a gap, those of one holder where it is named; and the last of those looked at, at most
    /// so many.
    ///
    /// # Errors
    /// Where some of them are no longer kept, or the revision is none of this history.
    pub fn changes(
        &self,
        after: Revision,
        most: usize,
        only: Option<HolderId>,
    ) -> Result<(Vec<Change>, Revision), OutOfRange> {
        let (mut found, mut reached) = (Vec::new(), after);
        for change in self.authority.changes(after)?.take(most) {
            reached = change.revision;
            if only.is_none_or(|only| change.lease.holder == only) {
                found.push(*change);
            }
        }
        Ok((found, reached))
    }

    /// What a holder gained, below zero where it paid, in micro-credits.
    #[must_use]
    pub fn balance(&self, holder: &HolderId) -> i128 {
        self.authority.balance(holder)
    }

    /// What a request would be answered, as things stand; nothing is granted.
    pub fn quote(&mut self, request: &Request) -> Decision {
        self.authority.quote(request)
    }

    /// The same, and what stands in its way.
    pub fn explain(&mut self, request: &Request) -> Explanation {
        self.authority.explain(request)
    }
}
