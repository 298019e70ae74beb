//! `lessor solve`: one public instance in, its answer in the family's own form out.

pub(crate) mod answer_file;
mod assignment;
mod cats;
mod double;
pub(crate) mod error;
mod file_amount;
mod gap;
mod incumbents;
pub(crate) mod limits;
mod openb;
mod roadef;
mod solved;
mod vbp;

use std::path::PathBuf;

use crate::cli::{SolveFamily, SolveLimitArgs};
use crate::command_error::CommandError;
use crate::ending::Ending;
use crate::process::clock::ProcessClock;

use limits::limit;

/// Carries out `lessor solve`.
pub(crate) fn run(family: &SolveFamily, clock: &ProcessClock) -> Result<Ending, CommandError> {
    let Files { limits, inputs, out, incumbents } = Files::of(family);
    // What cannot end well is refused before it takes its time.
    limit(limits)?;
    answer_file::keep_apart(out, &inputs)?;
    if let Some(incumbents) = incumbents {
        answer_file::keep_apart(incumbents, &[&inputs[..], &[out]].concat())?;
    }
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

/// What a command line names beside its family.
struct Files<'a> {
    limits: &'a SolveLimitArgs,
    inputs: Vec<&'a PathBuf>,
    out: &'a PathBuf,
    incumbents: Option<&'a PathBuf>,
}

impl Files<'_> {
    fn of(family: &SolveFamily) -> Files<'_> {
        let (common, inputs) = match family {
            SolveFamily::Assignment(args) => (&args.common, vec![&args.instance]),
            SolveFamily::Cats(args) => (&args.common, vec![&args.instance]),
            SolveFamily::Double(args) => {
                let inputs = vec![&args.bids, &args.asks];
                return Files { limits: &args.limits, inputs, out: &args.out, incumbents: None };
            }
            SolveFamily::Gap(args) => (&args.common, vec![&args.instance]),
            SolveFamily::Openb(args) => (&args.common, vec![&args.sequence, &args.nodes]),
            SolveFamily::Roadef(args) => (&args.common, vec![&args.model, &args.initial]),
            SolveFamily::Vbp(args) => (&args.common, vec![&args.instance]),
        };
        Files { limits: &common.limits, inputs, out: &common.out, incumbents: common.incumbents.as_ref() }
    }
}
