//! First fit: the first tile in fleet order on which a lease fits, found through an index.
//!
//! The plain meaning is a look at every tile of the scope in order. The index spares most of them: under every node, no single
//! tile has more left than the node's bound says; where tiles of several classes lie, each class has a bound of its own, so that
//! a class that is full is known to be full whatever others have.
//! Bounds rise at once when something is given back, and are tightened only where a search that trusted them found nothing:
//! a grant touches no bound, and a search that fails pays for the next one. Wide nodes have their children in blocks of
//! [`FANOUT`], so that a search costs O(depth times fan-out) where bounds are tight.

use std::ops::Range;

use lessor_models::fleet::{Level, NodeIndex};
use lessor_models::resources::Resources;

use super::placement::{Ask, Placement};
use crate::authority::vocabulary::event::Scope;
use crate::ledger::{ClassSet, Entry, Ledger, position};

/// Children under one bound.
const FANOUT: usize = 16;

const NONE: u32 = u32::MAX;

/// A node of the fleet with tiles under it, or a block of its children.
#[derive(Clone, Debug)]
struct Part {
    /// No tile below has more of any kind.
    bound: Resources,
    /// The classes of the tiles below, as in a [`ClassSet`].
    classes: u64,
    /// Where the bounds of these classes begin, in order; none where all tiles below are of one class, whose bound is `bound`.
    class_bounds: u32,
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

/// What is looked for.
#[derive(Clone, Copy, Debug)]
struct Sought<'a> {
    /// On tiles of these classes.
    classes: ClassSet,
    entry: &'a Entry,
}

/// The policy, with its index.
#[derive(Clone, Debug)]
pub struct FirstFit {
    parts: Vec<Part>,
    below: Vec<Below>,
    /// No tile of a class below a part has more of any kind.
    class_bounds: Vec<Resources>,
    /// The part above each tile, or of each other node.
    part_of: Vec<u32>,
}

impl FirstFit {
    /// Every bound at no limit: searches tighten them.
    #[must_use]
    pub fn new(ledger: &Ledger) -> FirstFit {
        let part_of = vec![NONE; ledger.node_count()];
        let mut policy = FirstFit { parts: Vec::new(), below: Vec::new(), class_bounds: Vec::new(), part_of };
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
            row = row.chunks(FANOUT).map(|chunk| self.part(ledger, None, chunk)).collect();
        }
        self.part(ledger, Some(node), &row)
    }

    fn part(&mut self, ledger: &Ledger, node: Option<NodeIndex>, row: &[Below]) -> Below {
        let index = position(self.parts.len());
        let classes = row.iter().fold(0, |set, below| set | self.classes(ledger, *below));
        let class_bounds = if classes.is_power_of_two() && row.iter().all(|below| self.is_uniform(ledger, *below)) {
            NONE
        } else {
            let first = self.class_bounds.len();
            self.class_bounds.resize(first + classes.count_ones() as usize, Resources::UNLIMITED);
            position(first)
        };
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
        let count = position(row.len());
        self.parts.push(Part { bound, classes, class_bounds, node, parent: NONE, first, count });
        Below::Part(index)
    }

    /// The classes of what lies under a part, as in a [`ClassSet`].
    fn classes(&self, ledger: &Ledger, below: Below) -> u64 {
        match below {
            Below::Tile(tile) => bit(ledger, tile),
            Below::Part(part) => self.parts[part as usize].classes,
        }
    }

    /// Whether all tiles there are of one class that sets can name.
    fn is_uniform(&self, ledger: &Ledger, below: Below) -> bool {
        match below {
            Below::Tile(tile) => bit(ledger, tile) != 0,
            Below::Part(part) => self.parts[part as usize].class_bounds == NONE,
        }
    }

    /// What no tile of a class under a part, which has some, has more of.
    fn bound<'a>(&'a self, part: &'a Part, class: u64) -> &'a Resources {
        part.class_bound(class).map_or(&part.bound, |at| &self.class_bounds[at])
    }

    /// Whether a tile under a part may have so much left, by its bounds.
    fn may_take(&self, part: &Part, classes: ClassSet, wanted: &Resources) -> bool {
        let of_class = |class| wanted.fits(self.bound(part, class));
        wanted.fits(&part.bound) && (classes == ClassSet::ALL || bits(part.classes & classes.0).any(of_class))
    }

    fn search(&mut self, ledger: &Ledger, at: u32, sought: Sought<'_>) -> Option<(NodeIndex, u64)> {
        let Sought { classes, entry } = sought;
        let part = &self.parts[at as usize];
        let wanted = entry.draw.at(Level::Tile);
        let is_shut = |node| ledger.check_own(node, entry).is_some();
        if !self.may_take(part, classes, &wanted) || part.node.is_some_and(is_shut) {
            return None;
        }
        let mut bound = Resources::ZERO;
        for position in part.row() {
            match self.below[position] {
                Below::Tile(tile) => {
                    let left = ledger.headroom(tile);
                    if wanted.fits(&left) && suits(ledger, classes, tile) && ledger.check_own(tile, entry).is_none() {
                        return seat(ledger, tile, entry);
                    }
                    bound = greatest(&bound, &left);
                }
                Below::Part(below) => {
                    if let Some(seat) = self.search(ledger, below, sought) {
                        return Some(seat);
                    }
                    bound = greatest(&bound, &self.parts[below as usize].bound);
                }
            }
        }
        self.parts[at as usize].bound = bound;
        if classes != ClassSet::ALL {
            self.tighten(ledger, at, classes);
        }
        None
    }

    /// Tightens the bounds of classes under a part to what lies right below it.
    fn tighten(&mut self, ledger: &Ledger, at: u32, classes: ClassSet) {
        let part = &self.parts[at as usize];
        if part.class_bounds == NONE {
            return;
        }
        let (row, of_interest) = (part.row(), part.classes & classes.0);
        for class in bits(of_interest) {
            let mut bound = Resources::ZERO;
            for below in row.clone().map(|position| self.below[position]) {
                if self.classes(ledger, below) & class != 0 {
                    let left = match below {
                        Below::Tile(tile) => ledger.headroom(tile),
                        Below::Part(below) => *self.bound(&self.parts[below as usize], class),
                    };
                    bound = greatest(&bound, &left);
                }
            }
            let at = self.parts[at as usize].class_bound(class).expect("the part has tiles of several classes");
            self.class_bounds[at] = bound;
        }
    }

    /// The first tile of some classes under a node.
    fn under(&mut self, ledger: &Ledger, node: NodeIndex, sought: Sought<'_>) -> Option<(NodeIndex, u64)> {
        if ledger.is_tile(node) {
            let takes = suits(ledger, sought.classes, node) && ledger.check(node, sought.entry).is_none();
            return if takes { seat(ledger, node, sought.entry) } else { None };
        }
        if ledger.check_above(node, sought.entry).is_some() {
            return None;
        }
        self.search(ledger, self.part_of[node.at()], sought)
    }
}

impl Part {
    /// Where the bound of a class below is, if it has one of its own.
    fn class_bound(&self, class: u64) -> Option<usize> {
        let is_apart = self.class_bounds != NONE && self.classes & class != 0;
        is_apart.then(|| self.class_bounds as usize + (self.classes & (class - 1)).count_ones() as usize)
    }

    /// Where what lies right below it is listed.
    fn row(&self) -> Range<usize> {
        self.first as usize..(self.first + self.count) as usize
    }
}

impl Placement for FirstFit {
    fn place(&mut self, ledger: &Ledger, ask: &Ask<'_>) -> Option<(NodeIndex, u64)> {
        let anywhere = Sought { classes: ClassSet::ALL, entry: ask.entry };
        match ask.scope {
            Scope::Under(node) => self.under(ledger, node, anywhere),
            Scope::Anywhere => ledger.roots().find_map(|root| self.under(ledger, root, anywhere)),
            Scope::OfClasses(classes) => {
                let sought = Sought { classes, ..anywhere };
                ledger.roots().find_map(|root| self.under(ledger, root, sought))
            }
        }
    }

    /// O(depth), and mostly O(1).
    fn changed(&mut self, ledger: &Ledger, node: NodeIndex) {
        if !ledger.is_tile(node) {
            return;
        }
        let (left, class) = (ledger.headroom(node), bit(ledger, node));
        let mut at = self.part_of[node.at()];
        while let Some(part) = self.parts.get(at as usize) {
            let of_class = part.class_bound(class);
            // A bound is never under that of a part below it, so what a part has its parents have.
            if left.fits(&part.bound) && of_class.is_none_or(|at| left.fits(&self.class_bounds[at])) {
                return;
            }
            let part = &mut self.parts[at as usize];
            part.bound = greatest(&part.bound, &left);
            at = part.parent;
            if let Some(bound) = of_class.map(|at| &mut self.class_bounds[at]) {
                *bound = greatest(bound, &left);
            }
        }
    }
}

/// Whether a tile is of one of some classes.
fn suits(ledger: &Ledger, classes: ClassSet, tile: NodeIndex) -> bool {
    classes == ClassSet::ALL || bit(ledger, tile) & classes.0 != 0
}

/// The class of a tile, as in a [`ClassSet`]; none of those beyond the 64th.
fn bit(ledger: &Ledger, tile: NodeIndex) -> u64 {
    ledger.class_of(tile).and_then(|class| 1_u64.checked_shl(class.0)).unwrap_or(0)
}

/// The members of a set, each as a set.
fn bits(set: u64) -> impl Iterator<Item = u64> {
    let rest = |set: u64| Some(set & set.wrapping_sub(1)).filter(|rest| *rest != 0);
    std::iter::successors(Some(set).filter(|set| *set != 0), move |set| rest(*set)).map(|set| set & set.wrapping_neg())
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
