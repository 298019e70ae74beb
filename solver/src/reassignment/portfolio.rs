//! Which method runs when.

use std::sync::{Mutex, PoisonError};

use lessor_models::families::reassignment::{Cost, ReassignmentInstance, bound, check};
use rayon::prelude::*;

use crate::random::Random;
use crate::stop::Stop;

use super::ReassignmentOptions;
use super::annealing::{Annealing, Mix, Ranks};
use super::cooling::{Cooling, Pace};
use super::incumbent::Incumbent;
use super::lowered::Lowered;
use super::state::State;

/// Chains that anneal side by side where no clock decides.
const CHAINS: usize = 2;

/// Steps for each process and each round where no clock decides.
const ROUND_STEPS: u64 = 20_000;

/// The part of the time after which the mix of moves and the speed of cooling are learned, and the part after which the
/// chains go on from the best of them.
const LEARNED: f64 = 0.1;
const REHEATED: f64 = 0.85;

/// The temperature to begin with, relative to the cost of an average machine.
const HOT: f64 = 1.0;

/// The one to go on with from the best, relative to the one to begin with.
const REHEAT: f64 = 0.003;

/// The temperature of the end: costs are whole numbers, so that nothing is colder.
const COLD: f64 = 0.3;

/// Mixes of moves; chains try them in turn, and the one that came further is kept.
const MIXES: [Mix; 2] = [Mix { homes: 40, shifts: 25 }, Mix { homes: 5, shifts: 25 }];

/// Hears of every better assignment that breaks nothing.
pub type Report<'a> = &'a mut (dyn FnMut(u128, u128) + Send);

/// The best assignment so far, shared by all chains.
struct Board<'a> {
    instance: &'a ReassignmentInstance,
    bound: u128,
    best: Option<(Cost, Vec<u32>)>,
    report: Report<'a>,
}

impl Board<'_> {
    /// Takes an assignment over if it breaks nothing and costs less.
    fn offer(&mut self, machines: &[u32]) {
        let Ok(cost) = check(self.instance, machines) else { return };
        if self.best.as_ref().is_none_or(|best| cost.total() < best.0.total()) {
            self.best = Some((cost, machines.to_vec()));
            (self.report)(cost.total(), self.bound);
        }
    }
}

/// What all chains share.
struct Search<'a> {
    lowered: &'a Lowered,
    ranks: Ranks,
    random: Random,
    chains: usize,
    stop: &'a Stop,
    board: Mutex<Board<'a>>,
}

/// What a chain came to.
struct Chain {
    best: Incumbent,
    mix: Mix,
    /// The mean cost at each temperature.
    costs: Vec<f64>,
}

/// Searches by the method that the options name.
pub(super) fn search(
    instance: &ReassignmentInstance,
    options: &ReassignmentOptions,
    stop: &Stop,
    report: Report,
) -> (Option<(Cost, Vec<u32>)>, u128) {
    let lowered = Lowered::new(instance);
    let board = Mutex::new(Board { instance, bound: bound(instance), best: None, report });
    let weights: Vec<f64> = (0..lowered.processes).map(|process| lowered.weight(process)).collect();
    let chains = if options.rounds_max.is_some() { CHAINS } else { rayon::current_num_threads() };
    let random = Random::new(options.seed);
    let search = Search { lowered: &lowered, ranks: Ranks::new(&weights), random, chains, stop, board };
    search.offer(&lowered.start);
    if lowered.processes > 0 {
        search.run(options);
    }
    let board = search.board.into_inner().unwrap_or_else(PoisonError::into_inner);
    (board.best, board.bound)
}

impl Search<'_> {
    fn offer(&self, machines: &[u32]) {
        self.board.lock().unwrap_or_else(PoisonError::into_inner).offer(machines);
    }

    /// A first annealing learns, a long one follows, and then shorter ones from the best.
    fn run(&self, options: &ReassignmentOptions) {
        let start = State::new(self.lowered, &self.lowered.start);
        let hot = (HOT * start.cost() / self.lowered.machines as f64).max(1.0);
        let steps = ROUND_STEPS * self.lowered.processes as u64;
        let pace = |from, to| match options.rounds_max {
            Some(_) => Pace::Steps(steps),
            None => Pace::Progress { from, to },
        };
        let even = Cooling::even(hot, COLD);
        let pilot = self.round(0, &start, |chain| (&even, pace(0.0, LEARNED), MIXES[chain % MIXES.len()]));
        let learned = even.learned(&pilot.costs);
        let long = self.round(1, &start, |_| (&learned, pace(LEARNED, REHEATED), pilot.mix));
        let mut best = if long.best.cost < pilot.best.cost { long.best } else { pilot.best };
        let warm = Cooling::even((hot * REHEAT).max(1.0), COLD);
        for round in 2..options.rounds_max.unwrap_or(3) {
            let state = State::new(self.lowered, &best.machines);
            let found = self.round(round, &state, |_| (&warm, pace(REHEATED, 1.0), pilot.mix));
            best = if found.best.cost < best.cost { found.best } else { best };
        }
    }

    /// All chains anneal from a state; the result is the one that came furthest.
    fn round<'b>(&self, round: u32, from: &State, plan: impl Fn(usize) -> (&'b Cooling, Pace, Mix) + Sync) -> Chain {
        let chain = |chain: usize| {
            let (cooling, pace, mix) = plan(chain);
            let mut random = self.random.fork(u64::from(round) << 32 | chain as u64);
            let (mut state, mut best) = (from.clone(), Incumbent::new(from));
            let annealing = Annealing { cooling, pace, mix, ranks: &self.ranks, stop: self.stop };
            let costs = annealing.run(&mut state, &mut best, &mut random);
            self.offer(&best.machines);
            Chain { best, mix, costs }
        };
        let mut chains: Vec<Chain> = (0..self.chains.max(1)).into_par_iter().map(chain).collect();
        chains.sort_by(|one, other| one.best.cost.total_cmp(&other.best.cost));
        chains.swap_remove(0)
    }
}
