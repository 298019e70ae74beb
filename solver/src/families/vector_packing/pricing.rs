//! Pricing: the contents of one bin that are worth most, a knapsack of several dimensions.
//!
//! Prices of the dimensions (a Lagrangian relaxation of the capacities; Fisher 1981) say what room is worth. Greedy contents
//! around each dear type come first, for a program gains from many columns at a time; where they are few, a search through
//! all contents ([`super::contents`]) finds more, or proves that there are none.

use crate::support::stop::Stop;
use crate::support::vectors::dot;

use super::contents::{GAIN_MIN, PRICE_MIN, Prices, Wanted, search};
use super::lowered::{Lowered, Pattern, narrow};
use super::restricted::worth;

/// Steps towards the best prices of the dimensions.
const STEPS: u32 = 60;

/// Contents returned at most, where there are few types; otherwise one for so many types.
const PATTERNS_MAX: usize = 40;
const TYPES_A_PATTERN: usize = 2;

/// Greedy contents from which on nothing else is searched for, for so many types each.
const TYPES_ENOUGH: usize = 20;
const ENOUGH_MIN: usize = 8;

/// Greedy fillings of a bin, and looks at types for that, at most.
const GREEDY_MIN: usize = 160;
const GREEDY_LOOKS: usize = 1_000_000;

/// Steps of a short search, for what begins with one type and for all, and of a long one.
const TYPE_STEPS: u64 = 2_000;
const SHORT_STEPS: u64 = 2_000_000;
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
        if found.len() < (prices.len() / TYPES_ENOUGH).max(ENOUGH_MIN) {
            let prices = Prices { types: prices, dimensions: &self.dimension_prices };
            let short = search(instance, prices, Wanted::Dear(1.0, TYPE_STEPS), SHORT_STEPS, stop);
            found.extend(short.found);
            if short.is_whole {
                limit = short.limit;
            } else if found.is_empty() {
                let long = search(instance, prices, Wanted::Dearest(1.0), LONG_STEPS, stop);
                limit = long.limit;
                found = long.found;
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        found.dedup();
        found.truncate((prices.len() / TYPES_A_PATTERN).max(PATTERNS_MAX));
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

    /// For each of the types that are worth most for their room, a bin that begins with it and is filled in that order.
    fn greedy(&self, instance: &Lowered, prices: &[f64]) -> Vec<(f64, Pattern)> {
        let room_of = |item: usize| dot(&self.dimension_prices, instance.fractions(item)).max(1e-9);
        let mut dear: Vec<usize> = (0..prices.len()).filter(|&item| prices[item] > PRICE_MIN).collect();
        dear.sort_by(|&a, &b| prices[b].total_cmp(&prices[a]).then(a.cmp(&b)));
        let ratios: Vec<f64> = (0..prices.len()).map(|item| prices[item] / room_of(item)).collect();
        let mut dense = dear.clone();
        dense.sort_by(|&a, &b| ratios[b].total_cmp(&ratios[a]).then(a.cmp(&b)));
        let smallest = (0..instance.dimensions)
            .map(|at| dense.iter().map(|&item| instance.sizes(item)[at]).min().unwrap_or(0))
            .collect();
        let orders = Orders { dense, dear, smallest };
        let most = (GREEDY_LOOKS / orders.dense.len().max(1)).max(GREEDY_MIN);
        let filled = orders.dense.iter().take(most).map(|&first| {
            let pattern = orders.fill(instance, first);
            (worth(prices, &pattern), pattern)
        });
        let mut found: Vec<(f64, Pattern)> = filled.filter(|(worth, _)| *worth > 1.0 + GAIN_MIN).collect();
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        found.dedup();
        found
    }
}

/// What a greedy filling of a bin goes by.
struct Orders {
    /// Types, those first that are worth most for their room.
    dense: Vec<usize>,
    /// Types, those first that are worth most.
    dear: Vec<usize>,
    /// The least size of a type in each dimension.
    smallest: Vec<i64>,
}

impl Orders {
    /// A bin that begins with a type. Where one more fits at most, it is the dearest.
    fn fill(&self, instance: &Lowered, first: usize) -> Pattern {
        let mut room = instance.capacities().to_vec();
        let mut pattern = Pattern::new();
        let mut put = |item: usize, count: u32, room: &mut [i64]| {
            room.iter_mut().zip(instance.sizes(item)).for_each(|(room, size)| *room -= size * i64::from(count));
            pattern.push((narrow(item), count));
        };
        put(first, 1, &mut room);
        for &item in self.dense.iter().filter(|&&item| item != first) {
            let sized = room.iter().zip(&self.smallest).filter(|&(_, &smallest)| smallest > 0);
            if sized.map(|(room, smallest)| room / smallest).min().is_some_and(|more| more < 2) {
                break;
            }
            let count = instance.most(item, &room, instance.demands[item]);
            if count > 0 {
                put(item, count, &mut room);
            }
        }
        pattern.sort_unstable();
        let is_new = |item: usize| pattern.binary_search_by_key(&narrow(item), |&(held, _)| held).is_err();
        if let Some(&last) = self.dear.iter().find(|&&item| instance.fits(item, &room) && is_new(item)) {
            pattern.push((narrow(last), 1));
            pattern.sort_unstable();
        }
        pattern
    }
}
