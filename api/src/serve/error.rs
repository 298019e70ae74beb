//! Why a server did not start, or ended before its time.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::tls::TlsError;
use crate::market::policy_file::PolicyError;
use crate::plan::input_error::InputError;
use crate::shell::ShellError;

/// Why a server did not start, or ended before its time.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The threads of the server did not start.
    #[error("the server cannot start")]
    Start(#[source] std::io::Error),
    /// A fleet that cannot be read.
    #[error(transparent)]
    Fleet(#[from] lessor_datasets::table::DatasetError),
    /// A file that cannot be hashed.
    #[error(transparent)]
    Input(#[from] InputError),
    /// Rules of the market that cannot be read, or contradict themselves.
    #[error(transparent)]
    Market(#[from] PolicyError),
    /// A data directory that cannot be recovered: locked, damaged, or of another fleet.
    #[error("{}: the data directory cannot be used", path.display())]
    Recover {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: ShellError,
    },
    /// A directory without a journal that holds something else. Nothing changed.
    #[error("{}: is nothing of a server's; give --data an empty or a new directory", path.display())]
    Foreign {
        /// What was found.
        path: PathBuf,
    },
    /// The journal failed while the server ran. What was acknowledged is there after a start.
    #[error("the journal failed; start again")]
    Ended(#[source] ShellError),
    /// An address that cannot be listened at.
    #[error("{address}: cannot be listened at; give another --{flag}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The flag that named it.
        flag: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// No certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A task of the server that panicked: a defect.
    #[error("a part of the server failed")]
    Task(#[source] tokio::task::JoinError),
    /// The transport failed.
    #[error("the server ended")]
    Transport(#[source] tonic::transport::Error),
}

impl ServeError {
    /// 2 where flags or directories are to blame, 1 where a running server failed.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            ServeError::Transport(_) | ServeError::Task(_) | ServeError::Start(_) | ServeError::Ended(_) => 1,
            ServeError::Fleet(_)
            | ServeError::Input(_)
            | ServeError::Market(_)
            | ServeError::Recover { .. }
            | ServeError::Foreign { .. }
            | ServeError::Listen { .. }
            | ServeError::Tls(_) => 2,
        }
    }
}
