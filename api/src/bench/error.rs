//! Why a bench did not come to its end.

use std::path::PathBuf;

use parquet::errors::ParquetError;

use super::plan::AnalysisError;

/// Why a bench did not come to its end. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// More capsules than a fleet may have.
    #[error("{per_tile} capsules for each of {tiles} tiles are more than 2^32 - 1")]
    Capsules {
        /// How many for each tile.
        per_tile: u32,
        /// How many tiles.
        tiles: u32,
    },
    /// The program does not find itself, so it cannot run itself.
    #[error("the path of this program is not known")]
    Program {
        /// Why.
        source: std::io::Error,
    },
    /// A run that did not start.
    #[error("`{command}` cannot be started")]
    Start {
        /// The command line.
        command: String,
        /// Why.
        source: std::io::Error,
    },
    /// A run that failed.
    #[error("`{command}` failed with {status}: {said}")]
    Failed {
        /// The command line.
        command: String,
        /// The exit code or signal, in words.
        status: String,
        /// The end of what it said on standard error.
        said: String,
    },
    /// A run whose answer is not the object that was promised.
    #[error("`{command}` did not print the object that --json promises")]
    Answer {
        /// The command line.
        command: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A directory for fleets and plans that cannot be made or removed.
    #[error("{}: cannot be made or removed", path.display())]
    Scratch {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The table of runs that cannot be written.
    #[error("{}: cannot be written", path.display())]
    Table {
        /// The table.
        path: PathBuf,
        /// Why.
        source: ParquetError,
    },
    /// Runs that cannot be analyzed: a defect.
    #[error(transparent)]
    Analysis(#[from] AnalysisError),
}

impl BenchError {
    /// 1 where a run failed, 2 where input, usage or the place of the output is bad.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            BenchError::Start { .. } | BenchError::Failed { .. } | BenchError::Answer { .. } => 1,
            BenchError::Capsules { .. }
            | BenchError::Program { .. }
            | BenchError::Scratch { .. }
            | BenchError::Table { .. }
            | BenchError::Analysis(_) => 2,
        }
    }
}
