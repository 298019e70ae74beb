//! Input files known by their hashes, so that a later look at a plan is one at what was planned.

use std::fs::File;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::input_error::InputError;

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
