//! The proof that comes with a plan: prices from which anyone can compute a bound on every plan's value.

use crate::fleet::{ClassIndex, NodeIndex, Owner};
use crate::job::JobIndex;
use crate::resources::Kind;
use crate::time::{Interval, Timestamp};

/// Dual prices are counted in units of 2^-56 micro-credits per base unit and second.
pub const DUAL_SHIFT: u32 = 56;

/// Prices of one capsule against device patterns are counted in units of 2^-10 micro-credits, so that the dearest bid,
/// 2^53, still has a price of 64 bits.
pub const JOB_PRICE_SHIFT: u32 = 10;

/// Which accounts a dual price belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// One node above the tiles, or one zone.
    Owner(Owner),
    /// Every tile of one class under one node, each at the same price.
    Tiles {
        /// The class.
        class: ClassIndex,
        /// The node that they are under.
        under: NodeIndex,
    },
}

/// A non-negative price on the capacity that a scope gives during an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dual {
    /// Whose capacity.
    pub scope: Scope,
    /// Of which kind.
    pub kind: Kind,
    /// When.
    pub interval: Interval,
    /// Price in 2^-[`DUAL_SHIFT`] micro-credits per base unit and second.
    pub price: u64,
}

/// Device patterns: the part of a proof that the linear bound cannot give where capsules are large against a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevicePatterns {
    /// Patterns hold the capsules that surely run at this instant.
    pub instant: Timestamp,
    /// Price of one capsule of each job that takes part, in 2^-[`JOB_PRICE_SHIFT`] micro-credits; sorted by job.
    pub job_prices: Vec<(JobIndex, u64)>,
}

/// A dual vector, from which `check::bound` computes a bound that holds for every plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificate {
    /// Prices of capacity.
    pub duals: Vec<Dual>,
    /// Prices of capsules against device patterns, where they tighten the bound.
    pub devices: Option<DevicePatterns>,
}
