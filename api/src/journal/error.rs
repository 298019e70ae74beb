//! Why a journal could not be opened, written or read.

use std::fmt::Display;
use std::io;
use std::path::PathBuf;

use super::identity::FleetId;
use super::mark::Reached;

/// Why the journal stopped. It never goes on after one of these: what is durable is only known by opening it again.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another process has the directory. Nothing changed.
    #[error("{}: another process holds the lock; stop that server, or give another directory", directory.display())]
    Locked {
        /// The directory.
        directory: PathBuf,
    },
    /// The system refused to open, read, write or sync. After a write or sync nothing is known about what it covered.
    #[error("cannot {action} {file}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or directory.
        file: String,
        /// Why it failed.
        source: io::Error,
    },
    /// The directory belongs to another fleet. Nothing changed.
    #[error(
        "{file}: this is the journal of fleet {found}, and the server was started for fleet {expected}; give the directory \
         of that fleet, or an empty one"
    )]
    OtherFleet {
        /// The file that says so.
        file: String,
        /// The fleet in the file.
        found: FleetId,
        /// The fleet of the server.
        expected: FleetId,
    },
    /// A format that this program does not know. Nothing changed.
    #[error(
        "{file}: format version {found} is not one that this program reads (up to {newest}); use the program that wrote it, \
         or a newer one"
    )]
    Version {
        /// The file.
        file: String,
        /// The version in the file.
        found: u32,
        /// The newest version that is read.
        newest: u32,
    },
    /// Bytes that were once durable are not what was written. Nothing changed.
    #[error("{file}: damaged at byte {offset}: {defect}; restore a backup with `lessor journal restore`")]
    Damaged {
        /// The file.
        file: String,
        /// Where.
        offset: u64,
        /// What is wrong.
        defect: Defect,
    },
    /// The journal ends before what was durable. Nothing changed.
    #[error(
        "{file}: ends at {ends}, and up to {known} all were durable: those after it were cut off; put the file back as it was, or \
         restore a backup with `lessor journal restore`"
    )]
    CutOff {
        /// The last segment, or the mark where there is none.
        file: String,
        /// What is there.
        ends: Reached,
        /// What was durable, as the mark says.
        known: Reached,
    },
    /// Nothing says how far the journal was durable, and something did. Nothing changed.
    #[error(
        "journal-mark: missing, so nothing proves that the journal is all there; put it back, or make a data directory of a \
         backup, or of what is here, with `lessor journal restore`"
    )]
    MarkMissing,
    /// What the directory remembers of its fleet's capacities is not what was written. Nothing changed, and no grant is lost.
    #[error(
        "fleet-contents: damaged: it no longer says which capacities the leases of this directory were granted on; see that \
         the fleet still has them, and start the server once with --accept-fleet"
    )]
    ContentsDamaged,
    /// What the directory remembers of its fleet's capacities is not there, and it was. Nothing changed, and no grant is lost.
    #[error(
        "fleet-contents: missing: nothing says which capacities the leases of this directory were granted on; put it back, or see \
         that the fleet still has them, and start the server once with --accept-fleet"
    )]
    ContentsMissing,
    /// The snapshots of this fleet are damaged, and what is left before them was decided on another one. Nothing changed.
    #[error(
        "the snapshot of commit {since}, and those after it, are damaged or missing; what is left begins at commit {begins}, was \
         decided while the fleet had other capacities, and is carried out on no others; go back to a backup"
    )]
    FormerFleet {
        /// The commit after which everything was decided on this fleet.
        since: u64,
        /// The commit with which what is left begins.
        begins: u64,
    },
    /// A backup that is not all there. Nothing changed.
    #[error(
        "the backup ends at commit {last}, and it was made up to commit {made}; copy all of it again, or take another one"
    )]
    BackupCut {
        /// The last commit that is there.
        last: u64,
        /// The last commit when it was made.
        made: u64,
    },
    /// What says where a backup ends is not what was written. Nothing changed.
    #[error("backup-end: damaged: nothing says where the backup ends; copy all of it again, or take another one")]
    BackupEndDamaged,
    /// A backup cannot be written to: tokens would be given again. Nothing changed.
    #[error("this is a backup; make a data directory of it with `lessor journal restore`")]
    Backup,
    /// The commits in the directory do not follow each other. Nothing changed.
    #[error(
        "{file}: begins after commit {found}, but the commits before it end at {last}; a file is missing: put it back, or \
         restore a backup with `lessor journal restore`"
    )]
    Gap {
        /// The file after the gap.
        file: String,
        /// The last commit before that file, as the file says.
        found: u64,
        /// The last commit that is there.
        last: u64,
    },
    /// The journal failed before. What is durable is known only by opening it again.
    #[error("the journal failed before and takes nothing more; start the server again")]
    Stopped,
    /// A commit that is longer than the format allows. Nothing changed.
    #[error("a commit of {bytes} bytes is longer than the {most} that the format allows")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The most.
        most: usize,
    },
}

/// What is wrong with bytes that were once durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Defect {
    /// A header that is cut short, or whose checksum does not match.
    #[error("the header of the file is not whole")]
    Header,
    /// A commit whose checksum does not match, with proof after it that it was once durable.
    #[error("a commit that was durable is not whole")]
    Commit,
    /// A commit that is whole and does not follow the one before it.
    #[error("a commit does not follow the one before it")]
    Link,
    /// A part of a snapshot that is not whole or out of place.
    #[error("the snapshot is not whole")]
    Snapshot,
    /// The segment says that another one follows it, and there is none.
    #[error("the file that follows is missing")]
    Missing,
}

impl JournalError {
    /// An error of the system.
    pub(crate) fn io(action: &'static str, file: impl Display, source: io::Error) -> JournalError {
        JournalError::Io { action, file: file.to_string(), source }
    }
}
