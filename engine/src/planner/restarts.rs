//! Searches from several first plans, for fleets that are searched to the end long before the time is over.
//!
//! Where local search ends depends on where it begins and on chance. What a queue would have come to is one beginning, so that no
//! plan of a small fleet is worth less than that; others come from other seeds, until several in a row brought nothing.

use lessor_solver::lowering::Lowered;
use lessor_solver::occupancy::Occupancy;
use lessor_solver::random::Random;

use super::Run;
use super::construct::Guide;

/// The most vectors in a plan's table of tiles for a fleet to be small.
const VECTORS_MAX: usize = 4_096;

/// Whether a plan is soon copied and searched.
pub(super) fn is_small(lowered: &Lowered<'_>) -> bool {
    lowered.tiles.len() * lowered.grid.count() <= VECTORS_MAX
}

/// The most work in which a queue fills a fleet where time matters: job classes times what a plan's table of tiles has.
const QUEUE_WORK_MAX: usize = 1 << 28;

/// Whether what a queue would come to is soon known.
fn is_soon_filled(lowered: &Lowered<'_>) -> bool {
    let buckets = lowered.grid.count();
    is_small(lowered) || buckets > 1 && lowered.classes.len() * lowered.tiles.len() * buckets <= QUEUE_WORK_MAX
}

/// Searches in a row without a gain, after which further ones are unlikely to help.
const IDLE_MAX: u32 = 3;

impl Run<'_> {
    /// The best plan of all searches.
    pub(super) fn search<'l>(&mut self, lowered: &'l Lowered<'l>, guide: Guide<'_>) -> Occupancy<'l> {
        let mut best = self.first_plan(lowered, guide);
        let mut arrived =
            (self.compares_plans && is_soon_filled(lowered)).then(|| self.first_come_plan(lowered, guide.ranking));
        if let Some(arrived) = arrived.as_mut().filter(|arrived| self.worth(arrived) > self.worth(&best)) {
            std::mem::swap(arrived, &mut best);
        }
        if !is_small(lowered) || !self.compares_plans {
            drop(arrived);
            self.improve(&mut best, guide);
            return best;
        }
        let (mut idle, mut random) = (0, Random::new(self.seed).fork(1));
        self.improve(&mut best, guide);
        while idle < IDLE_MAX && self.goes_on() && !self.is_best(&best) {
            idle += 1;
            random.advance();
            self.seed = random.draw();
            self.incumbent = Some(self.worth(&best));
            let mut other = arrived.take().unwrap_or_else(|| self.first_plan(lowered, guide));
            self.improve(&mut other, guide);
            if self.worth(&other) > self.worth(&best) {
                (best, idle) = (other, 0);
            }
        }
        best
    }
}
