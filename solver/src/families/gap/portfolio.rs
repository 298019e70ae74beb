//! Which method runs when.

use lessor_models::families::gap::{GapInstance, PRICE_SCALE, bound};
use rayon::prelude::*;

use crate::support::numbers::round;
use crate::support::random::Random;
use crate::support::stop::Stop;

use super::annealing::{LoadedAssignment, Schedule, anneal, narrow};
use super::candidates::Candidates;
use super::capacity_prices;
use super::dive::{DiveOptions, dive_on};
use super::greedy;
use super::impossible::is_impossible;
use super::lowered::Lowered;
use super::neighborhoods::View;
use super::residual::Residual;
use super::volume::{Scratch, Volume};
use super::whole;
use super::{GapMethod, GapOptions};

/// Moves for each item: of the annealing that finds the first assignment, and of the first that goes on from prices.
const FIRST_MOVES: u64 = 250;
const PRICED_MOVES: u64 = 2_000;

/// Annealings at a time, whatever the number of threads.
const ANNEALINGS: u64 = 2;

/// How much longer each round anneals, or branches, than the one before.
const GROWTH: u64 = 2;

/// Steps of the climb to the prices of the whole instance, and the length of a step below which it has arrived.
const CLIMB_STEPS: u32 = 4_000;
const CLIMB_LENGTH_MIN: f64 = 1e-4;

/// Steps of that climb before each quick dive, and pairs from which on there are such dives.
const LEGS: [u32; 2] = [80, 160];
const LEGS_PAIRS_MIN: usize = 10_000;

/// The part of the time after which the climb waits for others, and steps that it makes then before each dive for the whole
/// instance.
const CLIMB_SHARE: f64 = 0.4;
const LEG_LATER: u32 = 200;

/// A dive that is soon over; chance leaves it alone.
const QUICK_DIVE: DiveOptions =
    DiveOptions { cost_max: f64::INFINITY, first_steps: 0, steps: 8, share: 0.15, noise: 0.0 };

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

/// Open pairs up to which `auto` only branches where nothing at all is found.
const SETTLED_PAIRS: usize = 2_500;

/// Open pairs for each item up to which it does so at all, and nodes up to which it does then.
const WHOLE_PAIRS_PER_ITEM: usize = 3;
const WHOLE_NODES_MAX: u64 = 20_000;

/// Far above the error of sums of floats and below a unit of cost; where costs are large, its square is relative.
const ERROR_MAX: f64 = 1e-3;

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
struct Portfolio<'a> {
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
    climb: Option<Climb>,
    /// What the first assignment costs: prices that aim at it move far enough, which those that aim just below the best do not.
    first_cost: Option<i128>,
}

/// The climb to the prices of the whole instance, which may wait for others.
struct Climb {
    everything: Residual,
    volume: Volume,
    steps_left: u32,
}

/// How much the next round does.
#[derive(Clone, Copy, Debug)]
struct Effort {
    moves: u64,
    nodes: u64,
    agents: usize,
    idle: u32,
    /// The share of the time from which on there may be another integer program over everything open: dives in between take as
    /// long as the last one did, so that neither waits for the other.
    branches_from: f64,
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
    let all = Candidates::none(instance.items);
    let (open, random) = (all.clone(), Random::new(options.seed));
    let effort = Effort { moves: PRICED_MOVES, nodes: WHOLE_NODES, agents: CHUNK_AGENTS, idle: 0, branches_from: 0.0 };
    let (best, is_complete, climb, first_cost) = (None, false, None, None);
    let mut search = Portfolio {
        checked,
        instance,
        stop,
        report,
        random,
        best,
        dual,
        all,
        open,
        is_complete,
        effort,
        climb,
        first_cost,
    };
    search.run(options);
    Found { best: search.best, dual: search.dual, is_complete: search.is_complete }
}

/// What prices prove.
fn prove(checked: &GapInstance, prices: Vec<f64>) -> Dual {
    let scaled: Vec<i64> = prices.iter().map(|price| round(price * PRICE_SCALE as f64)).collect();
    Dual { bound: bound(checked, &scaled), prices, scaled }
}

impl Portfolio<'_> {
    fn run(&mut self, options: &GapOptions) {
        if is_impossible(self.instance) {
            self.is_complete = true;
            return;
        }
        self.take(greedy::assign(self.instance, self.stop).into_iter().collect());
        let Some(all) = Candidates::new(self.instance, &self.dual.prices, self.stop) else { return };
        self.all = all;
        self.close();
        if self.is_over() {
            return;
        }
        self.begin(options.method);
        let mut rounds = 0;
        while !self.is_over() && options.rounds_max.is_none_or(|most| rounds < most) {
            self.random.advance();
            let before = self.cost();
            match options.method {
                GapMethod::Annealing => self.anneal_longer(),
                GapMethod::Exact => self.branch(),
                GapMethod::Neighborhood => self.dive(rounds),
                GapMethod::Auto if self.is_to_be_settled() => {
                    self.branch();
                    self.effort.nodes = self.effort.nodes.saturating_mul(GROWTH);
                }
                GapMethod::Auto => {
                    self.dive(rounds);
                    if self.is_worth_branching() {
                        let begun = self.stop.progress();
                        self.branch();
                        let ended = self.stop.progress();
                        self.effort.branches_from = ended + (ended - begun);
                    }
                }
            }
            rounds += 1;
            self.effort.idle = if self.cost() < before { 0 } else { self.effort.idle + 1 };
        }
    }

    /// The first assignment, whatever it costs; then prices, and where these take long, a better assignment from where they are
    /// every so many steps.
    fn begin(&mut self, method: GapMethod) {
        let prices = capacity_prices::climb(self.instance, self.stop);
        self.take(greedy::assign_at(self.instance, &prices.weights, self.stop).into_iter().collect());
        self.raise(prices.items);
        if self.is_over() {
            return;
        }
        if self.all.pairs() < LEGS_PAIRS_MIN {
            self.anneal_longer();
            self.first_cost = self.best.as_ref().map(|best| best.0);
            self.climb(CLIMB_STEPS, 1.0);
            return;
        }
        self.anneal(FIRST_MOVES);
        self.first_cost = self.best.as_ref().map(|best| best.0);
        for steps in LEGS {
            self.climb(steps, 1.0);
            if self.is_over() {
                return;
            }
            self.random.advance();
            match method {
                GapMethod::Annealing => self.anneal(PRICED_MOVES),
                GapMethod::Auto | GapMethod::Neighborhood | GapMethod::Exact => self.dive_quickly(),
            }
        }
        self.climb(CLIMB_STEPS, CLIMB_SHARE);
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

    /// Climbs to better prices, until so much of the time is over.
    fn climb(&mut self, steps: u32, share: f64) {
        let mut scratch = Scratch::new(self.stop);
        let mut climb = self.climb.take().unwrap_or_else(|| {
            let everything = self.view().everything();
            let volume = Volume::new(&everything, self.dual.prices.clone(), &mut scratch).patiently();
            Climb { everything, volume, steps_left: CLIMB_STEPS }
        });
        let aim = self.first_cost.map_or(f64::INFINITY, |cost| cost as f64);
        let target = self.best.as_ref().map_or(f64::INFINITY, |best| best.0 as f64);
        let steps_before = climb.steps_left;
        for _ in 0..steps.min(climb.steps_left) {
            let has_arrived = climb.volume.length() < CLIMB_LENGTH_MIN || climb.volume.bound > target - 1.0;
            if has_arrived || self.stop.is_raised() || self.stop.progress() >= share {
                break;
            }
            climb.volume.step(&climb.everything, aim, &mut scratch);
            climb.steps_left -= 1;
        }
        let climb = self.climb.insert(climb);
        if climb.steps_left == steps_before {
            return;
        }
        let prices = climb.volume.prices.clone();
        self.raise(prices);
    }

    /// Takes prices that prove more.
    fn raise(&mut self, prices: Vec<f64>) {
        let dual = prove(self.checked, prices);
        if dual.bound > self.dual.bound {
            self.dual = dual;
            if !self.is_over()
                && let Some(all) = Candidates::new(self.instance, &self.dual.prices, self.stop)
            {
                self.all = all;
                self.close();
            }
        }
    }

    /// Closes the pairs that no better assignment uses.
    fn close(&mut self) {
        if self.all.pairs() == 0 {
            return;
        }
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
            let state = LoadedAssignment::new(self.instance, agents);
            if state.overload == 0 && state.cost < self.cost() {
                self.best = Some((state.cost, state.agents));
                self.close();
                (self.report)(state.cost.unsigned_abs(), self.dual.bound);
            }
        }
    }

    /// One dive for the whole instance from where the climb is, with few steps after each fixing.
    fn dive_quickly(&mut self) {
        let Some(climb) = &self.climb else { return };
        let cost_max = self.best.as_ref().map_or(f64::INFINITY, |best| (best.0 - 1) as f64);
        let options = DiveOptions { cost_max, ..QUICK_DIVE };
        let (everything, volume) = (climb.everything.clone(), climb.volume.clone());
        let dived = dive_on(everything, volume, &options, &mut self.random.fork(0), Scratch::new(self.stop));
        if let Some(pairs) = dived {
            let mut agents = vec![0; self.instance.items];
            pairs.into_iter().for_each(|(item, agent)| agents[item as usize] = agent);
            self.take(vec![agents]);
        }
    }

    /// Anneals, each time longer.
    fn anneal_longer(&mut self) {
        self.anneal(self.effort.moves);
        self.effort.moves = self.effort.moves.saturating_mul(GROWTH);
    }

    /// Anneals from the best assignment and from what the climb points to; before there is a climb from every item's most promising
    /// agent, for a greedy assignment leads annealings away from what prices say.
    fn anneal(&mut self, moves: u64) {
        let scale = self.temperature();
        let moves = moves.saturating_mul(self.instance.items as u64);
        let schedule = Schedule { hot: scale, cold: scale / 100.0, moves, overload: scale };
        let starts = self.starts();
        let (instance, view) = (self.instance, self.view());
        let anneals = (0..ANNEALINGS).into_par_iter().map(|number| {
            let mut random = view.random.fork(number);
            let start = starts[usize::try_from(number).expect("they are few") % starts.len()].clone();
            anneal(instance, view.open, LoadedAssignment::new(instance, start), &schedule, (&mut random, view.stop))
        });
        let found: Vec<_> = anneals.collect();
        self.take(found.into_iter().flatten().map(|(_, agents)| agents).collect());
    }

    /// Where annealings begin.
    fn starts(&self) -> Vec<Vec<u32>> {
        let promising = |item: usize| self.open.agents(item)[0];
        let Some(climb) = &self.climb else { return vec![(0..self.instance.items).map(promising).collect()] };
        let named = |(item, agent): (usize, Option<usize>)| agent.map_or_else(|| promising(item), narrow);
        let rounded = climb.volume.rounded().into_iter().enumerate().map(named).collect();
        let best = self.best.as_ref().map(|(_, agents)| agents.clone());
        best.into_iter().chain([rounded]).collect()
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
            self.climb(LEG_LATER, 1.0);
            let known = if round == 0 { self.first_cost } else { self.best.as_ref().map(|best| best.0) };
            let found = self.view().anew(known.map(|cost| cost - 1));
            self.take(found);
        }
        let Some((_, agents)) = &self.best else { return self.anneal_longer() };
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

    /// Whether so little is open, with nothing found, that a search settles whether there is anything.
    fn is_to_be_settled(&self) -> bool {
        self.best.is_none() && self.effort.idle >= PATIENCE && self.open.pairs() <= SETTLED_PAIRS
    }

    fn is_worth_branching(&self) -> bool {
        let pairs = self.open.pairs();
        let is_narrow = pairs <= WHOLE_PAIRS_PER_ITEM * self.instance.items && self.effort.nodes <= WHOLE_NODES_MAX;
        let has_dived = self.effort.idle >= PATIENCE && self.stop.progress() >= self.effort.branches_from;
        has_dived && (pairs <= WHOLE_PAIRS || is_narrow)
    }

    /// One integer program over every open pair.
    fn branch(&mut self) {
        let best = self.best.as_ref().map(|(cost, agents)| (*cost, agents.as_slice()));
        let answer = whole::assign(self.instance, &self.open, best, self.effort.nodes, self.stop);
        self.effort.nodes = self.effort.nodes.saturating_mul(GROWTH);
        self.take(answer.found.into_iter().collect());
        self.is_complete |= answer.is_complete;
    }
}
