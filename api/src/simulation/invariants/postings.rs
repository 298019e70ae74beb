//! Compensation balances, lease by lease: what was posted for a lease is its compensation, less its price and, where it displaced
//! others, less what it paid to them. That the balances of holders are the sums of postings is the engine's `money`.

use std::collections::BTreeMap;

use lessor_engine::authority::{Change, Effect, LeaseId, LeaseState};

use super::Violation;

/// What was posted for leases that may still be posted something.
#[derive(Debug, Default)]
pub(in crate::simulation) struct Postings {
    posted: BTreeMap<LeaseId, i64>,
    /// What offers owe to those that they displace.
    owed: BTreeMap<LeaseId, i64>,
}

impl Postings {
    /// What came of one event.
    pub(in crate::simulation) fn observe(&mut self, effects: &[Effect]) -> Result<(), Violation> {
        for effect in effects {
            if let Effect::Posted(posting) = effect {
                *self.posted.entry(posting.lease).or_default() += posting.gain.0;
            }
        }
        let mut last: BTreeMap<LeaseId, &Change> = BTreeMap::new();
        for effect in effects {
            if let Effect::Changed(change) = effect {
                if change.lease.state == LeaseState::Offered {
                    self.owed.insert(change.lease.id, change.lease.price.0);
                }
                last.insert(change.lease.id, change);
            }
        }
        last.into_values().try_for_each(|change| self.check(change))
    }

    fn check(&mut self, change: &Change) -> Result<(), Violation> {
        let lease = &change.lease;
        let compensation = lease.notice.map_or(0, |notice| notice.compensation.0);
        // An offer's price is what it owes; once it is a lease, it is what the lease cost beside that. An offer that came to
        // nothing has no price and paid nothing.
        let was_active = lease.token.0 > 0;
        let owed = if was_active { self.owed.get(&lease.id).copied().unwrap_or(0) } else { 0 };
        let expected = compensation - lease.price.0 - owed;
        let posted = self.posted.get(&lease.id).copied().unwrap_or(0);
        if posted != expected {
            return Err(Violation::Unbalanced { lease: lease.id, posted, expected });
        }
        if lease.is_returned {
            self.posted.remove(&lease.id);
            self.owed.remove(&lease.id);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use lessor_engine::authority::{Lease, Money, Posting, Revision};
    use lessor_models::time::Timestamp;

    use super::*;
    use crate::simulation::invariants::memory::tests::lease;

    #[test]
    fn a_posting_that_is_missing_or_too_much_is_found() {
        let changed = |lease| Effect::Changed(Change { revision: Revision::default(), at: Timestamp(0), lease });
        let dear = Lease { price: Money(10), ..lease(7) };
        let posted = |gain| Effect::Posted(Posting { lease: dear.id, holder: dear.holder, gain: Money(gain) });
        assert_eq!(Postings::default().observe(&[posted(-10), changed(dear)]), Ok(()));
        for gain in [0, -9, -11] {
            assert!(Postings::default().observe(&[posted(gain), changed(dear)]).is_err(), "{gain}");
        }
    }
}
