//! `lessor solve openb`: the batch of an openb arrival sequence.

use lessor_datasets::families;
use lessor_solver::families::openb::{OpenbMethod, OpenbOptions, solve};
use serde::Serialize;

use crate::cli::{OpenbMethodFlag, SolveOpenbArgs};
use crate::command_error::CommandError;
use crate::console::{print_json, say};
use crate::ending::Ending;
use crate::process::clock::ProcessClock;

use super::answer_file;
use super::error::SolveError;
use super::incumbents::Incumbents;
use super::limits::{pool, within};
use super::solved::Solved;

/// The object that `--json` prints.
#[derive(Debug, Serialize)]
struct SolvedOpenb {
    #[serde(flatten)]
    solved: Solved,
    /// The cost as a share of the cluster's devices, in percent, and a share below which there is none.
    unallocated_percent: f64,
    unallocated_percent_bound: f64,
    /// Pods of the batch, and those that have a node.
    pods: usize,
    placed: usize,
}

/// Carries out `lessor solve openb`.
pub(super) fn run(args: &SolveOpenbArgs, clock: &ProcessClock) -> Result<Ending, CommandError> {
    let common = &args.common;
    let batch = families::openb(&args.sequence, &args.nodes, Some(args.arrived)).map_err(SolveError::from)?;
    let options = OpenbOptions { method: method(args.method), seed: common.limits.seed, rounds_max: args.work };
    let (threads, pool) = pool(&common.limits)?;
    let mut incumbents = Incumbents::open(common, clock)?;
    let outcome = within(&common.limits, args.work, clock, |stop| {
        let mut report = |cost, bound| incumbents.improved(u128::from(cost), u128::from(bound));
        pool.install(|| solve(&batch.instance, &options, stop, &mut report))
    })?;
    answer_file::write(&common.out, &batch.answer(&outcome.seats))?;
    let (cost, bound) = (u128::from(outcome.cost), u128::from(outcome.bound));
    incumbents.ended(Some(cost), Some(bound));
    let solved = Solved::new((Some(cost), Some(bound)), "prices", clock, (common.limits.seed, threads));
    let percent = |milli: u64| 100.0 * milli as f64 / batch.instance.device_milli().max(1) as f64;
    let (unallocated, least) = (percent(outcome.cost), percent(outcome.bound));
    let placed = outcome.seats.iter().flatten().count();
    let pods = outcome.seats.len();
    if common.json {
        let (unallocated_percent, unallocated_percent_bound) = (unallocated, least);
        print_json(&SolvedOpenb { solved, unallocated_percent, unallocated_percent_bound, pods, placed });
    } else {
        say(&format!(
            "unallocated {unallocated:.3} % of the cluster's GPU milli, which are the cost; at least {least:.3} %"
        ));
        say(&format!("placed    {placed} of {pods} pods"));
        solved.tell(common);
    }
    Ok(Ending::Done)
}

fn method(flag: OpenbMethodFlag) -> OpenbMethod {
    match flag {
        OpenbMethodFlag::Auto => OpenbMethod::Auto,
        OpenbMethodFlag::Fit => OpenbMethod::Fit,
        OpenbMethodFlag::Patterns => OpenbMethod::Patterns,
        OpenbMethodFlag::Recreate => OpenbMethod::Recreate,
    }
}
