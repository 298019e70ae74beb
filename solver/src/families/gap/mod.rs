//! Generalized assignment: every item to one agent, at least cost.
//!
//! Where plainly there is no assignment, that is told ([`impossible`]); otherwise a greedy one comes first ([`greedy`]).
//! Prices of the items prove a bound and point to an assignment in fractions ([`volume`]); they close the pairs that no
//! better assignment uses ([`penalties`]). Dives round the fractions ([`dive`]), for the whole instance and for large
//! neighborhoods of the best assignment ([`neighborhoods`]); once few pairs are open, one integer program over them ends the
//! search ([`whole`]). Annealing ([`annealing`]) makes the first assignment better, and is what the others are compared with.
//!
//! Every assignment that leaves here was checked by [`lessor_models::families::gap`], and so was the bound, unless the
//! search itself was complete.

mod annealing;
mod candidates;
mod capacity_prices;
mod dive;
mod greedy;
mod impossible;
mod knapsack;
mod lowered;
mod neighborhoods;
mod penalties;
mod portfolio;
mod residual;
mod volume;
mod whole;

use lessor_models::families::gap::{GapInstance, check};

use crate::support::stop::Stop;

/// How an instance is solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapMethod {
    /// All of them, as they help.
    Auto,
    /// Prices and annealing.
    Annealing,
    /// Prices with a few dives to begin with, then dives in large neighborhoods.
    Neighborhood,
    /// Prices with a few dives to begin with, then one integer program.
    Exact,
}

/// What a solve may do.
#[derive(Clone, Copy, Debug)]
pub struct GapOptions {
    /// The method.
    pub method: GapMethod,
    /// The one number that reproduces a run.
    pub seed: u64,
    /// Rounds of search, at most; without a limit, the stop ends the search or the proof does.
    pub rounds_max: Option<u32>,
}

/// A cost from which on the costs of an item are told apart by what is beyond the least of them: floats and prices in 1/1024
/// tell them apart then as far as they differ, and not as far as they are large.
const LARGE: u64 = 1 << 32;

/// What a solve found and proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GapOutcome {
    /// The cheapest assignment, with its cost.
    pub best: Option<(u128, Vec<u32>)>,
    /// A cost below which there is none.
    pub bound: u128,
    /// Prices of the items, in 1/1024, that prove what they prove: `bound`, unless the search was complete. Where there is a cost
    /// of 2^32 or more, they are those of [`GapInstance::beyond_least`].
    pub prices: Vec<i64>,
    /// Whether the search was complete: nothing is cheaper than the best, or there is no assignment at all.
    pub is_complete: bool,
}

/// Solves until it is proved, stopped or out of rounds; `report` sees each incumbent with its bound.
#[must_use]
pub fn solve(
    instance: &GapInstance,
    options: &GapOptions,
    stop: &Stop,
    report: &mut dyn FnMut(u128, u128),
) -> GapOutcome {
    if instance.items() == 0 {
        return GapOutcome { best: Some((0, Vec::new())), bound: 0, prices: Vec::new(), is_complete: true };
    }
    let beyond = has_large_costs(instance).then(|| instance.beyond_least());
    let (least, searched) = beyond.as_ref().map_or((0, instance), |(least, beyond)| (*least, beyond));
    let lowered = lowered::Lowered::new(searched);
    let found =
        portfolio::search(searched, &lowered, options, stop, &mut |cost, bound| report(least + cost, least + bound));
    let portfolio::Dual { scaled: prices, bound: proved, .. } = found.dual;
    let best = found.best.and_then(|(_, agents)| check(instance, &agents).ok().map(|cost| (cost, agents)));
    let bound = match &best {
        Some((cost, _)) if found.is_complete => *cost,
        _ => least + proved,
    };
    GapOutcome { is_complete: found.is_complete, best, bound, prices }
}

fn has_large_costs(instance: &GapInstance) -> bool {
    (0..instance.capacities().len()).any(|agent| (0..instance.items()).any(|item| instance.cost(agent, item) >= LARGE))
}

#[cfg(test)]
mod tests;
