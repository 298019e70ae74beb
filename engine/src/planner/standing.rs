//! What an earlier plan has yet to start, taken up beside what runs: where nothing changed, that plan as it was.
//!
//! A plan is made on a grid of time, but in the end its runs begin and end wherever there is room, and on even buckets they would
//! be in each other's way. So it is taken up on a grid with an edge wherever one of them begins or ends.

use std::collections::BTreeSet;

use lessor_models::job::JobIndex;
use lessor_solver::lowering::Lowered;
use lessor_solver::lowering::index::JobClassIndex;
use lessor_solver::plan::insert;
use lessor_solver::plan::occupancy::Occupancy;
use lessor_solver::plan::running::Stay;

use super::effort::Effort;
use super::gaps::{VECTORS_MAX, on_edges};
use super::run::Run;
use super::telling::Phase;

/// An instance on a grid that tells apart the runs of an earlier plan; `None` where the grid does so already, or it would be too
/// large.
pub(super) fn ground<'i>(lowered: &Lowered<'i>, vectors: usize) -> Option<Lowered<'i>> {
    let instance = lowered.instance;
    if instance.queued().is_empty() {
        return None;
    }
    let tile_of = lowered.tile_of_nodes();
    let class_of = |job: JobIndex| lowered.class_of_job[job.at()];
    let queued = instance.queued().iter().map(|queued| (class_of(queued.job), tile_of[&queued.tile], queued.start));
    let running = instance.current().iter().map(|runs| {
        let class = class_of(runs.job);
        (class, tile_of[&runs.tile], lowered.job(class).earliest)
    });
    on_edges(lowered, queued.chain(running), vectors.min(VECTORS_MAX))
}

impl Run<'_> {
    /// What runs and what an earlier plan has yet to start, as far as that still stands, and whatever else fits; `None` where there
    /// is no earlier plan.
    pub(super) fn standing_plan<'l>(&self, ground: &'l Lowered<'l>) -> Option<Occupancy<'l>> {
        let queued = ground.instance.queued();
        if queued.is_empty() || !self.compares_plans {
            return None;
        }
        let coming: BTreeSet<JobClassIndex> =
            queued.iter().map(|queued| ground.class_of_job[queued.job.at()]).collect();
        let coming: Vec<JobClassIndex> = coming.into_iter().collect();
        let mut plan = Occupancy::new(ground);
        self.running.keep_beside(&mut plan, Stay::All, &coming);
        insert::insert_queued(&mut plan);
        self.settle(&mut plan);
        self.insert(&mut plan, self.guide.order);
        self.settle(&mut plan);
        self.telling.say(Phase::Cells, (1, 1), Some(self.worth(&plan)));
        Some(plan)
    }

    /// What searching makes of it.
    pub(super) fn bettered<'l>(&self, standing: &Occupancy<'l>, effort: &mut Effort) -> Occupancy<'l> {
        let mut plan = standing.clone();
        self.improve(&mut plan, effort);
        self.telling.reached(self.worth(&plan));
        plan
    }
}
