//! New contents of tiles in place of the old, where rules and accounts allow all of them.

use super::Contents;
use crate::lowering::index::TileIndex;
use crate::plan::occupancy::{Item, Occupancy};

/// Puts a cell's new contents in place of the old, all or none: what one tile gains another may have given up. What stays is
/// not touched.
pub(super) fn replace(occupancy: &mut Occupancy<'_>, changes: &[Contents]) -> bool {
    let old: Vec<Contents> = changes.iter().map(|(tile, _)| (*tile, occupancy.items(*tile).to_vec())).collect();
    changes.iter().for_each(|(tile, items)| take_others(occupancy, *tile, items));
    for (tile, items) in changes {
        let group = occupancy.lowered().group_of(*tile);
        for (at, item) in items.iter().enumerate() {
            let count = like(&items[..=at], item).saturating_sub(like(occupancy.items(*tile), item));
            let room = occupancy.path_room(item.class, group, item.start, u64::from(count));
            if room < u64::from(count) || occupancy.missing(item.class) < u64::from(count) {
                changes.iter().for_each(|(tile, _)| take_others(occupancy, *tile, &[]));
                for (tile, items) in old {
                    items.into_iter().for_each(|item| occupancy.place(tile, item));
                }
                return false;
            }
            if count > 0 {
                occupancy.place(*tile, Item { count, ..*item });
            }
        }
    }
    true
}

/// Takes off a tile what is not among the items that stay.
fn take_others(occupancy: &mut Occupancy<'_>, tile: TileIndex, stay: &[Item]) {
    for position in (0..occupancy.items(tile).len()).rev() {
        let item = occupancy.items(tile)[position];
        let goes = like(occupancy.items(tile), &item).saturating_sub(like(stay, &item)).min(item.count);
        if goes > 0 {
            occupancy.take(tile, position, goes);
        }
    }
}

/// How many capsules in a list of items differ from those of an item in nothing.
fn like(items: &[Item], asked: &Item) -> u32 {
    items.iter().filter(|item| Item { count: asked.count, ..**item } == *asked).map(|item| item.count).sum()
}
