//! A directory that is written beside its place and renamed, so that it is whole or absent.

use std::fs;
use std::path::{Path, PathBuf};

/// Why there is no output. What stood at its place before is still there, unless the variant says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// Something is there already.
    #[error("{}: already exists; give --force to replace it, or another --out", path.display())]
    Exists {
        /// The place.
        path: PathBuf,
    },
    /// A file stands where a directory should be.
    #[error("{}: is a file; --out names a directory", path.display())]
    IsFile {
        /// The place.
        path: PathBuf,
    },
    /// The place has no name, such as `/` or `..`.
    #[error("{}: cannot be replaced; --out needs a name of its own", path.display())]
    Nameless {
        /// The place.
        path: PathBuf,
    },
    /// An input lies inside the directory that would be replaced.
    #[error("{}: holds the input {}; give another --out", path.display(), input.display())]
    HoldsInput {
        /// The place.
        path: PathBuf,
        /// The input.
        input: PathBuf,
    },
    /// A directory or file that cannot be made, renamed or removed.
    #[error("{}: cannot be {what}", path.display())]
    Io {
        /// The directory or file.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// Why it failed.
        source: std::io::Error,
    },
}

fn io<'a>(path: &'a Path, what: &'static str) -> impl FnOnce(std::io::Error) -> OutputError + 'a {
    move |source| OutputError::Io { path: path.to_owned(), what, source }
}

/// Whether an existing output may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Replace {
    /// It may not.
    Refuse,
    /// It may, at the end.
    Force,
}

impl Replace {
    /// From the flag `--force`.
    pub(crate) fn from_force(force: bool) -> Replace {
        if force { Replace::Force } else { Replace::Refuse }
    }
}

/// The place of an output, known to be free or replaceable. Nothing was written yet.
#[derive(Clone, Debug)]
pub(crate) struct OutputPlace {
    target: PathBuf,
    parent: PathBuf,
    name: String,
    replace: Replace,
}

impl OutputPlace {
    /// Looks at the place and changes nothing.
    ///
    /// # Errors
    /// A place that is taken and may not be replaced, that holds one of the inputs, or where nothing can be made.
    pub(crate) fn claim(target: &Path, replace: Replace, inputs: &[PathBuf]) -> Result<OutputPlace, OutputError> {
        let path = target.to_owned();
        let absolute = std::path::absolute(target).map_err(io(target, "resolved"))?;
        let (Some(parent), Some(name)) = (absolute.parent(), absolute.file_name().filter(|_| !target.ends_with("..")))
        else {
            return Err(OutputError::Nameless { path });
        };
        let place = OutputPlace {
            parent: parent.to_owned(),
            name: name.to_string_lossy().into_owned(),
            target: absolute.clone(),
            replace,
        };
        let Ok(found) = fs::symlink_metadata(&absolute) else { return place.probe().map(|()| place) };
        if replace == Replace::Refuse {
            return Err(OutputError::Exists { path });
        }
        if found.is_file() {
            return Err(OutputError::IsFile { path });
        }
        let resolved = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let real = resolved(&absolute);
        match inputs.iter().find(|input| resolved(input).starts_with(&real)) {
            Some(input) => Err(OutputError::HoldsInput { path, input: input.clone() }),
            None => place.probe().map(|()| place),
        }
    }

    /// Makes a directory in the nearest parent that is there, and removes it: work that takes its time should not be lost to a
    /// place where nothing can be written.
    fn probe(&self) -> Result<(), OutputError> {
        let nearest =
            self.parent.ancestors().find(|parent| fs::symlink_metadata(parent).is_ok()).unwrap_or(&self.parent);
        let probed = nearest.join(format!(".{}.new-{}", self.name, std::process::id()));
        match fs::create_dir(&probed).and_then(|()| fs::remove_dir(&probed)) {
            // A process of the same number left one behind when it was killed: so one can be made.
            Err(source) if source.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
            made => made.map_err(io(&self.parent, "written to")),
        }
    }

    /// Makes an empty directory beside the place.
    ///
    /// # Errors
    /// A directory that cannot be made.
    pub(crate) fn stage(&self) -> Result<StagedDirectory<'_>, OutputError> {
        fs::create_dir_all(&self.parent).map_err(io(&self.parent, "made"))?;
        let staged = self.beside("new");
        // A process of the same number may have left one behind when it was killed.
        remove_if_there(&staged)?;
        fs::create_dir(&staged).map_err(io(&staged, "made"))?;
        Ok(StagedDirectory { place: self, staged })
    }

    fn beside(&self, what: &str) -> PathBuf {
        self.parent.join(format!(".{}.{what}-{}", self.name, std::process::id()))
    }
}

fn remove_if_there(path: &Path) -> Result<(), OutputError> {
    match fs::remove_dir_all(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(io(path, "removed")(source)),
        _ => Ok(()),
    }
}

/// Writes one file of text into a directory.
///
/// # Errors
/// A file that cannot be written.
pub(crate) fn write_file(dir: &Path, name: &str, text: &str) -> Result<(), OutputError> {
    let path = dir.join(name);
    fs::write(&path, text).map_err(io(&path, "written"))
}

/// A directory in the making. Dropped before [`StagedDirectory::publish`], it leaves nothing.
#[derive(Debug)]
pub(crate) struct StagedDirectory<'p> {
    place: &'p OutputPlace,
    staged: PathBuf,
}

impl StagedDirectory<'_> {
    /// Where files are written until then.
    pub(crate) fn path(&self) -> &Path {
        &self.staged
    }

    /// Writes one file of text.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub(crate) fn write(&self, name: &str, text: &str) -> Result<(), OutputError> {
        write_file(&self.staged, name, text)
    }

    /// Makes an empty directory inside, with those that lead to it.
    ///
    /// # Errors
    /// A directory that cannot be made.
    pub(crate) fn make_folder(&self, name: &str) -> Result<PathBuf, OutputError> {
        let path = self.staged.join(name);
        fs::create_dir_all(&path).map_err(io(&path, "made"))?;
        Ok(path)
    }

    /// Renames the directory to its place; an old one is moved aside first and removed last.
    ///
    /// # Errors
    /// A directory that cannot be renamed; an old one is put back then.
    pub(crate) fn publish(self) -> Result<(), OutputError> {
        let target = &self.place.target;
        if fs::symlink_metadata(target).is_err() {
            return fs::rename(&self.staged, target).map_err(io(target, "renamed to"));
        }
        if self.place.replace == Replace::Refuse {
            // It was made by somebody else since the place was claimed.
            return Err(OutputError::Exists { path: target.clone() });
        }
        let old = self.place.beside("old");
        remove_if_there(&old)?;
        fs::rename(target, &old).map_err(io(target, "moved aside"))?;
        if let Err(source) = fs::rename(&self.staged, target) {
            // Nothing more can be done where this fails too; the message names the place.
            let _ = fs::rename(&old, target);
            return Err(io(target, "renamed to")(source));
        }
        // A symbolic link is removed as such: what it points to is not ours.
        if old.is_symlink() { fs::remove_file(&old) } else { fs::remove_dir_all(&old) }.map_err(io(&old, "removed"))
    }
}

impl Drop for StagedDirectory<'_> {
    fn drop(&mut self) {
        // After publishing there is nothing of this name; on a failure there is nobody left to tell.
        let _ = fs::remove_dir_all(&self.staged);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn a_published_directory_is_whole_and_alone() {
        let scratch = tempfile::tempdir().unwrap();
        let place = OutputPlace::claim(&scratch.path().join("a/out"), Replace::Refuse, &[]).unwrap();
        let staged = place.stage().unwrap();
        staged.write("file", "text").unwrap();
        staged.publish().unwrap();
        assert_eq!(names(&scratch.path().join("a")), ["out"]);
        assert_eq!(fs::read_to_string(scratch.path().join("a/out/file")).unwrap(), "text");
    }

    #[test]
    fn a_dropped_directory_leaves_nothing() {
        let scratch = tempfile::tempdir().unwrap();
        let place = OutputPlace::claim(&scratch.path().join("out"), Replace::Refuse, &[]).unwrap();
        let staged = place.stage().unwrap();
        staged.write("file", "text").unwrap();
        drop(staged);
        assert_eq!(names(scratch.path()), [""; 0]);
    }

    #[test]
    fn an_old_directory_stays_until_the_new_one_is_published() {
        let scratch = tempfile::tempdir().unwrap();
        let out = scratch.path().join("out");
        fs::create_dir(&out).unwrap();
        fs::write(out.join("old"), "").unwrap();
        assert!(matches!(OutputPlace::claim(&out, Replace::Refuse, &[]), Err(OutputError::Exists { .. })));
        let place = OutputPlace::claim(&out, Replace::Force, &[]).unwrap();
        let staged = place.stage().unwrap();
        staged.write("new", "").unwrap();
        assert_eq!(names(&out), ["old"]);
        staged.publish().unwrap();
        assert_eq!((names(&out), names(scratch.path())), (vec!["new".to_owned()], vec!["out".to_owned()]));
    }

    #[test]
    fn a_directory_that_holds_an_input_is_not_replaced() {
        let scratch = tempfile::tempdir().unwrap();
        let input = scratch.path().join("jobs.parquet");
        fs::write(&input, "").unwrap();
        let refused = OutputPlace::claim(scratch.path(), Replace::Force, &[input]);
        assert!(matches!(refused, Err(OutputError::HoldsInput { .. })));
    }

    #[test]
    fn a_place_where_nothing_can_be_made_is_refused_and_a_free_one_left_as_it_was() {
        let scratch = tempfile::tempdir().unwrap();
        fs::write(scratch.path().join("file"), "").unwrap();
        for within in ["file/out", "file/a/out"] {
            let refused = OutputPlace::claim(&scratch.path().join(within), Replace::Refuse, &[]);
            assert!(matches!(refused, Err(OutputError::Io { .. })), "{within}");
        }
        for free in ["out", "a/b/out"] {
            OutputPlace::claim(&scratch.path().join(free), Replace::Refuse, &[]).unwrap();
        }
        assert_eq!(names(scratch.path()), ["file"]);
    }

    #[test]
    fn a_file_and_a_root_are_not_replaced() {
        let scratch = tempfile::tempdir().unwrap();
        let file = scratch.path().join("out");
        fs::write(&file, "").unwrap();
        assert!(matches!(OutputPlace::claim(&file, Replace::Force, &[]), Err(OutputError::IsFile { .. })));
        for nameless in ["/", ".."] {
            let refused = OutputPlace::claim(Path::new(nameless), Replace::Force, &[]);
            assert!(matches!(refused, Err(OutputError::Nameless { .. })), "{nameless}");
        }
    }
}
