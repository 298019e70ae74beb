//! `lessor lease watch`: a line for each change, as it comes.

use super::connection::connect;
use super::error::LeaseError;
use super::shown::{lease_line, revision, watch_json};
use crate::cli::LeaseWatchArgs;
use crate::console::say;
use crate::ending::Ending;
use crate::proto::watch_response::Event;
use crate::proto::{Revision, WatchRequest, WatchResponse};

pub(super) async fn run(args: &LeaseWatchArgs) -> Result<Ending, LeaseError> {
    let after = args.after.as_deref().map(read_revision).transpose()?;
    let message = WatchRequest { after, holder: args.holder.clone().unwrap_or_default(), fences: args.fences };
    // A watch has no deadline: it lasts until one of the two ends it.
    let mut stream = connect(&args.server).await?.watch(message).await?.into_inner();
    let mut left = args.changes;
    while left != Some(0) {
        let Some(response) = stream.message().await? else { break };
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
