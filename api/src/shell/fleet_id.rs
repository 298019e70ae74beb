//! Which fleet a journal belongs to.

use lessor_models::fleet::{Fleet, Level};

use crate::journal::FleetId;

/// A hash of what gives the journal's positions their meaning: every node with its name, level, parent and zones, and every
/// zone's name, in order. Capacities, tariffs and devices may change, and the leases live on; a node that comes, goes
/// or moves makes another fleet. O(nodes).
#[must_use]
pub fn fleet_id(fleet: &Fleet) -> FleetId {
    let mut hasher = blake3::Hasher::new_derive_key("lessor fleet identity, version 1");
    let text = |hasher: &mut blake3::Hasher, text: &str| {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    hasher.update(&(fleet.node_count() as u64).to_le_bytes());
    for node in fleet.nodes() {
        text(&mut hasher, fleet.name(node));
        let parent = fleet.parent(node).map_or(u32::MAX, |parent| parent.0);
        hasher.update(&parent.to_le_bytes());
        hasher.update(&[level(fleet.level(node))]);
        let zones = fleet.zones_listing(node);
        hasher.update(&(zones.len() as u64).to_le_bytes());
        for zone in zones {
            hasher.update(&zone.0.to_le_bytes());
        }
    }
    fleet.zone_names().iter().for_each(|name| text(&mut hasher, name));
    FleetId(*hasher.finalize().as_bytes())
}

/// A number for each level that never changes.
fn level(level: Level) -> u8 {
    match level {
        Level::Tile => 0,
        Level::Cell => 1,
        Level::Cluster => 2,
        Level::Region => 3,
        Level::Layer => 4,
    }
}
