//! Which constraints a trial obeys.

use lessor_models::fleet::Owner;
use lessor_models::plan::{Blocker, Rule};
use lessor_models::resources::Kind;

use super::mask::Mask;
use crate::lowering::Lowered;
use crate::lowering::index::AccountIndex;

/// The constraints that a trial obeys.
#[derive(Clone, Debug)]
pub(super) struct Enforced {
    /// Those of tiles, and rules.
    pub(super) mask: Mask,
    /// A bit per kind, by account.
    pub(super) accounts: Vec<u8>,
}

impl Enforced {
    /// Every constraint.
    pub(super) fn all(lowered: &Lowered<'_>) -> Enforced {
        let kinds = Kind::ALL.into_iter().map(Mask::tiles);
        let mask = kinds.chain(Rule::ALL.into_iter().map(Mask::rule)).fold(Mask::default(), Mask::with);
        Enforced { mask, accounts: vec![u8::MAX; lowered.accounts.len()] }
    }

    /// These constraints alone.
    pub(super) fn only(lowered: &Lowered<'_>, blockers: &[Blocker]) -> Enforced {
        let mut enforced = Enforced { mask: Mask::default(), accounts: vec![0; lowered.accounts.len()] };
        for &blocker in blockers {
            match blocker {
                Blocker::Account { owner, kind } => {
                    if let Some(account) = account_of(lowered, owner) {
                        enforced.accounts[account.at()] |= 1 << kind.index();
                    }
                }
                Blocker::Tiles { kind } => enforced.mask = enforced.mask.with(Mask::tiles(kind)),
                Blocker::Rule(rule) => enforced.mask = enforced.mask.with(Mask::rule(rule)),
            }
        }
        enforced
    }

    /// The same without one constraint.
    pub(super) fn without(mut self, lowered: &Lowered<'_>, blocker: Blocker) -> Enforced {
        match blocker {
            Blocker::Account { owner, kind } => {
                if let Some(account) = account_of(lowered, owner) {
                    self.accounts[account.at()] &= !(1 << kind.index());
                }
            }
            Blocker::Tiles { kind } => self.mask = self.mask.without(Mask::tiles(kind)),
            Blocker::Rule(rule) => self.mask = self.mask.without(Mask::rule(rule)),
        }
        self
    }

    /// Whether a rule is one of them.
    pub(super) fn holds(&self, rule: Rule) -> bool {
        self.mask.contains(Mask::rule(rule))
    }
}

/// The account of an owner, if it limits anything. Accounts are in the order of owners.
pub(super) fn account_of(lowered: &Lowered<'_>, owner: Owner) -> Option<AccountIndex> {
    let at = lowered.accounts.binary_search_by(|account| account.owner.cmp(&owner)).ok()?;
    Some(AccountIndex::new(at))
}
