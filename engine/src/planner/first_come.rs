//! The plan of no planner: what runs stays, and everything else comes in the order of arrival.
//!
//! A queue knows time to the instant, and its plan lies on a grid with an edge wherever one of its runs begins or ends. Where that
//! would be too large, and where another search begins with such a plan, each run takes up whole buckets.

use lessor_solver::lowering::Lowered;
use lessor_solver::lowering::index::TileIndex;
use lessor_solver::plan::first_come::{Times, first_come};
use lessor_solver::plan::occupancy::{Item, Occupancy};
use lessor_solver::plan::running::Stay;
use lessor_solver::plan::unruly::drop_unruly;

use super::gaps::{BUCKETS_MAX, on_edges};
use super::restarts::is_soon_filled;
use super::run::Run;
use super::telling::Phase;

/// What a queue comes to, to the instant.
pub(super) struct Queue<'i> {
    /// A grid that tells its runs apart.
    ground: Lowered<'i>,
    placed: Vec<(TileIndex, Item)>,
}

impl Run<'_> {
    /// What a queue comes to where an even grid would round its runs; `None` where the grid does not, or a finer one would be too
    /// large.
    pub(super) fn queue<'i>(&self, lowered: &Lowered<'i>, vectors: usize) -> Option<Queue<'i>> {
        let times = Times::Exact { instants_max: BUCKETS_MAX };
        let placed = first_come(&self.running_plan(lowered, Stay::All), times, self.stops.search)?;
        let runs = placed.iter().map(|&(tile, item)| (item.class, tile, item.start));
        let ground = on_edges(lowered, runs, vectors)?;
        Some(Queue { ground, placed })
    }

    /// The same where it is soon known, for a plan to be worth no less.
    pub(super) fn soon_queue<'i>(&self, lowered: &Lowered<'i>, vectors: usize) -> Option<Queue<'i>> {
        let is_soon_known = self.compares_plans && lowered.grid.count() > 1 && is_soon_filled(lowered);
        is_soon_known.then(|| self.queue(lowered, vectors)).flatten()
    }

    /// The plan of a queue.
    pub(super) fn queue_plan<'q>(&self, queue: &'q Queue<'_>) -> Occupancy<'q> {
        self.plan_in_order(self.running_plan(&queue.ground, Stay::All), &queue.placed)
    }

    /// The same, each run on all of every bucket that it touches.
    pub(super) fn queue_plan_in_buckets<'l>(&self, lowered: &'l Lowered<'l>) -> Occupancy<'l> {
        let begun = self.running_plan(lowered, Stay::All);
        let placed = first_come(&begun, Times::InBuckets, self.stops.search).unwrap_or_default();
        self.plan_in_order(begun, &placed)
    }

    /// What runs, and beside it what a queue placed.
    fn plan_in_order<'l>(&self, mut plan: Occupancy<'l>, placed: &[(TileIndex, Item)]) -> Occupancy<'l> {
        placed.iter().for_each(|&(tile, item)| plan.place(tile, item));
        while !drop_unruly(&mut plan, self.guide.ranking).is_empty() {}
        self.telling.say(Phase::Cells, (1, 1), Some(self.worth(&plan)));
        plan
    }
}
