//! Spreading out what lies at too few locations: capsules leave the fullest one for locations of their own.
//!
//! What runs may break a job's least number of locations, and so may what is left of a job once others were taken off. A
//! capsule that joins others is taken off and inserted where none of its job is, as often as that is needed; one that finds
//! no such place stays off, which needs one location less. So the fewest capsules move that mend the rule.

use std::cmp::Reverse;

use super::insert::insert_one;
use super::occupancy::Occupancy;
use super::rank::Ranking;
use crate::lowering::index::{JobClassIndex, TileIndex};

/// Mends every class that lies at too few locations. Returns the classes that lost capsules.
///
/// O(tiles) where any class does, and an insertion for each capsule that moves.
pub fn spread_out(occupancy: &mut Occupancy<'_>, ranking: &Ranking) -> Vec<JobClassIndex> {
    let lowered = occupancy.lowered();
    let crowded: Vec<JobClassIndex> =
        lowered.class_indexes().filter(|&class| occupancy.bonds().is_crowded(class)).collect();
    let mut losers = Vec::new();
    for class in crowded {
        let mut tiles: Vec<TileIndex> = (0..lowered.tiles.len()).map(TileIndex::new).collect();
        tiles.retain(|&tile| occupancy.items(tile).iter().any(|item| item.class == class));
        while occupancy.bonds().is_crowded(class) {
            let Some(tile) = most_crowded(occupancy, class, &tiles) else { break };
            take_one(occupancy, class, tile);
            if !insert_one(occupancy, class, ranking) {
                losers.push(class);
            }
        }
    }
    losers
}

/// The tile whose capsules share their location with most others; the last of equals, and none where nothing is placed.
fn most_crowded(occupancy: &Occupancy<'_>, class: JobClassIndex, tiles: &[TileIndex]) -> Option<TileIndex> {
    let lowered = occupancy.lowered();
    let spread = lowered.job(class).spread?;
    let company = |tile: TileIndex| {
        let members = lowered.instance.fleet().members(lowered.tiles[tile.at()], spread.domain);
        // A tile in no member is no location at all: its capsules go first.
        members.into_iter().map(|member| occupancy.bonds().count_in(class, member)).min().unwrap_or(u32::MAX)
    };
    let held = tiles.iter().copied().filter(|&tile| occupancy.items(tile).iter().any(|item| item.class == class));
    held.max_by_key(|&tile| (company(tile), tile))
}

/// Takes a capsule of a class off a tile, one that did not run there if there is such a one.
fn take_one(occupancy: &mut Occupancy<'_>, class: JobClassIndex, tile: TileIndex) {
    let items = occupancy.items(tile).iter().enumerate().filter(|(_, item)| item.class == class);
    let (position, _) = items.min_by_key(|(at, item)| (item.is_current, Reverse(*at))).expect("the tile holds one");
    occupancy.take(tile, position, 1);
}

#[cfg(test)]
mod tests;
