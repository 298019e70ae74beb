//! Simulated annealing over shifts, swaps, ejection chains and convoys (Kirkpatrick, Gelatt & Vecchi 1983; for machine
//! reassignment, Portal, Ritt, Borba & Buriol 2016).

use crate::support::random::Random;
use crate::support::stop::Stop;

use super::convoy::{Convoy, Fleet};
use super::cooling::{Cooling, Pace};
use super::ejection::Chain;
use super::incumbent::Incumbent;
use super::state::{Move, State};

/// Steps between two looks at the stop and the temperature.
pub(super) const BATCH: u64 = 1_024;

/// Of a hundred swaps tried, how many change places with a process of about the same weight; the others with any.
const NEAR: u64 = 70;

/// Of a thousand moves tried, how many are ejection chains. One takes as long as some thirty others.
const CHAINS: u64 = 30;

/// Of a hundred chains tried, how many begin with a process that goes home.
const CHAINS_HOME: u64 = 25;

/// How often each kind of move is tried otherwise, of a hundred; what is left swaps.
///
/// There are many machines and one home, so that chance leads away from it; what is away keeps transient resources at home,
/// and soon nothing else can move. Where resources are transient, trying the way home often makes up for that.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mix {
    /// A process goes home.
    pub(super) homes: u64,
    /// A process goes anywhere that it can reach.
    pub(super) shifts: u64,
}

/// What does not change while an annealing goes on.
#[derive(Debug)]
pub(super) struct Annealing<'a> {
    pub(super) cooling: &'a Cooling,
    /// The part of the cooling that is gone through: shares from and to.
    pub(super) part: (f64, f64),
    pub(super) pace: Pace,
    pub(super) mix: Mix,
    /// What comes so low is done.
    pub(super) enough: f64,
    pub(super) fleet: &'a Fleet<'a>,
    pub(super) stop: &'a Stop,
}

/// Processes that can move, by weight: what they add to a machine's columns, in absolute terms.
#[derive(Debug)]
pub(super) struct Ranks {
    /// Heaviest first.
    ranked: Vec<usize>,
    /// The rank of each process.
    rank: Vec<usize>,
}

impl Ranks {
    /// Ranks those that can move, by the weights of all.
    pub(super) fn new(weights: &[f64], movable: &[u32]) -> Ranks {
        let mut ranked: Vec<usize> = movable.iter().map(|&process| process as usize).collect();
        ranked.sort_by(|&one, &other| weights[other].total_cmp(&weights[one]));
        let mut rank = vec![0; weights.len()];
        ranked.iter().enumerate().for_each(|(at, &process)| rank[process] = at);
        Ranks { ranked, rank }
    }

    /// Those of these processes that suit, with ranks of their own.
    pub(super) fn of(&self, suits: impl Fn(usize) -> bool) -> Ranks {
        let ranked: Vec<usize> = self.ranked.iter().copied().filter(|&process| suits(process)).collect();
        let mut rank = vec![0; self.rank.len()];
        ranked.iter().enumerate().for_each(|(at, &process)| rank[process] = at);
        Ranks { ranked, rank }
    }

    /// Whether there is nobody.
    pub(super) fn is_empty(&self) -> bool {
        self.ranked.is_empty()
    }

    /// Some process; there is one.
    fn any(&self, random: &mut Random) -> usize {
        self.ranked[random.index(self.ranked.len())]
    }

    /// A process that is some ranks off: at most one, two, four and so on, each of these as likely as any other.
    fn near(&self, process: usize, random: &mut Random) -> usize {
        let scale = random.index(self.ranked.len().ilog2() as usize + 1);
        let offset = 1 + random.index(1 << scale);
        let rank = self.rank[process];
        let is_heavier = random.below(2) == 0;
        let other = if is_heavier { rank.saturating_sub(offset) } else { (rank + offset).min(self.ranked.len() - 1) };
        self.ranked[other]
    }
}

/// What an annealing keeps from one batch of steps to the next.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    /// Who moves.
    ranks: &'a Ranks,
    random: Random,
    chain: Chain,
    convoy: Convoy,
    /// Convoys tried with each batch while it is hot, and once it is cold.
    convoys: [u64; 2],
}

impl<'a> Walk<'a> {
    /// Begins at a state; somebody moves.
    pub(super) fn new(state: &State, fleet: &Fleet, ranks: &'a Ranks, mut random: Random) -> Walk<'a> {
        let convoys = fleet.tried(state, BATCH, &mut random);
        Walk { ranks, random, chain: Chain::default(), convoy: Convoy::default(), convoys }
    }
}

impl Annealing<'_> {
    /// Anneals from a state until it is cold or stopped, and keeps the best assignment seen. The result is the mean cost at
    /// each temperature, and how many steps were taken.
    pub(super) fn run(&self, state: &mut State, best: &mut Incumbent, mut walk: Walk) -> (Vec<f64>, u64) {
        let mut sums = vec![(0.0, 0.0); self.cooling.len()];
        let mut steps = 0;
        while let Some((at, temperature)) = self.temperature(steps).filter(|_| best.cost > self.enough) {
            self.batch((at, temperature), state, best, &mut walk);
            sums[at].0 += state.cost();
            sums[at].1 += 1.0;
            steps += BATCH;
        }
        (means(&sums, state.cost()), steps)
    }

    /// The temperature after so many steps, with its number, unless it is over.
    pub(super) fn temperature(&self, steps: u64) -> Option<(usize, f64)> {
        let share = self.pace.share(steps, self.stop);
        let goes_on = share < 1.0 && !self.stop.is_raised();
        goes_on.then(|| self.cooling.at(self.part.0 + share * (self.part.1 - self.part.0)))
    }

    /// Some steps at a temperature, which comes with its number.
    pub(super) fn batch(
        &self,
        (at, temperature): (usize, f64),
        state: &mut State,
        best: &mut Incumbent,
        walk: &mut Walk,
    ) {
        let Walk { ranks, random, chain, convoy, convoys } = walk;
        for _ in 0..BATCH {
            if random.below(1_000) < CHAINS {
                let limit = limit(temperature, random);
                let begin = draw_chain(state, ranks, random);
                if chain.eject(state, begin, limit, random) {
                    chain.processes().for_each(|process| best.touched(process));
                    best.offer(state);
                }
                continue;
            }
            let step = self.draw(state, ranks, random);
            let Some(difference) = state.difference(step) else { continue };
            if random.accepts(difference, temperature) {
                state.apply(step);
                best.moved(step);
                best.offer(state);
            }
        }
        let is_cold = at >= self.cooling.len() / 2;
        for _ in 0..convoys[usize::from(is_cold)] {
            let limit = limit(temperature, random);
            if convoy.drive(state, self.fleet, limit, random) {
                convoy.processes().for_each(|process| best.touched(process));
                best.offer(state);
            }
        }
        self.stop.spend(BATCH);
    }

    /// Some move.
    fn draw(&self, state: &State, ranks: &Ranks, random: &mut Random) -> Move {
        let process = ranks.any(random);
        match random.below(100) {
            kind if kind < self.mix.homes => Move::Shift { process, to: state.home(process) },
            kind if kind < self.mix.homes + self.mix.shifts => {
                Move::Shift { process, to: state.draw_machine(process, random) }
            }
            _ if random.below(100) < NEAR => Move::Swap { one: process, other: ranks.near(process, random) },
            _ => {
                let members = state.members(state.draw_machine(process, random));
                let at = random.index(members.len());
                Move::Swap { one: process, other: members.get(at).map_or(process, |&other| other as usize) }
            }
        }
    }
}

/// By how much a move of several processes may make the cost rise, drawn so that chance allows it as it does a single step.
fn limit(temperature: f64, random: &mut Random) -> f64 {
    -temperature * random.unit().max(f64::MIN_POSITIVE).ln()
}

/// Some process, and a machine for it to begin a chain on.
fn draw_chain(state: &State, ranks: &Ranks, random: &mut Random) -> (usize, usize) {
    let process = ranks.any(random);
    let is_for_home = random.below(100) < CHAINS_HOME;
    (process, if is_for_home { state.home(process) } else { state.draw_machine(process, random) })
}

/// Means of (sum, count); where none was met, that of the next colder temperature, and at the end the last cost.
fn means(sums: &[(f64, f64)], last: f64) -> Vec<f64> {
    let mut colder = last;
    let mut means: Vec<f64> = sums
        .iter()
        .rev()
        .map(|&(sum, count)| {
            colder = if count > 0.0 { sum / count } else { colder };
            colder
        })
        .collect();
    means.reverse();
    means
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_is_another_process_wherever_there_is_one_on_that_side() {
        let ranks = Ranks::new(&[3.0, 9.0, 1.0, 5.0], &[0, 1, 2, 3]);
        assert_eq!(ranks.ranked, [1, 3, 0, 2]);
        let mut random = Random::new(1);
        let mut seen = [0; 4];
        (0..1_000).for_each(|_| seen[ranks.near(3, &mut random)] += 1);
        assert!(seen[3] == 0 && seen[1] > seen[0] && seen[0] > seen[2] && seen[2] > 0, "{seen:?}");
    }

    #[test]
    fn means_are_filled_from_the_colder_side() {
        assert_eq!(means(&[(0.0, 0.0), (6.0, 2.0), (0.0, 0.0)], 1.0), [3.0, 3.0, 1.0]);
    }
}
