//! The real thing: a directory of the file system, locked against a second server.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::JournalError;
use super::storage::{Storage, StorageFile};

/// The file that a server holds locked for as long as it lives.
pub(crate) const LOCK: &str = "lock";

/// Random bytes of the system, for the header of a segment.
///
/// # Errors
/// A system that gives none.
pub fn fresh_salt() -> io::Result<[u8; 16]> {
    let mut salt = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut salt)?;
    Ok(salt)
}

/// A directory that this process alone may use. The lock goes when the last clone is dropped or the process ends, however it
/// ends.
#[derive(Clone, Debug)]
pub struct Disk {
    directory: PathBuf,
    /// The directory and the file in it, both locked; none where the directory is only read.
    lock: Option<Arc<[File; 2]>>,
}

impl Disk {
    /// Locks a directory, and makes it where it is not there.
    ///
    /// # Errors
    /// A directory that another process has locked, or that cannot be made or opened. Nothing changed in it.
    pub fn open(directory: &Path) -> Result<Disk, JournalError> {
        let failed = |source| JournalError::io("open", directory.display(), source);
        if !directory.is_dir() {
            fs::create_dir_all(directory).map_err(failed)?;
            let parent = directory.parent().filter(|parent| !parent.as_os_str().is_empty());
            File::open(parent.unwrap_or(Path::new("."))).and_then(|parent| parent.sync_all()).map_err(failed)?;
        }
        // Somebody who takes the file for a stale one removes it: the directory itself is locked as well.
        let itself = File::open(directory).map_err(failed)?;
        match itself.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(JournalError::Locked { directory: directory.to_owned() }),
            // Where a file system locks files alone, the file has to do.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        let path = directory.join(LOCK);
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Disk { directory: directory.to_owned(), lock: Some(Arc::new([itself, lock])) }),
            Err(TryLockError::WouldBlock) => Err(JournalError::Locked { directory: directory.to_owned() }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// Looks at a directory that a server may be using, without its lock: for reading only.
    #[must_use]
    pub fn look(directory: &Path) -> Disk {
        Disk { directory: directory.to_owned(), lock: None }
    }

    /// Whether the place still has the directory that was locked: where it was moved, another one may stand there, such as a
    /// restored backup, and is not to be written to.
    fn stay(&self) -> io::Result<()> {
        let Some(lock) = &self.lock else { return Ok(()) };
        let [itself, _] = &**lock;
        let (locked, there) = (itself.metadata()?, fs::metadata(&self.directory)?);
        if (locked.dev(), locked.ino()) == (there.dev(), there.ino()) {
            return Ok(());
        }
        Err(io::Error::other("the data directory was moved, and another one is in its place"))
    }

    /// Where the files are.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }
}

impl Storage for Disk {
    type File = DiskFile;

    fn list(&self) -> io::Result<Vec<String>> {
        self.stay()?;
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            // The journal's names are ASCII: any other name is not of the journal.
            if let Ok(name) = entry?.file_name().into_string() {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn create(&self, name: &str) -> io::Result<DiskFile> {
        self.stay()?;
        let path = self.directory.join(name);
        OpenOptions::new().create(true).truncate(true).read(true).write(true).open(path).map(DiskFile)
    }

    fn open(&self, name: &str) -> io::Result<DiskFile> {
        let may_write = self.lock.is_some();
        OpenOptions::new().read(true).write(may_write).open(self.directory.join(name)).map(DiskFile)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.stay()?;
        fs::rename(self.directory.join(from), self.directory.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.stay()?;
        fs::remove_file(self.directory.join(name))
    }

    fn sync_names(&self) -> io::Result<()> {
        File::open(&self.directory)?.sync_all()
    }
}

/// A file of a [`Disk`].
#[derive(Debug)]
pub struct DiskFile(File);

impl StorageFile for DiskFile {
    fn size(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(into, offset)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn set_size(&mut self, size: u64) -> io::Result<()> {
        self.0.set_len(size)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }
}
