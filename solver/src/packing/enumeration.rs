//! All packings, branch by branch, where columns mostly exclude each other: few of them fit together, so that the graph of
//! those that do has few cliques.
//!
//! The heaviest clique is sought as Carraghan and Pardalos (1990) do, with the bound of Kumlander (2004): columns of one
//! class exclude each other, so that no packing holds two of a class, and the heaviest of each bounds them all.

use crate::support::stop::Stop;

use super::bits::Bits;
use super::conflicts::Conflicts;

/// Steps between looks at the stop.
const LOOK_EVERY: u64 = 1 << 10;

/// What is sought: the best packing without some columns that is worth more than a known one.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// Columns that it leaves out.
    pub(super) without: Vec<usize>,
    /// What the best known is worth.
    pub(super) known: u128,
    /// The best packing found, where it is worth more.
    pub(super) best: Option<Vec<usize>>,
}

/// Finds all targets among some columns in one search; whether nothing was left out. Conflicts must be complete; columns that
/// are worth more had better come first.
///
/// A branch is followed while it may hold something better for a target whose columns it leaves out so far: the searches
/// that targets would take one by one have most of their branches in common.
pub(super) fn enumerate(
    (conflicts, worths): (&Conflicts, &[u64]),
    columns: &[usize],
    targets: &mut [Target],
    (steps_max, stop): (u64, &Stop),
) -> bool {
    let mut leaves_out = vec![Vec::new(); worths.len()];
    for (at, target) in targets.iter().enumerate() {
        target.without.iter().for_each(|&column| leaves_out[column].push(at));
    }
    let taken = vec![0; targets.len()];
    let chosen = Vec::new();
    let mut search = Enumeration {
        conflicts,
        worths,
        targets,
        leaves_out,
        taken,
        chosen,
        steps: 0,
        steps_max,
        stop,
        is_over: false,
    };
    let mut open = Bits::below(worths.len());
    columns.iter().for_each(|&column| open.insert(column));
    search.extend(&open, 0);
    stop.spend(search.steps);
    !search.is_over
}

struct Enumeration<'a> {
    conflicts: &'a Conflicts,
    worths: &'a [u64],
    targets: &'a mut [Target],
    /// For each column, the targets that leave it out.
    leaves_out: Vec<Vec<usize>>,
    /// For each target, how many of the columns that it leaves out are chosen.
    taken: Vec<u32>,
    chosen: Vec<usize>,
    steps: u64,
    steps_max: u64,
    stop: &'a Stop,
    is_over: bool,
}

impl Enumeration<'_> {
    /// What a packing that goes on from what is chosen must be worth more than; `None` where it can serve no target.
    fn threshold(&self) -> Option<u128> {
        let targets = self.targets.iter().zip(&self.taken).filter(|entry| *entry.1 == 0);
        targets.map(|(target, _)| target.known).min()
    }

    fn offer(&mut self, worth: u128) {
        for (target, _) in self.targets.iter_mut().zip(&self.taken).filter(|entry| *entry.1 == 0) {
            if worth > target.known {
                target.known = worth;
                target.best = Some(self.chosen.clone());
            }
        }
    }

    fn extend(&mut self, open: &Bits, worth: u128) {
        self.steps += 1;
        if self.steps > self.steps_max || self.steps.is_multiple_of(LOOK_EVERY) && self.stop.is_raised() {
            self.is_over = true;
        }
        if self.is_over {
            return;
        }
        self.offer(worth);
        if open.is_empty() {
            return;
        }
        let classes = self.classes(open);
        let mut open = open.clone();
        // The last class first: the bound of what is left falls with each column that is done with.
        for (column, bound) in classes.into_iter().rev() {
            if self.threshold().is_none_or(|threshold| worth + bound <= threshold) {
                return;
            }
            open.remove(column);
            let mut next = open.clone();
            next.take_out(self.conflicts.with(column));
            self.choose(column);
            self.extend(&next, worth + u128::from(self.worths[column]));
            self.give_up(column);
        }
    }

    fn choose(&mut self, column: usize) {
        self.chosen.push(column);
        self.leaves_out[column].iter().for_each(|&target| self.taken[target] += 1);
    }

    fn give_up(&mut self, column: usize) {
        self.chosen.pop();
        self.leaves_out[column].iter().for_each(|&target| self.taken[target] -= 1);
    }

    /// Columns class by class, each with a bound on any packing of it and those before it.
    fn classes(&self, open: &Bits) -> Vec<(usize, u128)> {
        let mut left = open.clone();
        let mut classes = Vec::with_capacity(open.count());
        let mut bound = 0;
        while let Some(first) = left.first() {
            let from = classes.len();
            let mut class = left.clone();
            let mut next = Some(first);
            while let Some(column) = next {
                class.keep(self.conflicts.with(column));
                left.remove(column);
                classes.push((column, bound + u128::from(self.worths[column])));
                next = class.first();
            }
            // Within a class the lightest come first, so that each is bounded by the heaviest up to it.
            classes[from..].sort_by_key(|class| class.1);
            bound = classes.last().map_or(bound, |class| class.1);
        }
        classes
    }
}
