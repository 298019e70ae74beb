//! Changes of leases as a stream. A slow reader costs one page of them: the rest waits in the history of the authority.

use std::sync::Arc;
use std::time::Duration;

use lessor_engine::authority::{Change, HolderId, OutOfRange, Revision};
use tokio::sync::mpsc;
use tonic::{Code, Status};

use super::desk::{Desk, stopped};
use super::failure::Failure;
use super::reading::{self, holder};
use super::telling::{lease, revision};
use crate::proto;
use crate::proto::watch_response::Event;
use crate::serve::Ended;
use crate::shell::{Watch, WatchError};

/// Changes that wait for one slow reader, beside those that its connection holds.
const WAITING_MAX: usize = 64;

/// How long a watch is quiet before it says up to where there was nothing.
const BOOKMARK_EVERY: Duration = Duration::from_secs(2);

/// Where changes go.
pub(crate) type Changes = mpsc::Receiver<Result<proto::WatchResponse, Status>>;

/// Watches until the caller ends the stream, the revision is no longer kept, or the server ends.
///
/// # Errors
/// A holder that makes no sense.
pub(crate) fn open(desk: Arc<Desk>, asked: &proto::WatchRequest, ended: Ended) -> Result<Changes, Failure> {
    let only = if asked.holder.is_empty() { None } else { Some(holder(&asked.holder)?) };
    let after = asked.after.map_or_else(|| desk.handle().revision(), reading::revision);
    let watch = desk.handle().watch(after);
    let (sender, receiver) = mpsc::channel(WAITING_MAX);
    let feed = Feed { desk, watch, only, sender };
    tokio::spawn(feed.run(ended));
    Ok(receiver)
}

/// One watch on its way.
struct Feed {
    desk: Arc<Desk>,
    watch: Watch,
    only: Option<HolderId>,
    sender: mpsc::Sender<Result<proto::WatchResponse, Status>>,
}

impl Feed {
    async fn run(mut self, mut ended: Ended) {
        self.desk.metrics().watches.inc();
        let status = tokio::select! {
            failure = self.feed() => failure,
            () = ended.wait() => {
                Some(Failure::new(Code::Unavailable, "SHUTTING_DOWN", "the server is shutting down; resume elsewhere"))
            }
        };
        self.desk.metrics().watches.dec();
        if let Some(failure) = status {
            // A reader that is gone needs no reason, and one that takes nothing is not waited for.
            let _ = self.sender.try_send(Err(failure.into()));
        }
    }

    /// Sends changes until the reader is gone; says why it ended otherwise.
    async fn feed(&mut self) -> Option<Failure> {
        self.bookmark().await.ok()?;
        loop {
            match tokio::time::timeout(BOOKMARK_EVERY, self.watch.next()).await {
                Ok(Ok(changes)) => self.send(&changes).await.ok()?,
                Ok(Err(error)) => return Some(failure(error)),
                Err(_) => self.bookmark().await.ok()?,
            }
        }
    }

    /// Sends changes of interest, and a bookmark where the last ones were of none.
    async fn send(&self, changes: &[Change]) -> Result<(), ReaderIsGone> {
        let is_of_interest = |change: &&Change| self.only.is_none_or(|only| change.lease.holder == only);
        for change in changes.iter().filter(is_of_interest) {
            let changed = lease(self.desk.names(), &change.lease);
            self.say(change.revision, Event::Changed(changed)).await?;
        }
        match changes.last() {
            Some(last) if !is_of_interest(&last) => self.bookmark().await,
            _ => Ok(()),
        }
    }

    async fn bookmark(&self) -> Result<(), ReaderIsGone> {
        self.say(self.watch.reached(), Event::Bookmark(proto::Bookmark {})).await
    }

    async fn say(&self, at: Revision, event: Event) -> Result<(), ReaderIsGone> {
        let response = proto::WatchResponse { revision: Some(revision(at)), event: Some(event) };
        self.sender.send(Ok(response)).await.map_err(|_| ReaderIsGone)
    }
}

/// Nobody reads the stream any more.
struct ReaderIsGone;

fn failure(error: WatchError) -> Failure {
    match error {
        WatchError::OutOfRange(OutOfRange { oldest, latest, .. }) => {
            let words =
                format!("the revision is not among those kept, {oldest} to {latest}; list the leases, and watch on");
            Failure::new(Code::OutOfRange, "OUT_OF_RANGE", words)
                .with("oldest_revision", &oldest)
                .with("snapshot_revision", &latest)
        }
        WatchError::Stopped(stop) => stopped(stop),
    }
}
