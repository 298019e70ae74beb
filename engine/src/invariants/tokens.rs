//! Per fence key tokens only rise, and no key has two holders. Devices have no key of their own: `commitments` counts them.

use std::collections::BTreeMap;

use super::{Step, Violation};
use crate::authority::{Effect, FenceKey, LeaseId, LeaseState, Token};

#[derive(Clone, Debug, Default)]
pub(super) struct Tokens {
    highest: BTreeMap<FenceKey, (Token, LeaseId)>,
    holders: BTreeMap<FenceKey, LeaseId>,
}

impl Tokens {
    pub(super) fn observe(&mut self, step: &Step<'_>) -> Result<(), Violation> {
        for effect in step.effects {
            let Effect::Changed(change) = effect else { continue };
            let lease = change.lease;
            if lease.is_returned {
                // It may be forgotten already, and its keys with it.
                self.holders.retain(|_, holder| *holder != lease.id);
                continue;
            }
            for key in step.authority.keys(lease.id) {
                match self.holders.insert(*key, lease.id) {
                    Some(other) if other != lease.id => {
                        return Err(Violation::KeyHeldTwice { key: *key, one: lease.id, other });
                    }
                    _ => {}
                }
                if lease.state == LeaseState::Active {
                    self.rise(*key, (lease.token, lease.id))?;
                }
            }
        }
        Ok(())
    }

    fn rise(&mut self, key: FenceKey, (token, lease): (Token, LeaseId)) -> Result<(), Violation> {
        match self.highest.insert(key, (token, lease)) {
            Some((before, of)) if token < before || (token == before && of != lease) => {
                Err(Violation::Token { token, before })
            }
            _ => Ok(()),
        }
    }
}
