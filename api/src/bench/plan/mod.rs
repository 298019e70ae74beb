//! `lessor bench plan`: how time, memory and gap grow with the fleet.
//!
//! Fleets are generated, and each is planned by this very program in a process of its own, so that its time and its peak
//! of memory are those of a whole run with its files. Each plan is then checked in another process: no figure comes from a
//! plan that was not. Several methods plan the same fleets, one after another, and what is best is the best that any of them found.
//! What the runs come to is for people to read; nothing here decides or asserts by a time.

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

use serde::Serialize;

use crate::cli::BenchPlanArgs;
use crate::command_error::CommandError;
use crate::console::{print_json, say_all};
use crate::datasets_command;
use crate::ending::Ending;
use crate::output_directory::{OutputPlace, Replace, StagedDirectory};
use crate::plan::method::PlanMethod;
use crate::plan::run_file::RunFile;
use crate::process::clock::ProcessClock;
use crate::process::machine::{self, Machine};

use super::aim::Aim;
use super::error::BenchError;
use super::primal::{self, Course};
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
    let methods = cases::methods(args);
    let measured = bench.measure(&cases, &methods)?;
    let (runs, courses): (Vec<BenchRun>, Vec<(Course, u128)>) = rated(measured, methods.len()).into_iter().unzip();
    let analysis = analysis::analyze(&runs).map_err(BenchError::from)?;
    let outcome = Outcome {
        args,
        methods: &methods,
        limit: bench.limit,
        threads: bench.threads,
        machine: Machine::here(),
        runs: &runs,
        courses: &courses,
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
    /// Every method on every case, case by case.
    fn measure(&self, cases: &[Case], methods: &[PlanMethod]) -> Result<Vec<(BenchRun, Course)>, CommandError> {
        let bar = progress::bar(cases.len() * methods.len(), self.args.json);
        let mut runs = Vec::with_capacity(cases.len() * methods.len());
        for case in cases {
            let name = outcome::case_name(case.family, case.load_permille);
            let show = |what: &str| bar.set_message(format!("{name}: {what} {} tiles", case.tiles));
            let fleet = self.scratch.join("fleet");
            in_scratch(&fleet, |path| fs::create_dir_all(path))?;
            show("generating");
            let flags = case.fleet(self.args, &fleet)?;
            datasets_command::write(&flags, &datasets_command::instance(&flags)?, &fleet)?;
            for &method in methods {
                runs.push(self.one(case, method, &fleet, &show)?);
                bar.inc(1);
            }
            in_scratch(&self.scratch, |path| fs::remove_dir_all(path))?;
        }
        bar.finish_and_clear();
        Ok(runs)
    }

    /// Plans, checks, and leaves no file; with how the plan got better.
    fn one(
        &self,
        case: &Case,
        method: PlanMethod,
        fleet: &Path,
        show: &impl Fn(&str),
    ) -> Result<(BenchRun, Course), CommandError> {
        let plan = self.scratch.join("plan");
        show(&format!("planning by {}", method.name()));
        let mut flags = limit_flags(self.limit, case.tiles).to_vec();
        flags.extend(["--method".into(), method.name().to_owned()]);
        flags.extend(["--threads".into(), self.threads.to_string(), "--seed".into(), case.seed.to_string()]);
        let began = self.clock.seconds();
        let planned = self.program.plan(fleet, &flags, &plan)?;
        let wall_seconds = self.clock.seconds() - began;
        show("checking");
        self.program.check(&plan)?;
        let timeline = RunFile::read(&plan)?.timeline;
        in_scratch(&plan, |path| fs::remove_dir_all(path))?;
        let told = timeline.iter().filter_map(|point| Some((point.seconds, positive(point.value?))));
        let course = primal::course(told, Some(positive(planned.value)), planned.seconds, Aim::Greatest);
        let run = BenchRun {
            family: case.family.name(),
            load: cases::load(case.load_permille),
            tiles: case.tiles,
            capsules: planned.placed.saturating_add(planned.unplaced),
            job_classes: planned.job_classes,
            method: method.name(),
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
            primal_gap: 0.0,
            primal_integral: 0.0,
        };
        Ok((run, course))
    }
}

/// A value as a chart shows it: a plan that is worth less than none counts as none.
fn positive(value: i128) -> u128 {
    u128::try_from(value).unwrap_or(0)
}

/// Runs, so many of each case, held against the best plan of their case, which stands beside their course.
fn rated(measured: Vec<(BenchRun, Course)>, of_case: usize) -> Vec<(BenchRun, (Course, u128))> {
    let mut rated = Vec::with_capacity(measured.len());
    let mut measured = measured.into_iter().peekable();
    while measured.peek().is_some() {
        let case: Vec<(BenchRun, Course)> = measured.by_ref().take(of_case).collect();
        let best = case.iter().map(|(run, _)| positive(run.value)).max().unwrap_or(0);
        let limit = case.iter().map(|(run, _)| run.seconds).fold(0.0, f64::max);
        rated.extend(case.into_iter().map(|(run, course)| {
            let primal_gap = primal::gap(Some(positive(run.value)), best);
            let primal_integral = primal::integral(&course, best, limit);
            (BenchRun { primal_gap, primal_integral, ..run }, (course, best))
        }));
    }
    rated
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

/// How one family and load grows with the number of tiles, planned by one method.
#[derive(Debug, Serialize)]
struct GrowthKeys<'a> {
    family: &'a str,
    load: f64,
    method: &'a str,
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
        method: &growth.method,
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
