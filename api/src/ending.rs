//! How a command ends: with an exit code, or with an error in one line.

/// How a command ended, where it ended without an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It did what it was asked: exit code 0.
    Done,
    /// A check failed, or nothing could be planned: exit code 1.
    Failed,
}

/// An error and everything that caused it, in one line. What a cause says that only passes another one on is said once.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    let mut words: Vec<String> = causes.map(ToString::to_string).collect();
    words.dedup();
    words.join(": ")
}
