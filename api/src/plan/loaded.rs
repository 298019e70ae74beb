//! A plan directory read back, with the inputs that its `run.json` names, each as it was planned.

use std::path::Path;

use lessor_datasets::table::DatasetError;
use lessor_models::instance::Instance;
use lessor_models::plan::Plan;

use super::inputs::{self, Loaded};
use super::run_file::RunFile;
use super::tables;
use crate::command_error::CommandError;

/// A record and the instance that it speaks of.
#[derive(Debug)]
pub(crate) struct RecordedRun {
    /// The record.
    pub(crate) record: RunFile,
    /// The inputs, with telemetry applied.
    pub(crate) instance: Instance,
}

impl RecordedRun {
    /// Reads the record of a plan directory and its inputs.
    ///
    /// # Errors
    /// An input that is not there, not as it was, or not readable.
    pub(crate) fn read(dir: &Path) -> Result<RecordedRun, CommandError> {
        let record = RunFile::read(dir)?;
        // Hashes are compared first: a changed file is told as changed, whatever is wrong with it now.
        inputs::compare(&record.files, &inputs::hash_all(&record.inputs.files())?)?;
        let Loaded { instance, files, .. } = record.inputs.load(record.weights.weights())?;
        inputs::compare(&record.files, &files)?;
        Ok(RecordedRun { record, instance })
    }

    /// Reads the plan's tables. A cell that speaks of what is not there is a failed check, not an unreadable file.
    ///
    /// # Errors
    /// A table that is not there or cannot be read.
    pub(crate) fn plan(&self, dir: &Path) -> Result<Result<Plan, DatasetError>, CommandError> {
        match tables::read(dir, &self.instance) {
            Ok(plan) => Ok(Ok(plan)),
            Err(error @ DatasetError::Cell { .. }) => Ok(Err(error)),
            Err(error) => Err(error.into()),
        }
    }
}
