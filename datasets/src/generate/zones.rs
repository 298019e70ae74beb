//! The zones of a generated fleet, which bind at different places: feeds, radiator loops, optical links, failure domains.

use lessor_models::fleet::{Zone, ZoneKind};
use lessor_models::resources::{Kind, Resources};

use super::dice::Dice;
use super::tree::Tree;

/// Feeds of one cluster; its cells alternate between them.
const FEEDS_PER_CLUSTER: usize = 2;

/// What a feed carries against its members' peak, in thousandths: some are oversubscribed.
const FEED_PERMILLE: [u64; 4] = [850, 850, 900, 1_000];

/// What a radiator loop rejects against its members' peak, in thousandths.
const LOOP_PERMILLE: [u64; 4] = [820, 950, 1_000, 1_000];

/// What a cluster's optical link carries against its tiles' bandwidth, in thousandths.
const LINK_PERMILLE: [u64; 3] = [220, 260, 350];

/// Prices of energy, in micro-credits per kilowatt-hour.
const ENERGY_PRICES: [u64; 4] = [60_000, 80_000, 100_000, 140_000];

/// Zones with their names and members, as the parts of a fleet list them.
#[derive(Debug, Default)]
pub(super) struct Zones {
    pub(super) names: Vec<String>,
    pub(super) rows: Vec<Zone>,
    pub(super) members: Vec<(u32, u32)>,
}

impl Zones {
    fn add(&mut self, name: String, zone: Zone, members: &[u32]) {
        let row = u32::try_from(self.rows.len()).expect("there are fewer zones than nodes");
        self.names.push(name);
        self.rows.push(zone);
        self.members.extend(members.iter().map(|&node| (row, node)));
    }

    /// The rows of one kind's zones.
    pub(super) fn of(&self, kind: ZoneKind) -> impl Iterator<Item = u32> + '_ {
        let rows = (0u32..).zip(&self.rows);
        rows.filter(move |(_, zone)| zone.kind == kind).map(|(row, _)| row)
    }
}

/// Builds all zones. Their number grows with the number of clusters, so that many cells remain alike.
pub(super) fn build(tree: &Tree, dice: &mut Dice) -> Zones {
    let mut zones = Zones::default();
    add_feeds(tree, dice, &mut zones);
    add_loops(tree, dice, &mut zones);
    add_links(tree, dice, &mut zones);
    zones
}

/// Cells of one cluster alternate between its feeds; what one feed supplies also fails together.
fn add_feeds(tree: &Tree, dice: &mut Dice, zones: &mut Zones) {
    for (cluster, number) in tree.clusters.clone().zip(0..) {
        let cells: Vec<u32> = tree.cells_of(cluster).collect();
        for feed in 0..FEEDS_PER_CLUSTER.min(cells.len()) {
            let members: Vec<u32> = cells.iter().copied().skip(feed).step_by(FEEDS_PER_CLUSTER).collect();
            let peak = sum(tree, &members, Kind::Power);
            let limit = peak / 1_000 * dice.pick(&FEED_PERMILLE);
            let supply = Zone {
                kind: ZoneKind::PowerFeed,
                capacity: Resources::UNLIMITED.with(Kind::Power, limit),
                energy_price: Some(dice.pick(&ENERGY_PRICES)),
            };
            let fate = Zone { kind: ZoneKind::FailureDomain, capacity: Resources::UNLIMITED, energy_price: None };
            let letter = ["a", "b"][feed];
            zones.add(format!("feed-{number:03}{letter}"), supply, &members);
            zones.add(format!("failure-{number:03}{letter}"), fate, &members);
        }
    }
}

/// Radiator loops run through neighboring cells, across the borders of clusters.
fn add_loops(tree: &Tree, dice: &mut Dice, zones: &mut Zones) {
    let cells: Vec<u32> = tree.cells.clone().collect();
    let length = cells.len().div_ceil(2 * tree.clusters.len()).max(1);
    // The first loop is half as long, so that loops do not end where clusters do.
    let first = length.div_ceil(2).min(cells.len());
    let (head, rest) = cells.split_at(first);
    for (number, members) in std::iter::once(head).chain(rest.chunks(length)).enumerate() {
        let limit = sum(tree, members, Kind::Heat) / 1_000 * dice.pick(&LOOP_PERMILLE);
        let capacity = Resources::UNLIMITED.with(Kind::Heat, limit);
        let zone = Zone { kind: ZoneKind::RadiatorLoop, capacity, energy_price: None };
        zones.add(format!("loop-{number:04}"), zone, members);
    }
}

/// One optical link carries all the traffic that leaves a cluster.
fn add_links(tree: &Tree, dice: &mut Dice, zones: &mut Zones) {
    for (cluster, number) in tree.clusters.clone().zip(0..) {
        let cells: Vec<u32> = tree.cells_of(cluster).collect();
        let limit = sum(tree, &cells, Kind::Bandwidth) / 1_000 * dice.pick(&LINK_PERMILLE);
        let capacity = Resources::UNLIMITED.with(Kind::Bandwidth, limit);
        let zone = Zone { kind: ZoneKind::OpticalLink, capacity, energy_price: None };
        zones.add(format!("link-{number:03}"), zone, &[cluster]);
    }
}

fn sum(tree: &Tree, cells: &[u32], kind: Kind) -> u64 {
    cells.iter().map(|&cell| tree.sum_of(cell).get(kind)).sum()
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::super::{Family, catalog, dice::Part, tree};

    use super::*;

    /// The members of all zones of a kind, sorted.
    fn cells_covered(zones: &Zones, kind: ZoneKind, cells: &Range<u32>) -> Vec<u32> {
        let rows: Vec<u32> = zones.of(kind).collect();
        let mut covered: Vec<u32> =
            zones.members.iter().filter(|(zone, _)| rows.contains(zone)).map(|&(_, node)| node).collect();
        covered.sort_unstable();
        assert!(covered.iter().all(|node| cells.contains(node)));
        covered
    }

    #[test]
    fn every_cell_has_one_feed_one_loop_and_one_failure_domain() {
        for tiles in [1, 9, 50, 1_000, 25_500] {
            let mut dice = Dice::new(3, Part::Fleet);
            let family = Family::Small;
            let tree = tree::build(tiles, &catalog::models(family), catalog::archetypes(family), &mut dice);
            let zones = build(&tree, &mut dice);
            let cells: Vec<u32> = tree.cells.clone().collect();
            for kind in [ZoneKind::PowerFeed, ZoneKind::RadiatorLoop, ZoneKind::FailureDomain] {
                assert_eq!(cells_covered(&zones, kind, &tree.cells), cells, "{tiles} tiles");
            }
        }
    }
}
