//! From a storage to the parts of a shell, which wait for somebody to drive them: threads, or a simulation.

use std::sync::Arc;

use lessor_engine::authority::{Authority, Event};
use lessor_models::time::Timestamp;
use tokio::sync::watch;

use super::committer::Committer;
use super::counters::Counters;
use super::engine::Engine;
use super::error::ShellError;
use super::fleet_id::{fleet_contents, fleet_id};
use super::handle::Handle;
use super::inbox::Inbox;
use super::options::{FleetChange, ShellOptions};
use super::places::Places;
use super::recovery::{Ground, RecoveryReport, placed, recover};
use crate::journal::{
    CommitBuffer, Finding, FleetContents, FleetId, History, Journal, JournalError, KnownContents, Storage, forget_old,
    read_contents, write_contents,
};
use crate::wire::{RecordRef, write_state};

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
    let ShellOptions { fleet, terms, prices, mut placement, listener, fleet_change, limits, journal } = options;
    let ground = Ground { fleet, terms, prices: &prices };
    let (id, contents) = (fleet_id(fleet), fleet_contents(fleet));
    let mut history = History::read(storage.clone(), id)?;
    let (known, is_changed) = known_contents((&storage, &history), (contents, fleet_change))?;
    if is_changed && known.is_some() {
        // What was decided on another fleet is carried out on none but that.
        let commits = commits_to_carry_out(storage.clone(), id)?;
        if commits > 0 {
            return Err(ShellError::FleetChangedUnderWay { commits });
        }
    }
    let (recovered, mut recovery) = recover(&mut history, ground, &mut placement)?;
    if !is_changed && known.is_none_or(|known| !known.is_proven) {
        // Before anything is begun in the journal, which does not do without it from then on.
        write_contents(&storage, contents, known.map_or(0, |known| known.since))?;
    }
    let mut journal = Journal::open(history, id, journal)?;
    let mut authority = match recovered {
        Some(mut authority) if is_changed => {
            authority.look_for_deficits();
            settle(&journal, (&authority, &storage))?;
            write_contents(&storage, contents, recovery.sequence)?;
            recovery.bytes = 0;
            authority
        }
        Some(authority) => authority,
        None => placed(begin(&mut journal, ground, beginning)?, &mut placement),
    };
    if authority.retained() != Some(terms.retention()) {
        let now = authority.now();
        record(&mut journal, &mut authority, (now, Event::Retain(terms.retention())))?;
    }
    let (latest, watching) = watch::channel(authority.revision());
    let inbox = Arc::new(Inbox::new(limits.waiting_max));
    let counters = Arc::new(Counters::default());
    let engine = Engine::new(authority, inbox.clone(), (limits, recovery.bytes));
    let places = Arc::new(Places::new(limits.under_way_max));
    let handle = Handle { inbox: inbox.clone(), counters: counters.clone(), places, latest: watching };
    let committer = Committer { journal, storage, inbox, counters, latest, listener, snapshot: None };
    Ok(Parts { engine, committer, handle, recovery })
}

/// What a directory remembers of its fleet's capacities, and whether this fleet has others, or may have.
///
/// # Errors
/// A fleet that has, or may have, and is not accepted.
fn known_contents<S: Storage>(
    (storage, history): (&S, &History<S>),
    (contents, fleet_change): (FleetContents, FleetChange),
) -> Result<(Option<KnownContents>, bool), ShellError> {
    if history.is_new() {
        // What a start left that was cut short before there was a journal.
        return Ok((None, false));
    }
    let is_accepted = fleet_change == FleetChange::Accepted;
    let is_whole = !history.findings().iter().any(|finding| matches!(finding, Finding::DamagedSnapshot { .. }));
    let known = match read_contents(storage) {
        // Whatever it said, this fleet is the one that counts; and of that fleet is at least the newest snapshot.
        Err(JournalError::ContentsDamaged | JournalError::ContentsMissing) if is_accepted && is_whole => {
            return Ok((None, true));
        }
        known => known?,
    };
    let is_changed = known.is_some_and(|known| known.contents != contents);
    if is_changed && !is_accepted {
        return Err(ShellError::FleetChanged);
    }
    known.map_or(Ok(()), |known| known.check(history.snapshot_sequence()))?;
    Ok((known, is_changed))
}

/// An authority without a history: that it began, when, and how long it keeps answers and ended leases, is its first record.
fn begin<S: Storage>(journal: &mut Journal<S>, ground: Ground<'_>, now: Timestamp) -> Result<Authority, ShellError> {
    let mut authority = Authority::new(ground.fleet, ground.terms, now)?.with_prices(ground.prices);
    record(journal, &mut authority, (now, Event::Retain(ground.terms.retention())))?;
    Ok(authority)
}

/// Applies an event before anybody is served, and makes it durable.
fn record<S: Storage>(
    journal: &mut Journal<S>,
    authority: &mut Authority,
    (now, event): (Timestamp, Event),
) -> Result<(), ShellError> {
    let decision = authority.apply(now, &event, &mut Vec::new());
    let mut commit = CommitBuffer::default();
    commit.record(|out| RecordRef { now, event: &event, decision: &decision }.write(out));
    journal.append(&mut commit)?;
    Ok(())
}

/// How many commits there are after the snapshot that a history begins with.
fn commits_to_carry_out<S: Storage>(storage: S, fleet: FleetId) -> Result<u64, ShellError> {
    let mut history = History::read(storage, fleet)?;
    let mut commits = 0;
    while history.next_commit()?.is_some() {
        commits += 1;
    }
    Ok(commits)
}

/// Makes the state on another fleet durable as a snapshot, before anything rests on it: what was decided on the fleet before is
/// never carried out on this one again.
fn settle<S: Storage>(journal: &Journal<S>, (authority, storage): (&Authority, &S)) -> Result<(), ShellError> {
    let mut writer = journal.snapshot()?;
    write_state(authority.snapshot(), |part| writer.part(part))?;
    writer.finish()?;
    Ok(forget_old(storage)?)
}
