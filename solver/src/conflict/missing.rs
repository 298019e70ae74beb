//! What a class is missing: the question that every explanation answers.

use super::shortage::Shortage;
use super::{Explainer, gang};
use crate::lowering::index::JobClassIndex;

/// Capsules that a class is missing.
#[derive(Debug)]
pub(super) struct Missing {
    pub(super) class: JobClassIndex,
    /// The least number that can join those placed.
    pub(super) need: u64,
    /// What tiles lack; read for a gang alone, which is tried on all of them time and again.
    pub(super) shortage: Shortage,
}

impl Missing {
    pub(super) fn of(explainer: &Explainer<'_, '_>, class: JobClassIndex) -> Missing {
        let need = gang::need(explainer.occupancy.lowered(), class, explainer.occupancy.placed(class));
        let shortage = if need > 1 { Shortage::of(explainer, class) } else { Shortage::default() };
        Missing { class, need, shortage }
    }
}
