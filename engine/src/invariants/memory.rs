//! An acknowledged grant is never forgotten: until it ends, whatever was last said of a lease is what can be read of it.

use std::collections::BTreeMap;

use super::{Step, Violation};
use crate::authority::{Answer, Effect, Lease, LeaseId};

#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    said: BTreeMap<LeaseId, Lease>,
}

impl Memory {
    pub(super) fn observe(&mut self, step: &Step<'_>) -> Result<(), Violation> {
        for effect in step.effects {
            match effect {
                Effect::Changed(change) if change.lease.is_returned => {
                    self.said.remove(&change.lease.id);
                }
                Effect::Changed(change) => {
                    self.said.insert(change.lease.id, change.lease);
                }
                Effect::Answer(Answer::Lease(lease)) => self.acknowledged(step, lease)?,
                Effect::Answer(Answer::Gang(leases)) => {
                    leases.iter().try_for_each(|lease| self.acknowledged(step, lease))?;
                }
                _ => {}
            }
        }
        match self.said.iter().find(|(id, lease)| step.authority.lease(**id) != Some(**lease)) {
            Some((id, _)) => Err(Violation::Forgotten { lease: *id }),
            None => Ok(()),
        }
    }

    /// What is acknowledged was told as a change too, unless it is a repeat of something that is long over.
    fn acknowledged(&self, step: &Step<'_>, lease: &Lease) -> Result<(), Violation> {
        let is_repeat = !step.decision.is_journaled();
        let is_known = self.said.contains_key(&lease.id) || lease.is_returned;
        if is_known || is_repeat { Ok(()) } else { Err(Violation::Forgotten { lease: lease.id }) }
    }
}
