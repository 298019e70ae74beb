//! Diving: use the contents that the linear program is surest of, solve it for what is left, and so on until every item has
//! its bin (Sadykov, Vanderbeck, Pessoa, Tahiri & Uchoa 2019).

use std::collections::BTreeSet;

use crate::support::numbers::floor;
use crate::support::random::Random;
use crate::support::stop::Stop;

use super::fit::{Score, fill};
use super::lowered::{Lowered, Pattern};
use super::master::{Aim, Climbed, ERROR_MAX, Master};
use super::restricted::{Fractions, worth};

/// Rounds of pricing after each fixing.
const ROUNDS: u32 = 4;

/// The share of the bins left that is fixed at a time.
const SHARE: f64 = 0.08;

/// Fractions from which on contents are used in any case.
const SURE: f64 = 0.97;

/// Columns for each type left that a program begins with; the others wait.
const COLUMNS_A_TYPE: usize = 4;

/// What a dive brings up.
#[derive(Clone, Debug, Default)]
pub(super) struct Dived {
    /// Bins that hold every item: those fixed at some time, and those that greedy filling made of the rest.
    pub(super) packing: Option<Vec<Pattern>>,
    /// Columns that pricing added on the way.
    pub(super) columns: Vec<Pattern>,
}

/// Dives for at most so many bins, from an optimum where one is known; `noise` is how much chance shakes the fractions.
pub(super) fn dive(
    instance: &Lowered,
    (columns, optimum): (&[Pattern], Option<&Climbed>),
    (bins_max, noise): (usize, f64),
    random: &mut Random,
    stop: &Stop,
) -> Dived {
    let mut dive = Dive {
        instance,
        columns: columns.to_vec(),
        left: instance.demands.clone(),
        used: Vec::new(),
        best: (bins_max + 1, None),
    };
    dive.descend(optimum.cloned(), noise, random, stop);
    Dived { packing: dive.best.1, columns: dive.columns.split_off(columns.len()) }
}

struct Dive<'a> {
    instance: &'a Lowered,
    columns: Vec<Pattern>,
    /// How many items of each type have no bin yet.
    left: Vec<u32>,
    used: Vec<Pattern>,
    /// The fewest bins, which greedy filling made of the rest at some time, or a number that they are to be fewer than.
    best: (usize, Option<Vec<Pattern>>),
}

impl Dive<'_> {
    /// Fixes until nothing is left, or what is left takes too many bins.
    fn descend(&mut self, optimum: Option<Climbed>, noise: f64, random: &mut Random, stop: &Stop) {
        let mut next = optimum.or_else(|| self.solve(None, stop));
        while let Some(climbed) = next {
            if (self.used.len() as f64 + climbed.bins - ERROR_MAX).ceil() >= self.best.0 as f64 {
                return;
            }
            let before = self.used.len();
            self.fix(&climbed.used, noise, random);
            self.finish(random, stop);
            if self.used.len() == before || self.left.iter().all(|&left| left == 0) {
                return;
            }
            next = self.solve(Some(&climbed.prices), stop);
        }
    }

    /// Uses what is sure, and of the rest what is next to it.
    fn fix(&mut self, fractions: &Fractions, noise: f64, random: &mut Random) {
        let (mut ranked, mut bins) = (Vec::new(), 0.0);
        for (at, (pattern, value)) in fractions.iter().enumerate() {
            let whole = floor(value + 1.0 - SURE);
            let mut taken = 0;
            while taken < whole && self.has(pattern) {
                self.take(pattern);
                taken += 1;
            }
            let fraction = value - whole as f64;
            if fraction > ERROR_MAX {
                bins += fraction;
                ranked.push((fraction + noise * random.unit(), at));
            }
        }
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut at_once = floor((SHARE * bins).ceil()).max(1);
        for (_, at) in ranked {
            // What is fixed together shares no item, so that the next is still worth what it was.
            let pattern = &fractions[at].0;
            if at_once > 0 && self.has(pattern) {
                self.take(pattern);
                at_once -= 1;
            }
        }
    }

    /// Whether all that a bin is to hold has none yet.
    fn has(&self, pattern: &Pattern) -> bool {
        pattern.iter().all(|&(item, count)| self.left[item as usize] >= count)
    }

    fn take(&mut self, pattern: &Pattern) {
        for &(item, count) in pattern {
            self.left[item as usize] -= count;
        }
        self.used.push(pattern.clone());
    }

    /// Fills bins with what is left, and keeps them with those fixed where they are the fewest so far.
    fn finish(&mut self, random: &mut Random, stop: &Stop) {
        let (rest, names) = self.instance.rest(&self.left);
        for score in Score::ALL {
            let Some(filled) = fill(&rest, score, 0.0, random, stop) else { return };
            if self.used.len() + filled.len() < self.best.0 {
                let named = filled.iter().map(|pattern| renamed(pattern, &names));
                let packing: Vec<Pattern> = self.used.iter().cloned().chain(named).collect();
                self.best = (packing.len(), Some(packing));
            }
        }
    }

    /// Solves the program of what is left, and prices a little. Columns that were worth most begin.
    fn solve(&mut self, prices: Option<&[f64]>, stop: &Stop) -> Option<Climbed> {
        let (rest, names) = self.instance.rest(&self.left);
        let mut new_names = vec![None; self.left.len()];
        (0..).zip(&names).for_each(|(new, &old)| new_names[old as usize] = Some(new));
        let within = |pattern: &Pattern| -> Option<Pattern> {
            let mut kept = Pattern::new();
            for &(item, count) in pattern {
                let limited = count.min(self.left[item as usize]);
                // What makes room is needed where it is.
                if limited < count && self.instance.makes_room(item as usize) {
                    return None;
                }
                kept.extend(new_names[item as usize].filter(|_| limited > 0).map(|item| (item, limited)));
            }
            (!kept.is_empty()).then_some(kept)
        };
        let columns: BTreeSet<Pattern> = self.columns.iter().filter_map(within).collect();
        let mut columns: Vec<Pattern> = columns.into_iter().collect();
        if let Some(prices) = prices {
            let known: Vec<f64> = names.iter().map(|&item| prices[item as usize]).collect();
            columns.sort_by(|a, b| worth(&known, b).total_cmp(&worth(&known, a)));
        }
        let waiting = columns.split_off((COLUMNS_A_TYPE * names.len()).min(columns.len()));
        let known: BTreeSet<Pattern> = columns.iter().chain(&waiting).cloned().collect();
        let mut master = Master::new(&rest, columns, waiting);
        let bins_max = (self.best.0 - 1) as f64 - self.used.len() as f64 + ERROR_MAX;
        let climbed = master.climb(Aim::Packing { rounds_max: ROUNDS, bins_max }, stop);
        let fresh = master.into_columns().into_iter().filter(|pattern| !known.contains(pattern));
        self.columns.extend(fresh.map(|pattern| renamed(&pattern, &names)));
        let mut climbed = climbed?;
        climbed.used.iter_mut().for_each(|(pattern, _)| *pattern = renamed(pattern, &names));
        let mut prices = vec![0.0; self.left.len()];
        names.iter().zip(&climbed.prices).for_each(|(&item, &price)| prices[item as usize] = price);
        Some(Climbed { prices, ..climbed })
    }
}

/// Contents of a bin by other names of the types.
fn renamed(pattern: &Pattern, names: &[u32]) -> Pattern {
    pattern.iter().map(|&(item, count)| (names[item as usize], count)).collect()
}
