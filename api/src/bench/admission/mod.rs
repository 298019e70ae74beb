//! `lessor bench admission`: an arrival sequence decided pod by pod by an authority, as the service would.
//!
//! Each pod is a request to the engine's own state machine, in the order of arrival, with nothing later seen; what it grants is
//! looked at again by the family's checker. With a policy the answer is written; without one, all of them are compared.

mod contender;
mod drive;
mod outcome;
mod page;
mod points_table;
mod sample;
mod summary_page;

use std::path::Path;

use lessor_datasets::{families, import};
use lessor_engine::admission::PolicyName;
use lessor_models::instance::Instance;
use serde::Serialize;

use crate::cli::BenchAdmissionArgs;
use crate::command_error::CommandError;
use crate::console::{print_json, say, say_all};
use crate::ending::Ending;
use crate::output_directory::{OutputPlace, Replace};
use crate::process::clock::ProcessClock;
use crate::process::machine::Machine;
use crate::solve::answer_file;

use super::error::BenchError;
use super::progress;
use contender::Contender;
use drive::Sequence;
use outcome::{Outcome, PolicyRun};

/// The page beside the table.
const ADMISSION_PAGE: &str = "admission.html";
const SUMMARY_FILE: &str = "summary.md";

/// Carries out `lessor bench admission`.
pub(super) fn run(args: &BenchAdmissionArgs, clock: &ProcessClock) -> Result<Ending, CommandError> {
    match args.policy {
        Some(policy) => one(args, policy, clock),
        None => all(args, clock),
    }
}

/// One policy on one sequence.
fn one(args: &BenchAdmissionArgs, policy: PolicyName, clock: &ProcessClock) -> Result<Ending, CommandError> {
    let [path] = args.sequences.as_slice() else {
        return Err(BenchError::Sequences { sequences: args.sequences.len() }.into());
    };
    let sequence = read(path, &args.nodes)?;
    let driven = drive::drive(&sequence, &Contender::named(policy), args.seed, clock)?;
    answer_file::write(&args.out, &sequence.batch.answer(&driven.seats))?;
    let row = PolicyRun::of(&sequence, policy.name(), &driven);
    if args.json {
        print_json(&row);
    } else {
        say(&format!("admitted  {} pods and refused {}", row.admitted, row.refused));
        for point in &row.points {
            say(&format!(
                "at {:>3} %  unallocated {:6.2} %, power {:.4} MW",
                point.arrived_percent,
                point.unallocated_percent,
                point.power_w / 1e6
            ));
        }
        say(&format!("answer    {}", args.out.display()));
    }
    Ok(Ending::Done)
}

/// Every policy on every sequence.
fn all(args: &BenchAdmissionArgs, clock: &ProcessClock) -> Result<Ending, CommandError> {
    let inputs: Vec<_> = args.sequences.iter().chain([&args.nodes]).cloned().collect();
    let place = OutputPlace::claim(&args.out, Replace::from_force(args.force), &inputs)?;
    let contenders = Contender::all();
    let bar = progress::bar(args.sequences.len() * contenders.len(), args.json);
    let mut rows = Vec::new();
    for path in &args.sequences {
        let sequence = read(path, &args.nodes)?;
        for contender in &contenders {
            bar.set_message(format!("{} on {}", contender.name, sequence.name));
            let driven = drive::drive(&sequence, contender, args.seed, clock)?;
            rows.push(PolicyRun::of(&sequence, &contender.name, &driven));
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    let outcome = Outcome { rows: &rows, contenders: &contenders, machine: Machine::here() };
    let staged = place.stage()?;
    points_table::write(staged.path(), &rows)?;
    let summary = summary_page::markdown(&outcome);
    staged.write(SUMMARY_FILE, &summary)?;
    staged.write(ADMISSION_PAGE, &page::html(&outcome))?;
    staged.publish()?;
    if args.json {
        print_json(&Summary { runs: &rows, out: &args.out });
    } else {
        say_all(summary.as_bytes());
        say_all(format!("\npage      {}\n", args.out.join(ADMISSION_PAGE).display()).as_bytes());
    }
    Ok(Ending::Done)
}

/// Reads a sequence twice: as a fleet with jobs for the engine, and as a batch for the checker and the answer.
fn read(path: &Path, nodes: &Path) -> Result<Sequence, CommandError> {
    let instance: Instance = import::openb(nodes, path, None)?;
    let batch = families::openb(path, nodes, None).map_err(BenchError::from)?;
    let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok(Sequence { name, instance, batch })
}

/// The object that `--json` prints.
#[derive(Debug, Serialize)]
struct Summary<'a> {
    runs: &'a [PolicyRun],
    out: &'a Path,
}
