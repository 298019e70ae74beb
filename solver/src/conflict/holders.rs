//! Which tiles hold each class, and how many capsules at most: what their room could gain is known without a look at them.

use crate::lowering::index::{GroupIndex, TileIndex};
use crate::plan::occupancy::Occupancy;

/// A tile that holds capsules of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Holder {
    /// Where.
    pub(super) tile: TileIndex,
    /// The most capsules of one of its items.
    pub(super) most: u32,
}

/// The holders of one class in one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    /// The group.
    pub(super) group: GroupIndex,
    /// The most capsules of any item there.
    pub(super) most: u32,
    /// In the order of tiles.
    pub(super) holders: Vec<Holder>,
}

/// The holders of every class, by class and then in the order of groups. O(tiles + items).
pub(super) fn all(occupancy: &Occupancy<'_>) -> Vec<Vec<Held>> {
    let lowered = occupancy.lowered();
    let mut all: Vec<Vec<Held>> = vec![Vec::new(); lowered.classes.len()];
    for tile in (0..lowered.tiles.len()).map(TileIndex::new) {
        let group = lowered.group_of(tile);
        for item in occupancy.items(tile) {
            let of_class = &mut all[item.class.at()];
            if of_class.last().is_none_or(|held| held.group != group) {
                of_class.push(Held { group, most: 0, holders: Vec::new() });
            }
            let Some(held) = of_class.last_mut() else { continue };
            held.most = held.most.max(item.count);
            match held.holders.last_mut().filter(|holder| holder.tile == tile) {
                Some(holder) => holder.most = holder.most.max(item.count),
                None => held.holders.push(Holder { tile, most: item.count }),
            }
        }
    }
    all
}
