//! A tree that outlives its worths: where something better than a known packing is sought again and again, for worths that
//! change a little.
//!
//! Every branching that was ever made stays, and every node keeps the prices that it was closed or branched at. Prices bound a node
//! whatever columns are worth, so that most of a tree that was gone through once closes again without a linear program. The end
//! of a search is one walk over the whole tree in which every leaf is closed by prices, in exact integers, at the worths of
//! now.

use std::collections::BinaryHeap;

use crate::support::stop::Stop;

use super::branching::{Branching, History, Next, Place, Question, Side, fix, spread};
use super::proof::{Allowed, ExactRow, Prices, Proof};
use super::relaxation::{Relaxation, cutoff};
use super::shrunk::Shrunk;
use super::simplex::{Ended, Until};
use super::tree::{Incumbent, PIVOTS_MAX, by_worth, rounded};

/// Linear programs of a node, while columns that its gains fix change its solution.
const SOLVES: usize = 3;
/// Nodes after something was found until a search ends: new worths cost about as much.
const MORE: u64 = 150;
/// Walks over the tree in one search, at most: each but the last opens leaves that were closed for other worths.
const WALKS_MAX: usize = 64;
/// Nodes from which on a tree is there to stay, and from which on it is not: a node is about half a kilobyte.
const NODES_KEPT: usize = 100;
const NODES_MAX: usize = 1 << 19;
/// How far worths may move until the tree begins anew, in gaps: before it is there to stay, and after.
const GAPS: u128 = 3;
const GAPS_KEPT: u128 = 30;

/// A node: what was decided at its parent, and prices that were its best, in the order in which they were found.
#[derive(Clone, Debug)]
struct Node {
    parent: u32,
    column: u32,
    is_in: bool,
    depth: u32,
    prices: Vec<Prices>,
    children: Option<[u32; 2]>,
}

impl Node {
    fn root() -> Node {
        Node { parent: 0, column: 0, is_in: false, depth: 0, prices: Vec::new(), children: None }
    }
}

/// An open leaf: by how much packings in it are better, at most, and when that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Open {
    excess: u128,
    depth: u32,
    node: u32,
    search: u32,
}

/// The tree of one component, and the program with all of its cuts.
#[derive(Clone, Debug)]
pub(super) struct Frontier {
    pub(super) relaxation: Relaxation,
    nodes: Vec<Node>,
    open: BinaryHeap<Open>,
    histories: Vec<[History; 2]>,
    searches: u32,
    /// Whether the tree is there to stay.
    is_kept: bool,
    /// By how much something could have been better when the tree was begun, and what the packing to beat was worth then,
    /// column by column.
    gap: u128,
    valued: Vec<u64>,
}

/// How a search goes about the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It begins anew.
    Anew,
    /// It begins anew, and the tree will be used again.
    ToStay,
    /// It goes on.
    On,
}

impl Frontier {
    /// A tree of a root alone.
    pub(super) fn new(relaxation: Relaxation, columns: usize) -> Frontier {
        Frontier {
            relaxation,
            nodes: vec![Node::root()],
            open: BinaryHeap::new(),
            histories: vec![[History::default(); 2]; columns],
            searches: 0,
            is_kept: false,
            gap: 0,
            valued: Vec::new(),
        }
    }

    /// How many nodes there are.
    #[cfg(test)]
    pub(super) fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// What becomes of the tree where the packing to beat is worth something else, column by column. Small trees are made again
    /// for worths of now, and so are those for worths that are far from them: then most leaves would open again.
    pub(super) fn stage(&mut self, valued: &[u64]) -> Stage {
        let moved: u128 = self.valued.iter().zip(valued).map(|(then, now)| u128::from(then.abs_diff(*now))).sum();
        let gaps = if self.is_kept { GAPS_KEPT } else { GAPS };
        let is_far = self.valued.len() != valued.len() || moved > gaps * self.gap || self.nodes.len() > NODES_MAX;
        let stage = match (is_far, self.is_kept, self.nodes.len() >= NODES_KEPT) {
            (true, _, _) | (false, false, false) => Stage::Anew,
            (false, false, true) => Stage::ToStay,
            (false, true, _) => Stage::On,
        };
        self.is_kept = stage != Stage::Anew;
        if stage != Stage::On {
            self.relaxation.forget_waiting_cuts();
        }
        stage
    }

    /// Forgets all nodes but the root, where something could be better by so much.
    pub(super) fn begin_anew(&mut self, valued: Vec<u64>, gap: u128) {
        self.nodes = vec![Node::root()];
        self.open = BinaryHeap::from([Open { excess: u128::MAX, depth: 0, node: 0, search: 0 }]);
        (self.valued, self.gap) = (valued, gap);
    }

    /// Looks for packings of what is left of the component that are worth more than a floor; whether there are no others. Found
    /// ones are of the columns of what is left.
    pub(super) fn search(&mut self, shrunk: &Shrunk, floor: u128, stop: &Stop) -> (Vec<Vec<usize>>, bool) {
        self.searches += 1;
        let mut branching = Branching::new(shrunk.worths.len());
        for (local, &column) in shrunk.columns.iter().enumerate() {
            branching.histories[local] = self.histories[column];
        }
        let mut search = FrontierSearch {
            shrunk,
            rows: shrunk.relaxation.by_id(),
            relaxation: shrunk.relaxation.clone(),
            by_worth: by_worth(&shrunk.worths),
            aim: floor.saturating_sub(shrunk.offset),
            incumbent: Incumbent::none(floor.saturating_sub(shrunk.offset)),
            branching,
            proof: Proof::default(),
            frontier: self,
            looked_at: 0,
            stop,
        };
        let is_complete = search.run();
        let FrontierSearch { incumbent, branching, .. } = search;
        for (local, &column) in shrunk.columns.iter().enumerate() {
            self.histories[column] = branching.histories[local];
        }
        (incumbent.all(), is_complete)
    }

    /// What was decided on the way to a node: columns, and whether they are in.
    fn decided(&self, node: u32) -> impl Iterator<Item = (usize, bool)> {
        let mut at = node;
        std::iter::from_fn(move || {
            let node = &self.nodes[at as usize];
            (node.depth > 0).then(|| {
                at = node.parent;
                (node.column as usize, node.is_in)
            })
        })
    }

    /// Cuts a leaf in two at a column, which is out in the first and in in the second.
    fn cut_in_two(&mut self, node: u32, column: usize, sides: [Vec<Prices>; 2]) -> [u32; 2] {
        let depth = self.nodes[node as usize].depth + 1;
        let column = u32::try_from(column).expect("columns are fewer than 2^32");
        let first = u32::try_from(self.nodes.len()).expect("there are fewer nodes than 2^32");
        let children = [first, first + 1];
        for (prices, is_in) in sides.into_iter().zip([false, true]) {
            self.nodes.push(Node { parent: node, column, is_in, depth, prices, children: None });
        }
        self.nodes[node as usize].children = Some(children);
        children
    }
}

/// One search.
struct FrontierSearch<'a> {
    shrunk: &'a Shrunk,
    /// The rows of what is left, by what they are known by.
    rows: Vec<Option<&'a ExactRow>>,
    relaxation: Relaxation,
    by_worth: Vec<usize>,
    /// Packings of what is left that are worth no more do not matter.
    aim: u128,
    incumbent: Incumbent,
    branching: Branching,
    proof: Proof,
    frontier: &'a mut Frontier,
    looked_at: u64,
    stop: &'a Stop,
}

impl FrontierSearch<'_> {
    /// Goes on until something is found, and a little longer, or nothing is left; whether nothing is.
    fn run(&mut self) -> bool {
        let (mut walks, mut until) = (0, u64::MAX);
        loop {
            if self.stop.is_raised() || self.looked_at >= until {
                return false;
            }
            let Some(open) = self.frontier.open.pop() else {
                if self.is_found() || walks == WALKS_MAX || !self.walk() {
                    return false;
                }
                walks += 1;
                if self.frontier.open.is_empty() {
                    return true;
                }
                continue;
            };
            if open.search == self.frontier.searches {
                self.plunge(open);
            } else {
                self.look_again(open);
            }
            self.stop.spend(1);
            if until == u64::MAX && self.is_found() {
                // A new tree costs as much as was looked at.
                let again = if self.frontier.is_kept { 0 } else { self.looked_at };
                until = self.looked_at + again.max(MORE);
            }
        }
    }

    fn is_found(&self) -> bool {
        !self.incumbent.chosen.is_empty()
    }

    /// Bounds a leaf that is open since an earlier search by the prices that it has.
    fn look_again(&mut self, open: Open) {
        let bound = match self.allowed(open.node) {
            None => 0,
            Some(mut allowed) => self.bound_again(open.node, &mut allowed),
        };
        if bound > self.aim {
            self.frontier.open.push(Open { excess: bound - self.aim, search: self.frontier.searches, ..open });
        }
    }

    /// What columns may be at a node, by what was decided; `None` where that does not go together.
    fn allowed(&self, node: u32) -> Option<Vec<Allowed>> {
        let mut allowed = self.shrunk.allowed.clone();
        for (column, is_in) in self.frontier.decided(node) {
            self.decide(&mut allowed, column, is_in)?;
        }
        spread(&self.shrunk.packing, &mut allowed).then_some(allowed)
    }

    /// Decides a column of the component; `None` where it is decided otherwise.
    fn decide(&self, allowed: &mut [Allowed], column: usize, is_in: bool) -> Option<()> {
        match self.shrunk.columns.binary_search(&column) {
            Ok(local) => {
                let clashes = allowed[local] == if is_in { Allowed::Out } else { Allowed::In };
                allowed[local] = if is_in { Allowed::In } else { Allowed::Out };
                (!clashes).then_some(())
            }
            Err(_) => (self.shrunk.fixed.binary_search(&column).is_ok() == is_in).then_some(()),
        }
    }

    /// Bounds a node by the prices that it has, and fixes what they allow.
    fn bound_again(&mut self, node: u32, allowed: &mut [Allowed]) -> u128 {
        let mut bound = u128::MAX;
        for prices in &self.frontier.nodes[node as usize].prices {
            self.proof.evaluate_again(&self.shrunk.worths, &self.rows, prices, allowed);
            bound = bound.min(self.proof.bound());
            if bound <= self.aim {
                return bound;
            }
            if self.proof.decide(allowed, self.aim) > 0 && !spread(&self.shrunk.packing, allowed) {
                return 0;
            }
        }
        bound
    }

    /// Walks over the whole tree, and opens the leaves that prices do not close; whether it came to its end.
    fn walk(&mut self) -> bool {
        let mut left = vec![(0_u32, self.shrunk.allowed.clone())];
        while let Some((node, mut allowed)) = left.pop() {
            self.stop.spend(1);
            if self.stop.is_raised() {
                return false;
            }
            let bound = self.bound_again(node, &mut allowed);
            if bound <= self.aim {
                continue;
            }
            let Some(children) = self.frontier.nodes[node as usize].children else {
                if !allowed.contains(&Allowed::Either) && self.worth_of(&allowed) <= self.aim {
                    continue;
                }
                let Node { depth, .. } = self.frontier.nodes[node as usize];
                let excess = bound - self.aim;
                self.frontier.open.push(Open { excess, depth, node, search: self.frontier.searches });
                continue;
            };
            for child in children {
                let Node { column, is_in, .. } = self.frontier.nodes[child as usize];
                let mut of_child = allowed.clone();
                let is_open = self.decide(&mut of_child, column as usize, is_in).is_some();
                if is_open && spread(&self.shrunk.packing, &mut of_child) {
                    left.push((child, of_child));
                }
            }
        }
        true
    }

    /// What columns are worth that must be in.
    fn worth_of(&self, allowed: &[Allowed]) -> u128 {
        let is_in = self.shrunk.worths.iter().zip(allowed).filter(|entry| *entry.1 == Allowed::In);
        is_in.map(|entry| u128::from(*entry.0)).sum()
    }

    /// Follows a leaf downwards while it is among the best.
    fn plunge(&mut self, open: Open) {
        let Open { excess: mut most, mut node, .. } = open;
        let Some(mut allowed) = self.allowed(node) else { return };
        loop {
            self.looked_at += 1;
            let depth = self.frontier.nodes[node as usize].depth;
            let search = self.frontier.searches;
            let leaf = |excess, node, depth| Open { excess, depth, node, search };
            let (question, sides, goes_in) = match self.look(node, &mut most, &mut allowed) {
                Next::Done => return,
                Next::Stopped => {
                    self.frontier.open.push(leaf(most, node, depth));
                    return;
                }
                Next::Decided(question, is_in, side) => {
                    let open = Side { bound: u128::MAX, prices: None };
                    (question, if is_in { [side, open] } else { [open, side] }, is_in)
                }
                Next::Branch(question, sides, goes_in) => (question, sides, goes_in),
            };
            let Question::Column(column) = question else { unreachable!("pairs of rows are not asked for") };
            let column = column as usize;
            let excess = sides.each_ref().map(|side| side.bound.saturating_sub(self.aim).min(most));
            // A side that was not tried has what its parent has.
            let parent = &self.frontier.nodes[node as usize].prices;
            let prices = sides.map(|side| side.prices.map_or_else(|| parent.clone(), |prices| vec![prices]));
            let children = self.frontier.cut_in_two(node, self.shrunk.columns[column], prices);
            let (next, other) = (usize::from(goes_in), usize::from(!goes_in));
            if excess[other] > 0 {
                self.frontier.open.push(leaf(excess[other], children[other], depth + 1));
            }
            if excess[next] == 0 {
                return;
            }
            let best = self.frontier.open.peek().map_or(0, |open| open.excess);
            if excess[next].saturating_add(best / 4) < best {
                self.frontier.open.push(leaf(excess[next], children[next], depth + 1));
                return;
            }
            (node, most) = (children[next], excess[next]);
            allowed[column] = if goes_in { Allowed::In } else { Allowed::Out };
            if !spread(&self.shrunk.packing, &mut allowed) {
                return;
            }
        }
    }

    /// Solves the relaxation of a leaf, and keeps its prices.
    fn look(&mut self, node: u32, excess: &mut u128, allowed: &mut [Allowed]) -> Next {
        let Shrunk { packing, worths, .. } = self.shrunk;
        let mut kept: Vec<Prices> = Vec::new();
        let mut is_closed = false;
        for _ in 0..SOLVES {
            self.relaxation.restrict(allowed);
            let ended = self.relaxation.solve(Until { cutoff: cutoff(self.aim), pivots: PIVOTS_MAX, stop: self.stop });
            self.relaxation.prove(&mut self.proof, worths, allowed);
            if ended == Ended::Limited && self.stop.is_raised() {
                return Next::Stopped;
            }
            kept.push(self.relaxation.priced(&self.proof));
            *excess = (*excess).min(self.proof.bound().saturating_sub(self.aim));
            if self.proof.bound() <= self.aim {
                is_closed = true;
                break;
            }
            let fixed = fix(&self.proof, &self.relaxation, self.aim, allowed);
            if fixed == 0 {
                break;
            }
            if !spread(packing, allowed) {
                is_closed = true;
                break;
            }
        }
        self.frontier.nodes[node as usize].prices = kept;
        if is_closed || *excess == 0 {
            return Next::Done;
        }
        self.relaxation.slim_idle();
        self.round(allowed);
        let place =
            Place { packing, worths, relaxation: &self.relaxation, allowed, bound: *excess + self.aim, aim: self.aim };
        self.branching.choose(place, &mut self.proof, self.stop)
    }

    /// Keeps what the solution of a leaf comes to in whole columns, where it matters.
    fn round(&mut self, allowed: &[Allowed]) {
        let Shrunk { packing, worths, .. } = self.shrunk;
        let chosen = rounded(packing, &self.relaxation, allowed, &self.by_worth);
        if packing.worth(&chosen) > self.aim {
            self.incumbent.offer(worths, chosen);
        }
    }
}
