//! The search: what makes a plan better, as long as there are time and moves.

use lessor_solver::lowering::index::JobClassIndex;
use lessor_solver::plan::occupancy::Occupancy;
use lessor_solver::search::{Displacement, Neighborhoods, Rescheduling, Round, Search};

use super::Method;
use super::effort::Effort;
use super::reinsertion::Reinsertion;
use super::run::Run;
use super::telling::Phase;
use super::turns::Turns;

/// The part of a plan's value that a round over single tiles gains at least for another to come before all other searches.
const SLOW: i128 = 2_000;

/// The searches that take turns: over single tiles, by displacement, by rescheduling, over neighborhoods, and by reinsertion.
const SEARCHES: usize = 5;
const TILES: usize = 0;
const DISPLACEMENT: usize = 1;
const RESCHEDULING: usize = 2;
const NEIGHBORHOODS: usize = 3;
const REINSERTION: usize = 4;

/// Attempts of reinsertion in one turn.
const REINSERTED: u64 = 32;

/// Whether a search takes part in a method: all of them do, or the one that the method has its name of.
const fn takes_part(method: Method, search: usize) -> bool {
    match method {
        Method::Auto => true,
        Method::Construction | Method::FirstCome => false,
        Method::Tiles => search == TILES,
        Method::Displacement => search == DISPLACEMENT,
        Method::Rescheduling => search == RESCHEDULING,
        Method::Neighborhoods => search == NEIGHBORHOODS,
        Method::Reinsertion => search == REINSERTION,
    }
}

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

    /// Rounds over single tiles as long as one of them gains much, whole jobs put back in another order, then all searches in
    /// turns. Over time an attempt to put jobs back takes long, and has its turn like any other.
    fn improve_once(&self, plan: &mut Occupancy<'_>, effort: &mut Effort) {
        let mut tiles = Search::new(plan.lowered(), self.guide.ranking, self.guide.order, effort.seed);
        let mut of_tiles = Turns::NONE;
        let (mut value, mut gains_much) = (self.worth(plan), takes_part(self.method, TILES));
        while gains_much && self.goes_on(effort) && !self.is_best(plan) {
            let round = self.spent(effort, plan, |plan, most| tiles.round(plan, self.stops.search, most));
            let before = std::mem::replace(&mut value, self.worth(plan));
            of_tiles.note(value - before, round);
            gains_much = !round.is_exhausted && (value - before) * SLOW >= value.max(1);
        }
        let mut reinsertion = self.reinsertion(plan.lowered(), effort.seed);
        let is_first = plan.lowered().grid.count() == 1 && takes_part(self.method, REINSERTION);
        if is_first && !self.is_best(plan) {
            let round = self.reinsert(plan, &mut reinsertion, u64::MAX, effort.left() / 2);
            self.spend(effort, plan, round.moves);
        }
        if self.goes_on(effort) && !self.is_best(plan) {
            self.take_turns(plan, (tiles, of_tiles), reinsertion, effort);
        }
    }

    /// All searches in turns until none of them helps any more. Single tiles gain most at first and next to nothing long before
    /// none of them gains any more. Where time matters, what is missing displaces what is worth less where and when that stands,
    /// and whole jobs are put back in another order; what displacement loses for good is taken back in the end.
    fn take_turns(
        &self,
        plan: &mut Occupancy<'_>,
        (mut tiles, of_tiles): (Search<'_>, Turns),
        mut reinsertion: Reinsertion,
        effort: &mut Effort,
    ) {
        let (lowered, stop, classes) = (plan.lowered(), self.stops.search, self.that_come(plan));
        let mut neighborhoods = Neighborhoods::new(lowered, self.running, &classes, effort.seed);
        let mut displacement = Displacement::new(self.running, classes, effort.seed);
        let mut rescheduling = Rescheduling::new(lowered, effort.seed);
        let mut turns = [Turns::NONE; SEARCHES];
        turns[TILES] = of_tiles;
        for (search, turns) in turns.iter_mut().enumerate() {
            let is_idle = matches!(search, DISPLACEMENT | REINSERTION) && lowered.grid.count() == 1;
            if is_idle || !takes_part(self.method, search) {
                *turns = Turns::OVER;
            }
        }
        let mut value = self.worth(plan);
        let mut best: Option<(i128, Occupancy<'_>)> = None;
        while self.goes_on(effort)
            && !self.is_best(plan)
            && let Some(next) = Turns::next(&turns)
        {
            if next == DISPLACEMENT && self.compares_plans && best.as_ref().is_none_or(|(most, _)| value > *most) {
                best = Some((value, plan.clone()));
            }
            let round = match next {
                TILES => self.spent(effort, plan, |plan, most| tiles.round(plan, stop, most)),
                DISPLACEMENT => self.heat(&mut displacement, plan, effort),
                REINSERTION => {
                    self.spent(effort, plan, |plan, most| self.reinsert(plan, &mut reinsertion, REINSERTED, most))
                }
                RESCHEDULING => self.spent(effort, plan, |plan, most| rescheduling.round(plan, stop, most)),
                _ => self.spent(effort, plan, |plan, _| neighborhoods.round(plan, stop)),
            };
            let before = std::mem::replace(&mut value, self.worth(plan));
            turns[next].note(value - before, round);
        }
        if let Some((_, best)) = best.filter(|(most, _)| *most > value) {
            *plan = best;
        }
    }

    /// All stages of displacement from a large allowance to none: what the first ones lose the last ones gain.
    fn heat(&self, displacement: &mut Displacement<'_>, plan: &mut Occupancy<'_>, effort: &mut Effort) -> Round {
        let mut heat = Round { moves: 0, is_exhausted: false };
        while !heat.is_exhausted && self.goes_on(effort) {
            let value = self.worth(plan);
            let stage = |plan: &mut Occupancy<'_>, most| displacement.round(plan, value, self.stops.search, most);
            let stage = self.spent(effort, plan, stage);
            heat = Round { moves: heat.moves + stage.moves, is_exhausted: stage.is_exhausted };
            if displacement.is_cold() {
                break;
            }
        }
        heat
    }

    /// A round of a search of at most so many moves as are left, counted.
    fn spent(
        &self,
        effort: &mut Effort,
        plan: &mut Occupancy<'_>,
        mut round: impl FnMut(&mut Occupancy<'_>, u64) -> Round,
    ) -> Round {
        let round = round(plan, effort.left());
        self.spend(effort, plan, round.moves);
        round
    }

    /// The classes of which capsules may come, best first.
    fn that_come(&self, plan: &Occupancy<'_>) -> Vec<JobClassIndex> {
        self.guide.order.iter().copied().filter(|&class| plan.lowered().most(class) > 0).collect()
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
