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
const BATCH: u64 = 1_024;

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
    pub(super) ranks: &'a Ranks,
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

    /// A process that is some ranks off, as likely one as two to three, four to seven and so on.
    fn near(&self, process: usize, random: &mut Random) -> usize {
        let scale = random.index(self.ranked.len().ilog2() as usize + 1);
        let offset = 1 + random.index(1 << scale);
        let rank = self.rank[process];
        let is_heavier = random.below(2) == 0;
        let other = if is_heavier { rank.saturating_sub(offset) } else { (rank + offset).min(self.ranked.len() - 1) };
        self.ranked[other]
    }
}

impl Annealing<'_> {
    /// Anneals from a state until it is cold or stopped, and keeps the best assignment seen. The result is the mean cost at
    /// each temperature.
    pub(super) fn run(&self, state: &mut State, best: &mut Incumbent, random: &mut Random) -> Vec<f64> {
        let mut sums = vec![(0.0, 0.0); self.cooling.len()];
        let (mut chain, mut convoy) = (Chain::default(), Convoy::default());
        let convoys = self.fleet.tried(state, BATCH, random);
        let mut steps = 0;
        loop {
            let share = self.pace.share(steps, self.stop);
            if share >= 1.0 || self.stop.is_raised() {
                break;
            }
            let (at, temperature) = self.cooling.at(self.part.0 + share * (self.part.1 - self.part.0));
            for _ in 0..BATCH {
                if random.below(1_000) < CHAINS {
                    let limit = -temperature * random.unit().max(f64::MIN_POSITIVE).ln();
                    let begin = draw_chain(state, random);
                    if chain.eject(state, begin, limit, random) {
                        chain.processes().for_each(|process| best.touched(process));
                        best.offer(state);
                    }
                    continue;
                }
                let step = self.draw(state, random);
                let Some(difference) = state.difference(step) else { continue };
                if difference <= 0.0 || random.unit() < (-difference / temperature).exp() {
                    state.apply(step);
                    best.moved(step);
                    best.offer(state);
                }
            }
            let is_cold = at >= self.cooling.len() / 2;
            for _ in 0..convoys[usize::from(is_cold)] {
                let limit = -temperature * random.unit().max(f64::MIN_POSITIVE).ln();
                if convoy.drive(state, self.fleet, limit, random) {
                    convoy.processes().for_each(|process| best.touched(process));
                    best.offer(state);
                }
            }
            sums[at].0 += state.cost();
            sums[at].1 += 1.0;
            steps += BATCH;
            self.stop.spend(BATCH);
        }
        means(&sums, state.cost())
    }

    /// Some move.
    fn draw(&self, state: &State, random: &mut Random) -> Move {
        let process = draw_process(state, random);
        match random.below(100) {
            kind if kind < self.mix.homes => Move::Shift { process, to: state.home(process) },
            kind if kind < self.mix.homes + self.mix.shifts => {
                Move::Shift { process, to: state.reach().draw(process, random) }
            }
            _ if random.below(100) < NEAR => Move::Swap { one: process, other: self.ranks.near(process, random) },
            _ => {
                let members = state.members(state.reach().draw(process, random));
                let at = random.index(members.len());
                Move::Swap { one: process, other: members.get(at).map_or(process, |&other| other as usize) }
            }
        }
    }
}

/// Some process, and a machine for it to begin a chain on.
fn draw_chain(state: &State, random: &mut Random) -> (usize, usize) {
    let process = draw_process(state, random);
    let is_for_home = random.below(100) < CHAINS_HOME;
    (process, if is_for_home { state.home(process) } else { state.reach().draw(process, random) })
}

/// Some process that can move; there is one.
fn draw_process(state: &State, random: &mut Random) -> usize {
    let movable = state.reach().movable();
    movable[random.index(movable.len())] as usize
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
