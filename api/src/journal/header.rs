//! How a file of the journal begins.
//!
//! | bytes | field |
//! |---|---|
//! | 8 | magic: `LSRJRNL` or `LSRSNAP`, and a line feed |
//! | 4 | format version |
//! | 4 | zeros |
//! | 32 | fleet |
//! | 8 | incarnation |
//! | 8 | sequence: the last commit before a segment; the commit that a snapshot stands for |
//! | 16 | link of that commit |
//! | 16 | salt |
//! | 32 | BLAKE3 digest of all that |
//!
//! Numbers are little-endian. Frames follow.

use super::error::{Defect, JournalError};
use super::frame::{u32_at, u64_at};
use super::identity::{FleetId, Incarnation};
use super::link::{Key, Link};
use super::mark::MARK;
use super::snapshot::UNFINISHED;

/// Bytes in a header.
pub(crate) const SIZE: usize = 128;

/// The version of the format that is written. Journals of every version up to it are read: see `api/tests/golden_journals.rs`.
pub const FORMAT_VERSION: u32 = 6;

const DIGESTED: usize = 96;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum FileKind {
    /// Commits.
    Segment,
    /// A state.
    Snapshot,
}

impl FileKind {
    const fn magic(self) -> [u8; 8] {
        match self {
            FileKind::Segment => *b"LSRJRNL\n",
            FileKind::Snapshot => *b"LSRSNAP\n",
        }
    }

    const fn extension(self) -> &'static str {
        match self {
            FileKind::Segment => "segment",
            FileKind::Snapshot => "snapshot",
        }
    }

    /// The name of the file after a commit: names in order are files in order.
    pub(crate) fn name(self, sequence: u64) -> String {
        format!("{sequence:020}.{}", self.extension())
    }

    /// The sequence that a name states, where it is the name of such a file.
    pub(crate) fn sequence(self, name: &str) -> Option<u64> {
        let sequence = name.strip_suffix(self.extension())?.strip_suffix('.')?.parse().ok()?;
        (self.name(sequence) == name).then_some(sequence)
    }
}

/// Whether a name is that of a file with commits or a state, or of the mark, whole or not.
pub(crate) fn is_of_a_journal(name: &str) -> bool {
    let name = name.strip_suffix(UNFINISHED).unwrap_or(name);
    name == MARK || [FileKind::Segment, FileKind::Snapshot].into_iter().any(|kind| kind.sequence(name).is_some())
}

/// The format version that the header at the start of a file states.
pub(crate) fn version(bytes: &[u8]) -> u32 {
    u32_at(bytes, 8)
}

/// What the header of a file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) kind: FileKind,
    pub(crate) fleet: FleetId,
    pub(crate) incarnation: Incarnation,
    pub(crate) sequence: u64,
    pub(crate) link: Link,
    pub(crate) salt: [u8; 16],
}

impl Header {
    /// The header as it is written, and the key of the frames after it.
    pub(crate) fn write(&self) -> ([u8; SIZE], Key) {
        let mut bytes = [0; SIZE];
        bytes[0..8].copy_from_slice(&self.kind.magic());
        bytes[8..12].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
        bytes[16..48].copy_from_slice(&self.fleet.0);
        bytes[48..56].copy_from_slice(&u64::from(self.incarnation.0).to_le_bytes());
        bytes[56..64].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[64..80].copy_from_slice(&self.link.0);
        bytes[80..96].copy_from_slice(&self.salt);
        let digest = Key::of(&bytes[..DIGESTED]);
        bytes[DIGESTED..].copy_from_slice(&digest.0);
        (bytes, digest)
    }

    /// Reads the header at the start of a file.
    ///
    /// # Errors
    /// [`JournalError::Damaged`] and [`JournalError::Version`].
    pub(crate) fn read(kind: FileKind, file: &str, bytes: &[u8]) -> Result<(Header, Key), JournalError> {
        let damaged = JournalError::Damaged { file: file.to_owned(), offset: 0, defect: Defect::Header };
        let Some(bytes) = bytes.first_chunk::<SIZE>() else { return Err(damaged) };
        let digest = Key::of(&bytes[..DIGESTED]);
        if bytes[0..8] != kind.magic() || bytes[DIGESTED..] != digest.0 {
            return Err(damaged);
        }
        let version = version(bytes);
        if version == 0 || version > FORMAT_VERSION {
            return Err(JournalError::Version { file: file.to_owned(), found: version, newest: FORMAT_VERSION });
        }
        let Ok(incarnation) = u32::try_from(u64_at(bytes, 48)) else { return Err(damaged) };
        let header = Header {
            kind,
            fleet: FleetId(array(bytes, 16)),
            incarnation: Incarnation(incarnation),
            sequence: u64_at(bytes, 56),
            link: Link(array(bytes, 64)),
            salt: array(bytes, 80),
        };
        Ok((header, digest))
    }
}

fn array<const N: usize>(bytes: &[u8; SIZE], at: usize) -> [u8; N] {
    *bytes[at..].first_chunk().expect("every field lies inside the header")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: Header = Header {
        kind: FileKind::Segment,
        fleet: FleetId([1; 32]),
        incarnation: Incarnation(2),
        sequence: 3,
        link: Link([4; 16]),
        salt: [5; 16],
    };

    #[test]
    fn a_header_reads_back_as_written() {
        let (bytes, key) = HEADER.write();
        assert_eq!(Header::read(FileKind::Segment, "f", &bytes).unwrap(), (HEADER, key));
    }

    #[test]
    fn a_header_with_any_bit_flipped_or_cut_short_is_refused() {
        let (bytes, _) = HEADER.write();
        for bit in 0..SIZE * 8 {
            let mut flipped = bytes;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(Header::read(FileKind::Segment, "f", &flipped).is_err(), "bit {bit}");
        }
        for cut in 0..SIZE {
            assert!(Header::read(FileKind::Segment, "f", &bytes[..cut]).is_err(), "cut at {cut}");
        }
        assert!(Header::read(FileKind::Snapshot, "f", &bytes).is_err());
    }

    #[test]
    fn a_header_of_a_later_format_says_so() {
        let (mut bytes, _) = HEADER.write();
        bytes[8..12].copy_from_slice(&(FORMAT_VERSION + 1).to_le_bytes());
        let digest = Key::of(&bytes[..DIGESTED]);
        bytes[DIGESTED..].copy_from_slice(&digest.0);
        let error = Header::read(FileKind::Segment, "f", &bytes).unwrap_err();
        let is_said = |found, newest| found == FORMAT_VERSION + 1 && newest == FORMAT_VERSION;
        assert!(matches!(error, JournalError::Version { found, newest, .. } if is_said(found, newest)), "{error}");
    }

    #[test]
    fn names_say_which_file_follows_which() {
        assert_eq!(FileKind::Segment.name(12), "00000000000000000012.segment");
        assert_eq!(FileKind::Segment.sequence("00000000000000000012.segment"), Some(12));
        for other in
            ["12.segment", "00000000000000000012.snapshot", "00000000000000000012.segment.new", "lock", ".segment"]
        {
            assert_eq!(FileKind::Segment.sequence(other), None, "{other}");
        }
    }
}
