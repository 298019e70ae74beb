//! `lessor lease watch`: a line for each change, as it comes.

use std::time::Duration;

use tonic::transport::Channel;
use tonic::{Status, Streaming};

use super::connection::connect;
use super::error::LeaseError;
use super::shown::{lease_line, revision, watch_json};
use crate::cli::LeaseWatchArgs;
use crate::client::{BootInstant, Repeats};
use crate::console::say;
use crate::ending::Ending;
use crate::proto::lease_service_client::LeaseServiceClient;
use crate::proto::watch_response::Event;
use crate::proto::{Revision, WatchRequest, WatchResponse};

pub(super) async fn run(args: &LeaseWatchArgs) -> Result<Ending, LeaseError> {
    let after = args.after.as_deref().map(read_revision).transpose()?;
    let message = WatchRequest { after, holder: args.holder.clone().unwrap_or_default(), fences: args.fences };
    let mut watch = Watch { calls: connect(&args.server).await?, message, stream: None };
    let mut left = args.changes;
    while left != Some(0) {
        let Some(response) = watch.next(args.server.timeout).await? else { break };
        let is_change = matches!(response.event, Some(Event::Changed(_)));
        let is_fence = matches!(response.event, Some(Event::Fence(_)));
        if is_change || is_fence || args.bookmarks {
            tell(args, &response);
        }
        if is_change {
            left = left.map(|left| left - 1);
        }
    }
    Ok(Ending::Done)
}

/// A watch that goes on after a failure that passes, from the last revision that it heard of. It has no deadline: it lasts until
/// one of the two ends it.
struct Watch {
    calls: LeaseServiceClient<Channel>,
    /// What is asked for when the watch goes on.
    message: WatchRequest,
    stream: Option<Streaming<WatchResponse>>,
}

impl Watch {
    /// What the server says next; `None` where it has nothing more to say.
    ///
    /// # Errors
    /// A status that passes by no waiting, or has not passed within the patience.
    async fn next(&mut self, patience: Duration) -> Result<Option<WatchResponse>, LeaseError> {
        let mut repeats: Option<Repeats> = None;
        loop {
            let status = match self.attempt().await {
                Ok(response) => {
                    // Tokens to refuse are told of again until that is confirmed, whatever the revision.
                    let told = response.as_ref().filter(|told| !matches!(told.event, Some(Event::Fence(_))));
                    self.message.after = told.and_then(|told| told.revision).or(self.message.after);
                    return Ok(response);
                }
                Err(status) => status,
            };
            self.stream = None;
            // Patience counts from the first failure on.
            let repeats = repeats.get_or_insert_with(|| Repeats::new(BootInstant::now().after(patience)));
            repeats.pause_after(status).await?;
        }
    }

    async fn attempt(&mut self) -> Result<Option<WatchResponse>, Status> {
        let stream = match self.stream.take() {
            Some(stream) => stream,
            None => self.calls.watch(self.message.clone()).await?.into_inner(),
        };
        self.stream.insert(stream).message().await
    }
}

fn tell(args: &LeaseWatchArgs, response: &WatchResponse) {
    if args.server.json {
        return say(&watch_json(response).to_string());
    }
    let at = response.revision.as_ref().map(revision).unwrap_or_default();
    match &response.event {
        Some(Event::Changed(lease)) => say(&format!("{at} {}", lease_line(lease))),
        Some(Event::Fence(fence)) => {
            let lease = fence.lease.clone().unwrap_or_default();
            let keys = if fence.fence_keys.is_empty() {
                String::new()
            } else {
                format!(" on {}", fence.fence_keys.join(", "))
            };
            say(&format!("{at} refuse token {}{keys}: {}", lease.token, lease_line(&lease)));
        }
        Some(Event::Bookmark(_)) | None => say(&format!("{at} nothing of interest until here")),
    }
}

/// `INCARNATION.NUMBER`.
fn read_revision(text: &str) -> Result<Revision, LeaseError> {
    let parts = text.split_once('.');
    let read = parts.and_then(|(incarnation, number)| {
        Some(Revision { incarnation: incarnation.parse().ok()?, number: number.parse().ok()? })
    });
    read.ok_or_else(|| LeaseError::Malformed { text: text.to_owned(), what: "a revision; write INCARNATION.NUMBER" })
}
