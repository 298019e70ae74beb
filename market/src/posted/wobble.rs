//! Whether a posted price settles or swings.
//!
//! Beyond the bound of [`Steering`](super::Steering) an account is asked for too much and too little in turn, and the swings
//! do not shrink. Both are looked for in the last [`SWING_ROUNDS`] rounds.

use lessor_models::account_prices::SWING_ROUNDS;

use super::steering::EXCESS_MAX;

/// An excess of about 1/128 of the target, within which an account counts as on target, in units of 2^-20.
const TOLERANCE: i64 = 1 << 13;

/// How often the excess changes its sign at least, where it swings: once in three rounds.
const CROSSINGS: usize = 5;

/// The excesses of an account in the last rounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wobble {
    excesses: [i64; SWING_ROUNDS],
    seen: usize,
}

/// What the last rounds of an account look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WobbleVerdict {
    /// On target in each of the last eight rounds.
    Settled,
    /// Too dear and too cheap in turn, and no less so than before: the gain is beyond the bound.
    Oscillating,
    /// Neither: on the way, or not seen for long enough.
    Moving,
}

impl Wobble {
    /// The excesses of rounds, oldest first, in units of 2^-20; of more than [`SWING_ROUNDS`] the last.
    #[must_use]
    pub fn of(excesses: &[i64]) -> Wobble {
        let mut wobble = Wobble::default();
        excesses.iter().for_each(|&excess| wobble.push(excess));
        wobble
    }

    /// The excesses that are remembered, oldest first.
    #[must_use]
    pub fn excesses(&self) -> Vec<i64> {
        let (first, count) = (self.seen.saturating_sub(SWING_ROUNDS), self.seen.min(SWING_ROUNDS));
        (first..first + count).map(|round| self.excesses[round % SWING_ROUNDS]).collect()
    }

    /// Remembers the excess of a round, in units of 2^-20; what is beyond any that a round has, as the greatest.
    pub(super) fn push(&mut self, excess: i64) {
        self.excesses[self.seen % SWING_ROUNDS] = excess.clamp(-EXCESS_MAX, EXCESS_MAX);
        self.seen += 1;
    }

    /// What the last rounds look like.
    #[must_use]
    pub fn verdict(&self) -> WobbleVerdict {
        if self.seen < SWING_ROUNDS {
            return WobbleVerdict::Moving;
        }
        let ordered = |at: usize| self.excesses[(self.seen + at) % SWING_ROUNDS];
        let peak = |rounds: std::ops::Range<usize>| rounds.map(|at| ordered(at).abs()).max().unwrap_or(0);
        let (earlier, later) = (peak(0..SWING_ROUNDS / 2), peak(SWING_ROUNDS / 2..SWING_ROUNDS));
        if later <= TOLERANCE {
            return WobbleVerdict::Settled;
        }
        let crossings = (1..SWING_ROUNDS).filter(|&at| (ordered(at) > 0) != (ordered(at - 1) > 0)).count();
        // Swings that shrink by an eighth in eight rounds are on their way to the target.
        let lasting = later * 8 >= earlier * 7;
        if crossings >= CROSSINGS && lasting { WobbleVerdict::Oscillating } else { WobbleVerdict::Moving }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excesses_that_no_round_has_swing_like_the_greatest() {
        let beyond: Vec<i64> =
            (0..SWING_ROUNDS).map(|round| if round % 2 == 0 { i64::MIN } else { i64::MAX }).collect();
        assert_eq!(Wobble::of(&beyond).verdict(), WobbleVerdict::Oscillating);
    }
}
