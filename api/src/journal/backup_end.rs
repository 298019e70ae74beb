//! Where a backup ends, in a file of its own. A journal that a server writes may end in a commit that was never durable; a backup
//! holds whole commits only, so that whatever is missing of it was lost on its way. And a backup is not served: tokens of the
//! history that went on without it would be given again.
//!
//! | bytes | field |
//! |---|---|
//! | 8 | the last commit, little-endian |
//! | 16 | its link |
//! | 32 | BLAKE3 digest of both |

use super::error::JournalError;
use super::link::{Link, Position};
use super::small_file;
use super::storage::Storage;

/// The file.
pub(crate) const BACKUP_END: &str = "backup-end";

/// Where a backup ends; none where a storage holds no backup, or one of an earlier version.
///
/// # Errors
/// What is no longer what was written, and what the system says.
pub(crate) fn read_end<S: Storage>(storage: &S) -> Result<Option<Position>, JournalError> {
    let Some(bytes) = small_file::get(storage, BACKUP_END)? else { return Ok(None) };
    let end = || {
        let (sequence, rest) = bytes.split_first_chunk()?;
        let (link, digest) = rest.split_first_chunk()?;
        let position = Position { sequence: u64::from_le_bytes(*sequence), link: Link(*link) };
        small_file::is_proof(digest, &bytes[..8 + Link::SIZE]).then_some(position)
    };
    end().map(Some).ok_or(JournalError::BackupEndDamaged)
}

/// Says where a backup ends, durably.
///
/// # Errors
/// What the system says.
pub(crate) fn write_end<S: Storage>(storage: &S, end: Position) -> Result<(), JournalError> {
    let bytes = [&end.sequence.to_le_bytes()[..], &end.link.0].concat();
    small_file::put(storage, BACKUP_END, &bytes)
}

#[cfg(test)]
mod tests {
    use super::super::simulated::SimulatedDisk;
    use super::*;

    #[test]
    fn where_a_backup_ends_is_proven_and_any_bit_that_flips_or_is_missing_is_found() {
        let disk = SimulatedDisk::new(0);
        assert_eq!(read_end(&disk).unwrap(), None);
        let end = Position { sequence: 7_000, link: Link([9; Link::SIZE]) };
        write_end(&disk, end).unwrap();
        assert_eq!(read_end(&disk).unwrap(), Some(end));
        let whole = disk.bytes(BACKUP_END);
        let is_found = |bytes: &[u8]| {
            disk.put(BACKUP_END, bytes);
            matches!(read_end(&disk), Err(JournalError::BackupEndDamaged))
        };
        for bit in 0..whole.len() * 8 {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(is_found(&flipped), "bit {bit}");
        }
        for length in 0..whole.len() {
            assert!(is_found(&whole[..length]), "{length}");
        }
        assert!(is_found(&[&whole[..], &[0]].concat()));
    }
}
