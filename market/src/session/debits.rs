//! Which accounts are debited with another: whatever is used at a node is used of everything above it.

use lessor_models::fleet::{Fleet, NodeIndex, Owner};
use lessor_models::resources::Kind;

/// The accounts' owners that a quantity of an account is taken from: its own, those of every node above it, and those of every zone
/// that lists one of these; each once. Bandwidth is taken where it is named: what crosses an uplink need not cross the next, so a
/// bundle names each that it crosses. A zone has nothing above it.
#[must_use]
pub(super) fn debits(fleet: &Fleet, owner: Owner, kind: Kind) -> Vec<Owner> {
    let Owner::Node(node) = owner else { return vec![owner] };
    if kind == Kind::Bandwidth {
        return vec![owner];
    }
    let mut owners: Vec<Owner> = debited(fleet, node).map(|(owner, _)| owner).collect();
    owners.sort_unstable();
    owners.dedup();
    owners
}

/// The accounts' owners that a node debits, each with the node through which it does.
pub(super) fn debited(fleet: &Fleet, node: NodeIndex) -> impl Iterator<Item = (Owner, NodeIndex)> + '_ {
    fleet.path(node).flat_map(|node| {
        let zones = fleet.zones_listing(node).iter().map(move |&zone| (Owner::Zone(zone), node));
        std::iter::once((Owner::Node(node), node)).chain(zones)
    })
}
