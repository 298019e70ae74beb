//! What a round on goods is cleared by.

use crate::policy::PaymentRule;

/// The rules of a round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// What winners pay: one of the rules of the format sealed-bid.
    pub payments: PaymentRule,
    /// The seed of every choice by chance.
    pub seed: u64,
}
