//! The first plan: bound jobs, then the cells by the layer's counts, then whatever still fits anywhere.

use std::collections::BTreeSet;

use lessor_solver::bound::Relaxation;
use lessor_solver::lowering::index::JobClassIndex;
use lessor_solver::lowering::{Cell, Lowered};
use lessor_solver::plan::layer::{self, Counts};
use lessor_solver::plan::occupancy::Occupancy;
use lessor_solver::plan::rank::Ranking;
use lessor_solver::plan::running::Stay;
use lessor_solver::plan::shares::Shares;
use lessor_solver::plan::unruly::drop_unruly;
use lessor_solver::plan::{cell, insert};
use lessor_solver::search::{Search, drop_losing};
use rayon::prelude::*;

use super::run::{Guide, Run};
use super::telling::Phase;

/// Cells packed between two looks at the stop.
const CELLS_PER_BATCH: usize = 64;

/// Rounds of ejection that polish a first plan, at most, fewer where there are many tiles; and the part of the plan's value that
/// one must gain for another to follow.
const EJECTIONS_MAX: usize = 20;
const EJECTIONS_MAX_OF_MANY: usize = 6;
const EJECTION_GAIN: i128 = 3_000;

/// Moves for each tile with which a first plan is polished then. Where time matters they bring less than they take, and so they
/// do beside ejection where there are many tiles: they are left to the search.
const POLISH_PER_TILE: u64 = 4;
const MANY_TILES: usize = 150_000;

/// The part of a plan's value that two such moves for each tile must gain for others to follow.
const POLISH_GAIN: i128 = 2_000;

/// The part of those two that is tried first: small capsules pack well at once.
const POLISH_TRIAL: u64 = 16;

/// The parts of what capsules earn that they must gain beside what a move costs to leave their tile, each tried: where moves are
/// free, nearly everything would change places for what prices cannot tell.
const GAINS_TO_LEAVE: [f64; 2] = [0.0, 0.01];

/// How the tiles are filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Recipe {
    /// Class by class, wherever one fits.
    Insertion,
    /// By the layer's counts.
    Counts,
    /// By the layer's counts, in the order of starts.
    CountsByStart,
    /// By the layer's counts, large capsules first and those about as large in the order of starts.
    CountsBySizeAndStart,
}

/// What is worth trying: one recipe where the counts can be kept, several where time or what runs already upsets them.
fn recipes(lowered: &Lowered<'_>, is_relaxed: bool) -> &'static [Recipe] {
    match (is_relaxed, lowered.grid.count() > 1, lowered.instance.current().is_empty()) {
        (false, _, _) => &[Recipe::Insertion],
        (true, true, _) => &[Recipe::Insertion, Recipe::CountsByStart, Recipe::CountsBySizeAndStart],
        (true, false, false) => &[Recipe::Insertion, Recipe::Counts],
        (true, false, true) => &[Recipe::Counts],
    }
}

impl Run<'_> {
    /// The best of the first plans: one that starts from all that runs and can stay and, where prices speak against some of
    /// that, those that start without it.
    pub(super) fn first_plan<'l>(&self, lowered: &'l Lowered<'l>, seed: u64) -> Occupancy<'l> {
        let mut plan = self.staying_plan(lowered, seed);
        for gain in GAINS_TO_LEAVE {
            let stay = Stay::Worthwhile { ranking: self.guide.ranking, gain };
            let has_other = self.compares_plans && self.running.has_leavers(lowered, stay);
            if has_other && !self.stops.search.is_raised() {
                let other = self.plan_from(lowered, stay, seed);
                if self.worth(&other) > self.worth(&plan) {
                    plan = other;
                }
            }
        }
        if self.stops.search.is_raised() {
            self.complete(&mut plan);
        }
        plan
    }

    /// Puts in whatever a construction left out that was cut off: a plan is worth the time that was meant for reasons.
    fn complete(&self, plan: &mut Occupancy<'_>) {
        let Guide { ranking, order, .. } = self.guide;
        let bound = bound_first(plan.lowered(), ranking, order);
        for classes in [&bound[..], order] {
            insert::insert_missing(plan, classes, ranking, self.stops.explain);
        }
        self.settle(plan);
    }

    /// The first plan that starts from all that runs and can stay.
    pub(super) fn staying_plan<'l>(&self, lowered: &'l Lowered<'l>, seed: u64) -> Occupancy<'l> {
        self.plan_from(lowered, Stay::All, seed)
    }

    fn plan_from<'l>(&self, lowered: &'l Lowered<'l>, stay: Stay<'_>, seed: u64) -> Occupancy<'l> {
        let mut plan = self.running_plan(lowered, stay);
        self.construct(&mut plan, seed);
        plan
    }

    /// What runs and stays, and beside it only what gangs lack without which they could not.
    pub(super) fn running_plan<'l>(&self, lowered: &'l Lowered<'l>, stay: Stay<'_>) -> Occupancy<'l> {
        let mut plan = Occupancy::new(lowered);
        self.running.keep(&mut plan, stay, self.guide.ranking);
        let partial = self.running.partial_gangs(&plan);
        self.insert(&mut plan, &partial);
        plan
    }

    /// A plan from what runs without some of it, by chance; `None` where all of that must stay.
    pub(super) fn shaken_plan<'l>(&self, lowered: &'l Lowered<'l>, seed: u64) -> Option<Occupancy<'l>> {
        let stay = Stay::ByChance { seed };
        self.running.has_leavers(lowered, stay).then(|| self.plan_from(lowered, stay, seed))
    }

    /// Builds on what an plan holds; of several recipes the best plan stays.
    fn construct(&self, plan: &mut Occupancy<'_>, seed: u64) {
        self.insert_bound(plan);
        let recipes = recipes(plan.lowered(), self.guide.relaxation.is_some());
        let (last, others) = recipes.split_last().expect("there is always a recipe");
        let others = if self.compares_plans { others } else { &[] };
        let mut best: Option<(i128, Occupancy<'_>)> = None;
        for &recipe in others {
            let mut other = plan.clone();
            self.fill(&mut other, recipe, seed);
            let value = self.worth(&other);
            if best.as_ref().is_none_or(|(most, _)| value > *most) {
                best = Some((value, other));
            }
        }
        self.fill(plan, *last, seed);
        let mut value = self.worth(plan);
        if let Some((most, other)) = best.filter(|(most, _)| *most > value) {
            (value, *plan) = (most, other);
        }
        self.telling.say(Phase::Cells, (1, 1), Some(value));
    }

    /// Fills the tiles by a recipe, then with whatever still fits anywhere.
    fn fill(&self, plan: &mut Occupancy<'_>, recipe: Recipe, seed: u64) {
        if let Some(relaxation) = self.guide.relaxation.filter(|_| recipe != Recipe::Insertion) {
            self.fill_cells(plan, recipe, relaxation);
        }
        self.insert(plan, self.guide.order);
        self.settle(plan);
        if recipe != Recipe::Insertion && plan.lowered().grid.count() == 1 {
            self.polish(plan, seed);
        }
    }

    /// Betters a first plan, for counts are split class by class, and a tile may want others than its group was given: what
    /// earns most takes the place of what is worth less, as long as that gains much; once it gains little, the tiles that hold
    /// least are filled again.
    fn polish(&self, plan: &mut Occupancy<'_>, seed: u64) {
        let Guide { ranking, order, .. } = self.guide;
        let lowered = plan.lowered();
        let mut search = Search::new(lowered, ranking, order, seed);
        let mut value = self.worth(plan);
        let has_many = lowered.tiles.len() > MANY_TILES;
        for _ in 0..if has_many { EJECTIONS_MAX_OF_MANY } else { EJECTIONS_MAX } {
            search.eject(plan, self.stops.search);
            if self.stops.search.is_raised() || !self.has_gained(plan, &mut value, EJECTION_GAIN) {
                break;
            }
        }
        self.insert(plan, order);
        self.settle(plan);
        if has_many {
            return;
        }
        let mut value = self.worth(plan);
        let tiles = lowered.tiles.len() as u64;
        let (mut left, mut most, mut part) =
            (POLISH_PER_TILE * tiles, (2 * tiles).div_ceil(POLISH_TRIAL), POLISH_GAIN * i128::from(POLISH_TRIAL));
        while left > 0 && !self.stops.search.is_raised() {
            let round = search.round(plan, self.stops.search, most.min(left));
            left -= round.moves.min(left);
            if round.is_exhausted || !self.has_gained(plan, &mut value, part) {
                break;
            }
            (most, part) = (left, POLISH_GAIN);
        }
    }

    /// Whether a plan is worth more than before by at least one so-manieth; notes what it is worth.
    fn has_gained(&self, plan: &Occupancy<'_>, value: &mut i128, part: i128) -> bool {
        let before = std::mem::replace(value, self.worth(plan));
        (*value - before) * part >= before.max(1)
    }

    /// Places the classes that rules bind to places: those whose rules look at no other job by the layer's counts, so that
    /// they leave the groups that others need, and those that follow another job wherever they find it.
    fn insert_bound(&self, plan: &mut Occupancy<'_>) {
        let Guide { relaxation, ranking, order, .. } = self.guide;
        for class in bound_first(plan.lowered(), ranking, order) {
            match relaxation {
                Some(relaxation) if !is_follower(plan.lowered(), class) => {
                    insert::insert_given(plan, &layer::counts(plan, relaxation, &[class]));
                    // The counts ask for more at some locations than may be there before others are taken.
                    if plan.lowered().job(class).spread.is_some_and(|spread| spread.least > 1) {
                        insert::insert_given(plan, &layer::counts(plan, relaxation, &[class]));
                    }
                }
                _ => self.insert(plan, &[class]),
            }
        }
    }

    /// Cells by the relaxation's counts.
    fn fill_cells(&self, plan: &mut Occupancy<'_>, recipe: Recipe, relaxation: &Relaxation) {
        let Guide { ranking, order, .. } = self.guide;
        let lowered = plan.lowered();
        let is_free = |class: &JobClassIndex| !lowered.classes[class.at()].is_bound;
        let free: Vec<JobClassIndex> = order.iter().copied().filter(is_free).collect();
        let filling_order = ranking.filling_order(lowered, &free);
        let mut counts = layer::counts(plan, relaxation, &filling_order);
        match recipe {
            Recipe::CountsByStart => counts.sort_by_start(),
            Recipe::CountsBySizeAndStart => counts.sort_by_size_and_start(lowered),
            Recipe::Counts | Recipe::Insertion => {}
        }
        self.pack_cells(plan, &counts);
    }

    fn pack_cells(&self, plan: &mut Occupancy<'_>, counts: &Counts) {
        let lowered = plan.lowered();
        let shares = layer::shares(plan, counts);
        let cells = u64::try_from(lowered.cells.len()).unwrap_or(u64::MAX);
        let jobs: Vec<_> = lowered.cells.iter().zip(shares).collect();
        // Batches, so that progress shows and a stop is heard; the order of results is the order of cells.
        let mut done = 0;
        for batch in jobs.chunks(CELLS_PER_BATCH) {
            if self.stops.search.is_raised() {
                return;
            }
            let seen: &Occupancy<'_> = plan;
            let pack = |(cell, shares): &(&Cell, Shares)| cell::pack(seen, cell, counts, shares.clone());
            let packed: Vec<_> = batch.par_iter().map(pack).collect();
            for (tile, item) in packed.into_iter().flatten() {
                plan.place(tile, item);
            }
            done += u64::try_from(batch.len()).unwrap_or(0);
            self.telling.say(Phase::Cells, (done, cells), None);
        }
    }

    /// Drops gangs below their minimum, capsules without the job that they must be near, those not worth their move and those that
    /// lose, and gives what they held to others, until there are none.
    pub(super) fn settle(&self, plan: &mut Occupancy<'_>) {
        let Guide { ranking, order, .. } = self.guide;
        let mut out: BTreeSet<JobClassIndex> = BTreeSet::new();
        loop {
            let mut losers = drop_unruly(plan, ranking);
            losers.extend(self.running.withdraw(plan));
            losers.extend(drop_losing(plan));
            if losers.is_empty() {
                return;
            }
            out.extend(losers);
            let others: Vec<_> = order.iter().copied().filter(|class| !out.contains(class)).collect();
            self.insert(plan, &others);
        }
    }
}

/// Bound classes in the order in which they can be placed: a job that another one must be near comes before it.
///
/// Only what is worth more than the prices of its room goes before all others.
fn bound_first(lowered: &Lowered<'_>, ranking: &Ranking, order: &[JobClassIndex]) -> Vec<JobClassIndex> {
    let bound = order.iter().copied().filter(|class| lowered.classes[class.at()].is_bound);
    let bound = bound.filter(|&class| ranking.margin(lowered, class) > 0.0);
    let (followers, leaders): (Vec<_>, Vec<_>) = bound.partition(|&class| is_follower(lowered, class));
    leaders.into_iter().chain(followers).collect()
}

/// Whether a class's rules look at where another job runs.
fn is_follower(lowered: &Lowered<'_>, class: JobClassIndex) -> bool {
    let job = lowered.job(class);
    job.affinity.is_some() || job.anti_affinity.is_some()
}
