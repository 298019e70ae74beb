//! Per key, effects never go back to a lower token; and whoever is within the promise is not refused.

use std::collections::BTreeMap;

use lessor_engine::authority::{FenceKey, LeaseId, Token};

use super::Violation;

/// What things accepted.
#[derive(Debug, Default)]
pub(in crate::simulation) struct Fencing {
    highest: BTreeMap<FenceKey, Token>,
    pub(in crate::simulation) accepted: u64,
    pub(in crate::simulation) refused: u64,
}

/// One effect on what a key protects.
#[derive(Clone, Copy, Debug)]
pub(in crate::simulation) struct Effect {
    pub(in crate::simulation) key: FenceKey,
    pub(in crate::simulation) token: Token,
    pub(in crate::simulation) lease: LeaseId,
    /// Whether its holder uses the lease, and is within the promise.
    pub(in crate::simulation) is_promised: bool,
}

impl Fencing {
    /// A thing accepted or refused an effect.
    pub(in crate::simulation) fn observe(&mut self, effect: Effect, is_accepted: bool) -> Result<(), Violation> {
        let Effect { key, token, lease, is_promised } = effect;
        if !is_accepted {
            self.refused += 1;
            return if is_promised { Err(Violation::ShutOut { key, token, lease }) } else { Ok(()) };
        }
        self.accepted += 1;
        match self.highest.insert(key, token) {
            Some(before) if token < before => Err(Violation::TokenWentBack { key, token, before }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_that_accepts_a_lower_token_or_refuses_a_promise_is_found() {
        let effect = |token, is_promised| Effect {
            key: FenceKey::new("k").unwrap(),
            token: Token(token),
            lease: LeaseId(1),
            is_promised,
        };
        let mut fencing = Fencing::default();
        fencing.observe(effect(5, true), true).unwrap();
        fencing.observe(effect(4, false), false).unwrap();
        assert!(matches!(fencing.observe(effect(6, true), false), Err(Violation::ShutOut { .. })));
        assert!(matches!(fencing.observe(effect(4, false), true), Err(Violation::TokenWentBack { .. })));
    }
}
