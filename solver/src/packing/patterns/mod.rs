//! Columns for bins that are alike, by patterns: what lies in one bin together.
//!
//! A program with a column for each thing at each bin says the same packing over and over, and its relaxation fills bins with
//! parts of things. A program over patterns (Gilmore & Gomory 1961; Dantzig & Wolfe 1960) does neither. Column generation
//! (`master`, `pricing`) solves its relaxation, over the items of `bins`; a `search` for the best packing of patterns follows.

mod bins;
mod master;
mod neighborhood;
mod pricing;
mod search;
#[cfg(test)]
mod tests;
mod triples;

use crate::support::random::Random;
use crate::support::stop::Stop;

use super::component::Component;
use super::prepared::Report;
use super::tree::Incumbent;
pub(super) use bins::{Bins, Pattern};
use master::{Master, NEAR};
use search::Search;

/// A component whose bins are alike, to be solved for some worths.
pub(super) struct Ground<'a> {
    pub(super) component: &'a Component,
    pub(super) worths: &'a [u64],
    pub(super) random: Random,
    pub(super) stop: &'a Stop,
}

/// What a solve by patterns came to.
pub(super) struct Packed {
    pub(super) incumbent: Incumbent,
    pub(super) bound: u128,
    /// Patterns that the next solve begins with.
    pub(super) patterns: Vec<Pattern>,
}

/// Solves a component by patterns, from a packing and patterns that are known; `None` where its bins are not alike, or nothing was
/// proved. What comes back need not be proved the best.
pub(super) fn solve(ground: Ground<'_>, incumbent: Incumbent, known: &[Pattern], report: Report<'_>) -> Option<Packed> {
    let bins = ground.component.bins.as_ref()?;
    let items = bins.item_worths(ground.worths)?;
    let mut master = Master::new(bins, (&items, ground.worths), known)?;
    bins.patterns_of(&incumbent.chosen).into_iter().for_each(|pattern| master.add(pattern));
    let climbed = master.climb(incumbent.aim(), NEAR, ground.stop)?;
    let mut search = Search::new(ground, (bins, &items), climbed.dual.bound(), incumbent);
    search.tell(report);
    if climbed.is_whole {
        search.run(&mut master, climbed, report);
    }
    let Search { incumbent, bound, .. } = search;
    Some(Packed { bound: bound.max(incumbent.aim()), incumbent, patterns: master.into_known() })
}
