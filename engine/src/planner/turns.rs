//! Which of several searches comes next: whichever gained most for its moves of late, and none that had next to no moves for long.

use lessor_solver::search::Round;

/// How many times the moves of a search may be those of all, before it comes next whatever it gained.
const SHARE: u64 = 10;

/// What a search that takes turns has gained of late.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turns {
    /// What a move gained, in micro-credits, the last rounds counting most.
    rate: f64,
    moves: u64,
    are_over: bool,
}

impl Turns {
    /// Nobody has been asked yet, so this one comes before all who have.
    pub(super) const NONE: Turns = Turns { rate: f64::INFINITY, moves: 0, are_over: false };

    /// None will be asked.
    pub(super) const OVER: Turns = Turns { are_over: true, ..Turns::NONE };

    /// Whose turn is next: who had least of the moves, if that was too little, or else who gained most for its moves; of equals the
    /// first. `None` where all are over.
    pub(super) fn next(turns: &[Turns]) -> Option<usize> {
        let all: u64 = turns.iter().map(|turns| turns.moves).sum();
        let open = || (0..turns.len()).filter(|&at| !turns[at].are_over);
        let least = open().min_by_key(|&at| (turns[at].moves, at)).filter(|&at| turns[at].moves < all / SHARE);
        least.or_else(|| open().max_by(|&a, &b| turns[a].rate.total_cmp(&turns[b].rate).then(b.cmp(&a))))
    }

    /// Notes what a round gained, in micro-credits.
    pub(super) fn note(&mut self, gain: i128, round: Round) {
        let rate = gain as f64 / round.moves.max(1) as f64;
        self.rate = if self.moves == 0 { rate } else { f64::midpoint(self.rate, rate) };
        self.moves += round.moves;
        self.are_over = round.is_exhausted;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn had(moves: u64, gain: i128) -> Turns {
        let mut turns = Turns::NONE;
        turns.note(gain, Round { moves, is_exhausted: false });
        turns
    }

    #[test]
    fn who_has_not_been_asked_comes_first_and_then_who_gained_most_for_its_moves() {
        assert_eq!(Turns::next(&[had(10, 1_000), Turns::NONE, Turns::NONE]), Some(1));
        assert_eq!(Turns::next(&[had(10, 100), had(20, 300), had(40, 400)]), Some(1));
        // Of equals the first; who is over is not asked again.
        assert_eq!(Turns::next(&[Turns::OVER, had(10, 0), had(20, 0)]), Some(1));
        assert_eq!(Turns::next(&[Turns::OVER; 2]), None);
    }

    #[test]
    fn who_gains_nothing_has_a_tenth_of_the_moves_all_the_same() {
        let mut turns = [had(100, 0), had(100, 100)];
        for _ in 0..1_000 {
            let next = Turns::next(&turns).expect("neither is over");
            turns[next].note(i128::from(next == 1) * 100, Round { moves: 100, is_exhausted: false });
        }
        let all = turns[0].moves + turns[1].moves;
        assert!((all / 11..=all / 9).contains(&turns[0].moves), "{} of {all}", turns[0].moves);
    }

    #[test]
    fn the_last_rounds_count_most() {
        let mut turns = [had(10, 1_000), had(10, 200)];
        for _ in 0..3 {
            turns[0].note(0, Round { moves: 10, is_exhausted: false });
        }
        assert_eq!(Turns::next(&turns), Some(1));
    }
}
