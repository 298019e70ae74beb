//! Why a measurement of leases did not come to its end.

use crate::client::ConnectError;
use crate::serve::ServeError;
use crate::shell::ShellError;

/// Why a measurement of leases did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum LeasesError {
    /// A process, a thread or a directory that the system did not give.
    #[error("the measurement cannot start")]
    Start(#[source] std::io::Error),
    /// A server that did not say where it listens.
    #[error("the server did not start; it said {said:?}")]
    NoServer {
        /// Its first line.
        said: String,
    },
    /// A server in this process that did not start.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// A server that is not reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// An answer that no measurement expects.
    #[error("a call failed: {0}")]
    Call(#[source] Box<tonic::Status>),
    /// The fleet has too little for the load: refusals would be measured in place of grants.
    #[error("a request was refused: {message}; give a larger --tiles")]
    Refused {
        /// Why.
        message: String,
    },
    /// A shell that did not start, or ended.
    #[error(transparent)]
    Shell(#[from] ShellError),
    /// A watch that stays behind what is listed.
    #[error("the watch came to revision {last}, and {listed} was listed a minute ago")]
    Behind {
        /// The last revision that it told of.
        last: u64,
        /// The one that was listed.
        listed: u64,
    },
    /// A fleet that cannot be read back.
    #[error(transparent)]
    Fleet(#[from] lessor_datasets::table::DatasetError),
    /// Leases that ended before they were measured.
    #[error("{back} of {leases} leases were live when the server was back; give a longer --hold")]
    HoldTooShort {
        /// How many were granted.
        leases: u64,
        /// How many were there.
        back: u64,
    },
}

impl From<crate::journal::JournalError> for LeasesError {
    fn from(error: crate::journal::JournalError) -> LeasesError {
        LeasesError::Shell(error.into())
    }
}

impl From<tonic::Status> for LeasesError {
    fn from(status: tonic::Status) -> LeasesError {
        LeasesError::Call(Box::new(status))
    }
}
