//! How a component of a packing is solved: what runs when.

use crate::support::random::Random;
use crate::support::stop::Stop;

use super::component::Component;
use super::dive::dive;
use super::enumeration::{Target, enumerate};
use super::frontier::{Frontier, Stage};
use super::greedy::{Fill, by_density};
use super::local_search::LocalSearch;
use super::patterns::{self, Pattern};
use super::prepared::{Report, Solved};
use super::proof::Allowed;
use super::relaxation::Relaxation;
use super::restarts::{Progress, Restarts};
use super::root::{Effort, Ground, Root};
use super::shrunk::Shrunk;
use super::tree::{Incumbent, Tree, complete};

/// Share of pairs that fit together up to which all packings are gone through first.
const SPARSE: f64 = 0.35;
/// Steps of that, for each column and at least.
const STEPS_EACH: u64 = 400;
const STEPS_MIN: u64 = 20_000;
/// Cuts at the root, and where cuts of before are there already.
const CUTS: Effort = Effort { rounds: 40, bases: 0, seeks_holes: true };
const CUTS_WARM: Effort = Effort { rounds: 6, bases: 0, seeks_holes: false };
/// Sums of rows for a tree that begins anew.
const SUMS: Effort = Effort { rounds: 20, bases: 8, seeks_holes: false };
/// The same where there are quantities, and once kernels have been searched.
const QUANTITIES: Effort = Effort { rounds: 20, bases: 50, seeks_holes: false };
const QUANTITIES_WARM: Effort = Effort { rounds: 2, bases: 10, seeks_holes: false };
const QUANTITIES_NEXT: Effort = Effort { rounds: 20, bases: 15, seeks_holes: false };
/// The same once for a tree that is there to stay.
const QUANTITIES_ONCE: Effort = Effort { rounds: 40, bases: 100, seeks_holes: false };
/// Steps of local search without an improvement: before cuts, after them, and between parts of the tree.
const PATIENCE_FIRST: u64 = 200;
const PATIENCE_NEXT: u64 = 600;
/// Runs of local search at the root.
const SEARCHED: usize = 2;
/// The last for each column: small problems have small trees.
const PATIENCE_LATER_EACH: u64 = 3;
/// Nodes until a search for anything better ends, by those that it took to find it.
const MORE: u64 = 2;
/// Columns of a kernel, and nodes of a tree over it: few where anything better is sought, for that tree is made anew each time, and
/// the one over all columns stays.
const KERNEL: usize = 80;
const KERNEL_NODES: u64 = 1_000;
const KERNEL_NODES_BETTER: u64 = 120;
/// Nodes between two runs of local search.
const NODES_BETWEEN: u64 = 40;
/// Nodes before sums of rows where the gap is small from the start, as it is where cuts of before are there.
const NODES_WARM: u64 = 400;
/// The same whatever the gap, where anything better is sought.
const NODES_BETTER: u64 = 400;
/// Open columns up to which a tree comes before local search where anything better is sought: it closes in less time.
const FEW: usize = 100;
/// Parts of a tree that began anew between two turns of local search that find nothing, at most.
const PAUSE_MAX: usize = 8;
/// Runs of local search between two parts of the tree: about a third of the time.
const TURNS: usize = 3;
/// Packings that are known from which local search starts at a time, and its patience with each.
const STARTS: usize = 8;
const PATIENCE_START: u64 = 200;
/// Local search keeps to such a share of the columns, those that gain most at the prices of the root: what gains little is
/// seldom part of a good packing. One share after the other is tried.
const SHARES: [f64; 4] = [0.5, 0.9, 0.75, 0.25];
/// All columns.
const EVERY: f64 = 1.0;

/// Steps of going through all packings of so many columns.
pub(super) fn steps(columns: usize) -> u64 {
    (STEPS_EACH * columns as u64).max(STEPS_MIN)
}

/// One solve of one component.
pub(super) struct Solve<'a> {
    pub(super) component: &'a Component,
    pub(super) worths: &'a [u64],
    pub(super) random: Random,
    /// Where not the best is sought: what is worth more than this is good enough, and nothing else matters.
    pub(super) enough: Option<u128>,
    /// Packings that may be near to what is sought: local search starts from the last ones first.
    pub(super) starts: Vec<Vec<usize>>,
    /// What bins may hold, where they are alike: what programs of patterns begin with.
    pub(super) patterns: Vec<Pattern>,
    /// Nodes of a tree, at most.
    pub(super) nodes: u64,
    pub(super) stop: &'a Stop,
}

impl<'a> Solve<'a> {
    /// A solve for the best, to its end, from nothing.
    pub(super) fn new(component: &'a Component, worths: &'a [u64], random: Random, stop: &'a Stop) -> Solve<'a> {
        let (starts, patterns) = (Vec::new(), Vec::new());
        Solve { component, worths, random, enough: None, starts, patterns, nodes: u64::MAX, stop }
    }

    /// Solves, from a start and a relaxation that is known where there is one.
    pub(super) fn run(mut self, start: Vec<usize>, warm: Option<Relaxation>, report: Report<'_>) -> Solved {
        let allowed = self.component.allowed(self.worths);
        let open: Vec<usize> = (0..allowed.len()).filter(|&column| allowed[column] == Allowed::Either).collect();
        let mut incumbent = self.greedy(start, &open);
        let trivial: u128 = open.iter().map(|&column| u128::from(self.worths[column])).sum();
        report(incumbent.worth, trivial);
        if incumbent.worth == trivial || self.stop.is_raised() {
            return Solved { incumbent, bound: trivial, relaxation: None, patterns: self.patterns };
        }
        let is_warm = warm.is_some();
        if !is_warm && self.enumerate(&open, &mut incumbent) {
            let bound = incumbent.aim();
            report(incumbent.worth, bound);
            return Solved { incumbent, bound, relaxation: None, patterns: Vec::new() };
        }
        let relaxation = warm.unwrap_or_else(|| Relaxation::new(&self.component.packing, self.worths));
        let ground = Ground { component: self.component, worths: self.worths, stop: self.stop };
        let mut root = Root::new(ground, relaxation, allowed, incumbent);
        let mut patterns = std::mem::take(&mut self.patterns);
        if self.component.packs_by_patterns() {
            self.by_patterns(&mut root, &mut patterns, report);
            if root.is_done() || self.is_better(&root.incumbent) || self.stop.is_raised() {
                let Root { incumbent, bound, relaxation, .. } = root;
                return Solved { bound: bound.max(incumbent.aim()), incumbent, relaxation: Some(relaxation), patterns };
            }
        }
        self.bound(&mut root, is_warm, report);
        root.relaxation.slim();
        let mut kept = root.relaxation.clone();
        let mut is_over = root.is_done() || self.stop.is_raised() || self.is_enough(&root.incumbent, root.bound);
        if !is_over {
            if self.component.exclusions().is_none() {
                self.kernel(&mut root);
                // Columns that the better incumbent decides leave a smaller program, which more cuts bound better.
                root.cut(QUANTITIES_NEXT, &mut self.random, report);
                root.relaxation.slim();
                kept.clone_from(&root.relaxation);
            }
            let is_few = self.enough.is_some() && root.open().len() <= FEW;
            if !is_few {
                self.search_on(&root.promising(EVERY), &mut root.incumbent);
            }
            // A warm start has an incumbent that is nearly the best: searching from nothing costs more than it brings.
            let searched = if is_warm { 0 } else { SEARCHED };
            for share in SHARES.into_iter().take(searched) {
                self.improve(&root.promising(share), &mut root.incumbent, PATIENCE_NEXT);
            }
            root.fix();
            report(root.incumbent.worth, root.bound.max(root.incumbent.aim()));
            is_over = root.is_done() || self.stop.is_raised() || self.is_better(&root.incumbent);
        }
        if is_over {
            let Root { incumbent, bound, .. } = root;
            return Solved { bound: bound.max(incumbent.aim()), incumbent, relaxation: Some(kept), patterns };
        }
        let mut restarts = match (self.component.exclusions(), self.enough) {
            (None, _) => Restarts::never(),
            (Some(_), None) => Restarts::after(if is_warm { NODES_WARM } else { 0 }),
            (Some(_), Some(_)) => Restarts::whatever_the_gap(NODES_BETTER),
        };
        let mut is_anew = false;
        while self.branch(&mut root, (&mut restarts, is_anew), is_warm, report) {
            is_anew = true;
            kept.clone_from(&root.relaxation);
        }
        let Root { incumbent, bound, .. } = root;
        Solved { incumbent, bound, relaxation: Some(kept), patterns }
    }

    /// Solves by patterns, once the program of columns has been solved: where hardly anything binds, that settles it in less time.
    fn by_patterns(&self, root: &mut Root<'_>, patterns: &mut Vec<Pattern>, report: Report<'_>) {
        root.solve();
        report(root.incumbent.worth, root.bound);
        if root.is_done() || self.stop.is_raised() {
            return;
        }
        let Solve { component, worths, stop, .. } = *self;
        let ground = patterns::Ground { component, worths, random: self.random.clone(), stop };
        let Some(packed) = patterns::solve(ground, root.incumbent.clone(), patterns, report) else { return };
        (root.incumbent, *patterns) = (packed.incumbent, packed.patterns);
        root.bound = root.bound.min(packed.bound);
        root.fix();
    }

    /// Looks for what is worth more than enough, in a tree that goes on from one search to the next; from a packing that is known.
    pub(super) fn go_on(mut self, start: Vec<usize>, frontier: &mut Frontier) -> Solved {
        let (component, worths, stop) = (self.component, self.worths, self.stop);
        let allowed = component.allowed(worths);
        let open: Vec<usize> = (0..allowed.len()).filter(|&column| allowed[column] == Allowed::Either).collect();
        let valued: Vec<u64> = start.iter().map(|&column| worths[column]).collect();
        let stage = frontier.stage(&valued);
        frontier.relaxation.value_at(worths);
        let incumbent = self.greedy(start, &open);
        let ground = Ground { component, worths, stop };
        let mut root = Root::new(ground, frontier.relaxation.clone(), allowed, incumbent);
        root.solve();
        if stage != Stage::On {
            let effort = if stage == Stage::ToStay { QUANTITIES_ONCE } else { QUANTITIES_WARM };
            root.cut(effort, &mut self.random, &mut |_, _| {});
            frontier.begin_anew(valued, root.bound.saturating_sub(root.incumbent.floor));
            root.relaxation.slim();
            if !root.is_done() && !stop.is_raised() && !self.is_enough(&root.incumbent, root.bound) {
                self.kernel(&mut root);
                root.cut(QUANTITIES_NEXT, &mut self.random, &mut |_, _| {});
            }
        }
        root.relaxation.slim();
        frontier.relaxation.clone_from(&root.relaxation);
        let is_over = root.is_done() || stop.is_raised() || self.is_better(&root.incumbent);
        let (incumbent, bound) = if is_over { (root.incumbent, root.bound) } else { self.branch_on(root, frontier) };
        Solved { bound: bound.max(incumbent.aim()), incumbent, relaxation: None, patterns: Vec::new() }
    }

    /// Goes on with a tree over what is open.
    fn branch_on(&self, root: Root<'_>, frontier: &mut Frontier) -> (Incumbent, u128) {
        let (packing, worths) = (&self.component.packing, self.worths);
        let Root { mut incumbent, bound, relaxation, allowed, .. } = root;
        let Some(shrunk) = Shrunk::of(packing, worths, &relaxation, &allowed) else {
            let bound = incumbent.aim();
            return (incumbent, bound);
        };
        let (found, is_complete) = frontier.search(&shrunk, incumbent.aim(), self.stop);
        for found in found {
            incumbent.offer(worths, complete(packing, worths, &shrunk.whole(&found)));
        }
        let bound = if is_complete { incumbent.aim() } else { bound };
        (incumbent, bound)
    }

    /// Whether half of what the bound lets there be is gained, where any gain is sought.
    fn is_enough(&self, incumbent: &Incumbent, bound: u128) -> bool {
        self.is_better(incumbent) && 2 * incumbent.worth >= bound + incumbent.floor
    }

    /// Whether anything is gained, where that is what is sought.
    fn is_better(&self, incumbent: &Incumbent) -> bool {
        self.enough.is_some_and(|enough| incumbent.worth > enough)
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
            incumbent.offer(self.worths, complete(&self.component.packing, self.worths, &fill.chosen()));
            return incumbent;
        }
        for power in [0.5, 1.0, 0.0] {
            incumbent.offer(self.worths, by_density(packing, open, self.worths, power));
        }
        incumbent
    }

    /// Goes through all packings where they may be few; whether it got through.
    fn enumerate(&self, open: &[usize], incumbent: &mut Incumbent) -> bool {
        let Some(conflicts) = self.component.exclusions() else {
            return false;
        };
        let pairs = open.len() * open.len().saturating_sub(1);
        let excluded: usize = open.iter().map(|&column| conflicts.with(column).count()).sum();
        // Conflicts with columns that are not open count too: at worst a search is begun that ends early.
        let fit = pairs.saturating_sub(excluded) as f64 / pairs.max(1) as f64;
        if fit > SPARSE {
            return false;
        }
        let mut targets = [Target { without: Vec::new(), known: incumbent.aim(), best: None }];
        let is_complete = enumerate((conflicts, self.worths), open, &mut targets, (steps(open.len()), self.stop));
        if let Some(mut best) = targets[0].best.take() {
            best.sort_unstable();
            incumbent.offer(self.worths, best);
        }
        is_complete
    }

    /// Solves the root, with cuts.
    fn bound(&mut self, root: &mut Root<'_>, is_warm: bool, report: Report<'_>) {
        root.solve();
        report(root.incumbent.worth, root.bound);
        if root.is_done() || self.stop.is_raised() {
            return;
        }
        if !is_warm {
            self.improve(&root.promising(SHARES[2]), &mut root.incumbent, PATIENCE_FIRST);
        }
        let effort = match (self.component.exclusions(), is_warm) {
            (Some(_), false) => CUTS,
            (Some(_), true) => CUTS_WARM,
            (None, false) => QUANTITIES,
            (None, true) => QUANTITIES_WARM,
        };
        root.cut(effort, &mut self.random, report);
    }

    /// Local search over some columns, the most promising first, from a packing; what it finds beyond a worth that is known.
    fn search_from(
        &mut self,
        start: &[usize],
        columns: &[usize],
        (known, patience): (u128, u64),
        incumbent: &mut Incumbent,
    ) {
        let Some(conflicts) = self.component.exclusions() else { return };
        let Some(mut search) = LocalSearch::new(conflicts, self.worths, columns) else { return };
        search.begin(start);
        if let Some(chosen) = search.run(known, patience, &mut self.random, self.stop) {
            incumbent.offer(self.worths, complete(&self.component.packing, self.worths, &chosen));
        }
    }

    /// Local search from nothing; what it finds that is better.
    fn improve(&mut self, columns: &[usize], incumbent: &mut Incumbent, patience: u64) {
        self.search_from(&[], columns, (incumbent.worth, patience), incumbent);
    }

    /// Local search from some of the packings that are known, which are used up; what it finds beyond the floor.
    ///
    /// Where worths have changed a little, what is better now is often a few steps from what was better before.
    fn search_on(&mut self, columns: &[usize], incumbent: &mut Incumbent) {
        let left = self.starts.len().saturating_sub(STARTS);
        for start in self.starts.split_off(left) {
            self.search_from(&start, columns, (incumbent.floor, PATIENCE_START), incumbent);
        }
    }

    /// Branches over those columns alone that gain or lose least at the prices of the root, where all others are as those have it
    /// (kernel search; Angelelli, Mansini & Speranza 2010): what is best is seldom far from what the relaxation has. For
    /// quantities, where local search has no pairs to go by.
    fn kernel(&self, root: &mut Root<'_>) {
        let packing = &self.component.packing;
        let gain = |column: &usize| root.relaxation.basis.gain(*column);
        let mut open = root.open();
        open.sort_by(|a, b| gain(a).abs().total_cmp(&gain(b).abs()).then(a.cmp(b)));
        let mut allowed = root.allowed.clone();
        for column in open.into_iter().skip(KERNEL) {
            allowed[column] = if gain(&column) > 0.0 { Allowed::In } else { Allowed::Out };
        }
        let Some(shrunk) = Shrunk::of(packing, self.worths, &root.relaxation, &allowed) else { return };
        let mut tree = Tree::new(&shrunk, (root.bound, root.incumbent.aim()));
        let nodes = if self.enough.is_some() { KERNEL_NODES_BETTER } else { KERNEL_NODES };
        tree.run(nodes, self.stop);
        self.stop.spend(nodes);
        for found in tree.found() {
            root.incumbent.offer(self.worths, complete(packing, self.worths, &shrunk.whole(&found)));
        }
        root.fix();
    }

    /// Branches over what is open, with local search in between; whether a tree is to begin anew at a root that is better now.
    fn branch(
        &mut self,
        root: &mut Root<'_>,
        (restarts, is_anew): (&mut Restarts, bool),
        is_warm: bool,
        report: Report<'_>,
    ) -> bool {
        let packing = &self.component.packing;
        let shrunk = Some(()).filter(|()| !root.is_done());
        let shrunk = shrunk.and_then(|()| Shrunk::of(packing, self.worths, &root.relaxation, &root.allowed));
        let Some(shrunk) = shrunk else {
            root.bound = root.incumbent.aim();
            return false;
        };
        root.incumbent.offer(self.worths, complete(packing, self.worths, &shrunk.whole(&[])));
        let sets: Vec<Vec<usize>> = SHARES.iter().map(|&share| root.promising(share)).collect();
        let open = root.promising(EVERY);
        let mut tree = Tree::new(&shrunk, (root.bound, root.incumbent.aim()));
        if is_anew {
            tree = tree.with_pairs();
        }
        let mut told = (0, 0);
        let mut found_at = None;
        // Parts of the tree until local search comes again: the longer the less it brings.
        let (mut due, mut pause) = (0, 1);
        let patience = PATIENCE_LATER_EACH * self.worths.len() as u64;
        let turns = match (self.enough, is_warm) {
            // Where anything better is sought, it is near what is known, if anywhere.
            (Some(_), _) => 0,
            (None, true) => 1,
            (None, false) => TURNS,
        };
        for turn in 0.. {
            let is_done = tree.run(NODES_BETWEEN, self.stop);
            self.stop.spend(NODES_BETWEEN);
            for found in tree.found() {
                root.incumbent.offer(self.worths, complete(packing, self.worths, &shrunk.whole(&found)));
            }
            root.bound = root.bound.min((tree.bound() + shrunk.offset).max(root.incumbent.aim()));
            let progress = Progress { nodes: tree.nodes, bound: root.bound, aim: root.incumbent.aim() };
            let goes_on = !is_done && !self.stop.is_raised();
            if goes_on && !self.is_better(&root.incumbent) && restarts.is_due(progress) && self.strengthen(root, report)
            {
                return true;
            }
            if goes_on {
                self.search_on(&open, &mut root.incumbent);
                let before = root.incumbent.worth;
                for offset in 0..if turn < due { 0 } else { turns } {
                    // One of several goes on from the best: others from nothing often end short of it.
                    let start = if turns > 1 && offset == 0 { root.incumbent.chosen.clone() } else { Vec::new() };
                    let columns = &sets[(turn * turns + offset) % sets.len()];
                    self.search_from(&start, columns, (root.incumbent.worth, patience), &mut root.incumbent);
                }
                if turn >= due {
                    let brings = root.incumbent.worth > before || !is_anew || !progress.is_small();
                    pause = if brings { 1 } else { PAUSE_MAX.min(2 * pause) };
                    due = turn + pause;
                }
                tree.aim_at(root.incumbent.aim().saturating_sub(shrunk.offset));
            }
            root.bound = root.bound.min((tree.bound() + shrunk.offset).max(root.incumbent.aim()));
            let now = (root.incumbent.worth, root.bound);
            if now != told {
                report(now.0, now.1);
                told = now;
            }
            if found_at.is_none() && self.is_better(&root.incumbent) {
                found_at = Some(tree.nodes);
            }
            // Where anything better is sought, as much again is spent on more of it as it took: another search costs that anyway.
            let is_enough = found_at.is_some_and(|nodes| tree.nodes >= MORE * nodes);
            if is_done || self.stop.is_raised() || is_enough || tree.nodes >= self.nodes {
                break;
            }
        }
        false
    }

    /// More cuts at the root, from sums of rows, and a dive; whether they bound better than the tree.
    fn strengthen(&mut self, root: &mut Root<'_>, report: Report<'_>) -> bool {
        let before = root.bound;
        root.fix();
        root.cut(SUMS, &mut self.random, report);
        dive(root);
        root.relaxation.slim();
        root.is_done() || root.bound < before
    }
}
