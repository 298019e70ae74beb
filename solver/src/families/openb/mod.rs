//! The batch of an openb arrival sequence: as much of a cluster's devices as possible given out to pods.
//!
//! A linear program that lets nodes of one kind share everything but devices proves a bound and generates **patterns**, what one
//! device holds ([`relaxed`]); an integer program takes whole numbers of them ([`cutting`]); annealing puts them on nodes until
//! CPU and memory suffice ([`arrangement`]); what is left goes wherever it leaves least ([`openings`]).
//!
//! Before that, where it takes long, and where models, CPU or memory are scarce, a few nodes at a time are emptied and filled again
//! ([`recreate`]), and a linear program over what whole nodes hold ([`filling`]) says which fillings go together
//! ([`whole_nodes`], [`diving`]).
//!
//! Every placement that leaves here was checked by [`lessor_models::families::openb`], and so was the bound.

mod arrangement;
mod cutting;
mod diving;
mod filling;
mod lowered;
mod openings;
mod portfolio;
mod recreate;
mod relaxed;
mod rooms;
mod whole_nodes;

use lessor_models::families::openb::{OpenbInstance, OpenbPrices, Seat};

use crate::support::stop::Stop;

/// How an instance is solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenbMethod {
    /// All of them, as they help.
    Auto,
    /// Each pod where it leaves least, the largest first.
    Fit,
    /// Patterns of the relaxation in whole numbers, arranged on nodes.
    Patterns,
    /// Nodes emptied and filled again, from the first fit on.
    Recreate,
}

/// What a solve may do.
#[derive(Clone, Copy, Debug)]
pub struct OpenbOptions {
    /// The method.
    pub method: OpenbMethod,
    /// The one number that reproduces a run.
    pub seed: u64,
    /// Rounds of search, at most; without a limit, the stop ends the search or the proof does.
    pub rounds_max: Option<u32>,
}

/// What a solve found and proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenbOutcome {
    /// Device-milli of the cluster that are left unallocated.
    pub cost: u64,
    /// The seat of each pod, or none.
    pub seats: Vec<Option<Seat>>,
    /// Device-milli of which any placement leaves at least so many.
    pub bound: u64,
    /// The prices that prove it.
    pub prices: OpenbPrices,
}

/// Solves until it is proved, stopped or out of rounds; `report` sees each incumbent with its bound.
#[must_use]
pub fn solve(
    instance: &OpenbInstance,
    options: &OpenbOptions,
    stop: &Stop,
    report: &mut dyn FnMut(u64, u64),
) -> OpenbOutcome {
    let lowered = lowered::Lowered::new(instance);
    let found = portfolio::search(instance, &lowered, options, stop, report);
    OpenbOutcome { cost: found.cost, seats: found.seats, bound: found.bound, prices: found.prices }
}

#[cfg(test)]
mod tests;
