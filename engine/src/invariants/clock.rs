//! Now never goes back.

use lessor_models::time::Timestamp;

use super::{Step, Violation};

#[derive(Clone, Debug, Default)]
pub(super) struct Clock {
    last: Option<Timestamp>,
}

impl Clock {
    pub(super) fn observe(&mut self, step: &Step<'_>) -> Result<(), Violation> {
        let to = step.authority.now();
        match self.last.replace(to) {
            Some(from) if to < from || to != step.now => Err(Violation::TimeWentBack { from, to }),
            _ => Ok(()),
        }
    }
}
