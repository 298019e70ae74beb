//! Reasons and rules in plain words, for the page and for whoever explains a job.

use lessor_models::plan::{Reason, Rule};
use serde::Serialize;

/// A reason in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ReasonWords {
    /// The name used in tables.
    pub name: &'static str,
    /// A few words that fit on a label.
    pub label: &'static str,
    /// A sentence.
    pub sentence: &'static str,
}

/// Every reason in words, in the order of the enum.
pub(super) const REASONS: [Reason; 7] = [
    Reason::NoEligibleTile,
    Reason::TooLarge,
    Reason::NoHeadroom,
    Reason::Fragmentation,
    Reason::NotWorth,
    Reason::GangTooLarge,
    Reason::Interrupted,
];

/// The words for a reason.
#[must_use]
pub const fn reason_words(reason: Reason) -> ReasonWords {
    let (label, sentence) = match reason {
        Reason::NoEligibleTile => ("No eligible tile", "Its rules leave no tile where it may run."),
        Reason::TooLarge => ("Too large", "No tile could hold one capsule even when empty."),
        Reason::NoHeadroom => ("No headroom", "Every place where it may run is full."),
        Reason::Fragmentation => {
            ("Fragmentation", "The tiles have enough left together, but none has enough left alone.")
        }
        Reason::NotWorth => ("Not worth its cost", "Running it would cost more than it bids."),
        Reason::GangTooLarge => ("Gang too large", "Fewer capsules fit than it needs at least."),
        Reason::Interrupted => {
            ("Not placed in time", "There is room for this job: the search ended before it was placed.")
        }
    };
    ReasonWords { name: reason.name(), label, sentence }
}

/// The words for a rule that blocks a job.
#[must_use]
pub const fn rule_words(rule: Rule) -> &'static str {
    match rule {
        Rule::Classes => "only some tile classes are allowed",
        Rule::Band => "the temperature band must lie inside the job's",
        Rule::Locality => "it must run under its locality node",
        Rule::Latency => "it must be near its data",
        Rule::Closed => "the tiles are closed to new capsules",
        Rule::Window => "no start between earliest and deadline leaves room for its term",
        Rule::Spread => "too many of its capsules would share a domain",
        Rule::SpreadLeast => "its capsules would lie in too few members of a domain",
        Rule::Affinity => "the job that it must be near is not there all the time",
        Rule::AntiAffinity => "the job that it must keep away from is there at the same time",
        Rule::Gang => "it needs more capsules together than fit",
        Rule::Devices => "no tile has enough free devices",
        Rule::Worth => "its costs exceed its bid",
    }
}
