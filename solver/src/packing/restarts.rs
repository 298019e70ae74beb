//! When a tree begins anew at a root with more cuts.
//!
//! Sums of rows take time that a tree often uses better. They come where the gap is small, and a tree has shown that it does
//! not close soon: near the end fewer columns are open, and the last of a gap is what trees are slowest at.

/// A gap is small that is no more than this share of the bound.
const SMALL: u128 = 100;
/// What a gap may be where the bound stands still: less than such a share of it is closed by so many nodes.
const NEARLY_SMALL: u128 = 33;
const STILL: u128 = 20;
const STILL_NODES: u64 = 200;
/// Nodes of a tree that began anew until the next does, twice as many each time, so often.
const NODES: u64 = 400;
const TRIES: u32 = 3;

/// How far a tree is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    pub(super) nodes: u64,
    /// No packing is worth more.
    pub(super) bound: u128,
    /// Packings worth no more than this do not matter.
    pub(super) aim: u128,
}

/// How often a better root was sought.
#[derive(Clone, Copy, Debug)]
pub(super) struct Restarts {
    tries: u32,
    /// Nodes of the first tree, at least.
    from: u64,
    /// Whether the first tree must be near its end besides.
    is_for_small: bool,
    /// Nodes and bound of the first tree when it was last looked at whether that stands still.
    seen: (u64, u128),
}

impl Progress {
    /// Whether the gap is small.
    pub(super) fn is_small(self) -> bool {
        self.is_within(SMALL)
    }

    fn is_within(self, share: u128) -> bool {
        share.saturating_mul(self.gap()) <= self.bound
    }

    fn gap(self) -> u128 {
        self.bound.saturating_sub(self.aim)
    }
}

impl Restarts {
    /// None yet, and none before the first tree has had so many nodes.
    pub(super) fn after(nodes: u64) -> Restarts {
        Restarts { tries: 0, from: nodes, is_for_small: true, seen: (0, u128::MAX) }
    }

    /// None yet, and one as soon as the first tree has had so many nodes: where anything better is sought, the gap says little of
    /// how long a tree takes.
    pub(super) fn whatever_the_gap(nodes: u64) -> Restarts {
        Restarts { is_for_small: false, ..Restarts::after(nodes) }
    }

    /// None ever.
    pub(super) fn never() -> Restarts {
        Restarts { tries: TRIES, ..Restarts::after(0) }
    }

    /// Whether a better root is to be sought now, which is told once.
    pub(super) fn is_due(&mut self, tree: Progress) -> bool {
        let is_due = match self.tries {
            0 if tree.nodes < self.from => false,
            0 => !self.is_for_small || tree.is_small() || self.stands_still(tree),
            TRIES => false,
            tries => tree.nodes >= NODES << (tries - 1),
        };
        self.tries += u32::from(is_due);
        is_due
    }

    fn stands_still(&mut self, tree: Progress) -> bool {
        let (nodes, bound) = self.seen;
        if tree.nodes < nodes + STILL_NODES {
            return false;
        }
        self.seen = (tree.nodes, tree.bound);
        tree.is_within(NEARLY_SMALL) && STILL * bound.saturating_sub(tree.bound) <= tree.gap()
    }
}
