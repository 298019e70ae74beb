//! Something better than a packing that is known, sought again and again for worths that change.

use crate::support::random::Random;
use crate::support::stop::Stop;

use super::component::Component;
use super::frontier::Frontier;
use super::patterns::Pattern;
use super::prepared::{Prepared, Solved};
use super::proof;
use super::relaxation::Relaxation;
use super::search::Solve;

/// Packings that are known, where something better is sought.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The one to beat. What is in it need not fit together.
    pub best: &'a [usize],
    /// What must be gained on it at least, and more.
    pub slack: u128,
    /// Others, near which there may be something better. What is in each fits together.
    pub near: &'a [Vec<usize>],
}

/// Packings that are worth more than one that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Improved {
    /// Such packings, each in the order of columns.
    pub better: Vec<Vec<usize>>,
    /// Whether the search came to its end: none is missing where there is none.
    pub is_complete: bool,
}

/// A search that goes on: what it learns of a component serves it again for the next worths.
#[derive(Clone, Debug)]
pub struct Improver<'a> {
    prepared: &'a Prepared,
    /// The tree of each component that has one: those with quantities.
    frontiers: Vec<Option<Frontier>>,
    /// The program of each component as the last search left it, with its cuts: kept where the first solve left hardly any.
    relaxations: Vec<Option<Relaxation>>,
    /// What bins of each component hold in programs that were solved.
    patterns: Vec<Vec<Pattern>>,
}

impl<'a> Improver<'a> {
    pub(super) fn new(prepared: &'a Prepared) -> Improver<'a> {
        let count = prepared.components.len();
        let of_solve =
            |solved: &Option<Solved>| solved.as_ref().map_or_else(Vec::new, |solved| solved.patterns.clone());
        let patterns = prepared.solved.iter().map(of_solve).collect();
        Improver { prepared, frontiers: vec![None; count], relaxations: vec![None; count], patterns }
    }

    /// Looks for packings that gain more than a slack on a known one for other worths of all columns; a column is left out by a
    /// worth of zero. Those that are found differ from the known one in one component each. It is enough to know some: the best
    /// is proved only where there is none.
    #[must_use]
    pub fn better(&mut self, worths: &[u64], known: Known<'_>, seed: u64, stop: &Stop) -> Improved {
        let (start, slack) = (known.best, known.slack);
        let random = Random::new(seed);
        let mut improved = Improved { better: Vec::new(), is_complete: true };
        for (at, component) in self.prepared.components.iter().enumerate() {
            let solved = self.again(at, (worths, known), random.fork(at as u64), stop);
            let worth = |chosen: &[usize]| -> u128 {
                chosen.iter().map(|&column| u128::from(worths[component.columns[column]])).sum()
            };
            let enough = worth(&component.local(start)) + slack;
            improved.is_complete &= solved.bound <= solved.incumbent.worth.max(enough);
            for chosen in solved.incumbent.all().into_iter().filter(|chosen| worth(chosen) > enough) {
                let elsewhere = start.iter().copied().filter(|&column| !component.holds(column));
                let here = chosen.into_iter().map(|column| component.columns[column]);
                let mut whole: Vec<usize> = elsewhere.chain(here).collect();
                whole.sort_unstable();
                improved.better.push(whole);
            }
        }
        improved
    }

    /// Looks for packings of a component that gain more than a slack on the known one.
    fn again(&mut self, at: usize, (worths, known): (&[u64], Known<'_>), random: Random, stop: &Stop) -> Solved {
        let component: &Component = &self.prepared.components[at];
        let own: Vec<u64> = component.columns.iter().map(|&column| worths[column]).collect();
        let before = self.prepared.solved[at].as_ref();
        if let Some(solved) = before.filter(|_| own == proof::worths(&component.packing)) {
            return Solved {
                incumbent: solved.incumbent.clone(),
                bound: solved.bound,
                relaxation: None,
                patterns: Vec::new(),
            };
        }
        let start = component.local(known.best);
        let worth = |chosen: &[usize]| chosen.iter().map(|&column| u128::from(own[column])).sum::<u128>();
        let limit = worth(&start) + known.slack;
        let enough = Some(limit);
        let relaxation = before.and_then(|solved| solved.relaxation.as_ref());
        if let Some(relaxation) =
            relaxation.filter(|_| component.exclusions().is_none() && !component.packs_by_patterns())
        {
            let frontier = self.frontiers[at].get_or_insert_with(|| Frontier::new(relaxation.clone(), own.len()));
            let random = random.clone();
            let solve = Solve { enough, ..Solve::new(component, &own, random, stop) };
            let solved = solve.go_on(start.clone(), frontier);
            if stop.is_raised() || solved.incumbent.worth > limit || solved.bound <= limit {
                return solved;
            }
            // Where worths lie far apart, prices of floats do not close every leaf; a tree that decides all columns does.
        }
        let mut starts: Vec<Vec<usize>> = known.near.iter().map(|near| component.local(near)).collect();
        starts.sort_by_cached_key(|start| worth(start));
        let is_bare = relaxation.is_some_and(Relaxation::is_bare);
        let last = self.relaxations[at].as_ref().or(relaxation);
        let last = last.map(|relaxation| relaxation.with_worths(&own));
        let patterns = std::mem::take(&mut self.patterns[at]);
        let solve = Solve { enough, starts, patterns, ..Solve::new(component, &own, random, stop) };
        let mut solved = solve.run(start, last, &mut |_, _| {});
        self.patterns[at] = std::mem::take(&mut solved.patterns);
        if is_bare {
            let last = self.relaxations[at].take();
            self.relaxations[at] = solved.relaxation.take().or(last);
        }
        solved
    }
}
