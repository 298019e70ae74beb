//! No account's commitments count a quantity twice, or not at all: what is held is the sum over leases, device by device too.

use lessor_models::fleet::Fleet;
use lessor_models::resources::{Kind, Resources};
use lessor_models::tile_class::DEVICE_MILLI;

use super::{Sums, Violation, debited};
use crate::authority::{Authority, LeaseState};

pub(super) fn check(fleet: &Fleet, authority: &Authority) -> Result<(), Violation> {
    let mut sums = Sums::new();
    let mut devices = std::collections::BTreeMap::new();
    for slot in authority.snapshot().slots {
        let Some(kept) = slot.lease else { continue };
        if kept.lease.is_returned || kept.lease.state == LeaseState::Offered {
            continue;
        }
        for (owner, level) in debited(fleet, kept.lease.node) {
            let sum = sums.entry(owner).or_insert(Resources::ZERO);
            *sum = sum.checked_add(&kept.draw.at(level)).unwrap_or(Resources::UNLIMITED);
        }
        for device in (0..64).filter(|device| kept.lease.device_mask >> device & 1 == 1) {
            *devices.entry((kept.lease.node, device)).or_insert(0) += u64::from(kept.lease.devices.milli);
        }
    }
    let nodes = fleet.nodes().map(lessor_models::fleet::Owner::Node);
    let zones = (0..)
        .take(fleet.zones().len())
        .map(|zone| lessor_models::fleet::Owner::Zone(lessor_models::fleet::ZoneIndex(zone)));
    for owner in nodes.chain(zones) {
        let said = authority.ledger().held(owner).copied().unwrap_or_default();
        let summed = sums.get(&owner).copied().unwrap_or_default();
        if let Some(kind) = Kind::ALL.into_iter().find(|&kind| said.get(kind) != summed.get(kind)) {
            return Err(Violation::Commitment { owner, kind, said: said.get(kind), summed: summed.get(kind) });
        }
    }
    for node in fleet.tiles() {
        for (device, left) in authority.ledger().device_left(node).iter().enumerate() {
            let held = devices.get(&(node, device)).copied().unwrap_or(0);
            let (left, summed) = (u64::from(*left), u64::from(DEVICE_MILLI).wrapping_sub(held));
            if left != summed {
                return Err(Violation::Device { node, device, left, summed });
            }
        }
    }
    Ok(())
}
