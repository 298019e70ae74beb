//! `lessor bench plan`: how time, memory and gap grow with the fleet.
//!
//! Fleets are generated, and each is planned by this very program in a process of its own, so that its time and its peak
//! of memory are those of a whole run with its files. Each plan is then checked in another process: no figure comes from a
//! plan that was not. What the runs come to is for people to read; nothing here decides or asserts by a time.

mod analysis;
pub(super) mod analysis_error;
mod cases;
mod child;
mod outcome;
mod page;
mod runs_table;
mod summary_page;

use std::fs;
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use serde::Serialize;

use crate::cli::BenchPlanArgs;
use crate::command_error::CommandError;
use crate::console::{print_json, say_all};
use crate::datasets_command;
use crate::ending::Ending;
use crate::output_directory::{OutputPlace, Replace, StagedDirectory};
use crate::process::clock::ProcessClock;
use crate::process::machine::{self, Machine};

use super::error::BenchError;
use super::progress;
use analysis::Analysis;
use cases::Case;
use child::{Limit, Program, limit_flags};
use outcome::Outcome;
use runs_table::BenchRun;

/// The files of a bench directory beside the table of runs.
const CURVES_PAGE: &str = "curves.html";
const CURVES_PICTURE: &str = "curves.svg";
const SUMMARY_FILE: &str = "summary.md";

/// Where fleets and plans go while they are measured, inside the staged directory. Removed before it is published.
const SCRATCH: &str = "scratch";

/// Carries out `lessor bench plan`.
pub(super) fn run(args: &BenchPlanArgs, clock: &ProcessClock) -> Result<Ending, CommandError> {
    let place = OutputPlace::claim(&args.out, Replace::from_force(args.force), &[])?;
    let cases = cases::all(args)?;
    let staged = place.stage()?;
    let bench = Bench {
        args,
        clock,
        program: Program::this()?,
        limit: limit(args),
        threads: args.threads.map_or_else(machine::parallelism, usize::from),
        scratch: staged.path().join(SCRATCH),
    };
    let runs = bench.measure(&cases)?;
    let analysis = analysis::analyze(&runs).map_err(BenchError::from)?;
    let outcome = Outcome {
        args,
        limit: bench.limit,
        threads: bench.threads,
        machine: Machine::here(),
        runs: &runs,
        analysis: &analysis,
    };
    write(&staged, &outcome)?;
    staged.publish()?;
    tell(&outcome);
    Ok(Ending::Done)
}

fn limit(args: &BenchPlanArgs) -> Limit {
    match args.deadline {
        Some(deadline) => Limit::Seconds(deadline.as_secs_f64()),
        None => Limit::WorkPerTile(args.work_per_tile.unwrap_or(0)),
    }
}

/// What every run of a bench shares.
struct Bench<'a> {
    args: &'a BenchPlanArgs,
    clock: &'a ProcessClock,
    program: Program,
    limit: Limit,
    threads: usize,
    scratch: PathBuf,
}

impl Bench<'_> {
    fn measure(&self, cases: &[Case]) -> Result<Vec<BenchRun>, CommandError> {
        let bar = progress::bar(cases.len(), self.args.json);
        let mut runs = Vec::with_capacity(cases.len());
        for case in cases {
            runs.push(self.one(case, &bar)?);
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(runs)
    }

    /// Generates, plans, checks, and leaves no file.
    fn one(&self, case: &Case, bar: &ProgressBar) -> Result<BenchRun, CommandError> {
        let name = outcome::case_name(case.family, case.load_permille);
        let show = |what: &str| bar.set_message(format!("{name}: {what} {} tiles", case.tiles));
        let (fleet, plan) = (self.scratch.join("fleet"), self.scratch.join("plan"));
        in_scratch(&fleet, |path| fs::create_dir_all(path))?;
        show("generating");
        let flags = case.fleet(self.args, &fleet)?;
        datasets_command::write(&flags, &datasets_command::instance(&flags)?, &fleet)?;
        show("planning");
        let mut flags = limit_flags(self.limit, case.tiles).to_vec();
        flags.extend(["--threads".into(), self.threads.to_string(), "--seed".into(), case.seed.to_string()]);
        let began = self.clock.seconds();
        let planned = self.program.plan(&fleet, &flags, &plan)?;
        let wall_seconds = self.clock.seconds() - began;
        show("checking");
        self.program.check(&plan)?;
        in_scratch(&self.scratch, |path| fs::remove_dir_all(path))?;
        Ok(BenchRun {
            family: case.family.name(),
            load: cases::load(case.load_permille),
            tiles: case.tiles,
            capsules: planned.placed.saturating_add(planned.unplaced),
            job_classes: planned.job_classes,
            repeat: case.repeat,
            seed: case.seed,
            seconds: planned.seconds,
            wall_seconds,
            peak_memory_bytes: planned.peak_memory_bytes,
            value: planned.value,
            bound: planned.bound,
            gap: planned.gap,
            placed: planned.placed,
            unplaced: planned.unplaced,
        })
    }
}

fn in_scratch(path: &Path, act: impl Fn(&Path) -> std::io::Result<()>) -> Result<(), BenchError> {
    act(path).map_err(|source| BenchError::Scratch { path: path.to_owned(), source })
}

fn write(staged: &StagedDirectory<'_>, outcome: &Outcome<'_>) -> Result<(), CommandError> {
    runs_table::write(staged.path(), outcome.runs)?;
    staged.write(CURVES_PAGE, &page::html(outcome))?;
    staged.write(CURVES_PICTURE, &page::svg(outcome))?;
    staged.write(SUMMARY_FILE, &summary_page::markdown(outcome))?;
    Ok(())
}

/// The object that `--json` prints.
#[derive(Debug, Serialize)]
struct BenchSummary<'a> {
    runs: &'a [BenchRun],
    exponents: Vec<GrowthKeys<'a>>,
    out: &'a Path,
}

/// How one family and load grows with the number of tiles.
#[derive(Debug, Serialize)]
struct GrowthKeys<'a> {
    family: &'a str,
    load: f64,
    exponent: f64,
    r_squared: Option<f64>,
    memory_exponent: f64,
    memory_r_squared: Option<f64>,
}

fn exponents(analysis: &Analysis) -> Vec<GrowthKeys<'_>> {
    let growths = analysis.growths.iter();
    let exponents = growths.map(|growth| GrowthKeys {
        family: &growth.family,
        load: growth.load,
        exponent: growth.seconds.exponent,
        r_squared: growth.seconds.r_squared,
        memory_exponent: growth.peak_memory_bytes.exponent,
        memory_r_squared: growth.peak_memory_bytes.r_squared,
    });
    exponents.collect()
}

/// Says what came out, as the flags ask.
fn tell(outcome: &Outcome<'_>) {
    let out = &outcome.args.out;
    if outcome.args.json {
        let exponents = exponents(outcome.analysis);
        return print_json(&BenchSummary { runs: outcome.runs, exponents, out });
    }
    say_all(summary_page::markdown(outcome).as_bytes());
    say_all(format!("\ncurves    {}\n", out.join(CURVES_PAGE).display()).as_bytes());
}
