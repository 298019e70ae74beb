//! Generalized assignment: every item to one agent, at least cost, within the capacity of each agent.
//!
//! ```text
//! minimize   sum over agents i and items j of cost[i, j] x[i, j]
//! subject to sum over i of x[i, j] = 1                    every item
//!            sum over j of weight[i, j] x[i, j] <= capacity[i]   every agent
//!            x binary
//! ```
//!
//! Prices on the items prove a bound: an item may go to several agents or to none once its price is paid, which leaves a
//! knapsack for each agent (Fisher, Jaikumar & Van Wassenhove 1986). [`bound`] evaluates it in exact integers.

use std::fmt;

use super::{COEFFICIENT_MAX, prices_of};

/// What one unit of cost is in the prices of [`bound`]: prices are in 1/1024.
pub const PRICE_SCALE: i128 = 1_024;

/// Cells of the table that [`bound`] fills for a knapsack; where there are more, the fractional knapsack bounds it.
const TABLE_MAX: u64 = 1 << 24;

/// A generalized assignment problem; valid once it exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GapInstance {
    capacities: Vec<u64>,
    costs: Vec<u64>,
    weights: Vec<u64>,
    items: usize,
}

/// Why numbers make no instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GapError {
    /// There is no agent.
    NoAgent,
    /// Not as many costs as agents times items, or not as many weights.
    Shape {
        /// Agents times items.
        expected: usize,
        /// How many costs there are.
        costs: usize,
        /// How many weights there are.
        weights: usize,
    },
    /// A number above [`COEFFICIENT_MAX`].
    TooLarge(u64),
}

impl fmt::Display for GapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GapError::NoAgent => write!(f, "there is no agent"),
            GapError::Shape { expected, costs, weights } => {
                write!(f, "{expected} costs and as many weights are needed, but there are {costs} and {weights}")
            }
            GapError::TooLarge(number) => write!(f, "{number} is above {COEFFICIENT_MAX}"),
        }
    }
}

impl std::error::Error for GapError {}

impl GapInstance {
    /// An instance of so many items; costs and weights hold all items of the first agent, then of the second, and so on.
    ///
    /// # Errors
    /// See [`GapError`].
    pub fn new(
        items: usize,
        capacities: Vec<u64>,
        costs: Vec<u64>,
        weights: Vec<u64>,
    ) -> Result<GapInstance, GapError> {
        if capacities.is_empty() {
            return Err(GapError::NoAgent);
        }
        let expected = capacities.len().saturating_mul(items);
        if costs.len() != expected || weights.len() != expected {
            return Err(GapError::Shape { expected, costs: costs.len(), weights: weights.len() });
        }
        let numbers = capacities.iter().chain(&costs).chain(&weights);
        match numbers.copied().find(|&number| number > COEFFICIENT_MAX) {
            Some(number) => Err(GapError::TooLarge(number)),
            None => Ok(GapInstance { capacities, costs, weights, items }),
        }
    }

    /// How many items there are.
    #[must_use]
    pub fn items(&self) -> usize {
        self.items
    }

    /// What each agent can carry.
    #[must_use]
    pub fn capacities(&self) -> &[u64] {
        &self.capacities
    }

    /// What an item costs with an agent.
    #[must_use]
    pub fn cost(&self, agent: usize, item: usize) -> u64 {
        self.costs[agent * self.items + item]
    }

    /// The costs of each item from its least cost on, and the sum of those least costs, which every assignment costs besides.
    #[must_use]
    pub fn beyond_least(&self) -> (u128, GapInstance) {
        let least = |item: usize| (0..self.capacities.len()).map(move |agent| self.cost(agent, item)).min();
        let least: Vec<u64> = (0..self.items).filter_map(least).collect();
        let beyond = self.costs.chunks(self.items.max(1)).flat_map(|costs| costs.iter().zip(&least));
        let costs = beyond.map(|(cost, least)| cost - least).collect();
        (least.iter().map(|&cost| u128::from(cost)).sum(), GapInstance { costs, ..self.clone() })
    }

    /// What an item weighs with an agent.
    #[must_use]
    pub fn weight(&self, agent: usize, item: usize) -> u64 {
        self.weights[agent * self.items + item]
    }
}

/// Why an assignment is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GapFault {
    /// Not one agent for each item.
    Length {
        /// How many agents are named.
        named: usize,
        /// How many items there are.
        items: usize,
    },
    /// An item with an agent that is not there.
    NoSuchAgent {
        /// The item.
        item: usize,
        /// The agent named.
        agent: u32,
    },
    /// An agent that carries more than it can.
    Overloaded {
        /// The agent.
        agent: usize,
        /// What it carries.
        carried: u128,
        /// What it can carry.
        capacity: u64,
    },
}

impl fmt::Display for GapFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GapFault::Length { named, items } => write!(f, "{named} agents are named for {items} items"),
            GapFault::NoSuchAgent { item, agent } => write!(f, "item {item} is with agent {agent}, who is not there"),
            GapFault::Overloaded { agent, carried, capacity } => {
                write!(f, "agent {agent} carries {carried} of at most {capacity}")
            }
        }
    }
}

/// The cost of an assignment: the agent of each item.
///
/// # Errors
/// The first [`GapFault`], in the order of the enum.
pub fn check(instance: &GapInstance, agents: &[u32]) -> Result<u128, GapFault> {
    if agents.len() != instance.items {
        return Err(GapFault::Length { named: agents.len(), items: instance.items });
    }
    let (mut cost, mut carried) = (0, vec![0_u128; instance.capacities.len()]);
    for (item, &agent) in agents.iter().enumerate() {
        let at = agent as usize;
        if at >= instance.capacities.len() {
            return Err(GapFault::NoSuchAgent { item, agent });
        }
        cost += u128::from(instance.cost(at, item));
        carried[at] += u128::from(instance.weight(at, item));
    }
    for (agent, (&capacity, carried)) in instance.capacities.iter().zip(carried).enumerate() {
        if carried > u128::from(capacity) {
            return Err(GapFault::Overloaded { agent, carried, capacity });
        }
    }
    Ok(cost)
}

/// The items that weigh more with every agent than that agent can carry: with any, there is no assignment.
pub fn uncarried(instance: &GapInstance) -> impl Iterator<Item = usize> + '_ {
    let fits = |item: usize| {
        instance.capacities.iter().enumerate().any(|(agent, &capacity)| instance.weight(agent, item) <= capacity)
    };
    (0..instance.items).filter(move |&item| !fits(item))
}

/// A cost below which no assignment is, by prices of the items in 1/1024 units of cost.
///
/// ```text
/// bound = sum over items of price - sum over agents of best(knapsack of items worth price - cost)
/// ```
///
/// Each knapsack is solved by dynamic programming over weight; where its table would be too large, by the fractional
/// knapsack, rounded up. Prices may be of any sign; an item without one has the price 0, and further ones count for nothing.
/// The result is in whole units, rounded up, and at least zero.
/// Takes agents times items times capacity steps.
#[must_use]
pub fn bound(instance: &GapInstance, prices: &[i64]) -> u128 {
    let prices = prices_of(instance.items, prices);
    let mut total: i128 = prices.iter().map(|&price| i128::from(price)).sum();
    for (agent, &capacity) in instance.capacities.iter().enumerate() {
        let worth = |item| i128::from(prices[item]) - PRICE_SCALE * i128::from(instance.cost(agent, item));
        let items = (0..instance.items).map(|item| (worth(item), instance.weight(agent, item)));
        let items: Vec<(i128, u64)> = items.filter(|&(worth, weight)| worth > 0 && weight <= capacity).collect();
        total -= knapsack(items, capacity);
    }
    let whole = total.div_euclid(PRICE_SCALE) + i128::from(total.rem_euclid(PRICE_SCALE) > 0);
    u128::try_from(whole).unwrap_or(0)
}

/// The most that items of (worth, weight) can be worth within a capacity, or more.
fn knapsack(items: Vec<(i128, u64)>, capacity: u64) -> i128 {
    let all: u128 = items.iter().map(|&(_, weight)| u128::from(weight)).sum();
    if all <= u128::from(capacity) {
        return items.iter().map(|&(worth, _)| worth).sum();
    }
    let cells = (capacity + 1).saturating_mul(items.len() as u64);
    match usize::try_from(capacity) {
        Ok(capacity) if cells <= TABLE_MAX => whole_knapsack(&items, capacity),
        _ => fractional_knapsack(items, capacity),
    }
}

fn whole_knapsack(items: &[(i128, u64)], capacity: usize) -> i128 {
    let mut best = vec![0_i128; capacity + 1];
    for &(worth, weight) in items {
        let weight = usize::try_from(weight).expect("it is at most the capacity");
        for room in (weight..=capacity).rev() {
            best[room] = best[room].max(best[room - weight] + worth);
        }
    }
    best[capacity]
}

/// Dantzig (1957): by worth for weight, the last item in part, rounded up.
fn fractional_knapsack(mut items: Vec<(i128, u64)>, capacity: u64) -> i128 {
    items.sort_by(|a, b| (b.0 * i128::from(a.1)).cmp(&(a.0 * i128::from(b.1))));
    let (mut worth, mut room) = (0, i128::from(capacity));
    for (value, weight) in items {
        let weight = i128::from(weight);
        if weight > room {
            return worth + (value * room + weight - 1) / weight;
        }
        worth += value;
        room -= weight;
    }
    worth
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two agents of capacity 5 and 4; three items that weigh 3 everywhere; costs 1, 4, 6 with the first, 3, 3, 3 with the
    /// second. One agent carries one item and no more, so three items do not fit.
    fn crowded() -> GapInstance {
        GapInstance::new(3, vec![5, 4], vec![1, 4, 6, 3, 3, 3], vec![3; 6]).unwrap()
    }

    /// The same with room for two items each: 1 + 3 + 3 is the least, the first item with the first agent.
    fn roomy() -> GapInstance {
        GapInstance::new(3, vec![6, 6], vec![1, 4, 6, 3, 3, 3], vec![3; 6]).unwrap()
    }

    #[test]
    fn the_cost_of_an_assignment_is_added_up() {
        assert_eq!(check(&roomy(), &[0, 1, 1]), Ok(7));
        assert_eq!(check(&roomy(), &[0, 0, 1]), Ok(8));
    }

    #[test]
    fn costs_beyond_the_least_of_each_item_tell_assignments_apart_as_before() {
        // The least costs are 1, 3 and 3.
        let (least, beyond) = roomy().beyond_least();
        assert_eq!((least, &beyond.costs[..]), (7, &[0, 1, 3, 2, 0, 0][..]));
        for agents in [[0, 1, 1], [0, 0, 1], [1, 0, 0]] {
            assert_eq!(check(&beyond, &agents).map(|cost| least + cost), check(&roomy(), &agents));
        }
    }

    #[test]
    fn an_item_that_is_too_heavy_for_every_agent_is_named() {
        // The last weighs 7, where agents carry 5 and 4; the others weigh 3.
        let instance = GapInstance::new(3, vec![5, 4], vec![1; 6], vec![3, 3, 7, 3, 9, 5]).unwrap();
        assert_eq!(uncarried(&instance).collect::<Vec<_>>(), [2]);
        assert_eq!(uncarried(&crowded()).count(), 0);
    }

    #[test]
    fn faults_are_named() {
        assert_eq!(check(&roomy(), &[0, 1]), Err(GapFault::Length { named: 2, items: 3 }));
        assert_eq!(check(&roomy(), &[0, 2, 1]), Err(GapFault::NoSuchAgent { item: 1, agent: 2 }));
        let overloaded = GapFault::Overloaded { agent: 1, carried: 6, capacity: 4 };
        assert_eq!(check(&crowded(), &[0, 1, 1]), Err(overloaded));
    }

    #[test]
    fn prices_prove_the_least_cost_of_a_small_instance() {
        // Prices 3, 3, 3: the first agent gains 2 by the first item, nobody gains by any other: 9 - 2 = 7.
        let prices = [3 * 1_024; 3];
        assert_eq!(bound(&roomy(), &prices), 7);
    }

    #[test]
    fn a_bound_is_rounded_up_to_whole_units_and_never_negative() {
        // One item of cost 1 with one agent: half a unit proves one unit; a price below zero proves nothing.
        let one = GapInstance::new(1, vec![1], vec![1], vec![1]).unwrap();
        assert_eq!(bound(&one, &[512]), 1);
        assert_eq!(bound(&one, &[-9_000]), 0);
    }

    #[test]
    fn no_prices_exceed_the_least_cost_of_any_tiny_instance() {
        // Every instance of two agents and three items with weights and costs of 1 or 2 from the bits of a number.
        for bits in 0_u64..1 << 12 {
            let number = |at: u64| 1 + (bits >> at & 1);
            let costs = (0..6).map(number).collect();
            let weights = (6..12).map(number).collect();
            let instance = GapInstance::new(3, vec![3, 2], costs, weights).unwrap();
            let assignments = (0_u32..8).map(|mask| [mask & 1, mask >> 1 & 1, mask >> 2]);
            let least = assignments.filter_map(|agents| check(&instance, &agents).ok()).min();
            for price in [-512, 512, 1_024, 1_536, 2_600] {
                let prices = [price, price + 512, 2_048 - price];
                assert!(least.is_none_or(|least| bound(&instance, &prices) <= least), "bits {bits}, price {price}");
            }
        }
    }

    #[test]
    fn the_fractional_knapsack_is_above_the_whole_one() {
        let items = vec![(10, 4), (7, 3), (3, 2)];
        assert_eq!(whole_knapsack(&items, 6), 13);
        assert_eq!(fractional_knapsack(items, 6), 15);
    }

    #[test]
    fn numbers_that_make_no_instance_are_refused() {
        assert_eq!(GapInstance::new(1, vec![], vec![], vec![]), Err(GapError::NoAgent));
        let shape = GapError::Shape { expected: 1, costs: 0, weights: 1 };
        assert_eq!(GapInstance::new(1, vec![1], vec![], vec![1]), Err(shape));
        let large = COEFFICIENT_MAX + 1;
        assert_eq!(GapInstance::new(1, vec![large], vec![1], vec![1]), Err(GapError::TooLarge(large)));
    }
}
