//! Moves of several processes in a row, which stand together or are taken back.

use super::state::{Move, State};

/// The processes that moved, in that order, each with the machine that it came from.
#[derive(Debug, Default)]
pub(super) struct Trail {
    links: Vec<(usize, usize)>,
}

impl Trail {
    /// Begins anew.
    #[inline]
    pub(super) fn clear(&mut self) {
        self.links.clear();
    }

    /// Does a move.
    #[inline]
    pub(super) fn go(&mut self, state: &mut State, step: Move) {
        match step {
            Move::Shift { process, .. } => self.links.push((process, state.machine_of(process))),
            Move::Swap { one, other } => {
                self.links.extend([one, other].map(|process| (process, state.machine_of(process))));
            }
        }
        state.apply(step);
    }

    /// Takes all moves back, one by one and the last first: each was alone in its place when it came.
    #[inline]
    pub(super) fn take_back(&mut self, state: &mut State) {
        for (process, back) in self.links.drain(..).rev() {
            state.apply(Move::Shift { process, to: back });
        }
    }

    /// The processes that moved, each with the machine that it came from.
    #[inline]
    pub(super) fn links(&self) -> &[(usize, usize)] {
        &self.links
    }

    /// The processes that moved.
    pub(super) fn processes(&self) -> impl Iterator<Item = usize> {
        self.links.iter().map(|&(process, _)| process)
    }
}
