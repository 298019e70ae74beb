//! Local search over packings whose conflicts are pairs: a column comes in, and those that it excludes go.
//!
//! Iterated local search after Nogueira, Pinheiro and Subramanian (2018): columns that gain more than they push out come in
//! until there are none, then some come in by force, and what turned out worse for long is given up.

use crate::support::random::Random;
use crate::support::stop::Stop;

use super::conflicts::Conflicts;

/// A packing that is being changed.
#[derive(Debug)]
pub(super) struct LocalSearch<'a> {
    conflicts: &'a Conflicts,
    worths: &'a [u64],
    columns: Vec<usize>,
    is_in: Vec<bool>,
    /// What the packed columns are worth that each column excludes.
    excluded: Vec<u64>,
    /// When a column last went: it does not come in by force soon after.
    left_at: Vec<u64>,
    worth: u128,
    step: u64,
}

/// Steps between looks at the stop.
const LOOK_EVERY: u64 = 64;

impl<'a> LocalSearch<'a> {
    /// Starts from nothing. Columns that are not listed stay out. No sum of worths exceeds 64 bits: `None` where one may.
    pub(super) fn new(conflicts: &'a Conflicts, worths: &'a [u64], columns: &[usize]) -> Option<LocalSearch<'a>> {
        columns.iter().try_fold(0_u64, |sum, &column| sum.checked_add(worths[column]))?;
        let count = worths.len();
        let mut columns = columns.to_vec();
        columns.sort_unstable();
        Some(LocalSearch {
            conflicts,
            worths,
            columns,
            is_in: vec![false; count],
            excluded: vec![0; count],
            left_at: vec![0; count],
            worth: 0,
            step: 1,
        })
    }

    /// Starts from a packing of columns in order, without those that stay out.
    pub(super) fn begin(&mut self, packing: &[usize]) {
        let stays_out = |column: &usize| self.columns.binary_search(column).is_err();
        let packing: Vec<usize> = packing.iter().copied().filter(|column| !stays_out(column)).collect();
        self.go_to(&packing);
    }

    fn insert(&mut self, column: usize) {
        self.is_in[column] = true;
        self.worth += u128::from(self.worths[column]);
        for other in self.conflicts.with(column).iter() {
            self.excluded[other] += self.worths[column];
        }
    }

    fn remove(&mut self, column: usize) {
        self.is_in[column] = false;
        self.left_at[column] = self.step;
        self.worth -= u128::from(self.worths[column]);
        for other in self.conflicts.with(column).iter() {
            self.excluded[other] -= self.worths[column];
        }
    }

    fn force(&mut self, column: usize) {
        let goes: Vec<usize> = self.conflicts.with(column).iter().filter(|&other| self.is_in[other]).collect();
        goes.into_iter().for_each(|other| self.remove(other));
        self.insert(column);
    }

    /// Brings in what gains most until nothing gains.
    fn climb(&mut self) {
        loop {
            let gain = |&column: &usize| {
                let gain = self.worths[column].saturating_sub(self.excluded[column]);
                (!self.is_in[column] && gain > 0).then_some((gain, column))
            };
            let best =
                self.columns.iter().filter_map(gain).max_by_key(|&(gain, column)| (gain, std::cmp::Reverse(column)));
            let Some((_, column)) = best else { return };
            self.force(column);
        }
    }

    /// Searches for so many steps without an improvement; the best packing worth more than a known one.
    pub(super) fn run(&mut self, known: u128, patience: u64, random: &mut Random, stop: &Stop) -> Option<Vec<usize>> {
        let (mut best, mut best_worth) = (None, known);
        let mut since = 0;
        self.climb();
        let (mut home, mut home_worth) = (self.packed(), self.worth);
        while since < patience && !self.columns.is_empty() {
            if self.worth > best_worth {
                (best, best_worth, since) = (Some(self.packed()), self.worth, 0);
            }
            if since % LOOK_EVERY == 0 && stop.is_raised() {
                break;
            }
            self.step += 1;
            since += 1;
            let times = if random.index(8) == 0 { 2 + random.index(3) } else { 1 };
            for _ in 0..times {
                let column = self.pick(random);
                if !self.is_in[column] {
                    self.force(column);
                }
            }
            self.climb();
            // A worse packing is gone on from where it is a little worse, seldom where it is much worse.
            let is_near = self.worth * 1_000 >= home_worth * 985;
            if self.worth >= home_worth || is_near && random.index(6) == 0 {
                (home, home_worth) = (self.packed(), self.worth);
            } else if since % 16 == 0 {
                self.go_to(&home);
            }
        }
        best
    }

    /// Of a few columns drawn, one that loses little when it is forced in and did not just go.
    fn pick(&self, random: &mut Random) -> usize {
        let drawn = (0..6).map(|_| self.columns[random.index(self.columns.len())]);
        let loss = |column: usize| {
            let recent = if self.left_at[column] + 7 > self.step { u64::MAX / 4 } else { 0 };
            self.excluded[column].saturating_sub(self.worths[column]).saturating_add(recent)
        };
        drawn.min_by_key(|&column| (self.is_in[column], loss(column))).unwrap_or(self.columns[0])
    }

    fn packed(&self) -> Vec<usize> {
        self.columns.iter().copied().filter(|&column| self.is_in[column]).collect()
    }

    fn go_to(&mut self, packing: &[usize]) {
        let goes: Vec<usize> =
            self.packed().into_iter().filter(|column| packing.binary_search(column).is_err()).collect();
        goes.into_iter().for_each(|column| self.remove(column));
        for &column in packing {
            if !self.is_in[column] {
                self.insert(column);
            }
        }
    }
}
