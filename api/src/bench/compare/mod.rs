//! `lessor bench cats`, `gap`, `vbp`, `openb` and `rebalance`: methods of this program and other programs side by side on
//! public instances.
//!
//! Whoever is compared runs as a process of its own, one after another, with the same instance, seconds, threads and seed. Its
//! answer is read from its file and looked at by the family's checker, and its time and memory are measured from outside: no
//! figure but the bound is one that a contender states. An answer that is none is a row like any other.

mod attempt;
mod auction_answer;
mod checked;
pub(super) mod command;
mod contender;
mod family;
mod incumbents_table;
mod means;
mod outcome;
mod page;
mod problem;
mod run;
mod summary_page;
mod task;
mod watch;

use std::collections::BTreeSet;
use std::path::Path;

use serde::Serialize;

use crate::cli::{BenchCatsArgs, BenchCompareArgs, BenchGapArgs, BenchOpenbArgs, BenchRebalanceArgs, BenchVbpArgs};
use crate::command_error::CommandError;
use crate::console::{print_json, say_all};
use crate::ending::Ending;
use crate::output_directory::{OutputPlace, Replace};
use crate::process::clock::ProcessClock;
use crate::process::machine::{self, Machine};

use super::error::BenchError;
use super::progress;
use attempt::{Attempt, Pairing, Terms};
use contender::Contender;
use means::Means;
use outcome::Outcome;
use run::CompareRun;
use task::Task;

/// The files beside the tables.
const COMPARE_PAGE: &str = "compare.html";
const COMPARE_PICTURE: &str = "compare.svg";
const SUMMARY_FILE: &str = "summary.md";

/// Where a contender works, inside the staged directory. Removed before that is published.
const SCRATCH: &str = "scratch";

/// The longest that `--seconds` and `--grace` may be: a day.
const SECONDS_MAX: f64 = 86_400.0;

/// What a contender may run beyond twice its seconds, where `--grace` does not say.
const GRACE_SECONDS: f64 = 10.0;

/// Carries out `lessor bench cats`.
pub(super) fn cats(args: &BenchCatsArgs, clock: &ProcessClock) -> Result<Ending, CommandError> {
    compare(&task::cats(args)?, clock)
}

/// Carries out `lessor bench gap`.
pub(super) fn gap(args: &BenchGapArgs, clock: &ProcessClock) -> Result<Ending, CommandError> {
    compare(&task::gap(args)?, clock)
}

/// Carries out `lessor bench vbp`.
pub(super) fn vbp(args: &BenchVbpArgs, clock: &ProcessClock) -> Result<Ending, CommandError> {
    compare(&task::vbp(args)?, clock)
}

/// Carries out `lessor bench openb`.
pub(super) fn openb(args: &BenchOpenbArgs, clock: &ProcessClock) -> Result<Ending, CommandError> {
    compare(&task::openb(args)?, clock)
}

/// Carries out `lessor bench rebalance`.
pub(super) fn rebalance(args: &BenchRebalanceArgs, clock: &ProcessClock) -> Result<Ending, CommandError> {
    compare(&task::rebalance(args)?, clock)
}

fn compare(task: &Task<'_>, clock: &ProcessClock) -> Result<Ending, CommandError> {
    let common = task.common;
    let terms = terms(common)?;
    let contenders = contender::all(task)?;
    let place = OutputPlace::claim(&common.out, Replace::from_force(common.force), &task.inputs())?;
    let staged = place.stage()?;
    let mut seen = BTreeSet::new();
    let seeds: Vec<u64> = common.seeds.iter().copied().filter(|&seed| seen.insert(seed)).collect();
    let attempts = attempts(task, (&contenders, &seeds), terms, (&staged.path().join(SCRATCH), clock))?;
    let rows = run::rows(task, &contenders, &attempts, terms);
    let means = means::of(contenders.iter().map(|contender| contender.name.as_str()), &rows);
    let outcome = Outcome {
        task,
        contenders: &contenders,
        terms,
        seeds: &seeds,
        attempts: &attempts,
        rows: &rows,
        means: &means,
        machine: Machine::here(),
    };
    run::write(staged.path(), &rows)?;
    incumbents_table::write(staged.path(), task, &contenders, &attempts)?;
    let summary = summary_page::markdown(&outcome);
    staged.write(SUMMARY_FILE, &summary)?;
    staged.write(COMPARE_PAGE, &page::html(&outcome))?;
    staged.write(COMPARE_PICTURE, &page::svg(&outcome))?;
    staged.publish()?;
    let out = &common.out;
    if common.json {
        print_json(&CompareSummary { runs: &rows, means: &means, out });
    } else {
        say_all(summary.as_bytes());
        say_all(format!("\npage      {}\n", out.join(COMPARE_PAGE).display()).as_bytes());
    }
    Ok(Ending::Done)
}

/// What every run is told.
fn terms(common: &BenchCompareArgs) -> Result<Terms, BenchError> {
    let seconds = common.seconds;
    if !(seconds > 0.0 && seconds <= SECONDS_MAX) {
        return Err(BenchError::Seconds { flag: "--seconds", seconds, range: "above 0" });
    }
    let grace = common.grace.unwrap_or(seconds + GRACE_SECONDS);
    if !(0.0..=2.0 * SECONDS_MAX).contains(&grace) {
        return Err(BenchError::Seconds { flag: "--grace", seconds: grace, range: "at least 0" });
    }
    let threads = common.threads.map_or_else(|| u32::try_from(machine::parallelism()).unwrap_or(1), u32::from);
    Ok(Terms { seconds, grace, threads })
}

/// Every contender on every instance with every seed, one after another; an instance is done with before the next begins.
fn attempts(
    task: &Task<'_>,
    (contenders, seeds): (&[Contender], &[u64]),
    terms: Terms,
    (scratch, clock): (&Path, &ProcessClock),
) -> Result<Vec<Attempt>, BenchError> {
    let count = task.cases.len() * seeds.len() * contenders.len();
    let bar = progress::bar(count, task.common.json);
    let mut attempts = Vec::with_capacity(count);
    for (case_at, case) in task.cases.iter().enumerate() {
        for &seed in seeds {
            for (contender_at, contender) in contenders.iter().enumerate() {
                bar.set_message(format!("{} on {}, seed {seed}", contender.name, case.name));
                let pairing = Pairing { case: (case_at, case), contender: (contender_at, contender), seed };
                attempts.push(attempt::run(pairing, terms, task.family.aim(), (scratch, clock))?);
                bar.inc(1);
            }
        }
    }
    bar.finish_and_clear();
    Ok(attempts)
}

/// The object that `--json` prints.
#[derive(Debug, Serialize)]
struct CompareSummary<'a> {
    runs: &'a [CompareRun],
    means: &'a [Means],
    out: &'a Path,
}
