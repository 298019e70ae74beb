//! Whether a plan keeps what rules ask of some classes, once all of them are where they are.

use std::collections::BTreeSet;

use lessor_models::job::Relation;

use crate::lowering::index::{JobClassIndex, TileIndex};
use crate::plan::occupancy::Occupancy;

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
        let mut items = occupancy.items(tile).iter().map(|item| item.class);
        items.all(|class| !watched.contains(&class) || may_be(occupancy, tile, class))
    };
    watched.is_empty() || tiles.all(is_kept)
}

/// Whether the capsules of a class on a tile may be there.
fn may_be(occupancy: &Occupancy<'_>, tile: TileIndex, class: JobClassIndex) -> bool {
    let lowered = occupancy.lowered();
    let (job, node) = (lowered.job(class), lowered.tiles[tile.at()]);
    let crowds = job.spread.is_some_and(|spread| {
        let mut members = lowered.instance.fleet().members(node, spread.domain).into_iter();
        members.any(|member| occupancy.bonds().count_in(class, member) > spread.most)
    });
    let meets = |other: Relation| occupancy.bonds().runs_in(lowered.class_of_job[other.job.at()], node, other.domain);
    !crowds && !occupancy.bonds().is_orphan(tile, class) && !job.anti_affinity.is_some_and(meets)
}
