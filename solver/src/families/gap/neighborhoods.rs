//! Large neighborhoods of an assignment (Shaw 1998): what is taken off, so that a dive puts it back better.

use rayon::prelude::*;

use crate::support::random::Random;
use crate::support::stop::Stop;

use super::candidates::Candidates;
use super::dive::{DiveOptions, dive};
use super::lowered::Lowered;
use super::residual::Residual;

/// Dives and looser neighborhoods tried at a time, whatever the number of threads.
const AT_A_TIME: u64 = 2;

/// Steps of the climb before the first fixing and after each.
const FIRST_STEPS: u32 = 200;
const STEPS: u32 = 30;

/// The share of the items left that a dive fixes at a time.
const SHARE: f64 = 0.05;

/// Pairs up to which dives among all agents look at each, and agents of each item that they look at otherwise.
const PAIRS_MAX: usize = 10_000;
const NEAREST: usize = 12;

/// How much chance shakes a dive.
const NOISE: f64 = 0.1;

/// What a dive starts from.
#[derive(Debug)]
pub(super) struct View<'a> {
    pub(super) instance: &'a Lowered,
    /// Pairs that a better assignment may use.
    pub(super) open: &'a Candidates,
    /// Prices of the items.
    pub(super) prices: &'a [f64],
    pub(super) random: &'a Random,
    pub(super) stop: &'a Stop,
}

impl View<'_> {
    /// Everything that is open.
    pub(super) fn everything(&self) -> Residual {
        self.all_of(self.open)
    }

    /// The same, but that of many pairs each item has only those that promise most: nearly all that better assignments use.
    fn most_promising(&self) -> Residual {
        if self.open.pairs() <= PAIRS_MAX { self.everything() } else { self.all_of(&self.open.nearest(NEAREST)) }
    }

    fn all_of(&self, pairs: &Candidates) -> Residual {
        let all = |count: usize| (0..).take(count).collect();
        Residual::new(self.instance, pairs, all(self.instance.agents), all(self.instance.items))
    }

    /// Dives from the prices of the whole instance, for less than a cost where one is known.
    pub(super) fn anew(&self, cost_max: Option<i128>) -> Vec<Vec<u32>> {
        let everything = self.most_promising();
        let cost_max = cost_max.map_or(f64::INFINITY, |cost| cost as f64);
        let dives = (0..AT_A_TIME).into_par_iter().map(|number| self.dive(everything.clone(), cost_max, number));
        let found: Vec<_> = dives.collect();
        let nobody = vec![0; self.instance.items];
        found.into_iter().flatten().map(|pairs| with(&nobody, pairs)).collect()
    }

    /// Assigns the items of a few agents anew among them, for all agents in turn.
    pub(super) fn by_agents(&self, assignment: &[u32], count: usize) -> Vec<Vec<u32>> {
        let mut order: Vec<u32> = (0..).take(self.instance.agents).collect();
        self.random.fork(u64::MAX).shuffle(&mut order);
        let mut items = vec![Vec::new(); self.instance.agents];
        (0..).zip(assignment).for_each(|(item, &agent)| items[agent as usize].push(item));
        let chunks: Vec<(u64, &[u32])> = (0..).zip(order.chunks(count)).collect();
        let dives = chunks.par_iter().map(|&(number, chunk)| {
            let members = chunk.iter().flat_map(|&agent| items[agent as usize].iter().copied()).collect();
            let residual = Residual::new(self.instance, self.open, chunk.to_vec(), members);
            self.dive_below(residual, assignment, number)
        });
        // No agent is in two chunks, so all that was found goes together.
        let found: Vec<_> = dives.collect();
        let pairs: Vec<(u32, u32)> = found.into_iter().flatten().flatten().collect();
        if pairs.is_empty() { Vec::new() } else { vec![with(assignment, pairs)] }
    }

    /// Assigns a share of the items anew among all agents, while the others stay where they are.
    pub(super) fn by_items(&self, assignment: &[u32], share: f64) -> Vec<Vec<u32>> {
        let everything = self.most_promising();
        let dives = (0..AT_A_TIME).into_par_iter().map(|number| {
            let mut random = self.random.fork(AT_A_TIME + number);
            let mut residual = everything.clone();
            let stays: Vec<usize> = (0..assignment.len()).filter(|_| random.unit() >= share).collect();
            for &item in &stays {
                let agent = assignment[item] as usize;
                residual.capacities[agent] -= self.instance.weight(item, agent);
            }
            residual.leave_out(stays.into_iter());
            self.dive_below(residual, assignment, number)
        });
        let found: Vec<_> = dives.collect();
        found.into_iter().flatten().map(|pairs| with(assignment, pairs)).collect()
    }

    /// Dives for something cheaper than an assignment has for the items of a residual instance.
    fn dive_below(&self, residual: Residual, assignment: &[u32], number: u64) -> Option<Vec<(u32, u32)>> {
        let cost = |item: u32| i128::from(self.instance.cost(item as usize, assignment[item as usize] as usize));
        let cost_max = residual.items.iter().map(|&item| cost(item)).sum::<i128>() - 1;
        self.dive(residual, cost_max as f64, number)
    }

    fn dive(&self, residual: Residual, cost_max: f64, number: u64) -> Option<Vec<(u32, u32)>> {
        let prices = residual.items.iter().map(|&item| self.prices[item as usize]).collect();
        let options = DiveOptions { cost_max, first_steps: FIRST_STEPS, steps: STEPS, share: SHARE, noise: NOISE };
        dive(residual, prices, &options, &mut self.random.fork(number), self.stop)
    }
}

/// An assignment with some items assigned anew.
fn with(assignment: &[u32], pairs: Vec<(u32, u32)>) -> Vec<u32> {
    let mut next = assignment.to_vec();
    pairs.into_iter().for_each(|(item, agent)| next[item as usize] = agent);
    next
}
