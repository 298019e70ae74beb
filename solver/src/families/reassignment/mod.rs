//! Machine reassignment: processes move so that machines are loaded well, and little is moved for it.
//!
//! [`state`] tells at once what a shift or a swap costs and whether it may be; [`annealing`] tries them by the million, and
//! [`ejection`] chains among them, and a [`convoy`] where services depend on each other: first quickly, to learn where
//! [`cooling`] must be slow, then for as long as there is time. A start that breaks rules is mended first, by [`repair`], or
//! another made in its place, by [`construct`]; moves that no assignment allows are ruled out, by [`reach`]. Where assignments
//! are few, all of them are tried ([`enumeration`]). Every assignment that leaves here was checked by
//! [`lessor_models::families::reassignment`].

mod annealing;
mod construct;
mod convoy;
mod cooling;
mod ejection;
mod enumeration;
mod incumbent;
mod lowered;
mod portfolio;
mod reach;
mod repair;
mod state;
mod team;
mod trail;

use lessor_models::families::reassignment::{Cost, ReassignmentInstance};

use crate::support::stop::Stop;

pub use portfolio::Report;

/// How an instance is solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReassignmentMethod {
    /// All of them, as they help.
    Auto,
    /// The start repaired, or another made in its place, and nothing after that.
    Repair,
    /// Simulated annealing over shifts, swaps and ejection chains, by chains side by side.
    Annealing,
    /// The same with convoys, by all threads on one chain once the speed of cooling is learned.
    Team,
}

/// What a solve may do.
#[derive(Clone, Copy, Debug)]
pub struct ReassignmentOptions {
    /// The method.
    pub method: ReassignmentMethod,
    /// The one number that reproduces a run.
    pub seed: u64,
    /// Rounds of a thousand steps for each process, made by two chains side by side or by two hands on one; none leaves it at a
    /// repaired start. Without a limit, the time that the stop tells is used.
    pub rounds_max: Option<u32>,
}

/// What a solve found and proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReassignmentOutcome {
    /// The cheapest assignment that breaks nothing, with its cost.
    pub best: Option<(Cost, Vec<u32>)>,
    /// A cost below which there is none.
    pub bound: u128,
}

/// Solves until it is stopped or out of rounds; `report` sees each incumbent with the bound.
#[must_use]
pub fn solve(
    instance: &ReassignmentInstance,
    options: &ReassignmentOptions,
    stop: &Stop,
    report: Report,
) -> ReassignmentOutcome {
    let (best, bound) = portfolio::search(instance, options, stop, report);
    ReassignmentOutcome { best, bound }
}

#[cfg(test)]
mod tests;
