//! `lessor solve roadef`: a machine reassignment problem.

use lessor_datasets::families;
use lessor_models::families::reassignment::{ReassignmentFault, ReassignmentInstance, bound, faults, impossible};
use lessor_solver::families::reassignment::{ReassignmentMethod, ReassignmentOptions, solve};

use crate::cli::{RoadefMethodFlag, SolveRoadefArgs};
use crate::command_error::CommandError;
use crate::console::warn;
use crate::ending::Ending;
use crate::process::clock::ProcessClock;

use super::answer_file;
use super::error::SolveError;
use super::incumbents::Incumbents;
use super::limits::{pool, within};
use super::solved::Solved;

/// Broken constraints that are named; the others are counted.
const NAMED_MAX: usize = 5;

/// Carries out `lessor solve roadef`.
pub(super) fn run(args: &SolveRoadefArgs, clock: &ProcessClock) -> Result<Ending, CommandError> {
    let common = &args.common;
    let instance = families::reassignment(&args.model, &args.initial).map_err(SolveError::from)?;
    tell_broken(&instance);
    let options = ReassignmentOptions { method: method(args.method), seed: common.limits.seed, rounds_max: args.work };
    let (threads, pool) = pool(&common.limits)?;
    let mut incumbents = Incumbents::open(common, clock)?;
    let outcome = within(&common.limits, args.work, clock, |stop| {
        pool.install(|| solve(&instance, &options, stop, &mut |cost, bound| incumbents.improved(cost, bound)))
    })?;
    if let Some((_, machines)) = &outcome.best {
        let machines: Vec<String> = machines.iter().map(u32::to_string).collect();
        answer_file::write(&common.out, &(machines.join(" ") + "\n"))?;
    }
    let cost = outcome.best.as_ref().map(|best| best.0.total());
    let reached = (cost, Some(outcome.bound));
    let proof = if outcome.bound > bound(&instance) { "enumeration" } else { "sums" };
    Ok(Solved::new(reached, proof, clock, (common.limits.seed, threads)).end(incumbents, common))
}

/// Says on standard error what the initial assignment breaks, which the answer must not, and what no answer can mend.
fn tell_broken(instance: &ReassignmentInstance) {
    tell_some("the initial assignment is broken", &faults(instance, &instance.parts().start));
    tell_some("no assignment mends this", &impossible(instance));
}

fn tell_some(what: &str, faults: &[ReassignmentFault]) {
    for fault in faults.iter().take(NAMED_MAX) {
        warn(&format!("{what}: {fault}"));
    }
    if faults.len() > NAMED_MAX {
        warn(&format!("{what}: {} more of the kind", faults.len() - NAMED_MAX));
    }
}

fn method(flag: RoadefMethodFlag) -> ReassignmentMethod {
    match flag {
        RoadefMethodFlag::Auto => ReassignmentMethod::Auto,
        RoadefMethodFlag::Repair => ReassignmentMethod::Repair,
        RoadefMethodFlag::Annealing => ReassignmentMethod::Annealing,
        RoadefMethodFlag::Team => ReassignmentMethod::Team,
    }
}
