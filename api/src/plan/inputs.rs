//! The inputs of a plan: which files they are.

use std::path::{Path, PathBuf};

use lessor_datasets::table::{FLEET_TABLES, JOBS, NODES, PLACEMENTS, PRICES, TELEMETRY, TableSpec};
use serde::{Deserialize, Serialize};

use super::input_error::InputError;
use crate::cli::PlanArgs;
use crate::market::record::RECORD;

/// Where the inputs are.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct InputPaths {
    /// The fleet directory.
    pub(crate) fleet: PathBuf,
    /// The jobs.
    pub(crate) jobs: PathBuf,
    /// The telemetry, where there is any.
    pub(crate) telemetry: Option<PathBuf>,
    /// What runs already, where anything does.
    pub(crate) current: Option<PathBuf>,
    /// What the use of accounts costs, where it costs anything.
    #[serde(default)]
    pub(crate) prices: Option<PathBuf>,
    /// The weights, where they were given.
    pub(crate) weights: Option<PathBuf>,
}

impl InputPaths {
    /// From flags: a table that no flag names is taken from the fleet directory where it is there.
    pub(crate) fn resolve(args: &PlanArgs) -> Result<InputPaths, InputError> {
        let fleet = absolute(&args.fleet)?;
        if !fleet.is_dir() {
            return Err(InputError::NoFleet { path: args.fleet.clone() });
        }
        let given = |flag: &Option<PathBuf>| flag.as_deref().map(absolute).transpose();
        let of_directory = |table: &TableSpec| Some(fleet.join(table.file_name())).filter(|path| path.exists());
        let jobs = given(&args.jobs)?.or_else(|| of_directory(&JOBS));
        Ok(InputPaths {
            jobs: jobs.ok_or_else(|| InputError::NoJobs { path: fleet.join(JOBS.file_name()) })?,
            telemetry: given(&args.telemetry)?.or_else(|| of_directory(&TELEMETRY)),
            current: given(&args.current)?.map(of_plan).or_else(|| of_directory(&PLACEMENTS)),
            prices: given(&args.prices)?.map(of_round).transpose()?,
            weights: given(&args.weights)?,
            fleet,
        })
    }

    /// Every input file that is there, with what it holds, in a fixed order.
    pub(crate) fn files(&self) -> Vec<(&'static str, PathBuf)> {
        let of_fleet = FLEET_TABLES.map(|table| (table.name, self.fleet.join(table.file_name())));
        let needed = |(table, path): &(&str, PathBuf)| *table == NODES.name || path.exists();
        let mut files: Vec<(&'static str, PathBuf)> = of_fleet.into_iter().filter(needed).collect();
        files.push((JOBS.name, self.jobs.clone()));
        let optional = [
            (TELEMETRY.name, &self.telemetry),
            (PLACEMENTS.name, &self.current),
            (PRICES.name, &self.prices),
            ("weights", &self.weights),
        ];
        files.extend(optional.into_iter().filter_map(|(table, path)| Some((table, path.clone()?))));
        files
    }
}

/// The placements of a plan directory; a path that leads elsewhere as it is.
fn of_plan(path: PathBuf) -> PathBuf {
    if path.is_dir() { path.join(PLACEMENTS.file_name()) } else { path }
}

/// The prices of a market directory; a path that leads elsewhere as it is.
fn of_round(path: PathBuf) -> Result<PathBuf, InputError> {
    if !path.is_dir() {
        return Ok(path);
    }
    // A plan directory has a table of that name too: what its accounts are worth to it, which nobody asks for their use.
    if path.join(RECORD).is_file() { Ok(path.join(PRICES.file_name())) } else { Err(InputError::NoRound { path }) }
}

fn absolute(path: &Path) -> Result<PathBuf, InputError> {
    let absolute = std::path::absolute(path).map_err(|source| InputError::Read { path: path.to_owned(), source })?;
    match absolute.to_str() {
        Some(_) => Ok(absolute),
        None => Err(InputError::NotText { path: absolute }),
    }
}
