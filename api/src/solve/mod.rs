//! `lessor solve`: one public instance in, its answer in the family's own form out.

pub(crate) mod answer_file;
mod assignment;
mod cats;
mod double;
pub(crate) mod error;
mod file_amount;
mod gap;
mod incumbents;
mod limits;
mod openb;
mod roadef;
mod solved;
mod vbp;

use std::path::Path;

use crate::cli::{SolveFamily, SolveLimitArgs};
use crate::command_error::CommandError;
use crate::ending::Ending;
use crate::process::clock::ProcessClock;

use limits::limit;

/// Carries out `lessor solve`.
pub(crate) fn run(family: &SolveFamily, clock: &ProcessClock) -> Result<Ending, CommandError> {
    let (limits, out) = limits_and_place(family);
    // What cannot end well is refused before it takes its time.
    limit(limits)?;
    answer_file::probe(out)?;
    match family {
        SolveFamily::Assignment(args) => assignment::run(args, clock),
        SolveFamily::Cats(args) => cats::run(args, clock),
        SolveFamily::Double(args) => double::run(args, clock),
        SolveFamily::Gap(args) => gap::run(args, clock),
        SolveFamily::Openb(args) => openb::run(args, clock),
        SolveFamily::Roadef(args) => roadef::run(args, clock),
        SolveFamily::Vbp(args) => vbp::run(args, clock),
    }
}

fn limits_and_place(family: &SolveFamily) -> (&SolveLimitArgs, &Path) {
    let common = match family {
        SolveFamily::Assignment(args) => &args.common,
        SolveFamily::Cats(args) => &args.common,
        SolveFamily::Double(args) => return (&args.limits, &args.out),
        SolveFamily::Gap(args) => &args.common,
        SolveFamily::Openb(args) => &args.common,
        SolveFamily::Roadef(args) => &args.common,
        SolveFamily::Vbp(args) => &args.common,
    };
    (&common.limits, &common.out)
}
