//! Copies of a journal, for backups and for going back to one.

use super::backup_end::write_end;
use super::contents::{read_contents, write_contents};
use super::error::JournalError;
use super::history::{History, read_all};
use super::identity::Incarnation;
use super::log::{Journal, JournalOptions};
use super::storage::{Storage, StorageFile};

/// Copies what a journal holds into an empty storage: the newest whole snapshot and every commit after it, checked on the way.
/// The journal may be in use: what is appended meanwhile may or may not be in the copy, whole commits only. Returns what was
/// read, to its end.
///
/// # Errors
/// Damage, and what the system says. What was written into the copy is of no use then.
pub fn copy<S: Storage, T: Storage>(mut from: History<S>, to: &T) -> Result<History<S>, JournalError> {
    let known = read_contents(&from.storage)?;
    known.map_or(Ok(()), |known| known.check(from.snapshot_sequence()))?;
    while from.next_commit()?.is_some() {}
    for (name, size) in from.files() {
        let mut bytes = read_all(&from.storage, name)?;
        // What was read is what was checked; beyond it may be a commit that is being written.
        bytes.truncate(usize::try_from(*size).expect("a file fits the address space"));
        let mut file = to.create(name).map_err(|source| JournalError::io("create", name, source))?;
        file.write_at(0, &bytes).map_err(|source| JournalError::io("write", name, source))?;
        file.sync().map_err(|source| JournalError::io("sync", name, source))?;
    }
    if let Some(known) = known {
        write_contents(to, known.contents, known.since)?;
    }
    to.sync_names().map_err(|source| JournalError::io("sync the names of", "the copy", source))?;
    let mut copy = History::read(to.clone(), from.fleet())?;
    while copy.next_commit()?.is_some() {}
    debug_assert!(copy.sequence() == from.sequence(), "a copy ends where the original did");
    Ok(from)
}

/// The same as [`copy`], for a backup, which says where it ends.
///
/// # Errors
/// Those of [`copy`].
pub fn back_up<S: Storage, T: Storage>(from: History<S>, to: &T) -> Result<History<S>, JournalError> {
    let read = copy(from, to)?;
    write_end(to, read.position)?;
    Ok(read)
}

/// Lets a journal begin a new incarnation where it ends: the last step of going back to a backup.
///
/// # Errors
/// Damage, and what the system says.
///
/// # Panics
/// Where the incarnation is no later than the journal's.
pub fn raise<S: Storage>(
    mut history: History<S>,
    to: Incarnation,
    options: JournalOptions,
) -> Result<(), JournalError> {
    while history.next_commit()?.is_some() {}
    assert!(to > history.incarnation(), "an incarnation only rises");
    let (storage, fleet, position) = (history.storage.clone(), history.fleet(), history.position);
    Journal::create(storage, fleet, to, (position, options))?.close()
}
