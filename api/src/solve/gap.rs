//! `lessor solve gap`: a generalized assignment problem.

use lessor_datasets::families;
use lessor_models::families::gap::{GapInstance, uncarried};
use lessor_solver::families::gap::{GapMethod, GapOptions, GapOutcome, solve};

use crate::cli::{GapMethodFlag, SolveGapArgs};
use crate::command_error::CommandError;
use crate::console::warn;
use crate::ending::Ending;
use crate::process::clock::ProcessClock;

use super::answer_file;
use super::error::SolveError;
use super::incumbents::Incumbents;
use super::limits::{pool, within};
use super::solved::Solved;

/// Carries out `lessor solve gap`.
pub(super) fn run(args: &SolveGapArgs, clock: &ProcessClock) -> Result<Ending, CommandError> {
    let common = &args.common;
    let instance = families::gap(&args.instance).map_err(SolveError::from)?;
    tell_uncarried(&instance);
    let options = GapOptions { method: method(args.method), seed: common.limits.seed, rounds_max: args.work };
    let (threads, pool) = pool(&common.limits)?;
    let mut incumbents = Incumbents::open(common, clock)?;
    let outcome = within(&common.limits, args.work, clock, |stop| {
        pool.install(|| solve(&instance, &options, stop, &mut |cost, bound| incumbents.improved(cost, bound)))
    })?;
    if let Some((_, agents)) = &outcome.best {
        let agents: Vec<String> = agents.iter().map(u32::to_string).collect();
        answer_file::write(&common.out, &(agents.join("\n") + "\n"))?;
    }
    let solved = solved(&outcome, clock, (common.limits.seed, threads));
    Ok(solved.end(incumbents, common))
}

/// Says on standard error which items nobody can carry.
fn tell_uncarried(instance: &GapInstance) {
    let mut items = uncarried(instance);
    let Some(first) = items.next() else { return };
    let others = match items.count() {
        0 => String::new(),
        1 => ", and so does another".to_owned(),
        count => format!(", and so do {count} others"),
    };
    warn(&format!(
        "there is no assignment: item {first}, from zero, weighs more with each agent than it can carry{others}"
    ));
}

fn solved(outcome: &GapOutcome, clock: &ProcessClock, run: (u64, usize)) -> Solved {
    let cost = outcome.best.as_ref().map(|best| best.0);
    let proof = if outcome.is_complete { "search" } else { "prices" };
    // Where the search left nothing out and found nothing, there is no least cost, and no bound on it.
    let bound = (cost.is_some() || !outcome.is_complete).then_some(outcome.bound);
    Solved::new((cost, bound), proof, clock, run)
}

fn method(flag: GapMethodFlag) -> GapMethod {
    match flag {
        GapMethodFlag::Auto => GapMethod::Auto,
        GapMethodFlag::Annealing => GapMethod::Annealing,
        GapMethodFlag::Neighborhood => GapMethod::Neighborhood,
        GapMethodFlag::Exact => GapMethod::Exact,
    }
}
