//! One weighing of a front, and what its plan came to.

use crate::plan::summary::Figures;

/// The weights of both terms, in thousandths. That of the value is always 1,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Weighing(pub(super) [u32; 2]);

/// A plan of the front.
#[derive(Clone, Debug)]
pub(super) struct Point {
    /// When it was planned, counted from zero.
    pub(super) order: u8,
    /// Under which weights.
    pub(super) weighing: Weighing,
    /// What it comes to in both terms, in micro-credits, unweighted.
    pub(super) amounts: [i128; 2],
    /// What the checker says of it.
    pub(super) figures: Figures,
    /// Whether another point is at least as good in both terms, and better in one or earlier.
    pub(super) is_dominated: bool,
    /// The name of its directory; dominated points have none.
    pub(super) plan: Option<String>,
    /// How long it took; not told where work is limited, for then nothing but the work may count.
    pub(super) seconds: Option<f64>,
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A point of these amounts, planned at a place in the order.
    pub(in crate::front) fn point(order: u8, amounts: [i128; 2]) -> Point {
        let figures = Figures {
            value: amounts[0],
            bound: Some(amounts[0] + 10),
            gap: Some(0.01),
            emitted_mg: None,
            placed: 3,
            unplaced: 1,
            tiles: 2,
            jobs: 1,
            job_classes: 1,
            tile_groups: 1,
            moves: 0,
            waves: 0,
            held_back: 0,
            headroom_cost: None,
            balance_cost: None,
            dues_cost: None,
        };
        let weighing = Weighing([1_000, u32::from(order) + 1]);
        Point { order, weighing, amounts, figures, is_dominated: false, plan: None, seconds: None }
    }
}
