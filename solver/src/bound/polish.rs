//! Polishing prices on the true job classes, by subgradient steps on the Lagrangian dual.
//!
//! `f(p) = sum of p C + sum over c of n[c] max(0, max over g of worth[c, g] - p a[c, g])` is convex; at the best group of
//! each class, `C - usage` is a subgradient. Steps follow Polyak (1969) against a target a little below the best value
//! seen, which shrinks when a run of steps brings nothing (Held, Wolfe & Crowder 1974). The best prices seen are kept.

use rayon::prelude::*;

use super::Relaxation;
use super::linear::Budget;
use super::prices::PathPrices;
use crate::index::{GroupIndex, JobClassIndex};
use crate::lowering::Lowered;
use crate::stop::Stop;

/// How far below the best value the first target lies.
const FIRST_TARGET: f64 = 0.01;

/// Steps without progress after which the target's distance is halved.
const PATIENCE: usize = 8;

/// Improves a relaxation's prices in place, for at most so many rounds. O(rounds times classes times merged groups).
pub fn polish(lowered: &Lowered<'_>, relaxation: &mut Relaxation, rounds: usize, stop: &Stop) {
    let Some(limits) = limits(lowered, relaxation) else { return };
    let mut prices: Vec<f64> = relaxation.prices.iter().map(|entry| entry.1).collect();
    let (mut best, mut best_value) = (prices.clone(), f64::INFINITY);
    let (mut distance, mut idle) = (FIRST_TARGET, 0);
    for _ in 0..rounds {
        if stop.is_raised() {
            break;
        }
        let (value, usage) = evaluate(lowered, relaxation, &prices, &limits);
        if value < best_value * (1.0 - 1e-7) {
            (best_value, idle) = (value, 0);
            best.clone_from(&prices);
        } else {
            idle += 1;
            if idle > PATIENCE {
                (distance, idle) = (distance / 2.0, 0);
                prices.clone_from(&best);
                continue;
            }
        }
        // In units of each limit, so that kinds of very different size move alike.
        let direction: Vec<f64> = usage.iter().zip(&limits).map(|(used, limit)| 1.0 - used / limit).collect();
        let blocked = |at: usize| prices[at] <= 0.0 && direction[at] > 0.0;
        let norm: f64 = (0..prices.len()).filter(|&at| !blocked(at)).map(|at| direction[at] * direction[at]).sum();
        if norm <= 1e-12 {
            break;
        }
        let step = (value - best_value * (1.0 - distance)) / norm;
        for at in 0..prices.len() {
            prices[at] = (prices[at] - step * direction[at] / limits[at]).max(0.0);
        }
    }
    for (entry, price) in relaxation.prices.iter_mut().zip(best) {
        entry.1 = price;
    }
}

/// Each priced budget's capacity in units times seconds.
fn limits(lowered: &Lowered<'_>, relaxation: &Relaxation) -> Option<Vec<f64>> {
    let limit = |budget: &Budget| super::linear::limit(lowered, &relaxation.merged, &relaxation.windows, *budget);
    relaxation.prices.iter().map(|(budget, _)| limit(budget).map(|limit| limit.max(1e-3))).collect()
}

/// The dual function and the usage of every budget at its minimiser.
fn evaluate(lowered: &Lowered<'_>, relaxation: &Relaxation, prices: &[f64], limits: &[f64]) -> (f64, Vec<f64>) {
    let priced: Vec<(Budget, f64)> =
        relaxation.prices.iter().zip(prices).map(|(entry, &price)| (entry.0, price)).collect();
    let path_prices = PathPrices::new(&relaxation.merged, &relaxation.windows, &priced);
    let classes: Vec<JobClassIndex> = lowered.class_indexes().collect();
    let chosen: Vec<Option<(f64, usize, GroupIndex)>> = classes
        .par_iter()
        .map(|&class| {
            let groups = relaxation.merged.groups.iter().enumerate();
            let margins = groups.filter_map(|(group, members)| {
                let at = members[0];
                let worth = lowered.worth(class, at)? as f64;
                Some((worth - path_prices.cost(lowered, class, group, at), group, at))
            });
            margins.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1))).filter(|best| best.0 > 0.0)
        })
        .collect();
    let mut value: f64 = prices.iter().zip(limits).map(|(price, limit)| price * limit).sum();
    let mut by_group = vec![Vec::new(); relaxation.merged.groups.len()];
    for (&class, best) in classes.iter().zip(&chosen) {
        let Some((margin, group, at)) = *best else { continue };
        let count = lowered.classes[class.at()].count as f64;
        value += count * margin;
        let usage = path_prices.usage(lowered, class, at);
        let sums: &mut Vec<f64> = &mut by_group[group];
        sums.resize(usage.len(), 0.0);
        sums.iter_mut().zip(usage).for_each(|(sum, amount)| *sum += amount * count);
    }
    let used = priced.iter().map(|(budget, _)| path_prices.used(&relaxation.merged, *budget, &by_group));
    (value, used.collect())
}
