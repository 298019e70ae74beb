//! What a data directory remembers of the capacities of its fleet: a hash beside the journal, in a file of its own, so that
//! journals from before it was kept are as good as ever. A file of format version 6 or later is begun only where it is there, so
//! a journal that has such files and no hash lost it.
//!
//! | bytes | field |
//! |---|---|
//! | 32 | the hash |
//! | 8 | the commit after which everything was decided on these capacities; before format version 6 left out |
//! | 32 | BLAKE3 digest of what is before it; the earliest versions left it out |
//!
//! Numbers are little-endian. What was decided on other capacities is never carried out on these: a journal whose snapshots since
//! then are damaged is refused, also where older ones and the commits after them are whole.

use super::error::JournalError;
use super::header::{self, FileKind};
use super::identity::FleetContents;
use super::small_file;
use super::storage::{Storage, StorageFile};

/// The file.
pub(crate) const CONTENTS: &str = "fleet-contents";

/// Bytes of the hash, of the number of a commit, and of the digest.
const HASH: usize = 32;
const NUMBER: usize = 8;
const DIGEST: usize = 32;

/// The first format version of files that are begun only where there is one.
const REMEMBERED_VERSION: u32 = 6;

/// What is remembered, and whether anything proves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KnownContents {
    pub(crate) contents: FleetContents,
    /// The commit after which everything was decided on them.
    pub(crate) since: u64,
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
    read(&bytes).map(Some).ok_or(JournalError::ContentsDamaged)
}

/// What the bytes of the file say, if they are what was written.
fn read(bytes: &[u8]) -> Option<KnownContents> {
    let (hash, rest) = bytes.split_first_chunk::<HASH>()?;
    let contents = FleetContents(*hash);
    let (said, since) = match rest.len() {
        0 => return Some(KnownContents { contents, since: 0, is_proven: false }),
        DIGEST => (HASH, 0),
        _ => (HASH + NUMBER, u64::from_le_bytes(*rest.first_chunk()?)),
    };
    let (said, digest) = bytes.split_at_checked(said)?;
    small_file::is_proof(digest, said).then_some(KnownContents { contents, since, is_proven: true })
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

/// Remembers, durably, the capacities on which everything after a commit is decided.
///
/// # Errors
/// What the system says; what was remembered before is there still, or what is now.
pub fn write_contents<S: Storage>(storage: &S, contents: FleetContents, since: u64) -> Result<(), JournalError> {
    small_file::put(storage, CONTENTS, &[&contents.0[..], &since.to_le_bytes()].concat())
}

impl KnownContents {
    /// Whether a history that begins with the snapshot of a commit, if with any, has nothing that was decided on other capacities.
    ///
    /// # Errors
    /// Where it has.
    pub(crate) fn check(&self, snapshot: Option<u64>) -> Result<(), JournalError> {
        let begins = snapshot.unwrap_or(0);
        if begins < self.since { Err(JournalError::FormerFleet { since: self.since, begins }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::simulated::SimulatedDisk;
    use super::*;

    const CAPACITIES: FleetContents = FleetContents([7; 32]);

    fn holding(bytes: &[u8]) -> SimulatedDisk {
        let disk = SimulatedDisk::new(0);
        disk.put(CONTENTS, bytes);
        disk
    }

    #[test]
    fn what_is_remembered_is_proven_and_any_bit_that_flips_or_is_missing_is_found() {
        let disk = SimulatedDisk::new(0);
        assert_eq!(read_contents(&disk).unwrap(), None);
        write_contents(&disk, CAPACITIES, 5).unwrap();
        assert_eq!(
            read_contents(&disk).unwrap(),
            Some(KnownContents { contents: CAPACITIES, since: 5, is_proven: true })
        );
        let whole = disk.bytes(CONTENTS);
        for bit in 0..whole.len() * 8 {
            let damaged = holding(&whole);
            damaged.flip(CONTENTS, bit);
            assert!(matches!(read_contents(&damaged), Err(JournalError::ContentsDamaged)), "bit {bit}");
        }
        for length in (0..whole.len()).filter(|length| *length != HASH) {
            assert!(
                matches!(read_contents(&holding(&whole[..length])), Err(JournalError::ContentsDamaged)),
                "{length}"
            );
        }
        assert!(read_contents(&holding(&[&whole[..], &[0]].concat())).is_err());
    }

    #[test]
    fn what_earlier_versions_remembered_is_read() {
        let known = |bytes: &[u8]| read_contents(&holding(bytes)).unwrap().unwrap();
        let earliest = KnownContents { contents: CAPACITIES, since: 0, is_proven: false };
        assert_eq!(known(&CAPACITIES.0), earliest);
        let disk = SimulatedDisk::new(0);
        small_file::put(&disk, CONTENTS, &CAPACITIES.0).unwrap();
        assert_eq!(known(&disk.bytes(CONTENTS)), KnownContents { is_proven: true, ..earliest });
    }

    #[test]
    fn a_history_of_other_capacities_is_refused() {
        let known = KnownContents { contents: CAPACITIES, since: 5, is_proven: true };
        assert!([Some(5), Some(6)].into_iter().all(|snapshot| known.check(snapshot).is_ok()));
        assert!([None, Some(4)].into_iter().all(|snapshot| known.check(snapshot).is_err()));
    }
}
