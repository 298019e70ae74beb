//! How far the search for payments is, as it is told while it goes on.

use lessor_solver::support::stop::Stop;

/// How far payments are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paying {
    /// The winners are known.
    Begun,
    /// The round is solved once more without each winner.
    Without {
        /// Winners without whom it is solved.
        solved: usize,
        /// How many there are.
        of: usize,
    },
    /// Payments are raised for coalitions that would block them.
    Coalitions {
        /// Rounds of payments and of coalitions that block them.
        rounds: usize,
        /// Coalitions that are held back.
        held: usize,
        /// What winners pay in this round beyond reserve prices, in micro-credits, rounded up.
        revenue: u128,
    },
}

/// Who ends a search for payments, and who is told how far it is, by any thread.
#[derive(Clone, Copy)]
pub(crate) struct Watch<'a> {
    pub(crate) stop: &'a Stop,
    pub(crate) tell: &'a (dyn Fn(Paying) + Sync),
}

impl<'a> Watch<'a> {
    /// Nobody is told.
    pub(crate) fn quiet(stop: &'a Stop) -> Watch<'a> {
        Watch { stop, tell: &|_| () }
    }
}
