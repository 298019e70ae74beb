//! Changes of leases as a stream. A slow reader costs one page of them: the rest waits in the history of the authority.

use std::sync::Arc;
use std::time::Duration;

use lessor_engine::authority::{Change, FenceKey, HolderId, Lease, LeaseId, OutOfRange, Revision};
use tokio::sync::mpsc;
use tokio::time::error::Elapsed;
use tonic::{Code, Status};

use super::desk::{Desk, stopped};
use super::failure::Failure;
use super::notices::{self, Hearing, Missed, Notice};
use super::reading::{self, holder};
use super::revoked::Standing;
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
    let after = asked.after.map(reading::revision);
    let watch = desk.handle().watch(after.unwrap_or_else(|| desk.handle().revision()));
    let (sender, receiver) = mpsc::channel(WAITING_MAX);
    let fences = asked.fences.then(|| desk.notices().hear());
    let feed = Feed { desk, watch, is_resumed: after.is_some(), fences, only, sender };
    tokio::spawn(feed.run(ended));
    Ok(receiver)
}

/// One watch on its way.
struct Feed {
    desk: Arc<Desk>,
    watch: Watch,
    /// Whether the caller named the revision that it begins after.
    is_resumed: bool,
    /// Where fences are heard, if they are asked for.
    fences: Option<Hearing>,
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
        // Nothing is said of a revision before it is known to be one.
        if self.is_resumed
            && let Err(error) = self.watch.look().await
        {
            return Some(failure(error));
        }
        self.bookmark().await.ok()?;
        if self.fences.is_some()
            && let Err(ended) = self.standing_fences().await
        {
            return ended;
        }
        loop {
            let happened = tokio::select! {
                changes = tokio::time::timeout(BOOKMARK_EVERY, self.watch.next()) => Happened::Changes(changes),
                notice = notices::next(&mut self.fences) => Happened::Notice(notice),
            };
            match happened {
                Happened::Changes(Ok(Ok(changes))) => self.send(&changes).await.ok()?,
                Happened::Changes(Ok(Err(error))) => return Some(failure(error)),
                Happened::Changes(Err(_)) => self.bookmark().await.ok()?,
                Happened::Notice(Ok(Notice::Revoked(_))) => {}
                Happened::Notice(Ok(Notice::Fence { lease })) => {
                    if let Err(ended) = self.fence(lease).await {
                        return ended;
                    }
                }
                Happened::Notice(Err(Missed)) => {
                    if let Err(ended) = self.standing_fences().await {
                        return ended;
                    }
                }
            }
        }
    }

    /// Says which tokens must be refused as things stand. The error is why the watch ended, if not for its reader.
    async fn standing_fences(&self) -> Result<(), Option<Failure>> {
        let standing = self.desk.revoked(self.only).await.map_err(Some)?;
        for Standing { lease, keys, .. } in standing.into_iter().filter(|standing| standing.is_fenced) {
            self.say_fence(&lease, &keys).await.map_err(|_| None)?;
        }
        Ok(())
    }

    /// Says that the token of a lease must be refused, if it is of interest and has not returned what it holds.
    async fn fence(&self, id: LeaseId) -> Result<(), Option<Failure>> {
        let look = self.desk.look(move |view| view.lease(id).map(|lease| (lease, view.keys(id).to_vec())));
        match look.await.map_err(Some)? {
            Some((lease, keys)) if !lease.is_returned && self.only.is_none_or(|only| lease.holder == only) => {
                self.say_fence(&lease, &keys).await.map_err(|_| None)
            }
            _ => Ok(()),
        }
    }

    async fn say_fence(&self, fenced: &Lease, keys: &[FenceKey]) -> Result<(), ReaderIsGone> {
        let fence_keys = keys.iter().map(|key| key.as_str().to_owned()).collect();
        let fence = proto::Fence { lease: Some(lease(self.desk.names(), fenced)), fence_keys };
        self.say(self.watch.reached(), Event::Fence(fence)).await
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

/// What a watch waits for.
enum Happened {
    Changes(Result<Result<Vec<Change>, WatchError>, Elapsed>),
    Notice(Result<Notice, Missed>),
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
