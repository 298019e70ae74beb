//! Following changes: in order, without a gap, and at the reader's own pace.
//!
//! Nothing is kept for a watch but the revision that it has reached. What comes after is fetched from the engine, which keeps the
//! last changes anyway; so a slow reader costs nothing, and one that is too slow is told so.

use std::sync::Arc;

use lessor_engine::authority::{Change, HolderId, OutOfRange, Revision};
use tokio::sync::watch;

use super::answer::Stopped;
use super::inbox::Inbox;
use super::work::Work;

/// How many changes are looked at at once.
pub const CHANGES_AT_ONCE: usize = 1024;

/// A stream of changes.
#[derive(Debug)]
pub struct Watch {
    inbox: Arc<Inbox>,
    reached: Revision,
    only: Option<HolderId>,
    latest: watch::Receiver<Revision>,
}

/// Why a watch cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WatchError {
    /// Changes after the revision reached are no longer kept, or it is of another incarnation: list the leases, and watch from
    /// the revision of that list.
    #[error(transparent)]
    OutOfRange(OutOfRange),
    /// The shell ended.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

impl Watch {
    pub(super) fn new(inbox: Arc<Inbox>, latest: watch::Receiver<Revision>, after: Revision) -> Watch {
        Watch { inbox, reached: after, only: None, latest }
    }

    /// The same for the leases of one holder, where one is named.
    #[must_use]
    pub fn only(self, only: Option<HolderId>) -> Watch {
        Watch { only, ..self }
    }

    /// The revision up to which every change of interest was returned: a later watch resumes from it.
    #[must_use]
    pub fn reached(&self) -> Revision {
        self.reached
    }

    /// Looks whether the watch can go on from the revision reached.
    ///
    /// # Errors
    /// Where it cannot.
    pub async fn look(&self) -> Result<(), WatchError> {
        self.changes(0).await.map(drop)
    }

    /// Waits for changes, looks at those after the revision reached, at most [`CHANGES_AT_ONCE`], and returns those of interest:
    /// at least one, unless the watch is of one holder. All of them are durable. Nothing is lost where the wait is given up.
    ///
    /// # Errors
    /// Where the watch cannot go on.
    pub async fn next(&mut self) -> Result<Vec<Change>, WatchError> {
        loop {
            let reached = self.reached;
            self.latest.wait_for(|latest| *latest != reached).await.map_err(|_| Stopped)?;
            let (changes, last) = self.changes(CHANGES_AT_ONCE).await?;
            if last != reached {
                self.reached = last;
                return Ok(changes);
            }
        }
    }

    /// Those of interest after the revision reached, and the last of so many at most.
    async fn changes(&self, most: usize) -> Result<(Vec<Change>, Revision), WatchError> {
        let (reached, only) = (self.reached, self.only);
        let (work, changes) = Work::read(move |view| view.changes(reached, most, only));
        self.inbox.put_for_watch(work);
        changes.await?.map_err(WatchError::OutOfRange)
    }
}
