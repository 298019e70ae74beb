//! The inputs of a plan: which files, their hashes, and the instance that they make together.

use std::fs::File;
use std::path::{Path, PathBuf};

use lessor_datasets::table::{
    CAPACITIES, InstancePaths, JOBS, NODES, PLACEMENTS, PRICES, TARIFFS, TELEMETRY, TableSpec, ZONE_MEMBERS, ZONES,
    charge_prices, read_instance,
};
use lessor_models::instance::Instance;
use lessor_models::objective::Weights;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::telemetry_limits::{self, Derating};
use crate::cli::PlanArgs;
use crate::command_error::CommandError;
use crate::market;

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

/// One input file and its hash.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct HashedFile {
    /// What the file holds: the name of a table, or `weights`.
    pub(crate) table: String,
    /// Where it is.
    pub(crate) path: PathBuf,
    /// BLAKE3 of its bytes, in hexadecimal.
    pub(crate) blake3: String,
}

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
        let of_fleet = |table: &'static TableSpec| (table.name, self.fleet.join(table.file_name()));
        let mut files = vec![of_fleet(&NODES)];
        files.extend(
            [&ZONES, &ZONE_MEMBERS, &CAPACITIES, &TARIFFS].map(of_fleet).into_iter().filter(|(_, path)| path.exists()),
        );
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

    /// Reads everything, hashes it, and lets telemetry lower the limits.
    ///
    /// # Errors
    /// The first defect found, with its file, row and column.
    pub(crate) fn load(&self, weights: Weights) -> Result<Loaded, CommandError> {
        let tables =
            InstancePaths { fleet: self.fleet.clone(), jobs: self.jobs.clone(), current: self.current.clone() };
        let (instance, files) = rayon::join(|| read_instance(&tables, weights), || hash_all(&self.files()));
        // A table that cannot be opened is told as such, before its missing hash is.
        let mut instance = instance?;
        let files = files?;
        if let Some(path) = &self.prices {
            instance = charge_prices(path, instance)?;
        }
        let derating = match &self.telemetry {
            Some(path) => telemetry_limits::apply(path, &mut instance)?,
            None => Derating::default(),
        };
        Ok(Loaded { instance, derating, files })
    }
}

/// Compares input files with their record.
///
/// # Errors
/// The first file that is not as it was.
pub(crate) fn compare(recorded: &[HashedFile], found: &[HashedFile]) -> Result<(), InputError> {
    for file in found {
        match recorded.iter().find(|record| record.path == file.path && record.table == file.table) {
            None => return Err(InputError::Appeared { path: file.path.clone() }),
            Some(record) if record.blake3 != file.blake3 => {
                return Err(InputError::Changed {
                    path: file.path.clone(),
                    recorded: record.blake3.clone(),
                    found: file.blake3.clone(),
                });
            }
            Some(_) => {}
        }
    }
    match recorded.iter().find(|record| found.iter().all(|file| file.path != record.path)) {
        Some(gone) => Err(InputError::Read { path: gone.path.clone(), source: std::io::ErrorKind::NotFound.into() }),
        None => Ok(()),
    }
}

/// Hashes input files, in their order.
///
/// # Errors
/// The first file that cannot be read.
pub(crate) fn hash_all(files: &[(&'static str, PathBuf)]) -> Result<Vec<HashedFile>, InputError> {
    let hashed: Vec<Result<HashedFile, InputError>> = files
        .par_iter()
        .map(|(table, path)| {
            let hash = hash(path).map_err(|source| InputError::Read { path: path.clone(), source })?;
            Ok(HashedFile { table: (*table).to_owned(), path: path.clone(), blake3: hash })
        })
        .collect();
    hashed.into_iter().collect()
}

fn hash(path: &Path) -> std::io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path)?)?;
    Ok(hasher.finalize().to_hex().to_string())
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
    if path.join(market::RECORD).is_file() {
        Ok(path.join(PRICES.file_name()))
    } else {
        Err(InputError::NoRound { path })
    }
}

fn absolute(path: &Path) -> Result<PathBuf, InputError> {
    let absolute = std::path::absolute(path).map_err(|source| InputError::Read { path: path.to_owned(), source })?;
    match absolute.to_str() {
        Some(_) => Ok(absolute),
        None => Err(InputError::NotText { path: absolute }),
    }
}
