//! What gives way where memory is little: how finely time is told apart, then how many first plans are compared.
//!
//! The largest table of a plan says what each tile has left in each bucket of time: a vector of eight kinds, one cache line,
//! for each. Every first plan that is kept beside another has one.

use lessor_models::resources::Resources;
use lessor_solver::lowering::{Lowered, TILE_VECTORS_MAX};

/// Plans whose tables are there at once where first plans are compared, and where they are not: what moves are worked out on,
/// and what was tried last, stand beside the plan.
const PLANS_COMPARED: u64 = 4;
const PLANS_ALONE: u64 = 2;

/// Bytes that tables may take, if that is limited.
#[derive(Clone, Copy, Debug)]
pub(super) struct Thrift(pub(super) Option<u64>);

impl Thrift {
    /// The vectors that one plan's table of tiles may have.
    pub(super) fn vectors(self) -> usize {
        let affordable = |bytes: u64| usize::try_from(bytes / PLANS_ALONE / vector_bytes()).unwrap_or(usize::MAX);
        self.0.map_or(TILE_VECTORS_MAX, |bytes| affordable(bytes).min(TILE_VECTORS_MAX))
    }

    /// Whether there is room for several plans at once.
    pub(super) fn compares_plans(self, lowered: &Lowered<'_>) -> bool {
        let vectors = lowered.tiles.len() as u64 * lowered.grid.count() as u64;
        self.0.is_none_or(|bytes| vectors * vector_bytes() <= bytes / PLANS_COMPARED)
    }
}

fn vector_bytes() -> u64 {
    size_of::<Resources>() as u64
}
