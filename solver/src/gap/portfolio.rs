//! Which method runs when.

use lessor_models::families::gap::{GapInstance, PRICE_SCALE, bound};
use rayon::prelude::*;

use crate::numbers::round;
use crate::random::Random;
use crate::stop::Stop;

use super::annealing::{Schedule, State, anneal};
use super::candidates::Candidates;
use super::lowered::Lowered;
use super::neighborhoods::View;
use super::volume::{Scratch, Volume};
use super::whole;
use super::{GapMethod, GapOptions};

/// Moves of the first annealing, for each item.
const FIRST_MOVES: u64 = 2_000;

/// Annealings at a time, whatever the number of threads.
const ANNEALINGS: u64 = 2;

/// How much longer each round anneals, or branches, than the one before.
const GROWTH: u64 = 2;

/// Steps of the climb to the prices of the whole instance, and the length of a step below which it has arrived.
const CLIMB_STEPS: u32 = 4_000;
const CLIMB_LENGTH_MIN: f64 = 1e-4;

/// Agents whose items are assigned anew together, to begin with.
const CHUNK_AGENTS: usize = 3;

/// Rounds without a gain after which chunks grow.
const PATIENCE: u32 = 6;

/// A dive for the whole instance comes every so many rounds.
const ANEW_EVERY: u32 = 8;

/// The least and the greatest share of the items that are assigned anew among all agents.
const SHARE_MIN: f64 = 0.2;
const SHARE_MAX: f64 = 0.8;

/// Nodes of the first program over everything that is open.
const WHOLE_NODES: u64 = 200;

/// Open pairs up to which `auto` branches whenever diving is idle.
const WHOLE_PAIRS: usize = 600;

/// Open pairs for each item up to which it does so at all, and nodes up to which it does then.
const WHOLE_PAIRS_PER_ITEM: usize = 3;
const WHOLE_NODES_MAX: u64 = 20_000;

/// Far above the error of sums of floats and below a unit of cost; where costs are large, its square is relative.
const ERROR_MAX: f64 = 1e-3;

/// Costs from which on floats are not trusted to tell whole units apart in an integer program.
const EXACT_MAX: f64 = 1e9;

/// Prices of the items and what they prove.
#[derive(Clone, Debug)]
pub(super) struct Dual {
    pub(super) prices: Vec<f64>,
    /// The same in whole units of `1 / PRICE_SCALE`, by which the bound is proved.
    pub(super) scaled: Vec<i64>,
    /// In whole units of cost.
    pub(super) bound: u128,
}

/// What the search has.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) best: Option<(i128, Vec<u32>)>,
    pub(super) dual: Dual,
    pub(super) is_complete: bool,
}

/// The state of a search.
struct Search<'a> {
    checked: &'a GapInstance,
    instance: &'a Lowered,
    stop: &'a Stop,
    report: &'a mut dyn FnMut(u128, u128),
    random: Random,
    best: Option<(i128, Vec<u32>)>,
    dual: Dual,
    /// Every pair that fits.
    all: Candidates,
    /// Those that a better assignment may use.
    open: Candidates,
    is_complete: bool,
    effort: Effort,
}

/// How much the next round does.
#[derive(Clone, Copy, Debug)]
struct Effort {
    moves: u64,
    nodes: u64,
    agents: usize,
    idle: u32,
}

/// Searches by the method that the options name.
pub(super) fn search(
    checked: &GapInstance,
    instance: &Lowered,
    options: &GapOptions,
    stop: &Stop,
    report: &mut dyn FnMut(u128, u128),
) -> Found {
    let least = (0..instance.items).map(|item| instance.costs_of(item).iter().copied().min().unwrap_or(0) as f64);
    let dual = prove(checked, least.collect());
    let all = Candidates::new(instance, &dual.prices);
    let (open, random) = (all.clone(), Random::new(options.seed));
    let effort = Effort { moves: FIRST_MOVES, nodes: WHOLE_NODES, agents: CHUNK_AGENTS, idle: 0 };
    let (best, is_complete) = (None, false);
    let mut search = Search { checked, instance, stop, report, random, best, dual, all, open, is_complete, effort };
    search.run(options);
    Found { best: search.best, dual: search.dual, is_complete: search.is_complete }
}

/// What prices prove.
fn prove(checked: &GapInstance, prices: Vec<f64>) -> Dual {
    let scaled: Vec<i64> = prices.iter().map(|price| round(price * PRICE_SCALE as f64)).collect();
    Dual { bound: bound(checked, &scaled), prices, scaled }
}

impl Search<'_> {
    fn run(&mut self, options: &GapOptions) {
        if (0..self.instance.items).any(|item| self.all.agents(item).is_empty()) {
            self.is_complete = true;
            return;
        }
        self.anneal();
        self.price();
        let mut rounds = 0;
        while !self.is_over() && options.rounds_max.is_none_or(|most| rounds < most) {
            self.random.advance();
            let before = self.cost();
            match options.method {
                GapMethod::Annealing => self.anneal(),
                GapMethod::Exact => self.branch(),
                GapMethod::Neighborhood => self.dive(rounds),
                GapMethod::Auto => {
                    self.dive(rounds);
                    if self.is_worth_branching() {
                        self.branch();
                    }
                }
            }
            rounds += 1;
            self.effort.idle = if self.cost() < before { 0 } else { self.effort.idle + 1 };
        }
    }

    fn cost(&self) -> i128 {
        self.best.as_ref().map_or(i128::MAX, |best| best.0)
    }

    fn is_over(&self) -> bool {
        let is_proved = u128::try_from(self.cost()).is_ok_and(|cost| cost <= self.dual.bound);
        self.is_complete || self.stop.is_raised() || is_proved
    }

    fn view(&self) -> View<'_> {
        View {
            instance: self.instance,
            open: &self.open,
            prices: &self.dual.prices,
            random: &self.random,
            stop: self.stop,
        }
    }

    /// Climbs to better prices.
    fn price(&mut self) {
        let everything = self.view().everything();
        let mut scratch = Scratch::default();
        let mut volume = Volume::new(&everything, self.dual.prices.clone(), &mut scratch).patiently();
        for _ in 0..CLIMB_STEPS {
            let target = self.best.as_ref().map_or(f64::INFINITY, |best| best.0 as f64);
            if volume.length() < CLIMB_LENGTH_MIN || volume.bound > target - 1.0 || self.stop.is_raised() {
                break;
            }
            volume.step(&everything, target, &mut scratch);
        }
        let climbed = prove(self.checked, volume.prices);
        if climbed.bound > self.dual.bound {
            self.dual = climbed;
            self.all = Candidates::new(self.instance, &self.dual.prices);
            self.close();
        }
    }

    /// Closes the pairs that no better assignment uses.
    fn close(&mut self) {
        let Some((cost, _)) = &self.best else {
            self.open = self.all.clone();
            return;
        };
        let below = (cost - 1) as f64;
        self.open = self.all.within(below + f64::max(ERROR_MAX, ERROR_MAX * ERROR_MAX * below));
        self.is_complete |= (0..self.instance.items).any(|item| self.open.agents(item).is_empty());
    }

    /// Takes what fits and is cheaper than the best.
    fn take(&mut self, found: Vec<Vec<u32>>) {
        for agents in found {
            let state = State::new(self.instance, agents);
            if state.overload == 0 && state.cost < self.cost() {
                self.best = Some((state.cost, state.agents));
                self.close();
                (self.report)(state.cost.unsigned_abs(), self.dual.bound);
            }
        }
    }

    /// Anneals from the best assignment, or from every item's most promising agent.
    fn anneal(&mut self) {
        let scale = self.temperature();
        let moves = self.effort.moves * self.instance.items as u64;
        let schedule = Schedule { hot: scale, cold: scale / 100.0, moves, overload: scale };
        let start = match &self.best {
            Some((_, agents)) => agents.clone(),
            None => (0..self.instance.items).map(|item| self.open.agents(item)[0]).collect(),
        };
        let state = State::new(self.instance, start);
        let (instance, view) = (self.instance, self.view());
        let anneals = (0..ANNEALINGS).into_par_iter().map(|number| {
            let mut random = view.random.fork(number);
            anneal(instance, view.open, state.clone(), &schedule, (&mut random, view.stop))
        });
        let found: Vec<_> = anneals.collect();
        self.take(found.into_iter().flatten().map(|(_, agents)| agents).collect());
        self.effort.moves = self.effort.moves.saturating_mul(GROWTH);
    }

    /// A temperature at which the second choice of an item is taken now and then.
    fn temperature(&self) -> f64 {
        let differences = (0..self.instance.items).filter_map(|item| match self.open.agents(item) {
            [first, second, ..] => {
                let cost = |agent: u32| self.instance.cost(item, agent as usize);
                Some((cost(*first) - cost(*second)).abs() as f64)
            }
            _ => None,
        });
        let differences: Vec<f64> = differences.collect();
        (differences.iter().sum::<f64>() / differences.len().max(1) as f64).max(0.1)
    }

    /// One round of large neighborhoods; of annealing, until something is feasible.
    fn dive(&mut self, round: u32) {
        if round.is_multiple_of(ANEW_EVERY) {
            let found = self.view().anew(self.best.as_ref().map(|best| best.0 - 1));
            self.take(found);
        }
        let Some((_, agents)) = &self.best else { return self.anneal() };
        let found = if round.is_multiple_of(2) {
            self.view().by_agents(agents, self.effort.agents)
        } else {
            let share = SHARE_MIN + (SHARE_MAX - SHARE_MIN) * self.random.fork(u64::MAX).unit();
            self.view().by_items(agents, share)
        };
        self.take(found);
        if self.effort.idle > PATIENCE {
            self.effort.agents = (self.effort.agents + 1).min(self.instance.agents.max(CHUNK_AGENTS));
            self.effort.idle = 0;
        }
    }

    fn is_worth_branching(&self) -> bool {
        let pairs = self.open.pairs();
        let is_narrow = pairs <= WHOLE_PAIRS_PER_ITEM * self.instance.items && self.effort.nodes <= WHOLE_NODES_MAX;
        self.effort.idle >= PATIENCE && (pairs <= WHOLE_PAIRS || is_narrow)
    }

    /// One integer program over every open pair.
    fn branch(&mut self) {
        let cost_max = self.best.as_ref().map(|best| best.0 - 1);
        let answer = whole::assign(self.instance, &self.open, cost_max, self.effort.nodes, self.stop);
        self.effort.nodes = self.effort.nodes.saturating_mul(GROWTH);
        let fits = |agents: &Vec<u32>| State::new(self.instance, agents.clone()).overload == 0;
        let is_sound = answer.found.as_ref().is_none_or(fits);
        self.take(answer.found.into_iter().collect());
        let is_exact = self.best.as_ref().is_none_or(|best| (best.0 as f64) < EXACT_MAX);
        self.is_complete |= answer.is_complete && is_sound && is_exact;
    }
}
