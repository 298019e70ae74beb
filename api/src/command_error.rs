//! Why a command ended with an error, and with which exit code.

use std::path::PathBuf;

use lessor_datasets::generate::GenerateError;
use lessor_datasets::import::ImportError;
use lessor_datasets::table::DatasetError;
use lessor_models::check::bound::BoundError;

use crate::bench::error::BenchError;
use crate::bench::leases::error::LeasesError;
use crate::front::error::FrontError;
use crate::journal_command::error::JournalCommandError;
use crate::lease_command::error::LeaseError;
use crate::market::error::MarketError;
use crate::market::policy_file::PolicyError;
use crate::output_directory::OutputError;
use crate::plan::input_error::InputError;
use crate::plan::keep::KeepError;
use crate::plan::run_file::RunFileError;
use crate::plan::weights_file::WeightsError;
use crate::serve::error::ServeError;
use crate::solve::error::SolveError;

/// Why a command ended with an error. Nothing was written, unless [`OutputError`] says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// A table that cannot be read or written.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// Inputs that are not there, or not as they were.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A file of weights that cannot be used.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// A factor on the weight of moves that leads too far.
    #[error(transparent)]
    Keep(#[from] KeepError),
    /// A `run.json` that cannot be read or written.
    #[error(transparent)]
    RunFile(#[from] RunFileError),
    /// An output that cannot be put in its place.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// Nothing was generated.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// Nothing was imported.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// A bench that did not come to its end.
    #[error(transparent)]
    Bench(#[from] BenchError),
    /// A front that did not come to its end.
    #[error(transparent)]
    Front(#[from] FrontError),
    /// A verb of the market that did nothing.
    #[error(transparent)]
    Market(#[from] MarketError),
    /// A policy that cannot be used.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A public instance that was not solved.
    #[error(transparent)]
    Solve(#[from] SolveError),
    /// A journal that was not copied or not read.
    #[error(transparent)]
    Journal(#[from] JournalCommandError),
    /// A server that did not start, or ended before its time.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// A measurement of leases that did not come to its end.
    #[error(transparent)]
    Leases(#[from] LeasesError),
    /// A call that a server did not answer, or refused.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// A load that is not a number above zero.
    #[error("--load {load}: must be a number above 0 and at most 100")]
    Load {
        /// What was asked for.
        load: f64,
    },
    /// A job that is not among those planned.
    #[error("{}: no job is named {name:?}{}", jobs.display(), hint(similar.as_deref()))]
    UnknownJob {
        /// The table of jobs.
        jobs: PathBuf,
        /// What was asked for.
        name: String,
        /// A job of nearly that name.
        similar: Option<String>,
    },
    /// Threads that the system did not give.
    #[error("cannot start {threads} threads; give a smaller --threads")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// Why.
        source: rayon::ThreadPoolBuildError,
    },
    /// Less memory than the least with which there is a plan.
    #[error(
        "--memory {}MB is too little: the inputs and a plan of the coarsest kind take about {}MB; give that much, or a smaller \
         fleet",
        limit / 1_000_000,
        least.div_ceil(1_000_000)
    )]
    Memory {
        /// What was given, in bytes.
        limit: u64,
        /// What is needed at least, in bytes.
        least: u64,
    },
    /// The planner returned a plan that breaks a rule: a defect, caught before anything was written.
    #[error("the plan was refused by its check and is not written; {count} violations, the first: {first}")]
    Violated {
        /// How many.
        count: usize,
        /// The first in words.
        first: String,
    },
    /// The certificate proves nothing: a defect, caught before anything was written.
    #[error("the certificate was refused by its check and the plan is not written")]
    Certificate {
        /// Why.
        source: BoundError,
    },
    /// The certificate bounds the value from below the value reached: a defect, caught before anything was written.
    #[error("the bound {bound} is below the value {value}: the plan is not written")]
    Contradicted {
        /// The bound, in micro-credits.
        bound: i128,
        /// The value, in micro-credits.
        value: i128,
    },
}

impl CommandError {
    /// 1 where a check failed, 2 where input or usage is bad.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            CommandError::Violated { .. } | CommandError::Certificate { .. } | CommandError::Contradicted { .. } => 1,
            CommandError::Bench(error) => error.exit_code(),
            CommandError::Journal(error) => error.exit_code(),
            CommandError::Leases(_) => 1,
            CommandError::Serve(error) => error.exit_code(),
            CommandError::Lease(error) => error.exit_code(),
            CommandError::Market(error) => error.exit_code(),
            CommandError::Dataset(_)
            | CommandError::Input(_)
            | CommandError::Weights(_)
            | CommandError::Keep(_)
            | CommandError::Front(_)
            | CommandError::Policy(_)
            | CommandError::RunFile(_)
            | CommandError::Output(_)
            | CommandError::Solve(_)
            | CommandError::Generate(_)
            | CommandError::Import(_)
            | CommandError::Load { .. }
            | CommandError::UnknownJob { .. }
            | CommandError::Memory { .. }
            | CommandError::Threads { .. } => 2,
        }
    }
}

fn hint(similar: Option<&str>) -> String {
    similar.map_or(String::new(), |name| format!("; did you mean {name:?}?"))
}
