//! A packing that is solved again and again: without some of its columns, or for other worths.

use rayon::prelude::*;

use crate::random::Random;
use crate::stop::Stop;

use super::component::{Component, components};
use super::enumeration::{Target, enumerate};
use super::improver::Improver;
use super::instance::Packing;
use super::proof::{self, Allowed};
use super::reach::reachable;
use super::relaxation::Relaxation;
use super::search::{Solve, steps};
use super::tree::{Incumbent, complete};

/// A packing, with everything that its solves share.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub(super) components: Vec<Component>,
    columns: usize,
    /// What the solve of each component left, for the worths that the packing has.
    pub(super) solved: Vec<Option<Solved>>,
}

/// What a solve of a component leaves.
#[derive(Clone, Debug)]
pub(super) struct Solved {
    pub(super) incumbent: Incumbent,
    pub(super) bound: u128,
    pub(super) relaxation: Option<Relaxation>,
}

/// What a solve came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackingOutcome {
    /// The packing, in the order of columns.
    pub chosen: Vec<usize>,
    /// What it is worth.
    pub worth: u128,
    /// No packing is worth more.
    pub bound: u128,
}

impl PackingOutcome {
    /// Whether nothing better exists.
    #[must_use]
    pub fn is_optimal(&self) -> bool {
        self.worth == self.bound
    }
}

/// Called with the worth and the bound when either improves.
pub(super) type Report<'a> = &'a mut dyn FnMut(u128, u128);

impl Prepared {
    /// Lowers capacities to what columns fill, cuts a packing into components and finds what excludes and dominates what.
    #[must_use]
    pub fn new(packing: &Packing) -> Prepared {
        let components = components(&reachable(packing));
        let solved = components.iter().map(|_| None).collect();
        Prepared { components, columns: packing.columns().len(), solved }
    }

    /// Solves, and keeps what later solves start from.
    pub fn solve(&mut self, seed: u64, stop: &Stop, report: Report<'_>) -> PackingOutcome {
        let worths: Vec<Vec<u64>> = self.components.iter().map(|component| proof::worths(&component.packing)).collect();
        let random = Random::new(seed);
        let trivial = |worths: &[u64]| worths.iter().map(|&worth| u128::from(worth)).sum::<u128>();
        let mut bounds: Vec<u128> = worths.iter().map(|worths| trivial(worths)).collect();
        let mut reached: Vec<u128> = vec![0; self.components.len()];
        for at in 0..self.components.len() {
            let (component, worths) = (&self.components[at], &worths[at]);
            let mut told = |worth: u128, bound: u128| {
                (reached[at], bounds[at]) = (worth, bound);
                report(reached.iter().sum(), bounds.iter().sum());
            };
            let solve =
                Solve { component, worths, random: random.fork(at as u64), enough: None, starts: Vec::new(), stop };
            let solved = solve.run(Vec::new(), None, &mut told);
            (reached[at], bounds[at]) = (solved.incumbent.worth, solved.bound);
            self.solved[at] = Some(solved);
        }
        self.outcome(self.solved.iter().flatten().map(|solved| (solved.incumbent.clone(), solved.bound)))
    }

    /// Looks for something better than a packing that is known, again and again for other worths, from what the solve before left.
    #[must_use]
    pub fn improver(&self) -> Improver<'_> {
        Improver::new(self)
    }

    /// Solves once without each group of columns, from what the solve before left. Components that a group does not touch are
    /// not looked at for it; where all packings were gone through, one more search serves all groups.
    #[must_use]
    pub fn solve_without(&self, groups: &[Vec<usize>], seed: u64, stop: &Stop) -> Vec<PackingOutcome> {
        let random = Random::new(seed);
        let of_component = |(at, component): (usize, &Component)| {
            let touched: Vec<(usize, Vec<usize>)> = groups
                .iter()
                .map(|group| component.local(group))
                .enumerate()
                .filter(|(_, columns)| !columns.is_empty())
                .collect();
            self.without(at, &touched, &random.fork(at as u64), stop)
        };
        let parts: Vec<Vec<(usize, Solved)>> = self.components.par_iter().enumerate().map(of_component).collect();
        let outcome = |group: usize| {
            let of_component = |(parts, base): (&'_ Vec<(usize, Solved)>, &'_ Option<Solved>)| {
                let part = parts.binary_search_by_key(&group, |part| part.0).ok();
                let solved = part.map_or(base.as_ref(), |part| Some(&parts[part].1));
                solved.map_or((Incumbent::default(), 0), |solved| (solved.incumbent.clone(), solved.bound))
            };
            self.outcome(parts.iter().zip(&self.solved).map(of_component))
        };
        (0..groups.len()).map(outcome).collect()
    }

    /// Solves a component without each of some groups of its columns.
    fn without(&self, at: usize, groups: &[(usize, Vec<usize>)], random: &Random, stop: &Stop) -> Vec<(usize, Solved)> {
        let component = &self.components[at];
        let Some(known) = self.solved[at].as_ref().filter(|_| !groups.is_empty()) else { return Vec::new() };
        let all = proof::worths(&component.packing);
        if let Some(found) =
            known.relaxation.is_none().then(|| enumerated(component, &all, known, groups, stop)).flatten()
        {
            return found;
        }
        let one = |(group, columns): &(usize, Vec<usize>)| {
            let mut worths = all.clone();
            columns.iter().for_each(|&column| worths[column] = 0);
            let relaxation = known.relaxation.as_ref().map(|relaxation| relaxation.with_worths(&worths));
            let solve =
                Solve { component, worths: &worths, random: random.clone(), enough: None, starts: Vec::new(), stop };
            (*group, solve.run(known.incumbent.chosen.clone(), relaxation, &mut |_, _| {}))
        };
        groups.par_iter().map(one).collect()
    }

    /// What the components come to together.
    fn outcome(&self, parts: impl Iterator<Item = (Incumbent, u128)>) -> PackingOutcome {
        let mut outcome = PackingOutcome { chosen: Vec::new(), worth: 0, bound: 0 };
        for (component, (incumbent, bound)) in self.components.iter().zip(parts) {
            outcome.chosen.extend(incumbent.chosen.iter().map(|&column| component.columns[column]));
            outcome.worth += incumbent.worth;
            outcome.bound += bound;
        }
        outcome.chosen.sort_unstable();
        outcome
    }

    /// How many components there are.
    #[must_use]
    pub fn components(&self) -> usize {
        self.components.len()
    }

    /// Columns, components, and columns that others dominate.
    #[must_use]
    pub fn sizes(&self) -> [usize; 3] {
        [self.columns, self.components.len(), self.components.iter().map(Component::dominated).sum()]
    }
}

/// The best of a component without each of some groups of its columns, in one search; `None` where it was not gone through.
fn enumerated(
    component: &Component,
    worths: &[u64],
    known: &Solved,
    groups: &[(usize, Vec<usize>)],
    stop: &Stop,
) -> Option<Vec<(usize, Solved)>> {
    let conflicts = component.exclusions()?;
    let mut starts = Vec::with_capacity(groups.len());
    let mut targets = Vec::with_capacity(groups.len());
    let mut is_open = vec![false; worths.len()];
    for (_, columns) in groups {
        let mut less = worths.to_vec();
        columns.iter().for_each(|&column| less[column] = 0);
        // What a column of the group dominates comes back.
        let allowed = component.allowed(&less).into_iter().enumerate();
        allowed.filter(|entry| entry.1 == Allowed::Either).for_each(|(column, _)| is_open[column] = true);
        let rest: Vec<usize> =
            known.incumbent.chosen.iter().copied().filter(|column| !columns.contains(column)).collect();
        let mut start = Incumbent::default();
        start.offer(&less, complete(&component.packing, &less, &rest));
        targets.push(Target { without: columns.clone(), known: start.worth, best: None });
        starts.push(start);
    }
    let open: Vec<usize> = (0..worths.len()).filter(|&column| is_open[column]).collect();
    if !enumerate((conflicts, worths), &open, &mut targets, (steps(worths.len() * groups.len()), stop)) {
        return None;
    }
    let solved = |((group, _), (mut incumbent, target)): (&(usize, Vec<usize>), (Incumbent, Target))| {
        if let Some(mut best) = target.best {
            best.sort_unstable();
            incumbent.offer(worths, best);
        }
        let bound = incumbent.worth;
        (*group, Solved { incumbent, bound, relaxation: None })
    };
    Some(groups.iter().zip(starts.into_iter().zip(targets)).map(solved).collect())
}
