//! The two-level planner: layer program, cells in parallel, search, certificate, reasons.
//!
//! `construct` holds the recipes of the first plan, `restarts` searches small fleets from several of them, `reinsertion` puts
//! whole cohorts back in another order where rules bind them, they run or they strain tiles, `gaps` looks between runs once a
//! plan is there, `held_back` finds the way there, `proof` makes the certificate, and `thrift` says what gives way where memory is
//! little.

mod construct;
mod gaps;
mod held_back;
mod proof;
mod reinsertion;
mod restarts;
mod thrift;

use std::sync::OnceLock;

use lessor_market::prices;
use lessor_models::certificate::Certificate;
use lessor_models::check;
use lessor_models::instance::Instance;
use lessor_models::objective;
use lessor_models::plan::{Plan, Price};
use lessor_solver::bound::{self, Relaxation};
use lessor_solver::conflict::Explainer;
use lessor_solver::lowering::Lowered;
use lessor_solver::lowering::index::{GroupIndex, JobClassIndex, TileIndex};
use lessor_solver::plan::assemble;
use lessor_solver::plan::insert;
use lessor_solver::plan::occupancy::Occupancy;
use lessor_solver::plan::rank::Ranking;
use lessor_solver::plan::running::Running;
use lessor_solver::search::{Displacement, Rescheduling, Search};
use lessor_solver::support::stop::Stop;
use rayon::prelude::*;

use construct::Guide;
use held_back::Way;
use proof::certify;
use thrift::Thrift;

/// The part of a plan's value that a search round gains at least, where time matters, for another to come before displacement.
const SLOW: i128 = 2_000;

/// How a plan is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// The layer's counts, packing and search, as they help.
    #[default]
    Auto,
    /// Each job in the order of arrival, at the first instant at which it fits: what a plan is measured against.
    FirstCome,
}

/// What a planning run is told beside its instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannerOptions {
    /// How the plan is made.
    pub method: Method,
    /// The one number that reproduces a run.
    pub seed: u64,
    /// Local-search moves after which the run ends by itself, the polish of first plans not counted; `None` leaves the end to the
    /// `Stop`.
    pub work: Option<u64>,
    /// How many unplaced jobs, dearest first, get a conflict set and a cure.
    pub explain_max: usize,
    /// Bytes that the tables of plans may take; with fewer, time is told apart less finely and fewer first plans are compared.
    pub memory: Option<u64>,
}

/// What a planning run is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Lowering the instance to raw tables.
    Lower,
    /// Solving for the bound and its prices.
    Bound,
    /// Packing cells.
    Cells,
    /// Improving the incumbent.
    Search,
    /// Finding reasons and cures.
    Explain,
}

/// A report from a running plan; never decides anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub phase: Phase,
    /// Steps of the phase done.
    pub done: u64,
    /// Steps of the phase in all; 0 where not known.
    pub of: u64,
    /// The incumbent's value in micro-credits, where there is one.
    pub value: Option<i128>,
    /// The proven bound in micro-credits, where there is one.
    pub bound: Option<i128>,
}

/// What a planning run returns.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The incumbent. Its value is the checker's; whoever writes it down asks the checker for violations first.
    pub plan: Plan,
    /// Its exact value, in micro-credits.
    pub value: i128,
    /// The proof, where one was found in time, and the bound that it implies.
    pub certificate: Option<(Certificate, i128)>,
    /// The sum of accepted bids: the scale of the gap.
    pub accepted_bids: u128,
    /// How many job classes and tile groups the instance was lowered to.
    pub sizes: (usize, usize),
}

impl Outcome {
    /// `(bound - value) / max(1, accepted bids)`; `None` without a proof.
    #[must_use]
    pub fn gap(&self) -> Option<f64> {
        let (_, bound) = self.certificate.as_ref()?;
        Some((bound - self.value) as f64 / self.accepted_bids.max(1) as f64)
    }
}

/// When the parts of a planning run end: construction never waits for a bound, and an answer needs its reasons.
#[derive(Clone, Copy, Debug)]
pub struct Stops<'a> {
    /// Ends the program behind the bound; without it there is no certificate, and worth alone ranks jobs.
    pub bound: &'a Stop,
    /// Ends construction and search: the incumbent stands.
    pub search: &'a Stop,
    /// Ends the filling of the gaps that it left; no sooner than the search.
    pub fill: &'a Stop,
    /// Ends the explanation of what was left out.
    pub explain: &'a Stop,
}

/// Plans an instance: the incumbent when the search is stopped or the work is spent, whichever comes first.
///
/// The same instance, seed and work give the same plan on any number of threads, as long as no stop is raised.
pub fn plan(
    instance: &Instance,
    options: &PlannerOptions,
    stops: Stops<'_>,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Outcome {
    progress(Progress { phase: Phase::Lower, done: 0, of: 0, value: None, bound: None });
    let thrift = Thrift(options.memory);
    let lowered = Lowered::within(instance, thrift.vectors());
    let running = Running::of(&lowered);
    let compares_plans = thrift.compares_plans(&lowered);
    let mut run = Run {
        stops,
        progress,
        bound: None,
        running: &running,
        compares_plans,
        seed: options.seed,
        incumbent: None,
        work: options.work,
        spent: 0,
        pause: u64::MAX,
    };
    let (relaxation, certificate) = run.relax(&lowered);
    let ranking = Ranking::new(&lowered, relaxation.as_ref());
    let order = ranking.order(&lowered);
    let cohorts = OnceLock::new();
    let guide = Guide { relaxation: relaxation.as_ref(), ranking: &ranking, order: &order, cohorts: &cohorts };
    let refined;
    let (occupancy, way) = match options.method {
        Method::Auto => {
            let plan = run.search(&lowered, guide);
            refined = gaps::refined(instance, &plan, thrift.vectors());
            let filled = refined.as_ref().and_then(|refined| run.fill_gaps(&plan, refined, guide));
            run.way(filled.unwrap_or(plan), guide)
        }
        Method::FirstCome => {
            let mut plan = run.first_come_plan(&lowered, &ranking);
            let way = run.migrate(&mut plan, guide);
            (plan, way)
        }
    };
    let duals = relaxation.as_ref().filter(|_| certificate.is_some());
    let duals = duals.map(|relaxation| bound::readable_duals(&lowered, relaxation));
    let prices = prices::from_duals(&duals.unwrap_or_default());
    run.finish(&occupancy, (way, certificate), prices, options)
}

/// What every phase needs.
struct Run<'a> {
    stops: Stops<'a>,
    progress: &'a mut (dyn FnMut(Progress) + Send),
    bound: Option<i128>,
    /// What runs when the plan begins.
    running: &'a Running,
    /// Whether there is room for several first plans at once.
    compares_plans: bool,
    /// The number that reproduces the search that goes on.
    seed: u64,
    /// What the best plan of earlier searches is worth.
    incumbent: Option<i128>,
    /// Local-search moves after which the run ends by itself, and those made.
    work: Option<u64>,
    spent: u64,
    /// Moves made when the search pauses.
    pause: u64,
}

impl Run<'_> {
    fn say(&mut self, phase: Phase, done: u64, of: u64, value: Option<i128>) {
        let value = value.max(self.incumbent);
        (self.progress)(Progress { phase, done, of, value, bound: self.bound });
    }

    /// The relaxation with the lower bound, and its proof: of a rough one that is soon there, and of the one that matters.
    fn relax(&mut self, lowered: &Lowered<'_>) -> (Option<Relaxation>, Option<(Certificate, i128)>) {
        self.say(Phase::Bound, 0, 0, None);
        let mut best: Option<(Relaxation, Option<(Certificate, i128)>)> = None;
        for is_rough in [true, false] {
            let rough = best.as_ref().map(|(relaxation, _)| relaxation);
            let relaxed = if is_rough {
                bound::relax_coarsely(lowered, self.stops.bound)
            } else {
                bound::relax(lowered, rough, self.stops.bound)
            };
            let Some(relaxation) = relaxed else { continue };
            let certificate = certify(lowered, &relaxation);
            let proven = certificate.as_ref().map_or(i128::MAX, |(_, bound)| *bound);
            if best.is_none() || self.bound.is_none_or(|bound| proven < bound) {
                self.bound = certificate.as_ref().map(|(_, bound)| *bound);
                best = Some((relaxation, certificate));
            }
            self.say(Phase::Bound, 0, 0, None);
        }
        best.map_or((None, None), |(relaxation, certificate)| (Some(relaxation), certificate))
    }

    /// Improves a plan in turns until the work is spent, the stop is raised, the bound is reached, or nothing helps any more.
    fn improve(&mut self, occupancy: &mut Occupancy<'_>, guide: Guide<'_>) {
        loop {
            self.improve_once(occupancy, guide);
            let before = self.worth(occupancy);
            // What was moved may have left room, and the search fills room without asking whose capsules ran elsewhere.
            insert::insert_missing(occupancy, guide.order, guide.ranking, self.stops.search);
            self.settle(occupancy, guide);
            if self.worth(occupancy) <= before {
                return;
            }
        }
    }

    /// Search rounds, whole jobs put back in another order, and what is placed moved: each until it helps no more. Where time
    /// matters, displacement takes over as soon as a round gains little: what it moves the rounds leave where it is.
    fn improve_once(&mut self, occupancy: &mut Occupancy<'_>, guide: Guide<'_>) {
        let mut search = Search::new(occupancy.lowered(), guide.ranking, guide.order, self.seed);
        let mut has_displaced = occupancy.lowered().grid.count() == 1;
        let mut value = self.worth(occupancy);
        while self.goes_on() && !self.is_best(occupancy) {
            let round = search.round(occupancy, self.stops.search, self.left());
            self.searched(occupancy, round.moves);
            if round.is_exhausted {
                break;
            }
            let before = std::mem::replace(&mut value, self.worth(occupancy));
            if !has_displaced && (value - before) * SLOW < value.max(1) {
                has_displaced = true;
                self.displace(occupancy, guide);
            }
        }
        if !has_displaced {
            self.displace(occupancy, guide);
        }
        if !self.is_best(occupancy) {
            let moves = self.reinsert(occupancy, guide, self.left() / 2);
            self.searched(occupancy, moves);
        }
        if self.goes_on() {
            self.reschedule(occupancy);
        }
    }

    /// Puts in what is missing where and when it displaces what is worth less.
    fn displace(&mut self, occupancy: &mut Occupancy<'_>, guide: Guide<'_>) {
        let lowered = occupancy.lowered();
        let comes = |class: &JobClassIndex| lowered.most(*class) > 0 && !self.running.has(*class);
        let classes = guide.order.iter().copied().filter(comes).collect();
        let mut displacement = Displacement::new(classes, self.seed);
        while self.goes_on() && !self.is_best(occupancy) {
            let value = self.worth(occupancy);
            let round = displacement.round(occupancy, value, self.stops.search, self.left());
            self.searched(occupancy, round.moves);
            if round.is_exhausted {
                break;
            }
        }
    }

    /// Moves what is placed to where it is worth more.
    fn reschedule(&mut self, occupancy: &mut Occupancy<'_>) {
        let mut rescheduling = Rescheduling::new(occupancy, self.seed);
        while self.goes_on() && !self.is_best(occupancy) {
            let (moves, is_exhausted) = rescheduling.round(occupancy, self.stops.search, self.left());
            self.searched(occupancy, moves);
            if is_exhausted {
                break;
            }
        }
    }

    /// Counts moves of a search.
    fn searched(&mut self, occupancy: &Occupancy<'_>, moves: u64) {
        self.spent += moves;
        self.stops.search.spend(moves);
        self.say_searching(occupancy);
    }

    fn say_searching(&mut self, occupancy: &Occupancy<'_>) {
        self.say(Phase::Search, self.spent, self.work.unwrap_or(0), Some(self.worth(occupancy)));
    }

    /// The moves that are left until the search ends or pauses.
    fn left(&self) -> u64 {
        self.work.unwrap_or(u64::MAX).min(self.pause).saturating_sub(self.spent)
    }

    /// Whether there are time and moves left.
    fn goes_on(&self) -> bool {
        self.left() > 0 && !self.stops.search.is_raised()
    }

    /// Whether nothing is worth more.
    fn is_best(&self, occupancy: &Occupancy<'_>) -> bool {
        self.bound.is_some_and(|bound| self.worth(occupancy) >= bound)
    }

    /// The incumbent's worth: what progress shows, and what plans are compared by.
    fn worth(&self, occupancy: &Occupancy<'_>) -> i128 {
        worth(occupancy) - self.running.move_cost(occupancy)
    }

    fn finish(
        &mut self,
        occupancy: &Occupancy<'_>,
        (way, certificate): (Way, Option<(Certificate, i128)>),
        prices: Vec<Price>,
        options: &PlannerOptions,
    ) -> Outcome {
        let lowered = occupancy.lowered();
        let instance = lowered.instance;
        let Way { placements, moves, held_back } = way;
        self.say(Phase::Explain, 0, 0, None);
        let (value, unplaced) = rayon::join(
            || check::value(instance, &placements),
            || {
                Explainer::new(occupancy, &prices, self.stops.explain)
                    .explain_all(options.explain_max, self.stops.explain)
            },
        );
        let accepted_bids = objective::accepted_bids(instance, &placements);
        let plan = Plan { placements, moves, held_back, unplaced, prices };
        Outcome { plan, value, certificate, accepted_bids, sizes: (lowered.classes.len(), lowered.groups.len()) }
    }
}

/// What an incumbent is worth before its moves.
fn worth(occupancy: &Occupancy<'_>) -> i128 {
    let lowered = occupancy.lowered();
    let of_group = |group: GroupIndex| -> i128 {
        let tiles = lowered.group(group).tiles.clone().map(TileIndex::new);
        let items = tiles.flat_map(|tile| occupancy.items(tile));
        items.map(|item| i128::from(lowered.worth_from(item.class, group, item.start)) * i128::from(item.count)).sum()
    };
    let bonus = |class| assemble::bonuses(lowered, class, occupancy.placed(class));
    let groups: Vec<GroupIndex> = lowered.group_indexes().collect();
    let placed: i128 = groups.into_par_iter().map(of_group).sum();
    placed + lowered.class_indexes().map(bonus).sum::<i128>() - occupancy.strain_of_all()
}
