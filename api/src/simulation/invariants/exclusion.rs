//! No grant overdraws, in the world: at every true instant, holders within the promise together use no more of a tile, a feed or
//! a device than there is, and no two of them use what one key protects.
//!
//! Within the promise is who has a clock and pauses that the guard band and the drift cover. Use that a confirmed fence has made
//! impossible does not count.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use lessor_engine::authority::{FenceKey, Lease, LeaseId};
use lessor_models::resources::Kind;

use super::Violation;
use crate::simulation::fleet::{Equipment, is_fed};

/// How long after its fleet was refitted a lease that was granted before is used at most: the longest term, by a slow clock. In a
/// deficit nothing is renewed.
const USED_MAX: Duration = Duration::from_secs(125);

/// Who uses what.
#[derive(Debug, Default)]
pub(in crate::simulation) struct Exclusion {
    uses: BTreeMap<LeaseId, Use>,
    fenced: BTreeSet<LeaseId>,
    /// What there is.
    equipment: Equipment,
    /// What there was when leases were granted that may still be used, and until when.
    former: Vec<(Duration, Equipment)>,
    /// Uses that began.
    pub(in crate::simulation) begun: u64,
    /// Uses that would have been too much, had everybody been within the promise: the check can see them.
    pub(in crate::simulation) overlaps_outside: u64,
}

#[derive(Debug)]
struct Use {
    lease: Lease,
    keys: Vec<FenceKey>,
    is_promised: bool,
}

impl Exclusion {
    /// There is more or less from now on.
    pub(in crate::simulation) fn refit(&mut self, now: Duration, equipment: Equipment) {
        let before = std::mem::replace(&mut self.equipment, equipment);
        self.former.push((now + USED_MAX, before));
    }

    /// A holder begins to use a lease.
    pub(in crate::simulation) fn begin(
        &mut self,
        now: Duration,
        lease: &Lease,
        keys: Vec<FenceKey>,
        standing: Standing,
    ) -> Result<(), Violation> {
        if self.fenced.contains(&lease.id) {
            return Ok(());
        }
        self.former.retain(|(until, _)| *until > now);
        let is_promised = standing == Standing::Within;
        self.begun += 1;
        self.uses.insert(lease.id, Use { lease: *lease, keys, is_promised });
        if self.first_clash(lease.id, |used| used.is_promised).is_none() || !is_promised {
            if self.first_clash(lease.id, |_| true).is_some() {
                self.overlaps_outside += 1;
            }
            return Ok(());
        }
        self.first_clash(lease.id, |used| used.is_promised).map_or(Ok(()), Err)
    }

    /// It ends.
    pub(in crate::simulation) fn end(&mut self, lease: LeaseId) {
        self.uses.remove(&lease);
    }

    /// Whatever it does, nothing accepts it any more.
    pub(in crate::simulation) fn fence(&mut self, lease: LeaseId) {
        self.fenced.insert(lease);
        self.end(lease);
    }

    /// Its holder is no longer within the promise.
    pub(in crate::simulation) fn leave(&mut self, lease: LeaseId) {
        if let Some(used) = self.uses.get_mut(&lease) {
            used.is_promised = false;
        }
    }

    /// Whether a lease is in use, by a holder within the promise.
    pub(in crate::simulation) fn is_promised(&self, lease: LeaseId) -> bool {
        self.uses.get(&lease).is_some_and(|used| used.is_promised)
    }

    fn first_clash(&self, last: LeaseId, counts: impl Fn(&Use) -> bool) -> Option<Violation> {
        let used = &self.uses[&last];
        let node = used.lease.node;
        let others: Vec<&Use> = self.uses.values().filter(|other| counts(other) || other.lease.id == last).collect();
        let there: Vec<&Use> = others.iter().copied().filter(|other| other.lease.node == node).collect();
        let overused = Violation::Overused { node, lease: last };
        let sum = |uses: &[&Use], kind| uses.iter().map(|other| other.lease.resources.get(kind)).sum::<u64>();
        let most = self.former.iter().fold(self.equipment, |most, (_, before)| most.most(*before));
        let (tile, feed) = (most.tile(node), most.feed());
        if sum(&there, Kind::Compute) > tile || sum(&there, Kind::Power) > tile || has_full_device(&there) {
            return Some(overused);
        }
        let fed: Vec<&Use> = others.iter().copied().filter(|other| is_fed(other.lease.node)).collect();
        if is_fed(node) && sum(&fed, Kind::Power) > feed {
            return Some(overused);
        }
        let mut rivals = others.iter().filter(|other| other.lease.id != last);
        rivals.find_map(|other| {
            let key = used.keys.iter().find(|key| other.keys.contains(key))?;
            Some(Violation::SharedKey { key: *key, one: other.lease.id, other: last })
        })
    }
}

fn has_full_device(there: &[&Use]) -> bool {
    (0..64).any(|device| {
        let on_it = there.iter().filter(|other| other.lease.device_mask >> device & 1 == 1);
        on_it.map(|other| u32::from(other.lease.devices.milli)).sum::<u32>() > 1_000
    })
}

/// Where a holder stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::simulation) enum Standing {
    /// Its clock and its pauses are such as the guard band covers.
    Within,
    /// They are not.
    Outside,
}

#[cfg(test)]
mod tests {
    use lessor_models::resources::Resources;

    use super::*;
    use crate::simulation::invariants::memory::tests::lease;

    fn drawing(id: u64, compute: u64) -> Lease {
        Lease { resources: Resources::of(Kind::Compute, compute), ..lease(id) }
    }

    #[test]
    fn too_much_of_a_tile_is_found_only_among_those_within_the_promise() {
        let mut exclusion = Exclusion::default();
        exclusion.begin(Duration::ZERO, &drawing(1, 60), Vec::new(), Standing::Within).unwrap();
        exclusion.begin(Duration::ZERO, &drawing(2, 60), Vec::new(), Standing::Outside).unwrap();
        assert_eq!(exclusion.overlaps_outside, 1);
        exclusion.begin(Duration::ZERO, &drawing(3, 40), Vec::new(), Standing::Within).unwrap();
        let violation = exclusion.begin(Duration::ZERO, &drawing(4, 1), Vec::new(), Standing::Within).unwrap_err();
        assert!(matches!(violation, Violation::Overused { .. }), "{violation}");
    }

    #[test]
    fn two_users_of_one_key_are_found_unless_one_is_fenced() {
        let key = vec![FenceKey::new("k").unwrap()];
        let mut exclusion = Exclusion::default();
        exclusion.begin(Duration::ZERO, &drawing(1, 1), key.clone(), Standing::Within).unwrap();
        exclusion.fence(LeaseId(1));
        exclusion.begin(Duration::ZERO, &drawing(2, 1), key.clone(), Standing::Within).unwrap();
        let violation = exclusion.begin(Duration::ZERO, &drawing(3, 1), key, Standing::Within).unwrap_err();
        assert!(matches!(violation, Violation::SharedKey { .. }), "{violation}");
    }
}
