//! The relaxation of the capacities: where weight is paid for, each item goes where it is cheapest.
//!
//! ```text
//! bound(price) = sum over items of min over agents of (cost + price[agent] weight)  -  sum over agents of price[agent] capacity
//! ```
//!
//! It comes to the linear relaxation (Geoffrion 1974), and a step takes one look at each pair, so that the climb is over long
//! before one to prices of the items: those begin where it ends, at what each item costs then.

use crate::support::stop::Stop;

use super::lowered::Lowered;

/// Steps at most.
const STEPS: u32 = 3_000;

/// Steps without a gain after which the length shrinks and the climb goes on from the best, by how much, and where it ends.
const PATIENCE: u32 = 25;
const SHRINK: f64 = 0.7;
const LENGTH_MIN: f64 = 1e-4;

/// The part of the time after which the climb ends as it is.
const SHARE: f64 = 0.12;

/// How far above the bound the target is taken to be, relative to the bound.
const RISE: f64 = 0.02;

/// Prices of the items, and of a unit of weight with each agent.
#[derive(Clone, Debug)]
pub(super) struct CapacityPrices {
    pub(super) items: Vec<f64>,
    pub(super) weights: Vec<f64>,
}

/// Prices of the items at the best prices of weight that a subgradient method finds (Held, Wolfe & Crowder 1974), where every item
/// fits some agent. O(items x agents) a step.
pub(super) fn climb(instance: &Lowered, stop: &Stop) -> CapacityPrices {
    let mut prices = vec![0.0; instance.agents];
    let mut best = reply(instance, &prices);
    let mut best_prices = prices.clone();
    let (mut length, mut idle) = (1.0, 0);
    let mut overload = best.overload.clone();
    for _ in 0..STEPS {
        if stop.is_raised() || length < LENGTH_MIN || stop.progress() > SHARE {
            break;
        }
        let norm: f64 = overload
            .iter()
            .zip(&prices)
            .map(|(&over, &price)| if over > 0.0 || price > 0.0 { over * over } else { 0.0 })
            .sum();
        if norm <= 0.0 {
            break;
        }
        let along = length * RISE * best.bound.abs().max(1.0) / norm;
        prices.iter_mut().zip(&overload).for_each(|(price, over)| *price = (*price + along * over).max(0.0));
        let next = reply(instance, &prices);
        overload.clone_from(&next.overload);
        if next.bound > best.bound {
            (best, idle) = (next, 0);
            best_prices.clone_from(&prices);
        } else {
            idle += 1;
        }
        if idle > PATIENCE {
            (length, idle) = (length * SHRINK, 0);
            prices.clone_from(&best_prices);
            overload.clone_from(&best.overload);
        }
    }
    CapacityPrices { items: best.least, weights: best_prices }
}

/// What prices of weight come to.
struct Reply {
    bound: f64,
    /// What each item costs at least.
    least: Vec<f64>,
    /// By how much each agent would carry more than it can, in weight; negative where less.
    overload: Vec<f64>,
}

fn reply(instance: &Lowered, prices: &[f64]) -> Reply {
    let mut overload: Vec<f64> = instance.capacities.iter().map(|&capacity| -(capacity as f64)).collect();
    let mut bound: f64 = overload.iter().zip(prices).map(|(capacity, price)| capacity * price).sum();
    let mut least = Vec::with_capacity(instance.items);
    for item in 0..instance.items {
        let (mut cheapest, mut to) = (f64::INFINITY, 0);
        for (agent, &price) in prices.iter().enumerate() {
            let weight = instance.weight(item, agent);
            let cost = instance.cost(item, agent) as f64 + price * weight as f64;
            if cost < cheapest && weight <= instance.capacities[agent] {
                (cheapest, to) = (cost, agent);
            }
        }
        bound += cheapest;
        overload[to] += instance.weight(item, to) as f64;
        least.push(cheapest);
    }
    Reply { bound, least, overload }
}

#[cfg(test)]
mod tests {
    use lessor_models::families::gap::{GapInstance, PRICE_SCALE, bound};

    use super::*;
    use crate::support::numbers::round;

    #[test]
    fn items_cost_what_the_linear_relaxation_says() {
        // Both items want the first agent, who can carry one and a half: a unit of weight costs what sends the half away.
        let instance = GapInstance::new(2, vec![3, 3], vec![0, 0, 4, 2], vec![2, 2, 2, 2]).unwrap();
        let prices = climb(&Lowered::new(&instance), &Stop::new()).items;
        assert!(prices.iter().all(|price| (price - 2.0).abs() < 0.01), "{prices:?}");
        // In whole numbers the second item goes to the second agent.
        let scaled: Vec<i64> = prices.iter().map(|price| round(price * PRICE_SCALE as f64)).collect();
        assert_eq!(bound(&instance, &scaled), 2);
    }

    #[test]
    fn agents_who_cannot_carry_an_item_make_it_no_cheaper() {
        let instance = GapInstance::new(1, vec![1, 9], vec![1, 5], vec![2, 2]).unwrap();
        assert_eq!(climb(&Lowered::new(&instance), &Stop::new()).items, [5.0]);
    }
}
