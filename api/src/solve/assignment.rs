//! `lessor solve assignment`: a linear assignment problem.

use lessor_datasets::families;
use lessor_models::families::assignment;
use lessor_solver::assignment::assign;

use crate::cli::SolveAssignmentArgs;
use crate::command_error::CommandError;
use crate::ending::Ending;
use crate::process::clock::ProcessClock;

use super::answer_file;
use super::error::SolveError;
use super::incumbents::Incumbents;
use super::limits::in_time;
use super::solved::Solved;

/// Carries out `lessor solve assignment`.
pub(super) fn run(args: &SolveAssignmentArgs, clock: &ProcessClock) -> Result<Ending, CommandError> {
    let common = &args.common;
    let instance = families::assignment(&args.instance).map_err(SolveError::from)?;
    let incumbents = Incumbents::open(common, clock)?;
    let (found, clearing_seconds) = in_time(&common.limits, clock, |stop| {
        let begun = clock.seconds();
        (assign(&instance, stop), clock.seconds() - begun)
    })?;
    let bound = Some(assignment::bound(&instance, &found.prices, found.parts));
    let cost = found.columns.as_ref().map(|columns| {
        assignment::check(&instance, columns).expect("the auction algorithm gives each row a column of its own")
    });
    if let Some(columns) = &found.columns {
        let columns: Vec<String> = columns.iter().map(u32::to_string).collect();
        answer_file::write(&common.out, &(columns.join("\n") + "\n"))?;
    }
    let solved = Solved::new((cost, bound), "prices", clock, (common.limits.seed, 1));
    Ok(solved.cleared_in(clearing_seconds).end(incumbents, common))
}
