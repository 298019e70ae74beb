//! Which fleet a journal belongs to.

use lessor_models::fleet::{Fleet, Level, Owner, ZoneIndex};
use lessor_models::resources::{Kind, Resources};
use lessor_models::tile_class::TileClass;

use crate::journal::{FleetContents, FleetId};

/// A hash of what gives the journal's positions their meaning: every node with its name, level, parent and zones, and every
/// zone's name, in order. A node that comes, goes or moves makes another fleet. O(nodes).
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

/// A hash of what grants rest on beside that: every capacity at every instant, the class of every tile with its devices and
/// what it draws with nothing on it, and the kind of every zone. O(nodes times kinds).
#[must_use]
pub fn fleet_contents(fleet: &Fleet) -> FleetContents {
    let mut hasher = blake3::Hasher::new_derive_key("lessor fleet contents, version 1");
    let zones = (0..).map(ZoneIndex).take(fleet.zones().len());
    for owner in fleet.nodes().map(Owner::Node).chain(zones.map(Owner::Zone)) {
        let Resources(base) = fleet.base_capacity(owner);
        for amount in base {
            hasher.update(&amount.to_le_bytes());
        }
        for steps in Kind::ALL.into_iter().filter_map(|kind| fleet.steps().get(&(owner, kind))) {
            hasher.update(&(steps.steps().len() as u64).to_le_bytes());
            for (at, amount) in steps.steps() {
                hasher.update(&at.0.to_le_bytes());
                hasher.update(&amount.to_le_bytes());
            }
        }
    }
    for tile in fleet.tiles() {
        let class = fleet.class_of(tile).map_or(u32::MAX, |class| class.0);
        hasher.update(&class.to_le_bytes());
    }
    for TileClass { devices, idle_power_mw, heat_permille, .. } in fleet.classes() {
        hasher.update(&[*devices]);
        hasher.update(&idle_power_mw.to_le_bytes());
        hasher.update(&heat_permille.to_le_bytes());
    }
    for zone in fleet.zones() {
        hasher.update(zone.kind.name().as_bytes());
    }
    FleetContents(*hasher.finalize().as_bytes())
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
