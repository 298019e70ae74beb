//! How one commit lies in a file.
//!
//! | bytes | field |
//! |---|---|
//! | 4 | magic, `LSRF` |
//! | 4 | kind |
//! | 8 | sequence: the commit's number; for a seal, that of the last commit |
//! | 4 | length of the payload |
//! | 4 | records in the payload |
//! | 16 | link: digest of the frame before it |
//! | 16 | digest of the 40 bytes before and of the payload |
//! | length | payload |
//! | 0 to 7 | zeros, up to a multiple of eight |
//!
//! All numbers are little-endian. A frame proves itself, so that one that lies behind damaged bytes can be found: since each
//! is written only after the sync of the one before it, finding a later one proves that the damaged one was durable. The digest
//! is keyed by the header of the file, which holds a salt: nobody who only sends requests can make a payload that holds a frame.

use super::link::{Key, Link};

/// Bytes before the payload.
pub(crate) const HEADER: usize = 56;

/// The most bytes of one payload: a batch is far smaller, and a length beyond it is no frame.
pub const PAYLOAD_BYTES_MAX: usize = 64 << 20;

/// Frames begin at multiples of this.
pub(crate) const ALIGNMENT: usize = 8;

const MAGIC: [u8; 4] = *b"LSRF";
const UNDIGESTED: usize = 40;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum FrameKind {
    /// A group commit.
    Commit,
    /// No payload: every commit before it is durable. The next commit takes its place.
    Seal,
    /// No payload: every commit before it is durable, and another segment follows.
    Continued,
    /// A part of a snapshot.
    Part,
    /// No payload: the snapshot is whole.
    Whole,
}

impl FrameKind {
    const ALL: [FrameKind; 5] =
        [FrameKind::Commit, FrameKind::Seal, FrameKind::Continued, FrameKind::Part, FrameKind::Whole];

    const fn code(self) -> u32 {
        match self {
            FrameKind::Commit => 1,
            FrameKind::Seal => 2,
            FrameKind::Continued => 3,
            FrameKind::Part => 4,
            FrameKind::Whole => 5,
        }
    }
}

/// A frame that was read and is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    pub(crate) kind: FrameKind,
    pub(crate) sequence: u64,
    pub(crate) records: u32,
    /// The frame before it.
    pub(crate) before: Link,
    /// The frame itself.
    pub(crate) link: Link,
    pub(crate) payload: &'a [u8],
}

impl Frame<'_> {
    /// Bytes that the frame takes in its file.
    pub(crate) fn size(&self) -> usize {
        (HEADER + self.payload.len()).next_multiple_of(ALIGNMENT)
    }
}

/// What a frame says beside its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Label {
    pub(crate) kind: FrameKind,
    pub(crate) sequence: u64,
    pub(crate) records: u32,
    pub(crate) before: Link,
}

/// Completes a frame whose payload stands after room for its header, and returns its link.
///
/// # Panics
/// Where there is no room for a header, or the payload is longer than [`PAYLOAD_BYTES_MAX`].
pub(crate) fn seal(bytes: &mut Vec<u8>, label: Label, key: &Key) -> Link {
    let length = bytes.len().checked_sub(HEADER).expect("a frame has room for its header");
    assert!(length <= PAYLOAD_BYTES_MAX, "a payload keeps to the limit");
    let length = u32::try_from(length).expect("the limit fits 32 bits");
    bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
    bytes[0..4].copy_from_slice(&MAGIC);
    bytes[4..8].copy_from_slice(&label.kind.code().to_le_bytes());
    bytes[8..16].copy_from_slice(&label.sequence.to_le_bytes());
    bytes[16..20].copy_from_slice(&length.to_le_bytes());
    bytes[20..24].copy_from_slice(&label.records.to_le_bytes());
    bytes[24..40].copy_from_slice(&label.before.0);
    let (head, payload) = bytes.split_at_mut(HEADER);
    let link = key.link(&[&head[..UNDIGESTED], payload]);
    head[UNDIGESTED..].copy_from_slice(&link.0);
    link
}

/// The frame at the start of some bytes, if there is a whole one. Total: any bytes may be asked about.
pub(crate) fn read<'a>(bytes: &'a [u8], key: &Key) -> Option<Frame<'a>> {
    let (head, rest) = bytes.split_at_checked(HEADER)?;
    if head[0..4] != MAGIC {
        return None;
    }
    let code = u32_at(head, 4);
    let kind = FrameKind::ALL.into_iter().find(|kind| kind.code() == code)?;
    let length = usize::try_from(u32_at(head, 16)).ok().filter(|&length| length <= PAYLOAD_BYTES_MAX)?;
    let padded = rest.get(..(HEADER + length).next_multiple_of(ALIGNMENT) - HEADER)?;
    let link = key.link(&[&head[..UNDIGESTED], padded]);
    let said = &head[UNDIGESTED..];
    (link.0 == said).then(|| Frame {
        kind,
        sequence: u64_at(head, 8),
        records: u32_at(head, 20),
        before: Link(*head[24..].first_chunk().expect("the header is longer than that")),
        link,
        payload: &padded[..length],
    })
}

/// Where the first whole frame lies that proves a commit of at least some sequence durable, if there is one.
pub(crate) fn find_proof(bytes: &[u8], sequence: u64, key: &Key) -> Option<usize> {
    (0..bytes.len()).step_by(ALIGNMENT).find(|&at| {
        read(&bytes[at..], key).is_some_and(|frame| match frame.kind {
            FrameKind::Commit => frame.sequence > sequence,
            FrameKind::Seal | FrameKind::Continued => frame.sequence >= sequence,
            FrameKind::Part | FrameKind::Whole => false,
        })
    })
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(*bytes[at..].first_chunk().expect("the caller checked the length"))
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(*bytes[at..].first_chunk().expect("the caller checked the length"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn framed(payload: &[u8], label: Label) -> (Vec<u8>, Link) {
        let mut bytes = vec![0; HEADER];
        bytes.extend_from_slice(payload);
        let link = seal(&mut bytes, label, &KEY);
        (bytes, link)
    }

    const KEY: Key = Key([5; 32]);
    const LABEL: Label = Label { kind: FrameKind::Commit, sequence: 7, records: 2, before: Link([3; 16]) };

    proptest! {
        #[test]
        fn a_frame_reads_back_as_written(payload in prop::collection::vec(any::<u8>(), 0..100), after in 0usize..20) {
            let (mut bytes, link) = framed(&payload, LABEL);
            let size = bytes.len();
            bytes.extend(std::iter::repeat_n(9, after));
            let frame = read(&bytes, &KEY).unwrap();
            prop_assert_eq!((frame.payload, frame.link, frame.size()), (&payload[..], link, size));
            prop_assert_eq!(read(&bytes, &Key([6; 32])), None);
            prop_assert_eq!((frame.kind, frame.sequence, frame.records, frame.before), (LABEL.kind, 7, 2, LABEL.before));
        }

        #[test]
        fn a_frame_with_any_bit_flipped_is_no_frame(payload in prop::collection::vec(any::<u8>(), 0..100), bit in 0usize..800) {
            let (mut bytes, _) = framed(&payload, LABEL);
            let bit = bit % (bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(read(&bytes, &KEY), None);
        }

        #[test]
        fn any_bytes_may_be_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(read(&bytes, &KEY), None);
            let mut with_magic = MAGIC.to_vec();
            with_magic.extend(&bytes);
            prop_assert_eq!(read(&with_magic, &KEY), None);
        }
    }

    #[test]
    fn a_commit_is_proved_durable_by_what_was_written_after_it() {
        let (later, _) = framed(b"later", Label { sequence: 8, ..LABEL });
        let bytes = [&[0xee; 64][..], &later].concat();
        assert_eq!([6, 7, 8].map(|sequence| find_proof(&bytes, sequence, &KEY)), [Some(64), Some(64), None]);
        let (closed, _) = framed(b"", Label { kind: FrameKind::Seal, sequence: 8, ..LABEL });
        let bytes = [&[0xee; 64][..], &closed].concat();
        assert_eq!([7, 8, 9].map(|sequence| find_proof(&bytes, sequence, &KEY)), [Some(64), Some(64), None]);
    }
}
