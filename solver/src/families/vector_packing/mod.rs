//! Vector packing: items of several dimensions into as few equal bins as possible.
//!
//! First fit begins ([`first_fit`]). Bins are filled greedily, shaken by chance ([`fit`]), or by chance alone ([`sampled`]);
//! column generation ([`master`], [`restricted`], [`fullest`], [`pricing`], [`contents`]) gives prices that prove a bound
//! and a packing in fractions, which dives round ([`dive`]); an integer program combines the columns met so far ([`cover`]);
//! annealing in one bin fewer suits bins that hold many items ([`squeeze`]). Every packing that leaves here was checked by
//! [`lessor_models::families::vector_packing`], and so was the bound.

mod contents;
mod cover;
mod dive;
mod first_fit;
mod fit;
mod fullest;
mod lowered;
mod master;
mod portfolio;
mod pricing;
mod restricted;
mod sampled;
mod squeeze;

use lessor_models::families::vector_packing::VectorPackingInstance;

use crate::support::stop::Stop;

/// How an instance is solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VectorPackingMethod {
    /// All of them, as they help.
    Auto,
    /// Greedy filling, shaken by chance.
    Fit,
    /// Greedy filling, then shifts and swaps in one bin fewer.
    Squeeze,
    /// Column generation, then dives.
    Dive,
    /// Column generation, then an integer program over its columns.
    Cover,
}

/// What a solve may do.
#[derive(Clone, Copy, Debug)]
pub struct VectorPackingOptions {
    /// The method.
    pub method: VectorPackingMethod,
    /// The one number that reproduces a run.
    pub seed: u64,
    /// Rounds of search, at most; without a limit, the stop ends the search or the proof does.
    pub rounds_max: Option<u32>,
}

/// What a solve found and proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VectorPackingOutcome {
    /// The number of bins.
    pub count: usize,
    /// The bin of each item, in the order of the instance's items.
    pub bins: Vec<u32>,
    /// A number of bins below which there is no packing.
    pub bound: u128,
    /// Whether a search that left nothing out proved it, rather than the prices.
    pub is_searched: bool,
    /// Prices of the types that prove it, or what comes before the search.
    pub prices: Vec<i64>,
    /// Prices of a unit of each dimension, which the proof needs too.
    pub dimension_prices: Vec<u64>,
}

/// Solves until it is proved, stopped or out of rounds; `report` sees each incumbent with its bound.
#[must_use]
pub fn solve(
    instance: &VectorPackingInstance,
    options: &VectorPackingOptions,
    stop: &Stop,
    report: &mut dyn FnMut(usize, u128),
) -> VectorPackingOutcome {
    let lowered = lowered::Lowered::new(instance);
    let found = portfolio::search(instance, &lowered, options, stop, report);
    let (count, bins) = found.best;
    let portfolio::Dual { prices, dimension_prices, bound } = found.dual;
    let is_searched = found.searched as u128 > bound;
    let bound = bound.max(found.searched as u128);
    VectorPackingOutcome { count, bins, bound, is_searched, prices, dimension_prices }
}

#[cfg(test)]
mod tests;
