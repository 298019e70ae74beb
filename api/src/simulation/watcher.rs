//! A simulated watcher: it keeps a copy of all leases by a stream of changes that breaks, resumes, and falls behind.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use lessor_engine::authority::{Change, Filter, Lease, LeaseId, Revision};
use lessor_models::job::ServiceClass;

use super::invariants::Violation;
use super::invariants::continuity;
use super::poll::poll_once;
use super::witness::Witness;
use crate::shell::{Handle, Pending, Watch, WatchError};

/// The next changes, and the watch that they came from.
type Next = Pin<Box<dyn Future<Output = (Watch, Result<Vec<Change>, WatchError>)>>>;

/// What comes to a watcher over its stream, in order.
#[derive(Clone, Debug)]
pub(super) enum Told {
    /// Changes.
    Changes(Vec<Change>),
    /// Every lease that is remembered, as of a revision.
    List(Vec<Lease>, Revision),
}

/// A watcher.
#[derive(Default)]
pub(super) struct Watcher {
    /// Streams so far; what comes over an earlier one is lost.
    pub(super) stream: u64,
    /// Up to where it knows everything; none before its first list.
    received: Option<Revision>,
    copy: BTreeMap<LeaseId, Lease>,
    next: Option<Next>,
    listing: Option<Pending<(Vec<Lease>, Revision)>>,
    awaits_list: bool,
    /// How often it was out of range, and listed.
    pub(super) lists: u64,
}

impl std::fmt::Debug for Watcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watcher")
            .field("stream", &self.stream)
            .field("received", &self.received)
            .finish_non_exhaustive()
    }
}

impl Watcher {
    /// Its stream breaks; the next one resumes from what it received.
    pub(super) fn broken(&mut self) {
        (self.next, self.listing, self.awaits_list) = (None, None, false);
        self.stream += 1;
    }

    /// Asks the server for what there is, and says what goes out over the stream.
    pub(super) fn poll(&mut self, handle: &Handle) -> Vec<Told> {
        let mut told = Vec::new();
        if let Some(listing) = &mut self.listing {
            match poll_once(listing) {
                Some(Ok((leases, revision))) => told.push(Told::List(leases, revision)),
                Some(Err(_)) => self.awaits_list = false,
                None => return told,
            }
            self.listing = None;
        }
        if self.awaits_list {
            return told;
        }
        let Some(received) = self.received else {
            self.list(handle);
            return told;
        };
        let mut next = self.next.take().unwrap_or_else(|| following(handle.watch(received)));
        while let Some((watch, came)) = poll_once(&mut next) {
            match came {
                Ok(changes) => told.push(Told::Changes(changes)),
                Err(WatchError::OutOfRange(_)) => {
                    self.list(handle);
                    return told;
                }
                Err(WatchError::Stopped(_)) => return told,
            }
            next = following(watch);
        }
        self.next = Some(next);
        told
    }

    fn list(&mut self, handle: &Handle) {
        let all = Filter::default();
        self.listing = handle
            .read(ServiceClass::A, move |view| (view.leases(None, &all, usize::MAX).leases, view.revision()))
            .ok();
        self.awaits_list = self.listing.is_some();
        self.lists += 1;
    }

    /// Takes in what came over the stream.
    ///
    /// # Errors
    /// A gap, or something that never was.
    pub(super) fn hear(&mut self, told: Told, witness: &Witness) -> Result<(), Violation> {
        match told {
            Told::List(leases, revision) => {
                self.awaits_list = false;
                self.received = Some(revision);
                self.copy =
                    leases.into_iter().filter(|lease| !lease.is_returned).map(|lease| (lease.id, lease)).collect();
            }
            Told::Changes(changes) => {
                let received = self.received.unwrap_or_default();
                self.received = Some(continuity::follow(received, &changes, |number| witness.change(number).copied())?);
                for Change { lease, .. } in changes {
                    if lease.is_returned {
                        self.copy.remove(&lease.id);
                    } else {
                        self.copy.insert(lease.id, lease);
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether its copy is what the authority has, once it knows of every change.
    ///
    /// # Errors
    /// A copy that is behind although nothing was in its way, or wrong.
    pub(super) fn compare(&self, witness: &Witness) -> Result<(), Violation> {
        let Some(authority) = witness.authority() else { return Ok(()) };
        let page = authority.leases(None, &Filter::default(), usize::MAX);
        let held = page.leases.into_iter().filter(|lease| !lease.is_returned);
        let is_same =
            self.received == Some(witness.revision()) && self.copy.values().copied().eq(sorted(held.collect()));
        if is_same { Ok(()) } else { Err(Violation::CopyDiffers { at: self.received.unwrap_or_default() }) }
    }
}

fn sorted(mut leases: Vec<Lease>) -> Vec<Lease> {
    leases.sort_by_key(|lease| lease.id);
    leases
}

fn following(mut watch: Watch) -> Next {
    Box::pin(async move {
        let came = watch.next().await;
        (watch, came)
    })
}
