//! Why an instance was not solved.

use std::path::PathBuf;

use lessor_datasets::families::FamilyError;

/// Why an instance was not solved. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum SolveError {
    /// An instance that cannot be read.
    #[error(transparent)]
    Family(#[from] FamilyError),
    /// Seconds that are none.
    #[error("--seconds {seconds}: must be above 0 and at most a month")]
    Seconds {
        /// What was asked for.
        seconds: f64,
    },
    /// An answer or its incumbents would be written over another file of the command line.
    #[error("{}: would be written over {}; give another --out or --incumbents", path.display(), other.display())]
    Overwrites {
        /// The place.
        path: PathBuf,
        /// What is there, or will be.
        other: PathBuf,
    },
    /// An answer that cannot be put in its place. What stood there before is still there.
    #[error("{}: cannot be written", path.display())]
    Write {
        /// The place.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}
