//! The search: what makes a plan better, as long as there are time and moves.

use lessor_solver::lowering::index::JobClassIndex;
use lessor_solver::plan::occupancy::Occupancy;
use lessor_solver::search::{Displacement, Neighborhoods, Rescheduling, Round, Search};

use super::effort::Effort;
use super::run::Run;
use super::telling::Phase;

/// The part of a plan's value that a round over single tiles gains at least for another to come before all other searches.
const SLOW: i128 = 2_000;

/// How many times the moves of a search that takes turns may be those of all, before it comes next whatever it gained.
const SHARE: u64 = 10;

/// The searches that take turns: over single tiles, by displacement, by rescheduling, and over neighborhoods.
const SEARCHES: usize = 4;
const TILES: usize = 0;
const DISPLACEMENT: usize = 1;
const RESCHEDULING: usize = 2;

/// What a search that takes turns has gained of late.
#[derive(Clone, Copy)]
struct Turns {
    /// What a move gained, in micro-credits, the last rounds counting most.
    rate: f64,
    moves: u64,
    are_over: bool,
}

impl Turns {
    /// Nobody has been asked yet.
    const NONE: Turns = Turns { rate: f64::INFINITY, moves: 0, are_over: false };

    /// Whose turn is next: who had least of the moves, if that was too little, or else who gained most for its moves; of equals the
    /// first. `None` where all are over.
    fn next(turns: &[Turns]) -> Option<usize> {
        let all: u64 = turns.iter().map(|turns| turns.moves).sum();
        let open = || (0..turns.len()).filter(|&at| !turns[at].are_over);
        let least = open().min_by_key(|&at| (turns[at].moves, at)).filter(|&at| turns[at].moves < all / SHARE);
        least.or_else(|| open().max_by(|&a, &b| turns[a].rate.total_cmp(&turns[b].rate).then(b.cmp(&a))))
    }

    fn note(&mut self, gain: i128, round: Round) {
        let rate = gain as f64 / round.moves.max(1) as f64;
        self.rate = if self.moves == 0 { rate } else { f64::midpoint(self.rate, rate) };
        self.moves += round.moves;
        self.are_over = round.is_exhausted;
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

    /// The searches in turns, then whole jobs put back in another order: each until it helps no more.
    fn improve_once(&self, plan: &mut Occupancy<'_>, effort: &mut Effort) {
        self.take_turns(plan, effort);
        if !self.is_best(plan) {
            let moves = self.reinsert(plan, effort.seed, effort.left() / 2);
            self.spend(effort, plan, moves);
        }
    }

    /// Rounds over single tiles and, once one of them gains little, of all searches in turns. Single tiles gain most at first and next
    /// to nothing long before none of them gains any more. Where time matters, what is missing displaces what is worth less where
    /// and when that stands.
    fn take_turns(&self, plan: &mut Occupancy<'_>, effort: &mut Effort) {
        let (lowered, stop, classes) = (plan.lowered(), self.stops.search, self.that_come(plan));
        let mut tiles = Search::new(lowered, self.guide.ranking, self.guide.order, effort.seed);
        let mut neighborhoods = Neighborhoods::new(lowered, self.running, &classes, effort.seed);
        let mut displacement = Displacement::new(self.running, classes, effort.seed);
        let mut rescheduling = Rescheduling::new(lowered, effort.seed);
        let mut turns = [Turns::NONE; SEARCHES];
        turns[DISPLACEMENT].are_over = lowered.grid.count() == 1;
        let (mut value, mut gains_little) = (self.worth(plan), false);
        while self.goes_on(effort)
            && !self.is_best(plan)
            && let Some(next) = if gains_little { Turns::next(&turns) } else { Some(TILES) }
        {
            let round = match next {
                TILES => self.spent(effort, plan, |plan, most| tiles.round(plan, stop, most)),
                DISPLACEMENT => self.heat(&mut displacement, plan, effort),
                RESCHEDULING => self.spent(effort, plan, |plan, most| rescheduling.round(plan, stop, most)),
                _ => self.spent(effort, plan, |plan, _| neighborhoods.round(plan, stop)),
            };
            let before = std::mem::replace(&mut value, self.worth(plan));
            turns[next].note(value - before, round);
            gains_little = gains_little || round.is_exhausted || (value - before) * SLOW < value.max(1);
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
