//! Why a journal was not copied or not read.

use std::path::PathBuf;

use lessor_engine::authority::INCARNATION_MAX;

use crate::journal::JournalError;
use crate::output_directory::OutputError;
use crate::wire::DecodeError;

/// Why a journal was not copied or not read.
#[derive(Debug, thiserror::Error)]
pub enum JournalCommandError {
    /// The journal. Nothing was written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A directory that holds no journal. Nothing was written.
    #[error("{}: holds no journal; give the directory that `lessor serve --data` has, or a backup of it", directory.display())]
    NoJournal {
        /// The directory.
        directory: PathBuf,
    },
    /// Something is at the place already. Nothing was written.
    #[error("{}: is there already; move it away, or give another --out", path.display())]
    Exists {
        /// The place.
        path: PathBuf,
    },
    /// The copy could not be put in its place. Nothing is there.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// An incarnation that clients of the backup's history could not tell from it. Nothing was written.
    #[error("--incarnation {asked}: the backup is of incarnation {backup}; give a later one")]
    Incarnation {
        /// What was asked for.
        asked: u32,
        /// That of the backup.
        backup: u32,
    },
    /// An incarnation in which ids and tokens would be given again. Nothing was written.
    #[error(
        "incarnation {asked}: a history has at most {INCARNATION_MAX}; give an earlier --incarnation, or once the leases are over \
         begin anew in an empty data directory"
    )]
    LastIncarnation {
        /// That to be begun.
        asked: u32,
    },
    /// A commit or snapshot whose checksums are right and whose bytes are no records.
    #[error("commit {sequence}: is whole and holds what this program cannot read; use the program that wrote it")]
    Record {
        /// The commit.
        sequence: u64,
        /// Why.
        source: DecodeError,
    },
    /// The system gave no random bytes, or did not make the copy durable.
    #[error("{}: cannot be {what}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// Why it failed.
        source: std::io::Error,
    },
}

impl JournalCommandError {
    /// 1 where a journal did not pass, 2 where input or usage is bad.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            JournalCommandError::Journal(
                JournalError::Damaged { .. }
                | JournalError::Gap { .. }
                | JournalError::CutOff { .. }
                | JournalError::MarkMissing
                | JournalError::ContentsDamaged
                | JournalError::BackupCut { .. }
                | JournalError::BackupEndDamaged,
            )
            | JournalCommandError::Record { .. } => 1,
            _ => 2,
        }
    }
}
