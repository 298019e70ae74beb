//! How a packing is solved: what runs when, component by component.

use rayon::prelude::*;

use crate::numbers::floor;
use crate::random::Random;
use crate::stop::Stop;

use super::component::{Component, components};
use super::cuts;
use super::enumeration::{Target, enumerate};
use super::greedy::{Fill, by_density, by_score};
use super::instance::Packing;
use super::local_search::LocalSearch;
use super::proof::{self, Allowed, Proof};
use super::relaxation::Relaxation;
use super::simplex::Until;
use super::tree::{Incumbent, PIVOTS_MAX, Tree, complete};

/// Share of pairs that fit together up to which all packings are gone through first.
const SPARSE: f64 = 0.35;
/// Steps of that, for each column and at least.
const STEPS_EACH: u64 = 400;
const STEPS_MIN: u64 = 20_000;
/// Rounds of cuts at the root, and where cuts of before are there already.
const CUT_ROUNDS: usize = 40;
const CUT_ROUNDS_WARM: usize = 6;
/// The share of the gap that a round must close for another to follow.
const CUT_PROGRESS: f64 = 0.005;
/// Steps of local search without an improvement: before cuts, after them, and between parts of the tree.
const PATIENCE_FIRST: u64 = 200;
const PATIENCE_NEXT: u64 = 600;
/// Runs of local search at the root.
const SEARCHED: usize = 2;
/// The last for each column: small problems have small trees.
const PATIENCE_LATER_EACH: u64 = 3;
/// Nodes between two runs of local search.
const NODES_BETWEEN: u64 = 40;
/// Runs of local search between two parts of the tree: about a third of the time.
const TURNS: usize = 3;
/// Parts of the tree after which any gain is enough, where something better is asked for: what is found first is seldom much better.
const BETTER_AFTER: usize = 5;
/// Local search keeps to such a share of the columns, those that gain most at the prices of the root: what gains little is
/// seldom part of a good packing. One share after the other is tried.
const SHARES: [f64; 4] = [0.5, 0.9, 0.75, 0.25];

/// A packing, with everything that its solves share.
#[derive(Clone, Debug)]
pub struct Prepared {
    components: Vec<Component>,
    columns: usize,
    /// What the solve of each component left, for the worths that the packing has.
    solved: Vec<Option<Solved>>,
}

/// What a solve of a component leaves.
#[derive(Clone, Debug)]
struct Solved {
    incumbent: Incumbent,
    bound: u128,
    relaxation: Option<Relaxation>,
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

/// Packings that are worth more than one that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Improved {
    /// Such packings, each in the order of columns.
    pub better: Vec<Vec<usize>>,
    /// Whether the search came to its end: none is missing where there is none.
    pub is_complete: bool,
}

impl PackingOutcome {
    /// Whether nothing better exists.
    #[must_use]
    pub fn is_optimal(&self) -> bool {
        self.worth == self.bound
    }
}

/// Called with the worth and the bound when either improves.
type Report<'a> = &'a mut dyn FnMut(u128, u128);

impl Prepared {
    /// Cuts a packing into components and finds what excludes and dominates what.
    #[must_use]
    pub fn new(packing: &Packing) -> Prepared {
        let components = components(packing);
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
            let solve = Solve { component, worths, random: random.fork(at as u64), enough: None, stop };
            let solved = solve.run(Vec::new(), None, &mut told);
            (reached[at], bounds[at]) = (solved.incumbent.worth, solved.bound);
            self.solved[at] = Some(solved);
        }
        self.outcome(self.solved.iter().flatten().map(|solved| (solved.incumbent.clone(), solved.bound)))
    }

    /// Looks for packings that gain more than a slack on the start for other worths of all columns, from what the solve before left;
    /// a column is left out by a worth of zero, and what is packed at the start need not fit. Those that are found differ from the
    /// start in one component each. It is enough to know some: the best is proved only where there is none.
    #[must_use]
    pub fn improve_for(&self, worths: &[u64], (start, slack): (&[usize], u128), seed: u64, stop: &Stop) -> Improved {
        let solved = self.again(worths, (start, slack), seed, stop);
        let mut improved = Improved { better: Vec::new(), is_complete: true };
        for (component, solved) in self.components.iter().zip(solved) {
            let worth = |chosen: &[usize]| -> u128 {
                chosen.iter().map(|&column| u128::from(worths[component.columns[column]])).sum()
            };
            let enough = worth(&component.local(start)) + slack;
            let Incumbent { chosen, worth: best, mut past, .. } = solved.incumbent;
            improved.is_complete &= solved.bound <= best.max(enough);
            past.push(chosen);
            for chosen in past.into_iter().filter(|chosen| worth(chosen) > enough) {
                let elsewhere = start.iter().copied().filter(|&column| !component.holds(column));
                let here = chosen.into_iter().map(|column| component.columns[column]);
                let mut whole: Vec<usize> = elsewhere.chain(here).collect();
                whole.sort_unstable();
                improved.better.push(whole);
            }
        }
        improved
    }

    /// Looks for packings that gain more than a slack on the start, in each component.
    fn again(&self, worths: &[u64], (start, slack): (&[usize], u128), seed: u64, stop: &Stop) -> Vec<Solved> {
        let random = Random::new(seed);
        let again = |(at, component): (usize, &Component)| {
            let own: Vec<u64> = component.columns.iter().map(|&column| worths[column]).collect();
            let known = self.solved[at].as_ref();
            if let Some(solved) = known.filter(|_| own == proof::worths(&component.packing)) {
                return Solved { incumbent: solved.incumbent.clone(), bound: solved.bound, relaxation: None };
            }
            let start = component.local(start);
            let before: u128 = start.iter().map(|&column| u128::from(own[column])).sum();
            let relaxation = known.and_then(|solved| solved.relaxation.as_ref());
            let relaxation = relaxation.map(|relaxation| relaxation.with_worths(&own));
            let solve =
                Solve { component, worths: &own, random: random.fork(at as u64), enough: Some(before + slack), stop };
            solve.run(start, relaxation, &mut |_, _| {})
        };
        self.components.iter().enumerate().map(again).collect()
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
            let solve = Solve { component, worths: &worths, random: random.clone(), enough: None, stop };
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
    let conflicts = component.conflicts.as_ref().filter(|conflicts| conflicts.is_complete)?;
    let mut starts = Vec::with_capacity(groups.len());
    let mut targets = Vec::with_capacity(groups.len());
    let mut is_open = vec![false; worths.len()];
    for (_, columns) in groups {
        let mut less = worths.to_vec();
        columns.iter().for_each(|&column| less[column] = 0);
        // What a column of the group dominates comes back.
        let allowed = component.allowed(&less).into_iter().enumerate();
        allowed.filter(|entry| entry.1 == Allowed::Either).for_each(|(column, _)| is_open[column] = true);
        let rest = known.incumbent.chosen.iter().copied().filter(|column| !columns.contains(column)).collect();
        let mut start = Incumbent::default();
        start.offer(&less, complete(component, &less, rest));
        targets.push(Target { without: columns.clone(), known: start.worth, best: None });
        starts.push(start);
    }
    let open: Vec<usize> = (0..worths.len()).filter(|&column| is_open[column]).collect();
    let steps = STEPS_EACH * (worths.len() * groups.len()) as u64;
    if !enumerate((conflicts, worths), &open, &mut targets, (steps.max(STEPS_MIN), stop)) {
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

/// One solve of one component.
struct Solve<'a> {
    component: &'a Component,
    worths: &'a [u64],
    random: Random,
    /// Where not the best is sought: what is worth more than this is good enough, and nothing else matters.
    enough: Option<u128>,
    stop: &'a Stop,
}

impl Solve<'_> {
    fn run(mut self, start: Vec<usize>, warm: Option<Relaxation>, report: Report<'_>) -> Solved {
        let allowed = self.component.allowed(self.worths);
        let open: Vec<usize> = (0..allowed.len()).filter(|&column| allowed[column] == Allowed::Either).collect();
        let mut incumbent = self.greedy(start, &open);
        let trivial: u128 = open.iter().map(|&column| u128::from(self.worths[column])).sum();
        report(incumbent.worth, trivial);
        if incumbent.worth == trivial {
            return Solved { incumbent, bound: trivial, relaxation: None };
        }
        let is_warm = warm.is_some();
        if !is_warm && self.enumerate(&open, &mut incumbent) {
            let bound = incumbent.aim();
            report(incumbent.worth, bound);
            return Solved { incumbent, bound, relaxation: None };
        }
        let relaxation = warm.unwrap_or_else(|| Relaxation::new(&self.component.packing, self.worths));
        let mut root = Root { relaxation, allowed, incumbent, bound: trivial, proof: Proof::default() };
        self.bound(&mut root, is_warm, report);
        root.relaxation.slim();
        let kept = root.relaxation.clone();
        let mut is_over = root.is_done() || self.stop.is_raised() || self.is_enough(&root.incumbent, root.bound, 0);
        if !is_over {
            // A warm start has an incumbent that is nearly the best: searching costs more than it brings, unless any gain will do.
            let searched = if is_warm && self.enough.is_none() { 0 } else { SEARCHED };
            for turn in 0..searched {
                self.improve(&root.promising(turn), &mut root.incumbent, PATIENCE_NEXT);
            }
            root.fix();
            report(root.incumbent.worth, root.bound.max(root.incumbent.aim()));
            // What local search finds is near the best.
            let parts = if self.is_searchable() { usize::MAX } else { 0 };
            is_over = root.is_done() || self.stop.is_raised() || self.is_enough(&root.incumbent, root.bound, parts);
        }
        if is_over {
            let Root { incumbent, bound, .. } = root;
            return Solved { bound: bound.max(incumbent.aim()), incumbent, relaxation: Some(kept) };
        }
        let (incumbent, bound) = self.branch(root, is_warm, report);
        Solved { incumbent, bound, relaxation: Some(kept) }
    }

    /// Whether what is known is as good as it has to be: half of what the bound lets there be is gained, or anything after some parts
    /// of the tree.
    fn is_enough(&self, incumbent: &Incumbent, bound: u128, parts: usize) -> bool {
        self.enough.is_some_and(|enough| {
            let gain = incumbent.worth.saturating_sub(enough);
            gain > 0 && (parts > BETTER_AFTER || 2 * gain >= bound.saturating_sub(enough))
        })
    }

    /// A few packings by simple rules, and the start made as full as it gets.
    fn greedy(&self, start: Vec<usize>, open: &[usize]) -> Incumbent {
        let packing = &self.component.packing;
        let mut incumbent = Incumbent::none(self.enough.unwrap_or(0));
        if !start.is_empty() {
            let mut fill = Fill::new(packing);
            start.into_iter().filter(|&column| self.worths[column] > 0).for_each(|column| {
                fill.add(column);
            });
            incumbent.offer(self.worths, complete(self.component, self.worths, fill.chosen()));
            return incumbent;
        }
        for power in [0.5, 1.0, 0.0] {
            incumbent.offer(self.worths, by_density(packing, open, self.worths, power));
        }
        incumbent
    }

    /// Goes through all packings where they may be few; whether it got through.
    fn enumerate(&self, open: &[usize], incumbent: &mut Incumbent) -> bool {
        let Some(conflicts) = self.component.conflicts.as_ref().filter(|conflicts| conflicts.is_complete) else {
            return false;
        };
        let pairs = open.len() * open.len().saturating_sub(1);
        let excluded: usize = open.iter().map(|&column| conflicts.with(column).count()).sum();
        // Conflicts with columns that are not open count too: at worst a search is begun that ends early.
        let fit = pairs.saturating_sub(excluded) as f64 / pairs.max(1) as f64;
        if fit > SPARSE {
            return false;
        }
        let steps = (STEPS_EACH * open.len() as u64).max(STEPS_MIN);
        let mut targets = [Target { without: Vec::new(), known: incumbent.aim(), best: None }];
        let is_complete = enumerate((conflicts, self.worths), open, &mut targets, (steps, self.stop));
        if let Some(mut best) = targets[0].best.take() {
            best.sort_unstable();
            incumbent.offer(self.worths, best);
        }
        is_complete
    }

    /// Solves the root, with cuts.
    fn bound(&mut self, root: &mut Root, is_warm: bool, report: Report<'_>) {
        root.solve(self);
        report(root.incumbent.worth, root.bound);
        if root.is_done() || self.stop.is_raised() {
            return;
        }
        if !is_warm {
            self.improve(&root.promising(2), &mut root.incumbent, PATIENCE_FIRST);
        }
        let Some(conflicts) = self.component.conflicts.as_ref() else { return };
        for round in 0..if is_warm { CUT_ROUNDS_WARM } else { CUT_ROUNDS } {
            if root.is_done() || self.stop.is_raised() {
                return;
            }
            let before = root.bound;
            let open = root.open();
            let basis = &root.relaxation.basis;
            let values: Vec<f64> = (0..self.worths.len()).map(|column| basis.value(column)).collect();
            let mut found = cuts::cliques(conflicts, &values, &open);
            found.extend(cuts::counts(&self.component.packing, &values, &open));
            if found.len() < 5 && !is_warm {
                found.extend(cuts::odd_holes(conflicts, &values, &open));
            }
            if found.is_empty() {
                return;
            }
            root.relaxation.cut(found);
            root.solve(self);
            report(root.incumbent.worth, root.bound);
            let gap = before.saturating_sub(root.incumbent.worth) as f64;
            if round > 2 && (before - root.bound) as f64 <= gap * CUT_PROGRESS {
                return;
            }
        }
    }

    /// Whether columns exclude each other in pairs alone, which local search needs.
    fn is_searchable(&self) -> bool {
        self.component.conflicts.as_ref().is_some_and(|conflicts| conflicts.is_complete)
    }

    /// Local search over some columns, from scratch or from an incumbent by turns; what it finds that is better.
    fn improve(&mut self, columns: &[usize], incumbent: &mut Incumbent, patience: u64) {
        let Some(conflicts) = self.component.conflicts.as_ref().filter(|conflicts| conflicts.is_complete) else {
            return;
        };
        let Some(mut search) = LocalSearch::new(conflicts, self.worths, columns) else { return };
        if let Some(chosen) = search.run(incumbent.worth, patience, &mut self.random, self.stop) {
            incumbent.offer(self.worths, complete(self.component, self.worths, chosen));
        }
    }

    /// Branches, with local search in between.
    fn branch(&mut self, root: Root, is_warm: bool, report: Report<'_>) -> (Incumbent, u128) {
        let sets: Vec<Vec<usize>> = (0..SHARES.len()).map(|turn| root.promising(turn)).collect();
        let Root { relaxation, allowed, incumbent, bound, proof } = root;
        let mut tree = Tree::new(self.component, self.worths, (relaxation, allowed, proof), incumbent, bound);
        let mut told = (0, 0);
        let patience = PATIENCE_LATER_EACH * self.worths.len() as u64;
        let turns = if is_warm { 1 } else { TURNS };
        for turn in 0.. {
            let is_done = tree.run(NODES_BETWEEN, self.stop);
            self.stop.spend(NODES_BETWEEN);
            if !is_done && !self.stop.is_raised() {
                let mut incumbent = std::mem::take(&mut tree.incumbent);
                for offset in 0..turns {
                    self.improve(&sets[(turn * turns + offset) % sets.len()], &mut incumbent, patience);
                }
                tree.incumbent = incumbent;
                tree.tighten();
            }
            let now = (tree.incumbent.worth, tree.bound());
            if now != told {
                report(now.0, now.1);
                told = now;
            }
            if is_done || self.stop.is_raised() || self.is_enough(&tree.incumbent, tree.bound(), turn + 1) {
                break;
            }
        }
        let bound = tree.bound();
        (tree.incumbent, bound)
    }
}

/// The root of a component: its relaxation, and what is known.
struct Root {
    relaxation: Relaxation,
    allowed: Vec<Allowed>,
    incumbent: Incumbent,
    bound: u128,
    proof: Proof,
}

impl Root {
    fn is_done(&self) -> bool {
        self.bound <= self.incumbent.aim()
    }

    fn open(&self) -> Vec<usize> {
        (0..self.allowed.len()).filter(|&column| self.allowed[column] == Allowed::Either).collect()
    }

    /// Solves the relaxation, rounds it, and fixes what its gains allow.
    fn solve(&mut self, solve: &Solve<'_>) {
        self.relaxation.restrict(&self.allowed);
        self.relaxation.solve(Until { cutoff: f64::NEG_INFINITY, pivots: PIVOTS_MAX, stop: solve.stop });
        let basis = &self.relaxation.basis;
        let columns: Vec<usize> =
            (0..self.allowed.len()).filter(|&column| self.allowed[column] != Allowed::Out).collect();
        let score = |column: usize| basis.value(column) + basis.gain(column).clamp(-1.0, 1.0);
        let chosen = by_score(&solve.component.packing, &columns, score);
        self.incumbent.offer(solve.worths, complete(solve.component, solve.worths, chosen));
        self.relaxation.prove(&mut self.proof, solve.worths, &self.allowed);
        self.bound = self.bound.min(self.proof.bound()).max(self.incumbent.aim());
        self.fix();
    }

    /// Decides columns by their gains.
    fn fix(&mut self) {
        self.proof.decide(&mut self.allowed, self.incumbent.aim());
    }

    /// Columns that gain most at the prices of the root.
    fn promising(&self, turn: usize) -> Vec<usize> {
        let basis = &self.relaxation.basis;
        let mut columns: Vec<usize> =
            (0..self.allowed.len()).filter(|&column| self.allowed[column] != Allowed::Out).collect();
        columns.sort_by(|&a, &b| basis.gain(b).total_cmp(&basis.gain(a)).then(a.cmp(&b)));
        let count = columns.len() as f64 * SHARES[turn % SHARES.len()];
        columns.truncate(usize::try_from(floor(count)).unwrap_or(usize::MAX));
        columns.sort_unstable();
        columns
    }
}
