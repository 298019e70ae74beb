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

use crate::support::stop::Stop;

use super::knapsack::{Offer, TABLE_MAX, tabulate};
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

/// Cells of the tables of all agents together; where there are more, the fractional knapsack stands in.
const CELLS_MAX: usize = 1 << 28;

/// `least[item * agents + agent]`, in cost; infinite where the agent cannot carry the item. `None` where the stop came first.
pub(super) fn least_costs(instance: &Lowered, prices: &[f64], stop: &Stop) -> Option<Vec<f64>> {
    let agents: Vec<usize> = (0..instance.agents).collect();
    let of_agent = |&agent: &usize| (!stop.is_raised()).then(|| losses(instance, prices, agent));
    let losses: Vec<Losses> = agents.par_iter().map(of_agent).collect::<Option<_>>()?;
    let bound = prices.iter().sum::<f64>() - losses.iter().map(|losses| losses.full).sum::<f64>();
    let mut least = Vec::with_capacity(instance.items * instance.agents);
    for item in 0..instance.items {
        let left: f64 = losses.iter().map(|losses| losses.left[item]).sum();
        least.extend(losses.iter().map(|losses| bound + losses.taken[item] + left - losses.left[item]));
    }
    Some(least)
}

fn losses(instance: &Lowered, prices: &[f64], agent: usize) -> Losses {
    let capacity = instance.capacities[agent];
    let worth = |item: usize| prices[item] - instance.cost(item, agent) as f64;
    let offer = |(item, at)| Offer { item, worth: worth(at), weight: instance.weight(at, agent) };
    let offers: Vec<Offer<f64>> =
        (0..).zip(0..instance.items).map(offer).filter(|offer| offer.worth > 0.0 && offer.weight <= capacity).collect();
    let knapsack = Fixed::new(offers, capacity, TABLE_MAX.min(CELLS_MAX / instance.agents));
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
    dense: Dense,
}

/// The fractional form: offers by worth for weight.
struct Dense {
    offers: Vec<Offer<f64>>,
    /// What the first so many weigh, and what they are worth.
    sums: Vec<(i128, f64)>,
    /// The place of each offer in this order.
    places: Vec<usize>,
}

impl Fixed {
    fn new(offers: Vec<Offer<f64>>, capacity: i64, cells_max: usize) -> Fixed {
        let width = usize::try_from(capacity).map_or(usize::MAX, |capacity| capacity.saturating_add(1));
        let fits = width.saturating_mul(2 * (offers.len() + 1)) <= cells_max;
        let (before, after) = if fits {
            (table(offers.iter(), width), table(offers.iter().rev(), width))
        } else {
            (Vec::new(), Vec::new())
        };
        let dense = Dense::new(&offers);
        Fixed { offers, width, before, after, dense }
    }

    /// The most that all offers are worth within a room.
    fn within(&self, room: i64) -> f64 {
        match usize::try_from(room) {
            Ok(room) if !self.before.is_empty() => self.before[self.offers.len() * self.width + room],
            _ => self.dense.within(None, room),
        }
    }

    /// The same without one of them.
    fn without(&self, place: usize, room: i64) -> f64 {
        if room < 0 {
            return f64::NEG_INFINITY;
        }
        let Some(room) = usize::try_from(room).ok().filter(|_| !self.before.is_empty()) else {
            return self.dense.within(Some(place), room);
        };
        let before = &self.before[place * self.width..][..=room];
        let after = &self.after[(self.offers.len() - place - 1) * self.width..][..=room];
        before.iter().zip(after.iter().rev()).map(|(before, after)| before + after).fold(0.0, f64::max)
    }
}

impl Dense {
    fn new(offers: &[Offer<f64>]) -> Dense {
        let mut order: Vec<usize> = (0..offers.len()).collect();
        order.sort_by(|&a, &b| offers[b].ratio().total_cmp(&offers[a].ratio()).then(a.cmp(&b)));
        let (mut places, mut sums) = (vec![0; order.len()], vec![(0, 0.0)]);
        let (mut weight, mut worth) = (0, 0.0);
        for (place, &at) in order.iter().enumerate() {
            places[at] = place;
            weight += i128::from(offers[at].weight);
            worth += offers[at].worth;
            sums.push((weight, worth));
        }
        Dense { offers: order.into_iter().map(|at| offers[at]).collect(), sums, places }
    }

    /// The most that the offers, or all but one of them, are worth within a room of zero or more if they can be cut (Dantzig 1957).
    fn within(&self, without: Option<usize>, room: i64) -> f64 {
        let left_out = without.map(|at| self.places[at]);
        let first = |count: usize| {
            let (weight, worth) = self.sums[count];
            let missing = left_out.filter(|&place| place < count).map(|place| self.offers[place]);
            missing.map_or((weight, worth), |offer| (weight - i128::from(offer.weight), worth - offer.worth))
        };
        let room = i128::from(room);
        let (mut fit, mut too_many) = (0, self.sums.len());
        while too_many - fit > 1 {
            let middle = fit.midpoint(too_many);
            if first(middle).0 <= room { fit = middle } else { too_many = middle }
        }
        let (weight, worth) = first(fit);
        let part = |offer: &Offer<f64>| offer.worth * (room - weight) as f64 / offer.weight as f64;
        worth + self.offers.get(fit).map_or(0.0, part)
    }
}

/// Row by row, the best of the first so many offers within each room.
fn table<'o>(offers: impl ExactSizeIterator<Item = &'o Offer<f64>>, width: usize) -> Vec<f64> {
    let mut rows = vec![0.0; (offers.len() + 1) * width];
    tabulate(offers, width, &mut rows);
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offers_that_can_be_cut_are_worth_no_less() {
        // Worth for weight 1, 2.5 and 2: within 6, all of the second and two thirds of the third, or the first two whole.
        let offer = |(item, (worth, weight))| Offer { item, worth, weight };
        let offers: Vec<Offer<f64>> = (0..).zip([(2.0, 2), (10.0, 4), (6.0, 3)]).map(offer).collect();
        let whole = Fixed::new(offers.clone(), 6, TABLE_MAX);
        let cut = Fixed::new(offers, 6, 0);
        let near = |value: f64, expected: f64| assert!((value - expected).abs() < 1e-9, "{value} for {expected}");
        near(whole.within(6), 12.0);
        near(cut.within(6), 14.0);
        near(whole.without(1, 6), 8.0);
        near(cut.without(1, 6), 8.0);
        near(cut.without(0, 7), 16.0);
        near(cut.without(2, 5), 11.0);
        near(cut.within(0), 0.0);
    }
}
