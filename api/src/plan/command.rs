//! `lessor plan`: reads, plans, checks, writes, and says what came out.

use std::time::Duration;

use lessor_datasets::table::interval_words;
use lessor_models::instance::Instance;
use lessor_models::words::{counted, credits};

use super::inputs::InputPaths;
use super::keep::Keep;
use super::loaded::Loaded;
use super::run::{REPORT_FILE, Run, sizes, telling};
use super::run_file::Settings;
use super::summary::{self, Figures, PlanSummary};
use super::weights_file;
use crate::cli::PlanArgs;
use crate::command_error::CommandError;
use crate::console::{print_json, say, warn};
use crate::ending::Ending;
use crate::front;
use crate::output_directory::{OutputPlace, Replace};
use crate::process::clock::{ProcessClock, unix_micros};
use crate::process::machine;
use crate::process::memory::{self, Allowance, Memory};

/// The deadline where neither time nor work is limited by a flag.
const DEADLINE_DEFAULT: Duration = Duration::from_secs(30);

/// Carries out `lessor plan`.
pub(crate) fn run(args: &PlanArgs, clock: &ProcessClock) -> Result<Ending, CommandError> {
    let started_us = unix_micros();
    let paths = InputPaths::resolve(args)?;
    let inputs: Vec<_> = paths.files().into_iter().map(|(_, path)| path).collect();
    let place = OutputPlace::claim(&args.out, Replace::from_force(args.force), &inputs)?;
    let weights = args.weights.as_deref().map(weights_file::read).transpose()?.unwrap_or_default();
    let weights = match args.keep {
        Some(keep) => keep.scale(&weights)?,
        None => weights,
    };
    let settings = settings(args);
    let threads = settings.threads;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|source| CommandError::Threads { threads, source })?;
    pool.install(|| {
        let loaded = Loaded::read(&paths, weights)?;
        warn_of_idle_prices(args, &loaded.instance);
        let room = room(args.memory, &loaded.instance)?;
        let run = Run { loaded, paths, settings, room, started_us, read: clock.elapsed(), clock };
        match args.front {
            Some(pair) => front::run(args, pair, &place, run),
            None => one(args, &place, &run),
        }
    })
}

/// Prices of other times than the jobs' charge nobody, which is seldom what was meant.
fn warn_of_idle_prices(args: &PlanArgs, instance: &Instance) {
    let Some(path) = &args.prices else { return };
    let (prices, horizon) = (instance.fleet().prices(), instance.horizon());
    if !prices.is_empty() && !prices.hold_within(horizon) {
        let (path, horizon) = (path.display(), interval_words(horizon));
        warn(&format!("{path}: no price holds while jobs may run, {horizon}, so that nothing is charged"));
    }
}

fn settings(args: &PlanArgs) -> Settings {
    let deadline = args.work.is_none().then(|| args.deadline.unwrap_or(DEADLINE_DEFAULT));
    Settings {
        method: args.method,
        seed: args.seed,
        deadline_seconds: deadline.map(|deadline| deadline.as_secs_f64()),
        work: args.work,
        threads: args.threads.map_or_else(machine::parallelism, usize::from),
        keep_permille: args.keep.map(Keep::permille),
        memory_bytes: args.memory.map(Memory::bytes),
    }
}

/// What a limit on memory leaves.
fn room(limit: Option<Memory>, instance: &Instance) -> Result<Option<Allowance>, CommandError> {
    let Some(limit) = limit else { return Ok(None) };
    let room = memory::room(limit, &sizes(instance), machine::resident_bytes());
    let is_enough = room.tables.is_some();
    is_enough.then_some(Some(room)).ok_or(CommandError::Memory { limit: limit.bytes(), least: room.least })
}

/// Makes one plan and writes its directory.
fn one(args: &PlanArgs, place: &OutputPlace, run: &Run<'_>) -> Result<Ending, CommandError> {
    let planned = run.search(telling(args));
    let staged = place.stage()?;
    let figures = run.write(staged.path(), planned)?.1;
    staged.publish()?;
    tell(args, run, &figures);
    Ok(if figures.placed == 0 && figures.unplaced > 0 { Ending::Failed } else { Ending::Done })
}

/// Says what came out, as the flags ask.
fn tell(args: &PlanArgs, run: &Run<'_>, figures: &Figures) {
    let (seconds, peak_memory_bytes) = (run.clock().seconds(), machine::peak_memory_bytes());
    if args.json {
        print_json(&PlanSummary {
            seed: run.settings().seed,
            value: figures.value,
            emitted_mg: figures.emitted_mg,
            headroom_cost: figures.headroom_cost,
            balance_cost: figures.balance_cost,
            dues_cost: figures.dues_cost,
            bound: figures.bound,
            gap: figures.gap,
            placed: figures.placed,
            unplaced: figures.unplaced,
            seconds,
            peak_memory_bytes,
            tiles: figures.tiles,
            jobs: figures.jobs,
            job_classes: figures.job_classes,
            tile_groups: figures.tile_groups,
            moves: figures.moves,
            waves: figures.waves,
            held_back: figures.held_back,
            threads: run.settings().threads,
            out: &args.out,
        });
    } else if !args.quiet {
        let asked = figures.placed.saturating_add(figures.unplaced);
        say(&format!("seed      {}", run.settings().seed));
        let capsules = counted(asked, "capsule", "capsules");
        let (jobs, tiles) = (counted(figures.jobs, "job", "jobs"), counted(figures.tiles, "tile", "tiles"));
        say(&format!("placed    {} of {capsules} of {jobs} on {tiles}", figures.placed));
        say(&format!("value     {} credits", credits(figures.value)));
        say(&format!("bound     {}", summary::bound_words(figures.bound)));
        say(&format!("gap       {}", summary::gap_words(figures.gap)));
        if figures.moves > 0 || figures.held_back > 0 {
            say(&format!("moves     {} in {}", figures.moves, counted(figures.waves, "wave", "waves")));
        }
        if let Some(emitted_mg) = figures.emitted_mg {
            say(&format!("emits     {} of carbon dioxide", summary::kilograms(emitted_mg)));
        }
        if let Some(words) = summary::dues_words(figures) {
            say(&format!("dues      {words}"));
        }
        if let Some(words) = summary::strain_words(figures) {
            say(&format!("strain    {words}"));
        }
        say(&format!("took      {seconds:.2} s, {} of memory at most", summary::mebibytes(peak_memory_bytes)));
        say(&format!("report    {}", args.out.join(REPORT_FILE).display()));
    }
    if figures.held_back > 0 {
        warn(&format!(
            "{} held back, since no order of moves leads there; table held_back says who waits for whom",
            counted(figures.held_back, "move is", "moves are")
        ));
    }
    if figures.placed == 0 && figures.unplaced > 0 {
        let capsules = counted(figures.unplaced, "capsule", "capsules");
        warn(&format!("nothing could be planned: not one of {capsules}; `lessor explain` says why"));
    }
}
