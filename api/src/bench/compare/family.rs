//! What the public families differ in: which verb solves them, what their commands may name, what their figures are called.

use std::path::Path;

use lessor_datasets::families::{
    FamilyError, Reference, auction_references, gap_references, reassignment_references, vector_packing_references,
};

use super::command::Blank;
use crate::bench::aim::Aim;

/// A family of public instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Cats,
    Gap,
    Vbp,
    Openb,
    Rebalance,
}

impl Family {
    /// The verb of `lessor bench`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Family::Cats => "cats",
            Family::Gap => "gap",
            Family::Vbp => "vbp",
            Family::Openb => "openb",
            Family::Rebalance => "rebalance",
        }
    }

    /// The family in words.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Family::Cats => "Combinatorial auctions",
            Family::Gap => "Generalized assignment",
            Family::Vbp => "Vector packing",
            Family::Openb => "Batches of openb pods",
            Family::Rebalance => "Machine reassignment",
        }
    }

    /// What the size of an instance counts.
    pub(super) const fn size(self) -> &'static str {
        match self {
            Family::Cats => "bids",
            Family::Gap | Family::Vbp => "items",
            Family::Openb => "pods",
            Family::Rebalance => "processes",
        }
    }

    /// What a cost is.
    pub(super) const fn cost(self) -> &'static str {
        match self {
            Family::Cats => "value",
            Family::Gap | Family::Rebalance => "cost",
            Family::Vbp => "bins",
            Family::Openb => "unallocated GPU milli",
        }
    }

    /// Which way a cost gets better.
    pub(super) const fn aim(self) -> Aim {
        match self {
            Family::Cats => Aim::Greatest,
            Family::Gap | Family::Vbp | Family::Openb | Family::Rebalance => Aim::Least,
        }
    }

    /// The flag of `lessor solve` that tells our own contenders apart.
    pub(super) const fn method_flag(self) -> &'static str {
        match self {
            Family::Cats => "--payments",
            Family::Gap | Family::Vbp | Family::Openb | Family::Rebalance => "--method",
        }
    }

    /// The words of `lessor solve` that name an instance.
    pub(super) const fn solve_words(self) -> &'static [&'static str] {
        match self {
            Family::Cats => &["cats", "{instance}"],
            Family::Gap => &["gap", "{instance}"],
            Family::Vbp => &["vbp", "{instance}"],
            Family::Openb => &["openb", "{instance}", "--nodes", "{nodes}", "--arrived", "{arrived}"],
            Family::Rebalance => &["roadef", "{model}", "{initial}"],
        }
    }

    /// Whether an instance of the family has something for a blank.
    pub(super) fn has(self, blank: Blank) -> bool {
        match blank {
            Blank::Model | Blank::Initial => self == Family::Rebalance,
            Blank::Nodes | Blank::Arrived => self == Family::Openb,
            _ => true,
        }
    }

    /// Reads the family's table of best results; `None` where it has none.
    ///
    /// # Errors
    /// A table that is not as the family's is.
    pub(super) fn references(self, path: &Path) -> Option<Result<Vec<Reference>, FamilyError>> {
        match self {
            Family::Cats => Some(auction_references(path)),
            Family::Gap => Some(gap_references(path)),
            Family::Vbp => Some(vector_packing_references(path)),
            Family::Openb => None,
            Family::Rebalance => Some(reassignment_references(path)),
        }
    }
}
