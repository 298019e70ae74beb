//! A chain that all threads carry on together, each among some of the machines, which change hands again and again.
//!
//! Where there are many processes and little time, two chains side by side come no further than one alone: each of them cools
//! too fast. One that takes the steps of both cools half as fast.

use rayon::prelude::*;

use crate::support::random::Random;

use super::annealing::{Annealing, BATCH, Ranks, Walk};
use super::convoy::Fleet;
use super::incumbent::Incumbent;
use super::lowered::Lowered;
use super::state::{Regions, State};

/// Steps for each process until machines change hands.
const PERIOD: u64 = 16;

/// Anneals from a state, of which there is a copy for each thread, until it is cold or stopped. The best assignment that all
/// came to together is kept.
pub(super) fn run(
    annealing: &Annealing,
    (instance, ranks): (&Lowered, &Ranks),
    states: &mut [State],
    best: &mut Incumbent,
    random: &mut Random,
) {
    let count = states.len();
    let batches = (PERIOD * instance.processes as u64).div_ceil(BATCH * count as u64).max(1);
    let mut steps = 0;
    while annealing.temperature(steps).is_some() && best.cost > annealing.enough {
        let hands = hands((instance, annealing.fleet), &states[0], count, random);
        let regions = Regions::new(instance, states[0].machines(), hands);
        random.advance();
        states.par_iter_mut().enumerate().for_each(|(own, state)| {
            let ranks = ranks.of(|process| regions.of(state.machines()[process]) == own);
            if ranks.is_empty() {
                return;
            }
            state.confine(&regions, own);
            let mut walk = Walk::new(state, annealing.fleet, &ranks, random.fork(own as u64));
            let mut best_within = Incumbent::new(state);
            for batch in 0..batches {
                let Some(temperature) = annealing.temperature(steps + batch * BATCH) else { break };
                annealing.batch(temperature, state, &mut best_within, &mut walk);
            }
            state.release();
        });
        // A process is in the same region as before, and only who has that region has moved it.
        let together: Vec<u32> = (0..instance.processes)
            .map(|process| states[regions.of(states[0].machines()[process])].machines()[process])
            .collect();
        states.par_iter_mut().for_each(|state| state.follow(&together));
        steps += batches * BATCH;
        best.follow(&states[0]);
    }
}

/// Who has each machine for a while. Where dependencies keep processes together, whole neighborhoods stay in one hand; where
/// nothing does, machines are dealt out one by one. Everybody gets about as many processes.
fn hands((instance, fleet): (&Lowered, &Fleet), state: &State, count: usize, random: &mut Random) -> Vec<usize> {
    let part = |machine: usize| if fleet.is_empty() { machine } else { instance.neighborhood[machine] as usize };
    let mut sizes = vec![0; instance.machines];
    for machine in 0..instance.machines {
        sizes[part(machine)] += 1 + state.members(machine).len();
    }
    let mut parts: Vec<usize> = (0..instance.machines).collect();
    random.shuffle(&mut parts);
    let (mut hand_of, mut filled) = (vec![0; instance.machines], vec![0; count]);
    for part in parts {
        let emptiest = (0..count).min_by_key(|&hand| filled[hand]).unwrap_or(0);
        hand_of[part] = emptiest;
        filled[emptiest] += sizes[part];
    }
    (0..instance.machines).map(|machine| hand_of[part(machine)]).collect()
}
