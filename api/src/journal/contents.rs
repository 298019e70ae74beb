//! What a data directory remembers of the capacities of its fleet: a hash beside the journal, in a file of its own, so that
//! journals from before it was kept are as good as ever.

use super::error::JournalError;
use super::identity::FleetContents;
use super::snapshot::UNFINISHED;
use super::storage::{Storage, StorageFile};

/// The file.
pub(crate) const CONTENTS: &str = "fleet-contents";

/// What is remembered; none where nothing is. What is there and is no hash is that of no fleet.
///
/// # Errors
/// What the system says.
pub(crate) fn read_contents<S: Storage>(storage: &S) -> Result<Option<FleetContents>, JournalError> {
    let failed = |source| JournalError::io("read", CONTENTS, source);
    if !storage.list().map_err(failed)?.iter().any(|name| name == CONTENTS) {
        return Ok(None);
    }
    let file = storage.open(CONTENTS).map_err(failed)?;
    let mut hash = [0; 32];
    if file.size().map_err(failed)? == hash.len() as u64 {
        file.read_at(0, &mut hash).map_err(failed)?;
    }
    Ok(Some(FleetContents(hash)))
}

/// Remembers, durably.
///
/// # Errors
/// What the system says; what was remembered before is there still, or what is now.
pub(crate) fn write_contents<S: Storage>(storage: &S, contents: FleetContents) -> Result<(), JournalError> {
    let failed = |source| JournalError::io("write", CONTENTS, source);
    let unfinished = format!("{CONTENTS}{UNFINISHED}");
    let mut file = storage.create(&unfinished).map_err(failed)?;
    file.write_at(0, &contents.0).and_then(|()| file.sync()).map_err(failed)?;
    storage.rename(&unfinished, CONTENTS).and_then(|()| storage.sync_names()).map_err(failed)
}
