//! Assignments item by item, at once: each to the agent with whom cost and a price for its weight are least, of those who have
//! room; the items first that would lose most by their second choice (Martello & Toth 1981).

use crate::support::stop::Stop;

use super::annealing::narrow;
use super::lowered::Lowered;

/// Prices of weight that are tried, by how many times they are what a unit of weight costs on average.
const PRICES: [f64; 8] = [0.0, 0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 16.0];

/// How often the stretch below the best of them is then halved: the lower the price the cheaper is what comes of it, until nothing
/// fits.
const HALVINGS: u32 = 6;

/// By how much prices that are known for each agent are raised, one try after the other.
const RISES: [f64; 5] = [1.0, 1.05, 1.2, 1.5, 2.5];

/// Items for which others make room in one try, at most.
const REPAIRS_MAX: u32 = 200;

/// The cheapest assignment of a few tries in which a unit of weight has one price with all agents, low or high and then about the
/// best of those; weight alone counts in one. O(items x agents) a try, and as much for each item that others make room for.
pub(super) fn assign(instance: &Lowered, stop: &Stop) -> Option<Vec<u32>> {
    let pairs = || (0..instance.items).flat_map(|item| (0..instance.agents).map(move |agent| (item, agent)));
    let cost: f64 = pairs().map(|(item, agent)| instance.cost(item, agent).unsigned_abs() as f64).sum();
    let weight: f64 = pairs().map(|(item, agent)| instance.weight(item, agent) as f64).sum();
    let rate = (cost / weight.max(1.0)).max(f64::MIN_POSITIVE);
    let priced = |times: f64| Rates { cost: 1.0, weights: vec![times * rate; instance.agents] };
    let tried = |times: f64| try_at(instance, &priced(times), stop);
    let found = PRICES.into_iter().enumerate().filter_map(|(at, times)| Some((tried(times)?, at)));
    let Some((mut best, at)) = found.min_by_key(|(found, _)| found.cost) else {
        let weight_alone = Rates { cost: 0.0, weights: vec![1.0; instance.agents] };
        return try_at(instance, &weight_alone, stop).map(|found| found.agents);
    };
    let (mut low, mut high) = (PRICES[at.saturating_sub(1)], PRICES[at]);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        match tried(middle).filter(|found| found.cost < best.cost) {
            Some(better) => (best, high) = (better, middle),
            None => low = middle,
        }
    }
    Some(best.agents)
}

/// The same from prices of weight that are known for each agent.
pub(super) fn assign_at(instance: &Lowered, prices: &[f64], stop: &Stop) -> Option<Vec<u32>> {
    let raised = |times: f64| Rates { cost: 1.0, weights: prices.iter().map(|price| times * price).collect() };
    let found = RISES.into_iter().filter_map(|times| try_at(instance, &raised(times), stop));
    found.min_by_key(|found| found.cost).map(|found| found.agents)
}

/// What a unit of cost counts, and a unit of weight with each agent.
struct Rates {
    cost: f64,
    weights: Vec<f64>,
}

/// What a try has found.
struct Found {
    cost: i128,
    agents: Vec<u32>,
}

fn try_at(instance: &Lowered, rates: &Rates, stop: &Stop) -> Option<Found> {
    let agents = Greedy::new(instance, rates).assign(stop)?;
    let cost = agents.iter().enumerate().map(|(item, &agent)| i128::from(instance.cost(item, agent as usize))).sum();
    Some(Found { cost, agents })
}

/// One try under way.
struct Greedy<'a> {
    instance: &'a Lowered,
    rates: &'a Rates,
    agents: Vec<Option<usize>>,
    room: Vec<i64>,
}

impl<'a> Greedy<'a> {
    fn new(instance: &'a Lowered, rates: &'a Rates) -> Greedy<'a> {
        Greedy { instance, rates, agents: vec![None; instance.items], room: instance.capacities.clone() }
    }

    fn assign(mut self, stop: &Stop) -> Option<Vec<u32>> {
        if stop.is_raised() {
            return None;
        }
        let mut regrets: Vec<(f64, usize)> = (0..self.instance.items).map(|item| (self.regret(item), item)).collect();
        regrets.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut repairs_left = REPAIRS_MAX;
        for (_, item) in regrets {
            if let Some(agent) = self.best(item, |_| true) {
                self.put(item, agent);
                continue;
            }
            if repairs_left == 0 || stop.is_raised() {
                return None;
            }
            repairs_left -= 1;
            self.make_room(item)?;
        }
        self.agents.into_iter().map(|agent| agent.map(narrow)).collect()
    }

    fn rated(&self, item: usize, agent: usize) -> f64 {
        let (cost, weight) = (self.instance.cost(item, agent) as f64, self.instance.weight(item, agent) as f64);
        self.rates.cost * cost + self.rates.weights[agent] * weight
    }

    /// What the second choice of an item costs more than the first, of the agents who can carry it.
    fn regret(&self, item: usize) -> f64 {
        let (mut first, mut second) = (f64::INFINITY, f64::INFINITY);
        for agent in 0..self.instance.agents {
            if self.instance.weight(item, agent) <= self.instance.capacities[agent] {
                let rated = self.rated(item, agent);
                if rated < first {
                    (first, second) = (rated, first);
                } else {
                    second = second.min(rated);
                }
            }
        }
        if second.is_finite() { second - first } else { f64::INFINITY }
    }

    /// The best agent of an item among some who have room for it.
    fn best(&self, item: usize, is_meant: impl Fn(usize) -> bool) -> Option<usize> {
        let has_room = |&agent: &usize| self.instance.weight(item, agent) <= self.room[agent] && is_meant(agent);
        let with_room = (0..self.instance.agents).filter(has_room);
        with_room.min_by(|&a, &b| self.rated(item, a).total_cmp(&self.rated(item, b)))
    }

    fn put(&mut self, item: usize, agent: usize) {
        self.room[agent] -= self.instance.weight(item, agent);
        self.agents[item] = Some(agent);
    }

    /// Sends another item away so that an item has room, where that costs least; `None` where no other item does.
    fn make_room(&mut self, item: usize) -> Option<()> {
        let mut least: Option<(f64, usize, usize, usize)> = None;
        for (other, &agent) in self.agents.iter().enumerate() {
            let Some(agent) = agent else { continue };
            let freed = self.room[agent].saturating_add(self.instance.weight(other, agent));
            if self.instance.weight(item, agent) > freed {
                continue;
            }
            let Some(away) = self.best(other, |away| away != agent) else { continue };
            let rise = self.rated(item, agent) + self.rated(other, away) - self.rated(other, agent);
            if least.is_none_or(|(known, ..)| rise < known) {
                least = Some((rise, other, agent, away));
            }
        }
        let (_, other, agent, away) = least?;
        self.room[agent] += self.instance.weight(other, agent);
        self.put(other, away);
        self.put(item, agent);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use lessor_models::families::gap::{GapInstance, check};

    use super::*;

    #[test]
    fn what_is_cheapest_is_taken_where_all_fits() {
        // Two agents with room for all: each item where it costs less.
        let instance = GapInstance::new(3, vec![9, 9], vec![1, 5, 2, 4, 3, 6], vec![1; 6]).unwrap();
        assert_eq!(assign(&Lowered::new(&instance), &Stop::new()), Some(vec![0, 1, 0]));
    }

    #[test]
    fn an_item_makes_room_for_another() {
        // The second item fits the first agent alone, whom the first item likes best and fills.
        let instance = GapInstance::new(2, vec![3, 2], vec![0, 0, 1, 9], vec![2, 3, 2, 3]).unwrap();
        let rates = Rates { cost: 1.0, weights: vec![0.0; 2] };
        let lowered = Lowered::new(&instance);
        let mut greedy = Greedy::new(&lowered, &rates);
        greedy.put(0, 0);
        assert_eq!(greedy.make_room(1), Some(()));
        assert_eq!(greedy.agents, [Some(1), Some(0)]);
    }

    #[test]
    fn prices_of_weight_lead_to_what_fits() {
        // Cheap is heavy: by cost alone the first agent, who carries two, is full after the first item.
        let instance =
            GapInstance::new(4, vec![4, 4], vec![1, 1, 1, 1, 2, 2, 2, 2], vec![4, 4, 4, 4, 2, 2, 1, 1]).unwrap();
        let agents = assign(&Lowered::new(&instance), &Stop::new()).unwrap();
        assert_eq!(check(&instance, &agents), Ok(7));
    }
}
