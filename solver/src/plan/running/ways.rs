//! What moves cost between pairs of tiles, and which way is the cheapest.

use std::collections::{BTreeMap, HashMap};

use lessor_models::fleet::NodeIndex;
use lessor_models::objective::moves;

use super::{OfClass, Running};
use crate::lowering::Lowered;
use crate::lowering::index::TileIndex;
use crate::plan::occupancy::Occupancy;
use crate::program::transport;

/// A tile of each place that costs its own to enter. O(tiles), where any pair has a cost.
pub(super) fn entrances(lowered: &Lowered<'_>) -> Vec<NodeIndex> {
    let fleet = lowered.instance.fleet();
    if fleet.move_costs().is_empty() {
        return Vec::new();
    }
    let mut places: BTreeMap<Option<NodeIndex>, NodeIndex> = BTreeMap::new();
    for &tile in &lowered.tiles {
        places.entry(fleet.place_entered(tile)).or_insert(tile);
    }
    places.into_values().collect()
}

/// The least that leaving a tile for another place costs.
pub(super) fn least_way_from(lowered: &Lowered<'_>, tile: TileIndex, entrances: &[NodeIndex]) -> u64 {
    let (fleet, weights) = (lowered.instance.fleet(), lowered.instance.weights());
    let from = lowered.tiles[tile.at()];
    entrances.iter().map(|&to| moves::between(fleet, from, to, weights)).min().unwrap_or(0)
}

impl Running {
    /// By class, the tiles with capsules of it that did not stay there, and how many; none where no pair of tiles has a cost.
    /// One pass over all tiles.
    pub(super) fn guests(&self, occupancy: &Occupancy<'_>) -> Vec<Vec<(TileIndex, u64)>> {
        let mut guests = vec![Vec::new(); self.of_classes.len()];
        if self.entrances.is_empty() {
            return guests;
        }
        let numbered = self.of_classes.iter().enumerate();
        let position: HashMap<_, usize> = numbered.map(|(at, of_class)| (of_class.class, at)).collect();
        for tile in (0..occupancy.lowered().tiles.len()).map(TileIndex::new) {
            for item in occupancy.items(tile) {
                let Some(&at) = position.get(&item.class) else { continue };
                let more = self.of_classes[at].beyond(occupancy, tile);
                // A class may have several items on a tile.
                if more > 0 && guests[at].last().is_none_or(|&(last, _)| last != tile) {
                    guests[at].push((tile, more));
                }
            }
        }
        guests
    }
}

impl OfClass {
    fn ran(&self, tile: TileIndex) -> u64 {
        let first = self.rows.partition_point(|row| row.tile < tile);
        self.rows[first..].iter().take_while(|row| row.tile == tile).map(|row| u64::from(row.count)).sum()
    }

    /// How many capsules ran on a tile and run on there.
    pub(super) fn stayed(&self, occupancy: &Occupancy<'_>, tile: TileIndex) -> u64 {
        occupancy.begun_on(tile, self.class, self.takeover).min(self.ran(tile))
    }

    /// How many capsules are on a tile beside those.
    pub(super) fn beyond(&self, occupancy: &Occupancy<'_>, tile: TileIndex) -> u64 {
        occupancy.count_on(tile, self.class) - self.stayed(occupancy, tile)
    }

    /// What the cheapest way from the tiles left to those entered costs.
    pub(super) fn way_cost(&self, occupancy: &Occupancy<'_>, guests: &[(TileIndex, u64)]) -> i128 {
        let lowered = occupancy.lowered();
        let (fleet, weights) = (lowered.instance.fleet(), lowered.instance.weights());
        if fleet.move_costs().is_empty() {
            return 0;
        }
        let node = |tile: TileIndex| lowered.tiles[tile.at()];
        let gone = |(tile, ran)| (node(tile), u64::from(ran) - self.stayed(occupancy, tile));
        let left = self.tiles().map(gone);
        let sources = places(left, |tile| fleet.place_left(tile));
        let sinks = places(guests.iter().map(|&(tile, more)| (node(tile), more)), |tile| fleet.place_entered(tile));
        let cost = |from: NodeIndex| sinks.iter().map(|&(to, _)| moves::between(fleet, from, to, weights)).collect();
        let costs: Vec<Vec<u64>> = sources.iter().map(|&(from, _)| cost(from)).collect();
        let amounts = |places: &[(NodeIndex, u64)]| places.iter().map(|place| place.1).collect::<Vec<u64>>();
        let sent = transport::cheapest(&amounts(&sources), &amounts(&sinks), &costs);
        sent.into_iter().map(|(source, sink, amount)| i128::from(costs[source][sink]) * i128::from(amount)).sum()
    }

    /// The least that coming to a tile from one where capsules ran costs.
    pub(super) fn least_way_to(&self, lowered: &Lowered<'_>, tile: TileIndex) -> u64 {
        let (fleet, weights) = (lowered.instance.fleet(), lowered.instance.weights());
        if fleet.move_costs().is_empty() {
            return 0;
        }
        let node = |tile: TileIndex| lowered.tiles[tile.at()];
        self.rows.iter().map(|row| moves::between(fleet, node(row.tile), node(tile), weights)).min().unwrap_or(0)
    }
}

/// A tile of each place, with all that is counted there.
pub(crate) fn places(
    tiles: impl Iterator<Item = (NodeIndex, u64)>,
    place: impl Fn(NodeIndex) -> Option<NodeIndex>,
) -> Vec<(NodeIndex, u64)> {
    let mut places: BTreeMap<Option<NodeIndex>, (NodeIndex, u64)> = BTreeMap::new();
    for (tile, count) in tiles.filter(|&(_, count)| count > 0) {
        places.entry(place(tile)).or_insert((tile, 0)).1 += count;
    }
    places.into_values().collect()
}
