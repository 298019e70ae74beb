//! Why the inputs of a plan cannot be used.

use std::path::PathBuf;

/// Why inputs cannot be used. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// The fleet is not a directory.
    #[error("{}: there is no fleet directory here; make one with `lessor datasets generate`", path.display())]
    NoFleet {
        /// Where it should be.
        path: PathBuf,
    },
    /// No jobs anywhere.
    #[error("{}: the fleet directory has no jobs; give --jobs FILE", path.display())]
    NoJobs {
        /// The table that is not there.
        path: PathBuf,
    },
    /// A directory of prices that no round wrote.
    #[error("{}: the directory of no round of a market; give one that `lessor market clear` wrote, or a table of \
     prices", path.display())]
    NoRound {
        /// The directory.
        path: PathBuf,
    },
    /// A path that `run.json` cannot hold.
    #[error("{}: the path is not valid UTF-8, so the plan could not name it", path.display())]
    NotText {
        /// The path.
        path: PathBuf,
    },
    /// A file that cannot be read.
    #[error("{}: cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file whose bytes are not those that were planned.
    #[error("{}: is not the file that was planned (blake3 {found}, planned {recorded}); bring it back or plan \
     again", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// Its hash when the plan was made.
        recorded: String,
        /// Its hash now.
        found: String,
    },
    /// A table that was not there when the plan was made.
    #[error("{}: was not there when the plan was made; move it away or plan again", path.display())]
    Appeared {
        /// The file.
        path: PathBuf,
    },
}
