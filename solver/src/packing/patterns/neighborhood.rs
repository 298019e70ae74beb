//! What a search may change of a packing: a few bins, with what else would fit them (large-neighborhood search; Shaw 1998).

use std::collections::BTreeSet;

use crate::packing::instance::{Packing, PackingColumn};
use crate::support::random::Random;

use super::bins::{Bins, Pattern};
use super::master::{Dual, Master, outer_of};
use super::pricing::COARSE;
use super::search::Search;

/// Bins that are free at first, and at most.
pub(super) const FREED: usize = 6;
pub(super) const FREED_MAX: usize = 16;
/// Patterns that are listed for them, at most, and steps of listing them.
pub(super) const NEAR_MAX: usize = 1_500;
const NEAR_STEPS: u64 = 200_000;

/// Bins that are free, patterns for them, and what stays as it is.
pub(super) struct Neighborhood {
    /// Of each set, how many bins are free.
    counts: Vec<u64>,
    pub(super) patterns: Vec<Pattern>,
    /// What rows outside of bins have left.
    outer: Vec<u64>,
    /// The patterns that stay, and the columns outside of bins by their positions there.
    staying: Vec<Pattern>,
    beside: BTreeSet<usize>,
    /// What is worth no more than this in place of what is free does not matter.
    pub(super) floor: u128,
}

impl Neighborhood {
    /// Everything is free, and may hold some patterns.
    pub(super) fn everything(search: &Search<'_>, patterns: Vec<Pattern>) -> Neighborhood {
        Neighborhood { patterns, ..Neighborhood::of(search, Vec::new(), BTreeSet::new()) }
    }

    /// Frees a few bins, with the patterns that something better may have there; `None` where those are too many.
    pub(super) fn draw(
        search: &mut Search<'_>,
        freed: usize,
        (master, dual): (&Master<'_>, &Dual),
    ) -> Option<Neighborhood> {
        let bins = search.bins;
        let loss = |pattern: &Pattern| (dual.limits[bins.set_of(pattern)] - dual.gain(pattern)).max(0);
        let mut staying = bins.patterns_of(&search.incumbent.chosen);
        take_out(&mut staying, freed, loss, &mut search.ground.random);
        let lost: i64 = staying.iter().map(loss).sum();
        let budget = dual.budget(search.incumbent.aim())?.saturating_sub(lost);
        let chosen: BTreeSet<usize> = search.incumbent.chosen.iter().copied().collect();
        let beside = bins.outside.iter().enumerate().filter(|(_, outside)| chosen.contains(&outside.column));
        let beside = beside.map(|(at, _)| at).collect();
        let mut near = Neighborhood::of(search, staying, beside);
        let is_free =
            |item: usize| bins.items[item].outer.iter().all(|&(row, amount)| amount <= near.outer[row as usize]);
        let mut listed = Vec::new();
        for set in (0..bins.sets.len()).filter(|&set| near.counts[set] > 0) {
            let least = dual.limits[set].saturating_sub(budget);
            let pricing = master.pricing(set, dual, COARSE, is_free);
            listed.extend(pricing.all(least, (NEAR_MAX, NEAR_STEPS), search.ground.stop)?);
        }
        near.patterns = listed;
        (near.patterns.len() <= NEAR_MAX).then_some(near)
    }

    /// What stays, and what it leaves.
    fn of(search: &Search<'_>, staying: Vec<Pattern>, beside: BTreeSet<usize>) -> Neighborhood {
        let bins = search.bins;
        let mut counts: Vec<u64> = bins.sets.iter().map(|set| set.count as u64).collect();
        let mut outer = bins.outer.clone();
        let mut take = |entries: &[(u32, u64)]| {
            // What stays fits together.
            entries.iter().for_each(|&(row, amount)| outer[row as usize] -= amount);
        };
        for pattern in &staying {
            counts[bins.set_of(pattern)] -= 1;
            take(&outer_of(bins, pattern));
        }
        beside.iter().for_each(|&at| take(&bins.outside[at].outer));
        let inside = staying.iter().flatten().map(|&item| u128::from(search.items[item as usize]));
        let outside = beside.iter().map(|&at| u128::from(search.ground.worths[bins.outside[at].column]));
        let floor = search.incumbent.aim().saturating_sub(inside.sum::<u128>() + outside.sum::<u128>());
        Neighborhood { counts, patterns: Vec::new(), outer, staying, beside, floor }
    }

    /// The packing of what is free: its patterns, then all columns outside of bins, of which those that stay are worth nothing.
    /// `None` where worths are beyond 64 bits.
    pub(super) fn packing(&self, search: &Search<'_>) -> Option<Packing> {
        let bins = search.bins;
        let sets = u32::try_from(bins.sets.len()).ok()?;
        let outer = |entries: Vec<(u32, u64)>| entries.into_iter().map(move |(row, amount)| (sets + row, amount));
        let mut columns = Vec::with_capacity(self.patterns.len() + bins.outside.len());
        for pattern in &self.patterns {
            let worth = pattern.iter().try_fold(0_u64, |sum, &item| sum.checked_add(search.items[item as usize]))?;
            let set = u32::try_from(bins.set_of(pattern)).ok()?;
            let entries = std::iter::once((set, 1)).chain(outer(outer_of(bins, pattern))).collect();
            columns.push(PackingColumn { worth, entries });
        }
        for (at, outside) in bins.outside.iter().enumerate() {
            let worth = if self.beside.contains(&at) { 0 } else { search.ground.worths[outside.column] };
            columns.push(PackingColumn { worth, entries: outer(outside.outer.clone()).collect() });
        }
        Packing::new(self.counts.iter().chain(&self.outer).copied().collect(), columns).ok()
    }

    /// The patterns and the columns outside of bins that a packing of what is free comes to with what stays.
    pub(super) fn whole(&self, bins: &Bins, chosen: &[usize]) -> (Vec<&Pattern>, Vec<usize>) {
        let (inside, outside): (Vec<usize>, Vec<usize>) =
            chosen.iter().copied().partition(|&column| column < self.patterns.len());
        let inside = inside.into_iter().map(|column| &self.patterns[column]).chain(&self.staying).collect();
        let outside = outside.into_iter().map(|column| column - self.patterns.len()).chain(self.beside.iter().copied());
        (inside, outside.map(|at| bins.outside[at].column).collect())
    }
}

/// Takes a few patterns out: the first drawn by what each loses, the others by chance.
fn take_out(patterns: &mut Vec<Pattern>, freed: usize, loss: impl Fn(&Pattern) -> i64, random: &mut Random) {
    let losses: Vec<u64> = patterns.iter().map(|pattern| loss(pattern).unsigned_abs()).collect();
    let drawn = random.below(losses.iter().sum::<u64>().max(1));
    let mut passed = 0;
    let first = losses.iter().position(|loss| {
        passed += loss;
        drawn < passed
    });
    if !patterns.is_empty() {
        patterns.swap_remove(first.unwrap_or(0));
    }
    random.shuffle(patterns);
    patterns.truncate((patterns.len() + 1).saturating_sub(freed));
}
