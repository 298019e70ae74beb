//! The seam between the journal and what keeps it: a directory of files, real or simulated.
//!
//! The contract is the weakest that real file systems give. A write is readable at once. It survives a loss of power only once
//! [`StorageFile::sync`] has returned after it; until then any part of it may survive, in any order. A name that was created,
//! renamed or removed survives only once [`Storage::sync_names`] has returned after it. A sync that fails says nothing about
//! what it covered, and a later sync that succeeds says nothing about that either.

use std::fmt::Debug;
use std::io;

/// A directory of files that nobody else writes to. Clones are of the same directory.
pub trait Storage: Clone + Debug + Send {
    /// One open file.
    type File: StorageFile;

    /// Every name, in ascending order.
    ///
    /// # Errors
    /// What the system says.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Makes an empty file, in place of one of that name if there is one.
    ///
    /// # Errors
    /// What the system says.
    fn create(&self, name: &str) -> io::Result<Self::File>;

    /// Opens a file that is there.
    ///
    /// # Errors
    /// What the system says.
    fn open(&self, name: &str) -> io::Result<Self::File>;

    /// Gives a file another name, in place of the file of that name if there is one.
    ///
    /// # Errors
    /// What the system says.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// What the system says.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes every change of names before it durable.
    ///
    /// # Errors
    /// What the system says; which changes are durable is then unknown.
    fn sync_names(&self) -> io::Result<()>;
}

/// An open file of a [`Storage`].
pub trait StorageFile: Debug + Send {
    /// Bytes in the file.
    ///
    /// # Errors
    /// What the system says.
    fn size(&self) -> io::Result<u64>;

    /// Reads exactly as many bytes as there is room for.
    ///
    /// # Errors
    /// What the system says, and where the file ends before.
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()>;

    /// Writes all bytes, and makes the file longer where they go beyond its end.
    ///
    /// # Errors
    /// What the system says; any part may have been written.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Cuts the file, or extends it by zeros.
    ///
    /// # Errors
    /// What the system says.
    fn set_size(&mut self, size: u64) -> io::Result<()>;

    /// Makes every write and change of size before it durable.
    ///
    /// # Errors
    /// What the system says; which of them are durable is then unknown.
    fn sync(&mut self) -> io::Result<()>;
}
