//! Compensation balances: what every holder has is the sum of what was posted, and the operator has the opposite of all.

use std::collections::BTreeMap;

use super::{Step, Violation};
use crate::authority::{Effect, HolderId};

#[derive(Clone, Debug, Default)]
pub(super) struct Money {
    posted: BTreeMap<HolderId, i128>,
}

impl Money {
    pub(super) fn observe(&mut self, step: &Step<'_>) -> Result<(), Violation> {
        for effect in step.effects {
            if let Effect::Posted(posting) = effect {
                *self.posted.entry(posting.holder).or_default() += i128::from(posting.gain.0);
            }
        }
        for (holder, posted) in &self.posted {
            let balance = step.authority.balance(holder);
            if balance != *posted {
                return Err(Violation::Money { holder: *holder, posted: *posted, balance });
            }
        }
        Ok(())
    }
}
