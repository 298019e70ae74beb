//! Pricing: the contents of one bin that are worth most, a knapsack of several dimensions.
//!
//! Prices of the dimensions (a Lagrangian relaxation of the capacities; Fisher 1981) say what room is worth. Greedy contents
//! around each dear type come first, for a program gains from many columns at a time; where they are few, a search through
//! all contents ([`super::contents`]) finds more, or proves that there are none.

use crate::stop::Stop;
use crate::vectors::dot;

use super::contents::{GAIN_MIN, PRICE_MIN, Prices, Wanted, search};
use super::lowered::{Lowered, Pattern, narrow};

/// Steps towards the best prices of the dimensions.
const STEPS: u32 = 60;

/// Contents returned at most.
const PATTERNS_MAX: usize = 40;

/// Greedy contents from which on nothing else is searched for.
const ENOUGH: usize = 8;

/// Steps of a short search and of a long one.
const SHORT_STEPS: u64 = 200_000;
const LONG_STEPS: u64 = 15_000_000;

/// What pricing found.
#[derive(Clone, Debug)]
pub(super) struct Priced {
    /// Contents worth more than one, the dearest first.
    pub(super) patterns: Vec<Pattern>,
    /// What no contents exceed.
    pub(super) limit: f64,
}

/// Prices of the dimensions, kept from one pricing to the next.
#[derive(Clone, Debug)]
pub(super) struct Pricing {
    pub(super) dimension_prices: Vec<f64>,
}

impl Pricing {
    pub(super) fn new(instance: &Lowered) -> Pricing {
        Pricing { dimension_prices: vec![1.0 / instance.dimensions as f64; instance.dimensions] }
    }

    /// Contents of a bin worth more than one at the prices of the types: those that a greedy filling finds, where it finds
    /// many; otherwise also the dearest that begin with each type, of a short search or, where nothing is found, of a long one.
    pub(super) fn price(&mut self, instance: &Lowered, prices: &[f64], stop: &Stop) -> Priced {
        self.relax(instance, prices);
        let mut found = self.greedy(instance, prices);
        let mut limit = f64::INFINITY;
        if found.len() < ENOUGH {
            let prices = Prices { types: prices, dimensions: &self.dimension_prices };
            let search = |steps_max| search(instance, prices, Wanted::Dearest(1.0), steps_max, stop);
            let short = search(SHORT_STEPS);
            found.extend(short.found);
            if short.is_whole {
                limit = short.limit;
            } else if found.is_empty() {
                let long = search(LONG_STEPS);
                limit = long.limit;
                found = long.found;
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        found.dedup();
        found.truncate(PATTERNS_MAX);
        Priced { patterns: found.into_iter().map(|(_, pattern)| pattern).collect(), limit }
    }

    /// Lowers what the dimensions and the types beyond their room are worth together, by subgradient steps.
    fn relax(&mut self, instance: &Lowered, prices: &[f64]) {
        let mosts: Vec<f64> = (0..prices.len())
            .map(|item| f64::from(instance.most(item, instance.capacities(), instance.demands[item])))
            .collect();
        let mut best = (f64::INFINITY, self.dimension_prices.clone());
        let mut current = self.dimension_prices.clone();
        for step in 0..STEPS {
            let mut slope = vec![1.0; instance.dimensions];
            let mut worth: f64 = current.iter().sum();
            for (item, &price) in prices.iter().enumerate() {
                let net = price - dot(&current, instance.fractions(item));
                if net > 0.0 && mosts[item] > 0.0 {
                    worth += net * mosts[item];
                    slope.iter_mut().zip(instance.fractions(item)).for_each(|(s, size)| *s -= size * mosts[item]);
                }
            }
            if worth < best.0 {
                best = (worth, current.clone());
            }
            let norm: f64 = slope.iter().map(|part| part * part).sum();
            if norm < 1e-12 {
                break;
            }
            // The dearest contents are worth about one, so that is what the steps aim at.
            let length = (worth - 1.0).max(0.02) / norm / (1.0 + f64::from(step) / 10.0);
            current.iter_mut().zip(&slope).for_each(|(price, part)| *price = (*price - length * part).max(0.0));
        }
        self.dimension_prices = best.1;
    }

    /// For each of the dearest types, a bin that begins with it and is filled by worth for room.
    fn greedy(&self, instance: &Lowered, prices: &[f64]) -> Vec<(f64, Pattern)> {
        let room_of = |item: usize| dot(&self.dimension_prices, instance.fractions(item)).max(1e-9);
        let mut dense: Vec<usize> = (0..prices.len()).filter(|&item| prices[item] > PRICE_MIN).collect();
        let ratios: Vec<f64> = (0..prices.len()).map(|item| prices[item] / room_of(item)).collect();
        dense.sort_by(|&a, &b| ratios[b].total_cmp(&ratios[a]).then(a.cmp(&b)));
        let mut found = Vec::new();
        for &first in dense.iter().take(4 * PATTERNS_MAX) {
            let mut room = instance.capacities().to_vec();
            let (mut worth, mut pattern) = (0.0, Pattern::new());
            for &item in std::iter::once(&first).chain(&dense) {
                let limit = if item == first { u32::from(pattern.is_empty()) } else { instance.demands[item] };
                let count = instance.most(item, &room, limit);
                if count > 0 {
                    room.iter_mut().zip(instance.sizes(item)).for_each(|(room, size)| *room -= size * i64::from(count));
                    worth += prices[item] * f64::from(count);
                    pattern.push((narrow(item), count));
                }
            }
            if worth > 1.0 + GAIN_MIN {
                pattern.sort_unstable();
                found.push((worth, pattern));
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        found.dedup();
        found
    }
}
