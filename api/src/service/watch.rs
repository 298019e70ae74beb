//! Changes of leases as a stream. A slow reader costs one page of them: the rest waits in the history of the authority. Where the
//! server ends, what is durable by then is sent as far as its readers take it in time.

use std::sync::Arc;
use std::time::Duration;

use lessor_engine::authority::{Change, FenceKey, HolderId, Lease, LeaseId, OutOfRange, Revision};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio::time::error::Elapsed;
use tonic::{Code, Status};

use super::desk::{Desk, stopped};
use super::failure::Failure;
use super::notices::{self, Hearing, Missed, Notice};
use super::reading::{self, holder};
use super::revoked::Standing;
use super::telling::{lease, revision};
use super::watch_places::WatchPlace;
use crate::proto;
use crate::proto::watch_response::Event;
use crate::serve::Ended;
use crate::shell::{Watch, WatchError};

/// Changes that wait for one slow reader, beside those that its connection holds.
const WAITING_MAX: usize = 64;

/// How long a watch is quiet before it says up to where there was nothing.
const BOOKMARK_EVERY: Duration = Duration::from_secs(2);

/// How long readers may take, once the server ends, for what was not sent by then.
const LAST_CHANGES: Duration = Duration::from_secs(2);

/// How many changes of no interest a watch passes over before it says so sooner: a small part of those from which it can resume.
const PASSED_OVER_MAX: u64 = 4_096;

/// Where changes go.
pub(crate) type Changes = mpsc::Receiver<Result<proto::WatchResponse, Status>>;

/// Watches until the caller ends the stream, the revision is no longer kept, or the server ends.
///
/// # Errors
/// A holder that makes no sense.
pub(crate) fn open(
    desk: Arc<Desk>,
    asked: &proto::WatchRequest,
    (place, ended): (WatchPlace, Ended),
) -> Result<Changes, Failure> {
    let only = if asked.holder.is_empty() { None } else { Some(holder(&asked.holder)?) };
    let after = asked.after.map(reading::revision);
    let watch = desk.handle().watch(after.unwrap_or_else(|| desk.handle().revision())).only(only);
    let (sender, receiver) = mpsc::channel(WAITING_MAX + 1);
    let last = sender.clone().try_reserve_owned().expect("nothing was sent yet");
    let fences = asked.fences.then(|| desk.notices().hear());
    let (told, quiet_until) = (watch.reached(), Instant::now() + BOOKMARK_EVERY);
    let feed =
        Feed { desk, watch, is_resumed: after.is_some(), told, quiet_until, fences, only, sender, last, _place: place };
    tokio::spawn(feed.run(ended));
    Ok(receiver)
}

/// One watch on its way.
struct Feed {
    desk: Arc<Desk>,
    watch: Watch,
    /// Whether the caller named the revision that it begins after.
    is_resumed: bool,
    /// The last revision that the reader was told of.
    told: Revision,
    /// When it is told of one, whatever happens.
    quiet_until: Instant,
    /// Where fences are heard, if they are asked for.
    fences: Option<Hearing>,
    only: Option<HolderId>,
    sender: mpsc::Sender<Result<proto::WatchResponse, Status>>,
    /// Room for why it ended, however slow its reader is.
    last: mpsc::OwnedPermit<Result<proto::WatchResponse, Status>>,
    _place: WatchPlace,
}

impl Feed {
    async fn run(mut self, ended: Ended) {
        self.desk.metrics().watches.inc();
        let reader = self.sender.clone();
        let status = tokio::select! {
            failure = self.feed(ended.clone()) => failure,
            // Its place is free at once, and not only when there is something to tell.
            () = reader.closed() => None,
            () = too_late(ended) => Some(shutting_down()),
        };
        self.desk.metrics().watches.dec();
        if let Some(failure) = status {
            self.last.send(Err(failure.into()));
        }
    }

    /// Sends changes until the reader is gone; says why it ended otherwise.
    async fn feed(&mut self, mut ended: Ended) -> Option<Failure> {
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
                changes = tokio::time::timeout_at(self.quiet_until, self.watch.next()) => Happened::Changes(changes),
                notice = notices::next(&mut self.fences) => Happened::Notice(notice),
                () = ended.wait() => Happened::Ended,
            };
            match happened {
                Happened::Ended => return self.rest().await,
                Happened::Changes(Ok(Ok(changes))) => self.send(&changes).await.ok()?,
                Happened::Changes(Ok(Err(error))) => {
                    if matches!(error, WatchError::OutOfRange(_)) {
                        self.desk.metrics().slow_watches.inc();
                    }
                    return Some(failure(error));
                }
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

    /// Sends what is durable by now, and up to where that is.
    async fn rest(&mut self) -> Option<Failure> {
        let latest = self.desk.handle().revision();
        while self.watch.reached() < latest {
            match self.watch.next().await {
                Ok(changes) => self.send(&changes).await.ok()?,
                Err(error) => return Some(failure(error)),
            }
        }
        self.bookmark().await.ok()?;
        Some(shutting_down())
    }

    /// Says which tokens must be refused as things stand. The error is why the watch ended, if not for its reader.
    async fn standing_fences(&mut self) -> Result<(), Option<Failure>> {
        let standing = self.desk.revoked(self.only).await.map_err(Some)?;
        for Standing { lease, keys, .. } in standing.into_iter().filter(|standing| standing.is_fenced) {
            self.say_fence(&lease, &keys).await.map_err(|_| None)?;
        }
        Ok(())
    }

    /// Says that the token of a lease must be refused, if it is of interest and has not returned what it holds.
    async fn fence(&mut self, id: LeaseId) -> Result<(), Option<Failure>> {
        let look = self.desk.look(move |view| view.lease(id).map(|lease| (lease, view.keys(id).to_vec())));
        match look.await.map_err(Some)? {
            Some((lease, keys)) if !lease.is_returned && self.only.is_none_or(|only| lease.holder == only) => {
                self.say_fence(&lease, &keys).await.map_err(|_| None)
            }
            _ => Ok(()),
        }
    }

    async fn say_fence(&mut self, fenced: &Lease, keys: &[FenceKey]) -> Result<(), ReaderIsGone> {
        let fence_keys = keys.iter().map(|key| key.as_str().to_owned()).collect();
        let fence = proto::Fence { lease: Some(lease(self.desk.names(), fenced)), fence_keys };
        self.say(self.watch.reached(), Event::Fence(fence)).await
    }

    /// Sends changes, and a bookmark where those of others went on for long.
    async fn send(&mut self, changes: &[Change]) -> Result<(), ReaderIsGone> {
        for change in changes {
            let changed = lease(self.desk.names(), &change.lease);
            self.say(change.revision, Event::Changed(changed)).await?;
        }
        let passed_over = self.watch.reached().number - self.told.number;
        if passed_over >= PASSED_OVER_MAX || (passed_over > 0 && Instant::now() >= self.quiet_until) {
            self.bookmark().await?;
        }
        Ok(())
    }

    async fn bookmark(&mut self) -> Result<(), ReaderIsGone> {
        self.say(self.watch.reached(), Event::Bookmark(proto::Bookmark {})).await
    }

    async fn say(&mut self, at: Revision, event: Event) -> Result<(), ReaderIsGone> {
        (self.told, self.quiet_until) = (at, Instant::now() + BOOKMARK_EVERY);
        let response = proto::WatchResponse { revision: Some(revision(at)), event: Some(event) };
        self.sender.send(Ok(response)).await.map_err(|_| ReaderIsGone)
    }
}

/// What a watch waits for.
enum Happened {
    Changes(Result<Result<Vec<Change>, WatchError>, Elapsed>),
    Notice(Result<Notice, Missed>),
    Ended,
}

/// Waits until the server has ended for as long as readers may take.
async fn too_late(mut ended: Ended) {
    ended.wait().await;
    tokio::time::sleep(LAST_CHANGES).await;
}

fn shutting_down() -> Failure {
    Failure::new(Code::Unavailable, "SHUTTING_DOWN", "the server is shutting down; resume elsewhere")
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
