//! Small files beside a journal: a few bytes and the BLAKE3 digest that proves them.

use super::error::JournalError;
use super::history::read_all;
use super::link::Key;
use super::snapshot::UNFINISHED;
use super::storage::{Storage, StorageFile};

/// All bytes of a file; none where there is no such file.
///
/// # Errors
/// What the system says.
pub(crate) fn get<S: Storage>(storage: &S, name: &str) -> Result<Option<Vec<u8>>, JournalError> {
    let names = storage.list().map_err(|source| JournalError::io("read", name, source))?;
    if names.iter().any(|found| found == name) { read_all(storage, name).map(Some) } else { Ok(None) }
}

/// Whether a digest is that of some bytes.
pub(crate) fn is_proof(digest: &[u8], of: &[u8]) -> bool {
    *digest == Key::of(of).0
}

/// Writes bytes and their digest, durably.
///
/// # Errors
/// Those of [`place`].
pub(crate) fn put<S: Storage>(storage: &S, name: &str, bytes: &[u8]) -> Result<(), JournalError> {
    place(storage, name, &[bytes, &Key::of(bytes).0].concat())
}

/// Writes all bytes of a file, durably.
///
/// # Errors
/// What the system says; what was in the file before is there still, or what is now.
pub(crate) fn place<S: Storage>(storage: &S, name: &str, bytes: &[u8]) -> Result<(), JournalError> {
    let failed = |source| JournalError::io("write", name, source);
    let unfinished = format!("{name}{UNFINISHED}");
    let mut file = storage.create(&unfinished).map_err(failed)?;
    file.write_at(0, bytes).and_then(|()| file.sync()).map_err(failed)?;
    storage.rename(&unfinished, name).and_then(|()| storage.sync_names()).map_err(failed)
}
