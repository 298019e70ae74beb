//! What happened, as clients and a watch saw it: calls with when they began and were acknowledged, and changes by revision.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::super::error::LeasesError;
use super::Calls;
use crate::proto::watch_response::Event;
use crate::proto::{Lease, Refusal, RequestLeaseRequest, Revision, WatchRequest};

/// How long a watch may take to what is listed.
const CATCH_UP: Duration = Duration::from_mins(1);

/// A call that was acknowledged. Where a kill came between, it begins with its first sending and ends with the answer to its
/// repeat.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) begun: Instant,
    pub(super) ended: Instant,
    pub(super) answer: Answer,
}

/// What was acknowledged.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Granted(Box<RequestLeaseRequest>, Vec<Lease>),
    Refused(Box<RequestLeaseRequest>, Refusal),
    Renewed(Lease),
    Released(Lease),
}

impl Call {
    /// A call that was acknowledged now.
    pub(super) fn since(begun: Instant, answer: Answer) -> Call {
        Call { begun, ended: Instant::now(), answer }
    }

    /// The leases that it changed, as they were acknowledged.
    pub(super) fn changed(&self) -> &[Lease] {
        match &self.answer {
            Answer::Granted(_, leases) => leases,
            Answer::Renewed(lease) | Answer::Released(lease) => std::slice::from_ref(lease),
            Answer::Refused(..) => &[],
        }
    }

    pub(super) fn is_refused(&self) -> bool {
        matches!(self.answer, Answer::Refused(..))
    }
}

/// Changes of leases in the order of their revisions, as a watch over all lives was told.
#[derive(Clone, Debug, Default)]
pub(super) struct Changes(Arc<Mutex<Vec<(Revision, Lease)>>>);

impl Changes {
    /// The last revision that the watch was told of.
    fn last(&self) -> Revision {
        let changes = self.0.lock().expect("nobody panics while it holds the changes");
        changes.last().map_or(Revision { incarnation: 1, number: 0 }, |(revision, _)| *revision)
    }

    /// Waits until the watch has come to a revision.
    ///
    /// # Errors
    /// A watch that does not come there in time.
    pub(super) async fn reach(&self, revision: Revision) -> Result<(), LeasesError> {
        let begun = Instant::now();
        while self.last().number < revision.number {
            if begun.elapsed() > CATCH_UP {
                let last = self.last().number;
                return Err(LeasesError::Behind { last, listed: revision.number });
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    /// The changes: the first has revision 1, and each the next one.
    pub(super) fn take(&self, violations: &mut Vec<String>) -> Vec<Lease> {
        let changes = std::mem::take(&mut *self.0.lock().expect("nobody panics while it holds the changes"));
        for ((revision, lease), number) in changes.iter().zip(1..) {
            if *revision != (Revision { incarnation: 1, number }) {
                violations.push(format!("{}: change {number} came as {revision:?}", lease.name));
                break;
            }
        }
        changes.into_iter().map(|(_, lease)| lease).collect()
    }
}

/// Watches from the last change on that was seen, until the server is gone.
pub(super) async fn follow(mut calls: Calls, changes: Changes) {
    let asked = WatchRequest { after: Some(changes.last()), ..WatchRequest::default() };
    let Ok(stream) = calls.watch(asked).await else { return };
    let mut stream = stream.into_inner();
    while let Ok(Some(told)) = stream.message().await {
        if let (Some(revision), Some(Event::Changed(lease))) = (told.revision, told.event) {
            changes.0.lock().expect("nobody panics while it holds the changes").push((revision, lease));
        }
    }
}
