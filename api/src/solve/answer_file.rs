//! An answer as a file that is whole or absent.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::error::SolveError;

/// Writes beside the place and renames.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), SolveError> {
    if is_stream(path) {
        return fs::write(path, text).map_err(|source| failed(path, source));
    }
    let beside = beside(path)?;
    let written = fs::write(&beside, text).and_then(|()| fs::rename(&beside, path));
    written.map_err(|source| {
        // Where it was not made, there is nothing to remove.
        let _ = fs::remove_file(&beside);
        failed(path, source)
    })
}

/// Finds out whether a file can be made beside the place, and leaves everything as it was: an answer that took its time should
/// not be lost to a directory that is not there.
///
/// # Errors
/// A place that holds what is no file, or beside which none can be made.
pub(crate) fn probe(path: &Path) -> Result<(), SolveError> {
    if is_stream(path) {
        return Ok(());
    }
    let beside = beside(path)?;
    if path.is_dir() {
        return Err(failed(path, ErrorKind::IsADirectory.into()));
    }
    let made = fs::write(&beside, "").and_then(|()| fs::remove_file(&beside));
    made.map_err(|source| failed(path, source))
}

/// Finds out whether a place is that of another file, which would be lost.
///
/// # Errors
/// A place that one of the others names as well, by whatever path; a device or a pipe may be named twice.
pub(crate) fn keep_apart(path: &Path, others: &[&PathBuf]) -> Result<(), SolveError> {
    let resolved =
        |path: &Path| fs::canonicalize(path).or_else(|_| std::path::absolute(path)).unwrap_or(path.to_owned());
    let place = resolved(path);
    match others.iter().find(|other| resolved(other) == place) {
        Some(other) if !is_stream(path) => {
            Err(SolveError::Overwrites { path: path.to_owned(), other: (*other).clone() })
        }
        _ => Ok(()),
    }
}

/// The file that is renamed to the place.
fn beside(path: &Path) -> Result<PathBuf, SolveError> {
    let name = path.file_name().ok_or_else(|| failed(path, ErrorKind::InvalidInput.into()))?;
    Ok(path.with_file_name(format!(".{}.new-{}", name.to_string_lossy(), std::process::id())))
}

/// Whether a device or a pipe is there, which takes an answer as it comes: a rename would put a file in its stead.
fn is_stream(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

fn failed(path: &Path, source: io::Error) -> SolveError {
    SolveError::Write { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_replaces_the_one_before_and_leaves_nothing_beside() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("answer");
        write(&path, "one").unwrap();
        write(&path, "two").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_place_is_looked_at_and_left_as_it_was() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("answer");
        probe(&path).unwrap();
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0);
        fs::write(&path, "old").unwrap();
        probe(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        for unwritable in
            [scratch.path().join("absent/answer"), scratch.path().join("answer/within"), scratch.path().join("..")]
        {
            assert!(matches!(probe(&unwritable), Err(SolveError::Write { .. })), "{}", unwritable.display());
        }
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_place_is_no_other_file_by_whatever_path() {
        let scratch = tempfile::tempdir().unwrap();
        let (instance, free) = (scratch.path().join("instance"), scratch.path().join("answer"));
        fs::write(&instance, "1").unwrap();
        let roundabout = scratch.path().join(".").join("instance");
        assert!(matches!(keep_apart(&roundabout, &[&free, &instance]), Err(SolveError::Overwrites { .. })));
        assert!(matches!(keep_apart(&free, &[&free]), Err(SolveError::Overwrites { .. })), "neither is there yet");
        keep_apart(&free, &[&instance]).unwrap();
        keep_apart(Path::new("/dev/null"), &[&PathBuf::from("/dev/null")]).unwrap();
    }

    #[test]
    fn a_device_takes_an_answer_and_stays_one() {
        let device = Path::new("/dev/null");
        probe(device).unwrap();
        write(device, "one").unwrap();
        assert!(is_stream(device));
    }

    #[test]
    fn a_directory_is_not_replaced() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("answer");
        fs::create_dir(&path).unwrap();
        assert!(matches!(probe(&path), Err(SolveError::Write { .. })));
        assert!(matches!(write(&path, "one"), Err(SolveError::Write { .. })));
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 1);
    }
}
