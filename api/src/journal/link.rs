//! The chain: each commit carries the digest of the one before it.

/// The first half of a BLAKE3 digest. Two runs of bytes with one link are one run of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Link(pub [u8; Link::SIZE]);

impl Link {
    /// Bytes in a link.
    pub const SIZE: usize = 16;

    /// What the first commit of a journal follows.
    pub const NONE: Link = Link([0; Link::SIZE]);
}

/// What the digests of one file are keyed with: the digest of its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key(pub(crate) [u8; 32]);

impl Key {
    /// The key of a file with a header.
    pub(crate) fn of(header: &[u8]) -> Key {
        Key(*blake3::hash(header).as_bytes())
    }

    /// The link to several runs of bytes, one after another.
    pub(crate) fn link(&self, parts: &[&[u8]]) -> Link {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        for part in parts {
            hasher.update(part);
        }
        let digest = hasher.finalize();
        let (half, _) = digest.as_bytes().split_first_chunk().expect("a digest is longer than a link");
        Link(*half)
    }
}

/// Where reading stands in the chain of commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) sequence: u64,
    pub(crate) link: Link,
}
