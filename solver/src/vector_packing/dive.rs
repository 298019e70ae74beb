//! Diving: use the contents that the linear program is surest of, solve it for what is left, and so on until every item has
//! its bin (Sadykov, Vanderbeck, Pessoa, Tahiri & Uchoa 2019).

use std::collections::BTreeSet;

use crate::numbers::floor;
use crate::random::Random;
use crate::stop::Stop;

use super::lowered::{Lowered, Pattern};
use super::master::{Aim, ERROR_MAX, Fractions, Master};

/// Rounds of pricing after each fixing.
const ROUNDS: u32 = 4;

/// The share of the bins left that is fixed at a time.
const SHARE: f64 = 0.08;

/// Fractions from which on contents are used in any case.
const SURE: f64 = 0.97;

/// What a dive brings up.
#[derive(Clone, Debug, Default)]
pub(super) struct Dived {
    /// Bins that hold every item, no more than was allowed.
    pub(super) packing: Option<Vec<Pattern>>,
    /// Columns that pricing added on the way.
    pub(super) columns: Vec<Pattern>,
}

/// Dives for at most so many bins, from an optimum where one is known; `noise` is how much chance shakes the fractions.
pub(super) fn dive(
    instance: &Lowered,
    (columns, optimum): (&[Pattern], Option<&Fractions>),
    (bins_max, noise): (usize, f64),
    random: &mut Random,
    stop: &Stop,
) -> Dived {
    let left = instance.demands.clone();
    let mut dive = Dive { instance, columns: columns.to_vec(), left, used: Vec::new() };
    let packing = dive.descend(optimum.cloned(), (bins_max, noise), random, stop).map(|()| dive.used);
    Dived { packing, columns: dive.columns.split_off(columns.len()) }
}

struct Dive<'a> {
    instance: &'a Lowered,
    columns: Vec<Pattern>,
    /// How many items of each type have no bin yet.
    left: Vec<u32>,
    used: Vec<Pattern>,
}

impl Dive<'_> {
    /// Fixes until nothing is left; `None` where that takes too many bins.
    fn descend(
        &mut self,
        optimum: Option<Fractions>,
        (bins_max, noise): (usize, f64),
        random: &mut Random,
        stop: &Stop,
    ) -> Option<()> {
        let mut fractions = match optimum {
            Some(optimum) => optimum,
            None => self.solve(stop)?,
        };
        loop {
            let bins = fractions.iter().map(|(_, value)| value).sum::<f64>();
            if self.used.len() as f64 + bins > bins_max as f64 + ERROR_MAX {
                return None;
            }
            self.fix(&fractions, noise, random)?;
            if self.left.iter().all(|&left| left == 0) {
                return (self.used.len() <= bins_max).then_some(());
            }
            fractions = self.solve(stop)?;
        }
    }

    /// Uses what is sure, and of the rest what is next to it; `None` where that is nothing.
    fn fix(&mut self, fractions: &Fractions, noise: f64, random: &mut Random) -> Option<()> {
        let before = self.used.len();
        let (mut ranked, mut bins) = (Vec::new(), 0.0);
        for (at, (pattern, value)) in fractions.iter().enumerate() {
            let whole = floor(value + 1.0 - SURE);
            (0..whole).for_each(|_| self.take(pattern));
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
            if at_once > 0 && pattern.iter().all(|&(item, count)| self.left[item as usize] >= count) {
                self.take(pattern);
                at_once -= 1;
            }
        }
        (self.used.len() > before).then_some(())
    }

    fn take(&mut self, pattern: &Pattern) {
        for &(item, count) in pattern {
            let left = &mut self.left[item as usize];
            *left = left.saturating_sub(count);
        }
        self.used.push(pattern.clone());
    }

    /// Solves the program of what is left, and prices a little.
    fn solve(&mut self, stop: &Stop) -> Option<Fractions> {
        let (rest, names) = self.instance.rest(&self.left);
        let mut renamed = vec![None; self.left.len()];
        (0..).zip(&names).for_each(|(new, &old)| renamed[old as usize] = Some(new));
        let within = |pattern: &Pattern| -> Option<Pattern> {
            let mut kept = Pattern::new();
            for &(item, count) in pattern {
                let limited = count.min(self.left[item as usize]);
                // What makes room is needed where it is.
                if limited < count && self.instance.makes_room(item as usize) {
                    return None;
                }
                kept.extend(renamed[item as usize].filter(|_| limited > 0).map(|item| (item, limited)));
            }
            (!kept.is_empty()).then_some(kept)
        };
        let alone = (0..).take(names.len()).map(|item| vec![(item, 1)]);
        let columns: BTreeSet<Pattern> = self.columns.iter().filter_map(within).chain(alone).collect();
        let known = columns.len();
        let mut master = Master::start(&rest, columns.into_iter().collect())?;
        let climbed = master.climb(&rest, Aim::Packing { rounds_max: ROUNDS }, stop)?;
        let named = |pattern: &Pattern| pattern.iter().map(|&(item, count)| (names[item as usize], count)).collect();
        self.columns.extend(master.columns[known..].iter().map(named));
        Some(climbed.used.iter().map(|(pattern, value)| (named(pattern), *value)).collect())
    }
}
