//! What every phase of a planning run needs, and none of them changes.

use std::sync::OnceLock;

use lessor_solver::bound::Relaxation;
use lessor_solver::lowering::Lowered;
use lessor_solver::lowering::index::{GroupIndex, JobClassIndex, TileIndex};
use lessor_solver::plan::cohorts::Cohorts;
use lessor_solver::plan::occupancy::Occupancy;
use lessor_solver::plan::rank::Ranking;
use lessor_solver::plan::running::Running;
use lessor_solver::plan::{assemble, insert};
use rayon::prelude::*;

use super::telling::Telling;
use super::{Method, Stops};

/// What a plan is made by. A phase changes the plan in hand and, where it searches, an [`Effort`](super::effort::Effort).
#[derive(Clone, Copy)]
pub(super) struct Run<'a> {
    /// Which searches there are.
    pub(super) method: Method,
    pub(super) stops: Stops<'a>,
    pub(super) telling: &'a Telling<'a>,
    /// What runs when the plan begins.
    pub(super) running: &'a Running,
    /// Whether there is room for several first plans at once.
    pub(super) compares_plans: bool,
    /// The proven bound in micro-credits, where there is one.
    pub(super) bound: Option<i128>,
    pub(super) guide: Guide<'a>,
}

/// What says which class goes where first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guide<'r> {
    /// Counts of every class; none where the bound was not found in time.
    pub(super) relaxation: Option<&'r Relaxation>,
    /// Worth and cost of every class in every group.
    pub(super) ranking: &'r Ranking,
    /// Every class, best first.
    pub(super) order: &'r [JobClassIndex],
    /// The cohorts of the classes, once somebody asks.
    pub(super) cohorts: &'r OnceLock<Cohorts>,
}

impl<'r> Guide<'r> {
    /// The cohorts of the classes.
    pub(super) fn cohorts(&self, lowered: &Lowered<'_>) -> &'r Cohorts {
        self.cohorts.get_or_init(|| Cohorts::of(lowered, self.ranking))
    }
}

impl Run<'_> {
    /// Puts in whatever fits of some classes.
    pub(super) fn insert(&self, plan: &mut Occupancy<'_>, classes: &[JobClassIndex]) {
        insert::insert_missing(plan, classes, self.guide.ranking, self.stops.search);
    }

    /// What a plan is worth, its moves paid: what progress shows, and what plans are compared by.
    pub(super) fn worth(&self, plan: &Occupancy<'_>) -> i128 {
        worth(plan) - self.running.move_cost(plan)
    }

    /// Whether nothing is worth more than a plan.
    pub(super) fn is_best(&self, plan: &Occupancy<'_>) -> bool {
        self.bound.is_some_and(|bound| self.worth(plan) >= bound)
    }
}

/// What a plan is worth before its moves.
fn worth(plan: &Occupancy<'_>) -> i128 {
    let lowered = plan.lowered();
    let of_group = |group: GroupIndex| -> i128 {
        let tiles = lowered.group(group).tiles.clone().map(TileIndex::new);
        let items = tiles.flat_map(|tile| plan.items(tile));
        items.map(|item| i128::from(lowered.worth_from(item.class, group, item.start)) * i128::from(item.count)).sum()
    };
    let bonus = |class| assemble::bonuses(lowered, class, plan.placed(class));
    let groups: Vec<GroupIndex> = lowered.group_indexes().collect();
    let placed: i128 = groups.into_par_iter().map(of_group).sum();
    placed + lowered.class_indexes().map(bonus).sum::<i128>() - plan.strain_of_all()
}
