//! `lessor plan --front A,B`: the trade-off between two terms of the objective, as plans to choose from.
//!
//! Each weighing of the two terms is a plan of its own, checked and written like any other. Which weighing comes next is in
//! [`search`]; what a plan comes to in each term is worked out by the models from its placements, not by the solver. What can be
//! done does not depend on the weights, so each weighing begins with the best of the plans before it.

mod constant;
pub(crate) mod error;
mod outcome;
mod page;
pub(crate) mod pair;
mod plot;
mod point;
mod search;
mod table;

use std::fs;
use std::path::Path;

use lessor_models::objective::{Weights, terms};
use lessor_models::plan::Placement;
use serde::Serialize;

use crate::cli::PlanArgs;
use crate::command_error::CommandError;
use crate::console::{print_json, say_all};
use crate::ending::Ending;
use crate::output_directory::{OutputError, OutputPlace, StagedDirectory};
use crate::plan::run::{Bounds, Run, telling};
use crate::plan::run_file::Settings;
use crate::process::clock::ProcessClock;
use crate::process::interrupt;
use crate::process::machine;

use error::FrontError;
use outcome::{Outcome, PLANS};
use pair::Pair;
use point::{Point, Weighing};

/// Weighings where no flag says how many.
const POINTS_DEFAULT: u8 = 9;

/// The part of the time that is left for the front's own table, page and picture.
const WRITING_SHARE: f64 = 0.02;

/// The files of a front beside its table.
const FRONT_PAGE: &str = "front.html";
const FRONT_PICTURE: &str = "front.svg";

/// Plans the front of a pair and writes its directory.
pub(crate) fn run(args: &PlanArgs, pair: Pair, place: &OutputPlace, run: Run<'_>) -> Result<Ending, CommandError> {
    if args.keep.is_some() && pair.weighs_moves() {
        return Err(FrontError::KeepsMoves.into());
    }
    for term in pair.terms() {
        if let Some(lacking) = constant::lacking(term, run.instance()) {
            return Err(FrontError::Constant { term: term.name(), lacking }.into());
        }
    }
    let staged = place.stage()?;
    let count = args.points.unwrap_or(POINTS_DEFAULT);
    let policy = run.instance().weights().clone();
    let mut planning = Planning { pair, policy, settings: run.settings().clone(), run, plans: Vec::new() };
    let mut points = Vec::new();
    for at in 0..count {
        let Some(weighing) = search::next(pair, &points) else { break };
        let end = planning.end_of(at, count);
        planning = planning.under(weighing, end);
        let dir = planning_dir(&staged, at)?;
        points.push(planning.point(args, (weighing, at), &dir)?);
        search::mark_dominated(pair, &mut points);
        if interrupt::is_heard() {
            break;
        }
    }
    search::sort(pair, &mut points);
    settle_plans(&staged, &mut points)?;
    let figures = &points.first().expect("every front has an extreme to weigh first").figures;
    let (tiles, jobs) = (figures.tiles, figures.jobs);
    let outcome = Outcome { pair, points, settings: &planning.settings, tiles, jobs };
    table::write(staged.path(), &outcome)?;
    staged.write(FRONT_PAGE, &page::html(&outcome))?;
    staged.write(FRONT_PICTURE, &page::svg(&outcome))?;
    staged.publish()?;
    tell(args, &outcome, planning.run.clock());
    let has_any = outcome.points.iter().any(|point| point.figures.placed > 0 || point.figures.unplaced == 0);
    Ok(if has_any { Ending::Done } else { Ending::Failed })
}

/// What every weighing of a front shares.
struct Planning<'c> {
    pair: Pair,
    /// The weights that the policy gives: every other term keeps its own.
    policy: Weights,
    /// The limits of the whole front.
    settings: Settings,
    run: Run<'c>,
    /// The plans made so far.
    plans: Vec<Vec<Placement>>,
}

impl Planning<'_> {
    /// The limits of one weighing: an even part of the work, or of the time that is left.
    fn end_of(&self, at: u8, count: u8) -> Bounds {
        let work = self.settings.work.map(|work| work / u64::from(count));
        let now = self.run.clock().seconds();
        let deadline_seconds = self.settings.deadline_seconds.map(|deadline| {
            let left = (deadline * (1.0 - WRITING_SHARE) - now).max(0.0);
            now + left / f64::from(count - at)
        });
        Bounds { work, deadline_seconds }
    }

    fn under(self, weighing: Weighing, bounds: Bounds) -> Self {
        let weights = self.pair.weights(&self.policy, weighing);
        Planning { run: self.run.under(weights, bounds).beginning_with(&self.plans), ..self }
    }

    /// Plans, checks and writes one weighing.
    fn point(&mut self, args: &PlanArgs, (weighing, at): (Weighing, u8), dir: &Path) -> Result<Point, CommandError> {
        let began = self.run.clock().seconds();
        let planned = self.run.search(telling(args));
        let (outcome, figures) = self.run.write(dir, planned)?;
        let amounts = terms::amounts(self.run.instance(), &outcome.plan.placements);
        self.plans.push(outcome.plan.placements);
        let seconds = self.run.clock().seconds() - began;
        Ok(Point {
            order: at,
            weighing,
            amounts: self.pair.terms().map(|term| amounts[term.at()]),
            figures,
            is_dominated: false,
            plan: None,
            seconds: self.settings.work.is_none().then_some(seconds),
        })
    }
}

fn planning_dir(staged: &StagedDirectory<'_>, at: u8) -> Result<std::path::PathBuf, OutputError> {
    staged.make_folder(&format!("{PLANS}/weighing-{at}"))
}

/// Removes the plans of dominated points, and numbers those of the others in the order of the front.
fn settle_plans(staged: &StagedDirectory<'_>, points: &mut [Point]) -> Result<(), FrontError> {
    let plans = staged.path().join(PLANS);
    let mut kept = 0u8;
    for point in points {
        let written = plans.join(format!("weighing-{}", point.order));
        let settled = if point.is_dominated {
            fs::remove_dir_all(&written)
        } else {
            let name = format!("{kept:02}");
            kept += 1;
            let settled = fs::rename(&written, plans.join(&name));
            point.plan = Some(name);
            settled
        };
        settled.map_err(|source| FrontError::Plans { path: written, source })?;
    }
    Ok(())
}

/// The object that `--json` prints.
#[derive(Debug, Serialize)]
struct FrontSummary<'a> {
    front: [&'static str; 2],
    points: Vec<table::WeighingRow<'a>>,
    seed: u64,
    threads: usize,
    tiles: u64,
    jobs: u64,
    seconds: f64,
    peak_memory_bytes: u64,
    out: &'a Path,
}

/// Says what came out, as the flags ask.
fn tell(args: &PlanArgs, outcome: &Outcome<'_>, clock: &ProcessClock) {
    let elapsed = clock.seconds();
    if args.json {
        return print_json(&FrontSummary {
            front: outcome.pair.terms().map(terms::Objective::name),
            points: table::rows(outcome),
            seed: outcome.settings.seed,
            threads: outcome.settings.threads,
            tiles: outcome.tiles,
            jobs: outcome.jobs,
            seconds: elapsed,
            peak_memory_bytes: machine::peak_memory_bytes(),
            out: &args.out,
        });
    }
    if !args.quiet {
        let (seed, page) = (outcome.settings.seed, args.out.join(FRONT_PAGE));
        let table = table::words(outcome);
        let text = format!("seed      {seed}\n{table}took      {elapsed:.2} s\nfront     {}\n", page.display());
        say_all(text.as_bytes());
    }
}
