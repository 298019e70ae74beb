//! Who wins and who pays what.

use crate::book::BidderIndex;
use crate::linear_prices::LinearPrices;

/// Units of an exact payment in a micro-credit.
pub const EXACT_UNITS: u128 = 1_000_000;

/// An outcome of a round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Positions of the winning bids, in order.
    pub winners: Vec<usize>,
    /// The surplus: what winners offer, beyond the reserves of what they get, in micro-credits.
    pub surplus: u128,
    /// No choice of winners has a greater surplus.
    pub bound: u128,
    /// What winners pay, or why that is not settled.
    pub settlement: Result<Vec<Payment>, Unsettled>,
    /// What all pay for a unit, where the rule is that all pay the same and is settled.
    pub uniform: Option<Uniform>,
}

impl Outcome {
    /// Whether the choice of winners is proved to be the best.
    #[must_use]
    pub fn is_optimal(&self) -> bool {
        self.surplus == self.bound
    }
}

/// Prices that all pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uniform {
    /// What a unit of each good costs beyond its reserve.
    pub prices: LinearPrices,
    /// What each winner pays beyond the reserves of what it gets, in the order of winners, in micro-credits.
    pub paid: Vec<u64>,
    /// Positions of the bids that lose though they would gain at these prices, in order.
    pub would_gain: Vec<usize>,
}

/// What a bidder pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The bidder.
    pub bidder: BidderIndex,
    /// What the rule says, in millionths of a micro-credit.
    pub exact: u128,
    /// The same rounded up to whole micro-credits: bids are whole, so that nobody pays more than they bid, and what no
    /// coalition blocks stays so.
    pub settled: u64,
}

impl Payment {
    /// A payment, rounded up.
    pub(crate) fn new(bidder: BidderIndex, exact: u128) -> Payment {
        let settled = u64::try_from(exact.div_ceil(EXACT_UNITS)).unwrap_or(u64::MAX);
        Payment { bidder, exact, settled }
    }
}

/// Why payments are not settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsettled {
    /// The rule needs the best choice of winners, and it is not proved to be.
    #[error(
        "the winners are not proved to be the best, and this payment rule needs that; give more time, or pay as bid"
    )]
    WinnersNotProved,
    /// Prices of goods come from a program in floating point, and it found none.
    #[error("no prices of goods were found at which all would trade")]
    NoPrices,
    /// Arithmetic does not tell what a coalition would gain to the micro-credit, or came to no end: amounts are too great, or
    /// winners too many.
    #[error("payments that no coalition blocks were not found to the micro-credit; pay as bid, or settle by vcg")]
    Rounding,
    /// The rule needs the best choice without each winner, and the time was over before.
    #[error(
        "the time was over when {solved} of {of} choices of winners without one bidder were solved, all of which this payment rule \
         needs; give more time, or pay as bid"
    )]
    WithoutEach {
        /// How many are solved.
        solved: usize,
        /// How many there are.
        of: usize,
    },
    /// The rule needs to know that no coalition blocks, and the time was over before.
    #[error(
        "the time was over after {rounds} rounds in which {coalitions} coalitions were held back, and whether another one \
         blocks is \
         open; how many rounds are left is not known: give more time, settle by vcg, or pay as bid"
    )]
    Coalitions {
        /// Rounds of payments and of coalitions that block them.
        rounds: usize,
        /// Coalitions whose members cannot do better any more.
        coalitions: usize,
    },
    /// What the rule needs was not solved when the time was over.
    #[error("the time was over before all that the payment rule needs was solved; give more time, or pay as bid")]
    OutOfTime,
}
