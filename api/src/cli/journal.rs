//! Verbs and flags of `lessor journal`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::exit_codes::EXIT_CODES;

const BACKUP_EXAMPLES: &str = "\
Example:
  lessor journal backup data --out backup
      the server may be running: the copy holds whole commits, up to one that was durable when it was made";

const RESTORE_EXAMPLES: &str = "\
Example:
  mv data lost && lessor journal restore backup --out data
      the journal goes on where the backup ends, in a new incarnation: watches and old tokens notice";

const VERIFY_EXAMPLES: &str = "\
Example:
  lessor journal verify data && echo whole";

/// Verbs of `lessor journal`.
#[derive(Debug, Args)]
pub struct JournalArgs {
    /// What to do.
    #[command(subcommand)]
    pub verb: JournalVerb,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum JournalVerb {
    /// Copies the journal in a data directory, also while a server uses it.
    #[command(after_help = format!("{BACKUP_EXAMPLES}\n\n{EXIT_CODES}"))]
    Backup(JournalBackupArgs),
    /// Makes a data directory of a backup, in a new incarnation.
    #[command(after_help = format!("{RESTORE_EXAMPLES}\n\n{EXIT_CODES}"))]
    Restore(JournalRestoreArgs),
    /// Reads a journal from its newest snapshot to its last commit, and checks all of it.
    #[command(after_help = format!("{VERIFY_EXAMPLES}\n\n{EXIT_CODES}"))]
    Verify(JournalVerifyArgs),
}

/// Flags of `lessor journal backup`.
#[derive(Debug, Args)]
pub struct JournalBackupArgs {
    /// The data directory.
    #[arg(value_name = "DIR")]
    pub data: PathBuf,
    /// Where the backup goes: a directory that is not there yet.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Prints one JSON object on standard output, and nothing else.
    #[arg(long)]
    pub json: bool,
}

/// Flags of `lessor journal restore`.
#[derive(Debug, Args)]
pub struct JournalRestoreArgs {
    /// The backup.
    #[arg(value_name = "BACKUP")]
    pub backup: PathBuf,
    /// The data directory to make: one that is not there yet.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// The incarnation that begins; later than the backup's, and than that of any history that clients saw [default: the one
    /// after the backup's].
    #[arg(long, value_name = "N")]
    pub incarnation: Option<u32>,
    /// Prints one JSON object on standard output, and nothing else.
    #[arg(long)]
    pub json: bool,
}

/// Flags of `lessor journal verify`.
#[derive(Debug, Args)]
pub struct JournalVerifyArgs {
    /// The data directory, or a backup.
    #[arg(value_name = "DIR")]
    pub data: PathBuf,
    /// Prints one JSON object on standard output, and nothing else.
    #[arg(long)]
    pub json: bool,
}
