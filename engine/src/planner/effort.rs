//! What the search has spent and may spend.

/// How far the search has come. Whoever may change it takes it by `&mut`: to search is to spend.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    /// The number that reproduces what comes next.
    pub(super) seed: u64,
    /// Local-search moves after which the run ends by itself, and those made.
    work: Option<u64>,
    spent: u64,
    /// Moves made when the search pauses.
    pause: u64,
}

impl Effort {
    pub(super) fn new(seed: u64, work: Option<u64>) -> Effort {
        Effort { seed, work, spent: 0, pause: u64::MAX }
    }

    /// Moves made.
    pub(super) fn spent(&self) -> u64 {
        self.spent
    }

    /// Moves after which the run ends; 0 where there is no such end.
    pub(super) fn work(&self) -> u64 {
        self.work.unwrap_or(0)
    }

    /// The moves that are left until the search ends or pauses.
    pub(super) fn left(&self) -> u64 {
        self.work.unwrap_or(u64::MAX).min(self.pause).saturating_sub(self.spent)
    }

    /// Counts moves.
    pub(super) fn spend(&mut self, moves: u64) {
        self.spent += moves;
    }

    /// Lets the search pause after so many more moves.
    pub(super) fn pause_after(&mut self, moves: u64) {
        self.pause = self.spent.saturating_add(moves);
    }

    /// Lets the search go on.
    pub(super) fn resume(&mut self) {
        self.pause = u64::MAX;
    }
}
