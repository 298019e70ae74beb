//! Why there is no front.

use std::path::PathBuf;

use parquet::errors::ParquetError;

/// Why there is no front. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum FrontError {
    /// The weight of moves is asked for twice.
    #[error("--keep weighs moves, and so does this --front; leave out --keep, or weigh another term than moves")]
    KeepsMoves,
    /// A term that is nothing in every plan.
    #[error("--front weighs {term}, which is nothing in every plan: {lacking}, or weigh another term")]
    Constant {
        /// The term.
        term: &'static str,
        /// What is not there, and the cure.
        lacking: &'static str,
    },
    /// A table that cannot be written.
    #[error("{}: cannot be written", path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ParquetError,
    },
    /// A plan of the front that cannot be put in its place.
    #[error("{}: cannot be renamed or removed", path.display())]
    Plans {
        /// The plan's directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}
