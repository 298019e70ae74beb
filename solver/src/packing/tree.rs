//! Branch and bound over linear relaxations.
//!
//! A node is a list of questions that are decided: which columns are in or out, and which rows one column takes together.
//! Bounds are exact ([`super::proof`]): floating point chooses where to look, never what to leave out.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use crate::support::stop::Stop;

use super::branching::{Branching, Next, Place, Question, fix, spread};
use super::greedy::{Fill, by_score};
use super::instance::Packing;
use super::proof::{Allowed, Proof, may_be_in};
use super::relaxation::{Relaxation, cutoff};
use super::shrunk::Shrunk;
use super::simplex::{Ended, Until};

/// Pivots of one solve, at most.
pub(super) const PIVOTS_MAX: u32 = 20_000;

/// A packing that is known, and what it is worth.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Incumbent {
    pub(super) chosen: Vec<usize>,
    pub(super) worth: u128,
    /// Packings worth no more than this do not matter, whatever is known.
    pub(super) floor: u128,
    /// The packings that were the best before, and where there is a floor others above it, the latest last.
    pub(super) past: Vec<Vec<usize>>,
}

/// Packings beside the best that are kept, at most.
const PAST_MAX: usize = 16;

impl Incumbent {
    /// Nothing packed yet, where packings matter that are worth more than a floor.
    pub(super) fn none(floor: u128) -> Incumbent {
        Incumbent { floor, ..Incumbent::default() }
    }

    /// Packings worth no more than this do not matter.
    pub(super) fn aim(&self) -> u128 {
        self.worth.max(self.floor)
    }

    /// Takes a packing where it is worth more; whether it was.
    pub(super) fn offer(&mut self, worths: &[u64], chosen: Vec<usize>) -> bool {
        let worth = chosen.iter().map(|&column| u128::from(worths[column])).sum();
        let is_better = worth > self.worth;
        if is_better {
            let before = std::mem::replace(&mut self.chosen, chosen);
            self.worth = worth;
            self.remember(before);
        } else if self.floor > 0 && worth > self.floor && self.chosen != chosen && !self.past.contains(&chosen) {
            self.remember(chosen);
        }
        is_better
    }

    /// What was found that matters, the best last.
    pub(super) fn all(self) -> Vec<Vec<usize>> {
        let Incumbent { chosen, mut past, .. } = self;
        past.push(chosen);
        past.retain(|chosen| !chosen.is_empty());
        past
    }

    fn remember(&mut self, chosen: Vec<usize>) {
        if self.past.len() == PAST_MAX {
            self.past.remove(0);
        }
        self.past.push(chosen);
    }
}

/// An open node: what is decided, and a bound.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Node {
    bound: u128,
    decided: Vec<(Question, bool)>,
}

impl Ord for Node {
    fn cmp(&self, other: &Node) -> Ordering {
        self.bound
            .cmp(&other.bound)
            .then_with(|| self.decided.len().cmp(&other.decided.len()))
            .then_with(|| self.decided.cmp(&other.decided))
    }
}

impl PartialOrd for Node {
    fn partial_cmp(&self, other: &Node) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A search that goes on until it is done or stopped.
pub(super) struct Tree<'a> {
    packing: &'a Packing,
    worths: &'a [u64],
    relaxation: Relaxation,
    /// What every node has in common.
    allowed: Vec<Allowed>,
    /// Columns that are worth anything, the dearest first.
    by_worth: Vec<usize>,
    /// The best that was found since it was last asked for.
    incumbent: Incumbent,
    open: BinaryHeap<Node>,
    branching: Branching,
    /// What the root proves: it decides more columns with every better incumbent.
    root: Proof,
    proof: Proof,
    pub(super) nodes: u64,
}

impl<'a> Tree<'a> {
    /// A tree over what is left of a packing, whose root has been solved: its bound, and what packings must be worth more than to
    /// matter, both for the whole packing.
    pub(super) fn new(shrunk: &'a Shrunk, (bound, floor): (u128, u128)) -> Tree<'a> {
        let Shrunk { packing, worths, relaxation, allowed, .. } = shrunk;
        let mut root = Proof::default();
        relaxation.prove(&mut root, worths, allowed);
        let bound = root.bound().min(bound.saturating_sub(shrunk.offset));
        let by_worth = by_worth(worths);
        Tree {
            packing,
            worths,
            relaxation: relaxation.clone(),
            allowed: allowed.clone(),
            by_worth,
            incumbent: Incumbent::none(floor.saturating_sub(shrunk.offset)),
            open: BinaryHeap::from([Node { bound, decided: Vec::new() }]),
            branching: Branching::new(worths.len()),
            root,
            proof: Proof::default(),
            nodes: 0,
        }
    }

    /// The tree, which branches on pairs of rows as well.
    pub(super) fn with_pairs(self) -> Tree<'a> {
        Tree { branching: Branching::with_pairs(self.packing), ..self }
    }

    /// From now on only packings matter that are worth more than this.
    pub(super) fn aim_at(&mut self, floor: u128) {
        self.incumbent.floor = floor.max(self.incumbent.floor);
        self.tighten();
    }

    /// The packings that were found and matter, the best last, each told once.
    pub(super) fn found(&mut self) -> Vec<Vec<usize>> {
        let floor = self.incumbent.aim();
        std::mem::replace(&mut self.incumbent, Incumbent::none(floor)).all()
    }

    /// Decides columns for all nodes, once packings must be worth more.
    fn tighten(&mut self) {
        self.root.decide(&mut self.allowed, self.incumbent.aim());
    }

    /// No packing is worth more than this and the incumbent.
    pub(super) fn bound(&self) -> u128 {
        self.open.peek().map_or(0, |node| node.bound).max(self.incumbent.aim())
    }

    /// Looks at nodes until so many have been, none is left or the stop is raised; whether none is left.
    pub(super) fn run(&mut self, nodes_max: u64, stop: &Stop) -> bool {
        let until = self.nodes.saturating_add(nodes_max);
        while let Some(node) = self.open.pop() {
            if node.bound <= self.incumbent.aim() {
                self.open.clear();
                break;
            }
            if self.nodes >= until || stop.is_raised() {
                self.open.push(node);
                return false;
            }
            self.plunge(node, until, stop);
        }
        self.open.is_empty()
    }

    /// Follows a node downwards while it is among the best.
    fn plunge(&mut self, mut node: Node, until: u64, stop: &Stop) {
        loop {
            self.nodes += 1;
            match self.look(&mut node, stop) {
                Next::Done => return,
                Next::Stopped => {
                    self.open.push(node);
                    return;
                }
                Next::Decided(question, is_so, _) => node.decided.push((question, is_so)),
                Next::Branch(question, sides, goes_in) => {
                    let child = |is_in: bool| {
                        let mut decided = node.decided.clone();
                        decided.push((question, is_in));
                        Node { bound: sides[usize::from(is_in)].bound.min(node.bound), decided }
                    };
                    let (next, other) = (child(goes_in), child(!goes_in));
                    if other.bound > self.incumbent.aim() {
                        self.open.push(other);
                    }
                    if next.bound <= self.incumbent.aim() {
                        return;
                    }
                    let best = self.open.peek().map_or(0, |open| open.bound);
                    let room = best.saturating_sub(self.incumbent.aim()) / 4;
                    if next.bound + room < best || self.nodes >= until {
                        self.open.push(next);
                        return;
                    }
                    node = next;
                }
            }
        }
    }

    /// What columns may be at a node; `None` where what is in does not fit.
    fn decide(&self, node: &Node) -> Option<Vec<Allowed>> {
        let mut allowed = self.allowed.clone();
        for &(question, is_so) in &node.decided {
            if !self.branching.answer(self.packing, question, is_so, &mut allowed) {
                return None;
            }
        }
        spread(self.packing, &mut allowed).then_some(allowed)
    }

    /// Solves the relaxation of a node, whose bound comes down to what is proved.
    fn look(&mut self, node: &mut Node, stop: &Stop) -> Next {
        let Some(mut allowed) = self.decide(node) else { return Next::Done };
        // Once columns are fixed by their gains, the smaller program may bound better.
        for _ in 0..3 {
            self.relaxation.restrict(&allowed);
            let cutoff = cutoff(self.incumbent.aim());
            let ended = self.relaxation.solve(Until { cutoff, pivots: PIVOTS_MAX, stop });
            self.relaxation.prove(&mut self.proof, self.worths, &allowed);
            node.bound = node.bound.min(self.proof.bound());
            if node.bound <= self.incumbent.aim() {
                return Next::Done;
            }
            if ended == Ended::Limited && stop.is_raised() {
                return Next::Stopped;
            }
            let fixed = fix(&self.proof, &self.relaxation, self.incumbent.aim(), &mut allowed);
            if fixed == 0 {
                break;
            }
            if !spread(self.packing, &mut allowed) {
                return Next::Done;
            }
        }
        self.relaxation.slim_idle();
        self.round(&allowed);
        if node.bound <= self.incumbent.aim() {
            return Next::Done;
        }
        let (bound, aim) = (node.bound, self.incumbent.aim());
        let Tree { packing, worths, relaxation, .. } = self;
        let place = Place { packing, worths, relaxation, allowed: &allowed, bound, aim };
        self.branching.choose(place, &mut self.proof, stop)
    }

    /// Offers what the solution of a node comes to in whole columns.
    fn round(&mut self, allowed: &[Allowed]) {
        let chosen = rounded(self.packing, &self.relaxation, allowed, &self.by_worth);
        if self.incumbent.offer(self.worths, chosen) {
            self.tighten();
        }
    }
}

/// Packs on top of a packing whatever else fits, what is worth most first.
pub(super) fn complete(packing: &Packing, worths: &[u64], chosen: &[usize]) -> Vec<usize> {
    fill_up(packing, &by_worth(worths), chosen)
}

/// The columns that are worth anything, the dearest first.
pub(super) fn by_worth(worths: &[u64]) -> Vec<usize> {
    let mut columns: Vec<usize> = (0..worths.len()).filter(|&column| worths[column] > 0).collect();
    columns.sort_by_key(|&column| (Reverse(worths[column]), column));
    columns
}

/// Packs columns in the order of their values in a solution, then of their gains, and on top of them what is worth most.
pub(super) fn rounded(
    packing: &Packing,
    relaxation: &Relaxation,
    allowed: &[Allowed],
    by_worth: &[usize],
) -> Vec<usize> {
    let basis = &relaxation.basis;
    let columns: Vec<usize> = may_be_in(allowed).collect();
    let chosen = by_score(packing, &columns, |column| match allowed[column] {
        Allowed::In => 3.0,
        _ => basis.value(column) + basis.gain(column).clamp(-1.0, 1.0),
    });
    fill_up(packing, by_worth, &chosen)
}

/// Packs on top of a packing, in the order of columns, whatever else fits of some columns, the first of them first.
fn fill_up(packing: &Packing, rest: &[usize], chosen: &[usize]) -> Vec<usize> {
    let mut fill = Fill::new(packing);
    chosen.iter().for_each(|&column| {
        fill.add(column);
    });
    for &column in rest {
        if chosen.binary_search(&column).is_err() {
            fill.add(column);
        }
    }
    fill.chosen()
}
