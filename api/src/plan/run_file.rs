//! `run.json`: how a plan was made, and everything about it that may differ from run to run: paths, times, the machine.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::hashed_file::HashedFile;
use super::inputs::InputPaths;
use super::method::PlanMethod;
use super::summary::Figures;
use super::weights_file::WeightsFile;
use crate::process::machine::Machine;

/// The file's name in a plan directory.
pub(crate) const RUN_FILE: &str = "run.json";

/// Rises when a key changes its meaning or goes.
const FORMAT: u32 = 1;

/// The record of one run.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct RunFile {
    /// The format that the file is in.
    pub(crate) format: u32,
    /// The program's version.
    pub(crate) version: String,
    /// Where the inputs are.
    pub(crate) inputs: InputPaths,
    /// The input files with their hashes.
    pub(crate) files: Vec<HashedFile>,
    /// Whether a signal ended it before its time or its work was over: then nothing reproduces it.
    #[serde(default)]
    pub(crate) interrupted: bool,
    /// The weights, every key stated.
    pub(crate) weights: WeightsFile,
    /// What the run was told.
    pub(crate) settings: Settings,
    /// What it reached.
    pub(crate) figures: Figures,
    /// How long it took.
    pub(crate) times: Times,
    /// How value and bound moved, in order of time.
    pub(crate) timeline: Vec<Point>,
    /// The machine.
    pub(crate) machine: Machine,
    /// Greatest resident memory in bytes.
    pub(crate) peak_memory_bytes: u64,
}

/// What a run was told beside its inputs.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Settings {
    /// How the plan was made.
    #[serde(default)]
    pub(crate) method: PlanMethod,
    /// The one number that reproduces the run.
    pub(crate) seed: u64,
    /// The deadline in seconds from process start, where there was one.
    pub(crate) deadline_seconds: Option<f64>,
    /// The limit in work, where there was one.
    pub(crate) work: Option<u64>,
    /// Threads.
    pub(crate) threads: usize,
    /// The factor on the weight of moves in thousandths, where one was given; the weights hold the product.
    #[serde(default)]
    pub(crate) keep_permille: Option<u32>,
    /// The limit on the memory of the process, in bytes, where one was given.
    #[serde(default)]
    pub(crate) memory_bytes: Option<u64>,
}

/// When and how long, in seconds where not said otherwise.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Times {
    /// When the run began, in microseconds since 1970-01-01 UTC.
    pub(crate) started_us: u64,
    /// From process start until the inputs were read.
    pub(crate) read: f64,
    /// Planning.
    pub(crate) plan: f64,
    /// Checking and writing tables and report.
    pub(crate) write: f64,
    /// From process start until this file was written.
    pub(crate) total: f64,
}

/// Value and bound at one time of the run.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub(crate) struct Point {
    /// Seconds from process start.
    pub(crate) seconds: f64,
    /// The best value so far in micro-credits.
    pub(crate) value: Option<i128>,
    /// The least bound so far in micro-credits.
    pub(crate) bound: Option<i128>,
}

/// Why a `run.json` cannot be used. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum RunFileError {
    /// It cannot be read.
    #[error("{}: cannot be read; is this a plan directory?", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not what this program writes.
    #[error("{}: not a record of a run", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// It is of another format.
    #[error("{}: has format {found}, and this program reads format {FORMAT}; plan again", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// The format.
        found: u32,
    },
    /// It cannot be put into words.
    #[error("the record of the run cannot be written")]
    Encode {
        /// Why.
        source: serde_json::Error,
    },
}

impl RunFile {
    /// The format that this program writes.
    pub(crate) const FORMAT: u32 = FORMAT;

    /// Reads the record of a plan directory.
    ///
    /// # Errors
    /// A file that is not there, or not a record that this program reads.
    pub(crate) fn read(plan: &Path) -> Result<RunFile, RunFileError> {
        #[derive(Deserialize)]
        struct Versioned {
            format: u32,
        }
        let path = plan.join(RUN_FILE);
        let text = fs::read_to_string(&path).map_err(|source| RunFileError::Read { path: path.clone(), source })?;
        let parse = |source| RunFileError::Parse { path: path.clone(), source };
        let Versioned { format } = serde_json::from_str(&text).map_err(parse)?;
        if format != FORMAT {
            return Err(RunFileError::Format { path, found: format });
        }
        serde_json::from_str(&text).map_err(parse)
    }

    /// The record as text.
    ///
    /// # Errors
    /// A path that is not text.
    pub(crate) fn text(&self) -> Result<String, RunFileError> {
        let text = serde_json::to_string_pretty(self).map_err(|source| RunFileError::Encode { source })?;
        Ok(text + "\n")
    }
}
