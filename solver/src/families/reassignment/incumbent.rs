//! The best assignment that a search has seen, kept up to date without copying all of it.

use super::state::{Move, State};

/// The best assignment and what has moved since.
#[derive(Clone, Debug)]
pub(super) struct Incumbent {
    pub(super) machines: Vec<u32>,
    pub(super) cost: f64,
    /// Processes whose machine may differ from the current state's, each once.
    stale: Vec<usize>,
    is_stale: Vec<bool>,
}

impl Incumbent {
    /// The assignment of a state; where a machine lacks something there, anything is better.
    pub(super) fn new(state: &State) -> Incumbent {
        let machines = state.machines().to_vec();
        let cost = if state.has_room_everywhere() { state.cost() } else { f64::INFINITY };
        Incumbent { is_stale: vec![false; machines.len()], machines, cost, stale: Vec::new() }
    }

    /// A move was done.
    pub(super) fn moved(&mut self, step: Move) {
        match step {
            Move::Shift { process, .. } => self.touched(process),
            Move::Swap { one, other } => {
                self.touched(one);
                self.touched(other);
            }
        }
    }

    /// A process may have moved.
    pub(super) fn touched(&mut self, process: usize) {
        if !self.is_stale[process] {
            self.is_stale[process] = true;
            self.stale.push(process);
        }
    }

    /// Takes a state over if it is better, whatever moved.
    pub(super) fn follow(&mut self, state: &State) {
        if state.cost() < self.cost && state.has_room_everywhere() {
            (self.cost, self.machines) = (state.cost(), state.machines().to_vec());
        }
    }

    /// Takes the state over if it is better; every move since the last time was told.
    pub(super) fn offer(&mut self, state: &State) {
        if state.cost() < self.cost && state.has_room_everywhere() {
            self.cost = state.cost();
            for process in self.stale.drain(..) {
                self.machines[process] = state.machines()[process];
                self.is_stale[process] = false;
            }
        }
    }
}
