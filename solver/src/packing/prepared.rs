//! A packing that is solved again and again: without some of its columns, or for other worths.

use rayon::prelude::*;

use crate::support::random::Random;
use crate::support::stop::Stop;

use super::component::{Component, components};
use super::enumeration::{Target, enumerate};
use super::greedy::Fill;
use super::improver::Improver;
use super::instance::Packing;
use super::patterns::{Bins, Pattern};
use super::proof::{self, Allowed, Proof};
use super::reach::reachable;
use super::relaxation::Relaxation;
use super::search::{Solve, steps};
use super::tree::{Incumbent, complete};

/// Columns of a component that is small.
const SMALL: usize = 64;

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
    /// What bins hold in programs that were solved.
    pub(super) patterns: Vec<Pattern>,
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
        let mut components = components(&reachable(packing));
        // Capacities that are lowered, each by its own columns, are no longer alike.
        components.iter_mut().for_each(|component| component.bins = Bins::of(packing, &component.columns));
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
            let solved = Solve::new(component, worths, random.fork(at as u64), stop).run(Vec::new(), None, &mut told);
            (reached[at], bounds[at]) = (solved.incumbent.worth, solved.bound);
            self.solved[at] = Some(solved);
        }
        self.outcome(self.solved.iter().map(Option::as_ref))
    }

    /// Looks for something better than a packing that is known, again and again for other worths, from what the solve before left.
    #[must_use]
    pub fn improver(&self) -> Improver<'_> {
        Improver::new(self)
    }

    /// Solves once without each group of columns, from what the solve before left. Components that a group does not touch are
    /// not looked at for it; where all packings were gone through, one more search serves all groups. Whichever thread ends a solve
    /// tells without which group it was.
    #[must_use]
    pub fn solve_without(
        &self,
        groups: &[Vec<usize>],
        seed: u64,
        stop: &Stop,
        done: &(dyn Fn(usize) + Sync),
    ) -> Vec<PackingOutcome> {
        let nothing = |_: &Begun<'_>, columns: Vec<usize>| columns.into_iter().map(|column| (column, 0)).collect();
        let parts = self.solve_changed(groups, Change { worths: &nothing, done }, seed, stop);
        let outcome = |group: usize| {
            let of_component = parts.iter().zip(&self.solved).map(|(parts, base)| {
                let part = parts.binary_search_by_key(&group, |part| part.group).ok();
                part.map_or(base.as_ref(), |part| Some(&parts[part].solved))
            });
            self.outcome(of_component)
        };
        (0..groups.len()).map(outcome).collect()
    }

    /// What all other columns are worth at most where each group of columns is packed, from what the solve before left; `None`
    /// where that is not proved.
    #[must_use]
    pub fn worth_beside(&self, groups: &[Vec<usize>], seed: u64, stop: &Stop) -> Vec<Option<u128>> {
        let raised = |begun: &Begun<'_>, columns: Vec<usize>| {
            // Dear enough that it is seldom better to leave them out, and never in small components; where it is, nothing is
            // said. No dearer than that: floating point tells worths apart to some digits of the greatest.
            let all = begun.worths.iter().copied().fold(1, u64::saturating_add);
            let greatest = begun.worths.iter().copied().max().unwrap_or(0);
            let is_small = begun.worths.len() <= SMALL;
            let dear = |column: usize| {
                let worth = begun.worths[column];
                let beyond = begun.shared.as_ref().filter(|_| !is_small).map_or(all, |shared| {
                    let cost = u64::try_from(shared.proof.cost(column, worth).max(0)).unwrap_or(u64::MAX);
                    cost.saturating_mul(2).saturating_add(greatest)
                });
                (column, worth.saturating_add(beyond))
            };
            columns.into_iter().map(dear).collect()
        };
        let parts = self.solve_changed(groups, Change { worths: &raised, done: &|_| () }, seed, stop);
        let beside = |group: usize| {
            let of_component = parts.iter().zip(&self.solved).map(|(parts, base)| {
                match parts.binary_search_by_key(&group, |part| part.group) {
                    Ok(part) => parts[part].beside(),
                    Err(_) => {
                        base.as_ref().filter(|solved| solved.incumbent.worth == solved.bound).map(|solved| solved.bound)
                    }
                }
            });
            of_component.sum()
        };
        (0..groups.len()).map(beside).collect()
    }

    /// Solves once with changed worths for each group of columns, component by component.
    fn solve_changed(&self, groups: &[Vec<usize>], change: Change<'_>, seed: u64, stop: &Stop) -> Vec<Vec<Changed>> {
        let random = Random::new(seed);
        let of_component = |(at, component): (usize, &Component)| {
            let touched: Vec<(usize, Vec<usize>)> = groups
                .iter()
                .map(|group| component.local(group))
                .enumerate()
                .filter(|(_, columns)| !columns.is_empty())
                .collect();
            let Some(known) = self.solved[at].as_ref().filter(|_| !touched.is_empty()) else { return Vec::new() };
            let begun = Begun::of(component, known);
            let changes =
                touched.into_iter().map(|(group, columns)| (group, (change.worths)(&begun, columns))).collect();
            begun.changed(changes, &random.fork(at as u64), stop, change.done)
        };
        self.components.par_iter().enumerate().map(of_component).collect()
    }

    /// What the components come to together.
    fn outcome<'a>(&self, parts: impl Iterator<Item = Option<&'a Solved>>) -> PackingOutcome {
        let mut outcome = PackingOutcome { chosen: Vec::new(), worth: 0, bound: 0 };
        for (component, solved) in self.components.iter().zip(parts) {
            let Some(Solved { incumbent, bound, .. }) = solved else { continue };
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

/// What columns of a component are worth in place of what they are.
type Worths<'a> = &'a (dyn Fn(&Begun<'_>, Vec<usize>) -> Vec<(usize, u64)> + Sync);

/// Other worths, and who is told of each group that was solved with them.
#[derive(Clone, Copy)]
struct Change<'a> {
    worths: Worths<'a>,
    done: &'a (dyn Fn(usize) + Sync),
}

/// What a solve of a component came to where a group of its columns had other worths.
struct Changed {
    group: usize,
    worths: Vec<(usize, u64)>,
    solved: Solved,
}

impl Changed {
    /// What all others are worth at most where these are packed, where they are in the best packing.
    fn beside(&self) -> Option<u128> {
        let Solved { incumbent, bound, .. } = &self.solved;
        let are_in = self.worths.iter().all(|(column, _)| incumbent.chosen.binary_search(column).is_ok());
        let own: u128 = self.worths.iter().map(|&(_, worth)| u128::from(worth)).sum();
        (are_in && incumbent.worth == *bound).then(|| bound - own)
    }
}

/// What the solve of all columns proves of those with other worths.
struct Shared {
    proof: Proof,
    allowed: Vec<Allowed>,
}

impl Shared {
    fn of(component: &Component, relaxation: &Relaxation, worths: &[u64]) -> Shared {
        let (mut proof, allowed) = (Proof::default(), component.ever_allowed(worths));
        relaxation.prove(&mut proof, worths, &allowed);
        Shared { proof, allowed }
    }

    /// The bound that the same prices prove.
    fn bound(&self, component: &Component, worths: &[u64], changed: &[(usize, u64)]) -> u128 {
        let change = |&(column, worth): &(usize, u64)| {
            let counts = worth > 0 && component.packing.fits_alone(column);
            let more = i128::from(worth) - i128::from(worths[column]);
            (column, self.allowed[column] == Allowed::Either, counts.then_some(more))
        };
        self.proof.bound_changed(changed.iter().map(change))
    }
}

/// A component that was solved, and is to be solved with other worths.
struct Begun<'a> {
    component: &'a Component,
    worths: Vec<u64>,
    known: &'a Solved,
    shared: Option<Shared>,
}

impl<'a> Begun<'a> {
    fn of(component: &'a Component, known: &'a Solved) -> Begun<'a> {
        let worths = proof::worths(&component.packing);
        let shared = known.relaxation.as_ref().map(|relaxation| Shared::of(component, relaxation, &worths));
        Begun { component, worths, known, shared }
    }

    /// Solves once with each of some changes of worths, and tells of each.
    fn changed(
        &self,
        changes: Vec<(usize, Vec<(usize, u64)>)>,
        random: &Random,
        stop: &Stop,
        done: &(dyn Fn(usize) + Sync),
    ) -> Vec<Changed> {
        let Begun { component, worths, known, .. } = self;
        let are_out = changes.iter().flat_map(|change| &change.1).all(|&(_, worth)| worth == 0);
        let is_enumerable = known.relaxation.is_none() && are_out;
        if let Some(found) = is_enumerable.then(|| enumerated(component, worths, known, &changes, stop)).flatten() {
            let changed = |((group, worths), solved)| Changed { group, worths, solved };
            return changes.into_iter().zip(found).map(changed).collect();
        }
        let one = |(group, changed): (usize, Vec<(usize, u64)>)| {
            let mut worths = worths.clone();
            changed.iter().for_each(|&(column, worth)| worths[column] = worth);
            let first = self.first(&worths, &changed, stop);
            if stop.is_raised() || first.bound <= first.incumbent.worth {
                return Changed { group, worths: changed, solved: first };
            }
            let relaxation = known.relaxation.as_ref().map(|relaxation| relaxation.with_worths(&worths));
            let solve = Solve::new(component, &worths, random.clone(), stop);
            let solve = Solve { patterns: known.patterns.clone(), ..solve };
            let Solved { incumbent, bound, .. } = solve.run(first.incumbent.chosen, relaxation, &mut |_, _| {});
            // Of many solves no more is kept than what they came to.
            let incumbent = Incumbent { past: Vec::new(), ..incumbent };
            Changed {
                group,
                worths: changed,
                solved: Solved { incumbent, bound, relaxation: None, patterns: Vec::new() },
            }
        };
        changes.into_par_iter().map(one).inspect(|changed| done(changed.group)).collect()
    }

    /// What is known with other worths before anything is solved: the best of before beside what is worth more now, made full
    /// as long as there is time, and the bound that the prices of before prove. Where the two meet there is nothing to solve.
    fn first(&self, worths: &[u64], changed: &[(usize, u64)], stop: &Stop) -> Solved {
        let packing = &self.component.packing;
        let mut fill = Fill::new(packing);
        let raised = changed.iter().filter(|&&(column, worth)| worth > self.worths[column]).map(|change| change.0);
        let kept = self.known.incumbent.chosen.iter().copied().filter(|&column| worths[column] > 0);
        let mut is_in = vec![false; worths.len()];
        for column in raised.chain(kept) {
            is_in[column] = is_in[column] || fill.add(column);
        }
        let mut chosen = fill.chosen();
        if !stop.is_raised() {
            chosen = complete(packing, worths, &chosen);
        }
        let mut incumbent = Incumbent::default();
        incumbent.offer(worths, chosen);
        let all: u128 = worths.iter().map(|&worth| u128::from(worth)).sum();
        let more = changed.iter().map(|&(column, worth)| u128::from(worth.saturating_sub(self.worths[column])));
        let proved = self.shared.as_ref().map_or(all, |shared| shared.bound(self.component, &self.worths, changed));
        let bound = proved.min(all).min(self.known.bound + more.sum::<u128>());
        Solved { bound: bound.max(incumbent.worth), incumbent, relaxation: None, patterns: Vec::new() }
    }
}

/// The best of a component without each of some groups of its columns, in one search; `None` where it was not gone through.
fn enumerated(
    component: &Component,
    worths: &[u64],
    known: &Solved,
    groups: &[(usize, Vec<(usize, u64)>)],
    stop: &Stop,
) -> Option<Vec<Solved>> {
    let conflicts = component.exclusions()?;
    let mut starts = Vec::with_capacity(groups.len());
    let mut targets = Vec::with_capacity(groups.len());
    let mut is_open = vec![false; worths.len()];
    for (_, changed) in groups {
        let columns: Vec<usize> = changed.iter().map(|change| change.0).collect();
        let mut less = worths.to_vec();
        columns.iter().for_each(|&column| less[column] = 0);
        // What a column of the group dominates comes back.
        let allowed = component.allowed(&less).into_iter().enumerate();
        allowed.filter(|entry| entry.1 == Allowed::Either).for_each(|(column, _)| is_open[column] = true);
        let rest: Vec<usize> =
            known.incumbent.chosen.iter().copied().filter(|column| !columns.contains(column)).collect();
        let mut start = Incumbent::default();
        start.offer(&less, complete(&component.packing, &less, &rest));
        targets.push(Target { without: columns, known: start.worth, best: None });
        starts.push(start);
    }
    let open: Vec<usize> = (0..worths.len()).filter(|&column| is_open[column]).collect();
    if !enumerate((conflicts, worths), &open, &mut targets, (steps(worths.len() * groups.len()), stop)) {
        return None;
    }
    let solved = |(mut incumbent, target): (Incumbent, Target)| {
        if let Some(mut best) = target.best {
            best.sort_unstable();
            incumbent.offer(worths, best);
        }
        let bound = incumbent.worth;
        Solved { incumbent, bound, relaxation: None, patterns: Vec::new() }
    };
    Some(starts.into_iter().zip(targets).map(solved).collect())
}
