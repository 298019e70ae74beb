//! `lessor bench`: measurements of the program, for people to look at. Nothing here decides or asserts by a time.
//!
//! `plan` runs the program on fleets of many sizes, by one method or several, and draws how it grows (`plan::analysis` is the one
//! place for polars),
//! `compare` runs methods and other programs side by side on public instances, `admission` sends arrival sequences through an
//! authority, and `leases` measures the service, and kills it.

mod admission;
mod aim;
mod charts;
mod compare;
pub(crate) mod error;
pub(crate) mod leases;
mod plan;
mod primal;
mod progress;
mod table_file;

use crate::cli::BenchVerb;
use crate::command_error::CommandError;
use crate::ending::Ending;
use crate::process::clock::ProcessClock;

/// Carries out `lessor bench`.
pub(crate) fn run(verb: &BenchVerb, clock: &ProcessClock) -> Result<Ending, CommandError> {
    match verb {
        BenchVerb::Admission(args) => admission::run(args, clock),
        BenchVerb::Plan(args) => plan::run(args, clock),
        BenchVerb::Cats(args) => compare::cats(args, clock),
        BenchVerb::Gap(args) => compare::gap(args, clock),
        BenchVerb::Vbp(args) => compare::vbp(args, clock),
        BenchVerb::Openb(args) => compare::openb(args, clock),
        BenchVerb::Rebalance(args) => compare::rebalance(args, clock),
        BenchVerb::Leases(args) => Ok(leases::run(&args.verb)?),
    }
}
