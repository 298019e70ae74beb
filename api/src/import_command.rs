//! `lessor datasets import`: public traces, written as fleet directories.

use std::path::{Path, PathBuf};

use lessor_datasets::import;
use lessor_datasets::table::{TELEMETRY, TelemetryRow, TelemetryWriter, read_fleet, read_telemetry, write_fleet_dir};
use lessor_models::instance::Instance;
use lessor_models::time::Span;

use crate::Ending;
use crate::cli::{GpuServersArgs, ImportSource, OpenbArgs, OpendcArgs};
use crate::command_error::CommandError;
use crate::console::say;
use crate::datasets_command::extent;
use crate::output_directory::{OutputPlace, Replace};

/// A trace as values of the models.
struct Imported {
    instance: Instance,
    telemetry: Vec<TelemetryRow>,
}

/// Carries out `lessor datasets import`.
pub(crate) fn run(source: &ImportSource) -> Result<Ending, CommandError> {
    match source {
        ImportSource::Openb(args) => openb(args),
        ImportSource::Opendc(args) => opendc(args),
        ImportSource::GpuServers(args) => gpu_servers(args),
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
    // What is known of the fleet's tiles goes with them.
    let mut telemetry = Vec::new();
    let path = args.fleet.join(TELEMETRY.file_name());
    if path.exists() {
        read_telemetry(&path, &fleet, |row| telemetry.push(row))?;
    }
    let slack = Span(u64::try_from(args.slack.as_micros()).unwrap_or(u64::MAX));
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
