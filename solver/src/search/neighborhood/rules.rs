//! Whether a plan keeps what rules ask of some classes, once all of them are where they are.

use std::collections::BTreeSet;

use crate::lowering::index::{JobClassIndex, TileIndex};
use crate::plan::occupancy::{Item, Occupancy};

/// Whether no gang of some classes is partial, and neither they nor those that look at them are where they must not be.
///
/// O(items) where rules bind a class.
pub(super) fn are_kept(occupancy: &Occupancy<'_>, classes: &[JobClassIndex]) -> bool {
    let lowered = occupancy.lowered();
    if classes.iter().any(|&class| occupancy.partial_gang(class) > 0 || occupancy.bonds().is_crowded(class)) {
        return false;
    }
    let bound = classes.iter().copied().filter(|class| lowered.classes[class.at()].is_bound);
    let look = |class: JobClassIndex| {
        let others = lowered.followed_by(class).chain(lowered.avoided_by(class)).map(|(other, _)| other);
        others.chain([class]).collect::<Vec<_>>()
    };
    let watched: BTreeSet<JobClassIndex> = bound.flat_map(look).collect();
    let mut tiles = (0..lowered.tiles.len()).map(TileIndex::new);
    let is_kept = |tile: TileIndex| {
        occupancy.items(tile).iter().all(|item| !watched.contains(&item.class) || may_be(occupancy, tile, item))
    };
    watched.is_empty() || tiles.all(is_kept)
}

/// Whether the capsules of an item may be there when they run.
fn may_be(occupancy: &Occupancy<'_>, tile: TileIndex, item: &Item) -> bool {
    let (lowered, &Item { class, start, .. }) = (occupancy.lowered(), item);
    let (job, node) = (lowered.job(class), lowered.tiles[tile.at()]);
    let crowds = job.spread.is_some_and(|spread| {
        let mut members = lowered.instance.fleet().members(node, spread.domain).into_iter();
        members.any(|member| occupancy.bonds().count_in(class, member) > spread.most)
    });
    !crowds && !occupancy.bonds().is_orphan(tile, class, start) && !occupancy.bonds().is_shunned(tile, class, start)
}
