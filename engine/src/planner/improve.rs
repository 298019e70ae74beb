//! The search: what makes a plan better, as long as there are time and moves.

use lessor_solver::lowering::index::JobClassIndex;
use lessor_solver::plan::occupancy::Occupancy;
use lessor_solver::search::{Displacement, Neighborhoods, Rescheduling, Search};

use super::effort::Effort;
use super::run::Run;
use super::telling::Phase;

/// The part of a plan's value that a search round gains at least, where time matters, for another to come before displacement.
const SLOW: i128 = 2_000;

impl Run<'_> {
    /// Improves a plan in turns until the work is spent, the stop is raised, the bound is reached, or nothing helps any more.
    pub(super) fn improve(&self, plan: &mut Occupancy<'_>, effort: &mut Effort) {
        loop {
            self.improve_once(plan, effort);
            let before = self.worth(plan);
            // What was moved may have left room, and the search fills room without asking whose capsules ran elsewhere.
            self.insert(plan, self.guide.order);
            self.settle(plan);
            if self.worth(plan) <= before {
                return;
            }
        }
    }

    /// Search rounds, whole jobs put back in another order, and what is placed moved: each until it helps no more. Where time
    /// matters, displacement takes over as soon as a round gains little: what it moves the rounds leave where it is.
    fn improve_once(&self, plan: &mut Occupancy<'_>, effort: &mut Effort) {
        let mut search = Search::new(plan.lowered(), self.guide.ranking, self.guide.order, effort.seed);
        let mut has_displaced = plan.lowered().grid.count() == 1;
        let mut value = self.worth(plan);
        while self.goes_on(effort) && !self.is_best(plan) {
            let round = search.round(plan, self.stops.search, effort.left());
            self.spend(effort, plan, round.moves);
            if round.is_exhausted {
                break;
            }
            let before = std::mem::replace(&mut value, self.worth(plan));
            if !has_displaced && (value - before) * SLOW < value.max(1) {
                has_displaced = true;
                self.displace(plan, effort);
            }
        }
        if !has_displaced {
            self.displace(plan, effort);
        }
        if !self.is_best(plan) {
            let moves = self.reinsert(plan, effort.seed, effort.left() / 2);
            self.spend(effort, plan, moves);
        }
        if self.goes_on(effort) {
            self.reschedule(plan, effort);
        }
        if self.goes_on(effort) {
            self.plan_neighborhoods(plan, effort);
        }
    }

    /// Puts in what is missing where and when it displaces what is worth less.
    fn displace(&self, plan: &mut Occupancy<'_>, effort: &mut Effort) {
        let mut displacement = Displacement::new(self.that_come(plan), effort.seed);
        while self.goes_on(effort) && !self.is_best(plan) {
            let value = self.worth(plan);
            let round = displacement.round(plan, value, self.stops.search, effort.left());
            self.spend(effort, plan, round.moves);
            if round.is_exhausted {
                break;
            }
        }
    }

    /// The classes of which capsules may come that do not run yet, best first.
    fn that_come(&self, plan: &Occupancy<'_>) -> Vec<JobClassIndex> {
        let comes = |class: &JobClassIndex| plan.lowered().most(*class) > 0 && !self.running.has(*class);
        self.guide.order.iter().copied().filter(comes).collect()
    }

    /// Plans jobs anew together, as far as integer programs tell them apart.
    fn plan_neighborhoods(&self, plan: &mut Occupancy<'_>, effort: &mut Effort) {
        let may_move = |class: &JobClassIndex| plan.lowered().most(*class) > 0 && !self.running.is_pinned(*class);
        let classes: Vec<JobClassIndex> = self.guide.order.iter().copied().filter(may_move).collect();
        let mut neighborhoods = Neighborhoods::new(plan.lowered(), self.running, &classes, effort.seed);
        while self.goes_on(effort) && !self.is_best(plan) {
            let round = neighborhoods.round(plan, self.stops.search);
            self.spend(effort, plan, round.moves);
            if round.is_exhausted {
                break;
            }
        }
    }

    /// Moves what is placed to where it is worth more.
    fn reschedule(&self, plan: &mut Occupancy<'_>, effort: &mut Effort) {
        let mut rescheduling = Rescheduling::new(plan, effort.seed);
        while self.goes_on(effort) && !self.is_best(plan) {
            let (moves, is_exhausted) = rescheduling.round(plan, self.stops.search, effort.left());
            self.spend(effort, plan, moves);
            if is_exhausted {
                break;
            }
        }
    }

    /// Whether there are time and moves left.
    pub(super) fn goes_on(&self, effort: &Effort) -> bool {
        effort.left() > 0 && !self.stops.search.is_raised()
    }

    /// Counts moves of a search, and says what they led to.
    fn spend(&self, effort: &mut Effort, plan: &Occupancy<'_>, moves: u64) {
        effort.spend(moves);
        self.stops.search.spend(moves);
        self.telling.say(Phase::Search, (effort.spent(), effort.work()), Some(self.worth(plan)));
    }
}
