//! What exit codes mean, for the help of every verb.

/// Shown below flags and examples.
pub(super) const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  a check failed, nothing could be planned, a run of a bench failed, or a server refused or was not reached
  2  bad input or bad usage; the message names file, row and column, and nothing was written";
