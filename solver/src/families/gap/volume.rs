//! The volume algorithm (Barahona & Anbil 2000): prices of the items that prove a bound, and an assignment in fractions.
//!
//! ```text
//! bound(price) = sum over items of price - sum over agents of knapsack(items worth price - cost)
//! ```
//!
//! is concave in the prices. The replies of the agents to the prices met so far, averaged with weights that fade, come to an
//! assignment in fractions that nearly solves the Dantzig-Wolfe program; what it leaves unassigned or assigns twice is the
//! direction in which the prices go on from the best.

use crate::support::numbers::narrow;
use crate::support::stop::Stop;

use super::knapsack::{Knapsack, Offer};
use super::residual::Residual;

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

/// Prices under way on a residual instance.
#[derive(Clone, Debug)]
pub(super) struct Volume {
    /// The best prices, item by item.
    pub(super) prices: Vec<f64>,
    /// What they prove: no assignment of the residual instance costs less.
    pub(super) bound: f64,
    /// The average reply, `fractions[agent][item]`.
    pub(super) fractions: Vec<Vec<f32>>,
    length: f64,
    idle: u32,
    patience: u32,
}

/// Scratch memory of the replies, which end where the stop is raised.
#[derive(Debug)]
pub(super) struct Scratch<'a> {
    stop: &'a Stop,
    knapsack: Knapsack,
    offers: Vec<Offer<f32>>,
    /// The items that each agent takes.
    taken: Vec<Vec<u32>>,
}

impl<'a> Scratch<'a> {
    pub(super) fn new(stop: &'a Stop) -> Scratch<'a> {
        Scratch { stop, knapsack: Knapsack::default(), offers: Vec::new(), taken: Vec::new() }
    }

    /// What ends the replies.
    pub(super) fn stop(&self) -> &'a Stop {
        self.stop
    }
}

impl Volume {
    /// Starts at some prices.
    pub(super) fn new(residual: &Residual, prices: Vec<f64>, scratch: &mut Scratch<'_>) -> Volume {
        let bound = reply(residual, &prices, scratch);
        let mut fractions = vec![vec![0.0; residual.items.len()]; residual.agents.len()];
        for (row, taken) in fractions.iter_mut().zip(&scratch.taken) {
            taken.iter().for_each(|&item| row[item as usize] = 1.0);
        }
        Volume { prices, bound, fractions, length: 0.5, idle: 0, patience: PATIENCE }
    }

    /// Takes its time: for prices that are wanted for their own sake.
    pub(super) fn patiently(mut self) -> Volume {
        self.patience = PATIENCE_ALONE;
        self
    }

    /// One step towards a cost that is to be reached.
    pub(super) fn step(&mut self, residual: &Residual, target: f64, scratch: &mut Scratch<'_>) {
        let mut direction = vec![1.0_f64; self.prices.len()];
        for row in &self.fractions {
            direction.iter_mut().zip(row).for_each(|(part, &fraction)| *part -= f64::from(fraction));
        }
        let norm: f64 = direction.iter().map(|part| part * part).sum();
        if norm <= 1e-12 {
            self.length /= 2.0;
            return;
        }
        let size = self.bound.abs().max(1.0);
        let along = self.length * (target - self.bound).clamp(RISE_MIN * size, RISE_MAX * size) / norm;
        let prices: Vec<f64> = self.prices.iter().zip(&direction).map(|(price, part)| price + along * part).collect();
        let bound = reply(residual, &prices, scratch);
        for (row, taken) in self.fractions.iter_mut().zip(&scratch.taken) {
            row.iter_mut().for_each(|fraction| *fraction *= 1.0 - FADE);
            taken.iter().for_each(|&item| row[item as usize] += FADE);
        }
        if bound > self.bound {
            let mut missing = vec![1.0_f64; prices.len()];
            scratch.taken.iter().flatten().for_each(|&item| missing[item as usize] -= 1.0);
            let agrees: f64 = missing.iter().zip(&direction).map(|(a, b)| a * b).sum();
            if agrees > 0.0 {
                self.length = (self.length * GROW).min(LENGTH_MAX);
            }
            self.idle = if bound > self.bound + 1e-5 * self.bound.abs() { 0 } else { self.idle + 1 };
            (self.prices, self.bound) = (prices, bound);
        } else {
            self.idle += 1;
        }
        if self.idle > self.patience {
            self.length *= SHRINK;
            self.idle = 0;
        }
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
        for row in &mut self.fractions {
            *row = left.iter().map(|&item| row[item]).collect();
        }
        self.bound = reply(residual, &self.prices, scratch);
        self.length = self.length.max(0.1);
        self.idle = 0;
    }
}

/// The bound of some prices; the items that each agent takes are left in the scratch. A stop leaves it without a bound.
fn reply(residual: &Residual, prices: &[f64], scratch: &mut Scratch<'_>) -> f64 {
    let mut bound: f64 = prices.iter().sum();
    let prices: Vec<f32> = prices.iter().map(|&price| narrow(price)).collect();
    scratch.taken.resize_with(residual.agents.len(), Vec::new);
    for ((entries, &capacity), taken) in residual.entries.iter().zip(&residual.capacities).zip(&mut scratch.taken) {
        if scratch.stop.is_raised() {
            return f64::NEG_INFINITY;
        }
        scratch.offers.clear();
        for entry in entries {
            let worth = prices[entry.item as usize] - entry.cost;
            if worth > 0.0 {
                scratch.offers.push(Offer { item: entry.item, worth, weight: entry.weight });
            }
        }
        taken.clear();
        bound -= scratch.knapsack.solve(&mut scratch.offers, capacity, taken);
    }
    bound
}
