//! Inputs as the instance that they make together; and a plan directory read back, with the inputs that its `run.json` names, each
//! as it was planned.

use std::path::Path;

use lessor_datasets::table::{DatasetError, InstancePaths, charge_prices, read_instance};
use lessor_models::instance::Instance;
use lessor_models::objective::Weights;
use lessor_models::plan::Plan;

use super::hashed_file::{HashedFile, compare, hash_all};
use super::inputs::InputPaths;
use super::run_file::RunFile;
use super::tables;
use super::telemetry_limits::{self, Derating};
use crate::command_error::CommandError;

/// An instance with what telemetry said about it.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// The instance, its limits lowered by telemetry.
    pub(crate) instance: Instance,
    /// What telemetry lowered.
    pub(crate) derating: Derating,
    /// The input files.
    pub(crate) files: Vec<HashedFile>,
}

impl Loaded {
    /// Reads everything, hashes it, and lets telemetry lower the limits.
    ///
    /// # Errors
    /// The first defect found, with its file, row and column.
    pub(crate) fn read(paths: &InputPaths, weights: Weights) -> Result<Loaded, CommandError> {
        let tables =
            InstancePaths { fleet: paths.fleet.clone(), jobs: paths.jobs.clone(), current: paths.current.clone() };
        let (instance, files) = rayon::join(|| read_instance(&tables, weights), || hash_all(&paths.files()));
        // A table that cannot be opened is told as such, before its missing hash is.
        let mut instance = instance?;
        let files = files?;
        if let Some(path) = &paths.prices {
            instance = charge_prices(path, instance)?;
        }
        let derating = match &paths.telemetry {
            Some(path) => telemetry_limits::apply(path, &mut instance)?,
            None => Derating::default(),
        };
        Ok(Loaded { instance, derating, files })
    }
}

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
        compare(&record.files, &hash_all(&record.inputs.files())?)?;
        let Loaded { instance, files, .. } = Loaded::read(&record.inputs, record.weights.weights())?;
        compare(&record.files, &files)?;
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
