//! `lessor datasets import`: public traces, written as fleet directories.

use lessor_datasets::import;
use lessor_datasets::table::write_fleet_dir;

use crate::Ending;
use crate::cli::{ImportSource, OpenbArgs};
use crate::command_error::CommandError;
use crate::datasets_command::extent;
use crate::output_directory::{OutputPlace, Replace};

/// Carries out `lessor datasets import`.
pub(crate) fn run(source: &ImportSource) -> Result<Ending, CommandError> {
    match source {
        ImportSource::Openb(args) => openb(args),
    }
}

fn openb(args: &OpenbArgs) -> Result<Ending, CommandError> {
    let inputs = [args.nodes.clone(), args.pods.clone()];
    let place = OutputPlace::claim(&args.out, Replace::from_force(args.force), &inputs)?;
    let instance = import::openb(&args.nodes, &args.pods, args.arrived)?;
    let staged = place.stage()?;
    write_fleet_dir(staged.path(), &instance)?;
    staged.publish()?;
    println!("fleet     {}", extent(&instance));
    println!("written   {}", args.out.display());
    Ok(Ending::Done)
}
