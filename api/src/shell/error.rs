//! Why a shell could not start, or ended.

use lessor_engine::authority::{RestoreError, TermsError};

use crate::journal::JournalError;
use crate::wire::DecodeError;

/// Why a shell could not start, or ended. What was acknowledged is durable; what was not is known once a shell has started again.
#[derive(Debug, thiserror::Error)]
pub enum ShellError {
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A fleet that is not what it was.
    #[error(
        "the capacities, classes or zones of the fleet are not those that the leases of this data directory were granted on; \
         start with that fleet, or accept this one with --accept-fleet: leases stay, and accounts that hold more than they may \
         give now are in deficit"
    )]
    FleetChanged,
    /// A fleet that is not what it was, and decisions after the last snapshot, which hold on the fleet they were made on alone.
    #[error(
        "the fleet has changed, and {commits} commits after the last snapshot were decided on the fleet as it was; start the \
         server on that fleet, end it with SIGTERM, which leaves a snapshot, and then accept this one with --accept-fleet"
    )]
    FleetChangedUnderWay {
        /// How many commits there are.
        commits: u64,
    },
    /// The policy.
    #[error("the terms of the authority cannot be used")]
    Terms(#[from] TermsError),
    /// A snapshot that does not fit the fleet.
    #[error("the snapshot of commit {sequence} cannot be restored")]
    Restore {
        /// The commit that it stands for.
        sequence: u64,
        /// Why.
        source: RestoreError,
    },
    /// A backup whose history cannot begin another incarnation.
    #[error("the incarnation of the journal cannot begin")]
    Incarnation(#[source] RestoreError),
    /// A commit or snapshot whose checksums are right and whose bytes are no records: a defect of the program that wrote it.
    #[error("commit {sequence} is whole and holds what this program cannot read; use the program that wrote it")]
    Record {
        /// The commit.
        sequence: u64,
        /// Why.
        source: DecodeError,
    },
    /// The system gave no thread.
    #[error("cannot start a thread")]
    Thread(#[source] std::io::Error),
    /// A defect of this program, told by the panic of a thread.
    #[error("a thread of the shell panicked")]
    Panicked,
}
