//! What somebody must hear at once: a lease was revoked, or its token must be refused from now on.
//!
//! Notices are rare and are told as they happen. Whoever came later, or heard too slowly, finds the same in the state of the
//! authority: every revoked lease that has not returned what it holds (`revoked`).

use lessor_engine::authority::{Effect, Lease, LeaseId};
use tokio::sync::broadcast::{self, error::RecvError};

use crate::shell::Listener;

/// Notices kept for whoever is slow to hear them; beyond that it looks at the state instead.
const KEPT: usize = 1_024;

/// One notice. What it is about is durable.
#[derive(Clone, Debug)]
pub(crate) enum Notice {
    /// The lessor ended a lease: its holder has until the notice is over.
    Revoked(Box<Lease>),
    /// The notice is over: what the lease protects refuses its token.
    Fence {
        /// Which lease.
        lease: LeaseId,
    },
}

/// Where notices come from.
#[derive(Clone, Debug)]
pub(crate) struct Notices(broadcast::Sender<Notice>);

/// Notices from some moment on.
#[derive(Debug)]
pub(crate) struct Hearing(broadcast::Receiver<Notice>);

/// Notices were missed: the state has what they said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Missed;

impl Notices {
    pub(crate) fn new() -> Notices {
        Notices(broadcast::Sender::new(KEPT))
    }

    /// Who makes notices of the shell's effects.
    pub(crate) fn listener(&self) -> Listener {
        let notices = self.0.clone();
        Box::new(move |effect| {
            let notice = match effect {
                Effect::Changed(change) => Notice::Revoked(Box::new(change.lease)),
                Effect::Fence { lease, .. } => Notice::Fence { lease: *lease },
                Effect::Answer(_) | Effect::Posted(_) | Effect::Deficit { .. } => return,
            };
            // With nobody listening the state is enough.
            drop(notices.send(notice));
        })
    }

    /// Notices from now on.
    pub(crate) fn hear(&self) -> Hearing {
        Hearing(self.0.subscribe())
    }
}

impl Hearing {
    /// The next notice; nothing is lost where the wait is given up.
    pub(crate) async fn next(&mut self) -> Result<Notice, Missed> {
        match self.0.recv().await {
            Ok(notice) => Ok(notice),
            Err(RecvError::Lagged(_)) => Err(Missed),
            // The shell has ended, and whoever hears is told that elsewhere.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// The next notice for somebody who may not want any.
pub(crate) async fn next(hearing: &mut Option<Hearing>) -> Result<Notice, Missed> {
    match hearing {
        Some(hearing) => hearing.next().await,
        None => std::future::pending().await,
    }
}
