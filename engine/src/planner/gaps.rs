//! What is left between runs once a plan is there, with time told apart as finely as the plan itself does.
//!
//! A grid of even buckets takes whatever touches a bucket to last for all of it: short jobs find no room beside runs that end
//! in the middle of one. A grid with an edge wherever a run of the plan begins or ends shows that room exactly, and
//! what was left out is tried there.

use std::collections::BTreeSet;

use lessor_models::time::Timestamp;
use lessor_solver::lowering::index::{JobClassIndex, TileIndex};
use lessor_solver::lowering::{Grid, Lowered};
use lessor_solver::plan::insert;
use lessor_solver::plan::occupancy::Occupancy;

use super::effort::Effort;
use super::run::Run;

/// The most buckets of such a grid, and the most vectors in a plan's table of tiles where it is searched.
pub(super) const BUCKETS_MAX: usize = 1 << 14;
pub(super) const VECTORS_MAX: usize = 1 << 20;

/// An instance on a grid as fine as a plan; `None` where that shows nothing new, or would be too large.
pub(super) fn refined<'i>(plan: &Occupancy<'i>, vectors: usize) -> Option<Lowered<'i>> {
    let lowered = plan.lowered();
    let is_full = lowered.class_indexes().all(|class| plan.missing(class) == 0);
    if lowered.grid.count() == 1 || is_full {
        return None;
    }
    let tiles = (0..lowered.tiles.len()).map(TileIndex::new);
    on_edges(
        lowered,
        tiles.flat_map(|tile| plan.items(tile).iter().map(move |item| (item.class, tile, item.start))),
        vectors.min(VECTORS_MAX),
    )
}

/// An instance on the same grid with further edges, wherever one of some runs begins or ends or a capacity changes; `None` where
/// there are none, or it would be too large.
pub(super) fn on_edges<'i>(
    lowered: &Lowered<'i>,
    runs: impl Iterator<Item = (JobClassIndex, TileIndex, Timestamp)>,
    vectors: usize,
) -> Option<Lowered<'i>> {
    let ends = runs.flat_map(|(class, tile, start)| {
        let run = lowered.run(class, lowered.group_of(tile), start);
        [run.start, run.end]
    });
    let instants: BTreeSet<Timestamp> = ends.chain(Grid::capacity_changes(lowered.instance)).collect();
    let grid = lowered.grid.with_edges(&instants);
    let most = BUCKETS_MAX.min(vectors / lowered.tiles.len().max(1));
    (lowered.grid.count() < grid.count() && grid.count() <= most).then(|| Lowered::on(lowered.instance, grid))
}

impl Run<'_> {
    /// A plan on its refined grid, with whatever fits between its runs, and then searched on while there is time. `None` where
    /// that is worth no more than the plan.
    pub(super) fn fill_gaps<'r>(
        &self,
        plan: &Occupancy<'_>,
        refined: &'r Lowered<'r>,
        effort: &mut Effort,
    ) -> Option<Occupancy<'r>> {
        let mut filled = Occupancy::new(refined);
        for tile in (0..refined.tiles.len()).map(TileIndex::new) {
            plan.items(tile).iter().for_each(|&item| filled.place(tile, item));
        }
        insert::insert_missing(&mut filled, self.guide.order, self.guide.ranking, self.stops.fill);
        self.settle(&mut filled);
        self.improve(&mut filled, effort);
        (self.worth(&filled) > self.worth(plan)).then_some(filled)
    }
}
