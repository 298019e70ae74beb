//! `lessor datasets advance`: the fleet of a plan as it stands at an instant, as a fleet directory to plan on from.

use std::fs;
use std::path::{Path, PathBuf};

use lessor_datasets::advance::{Tally, advance};
use lessor_datasets::table::{DatasetError, FLEET_TABLES, TELEMETRY, add_jobs, instant_words, write_work};
use lessor_models::words::counted;
use serde::Serialize;

use crate::cli::AdvanceArgs;
use crate::command_error::CommandError;
use crate::console::{print_json, say};
use crate::ending::Ending;
use crate::output_directory::{OutputPlace, Replace};
use crate::plan::loaded::RecordedRun;

/// The object that `lessor datasets advance --json` prints: capsules, and jobs that are left of them.
#[derive(Debug, Serialize)]
struct Advanced<'a> {
    at_us: i64,
    ended: u64,
    running: u64,
    queued: u64,
    missing: u64,
    late: u64,
    jobs: usize,
    out: &'a Path,
}

/// Carries out `lessor datasets advance`.
pub(crate) fn run(args: &AdvanceArgs) -> Result<Ending, CommandError> {
    let run = RecordedRun::read(&args.plan)?;
    let inputs = &run.record.inputs;
    let tables = copied(&inputs.fleet, inputs.telemetry.as_deref());
    let mut read: Vec<PathBuf> = tables.iter().map(|(from, _)| from.clone()).collect();
    read.extend(args.arrivals.iter().cloned().chain([args.plan.clone(), inputs.jobs.clone()]));
    let place = OutputPlace::claim(&args.out, Replace::from_force(args.force), &read)?;
    let plan = run.plan(&args.plan)??;
    let instance = match &args.arrivals {
        Some(path) => add_jobs(path, &run.instance)?,
        None => run.instance,
    };
    let (advanced, tally) = advance(&instance, &plan.placements, args.at)
        .map_err(|source| DatasetError::instance(&inputs.jobs, &args.plan, source))?;
    let staged = place.stage()?;
    for (from, name) in &tables {
        let path = staged.path().join(name);
        fs::copy(from, &path).map_err(|source| DatasetError::Create { path, source })?;
    }
    write_work(staged.path(), &advanced)?;
    staged.publish()?;
    tell(args, tally, advanced.jobs().len());
    Ok(Ending::Done)
}

/// The tables that describe the fleet, where they are there, and what was measured of it, with their names in a fleet directory.
fn copied(fleet: &Path, telemetry: Option<&Path>) -> Vec<(PathBuf, String)> {
    let of_fleet = FLEET_TABLES.iter().map(|table| (fleet.join(table.file_name()), table.file_name()));
    let there = of_fleet.filter(|(path, _)| path.exists());
    there.chain(telemetry.map(|path| (path.to_owned(), TELEMETRY.file_name()))).collect()
}

fn tell(args: &AdvanceArgs, tally: Tally, jobs: usize) {
    let Tally { ended, running, queued, missing, late } = tally;
    if args.json {
        print_json(&Advanced { at_us: args.at.0, ended, running, queued, missing, late, jobs, out: &args.out });
        return;
    }
    let capsules = |count: u64| counted(count, "capsule", "capsules");
    say(&format!("at        {}", instant_words(args.at)));
    say(&format!("ended     {}", capsules(ended)));
    say(&format!("runs      {}", capsules(running)));
    say(&format!("waits     {} with a start, {missing} without", capsules(queued)));
    say(&format!("too late  {}", capsules(late)));
    say(&format!("jobs      {jobs} left"));
    say(&format!("written   {}", args.out.display()));
}
