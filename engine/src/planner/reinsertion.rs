//! Jobs taken off as a whole and put back in another order: what the search never moves, because a capsule of it depends on
//! others (gangs, spreads, relations) or runs already.
//!
//! Ruin and recreate (Schrimpf, Schneider, Stamm-Wilbrandt & Dueck 2000) over whole job classes: a few are taken off, each
//! comes back in a random order, to where it ran or to where it earns most, and everything that is missing fills what is left.
//! The plan stays where it is worth more, its moves paid. Every attempt works on a copy of the plan, so that this is for fleets
//! of a few thousand tiles.

use lessor_solver::index::{JobClassIndex, TileIndex};
use lessor_solver::insert;
use lessor_solver::lowering::Lowered;
use lessor_solver::occupancy::Occupancy;
use lessor_solver::random::Random;

use super::Run;
use super::construct::Guide;
use super::restarts::is_small;

/// Classes that are taken off together, at most.
const CLASSES_MAX: u64 = 4;

/// Attempts for each class without an improvement, after which further ones are unlikely to help; and the most of those.
const IDLE_PER_CLASS: u64 = 24;
const IDLE_MAX: u64 = 400;

/// What one attempt counts for in moves, beside one for so many tiles.
const ATTEMPT_MOVES: u64 = 10;
const TILES_PER_MOVE: u64 = 8;

impl Run<'_> {
    /// Reinserts classes until that helps no more, or for so many moves. Returns the moves made.
    pub(super) fn reinsert(&self, occupancy: &mut Occupancy<'_>, guide: Guide<'_>, most: u64) -> u64 {
        let lowered = occupancy.lowered();
        let classes: Vec<JobClassIndex> = lowered.class_indexes().filter(|&class| lowered.most(class) > 0).collect();
        if !is_small(lowered) || !classes.iter().any(|&class| self.is_tied(lowered, class)) {
            return 0;
        }
        let idle_max = (classes.len() as u64 * IDLE_PER_CLASS).min(IDLE_MAX);
        let each = ATTEMPT_MOVES + lowered.tiles.len() as u64 / TILES_PER_MOVE;
        let mut random = Random::new(self.seed).fork(u64::MAX);
        let mut value = self.worth(occupancy);
        let (mut idle, mut moves) = (0, 0);
        while idle < idle_max && moves + each <= most && !self.stops.search.is_raised() {
            moves += each;
            idle += 1;
            let attempt = self.attempt(occupancy, guide, &classes, &mut random);
            let worth = self.worth(&attempt);
            if worth > value {
                (*occupancy, value, idle) = (attempt, worth, 0);
            }
        }
        moves
    }

    /// Whether the search leaves a class where it is.
    fn is_tied(&self, lowered: &Lowered<'_>, class: JobClassIndex) -> bool {
        let job = lowered.job(class);
        lowered.classes[class.at()].is_bound || job.gang_min > 1 || job.wanted > 0 || self.running.has(class)
    }

    /// The plan with a few classes put back in another way.
    fn attempt<'l>(
        &self,
        occupancy: &Occupancy<'l>,
        guide: Guide<'_>,
        classes: &[JobClassIndex],
        random: &mut Random,
    ) -> Occupancy<'l> {
        let mut plan = occupancy.clone();
        let mut order = classes.to_vec();
        random.shuffle(&mut order);
        let many = 1 + random.index(order.len().min(usize::try_from(CLASSES_MAX).unwrap_or(1)));
        let taken = &order[..many];
        take_off(&mut plan, taken);
        for &class in taken {
            if random.below(2) == 0 && plan.placed(class) == 0 {
                self.running.keep_class(&mut plan, class);
            }
            if random.below(4) > 0 {
                insert::insert_missing(&mut plan, &[class], guide.ranking, self.stops.search);
            }
        }
        insert::insert_missing(&mut plan, &order, guide.ranking, self.stops.search);
        self.settle(&mut plan, guide);
        plan
    }
}

/// Takes off everything of some classes but what runs and must not be preempted.
fn take_off(plan: &mut Occupancy<'_>, classes: &[JobClassIndex]) {
    for tile in (0..plan.lowered().tiles.len()).map(TileIndex::new) {
        for position in (0..plan.items(tile).len()).rev() {
            let item = plan.items(tile)[position];
            let stays = item.is_current && !plan.lowered().job(item.class).preemptible;
            if classes.contains(&item.class) && !stays {
                plan.take(tile, position, item.count);
            }
        }
    }
}
