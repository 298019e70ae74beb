//! Following changes: in order, without a gap, and at the reader's own pace.
//!
//! Nothing is kept for a watch but the revision that it has reached. What comes after is fetched from the engine, which keeps the
//! last changes anyway; so a slow reader costs nothing, and one that is too slow is told so.

use std::sync::Arc;

use lessor_engine::authority::{Change, OutOfRange, Revision};
use tokio::sync::watch;

use super::answer::Stopped;
use super::inbox::Inbox;
use super::work::Work;

/// How many changes come at once.
pub const CHANGES_AT_ONCE: usize = 1024;

/// A stream of changes.
#[derive(Debug)]
pub struct Watch {
    inbox: Arc<Inbox>,
    reached: Revision,
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
        Watch { inbox, reached: after, latest }
    }

    /// The revision up to which every change was returned: a later watch resumes from it.
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

    /// Waits for changes and returns those after the revision reached, at least one and at most [`CHANGES_AT_ONCE`]. All of them
    /// are durable. Nothing is lost where the wait is given up.
    ///
    /// # Errors
    /// Where the watch cannot go on.
    pub async fn next(&mut self) -> Result<Vec<Change>, WatchError> {
        loop {
            let reached = self.reached;
            self.latest.wait_for(|latest| *latest != reached).await.map_err(|_| Stopped)?;
            let changes = self.changes(CHANGES_AT_ONCE).await?;
            if let Some(last) = changes.last() {
                self.reached = last.revision;
                return Ok(changes);
            }
        }
    }

    /// Those after the revision reached, at most so many.
    async fn changes(&self, most: usize) -> Result<Vec<Change>, WatchError> {
        let reached = self.reached;
        let (work, changes) = Work::read(move |view| view.changes(reached, most));
        self.inbox.put_for_watch(work);
        changes.await?.map_err(WatchError::OutOfRange)
    }
}
