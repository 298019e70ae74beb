//! What a server takes for its data directory: one that holds a journal, or one that holds nothing of anybody else's.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::error::ServeError;
use super::tls;
use crate::journal::{JournalError, LOCK, is_of_a_journal};
use crate::shell::ShellError;

/// What a file system puts at its root.
const LOST_AND_FOUND: &str = "lost+found";

/// Looks at a directory before anything is made in it. Once it holds a journal, what lies beside that is nobody's harm.
///
/// # Errors
/// A directory without a journal that holds something else, which is named.
pub(super) fn look(data: &Path) -> Result<(), ServeError> {
    let failed = |source| ServeError::Recover {
        path: data.to_owned(),
        source: ShellError::Journal(JournalError::io("list", data.display(), source)),
    };
    let entries = match fs::read_dir(data) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    let mut foreign = Vec::new();
    for entry in entries {
        let name = entry.map_err(failed)?.file_name();
        match name.to_str() {
            Some(name) if is_of_a_journal(name) => return Ok(()),
            // A server that ended before its first commit leaves its lock.
            Some(LOCK | tls::DIRECTORY | LOST_AND_FOUND) => {}
            _ => foreign.push(name),
        }
    }
    match foreign.into_iter().min() {
        Some(name) => Err(ServeError::Foreign { path: data.join(name) }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_of_something_else_is_refused_until_it_holds_a_journal() {
        let data = tempfile::tempdir().unwrap();
        assert!(look(data.path()).is_ok() && look(&data.path().join("nowhere")).is_ok());
        for name in [tls::DIRECTORY, LOST_AND_FOUND] {
            fs::create_dir(data.path().join(name)).unwrap();
        }
        assert!(look(data.path()).is_ok());
        for name in ["thesis.txt", "letters.txt"] {
            fs::write(data.path().join(name), "").unwrap();
        }
        let refused = look(data.path()).unwrap_err();
        assert!(matches!(&refused, ServeError::Foreign { path } if path.ends_with("letters.txt")), "{refused}");
        fs::write(data.path().join(LOCK), "").unwrap();
        assert!(look(data.path()).is_err());
        fs::write(data.path().join("00000000000000000000.segment"), "").unwrap();
        assert!(look(data.path()).is_ok());
    }

    /// A server that was killed in its first moment had left a directory that no server took any more.
    #[test]
    fn what_the_first_moment_of_a_server_leaves_is_taken_up() {
        let names = ["journal-mark.new", "journal-mark", "00000000000000000000.segment.new"];
        for count in 1..=names.len() {
            let data = tempfile::tempdir().unwrap();
            names[..count].iter().for_each(|name| fs::write(data.path().join(name), "").unwrap());
            assert!(look(data.path()).is_ok(), "{:?}", &names[..count]);
        }
    }
}
