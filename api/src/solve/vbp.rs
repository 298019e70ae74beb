//! `lessor solve vbp`: a vector packing problem.

use lessor_datasets::families;
use lessor_solver::families::vector_packing::{VectorPackingMethod, VectorPackingOptions, solve};

use crate::cli::{SolveVbpArgs, VbpMethodFlag};
use crate::command_error::CommandError;
use crate::ending::Ending;
use crate::process::clock::ProcessClock;

use super::answer_file;
use super::error::SolveError;
use super::incumbents::Incumbents;
use super::limits::{pool, within};
use super::solved::Solved;

/// Carries out `lessor solve vbp`.
pub(super) fn run(args: &SolveVbpArgs, clock: &ProcessClock) -> Result<Ending, CommandError> {
    let common = &args.common;
    let instance = families::vector_packing(&args.instance).map_err(SolveError::from)?;
    let options = VectorPackingOptions { method: method(args.method), seed: common.limits.seed, rounds_max: args.work };
    let (threads, pool) = pool(&common.limits)?;
    let mut incumbents = Incumbents::open(common, clock)?;
    let outcome = within(&common.limits, args.work, clock, |stop| {
        let mut report = |count, bound| incumbents.improved(count as u128, bound);
        pool.install(|| solve(&instance, &options, stop, &mut report))
    })?;
    let bins: Vec<String> = outcome.bins.iter().map(u32::to_string).collect();
    answer_file::write(&common.out, &(bins.join("\n") + "\n"))?;
    let reached = (Some(outcome.count as u128), Some(outcome.bound));
    let proof = if outcome.is_searched { "search" } else { "prices" };
    Ok(Solved::new(reached, proof, clock, (common.limits.seed, threads)).end(incumbents, common))
}

fn method(flag: VbpMethodFlag) -> VectorPackingMethod {
    match flag {
        VbpMethodFlag::Auto => VectorPackingMethod::Auto,
        VbpMethodFlag::Fit => VectorPackingMethod::Fit,
        VbpMethodFlag::Squeeze => VectorPackingMethod::Squeeze,
        VbpMethodFlag::Dive => VectorPackingMethod::Dive,
        VbpMethodFlag::Cover => VectorPackingMethod::Cover,
    }
}
