//! One run of the planner, from what was read to a directory of checked files.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use lessor_engine::planner::{Outcome, Phase, PlannerOptions, Progress, Stops, plan};
use lessor_models::check;
use lessor_models::fleet::Level;
use lessor_models::instance::Instance;
use lessor_models::objective::Weights;
use lessor_models::plan::Placement;
use lessor_solver::support::stop::Stop;

use super::inputs::InputPaths;
use super::loaded::Loaded;
use super::progress_view::{ProgressView, Telling};
use super::report_data::{self, Headline, RunView};
use super::run_file::{Point, RUN_FILE, RunFile, Settings, Times};
use super::summary::Figures;
use super::tables;
use super::verdict::{self, Verdict};
use super::weights_file::WeightsFile;
use crate::cli::PlanArgs;
use crate::command_error::CommandError;
use crate::output_directory::write_file;
use crate::process::clock::ProcessClock;
use crate::process::deadline::{self, Sizes};
use crate::process::interrupt;
use crate::process::machine::{self, Machine};
use crate::process::memory::{self, Allowance, Memory};
use crate::report;

/// The report's file in a plan directory.
pub(super) const REPORT_FILE: &str = "report.html";

/// The part of the time until the search ends that the bound's program may take: construction needs the rest.
const BOUND_SHARE: f64 = 0.5;

/// A plan that was made and not yet checked or written.
pub(crate) struct Planned {
    outcome: Outcome,
    view: ProgressView,
    /// How long it took.
    seconds: f64,
}

/// What a run was given.
pub(crate) struct Run<'c> {
    pub(super) loaded: Loaded,
    pub(super) paths: InputPaths,
    pub(super) settings: Settings,
    /// Where memory is limited, what is left of it.
    pub(super) room: Option<Allowance>,
    pub(super) started_us: u64,
    /// How long the inputs took, from the start of the process.
    pub(super) read: Duration,
    pub(super) clock: &'c ProcessClock,
}

/// What ends one plan: work, or a deadline in seconds from the start of the process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) work: Option<u64>,
    pub(crate) deadline_seconds: Option<f64>,
}

impl<'c> Run<'c> {
    /// The same run under other weights, within other bounds.
    pub(crate) fn under(self, weights: Weights, bounds: Bounds) -> Run<'c> {
        let Bounds { work, deadline_seconds } = bounds;
        let instance = self.loaded.instance.with_weights(weights);
        let (loaded, settings) =
            (Loaded { instance, ..self.loaded }, Settings { deadline_seconds, work, ..self.settings });
        Run { loaded, settings, ..self }
    }

    /// The same run with the plan to begin with that is worth most of some; as it was where there is none.
    pub(crate) fn beginning_with(self, plans: &[Vec<Placement>]) -> Run<'c> {
        let Loaded { instance, .. } = self.loaded;
        let best = plans.iter().max_by_key(|plan| check::value(&instance, plan)).cloned();
        let instance = match best {
            Some(plan) => instance.with_queued(plan),
            None => instance,
        };
        Run { loaded: Loaded { instance, ..self.loaded }, ..self }
    }

    pub(crate) fn instance(&self) -> &Instance {
        &self.loaded.instance
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn clock(&self) -> &'c ProcessClock {
        self.clock
    }

    /// Plans until the work is done or the alarms go off.
    pub(crate) fn search(&self, telling: Telling) -> Planned {
        let began = self.clock.seconds();
        let mut view = ProgressView::new(self.clock, telling);
        let Settings { method, seed, work, .. } = self.settings;
        let limit = self.settings.memory_bytes.map(Memory::of_bytes);
        let memory = self.room.and_then(|room| room.tables);
        let options = PlannerOptions { method: method.of_planner(), seed, work, memory };
        let [bound, search, fill, explain] = [(); 4].map(|()| Stop::new());
        let stops = Stops { bound: &bound, search: &search, fill: &fill, explain: &explain };
        let alarms = self.settings.deadline_seconds.map(|seconds| self.alarms(seconds)).unwrap_or_default();
        let alarms: Vec<_> = alarms.into_iter().zip([&bound, &search, &fill, &explain]).collect();
        // A signal ends what proves a bound, and the rest once there is a plan that can be improved.
        let has_plan = AtomicBool::new(false);
        let show = &mut |progress: Progress| {
            has_plan.fetch_or(progress.phase >= Phase::Search, Ordering::Relaxed);
            view.show(progress);
        };
        let is_there = || has_plan.load(Ordering::Relaxed);
        let outcome = interrupt::heed_once_there(&[&bound], &[&search, &fill, &explain], is_there, || {
            memory::with_watch(limit, [&bound, &search], || {
                deadline::with_alarms(&alarms, || plan(self.instance(), &options, stops, show))
            })
        });
        Planned { outcome, view, seconds: self.clock.seconds() - began }
    }

    /// When the bound, the search, the filling of gaps and the explanations must end, so that everything ends by the deadline.
    fn alarms(&self, deadline_seconds: f64) -> Vec<Instant> {
        let (deadline, now) = (Duration::from_secs_f64(deadline_seconds), self.clock.elapsed());
        let reserve = deadline::reserve(&sizes(self.instance()), self.read, deadline.saturating_sub(now));
        let explained = deadline.saturating_sub(reserve);
        let filled = explained.saturating_sub(deadline::explain_share(explained.saturating_sub(now)));
        let has_gaps = self.instance().jobs().iter().any(|job| self.instance().may_start_later(job));
        let share = if has_gaps { deadline::fill_share(filled.saturating_sub(now)) } else { Duration::ZERO };
        let searched = filled.saturating_sub(share);
        let bounded = now + searched.saturating_sub(now).mul_f64(BOUND_SHARE);
        [bounded, searched, filled, explained].into_iter().filter_map(|end| self.clock.instant_after(end)).collect()
    }

    /// Checks a plan and writes its files into an empty directory; the figures are the checker's.
    pub(crate) fn write(&self, dir: &Path, planned: Planned) -> Result<(Outcome, Figures), CommandError> {
        let began = self.clock.seconds();
        let Planned { outcome, view, seconds } = planned;
        let instance = &self.loaded.instance;
        let ((verdict, body), bound) = rayon::join(
            || rayon::join(|| Verdict::of(instance, &outcome.plan), || report_data::body(instance, &outcome.plan)),
            || self.write_tables(dir, &outcome),
        );
        let figures = self.figures(&outcome, &verdict, bound?)?;
        let timeline = view.finish(figures.value, figures.bound);
        let is_timed = self.settings.work.is_none();
        let run_view = is_timed.then(|| RunView {
            seconds: self.clock.seconds(),
            peak_memory_bytes: machine::peak_memory_bytes(),
            timeline: timeline.clone(),
        });
        let headline = Headline {
            figures: &figures,
            seed: self.settings.seed,
            files: &self.loaded.files,
            derating: self.loaded.derating,
        };
        write_file(dir, REPORT_FILE, &report::render(&report_data::finish(body, headline, run_view)))?;
        let times = Times {
            started_us: self.started_us,
            read: self.read.as_secs_f64(),
            plan: seconds,
            write: self.clock.seconds() - began,
            total: self.clock.seconds(),
        };
        write_file(dir, RUN_FILE, &self.record(&figures, times, timeline).text()?)?;
        Ok((outcome, figures))
    }

    /// Writes the tables, reads the certificate back, and gives the bound that it implies as it was written.
    fn write_tables(&self, dir: &Path, outcome: &Outcome) -> Result<Option<i128>, CommandError> {
        let instance = &self.loaded.instance;
        let certificate = outcome.certificate.as_ref().map(|(certificate, _)| certificate);
        tables::write(dir, instance, &outcome.plan, certificate)?;
        let written = tables::read_proof(dir, instance)?;
        verdict::proven_bound(instance, written.as_ref()).map_err(|source| CommandError::Certificate { source })
    }

    /// The figures, where the checker has nothing against them.
    fn figures(&self, outcome: &Outcome, verdict: &Verdict, bound: Option<i128>) -> Result<Figures, CommandError> {
        let instance = &self.loaded.instance;
        if !verdict.violations.is_empty() {
            return Err(CommandError::Violated {
                count: verdict.violations.len(),
                first: verdict.first_words(instance),
            });
        }
        if let Some(first) = verdict::first_miscounted(instance, &outcome.plan) {
            return Err(CommandError::Violated { count: 1, first });
        }
        if let Some(bound) = bound.filter(|&bound| bound < verdict.value) {
            return Err(CommandError::Contradicted { bound, value: verdict.value });
        }
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        Ok(Figures {
            value: verdict.value,
            emitted_mg: verdict.emitted_mg,
            headroom_cost: verdict.strains.map(|strains| strains.headroom),
            balance_cost: verdict.strains.map(|strains| strains.balance),
            dues_cost: verdict.dues,
            bound,
            gap: verdict.gap(bound),
            placed: verdict.placed,
            unplaced: verdict.unplaced,
            tiles: count(instance.fleet().tiles().count()),
            jobs: count(instance.jobs().len()),
            job_classes: count(outcome.sizes.0),
            tile_groups: count(outcome.sizes.1),
            moves: count(outcome.plan.moves.len()),
            waves: outcome.plan.moves.last().map_or(0, |last| u64::from(last.wave) + 1),
            held_back: count(outcome.plan.held_back.len()),
        })
    }

    fn record(&self, figures: &Figures, times: Times, timeline: Vec<Point>) -> RunFile {
        RunFile {
            format: RunFile::FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            inputs: self.paths.clone(),
            files: self.loaded.files.clone(),
            interrupted: interrupt::is_heard(),
            weights: WeightsFile::record(self.instance().weights()),
            settings: self.settings.clone(),
            figures: figures.clone(),
            times,
            timeline,
            machine: Machine::here(),
            peak_memory_bytes: machine::peak_memory_bytes(),
        }
    }
}

/// Whether a plan tells how far it is while it runs.
pub(crate) fn telling(args: &PlanArgs) -> Telling {
    if args.quiet || args.json { Telling::Hidden } else { Telling::Shown }
}

/// What time and memory grow with.
pub(super) fn sizes(instance: &Instance) -> Sizes {
    let fleet = instance.fleet();
    let mut sites = BTreeSet::new();
    let mut tiles = 0;
    for tile in fleet.tiles() {
        tiles += 1;
        sites.insert((fleet.ancestor(tile, Level::Cell), fleet.class_of(tile)));
    }
    let capsules = instance.jobs().iter().map(|job| u64::from(job.count)).sum();
    Sizes { tiles, jobs: instance.jobs().len(), capsules, running: instance.current().len(), sites: sites.len() }
}
