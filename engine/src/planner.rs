//! The two-level planner: layer program, cells in parallel, search, certificate, reasons.

use std::collections::BTreeSet;

use lessor_market::prices;
use lessor_models::certificate::Certificate;
use lessor_models::check;
use lessor_models::instance::Instance;
use lessor_models::objective;
use lessor_models::plan::{Plan, Price};
use lessor_solver::bound::{self, Relaxation};
use lessor_solver::conflict::Explainer;
use lessor_solver::index::{JobClassIndex, TileIndex};
use lessor_solver::layer::{self, Counts, Share};
use lessor_solver::lowering::{Cell, Lowered};
use lessor_solver::occupancy::Occupancy;
use lessor_solver::rank::Ranking;
use lessor_solver::search::Search;
use lessor_solver::stop::Stop;
use lessor_solver::{assemble, cell, insert};
use rayon::prelude::*;

/// Cells packed between two looks at the stop.
const CELLS_PER_BATCH: usize = 64;

/// How often the layer gives out counts: for the whole, then for what did not fit.
const LAYER_ROUNDS: usize = 3;

/// What a planning run is told beside its instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannerOptions {
    /// The one number that reproduces a run.
    pub seed: u64,
    /// Local-search moves after which the run ends by itself; `None` leaves the end to the `Stop`.
    pub work: Option<u64>,
    /// How many unplaced jobs, dearest first, get a conflict set and a cure.
    pub explain_max: usize,
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
    /// The incumbent, already checked.
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
    let mut run = Run { bounding: stops.bound, stop: stops.search, explain: stops.explain, progress, bound: None };
    run.say(Phase::Lower, 0, 0, None);
    let lowered = Lowered::new(instance);
    let relaxation = run.relax(&lowered);
    let certificate = relaxation.as_ref().and_then(|relaxation| certify(&lowered, relaxation));
    run.bound = certificate.as_ref().map(|(_, bound)| *bound);
    let ranking = Ranking::new(&lowered, relaxation.as_ref());
    let order = ranking.order(&lowered);
    let mut occupancy = Occupancy::new(&lowered);
    insert::keep_current(&mut occupancy, &ranking);
    run.construct(&mut occupancy, relaxation.as_ref(), &ranking, &order);
    run.improve(&mut occupancy, &ranking, &order, options);
    let duals = relaxation.as_ref().filter(|_| certificate.is_some());
    let duals = duals.map(|relaxation| bound::readable_duals(&lowered, relaxation));
    let prices = prices::from_duals(&duals.unwrap_or_default());
    run.finish(&occupancy, certificate, prices, options)
}

/// A certificate and the bound that it implies; nothing where it proves nothing.
fn certify(lowered: &Lowered<'_>, relaxation: &Relaxation) -> Option<(Certificate, i128)> {
    let certificate = bound::certificate(lowered, relaxation);
    let bound = check::bound::bound(lowered.instance, &certificate).ok()?;
    Some((certificate, bound))
}

/// What every phase needs.
struct Run<'a> {
    bounding: &'a Stop,
    stop: &'a Stop,
    explain: &'a Stop,
    progress: &'a mut (dyn FnMut(Progress) + Send),
    bound: Option<i128>,
}

impl Run<'_> {
    fn say(&mut self, phase: Phase, done: u64, of: u64, value: Option<i128>) {
        (self.progress)(Progress { phase, done, of, value, bound: self.bound });
    }

    fn relax(&mut self, lowered: &Lowered<'_>) -> Option<Relaxation> {
        self.say(Phase::Bound, 0, 0, None);
        bound::relax(lowered, self.bounding)
    }

    /// Bound jobs first, then the cells by the layer's counts, then whatever still fits anywhere.
    ///
    /// Where time or what runs already upsets the counts, a plan by insertion alone is made too, and the better one stays.
    fn construct(
        &mut self,
        occupancy: &mut Occupancy<'_>,
        relaxation: Option<&Relaxation>,
        ranking: &Ranking,
        order: &[JobClassIndex],
    ) {
        let lowered = occupancy.lowered();
        insert::insert_missing(occupancy, &bound_first(lowered, ranking, order), ranking, self.stop);
        let inserted = (relaxation.is_some() && is_upset(lowered)).then(|| {
            let mut other = occupancy.clone();
            self.complete(&mut other, ranking, order);
            other
        });
        if let Some(relaxation) = relaxation {
            self.fill_cells(occupancy, relaxation, ranking, order);
        }
        self.complete(occupancy, ranking, order);
        if let Some(other) = inserted.filter(|other| worth(other) > worth(occupancy)) {
            *occupancy = other;
        }
        let value = worth(occupancy);
        self.say(Phase::Cells, 1, 1, Some(value));
    }

    fn complete(&self, occupancy: &mut Occupancy<'_>, ranking: &Ranking, order: &[JobClassIndex]) {
        insert::insert_missing(occupancy, order, ranking, self.stop);
        settle_gangs(occupancy, ranking, order, self.stop);
    }

    /// Cells by the relaxation's counts; then what did not fit goes back up, by counts for what is left.
    fn fill_cells(
        &mut self,
        occupancy: &mut Occupancy<'_>,
        relaxation: &Relaxation,
        ranking: &Ranking,
        order: &[JobClassIndex],
    ) {
        let lowered = occupancy.lowered();
        let filling_order = ranking.filling_order(lowered, order);
        for round in 0..LAYER_ROUNDS {
            let rest = (round > 0 || !lowered.instance.current().is_empty())
                .then(|| bound::relax_rest(occupancy, relaxation, self.bounding))
                .flatten();
            let counts = layer::counts(occupancy, rest.as_ref().unwrap_or(relaxation), &filling_order);
            self.pack_cells(occupancy, &counts);
            if self.bounding.is_raised() {
                break;
            }
        }
    }

    fn pack_cells(&mut self, occupancy: &mut Occupancy<'_>, counts: &Counts) {
        let lowered = occupancy.lowered();
        let shares = layer::shares(occupancy, counts);
        let cells = u64::try_from(lowered.cells.len()).unwrap_or(u64::MAX);
        let jobs: Vec<_> = lowered.cells.iter().zip(shares).collect();
        // Batches, so that progress shows and a stop is heard; the order of results is the order of cells.
        let mut done = 0;
        for batch in jobs.chunks(CELLS_PER_BATCH) {
            if self.stop.is_raised() {
                return;
            }
            let seen: &Occupancy<'_> = occupancy;
            let pack = |(cell, shares): &(&Cell, Vec<Share>)| cell::pack(seen, cell, counts, shares.clone());
            let packed: Vec<_> = batch.par_iter().map(pack).collect();
            for (tile, item) in packed.into_iter().flatten() {
                occupancy.place(tile, item);
            }
            done += u64::try_from(batch.len()).unwrap_or(0);
            self.say(Phase::Cells, done, cells, None);
        }
    }

    /// Search rounds until the work is spent, the stop is raised, everything is placed, or the bound is reached.
    fn improve(
        &mut self,
        occupancy: &mut Occupancy<'_>,
        ranking: &Ranking,
        order: &[JobClassIndex],
        options: &PlannerOptions,
    ) {
        let mut search = Search::new(occupancy.lowered(), ranking, order, options.seed);
        let most = options.work.unwrap_or(u64::MAX);
        let mut spent = 0;
        while spent < most && !self.stop.is_raised() {
            let value = worth(occupancy);
            if self.bound.is_some_and(|bound| value >= bound) {
                break;
            }
            let round = search.round(occupancy, self.stop, most - spent);
            spent += round.moves;
            self.stop.spend(round.moves);
            self.say(Phase::Search, spent, options.work.unwrap_or(0), Some(worth(occupancy)));
            if round.is_exhausted {
                break;
            }
        }
    }

    fn finish(
        &mut self,
        occupancy: &Occupancy<'_>,
        certificate: Option<(Certificate, i128)>,
        prices: Vec<Price>,
        options: &PlannerOptions,
    ) -> Outcome {
        let lowered = occupancy.lowered();
        let instance = lowered.instance;
        let placements = assemble::placements(occupancy);
        let value = check::value(instance, &placements);
        self.say(Phase::Explain, 0, 0, Some(value));
        let unplaced = Explainer::new(occupancy, &prices).explain_all(options.explain_max, self.explain);
        let accepted_bids = objective::accepted_bids(instance, &placements);
        let moves = assemble::moves(lowered, &placements);
        let plan = Plan { placements, moves, unplaced, prices };
        Outcome { plan, value, certificate, accepted_bids, sizes: (lowered.classes.len(), lowered.groups.len()) }
    }
}

/// Whether time or what runs already makes the layer's counts hard to keep.
fn is_upset(lowered: &Lowered<'_>) -> bool {
    !lowered.instance.current().is_empty() || lowered.grid.count() > 1
}

/// Bound classes in the order in which they can be placed: a job that another one must be near comes before it.
///
/// Only what is worth more than the prices of its room goes before all others.
fn bound_first(lowered: &Lowered<'_>, ranking: &Ranking, order: &[JobClassIndex]) -> Vec<JobClassIndex> {
    let bound = order.iter().copied().filter(|class| lowered.classes[class.at()].is_bound);
    let bound = bound.filter(|&class| ranking.margin(lowered, class) > 0.0);
    let follows = |class: &JobClassIndex| {
        let job = lowered.job(*class);
        job.affinity.is_some() || job.anti_affinity.is_some()
    };
    let (followers, leaders): (Vec<_>, Vec<_>) = bound.partition(follows);
    leaders.into_iter().chain(followers).collect()
}

/// Drops gangs below their minimum, and gives what they held to others, until no gang is partial.
fn settle_gangs(occupancy: &mut Occupancy<'_>, ranking: &Ranking, order: &[JobClassIndex], stop: &Stop) {
    let mut out: BTreeSet<JobClassIndex> = BTreeSet::new();
    loop {
        let losers = insert::drop_partial_gangs(occupancy);
        if losers.is_empty() {
            return;
        }
        out.extend(losers);
        let others: Vec<_> = order.iter().copied().filter(|class| !out.contains(class)).collect();
        insert::insert_missing(occupancy, &others, ranking, stop);
    }
}

/// The incumbent's worth without moves: what progress shows and the search compares.
fn worth(occupancy: &Occupancy<'_>) -> i128 {
    let lowered = occupancy.lowered();
    let mut total = 0i128;
    for (group, tiles) in lowered.group_indexes().map(|group| (group, lowered.group(group).tiles.clone())) {
        for item in tiles.flat_map(|tile| occupancy.items(TileIndex::new(tile))) {
            let each = lowered.worth(item.class, group).unwrap_or(0);
            total += i128::from(each) * i128::from(item.count);
        }
    }
    for class in lowered.class_indexes() {
        let job = lowered.job(class);
        let jobs = assemble::per_job(lowered, class, occupancy.placed(class));
        total += jobs.iter().map(|&(_, placed)| i128::from(objective::value::bonus(job, placed))).sum::<i128>();
    }
    total
}
