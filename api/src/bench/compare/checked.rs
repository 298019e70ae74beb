//! What the checkers make of an answer.

/// An answer that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Checked {
    /// What it costs; of an auction, what its winners are worth. In units of [`Problem::units`].
    pub(super) cost: u128,
    /// What else there is to say of it.
    pub(super) note: Option<String>,
}

/// Why an answer is none, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It cannot be read.
    Malformed(String),
    /// It breaks a constraint.
    Infeasible(String),
}
