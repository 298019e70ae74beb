//! What is left of an instance once some items are assigned: fewer items, fewer agents, less capacity.

use crate::support::numbers::narrow;

use super::candidates::Candidates;
use super::lowered::Lowered;

/// A pair that may be used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// Position among the items.
    pub(super) item: u32,
    pub(super) cost: f32,
    pub(super) weight: i64,
}

/// Some items to be assigned among some agents.
#[derive(Clone, Debug)]
pub(super) struct Residual {
    /// Items of the instance.
    pub(super) items: Vec<u32>,
    /// Agents of the instance.
    pub(super) agents: Vec<u32>,
    /// What each agent can still carry.
    pub(super) capacities: Vec<i64>,
    /// For each agent the pairs that may be used and fit.
    pub(super) entries: Vec<Vec<Entry>>,
}

impl Residual {
    /// All candidates of some items among some agents, who carry nothing else.
    pub(super) fn new(instance: &Lowered, open: &Candidates, agents: Vec<u32>, items: Vec<u32>) -> Residual {
        let mut place = vec![None; instance.agents];
        agents.iter().enumerate().for_each(|(at, &agent)| place[agent as usize] = Some(at));
        let mut entries = vec![Vec::new(); agents.len()];
        for (position, &item) in (0..).zip(&items) {
            let at = item as usize;
            for &agent in open.agents(at) {
                if let Some(place) = place[agent as usize] {
                    let (cost, weight) = (instance.cost(at, agent as usize), instance.weight(at, agent as usize));
                    entries[place].push(Entry { item: position, cost: narrow(cost as f64), weight });
                }
            }
        }
        let capacities = agents.iter().map(|&agent| instance.capacities[agent as usize]).collect();
        Residual { items, agents, capacities, entries }
    }

    /// Gives items to agents, by their positions, and leaves them out from then on. New positions follow the old order; what
    /// is returned are the old positions of the items that are left.
    pub(super) fn fix(&mut self, pairs: &[(usize, usize)]) -> Vec<usize> {
        for &(item, agent) in pairs {
            let entry = self.entries[agent].iter().find(|entry| entry.item as usize == item);
            self.capacities[agent] -= entry.map_or(0, |entry| entry.weight);
        }
        self.leave_out(pairs.iter().map(|pair| pair.0))
    }

    /// Leaves items out, by their positions, and pairs that no longer fit.
    pub(super) fn leave_out(&mut self, items: impl Iterator<Item = usize>) -> Vec<usize> {
        let mut is_left_out = vec![false; self.items.len()];
        items.for_each(|item| is_left_out[item] = true);
        let left: Vec<usize> = (0..self.items.len()).filter(|&item| !is_left_out[item]).collect();
        let mut renamed = vec![u32::MAX; self.items.len()];
        (0..).zip(&left).for_each(|(new, &old)| renamed[old] = new);
        self.items = left.iter().map(|&old| self.items[old]).collect();
        for (entries, &capacity) in self.entries.iter_mut().zip(&self.capacities) {
            entries.retain_mut(|entry| {
                let keeps = !is_left_out[entry.item as usize] && entry.weight <= capacity;
                entry.item = renamed[entry.item as usize];
                keeps
            });
        }
        left
    }
}
