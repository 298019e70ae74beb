//! Lines for people and programs on standard output and standard error.
//!
//! A reader that went away is no failure: `lessor explain plan job | head` ends as if all had been read.

use std::io::Write;

use serde::Serialize;

/// Says a line on standard output.
pub(crate) fn say(line: &str) {
    // Nobody is left to tell where this fails.
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Says a line on standard error.
pub(crate) fn warn(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Says text as it is on standard output.
pub(crate) fn say_all(text: &[u8]) {
    let _ = std::io::stdout().write_all(text);
}

/// Prints a value as one line of JSON.
pub(crate) fn print_json<T: Serialize>(value: &T) {
    let line = serde_json::to_string(value).expect("keys are text and no serializer here fails");
    say(&line);
}
