//! The volume algorithm (Barahona & Anbil 2000): prices of the items that prove a bound, and an assignment in fractions.
//!
//! ```text
//! bound(price) = sum over items of price - sum over agents of knapsack(items worth price - cost)
//! ```
//!
//! is concave in the prices. The replies of the agents to the prices met so far, averaged with weights that fade, come to an
//! assignment in fractions that nearly solves the Dantzig-Wolfe program; what it leaves unassigned or assigns twice is the
//! direction in which the prices go on from the best.

use rayon::prelude::*;

use crate::support::numbers::narrow;
use crate::support::stop::Stop;

use super::knapsack::{Knapsack, Offer};
use super::residual::{Entry, Residual};

/// The weight of the newest reply in the average.
const FADE: f32 = 0.1;

/// Steps without a gain after which the length shrinks: within a dive, and where prices are wanted for their own sake.
const PATIENCE: u32 = 12;
const PATIENCE_ALONE: u32 = 30;

/// By how much it shrinks.
const SHRINK: f64 = 0.66;

/// How much the length grows with each step that gains along the direction.
const GROW: f64 = 1.1;

/// The longest step, relative to Polyak's.
const LENGTH_MAX: f64 = 2.0;

/// How far above the bound the target is taken to be, at least and at most, relative to the bound.
const RISE_MIN: f64 = 1e-3;
const RISE_MAX: f64 = 0.05;

/// Pairs from which on the agents of a step reply on all cores.
const WIDE_PAIRS: usize = 20_000;

/// Where the unit of the fractions is renewed, and fractions below which they are then none.
const UNIT_MIN: f32 = 1e-6;
const FRACTION_MIN: f32 = 1e-12;

/// Prices under way on a residual instance.
#[derive(Clone, Debug)]
pub(super) struct Volume {
    /// The best prices, item by item.
    pub(super) prices: Vec<f64>,
    /// What they prove: no assignment of the residual instance costs less.
    pub(super) bound: f64,
    /// The average reply, `fractions[agent][item]`, in a unit that shrinks as replies fade: a step touches what is taken alone.
    fractions: Vec<Vec<f32>>,
    unit: f32,
    /// What the average reply leaves of each item; below zero where it assigns the item more than once. The prices go that way.
    missing: Vec<f64>,
    length: f64,
    idle: u32,
    patience: u32,
}

/// Scratch memory of the replies, which end where the stop is raised.
#[derive(Debug)]
pub(super) struct Scratch<'a> {
    stop: &'a Stop,
    /// One for each of the threads that work at a reply.
    seats: Vec<Seat>,
    prices: Vec<f32>,
    /// Prices that a step tries.
    tried: Vec<f64>,
    replies: Vec<Reply>,
}

/// Scratch memory of a thread.
#[derive(Debug, Default)]
struct Seat {
    knapsack: Knapsack,
    offers: Vec<Offer<f32>>,
}

/// What an agent takes at some prices.
#[derive(Debug, Default)]
struct Reply {
    taken: Vec<u32>,
    worth: f64,
}

impl<'a> Scratch<'a> {
    /// For replies on one thread.
    pub(super) fn new(stop: &'a Stop) -> Scratch<'a> {
        Scratch::with_seats(stop, 1)
    }

    /// For replies on all threads, where there are pairs enough.
    pub(super) fn wide(stop: &'a Stop, residual: &Residual) -> Scratch<'a> {
        let pairs: usize = residual.entries.iter().map(Vec::len).sum();
        Scratch::with_seats(stop, if pairs < WIDE_PAIRS { 1 } else { rayon::current_num_threads() })
    }

    fn with_seats(stop: &'a Stop, seats: usize) -> Scratch<'a> {
        let seats = (0..seats).map(|_| Seat::default()).collect();
        Scratch { stop, seats, prices: Vec::new(), tried: Vec::new(), replies: Vec::new() }
    }

    /// What ends the replies.
    pub(super) fn stop(&self) -> &'a Stop {
        self.stop
    }

    fn taken(&self) -> impl Iterator<Item = usize> + '_ {
        self.replies.iter().flat_map(|reply| &reply.taken).map(|&item| item as usize)
    }
}

impl Volume {
    /// Starts at some prices.
    pub(super) fn new(residual: &Residual, prices: Vec<f64>, scratch: &mut Scratch<'_>) -> Volume {
        let bound = reply(residual, &prices, scratch);
        let mut fractions = vec![vec![0.0; residual.items.len()]; residual.agents.len()];
        let mut missing = vec![1.0; residual.items.len()];
        for (row, reply) in fractions.iter_mut().zip(&scratch.replies) {
            reply.taken.iter().for_each(|&item| row[item as usize] = 1.0);
        }
        scratch.taken().for_each(|item| missing[item] -= 1.0);
        Volume { prices, bound, fractions, unit: 1.0, missing, length: 0.5, idle: 0, patience: PATIENCE }
    }

    /// Takes its time: for prices that are wanted for their own sake.
    pub(super) fn patiently(mut self) -> Volume {
        self.patience = PATIENCE_ALONE;
        self
    }

    /// One step towards a cost that is to be reached.
    pub(super) fn step(&mut self, residual: &Residual, target: f64, scratch: &mut Scratch<'_>) {
        let norm: f64 = self.missing.iter().map(|part| part * part).sum();
        if norm <= 1e-12 {
            self.length /= 2.0;
            return;
        }
        let size = self.bound.abs().max(1.0);
        let along = self.length * (target - self.bound).clamp(RISE_MIN * size, RISE_MAX * size) / norm;
        let mut tried = std::mem::take(&mut scratch.tried);
        tried.clear();
        tried.extend(self.prices.iter().zip(&self.missing).map(|(price, part)| price + along * part));
        let bound = reply(residual, &tried, scratch);
        let agrees = self.missing.iter().sum::<f64>() - scratch.taken().map(|item| self.missing[item]).sum::<f64>();
        self.average(scratch);
        if bound > self.bound {
            if agrees > 0.0 {
                self.length = (self.length * GROW).min(LENGTH_MAX);
            }
            self.idle = if bound > self.bound + 1e-5 * self.bound.abs() { 0 } else { self.idle + 1 };
            std::mem::swap(&mut self.prices, &mut tried);
            self.bound = bound;
        } else {
            self.idle += 1;
        }
        scratch.tried = tried;
        if self.idle > self.patience {
            self.length *= SHRINK;
            self.idle = 0;
        }
    }

    /// Takes the newest reply into the average.
    fn average(&mut self, scratch: &Scratch<'_>) {
        self.unit *= 1.0 - FADE;
        if self.unit < UNIT_MIN {
            for fraction in self.fractions.iter_mut().flatten() {
                *fraction *= self.unit;
                *fraction = if *fraction < FRACTION_MIN { 0.0 } else { *fraction };
            }
            self.unit = 1.0;
        }
        let newest = FADE / self.unit;
        for (row, reply) in self.fractions.iter_mut().zip(&scratch.replies) {
            reply.taken.iter().for_each(|&item| row[item as usize] += newest);
        }
        let fade = f64::from(FADE);
        self.missing.iter_mut().for_each(|part| *part += fade * (1.0 - *part));
        scratch.taken().for_each(|item| self.missing[item] -= fade);
    }

    /// What the average reply gives an agent of an item.
    pub(super) fn fraction(&self, agent: usize, item: usize) -> f64 {
        f64::from(self.fractions[agent][item] * self.unit)
    }

    /// For each item the agent that the average reply gives most of it; `None` where no agent takes it.
    pub(super) fn rounded(&self) -> Vec<Option<usize>> {
        let mut most = vec![(0.0, None); self.prices.len()];
        for (agent, row) in self.fractions.iter().enumerate() {
            for (most, &fraction) in most.iter_mut().zip(row) {
                if fraction > most.0 {
                    *most = (fraction, Some(agent));
                }
            }
        }
        most.into_iter().map(|(_, agent)| agent).collect()
    }

    /// The length of the next step, relative to Polyak's: what is left to gain is small where this is.
    pub(super) fn length(&self) -> f64 {
        self.length
    }

    /// Goes on with the items at some positions alone, and evaluates the bound anew.
    pub(super) fn keep(&mut self, residual: &Residual, left: &[usize], scratch: &mut Scratch<'_>) {
        self.prices = left.iter().map(|&item| self.prices[item]).collect();
        self.missing = left.iter().map(|&item| self.missing[item]).collect();
        for row in &mut self.fractions {
            *row = left.iter().map(|&item| row[item]).collect();
        }
        self.bound = reply(residual, &self.prices, scratch);
        self.length = self.length.max(0.1);
        self.idle = 0;
    }
}

/// The bound of some prices; what each agent takes is left in the scratch. A stop leaves it without a bound.
fn reply(residual: &Residual, prices: &[f64], scratch: &mut Scratch<'_>) -> f64 {
    let Scratch { stop, seats, prices: narrowed, replies, .. } = scratch;
    narrowed.clear();
    narrowed.extend(prices.iter().map(|&price| narrow(price)));
    replies.resize_with(residual.agents.len(), Reply::default);
    let chunk = replies.len().div_ceil(seats.len()).max(1);
    let agents = residual.entries.par_chunks(chunk).zip(residual.capacities.par_chunks(chunk));
    agents.zip(replies.par_chunks_mut(chunk)).zip(seats).for_each(|(((entries, capacities), replies), seat)| {
        for ((entries, &capacity), reply) in entries.iter().zip(capacities).zip(replies) {
            reply.taken.clear();
            reply.worth =
                if stop.is_raised() { f64::INFINITY } else { seat.fill(entries, capacity, narrowed, &mut reply.taken) };
        }
    });
    replies.iter().fold(prices.iter().sum(), |bound, reply| bound - reply.worth)
}

impl Seat {
    /// What an agent's best choice is worth at some prices; the items taken are pushed.
    fn fill(&mut self, entries: &[Entry], capacity: i64, prices: &[f32], taken: &mut Vec<u32>) -> f64 {
        self.offers.clear();
        for entry in entries {
            let worth = prices[entry.item as usize] - entry.cost;
            if worth > 0.0 {
                self.offers.push(Offer { item: entry.item, worth, weight: entry.weight });
            }
        }
        self.knapsack.solve(&self.offers, capacity, taken)
    }
}
