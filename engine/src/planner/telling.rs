//! What a running plan says of itself; it never decides anything.

use std::cell::{Cell, RefCell};

/// What a planning run is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Lowering the instance to raw tables.
    Lower,
    /// Solving for the bound and its prices.
    Bound,
    /// Packing cells.
    Cells,
    /// Improving the incumbent.
    Search,
    /// Finding reasons and cures.
    Explain,
}

/// A report from a running plan; never decides anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub phase: Phase,
    /// Steps of the phase done.
    pub done: u64,
    /// Steps of the phase in all; 0 where not known.
    pub of: u64,
    /// The incumbent's value in micro-credits, where there is one.
    pub value: Option<i128>,
    /// The proven bound in micro-credits, where there is one.
    pub bound: Option<i128>,
}

/// Who hears how far the run has come.
pub(super) struct Telling<'a> {
    progress: RefCell<&'a mut (dyn FnMut(Progress) + Send)>,
    /// The proven bound.
    bound: Cell<Option<i128>>,
    /// What the best plan of earlier searches is worth.
    incumbent: Cell<Option<i128>>,
}

impl<'a> Telling<'a> {
    pub(super) fn new(progress: &'a mut (dyn FnMut(Progress) + Send)) -> Telling<'a> {
        Telling { progress: RefCell::new(progress), bound: Cell::new(None), incumbent: Cell::new(None) }
    }

    /// From now on so much is proven.
    pub(super) fn proved(&self, bound: Option<i128>) {
        self.bound.set(bound);
    }

    /// From now on a plan of so much worth is there, whatever else is tried.
    pub(super) fn reached(&self, worth: i128) {
        self.incumbent.set(self.incumbent.get().max(Some(worth)));
    }

    /// Says what is being done, how much of it is done, and what the plan in hand is worth.
    pub(super) fn say(&self, phase: Phase, (done, of): (u64, u64), value: Option<i128>) {
        let value = value.max(self.incumbent.get());
        (self.progress.borrow_mut())(Progress { phase, done, of, value, bound: self.bound.get() });
    }
}
