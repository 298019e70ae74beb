//! An instance as arrays that the kernels read: item by item, in signed integers.

use lessor_models::families::gap::GapInstance;

/// An instance; costs and weights hold every agent of the first item, then of the second, and so on.
#[derive(Clone, Debug)]
pub(super) struct Lowered {
    pub(super) agents: usize,
    pub(super) items: usize,
    pub(super) capacities: Vec<i64>,
    costs: Vec<i64>,
    weights: Vec<i64>,
}

impl Lowered {
    pub(super) fn new(instance: &GapInstance) -> Lowered {
        let (agents, items) = (instance.capacities().len(), instance.items());
        let pairs = || (0..items).flat_map(|item| (0..agents).map(move |agent| (agent, item)));
        Lowered {
            agents,
            items,
            capacities: instance.capacities().iter().map(|&capacity| signed(capacity)).collect(),
            costs: pairs().map(|(agent, item)| signed(instance.cost(agent, item))).collect(),
            weights: pairs().map(|(agent, item)| signed(instance.weight(agent, item))).collect(),
        }
    }

    pub(super) fn cost(&self, item: usize, agent: usize) -> i64 {
        self.costs[item * self.agents + agent]
    }

    pub(super) fn weight(&self, item: usize, agent: usize) -> i64 {
        self.weights[item * self.agents + agent]
    }

    /// The costs of an item, agent by agent.
    pub(super) fn costs_of(&self, item: usize) -> &[i64] {
        &self.costs[item * self.agents..][..self.agents]
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).expect("coefficients are at most 2^53")
}
