//! What an assignment costs at least that sends an item to an agent: the bound of the prices with that fixed.
//!
//! ```text
//! least[item, agent] = bound + loss of the agent's knapsack when it must take the item
//!                            + loss of each other agent's knapsack when it must not
//! ```
//!
//! Where that is above the cost of a known assignment, no better one sends the item there (Lagrangian probing as in Posta,
//! Ferland & Michelon 2012, section 3). The knapsacks with one item fixed come from tables of the items before and after it.

use rayon::prelude::*;

use super::knapsack::{Offer, TABLE_MAX, fractional, tabulate};
use super::lowered::Lowered;

/// What an agent's knapsack loses by fixing each item, in cost.
#[derive(Clone, Debug)]
struct Losses {
    /// What it is worth with none fixed.
    full: f64,
    /// By taking the item; infinite where the agent cannot carry it.
    taken: Vec<f64>,
    /// By leaving it.
    left: Vec<f64>,
}

/// `least[item * agents + agent]`, in cost; infinite where the agent cannot carry the item.
pub(super) fn least_costs(instance: &Lowered, prices: &[f64]) -> Vec<f64> {
    let agents: Vec<usize> = (0..instance.agents).collect();
    let losses: Vec<Losses> = agents.par_iter().map(|&agent| losses(instance, prices, agent)).collect();
    let bound = prices.iter().sum::<f64>() - losses.iter().map(|losses| losses.full).sum::<f64>();
    let mut least = Vec::with_capacity(instance.items * instance.agents);
    for item in 0..instance.items {
        let left: f64 = losses.iter().map(|losses| losses.left[item]).sum();
        least.extend(losses.iter().map(|losses| bound + losses.taken[item] + left - losses.left[item]));
    }
    least
}

fn losses(instance: &Lowered, prices: &[f64], agent: usize) -> Losses {
    let capacity = instance.capacities[agent];
    let worth = |item: usize| prices[item] - instance.cost(item, agent) as f64;
    let offer = |(item, at)| Offer { item, worth: worth(at), weight: instance.weight(at, agent) };
    let offers: Vec<Offer<f64>> =
        (0..).zip(0..instance.items).map(offer).filter(|offer| offer.worth > 0.0 && offer.weight <= capacity).collect();
    let knapsack = Fixed::new(offers, capacity);
    let full = knapsack.within(capacity);
    let mut losses = Losses { full, taken: Vec::with_capacity(instance.items), left: vec![0.0; instance.items] };
    let mut places = knapsack.offers.iter().enumerate().peekable();
    for item in 0..instance.items {
        let place = places.next_if(|(_, offer)| offer.item as usize == item).map(|(place, _)| place);
        let room = capacity - instance.weight(item, agent);
        let rest = |room| place.map_or_else(|| knapsack.within(room), |place| knapsack.without(place, room));
        losses.taken.push(if room < 0 { f64::INFINITY } else { (full - worth(item) - rest(room)).max(0.0) });
        if place.is_some() {
            losses.left[item] = (full - rest(capacity)).max(0.0);
        }
    }
    losses
}

/// The knapsack of one agent, asked again and again with one item fixed.
struct Fixed {
    /// By item.
    offers: Vec<Offer<f64>>,
    width: usize,
    /// The best of the first so many offers within each room, row by row; empty where it would be too large.
    before: Vec<f64>,
    /// The best of all but the first so many.
    after: Vec<f64>,
    /// Positions by worth for weight, for the fractional form.
    dense: Vec<usize>,
}

impl Fixed {
    fn new(offers: Vec<Offer<f64>>, capacity: i64) -> Fixed {
        let width = usize::try_from(capacity).map_or(usize::MAX, |capacity| capacity.saturating_add(1));
        let mut dense: Vec<usize> = (0..offers.len()).collect();
        dense.sort_by(|&a, &b| offers[b].ratio().total_cmp(&offers[a].ratio()).then(a.cmp(&b)));
        let fits = width.saturating_mul(2 * (offers.len() + 1)) <= TABLE_MAX;
        let (before, after) = if fits {
            (table(offers.iter(), width), table(offers.iter().rev(), width))
        } else {
            (Vec::new(), Vec::new())
        };
        Fixed { offers, width, before, after, dense }
    }

    /// The most that all offers are worth within a room.
    fn within(&self, room: i64) -> f64 {
        match usize::try_from(room) {
            Ok(room) if !self.before.is_empty() => self.before[self.offers.len() * self.width + room],
            _ => self.fractional(None, room),
        }
    }

    /// The same without one of them.
    fn without(&self, place: usize, room: i64) -> f64 {
        if room < 0 {
            return f64::NEG_INFINITY;
        }
        let Some(room) = usize::try_from(room).ok().filter(|_| !self.before.is_empty()) else {
            return self.fractional(Some(place), room);
        };
        let before = &self.before[place * self.width..][..=room];
        let after = &self.after[(self.offers.len() - place - 1) * self.width..][..=room];
        before.iter().zip(after.iter().rev()).map(|(before, after)| before + after).fold(0.0, f64::max)
    }

    fn fractional(&self, without: Option<usize>, room: i64) -> f64 {
        let dense = self.dense.iter().filter(|&&place| Some(place) != without);
        fractional(dense.map(|&place| &self.offers[place]), room, |_| ())
    }
}

/// Row by row, the best of the first so many offers within each room.
fn table<'o>(offers: impl ExactSizeIterator<Item = &'o Offer<f64>>, width: usize) -> Vec<f64> {
    let mut rows = vec![0.0; (offers.len() + 1) * width];
    tabulate(offers, width, &mut rows);
    rows
}
