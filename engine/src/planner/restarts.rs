//! Searches from several first plans, for fleets that are searched to the end long before the time is over.
//!
//! Where local search ends depends on where it begins and on chance. What a queue would have come to is one beginning, so that no
//! plan of a small fleet is worth less than that; others come from other seeds, until several in a row brought nothing.

use lessor_models::resources::Kinds;
use lessor_solver::lowering::Lowered;
use lessor_solver::plan::occupancy::Occupancy;
use lessor_solver::plan::running::Stay;
use lessor_solver::support::random::Random;

use super::Method;
use super::effort::Effort;
use super::run::Run;

/// The most vectors in a plan's table of tiles for a fleet to be small.
const VECTORS_MAX: usize = 4_096;

/// Whether a plan is soon copied and searched.
pub(super) fn is_small(lowered: &Lowered<'_>) -> bool {
    lowered.tiles.len() * lowered.grid.count() <= VECTORS_MAX
}

/// The most work in which a queue fills a fleet where time matters: job classes times what a plan's table of tiles has.
const QUEUE_WORK_MAX: usize = 1 << 28;

/// The most places that are looked at when cohorts are put in one after the other.
const LOOKS_MAX: u64 = 1 << 21;

/// How much chance shakes what cohorts are worth where another search begins; two of so many begin that way, and one without some
/// of what runs.
const SHAKEN: f64 = 0.5;
const SHAKEN_EVERY: usize = 4;

/// Whether what a queue would come to is soon known.
pub(super) fn is_soon_filled(lowered: &Lowered<'_>) -> bool {
    let buckets = lowered.grid.count();
    is_small(lowered) || buckets > 1 && lowered.classes.len() * lowered.tiles.len() * buckets <= QUEUE_WORK_MAX
}

/// Moves of the search before the first look at the way from what runs; twice as many each time.
const FIRST_STAGE: u64 = 5_000;

/// Searches in a row without a gain, after which further ones are unlikely to help: the fewer vectors, the more often chance alone
/// decides where one ends, and the sooner one is over.
const IDLE: (usize, usize) = (3, 40);

impl Run<'_> {
    /// The best plan of all searches, of which the first begins with a plan that is there; and no worse a one than first plans come
    /// to without a search.
    pub(super) fn search<'l>(&self, first: Occupancy<'l>, effort: &mut Effort) -> Occupancy<'l> {
        let constructed = self.constructed(&first, effort.seed);
        let best = self.search_from(first, effort);
        let reached = |plan: &Occupancy<'l>| self.reached(plan).worth;
        constructed.filter(|plan| reached(plan) > reached(&best)).unwrap_or(best)
    }

    /// What first plans come to without a search, where moves may be in each other's way: a search looks at the way now and then
    /// alone, and gains most by moves that no order allows.
    fn constructed<'l>(&self, first: &Occupancy<'l>, seed: u64) -> Option<Occupancy<'l>> {
        let (lowered, instance) = (first.lowered(), first.lowered().instance);
        let searches = self.method != Method::Construction && self.compares_plans && is_small(lowered);
        if !searches || instance.current().is_empty() {
            return None;
        }
        let are_limited =
            instance.weights().transient != Kinds::NONE || instance.fleet().move_limits().next().is_some();
        if !are_limited && self.reached(first).mended.is_none() {
            return None;
        }
        let without_search = Run { method: Method::Construction, ..*self };
        Some(without_search.search_from(first.clone(), &mut Effort::new(seed, None)))
    }

    fn search_from<'l>(&self, first: Occupancy<'l>, effort: &mut Effort) -> Occupancy<'l> {
        let (lowered, mut best) = (first.lowered(), first);
        let mut arrived = (self.compares_plans && is_soon_filled(lowered)).then(|| self.queue_plan_in_buckets(lowered));
        if let Some(arrived) = arrived.as_mut().filter(|arrived| self.worth(arrived) > self.worth(&best)) {
            std::mem::swap(arrived, &mut best);
        }
        let by_cohorts = self.cohort_plan(lowered, effort.seed, 0.0);
        if let Some(by_cohorts) = by_cohorts.filter(|plan| self.worth(plan) > self.worth(&best)) {
            best = by_cohorts;
        }
        if !is_small(lowered) || !self.compares_plans {
            drop(arrived);
            self.improve(&mut best, effort);
            return best;
        }
        let mut reached = self.improve_by_stages(&mut best, effort);
        let idle_max = (VECTORS_MAX / (lowered.tiles.len() * lowered.grid.count()).max(1)).clamp(IDLE.0, IDLE.1);
        let (mut idle, mut random) = (0, Random::new(effort.seed).fork(1));
        while idle < idle_max && self.goes_on(effort) && self.bound.is_none_or(|bound| reached.worth < bound) {
            idle += 1;
            random.advance();
            let seed = random.draw();
            effort.seed = seed;
            self.telling.reached(reached.worth);
            let by_chance = || match idle % SHAKEN_EVERY {
                0 | 2 => self.cohort_plan(lowered, seed, SHAKEN),
                1 => self.shaken_plan(lowered, seed),
                _ => None,
            };
            let begins = arrived.take().or_else(|| reached.mended.take()).or_else(by_chance);
            let mut other = begins.unwrap_or_else(|| self.first_plan(lowered, seed));
            self.improve(&mut other, effort);
            if self.worth(&other) > reached.worth {
                let other_reached = self.reached(&other);
                if other_reached.worth > reached.worth {
                    (best, reached, idle) = (other, other_reached, 0);
                }
            }
        }
        best
    }

    /// Improves a plan, and looks now and then at what it comes to on the way from what runs: one that is worth more may be one
    /// that no order of moves leads to. Then the search goes on without what is in the way. What the best plan comes to.
    fn improve_by_stages<'l>(&self, best: &mut Occupancy<'l>, effort: &mut Effort) -> Reached<'l> {
        let mut reached = self.reached(best);
        let runs = !best.lowered().instance.current().is_empty();
        let (mut plan, mut stage) = (best.clone(), FIRST_STAGE);
        loop {
            let (spent, worth) = (effort.spent(), self.worth(&plan));
            if runs {
                effort.pause_after(stage);
            }
            self.improve(&mut plan, effort);
            effort.resume();
            let has_ended = effort.spent() - spent < stage / 2 && self.worth(&plan) <= worth;
            let next = self.reached(&plan);
            let mended = next.mended.clone();
            if next.worth >= reached.worth {
                (*best, reached) = (plan.clone(), next);
            }
            if !runs || has_ended || !self.goes_on(effort) {
                return reached;
            }
            plan = mended.unwrap_or(plan);
            stage = stage.saturating_mul(2);
        }
    }

    /// What runs, and beside it cohorts as a whole, each where it fits best, those first that are worth most for their room as
    /// far as chance does not shake that; where there are cohorts or gangs, or the use of tiles costs, and few enough.
    fn cohort_plan<'l>(&self, lowered: &'l Lowered<'l>, seed: u64, noise: f64) -> Option<Occupancy<'l>> {
        let is_whole = |class| lowered.job(class).gang_min > 1 || lowered.job(class).affinity.is_some();
        let has_whole = !lowered.strain.is_free() || lowered.class_indexes().any(is_whole);
        if !self.compares_plans || lowered.grid.count() > 1 || !has_whole {
            return None;
        }
        let cohorts = self.guide.cohorts(lowered);
        if cohorts.looks(lowered) > LOOKS_MAX {
            return None;
        }
        let mut random = Random::new(seed);
        let mut plan = self.running_plan(lowered, Stay::All);
        for at in cohorts.in_order(0..cohorts.count(), noise, &mut random) {
            if self.stops.search.is_raised() {
                break;
            }
            cohorts.put_in(&mut plan, at, self.guide.ranking, &mut random);
        }
        self.settle(&mut plan);
        Some(plan)
    }

    /// What a plan comes to on the way from what runs.
    fn reached<'l>(&self, plan: &Occupancy<'l>) -> Reached<'l> {
        if plan.lowered().instance.current().is_empty() {
            return Reached { worth: self.worth(plan), mended: None };
        }
        let mut mended = plan.clone();
        let way = self.migrate(&mut mended);
        Reached { worth: self.worth(&mended), mended: (!way.held_back.is_empty()).then_some(mended) }
    }
}

/// What is left of a plan once its moves are in an order.
struct Reached<'l> {
    worth: i128,
    /// The plan without what no order of moves leads to, where there is such; another search may begin with it.
    mended: Option<Occupancy<'l>>,
}
