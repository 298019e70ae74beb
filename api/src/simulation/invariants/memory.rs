//! An acknowledged grant is never forgotten: whatever somebody was told of a lease, the authority knows after any crash, as it was
//! told or as it became since.

use std::collections::BTreeMap;

use lessor_engine::authority::{Answer, Lease, LeaseId, Snapshot};

use super::Violation;

/// What was last told of leases that may still hold something.
#[derive(Debug, Default)]
pub(in crate::simulation) struct Memory {
    told: BTreeMap<LeaseId, Lease>,
    /// Leases that somebody was told of.
    pub(in crate::simulation) acknowledged: u64,
}

impl Memory {
    /// An answer left the authority.
    pub(in crate::simulation) fn told(&mut self, answer: &Answer) {
        let leases = match answer {
            Answer::Lease(lease) => std::slice::from_ref(lease),
            Answer::Gang(leases) => leases,
            Answer::Done | Answer::Refused(_) => return,
        };
        for lease in leases {
            let known = self.told.get(&lease.id);
            if known.is_none() {
                self.acknowledged += 1;
            }
            if known.is_none_or(|known| known.version <= lease.version) {
                self.told.insert(lease.id, *lease);
            }
        }
    }

    /// Looks for all of them in a state. `is_returned` says of which the history says that they gave everything back.
    pub(in crate::simulation) fn check(
        &mut self,
        state: &Snapshot,
        is_returned: impl Fn(LeaseId) -> bool,
    ) -> Result<(), Violation> {
        self.told.retain(|id, _| !is_returned(*id));
        let leases = state.slots.iter().filter_map(|slot| slot.lease.as_ref());
        let there: BTreeMap<LeaseId, &Lease> = leases.map(|kept| (kept.lease.id, &kept.lease)).collect();
        let forgotten =
            self.told.values().find(|told| !there.get(&told.id).is_some_and(|lease| continues(told, lease)));
        forgotten.map_or(Ok(()), |told| Err(Violation::Forgotten { lease: told.id }))
    }
}

/// Whether a lease is one that was told of, or what it may have become.
fn continues(told: &Lease, lease: &Lease) -> bool {
    let is_same = lease.holder == told.holder && lease.request == told.request && lease.node == told.node;
    let is_token = lease.token == told.token || told.token.0 == 0;
    let is_end = lease.version > told.version || lease.end == told.end || told.token.0 == 0;
    is_same && is_token && is_end && lease.version >= told.version && lease.state >= told.state
}

#[cfg(test)]
pub(in crate::simulation) mod tests {
    use lessor_engine::authority::{HolderId, LeaseState, Money, RequestId, Slot, Token, Version};
    use lessor_engine::ledger::Devices;
    use lessor_models::fleet::NodeIndex;
    use lessor_models::job::ServiceClass;
    use lessor_models::resources::Resources;
    use lessor_models::time::Timestamp;

    use super::*;
    use crate::simulation::fleet::{Equipment, fleet, terms};

    /// An active lease on the first tile.
    pub(in crate::simulation) fn lease(id: u64) -> Lease {
        Lease {
            id: LeaseId(id),
            holder: HolderId::new("h").unwrap(),
            request: RequestId::new("r").unwrap(),
            member: (0, 1),
            node: NodeIndex(3),
            state: LeaseState::Active,
            version: Version(1),
            token: Token(id),
            start: Timestamp(0),
            end: Timestamp(10),
            resources: Resources::ZERO,
            devices: Devices::NONE,
            device_mask: 0,
            class: ServiceClass::D,
            price: Money(0),
            notice: None,
            is_returned: false,
        }
    }

    fn state_with(leases: &[Lease]) -> Snapshot {
        use lessor_engine::authority::{Authority, Displacement, KeptLease, Rate, Stretch};
        let mut state = Authority::new(&fleet(&Equipment::FIRST), terms(), Timestamp(0)).unwrap().snapshot();
        let kept = |lease: &Lease| KeptLease {
            lease: *lease,
            draw: lessor_engine::ledger::Draw::through(lease.resources),
            returns_at: lease.end,
            rate: Rate(0),
            first: Stretch { from: lease.start, paid: lease.price },
            further: Vec::new(),
            safe_until: lease.start,
            worked: Money::ZERO,
            displacement: Displacement::Allowed,
            keys: Vec::new(),
            is_fenced: false,
            gang: lease.id,
            waits_for: Vec::new(),
        };
        state.slots = leases.iter().map(|lease| Slot { generation: 0, lease: Some(kept(lease)) }).collect();
        state
    }

    #[test]
    fn a_lease_that_is_gone_shorter_or_older_than_was_told_is_found() {
        let longer = Lease { version: Version(2), end: Timestamp(20), ..lease(7) };
        let check = |told: &Lease, state: &[Lease]| {
            let mut memory = Memory::default();
            memory.told(&Answer::Lease(*told));
            memory.check(&state_with(state), |_| false)
        };
        assert_eq!(check(&lease(7), &[lease(7)]), Ok(()));
        assert_eq!(check(&lease(7), &[longer]), Ok(()));
        for (told, state) in [
            (lease(7), vec![]),
            (longer, vec![lease(7)]),
            (lease(7), vec![Lease { end: Timestamp(9), ..lease(7) }]),
            (lease(7), vec![Lease { token: Token(8), ..lease(7) }]),
        ] {
            assert_eq!(check(&told, &state), Err(Violation::Forgotten { lease: LeaseId(7) }));
        }
    }

    #[test]
    fn a_lease_that_gave_everything_back_may_be_forgotten() {
        let mut memory = Memory::default();
        memory.told(&Answer::Lease(lease(7)));
        assert_eq!(memory.check(&state_with(&[]), |id| id == LeaseId(7)), Ok(()));
    }
}
