//! The two terms of a front, and what weighing them against each other makes of a policy.

use lessor_models::objective::Weights;
use lessor_models::objective::terms::Objective;

use super::point::Weighing;

/// The heaviest weight of a cost against the value, in thousandths.
const HEAVIEST_PERMILLE: u32 = 1_000_000;

/// The weight of the value, which is the unit, and of the heavier of two costs, in thousandths.
const UNIT_PERMILLE: u32 = 1_000;

/// Two different terms of the objective.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    first: Objective,
    second: Objective,
}

/// Why a pair of terms was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PairError {
    /// Not two names with a comma between them.
    #[error("{text:?} does not name two terms; write two with a comma between them, such as value,energy")]
    NotTwo {
        /// What was written.
        text: String,
    },
    /// A name that no term has.
    #[error("{name:?} is no term of the objective; write two of {}", names())]
    Unknown {
        /// What was written.
        name: String,
    },
    /// One term twice.
    #[error("{name:?} is named twice; a front lies between two different terms, such as value,energy")]
    Twice {
        /// The term.
        name: String,
    },
}

fn names() -> String {
    Objective::ALL.map(Objective::name).join(", ")
}

impl Pair {
    /// Reads a pair from the command line.
    ///
    /// # Errors
    /// Text that does not name two different terms.
    pub(crate) fn parse(text: &str) -> Result<Pair, PairError> {
        let (first, second) = text.split_once(',').ok_or_else(|| PairError::NotTwo { text: text.to_owned() })?;
        let term = |name: &str| {
            let name = name.trim();
            Objective::from_name(name).ok_or_else(|| PairError::Unknown { name: name.to_owned() })
        };
        let pair = Pair { first: term(first)?, second: term(second)? };
        if pair.first == pair.second {
            return Err(PairError::Twice { name: pair.first.name().to_owned() });
        }
        Ok(pair)
    }

    /// Both terms.
    pub(super) fn terms(self) -> [Objective; 2] {
        [self.first, self.second]
    }

    /// Whether one of the terms is the moves.
    pub(super) fn weighs_moves(self) -> bool {
        self.terms().contains(&Objective::Moves)
    }

    /// What a plan gains in each term: an amount of value, and a cost below zero.
    pub(super) fn gains(self, amounts: [i128; 2]) -> [i128; 2] {
        let [first, second] = self.terms().map(|term| if term.is_cost() { -1 } else { 1 });
        [first * amounts[0], second * amounts[1]]
    }

    /// The weighing nearest to a ratio of two weights above zero, in whole thousandths.
    ///
    /// Value keeps its unit weight, and the other weight runs from 1 to a million thousandths. Of two costs the heavier one has
    /// the unit weight, so that the rest of the objective keeps its say.
    pub(super) fn weighing(self, first: i128, second: i128) -> Weighing {
        let scaled = |weight: i128, unit: i128, most: u32| {
            let permille = (weight.saturating_mul(i128::from(UNIT_PERMILLE)).saturating_add(unit / 2)) / unit;
            u32::try_from(permille).unwrap_or(most).clamp(1, most)
        };
        let weights = match self.terms() {
            [Objective::Value, _] => [UNIT_PERMILLE, scaled(second, first, HEAVIEST_PERMILLE)],
            [_, Objective::Value] => [scaled(first, second, HEAVIEST_PERMILLE), UNIT_PERMILLE],
            _ => [first, second].map(|weight| scaled(weight, first.max(second), UNIT_PERMILLE)),
        };
        Weighing(weights)
    }

    /// The weighing that looks almost at the first term alone, and the one that looks almost at the second alone. Almost,
    /// since of plans that are alike in the one the better in the other is wanted.
    pub(super) fn extremes(self) -> [Weighing; 2] {
        let far = i128::from(HEAVIEST_PERMILLE / UNIT_PERMILLE);
        [self.weighing(far, 1), self.weighing(1, far)]
    }

    /// A policy with both terms weighed, and every other term as it was.
    pub(super) fn weights(self, policy: &Weights, Weighing([first, second]): Weighing) -> Weights {
        policy.clone().with(self.first, first).with(self.second, second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(text: &str) -> Pair {
        Pair::parse(text).unwrap()
    }

    #[test]
    fn two_different_terms_are_a_pair() {
        assert_eq!(pair("value, energy").terms(), [Objective::Value, Objective::Energy]);
        let refused = |text| Pair::parse(text).unwrap_err().to_string();
        assert!(refused("value").contains("write two with a comma"));
        assert!(
            refused("value,speed")
                .contains("value, energy, carbon, risk, thermal, latency, moves, headroom, balance, dues")
        );
        assert!(refused("value,energy,risk").contains("\"energy,risk\" is no term"));
        assert!(refused("risk,risk").contains("named twice"));
    }

    #[test]
    fn value_is_the_unit_and_the_other_weight_runs() {
        let weighing = |first, second| pair("value,energy").weighing(first, second).0;
        assert_eq!(
            [weighing(1, 1), weighing(4, 1), weighing(3, 2), weighing(1, 5_000), weighing(5_000, 1)],
            [[1_000, 1_000], [1_000, 250], [1_000, 667], [1_000, 1_000_000], [1_000, 1]]
        );
        assert_eq!(pair("energy,value").weighing(1, 4).0, [250, 1_000]);
    }

    #[test]
    fn of_two_costs_the_heavier_has_the_unit_weight() {
        let weighing = |first, second| pair("risk,energy").weighing(first, second).0;
        assert_eq!([weighing(1, 1), weighing(4, 1), weighing(1, 4)], [[1_000, 1_000], [1_000, 250], [250, 1_000]]);
        assert_eq!(pair("risk,energy").extremes().map(|weighing| weighing.0), [[1_000, 1], [1, 1_000]]);
    }

    #[test]
    fn other_terms_keep_their_weights() {
        let policy = Weights { risk_permille: 7, ..Weights::default() };
        let weights = pair("value,energy").weights(&policy, Weighing([1_000, 250]));
        assert_eq!(weights, Weights { energy_permille: 250, ..policy });
    }

    #[test]
    fn a_cost_is_a_gain_below_zero() {
        assert_eq!((pair("value,energy").gains([5, 3]), pair("risk,value").gains([5, 3])), ([5, -3], [-5, 3]));
    }
}
