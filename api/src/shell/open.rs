//! From a storage to the parts of a shell, which wait for somebody to drive them: threads, or a simulation.

use std::sync::Arc;

use lessor_engine::authority::{Authority, Event};
use lessor_models::time::Timestamp;
use tokio::sync::watch;

use super::committer::Committer;
use super::counters::Counters;
use super::engine::Engine;
use super::error::ShellError;
use super::fleet_id::fleet_id;
use super::handle::Handle;
use super::inbox::Inbox;
use super::recovery::{Ground, RecoveryReport, recover};
use super::run::ShellOptions;
use crate::journal::{CommitBuffer, History, Journal, Storage};
use crate::wire::RecordRef;

/// A shell that has recovered and that nobody drives yet.
#[derive(Debug)]
pub(crate) struct Parts<S: Storage> {
    /// Applies what waits.
    pub(crate) engine: Engine,
    /// Makes it durable, and then tells.
    pub(crate) committer: Committer<S>,
    /// The way in.
    pub(crate) handle: Handle,
    /// What the recovery found.
    pub(crate) recovery: RecoveryReport,
}

/// Recovers what a storage holds. An authority without a history begins at the instant given.
///
/// # Errors
/// A journal that cannot be opened, or terms that cannot be used. Nothing was changed but that a torn tail was cut.
pub(crate) fn open<S: Storage>(
    storage: S,
    options: ShellOptions<'_>,
    beginning: Timestamp,
) -> Result<Parts<S>, ShellError> {
    let ShellOptions { fleet, terms, placement, listener, limits, journal } = options;
    let id = fleet_id(fleet);
    let mut history = History::read(storage.clone(), id)?;
    let (recovered, recovery) = recover(&mut history, Ground { fleet, terms })?;
    let mut journal = Journal::open(history, id, journal)?;
    let authority = match recovered {
        Some(authority) => authority,
        None => begin(&mut journal, Ground { fleet, terms }, beginning)?,
    };
    let authority = match placement {
        Some(make) => authority.with_placement(make),
        None => authority,
    };
    let (latest, watching) = watch::channel(authority.revision());
    let inbox = Arc::new(Inbox::new(limits.waiting_max));
    let counters = Arc::new(Counters::default());
    let engine = Engine::new(authority, inbox.clone(), (limits, recovery.bytes));
    let handle = Handle { inbox: inbox.clone(), counters: counters.clone(), latest: watching };
    let committer = Committer { journal, storage, inbox, counters, latest, listener, snapshot: None };
    Ok(Parts { engine, committer, handle, recovery })
}

/// An authority without a history: that it began, and when, is its first record.
fn begin<S: Storage>(journal: &mut Journal<S>, ground: Ground<'_>, now: Timestamp) -> Result<Authority, ShellError> {
    let mut authority = Authority::new(ground.fleet, ground.terms, now)?;
    let decision = authority.apply(now, &Event::Tick, &mut Vec::new());
    let mut commit = CommitBuffer::default();
    commit.record(|out| RecordRef { now, event: &Event::Tick, decision: &decision }.write(out));
    journal.append(&mut commit)?;
    Ok(authority)
}
