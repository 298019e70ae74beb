//! Runs of this very program: a process of its own has a time and a peak of memory of its own, files included.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde::Deserialize;

use crate::bench::error::BenchError;
use crate::process::child;

/// Lines of a failed run's standard error that its error repeats: the last ones, which say why.
const SAID_LINES_MAX: usize = 5;

/// This program, ready to be run.
#[derive(Debug)]
pub(super) struct Program(PathBuf);

/// What is read of the object that `lessor plan --json` prints.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Planned {
    pub(super) value: i128,
    pub(super) bound: Option<i128>,
    pub(super) gap: Option<f64>,
    pub(super) placed: u64,
    pub(super) unplaced: u64,
    pub(super) seconds: f64,
    pub(super) peak_memory_bytes: u64,
    pub(super) job_classes: u64,
}

impl Program {
    /// The file that this process runs.
    ///
    /// # Errors
    /// A system that does not say.
    pub(super) fn this() -> Result<Program, BenchError> {
        std::env::current_exe().map(Program).map_err(|source| BenchError::Program { source })
    }

    /// Runs `lessor plan` with these flags and `--json`.
    ///
    /// # Errors
    /// A run that fails, or does not print its object.
    pub(super) fn plan(&self, fleet: &Path, flags: &[String], out: &Path) -> Result<Planned, BenchError> {
        let mut words: Vec<&OsStr> = vec!["plan".as_ref(), "--fleet".as_ref(), fleet.as_os_str(), "--json".as_ref()];
        words.extend(flags.iter().map(AsRef::<OsStr>::as_ref));
        words.extend(["--out".as_ref(), out.as_os_str()]);
        let output = self.run(&words)?;
        let command = || spoken(&words);
        serde_json::from_slice(&output.stdout).map_err(|source| BenchError::Answer { command: command(), source })
    }

    /// Runs `lessor check`.
    ///
    /// # Errors
    /// A plan that does not pass.
    pub(super) fn check(&self, plan: &Path) -> Result<(), BenchError> {
        self.run(&["check".as_ref(), plan.as_os_str(), "--json".as_ref()]).map(|_| ())
    }

    fn run(&self, words: &[&OsStr]) -> Result<Output, BenchError> {
        let output = child::output(Command::new(&self.0).args(words).stdin(Stdio::null()));
        let output = output.map_err(|source| BenchError::Start { command: spoken(words), source })?;
        if output.status.success() {
            return Ok(output);
        }
        Err(BenchError::Failed { command: spoken(words), status: output.status.to_string(), said: said(&output) })
    }
}

/// A command line as people would type it.
fn spoken(words: &[&OsStr]) -> String {
    [OsStr::new("lessor")].iter().chain(words).map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// The end of what a run said: its standard error, or its object where that is empty.
fn said(output: &Output) -> String {
    let text = if output.stderr.is_empty() { &output.stdout } else { &output.stderr };
    let text = String::from_utf8_lossy(text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(SAID_LINES_MAX)..].join("; ")
}

/// The limit of a plan as its flags.
pub(super) fn limit_flags(limit: Limit, tiles: u32) -> [String; 2] {
    match limit {
        Limit::Seconds(seconds) => ["--deadline".into(), format!("{}ms", (seconds * 1_000.0).round())],
        Limit::WorkPerTile(work) => ["--work".into(), work.saturating_mul(u64::from(tiles)).to_string()],
    }
}

/// What ends a plan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Limit {
    /// A deadline from the start of its process.
    Seconds(f64),
    /// Search moves for each tile.
    WorkPerTile(u64),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_grows_with_the_fleet_and_a_deadline_does_not() {
        assert_eq!(limit_flags(Limit::WorkPerTile(3), 100), ["--work", "300"]);
        assert_eq!(limit_flags(Limit::Seconds(1.5), 100), ["--deadline", "1500ms"]);
    }

    #[test]
    fn a_failed_run_is_named_with_the_end_of_what_it_said() {
        let program = Program("/bin/sh".into());
        let words = ["-c", "seq 1 9 >&2; exit 3"].map(OsStr::new);
        let error = program.run(&words).unwrap_err();
        assert_eq!(error.to_string(), "`lessor -c seq 1 9 >&2; exit 3` failed with exit status: 3: 5; 6; 7; 8; 9");
        assert_eq!(error.exit_code(), 1);
    }

    #[test]
    fn values_beyond_64_bits_are_read() {
        let text = r#"{"value":-36893488147419103232,"bound":null,"gap":null,"placed":1,"unplaced":0,"seconds":0.5,
            "peak_memory_bytes":7,"job_classes":3,"out":"p"}"#;
        assert_eq!(serde_json::from_str::<Planned>(text).unwrap().value, -(1 << 65));
    }
}
