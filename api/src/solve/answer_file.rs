//! An answer as a file that is whole or absent.

use std::fs;
use std::path::Path;

use super::SolveError;

/// Writes beside the place and renames.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), SolveError> {
    let failed = |source| SolveError::Write { path: path.to_owned(), source };
    let name = path.file_name().ok_or_else(|| failed(std::io::ErrorKind::InvalidInput.into()))?;
    let beside = path.with_file_name(format!(".{}.new-{}", name.to_string_lossy(), std::process::id()));
    let written = fs::write(&beside, text).and_then(|()| fs::rename(&beside, path));
    written.map_err(|source| {
        // Where it was not made, there is nothing to remove.
        let _ = fs::remove_file(&beside);
        failed(source)
    })
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
    fn a_directory_is_not_replaced() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("answer");
        fs::create_dir(&path).unwrap();
        assert!(matches!(write(&path, "one"), Err(SolveError::Write { .. })));
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 1);
    }
}
