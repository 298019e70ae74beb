//! Why a bench did not come to its end.

use std::path::PathBuf;

use lessor_datasets::families::FamilyError;
use lessor_models::families::openb::OpenbFault;
use parquet::errors::ParquetError;

use super::compare::command::CommandTextError;
use super::plan::analysis_error::AnalysisError;

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
    /// A public instance, or a table of what is known of them, that cannot be read.
    #[error(transparent)]
    Family(#[from] FamilyError),
    /// Seconds that are none.
    #[error("{flag} {seconds}: must be {range} and at most a day")]
    Seconds {
        /// The flag.
        flag: &'static str,
        /// What was asked for.
        seconds: f64,
        /// From where on.
        range: &'static str,
    },
    /// A family of which no table of best results is known.
    #[error("--reference: there is no table of best results for {family}")]
    NoReferences {
        /// The family.
        family: &'static str,
    },
    /// One initial assignment for several models.
    #[error("--initial: there are {models} models, and each has an initial assignment of its own beside it")]
    Initial {
        /// How many models.
        models: usize,
    },
    /// A model whose name does not lead to its initial assignment.
    #[error("{}: give --initial, for the name has no `model` that `assignment` could replace", model.display())]
    NoInitial {
        /// The model.
        model: PathBuf,
    },
    /// A peer that is not a name and a command.
    #[error("--peer {text:?}: must be NAME=COMMAND, with letters, digits, - . _ + in the name")]
    PeerName {
        /// What was asked for.
        text: String,
    },
    /// A name for two contenders.
    #[error("--peer: two contenders are called {name}")]
    PeerTwice {
        /// The name.
        name: String,
    },
    /// A peer whose command is none.
    #[error("--peer {name}: not a command")]
    PeerCommand {
        /// Its name.
        name: String,
        /// Why.
        source: CommandTextError,
    },
    /// A peer that is to be told what there is not.
    #[error("--peer {name}: {{{blank}}} is nothing that instances of {family} have")]
    PeerBlank {
        /// Its name.
        name: String,
        /// What it is to be told.
        blank: &'static str,
        /// The family.
        family: &'static str,
    },
    /// One policy for several sequences.
    #[error("--policy: there are {sequences} sequences, and an answer is for one; without --policy they are compared")]
    Sequences {
        /// How many.
        sequences: usize,
    },
    /// A pod whose device models are among too many classes of nodes.
    #[error(
        "pod {pod}: its models are of tile classes beyond the 64th, and a request names classes among the first 64"
    )]
    Classes {
        /// The pod, from zero.
        pod: usize,
    },
    /// Seats that the family's checker refuses: a defect.
    #[error("what {policy} granted is no placement")]
    Seats {
        /// Who decided.
        policy: String,
        /// Why.
        source: OpenbFault,
    },
    /// A contender that cannot be watched while it runs.
    #[error("{contender} cannot be watched")]
    Watch {
        /// The contender.
        contender: String,
        /// Why.
        source: std::io::Error,
    },
}

impl BenchError {
    /// 1 where a run failed, 2 where input, usage or the place of the output is bad.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            BenchError::Start { .. }
            | BenchError::Failed { .. }
            | BenchError::Answer { .. }
            | BenchError::Seats { .. } => 1,
            BenchError::Capsules { .. }
            | BenchError::Program { .. }
            | BenchError::Scratch { .. }
            | BenchError::Family(_)
            | BenchError::Seconds { .. }
            | BenchError::NoReferences { .. }
            | BenchError::Initial { .. }
            | BenchError::NoInitial { .. }
            | BenchError::PeerName { .. }
            | BenchError::PeerTwice { .. }
            | BenchError::PeerCommand { .. }
            | BenchError::PeerBlank { .. }
            | BenchError::Sequences { .. }
            | BenchError::Classes { .. }
            | BenchError::Watch { .. }
            | BenchError::Table { .. }
            | BenchError::Analysis(_) => 2,
        }
    }
}
