//! The two-level planner: layer program, cells in parallel, search, certificate, reasons.
//!
//! A `run` is what all phases lean on and none changes; `effort` is what a search spends, and `telling` what is said meanwhile.
//! `construct` holds the recipes of the first plan, `standing` takes up what an earlier plan has yet to start, and `improve`
//! makes a plan better by searches that take `turns`. `restarts` searches small fleets from several first plans; `first_come` is
//! what no planner would come to. `reinsertion` puts whole cohorts back in another order where rules bind them, they run or they
//! strain tiles, `gaps` looks between runs once a plan is there, `held_back` finds the way there, `proof` makes the certificate,
//! and `thrift` says what gives way where memory is little.

mod construct;
mod effort;
mod first_come;
mod gaps;
mod held_back;
mod improve;
mod proof;
mod reinsertion;
mod restarts;
mod run;
mod standing;
mod telling;
mod thrift;
mod turns;

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
use lessor_solver::plan::occupancy::Occupancy;
use lessor_solver::plan::rank::Ranking;
use lessor_solver::plan::running::Running;
use lessor_solver::support::stop::Stop;

use effort::Effort;
use held_back::Way;
use run::{Guide, Run};
use telling::Telling;
use thrift::Thrift;

pub use telling::{Phase, Progress};

/// Places and times that all explanations look at, about, and classes that are explained whatever that takes.
const LOOKED_AT: usize = 1 << 28;
const EXPLAINED_MIN: usize = 200;

/// How a plan is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// The layer's counts, packing and all searches, as they help.
    #[default]
    Auto,
    /// First plans, of several seeds where fleets are small, and no search.
    Construction,
    /// The search over single tiles alone: shifts, swaps and ejection.
    Tiles,
    /// The search by displacement alone, where time matters.
    Displacement,
    /// The search by rescheduling alone.
    Rescheduling,
    /// The search over neighborhoods alone: integer programs.
    Neighborhoods,
    /// The search by reinsertion alone, on small fleets.
    Reinsertion,
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
    /// Bytes that the tables of plans may take; with fewer, time is told apart less finely and fewer first plans are compared.
    pub memory: Option<u64>,
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

impl<'a> Stops<'a> {
    /// One stop that ends every part.
    #[must_use]
    pub fn one(stop: &'a Stop) -> Stops<'a> {
        Stops { bound: stop, search: stop, fill: stop, explain: stop }
    }
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
    Telling::new(progress).say(Phase::Lower, (0, 0), None);
    let thrift = Thrift(options.memory);
    let lowered = Lowered::within(instance, thrift.vectors());
    let running = Running::of(&lowered);
    match options.method {
        Method::FirstCome => served((&lowered, &running), options, stops, progress),
        _ => searched((&lowered, &running), options, stops, progress),
    }
}

/// The best plan of all searches, after the bound that guides them.
fn searched(
    (lowered, running): (&Lowered<'_>, &Running),
    options: &PlannerOptions,
    stops: Stops<'_>,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Outcome {
    let (telling, thrift) = (Telling::new(progress), Thrift(options.memory));
    let (relaxation, certificate) = proof::relax(lowered, stops.bound, &telling);
    let ranking = Ranking::new(lowered, relaxation.as_ref());
    let (order, cohorts) = (ranking.order(lowered), OnceLock::new());
    let run = Run {
        method: options.method,
        stops,
        telling: &telling,
        running,
        compares_plans: thrift.compares_plans(lowered),
        bound: certificate.as_ref().map(|(_, bound)| *bound),
        guide: Guide { relaxation: relaxation.as_ref(), ranking: &ranking, order: &order, cohorts: &cohorts },
    };
    let mut effort = Effort::new(options.seed, options.work);
    let first = run.first_plan(lowered, effort.seed);
    telling.say(Phase::Search, (0, effort.work()), Some(run.worth(&first)));
    let queue = run.soon_queue(lowered, thrift.vectors().min(gaps::VECTORS_MAX));
    let ground = if run.compares_plans { standing::ground(lowered, thrift.vectors()) } else { None };
    let standing = run.standing_plan(ground.as_ref().unwrap_or(lowered));
    let bettered = standing.as_ref().filter(|standing| run.worth(standing) > run.worth(&first));
    let bettered = bettered.map(|standing| run.bettered(standing, &mut effort));
    let plan = run.search(first, &mut effort);
    let refined = gaps::refined(&plan, thrift.vectors());
    let filled = refined.as_ref().and_then(|refined| run.fill_gaps(&plan, refined, &mut effort));
    let queued = queue.as_ref().map(|queue| run.queue_plan(queue));
    let (mut best, unfilled) = match filled {
        Some(filled) => (run.way(filled, effort.seed), Some(plan)),
        None => (run.way(plan, effort.seed), None),
    };
    // What fills gaps may be in the way of what moves.
    let unfilled = unfilled.filter(|_| !best.1.held_back.is_empty());
    for other in unfilled.into_iter().chain(bettered).chain(queued) {
        if run.worth(&other) > run.worth(&best.0) {
            let other = run.way(other, effort.seed);
            best = if run.worth(&other.0) > run.worth(&best.0) { other } else { best };
        }
    }
    // Of plans that are worth as much the one that stands changes nothing that was said.
    if let Some(standing) = standing.filter(|standing| run.worth(standing) >= run.worth(&best.0)) {
        let standing = run.way(standing, effort.seed);
        best = if run.worth(&standing.0) >= run.worth(&best.0) { standing } else { best };
    }
    let (plan, way) = best;
    outcome(&run, (lowered, relaxation.as_ref(), certificate), (&plan, way))
}

/// What a queue comes to: served first, for that takes no proof, and then bounded like any other plan.
fn served(
    (lowered, running): (&Lowered<'_>, &Running),
    options: &PlannerOptions,
    stops: Stops<'_>,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Outcome {
    let (telling, thrift) = (Telling::new(progress), Thrift(options.memory));
    let ranking = Ranking::new(lowered, None);
    let (order, cohorts) = (ranking.order(lowered), OnceLock::new());
    let compares_plans = thrift.compares_plans(lowered);
    let guide = Guide { relaxation: None, ranking: &ranking, order: &order, cohorts: &cohorts };
    let run = Run { method: options.method, stops, telling: &telling, running, compares_plans, bound: None, guide };
    let queue = run.queue(lowered, thrift.vectors());
    let mut plan = match &queue {
        Some(queue) => run.queue_plan(queue),
        None => run.queue_plan_in_buckets(lowered),
    };
    telling.say(Phase::Search, (0, 0), Some(run.worth(&plan)));
    let way = run.migrate(&mut plan);
    let (relaxation, certificate) = proof::relax(lowered, stops.bound, &telling);
    outcome(&run, (lowered, relaxation.as_ref(), certificate), (&plan, way))
}

/// A plan with its prices, its reasons and its proof.
fn outcome(
    run: &Run<'_>,
    (lowered, relaxation, certificate): (&Lowered<'_>, Option<&Relaxation>, Option<(Certificate, i128)>),
    (plan, way): (&Occupancy<'_>, Way),
) -> Outcome {
    let duals = relaxation.filter(|_| certificate.is_some());
    let duals = duals.map(|relaxation| bound::readable_duals(lowered, relaxation));
    let prices = prices::from_duals(&duals.unwrap_or_default());
    let (value, plan) = finish(run, plan, way, prices);
    let accepted_bids = objective::accepted_bids(lowered.instance, &plan.placements);
    Outcome { plan, value, certificate, accepted_bids, sizes: (lowered.classes.len(), lowered.groups.len()) }
}

/// The plan with the reasons of what it leaves out, and its value.
fn finish(run: &Run<'_>, plan: &Occupancy<'_>, way: Way, prices: Vec<Price>) -> (i128, Plan) {
    let Way { placements, moves, held_back } = way;
    let stop = run.stops.explain;
    run.telling.say(Phase::Explain, (0, 0), None);
    let (value, unplaced) = rayon::join(
        || check::value(plan.lowered().instance, &placements),
        || Explainer::new(plan, &prices, stop).explain_all(explained(plan.lowered()), stop),
    );
    (value, Plan { placements, moves, held_back, unplaced, prices })
}

/// How many classes get a conflict set and a cure, the dearest first: all of them where tiles are few.
fn explained(lowered: &Lowered<'_>) -> usize {
    let each = lowered.tiles.len().saturating_mul(lowered.grid.count()).max(1);
    (LOOKED_AT / each).max(EXPLAINED_MIN)
}
