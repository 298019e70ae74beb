//! `lessor datasets import`: public traces, written as fleet directories.

use std::path::{Path, PathBuf};
use std::time::Duration;

use lessor_datasets::import::{self, ImportError};
use lessor_datasets::table::{
    InstancePaths, TELEMETRY, TelemetryWriter, read_altered, read_fleet, read_telemetry, write_fleet_dir,
};
use lessor_models::fleet::Fleet;
use lessor_models::instance::Instance;
use lessor_models::objective::Weights;
use lessor_models::telemetry::Sample;

use crate::cli::{CarbonArgs, GpuServersArgs, ImportSource, OpenbArgs, OpendcArgs};
use crate::command_error::CommandError;
use crate::console::say;
use crate::datasets_command::extent;
use crate::ending::Ending;
use crate::output_directory::{OutputPlace, Replace};
use crate::process::clock::span;

/// A trace as values of the models.
struct Imported {
    instance: Instance,
    telemetry: Vec<Sample>,
}

/// Carries out `lessor datasets import`.
pub(crate) fn run(source: &ImportSource) -> Result<Ending, CommandError> {
    match source {
        ImportSource::Openb(args) => openb(args),
        ImportSource::Opendc(args) => opendc(args),
        ImportSource::GpuServers(args) => gpu_servers(args),
        ImportSource::Carbon(args) => carbon(args),
    }
}

fn openb(args: &OpenbArgs) -> Result<Ending, CommandError> {
    let place = place(&args.out, args.force, &[&args.nodes, &args.pods])?;
    let instance = import::openb(&args.nodes, &args.pods, args.arrived)?;
    write(&place, &args.out, &Imported { instance, telemetry: Vec::new() })
}

fn opendc(args: &OpendcArgs) -> Result<Ending, CommandError> {
    let place = place(&args.out, args.force, &[&args.tasks, &args.fragments, &args.fleet])?;
    let fleet = read_fleet(&args.fleet)?;
    let telemetry = telemetry_of(&args.fleet, &fleet)?;
    let slack = span(args.slack);
    let instance = import::opendc(&args.tasks, &args.fragments, fleet, slack)?;
    write(&place, &args.out, &Imported { instance, telemetry })
}

fn gpu_servers(args: &GpuServersArgs) -> Result<Ending, CommandError> {
    let place = place(&args.out, args.force, &[&args.telemetry])?;
    let read = import::gpu_servers(&args.telemetry)?;
    say(&format!(
        "telemetry {} rows; {} cells hold no usable number and are null",
        read.telemetry.len(),
        read.unusable
    ));
    write(&place, &args.out, &Imported { instance: read.instance, telemetry: read.telemetry })
}

fn carbon(args: &CarbonArgs) -> Result<Ending, CommandError> {
    let series = args.series.iter().map(|(_, file)| file);
    let place = place(&args.out, args.force, &series.chain([&args.fleet]).collect::<Vec<_>>())?;
    let micros = |span: Option<Duration>| span.map_or(0, |span| i64::try_from(span.as_micros()).unwrap_or(i64::MAX));
    let later_us = micros(args.later) - micros(args.earlier);
    let paths = InstancePaths::of_directory(&args.fleet);
    let instance = read_altered::<ImportError>(&paths, Weights::default(), |parts| {
        args.series.iter().try_for_each(|(place, file)| import::carbon(parts, place, file, later_us))
    })?;
    let telemetry = telemetry_of(&args.fleet, instance.fleet())?;
    write(&place, &args.out, &Imported { instance, telemetry })
}

/// What is known of a fleet's tiles goes with them.
fn telemetry_of(dir: &Path, fleet: &Fleet) -> Result<Vec<Sample>, CommandError> {
    let mut telemetry = Vec::new();
    let path = dir.join(TELEMETRY.file_name());
    if path.exists() {
        read_telemetry(&path, fleet, |row| telemetry.push(row))?;
    }
    Ok(telemetry)
}

fn place(out: &Path, force: bool, inputs: &[&PathBuf]) -> Result<OutputPlace, CommandError> {
    let inputs: Vec<PathBuf> = inputs.iter().map(|&input| input.clone()).collect();
    Ok(OutputPlace::claim(out, Replace::from_force(force), &inputs)?)
}

fn write(place: &OutputPlace, out: &Path, imported: &Imported) -> Result<Ending, CommandError> {
    let staged = place.stage()?;
    write_fleet_dir(staged.path(), &imported.instance)?;
    if !imported.telemetry.is_empty() {
        let path = staged.path().join(TELEMETRY.file_name());
        let mut writer = TelemetryWriter::create(&path, imported.instance.fleet())?;
        for row in &imported.telemetry {
            writer.push(*row)?;
        }
        writer.finish()?;
    }
    staged.publish()?;
    say(&format!("fleet     {}", extent(&imported.instance)));
    say(&format!("written   {}", out.display()));
    Ok(Ending::Done)
}
