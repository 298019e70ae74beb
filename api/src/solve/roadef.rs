//! `lessor solve roadef`: a machine reassignment problem.

use lessor_datasets::families;
use lessor_models::families::reassignment::{ReassignmentInstance, faults};
use lessor_solver::reassignment::{ReassignmentMethod, ReassignmentOptions, solve};

use crate::Ending;
use crate::cli::{RoadefMethodFlag, SolveRoadefArgs};
use crate::command_error::CommandError;
use crate::console::warn;
use crate::process_clock::ProcessClock;

use super::{SolveError, Solved, answer_file, improved, in_time, pool};

/// Broken constraints of an initial assignment that are named; the others are counted.
const NAMED_MAX: usize = 5;

/// Carries out `lessor solve roadef`.
pub(super) fn run(args: &SolveRoadefArgs, clock: &ProcessClock) -> Result<Ending, CommandError> {
    let common = &args.common;
    let instance = families::reassignment(&args.model, &args.initial).map_err(SolveError::from)?;
    tell_broken(&instance);
    let options = ReassignmentOptions { method: method(args.method), seed: common.seed, rounds_max: None };
    let (threads, pool) = pool(common)?;
    let outcome = in_time(common, clock, |stop| {
        pool.install(|| solve(&instance, &options, stop, &mut |cost, bound| improved(common, clock, cost, bound)))
    })?;
    if let Some((_, machines)) = &outcome.best {
        let machines: Vec<String> = machines.iter().map(u32::to_string).collect();
        answer_file::write(&common.out, &(machines.join(" ") + "\n"))?;
    }
    let cost = outcome.best.as_ref().map(|best| best.0.total());
    let gap = cost.map(|cost| Solved::gap(cost, outcome.bound));
    let (bound, seconds, seed) = (outcome.bound, clock.seconds(), common.seed);
    Solved { cost, bound, gap, proof: "sums", seconds, seed, threads }.tell(common);
    Ok(if outcome.best.is_some() { Ending::Done } else { Ending::Failed })
}

/// Says on standard error what the initial assignment breaks, which the answer must not.
fn tell_broken(instance: &ReassignmentInstance) {
    let broken = faults(instance, &instance.parts().start);
    for fault in broken.iter().take(NAMED_MAX) {
        warn(&format!("the initial assignment is broken: {fault}"));
    }
    if broken.len() > NAMED_MAX {
        warn(&format!("the initial assignment is broken in {} more places", broken.len() - NAMED_MAX));
    }
}

fn method(flag: RoadefMethodFlag) -> ReassignmentMethod {
    match flag {
        RoadefMethodFlag::Auto => ReassignmentMethod::Auto,
        RoadefMethodFlag::Annealing => ReassignmentMethod::Annealing,
    }
}
