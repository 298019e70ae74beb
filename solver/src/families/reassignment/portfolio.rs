//! Which method runs when.

use lessor_models::families::reassignment::{Cost, ReassignmentInstance, bound, check, impossible};
use rayon::prelude::*;

use crate::support::numbers::floor;
use crate::support::random::Random;
use crate::support::stop::Stop;

use super::annealing::{Annealing, Mix, Ranks, Walk};
use super::convoy::Fleet;
use super::cooling::{Cooling, Pace};
use super::enumeration::enumerate;
use super::incumbent::Incumbent;
use super::lowered::Lowered;
use super::repair::repair;
use super::state::State;
use super::team;
use super::{ReassignmentMethod, ReassignmentOptions};

/// Chains that anneal side by side where no clock decides.
const CHAINS: usize = 2;

/// Steps for each process that are a round where no clock decides. What is a share of the time otherwise is one of all rounds.
const ROUND_STEPS: u64 = 1_000;

/// The part of the time after which the mix of moves and the speed of cooling are learned, and the part after which all go
/// on from the best.
const LEARNED: f64 = 0.1;
const REHEATED: f64 = 0.85;

/// Into how many legs the long annealing is cut. After each, all chains go on from the one that is furthest: what large
/// processes froze into decides, and the better of it is kept early.
const LEGS: u32 = 20;

/// The temperature to begin with, relative to the cost of an average machine.
const HOT: f64 = 1.0;

/// The one to go on with from the best, relative to the one to begin with.
const REHEAT: f64 = 0.003;

/// The temperature of the end: costs are whole numbers, so that nothing is colder.
const COLD: f64 = 0.3;

/// The stream of random numbers for the repair of a start, apart from those of rounds and chains.
const REPAIR: u64 = u64::MAX;

/// Starts that are repaired at most where no clock decides.
const REPAIRED_STARTS: u32 = 6;

/// Mixes of moves; chains try them in turn, and the one that came further is kept.
const MIXES: [Mix; 2] = [Mix { homes: 40, shifts: 25 }, Mix { homes: 5, shifts: 25 }];

/// Hears of every better assignment that breaks nothing.
pub type Report<'a> = &'a mut dyn FnMut(u128, u128);

/// The best assignment so far.
struct Board<'a> {
    instance: &'a ReassignmentInstance,
    bound: u128,
    best: Option<(Cost, Vec<u32>)>,
    report: Report<'a>,
}

impl Board<'_> {
    /// Whether nothing costs less.
    fn is_proved(&self) -> bool {
        self.best.as_ref().is_some_and(|best| best.0.total() <= self.bound)
    }

    /// Proves that nothing costs less than the best.
    fn prove(&mut self) {
        if let Some((cost, _)) = &self.best {
            self.bound = cost.total();
            (self.report)(self.bound, self.bound);
        }
    }

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
    fleet: Fleet<'a>,
    random: Random,
    chains: usize,
    stop: &'a Stop,
}

/// What a chain came to.
struct Chain<'a> {
    state: State<'a>,
    best: Incumbent,
    mix: Mix,
    /// The mean cost at each temperature, and the steps taken; nothing of a team.
    costs: Vec<f64>,
    steps: u64,
}

/// What the chains of a round do; each may have a mix of its own, or all threads carry on one.
struct Round<'a> {
    number: u32,
    cooling: &'a Cooling,
    part: (f64, f64),
    pace: Pace,
    mixes: &'a [Mix],
    is_team: bool,
    /// A chain that comes so low is done.
    enough: f64,
}

/// Searches by the method that the options name.
pub(super) fn search(
    instance: &ReassignmentInstance,
    options: &ReassignmentOptions,
    stop: &Stop,
    report: Report,
) -> (Option<(Cost, Vec<u32>)>, u128) {
    let mut board = Board { instance, bound: bound(instance), best: None, report };
    board.offer(&instance.parts().start);
    if stop.is_raised() || board.is_proved() {
        return (board.best, board.bound);
    }
    let lowered = Lowered::new(instance, stop);
    if options.method == ReassignmentMethod::Auto && enumerate(&lowered, stop, &mut |machines| board.offer(machines)) {
        board.prove();
        return (board.best, board.bound);
    }
    let weights: Vec<f64> = (0..lowered.processes).map(|process| lowered.weight(process)).collect();
    let chains = if options.rounds_max.is_some() { CHAINS } else { rayon::current_num_threads() };
    let random = Random::new(options.seed);
    let ranks = Ranks::new(&weights, lowered.reach.movable());
    let fleet = match options.method {
        ReassignmentMethod::Annealing | ReassignmentMethod::Repair => Fleet::none(&lowered),
        ReassignmentMethod::Auto | ReassignmentMethod::Team => Fleet::new(&lowered),
    };
    let search = Search { lowered: &lowered, ranks, fleet, random, chains, stop };
    if !stop.is_raised() && lowered.processes > 0 && impossible(instance).is_empty() {
        // Where a clock decides, a start is looked for until then.
        let starts_max = options.rounds_max.map(|_| REPAIRED_STARTS);
        let (start, keeps_rules) = repair(&lowered, starts_max, &mut search.random.fork(REPAIR), stop);
        if keeps_rules {
            board.offer(&start);
            let goes_on = options.method != ReassignmentMethod::Repair && options.rounds_max != Some(0);
            if lowered.reach.movable().is_empty() {
                board.prove();
            } else if goes_on && !board.is_proved() {
                search.run(options, &start, &mut board);
            }
        }
    }
    (board.best, board.bound)
}

impl<'a> Search<'a> {
    /// A first annealing learns, a long one follows, leg by leg, and then a shorter one from the best.
    fn run(&self, options: &ReassignmentOptions, start: &[u32], board: &mut Board) {
        let start = State::new(self.lowered, start);
        let hot = (HOT * start.cost() / self.lowered.machines as f64).max(1.0);
        let of_round = (ROUND_STEPS * self.lowered.processes as u64) as f64;
        let pace = |from: f64, to: f64| match options.rounds_max {
            Some(rounds) => Pace::Steps(floor((to - from) * f64::from(rounds) * of_round)),
            None => Pace::Progress { from, to },
        };
        let even = Cooling::even(hot, COLD);
        let (part, pace_of_pilot) = ((0.0, 1.0), pace(0.0, LEARNED));
        let mut enough = board.bound as f64;
        let pilot =
            Round { number: 0, cooling: &even, part, pace: pace_of_pilot, mixes: &MIXES, is_team: false, enough };
        let mut pilots = self.round(&pilot, &start);
        pilots.sort_by(|one, other| one.best.cost.total_cmp(&other.best.cost));
        pilots.iter().for_each(|pilot| board.offer(&pilot.best.machines));
        let Chain { mut best, mix, costs, steps, .. } = pilots.swap_remove(0);
        let is_team = match options.method {
            ReassignmentMethod::Annealing | ReassignmentMethod::Repair => false,
            ReassignmentMethod::Team => true,
            // Chains that could not even try every process on every machine are too few steps apart to differ: one goes on.
            ReassignmentMethod::Auto => steps < (self.lowered.processes * self.lowered.machines) as u64,
        };

        let learned = even.learned(&costs, board.bound as f64);
        let mut state = start;
        for leg in 0..LEGS {
            if board.is_proved() {
                return;
            }
            // What the board has not proved is above the bound by less than floats tell.
            enough = if best.cost <= enough { f64::NEG_INFINITY } else { enough };
            let part = [leg, leg + 1].map(|leg| f64::from(leg) / f64::from(LEGS));
            let [from, to] = part.map(|part| LEARNED + (REHEATED - LEARNED) * part);
            let (number, part, pace) = (1 + leg, (part[0], part[1]), pace(from, to));
            let round = Round { number, cooling: &learned, part, pace, mixes: &[mix], is_team, enough };
            let mut chains = self.round(&round, &state);
            chains.sort_by(|one, other| one.state.cost().total_cmp(&other.state.cost()));
            keep(&mut best, &chains, board);
            state = chains.swap_remove(0).state;
        }

        if board.is_proved() {
            return;
        }
        let warm = Cooling::even((hot * REHEAT).max(1.0), COLD);
        let state = State::new(self.lowered, &best.machines);
        let (number, part, pace) = (LEGS + 2, (0.0, 1.0), pace(REHEATED, 1.0));
        let round = Round { number, cooling: &warm, part, pace, mixes: &[mix], is_team, enough };
        keep(&mut best, &self.round(&round, &state), board);
    }

    /// All threads carry on one chain from a state.
    fn together(&self, round: &Round, from: &State<'a>) -> Chain<'a> {
        let Round { cooling, part, pace, enough, .. } = *round;
        let mix = round.mixes[0];
        let annealing = Annealing { cooling, part, pace, mix, enough, fleet: &self.fleet, stop: self.stop };
        let (mut states, mut best) = (vec![from.clone(); self.chains.max(1)], Incumbent::new(from));
        let mut random = self.random.fork(u64::from(round.number) << 32);
        team::run(&annealing, (self.lowered, &self.ranks), &mut states, &mut best, &mut random);
        Chain { state: states.swap_remove(0), best, mix, costs: Vec::new(), steps: 0 }
    }

    /// What chains come to from a state.
    fn round(&self, round: &Round, from: &State<'a>) -> Vec<Chain<'a>> {
        if round.is_team { vec![self.together(round, from)] } else { self.apart(round, from) }
    }

    /// All chains anneal from a state.
    fn apart(&self, round: &Round, from: &State<'a>) -> Vec<Chain<'a>> {
        let chain = |chain: usize| {
            let mix = round.mixes[chain % round.mixes.len()];
            let random = self.random.fork(u64::from(round.number) << 32 | chain as u64);
            let (mut state, mut best) = (from.clone(), Incumbent::new(from));
            let Round { cooling, part, pace, enough, .. } = *round;
            let annealing = Annealing { cooling, part, pace, mix, enough, fleet: &self.fleet, stop: self.stop };
            let walk = Walk::new(&state, &self.fleet, &self.ranks, random);
            let (costs, steps) = annealing.run(&mut state, &mut best, walk);
            Chain { state, best, mix, costs, steps }
        };
        (0..self.chains.max(1)).into_par_iter().map(chain).collect()
    }
}

/// Keeps the best of all chains where it is better, the first of several. All are offered, for the board counts exactly.
fn keep(best: &mut Incumbent, chains: &[Chain], board: &mut Board) {
    for chain in chains {
        board.offer(&chain.best.machines);
        if chain.best.cost < best.cost {
            best.clone_from(&chain.best);
        }
    }
}
