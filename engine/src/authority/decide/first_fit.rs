//! First fit: the first tile in fleet order on which a lease fits, found through an index.
//!
//! The plain meaning is a look at every tile of the scope in order. The index spares most of them: under every node, no single
//! tile has more left than the node's bound says.
//! Bounds rise at once when something is given back, and are tightened only where a search that trusted them found nothing:
//! a grant touches no bound, and a search that fails pays for the next one. Wide nodes have their children in blocks of
//! [`FANOUT`], so that a search costs O(depth times fan-out) where bounds are tight.

use lessor_models::fleet::{Level, NodeIndex};
use lessor_models::resources::Resources;

use super::placement::{Ask, Placement};
use crate::authority::vocabulary::event::Scope;
use crate::ledger::{Entry, Ledger, position};

/// Children under one bound.
const FANOUT: usize = 16;

const NONE: u32 = u32::MAX;

/// A node of the fleet with tiles under it, or a block of its children.
#[derive(Clone, Debug)]
struct Part {
    /// No tile below has more of any kind.
    bound: Resources,
    /// The node whose own accounts stand above everything below; none for a block.
    node: Option<NodeIndex>,
    parent: u32,
    first: u32,
    count: u32,
}

/// What lies under a part.
#[derive(Clone, Copy, Debug)]
enum Below {
    Tile(NodeIndex),
    Part(u32),
}

/// The policy, with its index.
#[derive(Clone, Debug)]
pub struct FirstFit {
    parts: Vec<Part>,
    below: Vec<Below>,
    /// The part above each tile, or of each other node.
    part_of: Vec<u32>,
}

impl FirstFit {
    /// Every bound at no limit: searches tighten them.
    #[must_use]
    pub fn new(ledger: &Ledger) -> FirstFit {
        let mut policy = FirstFit { parts: Vec::new(), below: Vec::new(), part_of: vec![NONE; ledger.node_count()] };
        for root in ledger.roots() {
            policy.build(ledger, root);
        }
        policy
    }

    fn build(&mut self, ledger: &Ledger, node: NodeIndex) -> Below {
        if ledger.is_tile(node) {
            return Below::Tile(node);
        }
        let mut row: Vec<Below> = ledger.children(node).iter().map(|&child| self.build(ledger, child)).collect();
        while row.len() > FANOUT {
            row = row.chunks(FANOUT).map(|chunk| self.part(None, chunk)).collect();
        }
        self.part(Some(node), &row)
    }

    fn part(&mut self, node: Option<NodeIndex>, row: &[Below]) -> Below {
        let index = position(self.parts.len());
        for below in row {
            match *below {
                Below::Tile(tile) => self.part_of[tile.at()] = index,
                Below::Part(part) => self.parts[part as usize].parent = index,
            }
        }
        if let Some(node) = node {
            self.part_of[node.at()] = index;
        }
        let first = position(self.below.len());
        self.below.extend_from_slice(row);
        let bound = if row.is_empty() { Resources::ZERO } else { Resources::UNLIMITED };
        self.parts.push(Part { bound, node, parent: NONE, first, count: position(row.len()) });
        Below::Part(index)
    }

    fn search(&mut self, ledger: &Ledger, at: u32, (scope, entry): (Scope, &Entry)) -> Option<(NodeIndex, u64)> {
        let part = &self.parts[at as usize];
        let wanted = entry.draw.at(Level::Tile);
        if !wanted.fits(&part.bound) || part.node.is_some_and(|node| ledger.check_own(node, entry).is_some()) {
            return None;
        }
        let (first, end) = (part.first as usize, (part.first + part.count) as usize);
        let mut bound = Resources::ZERO;
        for position in first..end {
            match self.below[position] {
                Below::Tile(tile) => {
                    let left = ledger.headroom(tile);
                    if wanted.fits(&left) && suits(ledger, scope, tile) && ledger.check_own(tile, entry).is_none() {
                        return seat(ledger, tile, entry);
                    }
                    bound = greatest(&bound, &left);
                }
                Below::Part(below) => {
                    if let Some(seat) = self.search(ledger, below, (scope, entry)) {
                        return Some(seat);
                    }
                    bound = greatest(&bound, &self.parts[below as usize].bound);
                }
            }
        }
        self.parts[at as usize].bound = bound;
        None
    }

    /// The first tile of the scope under a node.
    fn under(&mut self, ledger: &Ledger, node: NodeIndex, (scope, entry): (Scope, &Entry)) -> Option<(NodeIndex, u64)> {
        if ledger.is_tile(node) {
            let takes = suits(ledger, scope, node) && ledger.check(node, entry).is_none();
            return if takes { seat(ledger, node, entry) } else { None };
        }
        if ledger.check_above(node, entry).is_some() {
            return None;
        }
        self.search(ledger, self.part_of[node.at()], (scope, entry))
    }
}

impl Placement for FirstFit {
    fn place(&mut self, ledger: &Ledger, ask: &Ask<'_>) -> Option<(NodeIndex, u64)> {
        match ask.scope {
            Scope::Under(node) => self.under(ledger, node, (ask.scope, ask.entry)),
            Scope::Anywhere | Scope::OfClasses(_) => {
                ledger.roots().find_map(|root| self.under(ledger, root, (ask.scope, ask.entry)))
            }
        }
    }

    /// O(depth), and mostly O(1).
    fn changed(&mut self, ledger: &Ledger, node: NodeIndex) {
        if !ledger.is_tile(node) {
            return;
        }
        let left = ledger.headroom(node);
        let mut at = self.part_of[node.at()];
        while let Some(part) = self.parts.get_mut(at as usize) {
            // A bound is never under that of a part below it, so what a part has its parents have.
            if left.fits(&part.bound) {
                return;
            }
            part.bound = greatest(&part.bound, &left);
            at = part.parent;
        }
    }
}

/// Whether a tile is of a class that the scope allows. Where it lies is known from the way of the search.
fn suits(ledger: &Ledger, scope: Scope, tile: NodeIndex) -> bool {
    match scope {
        Scope::OfClasses(_) => scope.has(ledger, tile),
        Scope::Anywhere | Scope::Under(_) => true,
    }
}

fn seat(ledger: &Ledger, tile: NodeIndex, entry: &Entry) -> Option<(NodeIndex, u64)> {
    Some((tile, ledger.choose_devices(tile, entry.devices).ok()?))
}

fn greatest(one: &Resources, other: &Resources) -> Resources {
    let mut greatest = *one;
    for (amount, more) in greatest.0.iter_mut().zip(other.0) {
        *amount = (*amount).max(more);
    }
    greatest
}
