//! What a data directory remembers of the capacities of its fleet: a hash beside the journal, in a file of its own, so that
//! journals from before it was kept are as good as ever. A file of format version 6 or later is begun only where it is there, so
//! a journal that has such files and no hash lost it.
//!
//! | bytes | field |
//! |---|---|
//! | 32 | the hash |
//! | 32 | BLAKE3 digest of the hash; earlier versions left it out |

use super::error::JournalError;
use super::header::{self, FileKind};
use super::identity::FleetContents;
use super::small_file;
use super::storage::{Storage, StorageFile};

/// The file.
pub(crate) const CONTENTS: &str = "fleet-contents";

/// The first format version of files that are begun only where there is one.
const REMEMBERED_VERSION: u32 = 6;

/// What is remembered, and whether anything proves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KnownContents {
    pub(crate) contents: FleetContents,
    /// A digest is beside it.
    pub(crate) is_proven: bool,
}

/// What is remembered; none where nothing is, and nothing must be.
///
/// # Errors
/// What is no longer what was written, or no longer there, and what the system says.
pub(crate) fn read_contents<S: Storage>(storage: &S) -> Result<Option<KnownContents>, JournalError> {
    let Some(bytes) = small_file::get(storage, CONTENTS)? else {
        return if must_be_there(storage)? { Err(JournalError::ContentsMissing) } else { Ok(None) };
    };
    let (hash, digest) = bytes.split_first_chunk().ok_or(JournalError::ContentsDamaged)?;
    if !digest.is_empty() && !small_file::is_proof(digest, hash) {
        return Err(JournalError::ContentsDamaged);
    }
    Ok(Some(KnownContents { contents: FleetContents(*hash), is_proven: !digest.is_empty() }))
}

/// Whether a file of the journal is of a version beside which a hash is kept.
fn must_be_there<S: Storage>(storage: &S) -> Result<bool, JournalError> {
    let names = storage.list().map_err(|source| JournalError::io("list", "the data directory", source))?;
    let is_of_a_journal =
        |name: &String| [FileKind::Segment, FileKind::Snapshot].iter().any(|kind| kind.sequence(name).is_some());
    for name in names.iter().filter(|name| is_of_a_journal(name)) {
        let failed = |source| JournalError::io("read", name, source);
        let file = storage.open(name).map_err(failed)?;
        let mut head = [0; header::SIZE];
        if file.size().map_err(failed)? < head.len() as u64 {
            continue;
        }
        file.read_at(0, &mut head).map_err(failed)?;
        if header::version(&head) >= REMEMBERED_VERSION {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Remembers, durably.
///
/// # Errors
/// What the system says; what was remembered before is there still, or what is now.
pub fn write_contents<S: Storage>(storage: &S, contents: FleetContents) -> Result<(), JournalError> {
    small_file::put(storage, CONTENTS, &contents.0)
}

#[cfg(test)]
mod tests {
    use super::super::simulated::SimulatedDisk;
    use super::*;

    const HASH: FleetContents = FleetContents([7; 32]);

    fn holding(bytes: &[u8]) -> SimulatedDisk {
        let disk = SimulatedDisk::new(0);
        disk.put(CONTENTS, bytes);
        disk
    }

    #[test]
    fn what_is_remembered_is_proven_and_any_bit_that_flips_or_is_missing_is_found() {
        let disk = SimulatedDisk::new(0);
        assert_eq!(read_contents(&disk).unwrap(), None);
        write_contents(&disk, HASH).unwrap();
        assert_eq!(read_contents(&disk).unwrap(), Some(KnownContents { contents: HASH, is_proven: true }));
        let whole = disk.bytes(CONTENTS);
        for bit in 0..whole.len() * 8 {
            let damaged = holding(&whole);
            damaged.flip(CONTENTS, bit);
            assert!(matches!(read_contents(&damaged), Err(JournalError::ContentsDamaged)), "bit {bit}");
        }
        for length in (0..whole.len()).filter(|length| *length != 32) {
            assert!(
                matches!(read_contents(&holding(&whole[..length])), Err(JournalError::ContentsDamaged)),
                "{length}"
            );
        }
        assert!(read_contents(&holding(&[&whole[..], &[0]].concat())).is_err());
    }

    #[test]
    fn what_an_earlier_version_remembered_is_read_without_proof() {
        let known = read_contents(&holding(&HASH.0)).unwrap();
        assert_eq!(known, Some(KnownContents { contents: HASH, is_proven: false }));
    }
}
