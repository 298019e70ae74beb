//! Which agents are worth trying for an item: those that a better assignment may send it to, the most promising first.

use crate::support::stop::Stop;

use super::lowered::Lowered;
use super::penalties::least_costs;

/// For each item its agents with the least cost of an assignment that sends it there.
#[derive(Clone, Debug)]
pub(super) struct Candidates {
    starts: Vec<usize>,
    agents: Vec<u32>,
    least: Vec<f64>,
}

impl Candidates {
    /// Every agent that can carry the item, by what prices prove; `None` where the stop came first.
    pub(super) fn new(instance: &Lowered, prices: &[f64], stop: &Stop) -> Option<Candidates> {
        let least = least_costs(instance, prices, stop)?;
        let mut candidates = Candidates { starts: vec![0], agents: Vec::new(), least: Vec::new() };
        for costs in least.chunks_exact(instance.agents) {
            let mut ranked: Vec<(f64, u32)> =
                costs.iter().copied().zip(0..).filter(|(cost, _)| cost.is_finite()).collect();
            ranked.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            candidates.push(ranked.into_iter());
        }
        Some(candidates)
    }

    /// Nobody for so many items, until there is time to tell.
    pub(super) fn none(items: usize) -> Candidates {
        Candidates { starts: vec![0; items + 1], agents: Vec::new(), least: Vec::new() }
    }

    /// Those that an assignment of at most such a cost may use.
    pub(super) fn within(&self, cost: f64) -> Candidates {
        let mut candidates = Candidates { starts: vec![0], agents: Vec::new(), least: Vec::new() };
        for item in 0..self.starts.len() - 1 {
            candidates.push(self.of(item).filter(|&(least, _)| least <= cost));
        }
        candidates
    }

    /// The most promising few of each item.
    pub(super) fn nearest(&self, most: usize) -> Candidates {
        let mut candidates = Candidates { starts: vec![0], agents: Vec::new(), least: Vec::new() };
        (0..self.starts.len() - 1).for_each(|item| candidates.push(self.of(item).take(most)));
        candidates
    }

    fn push(&mut self, ranked: impl Iterator<Item = (f64, u32)>) {
        for (least, agent) in ranked {
            self.least.push(least);
            self.agents.push(agent);
        }
        self.starts.push(self.agents.len());
    }

    fn of(&self, item: usize) -> impl Iterator<Item = (f64, u32)> + '_ {
        let range = self.starts[item]..self.starts[item + 1];
        self.least[range.clone()].iter().copied().zip(self.agents[range].iter().copied())
    }

    /// The agents of an item, the most promising first.
    pub(super) fn agents(&self, item: usize) -> &[u32] {
        &self.agents[self.starts[item]..self.starts[item + 1]]
    }

    /// The agents of all items, one item after the other.
    pub(super) fn all(&self) -> &[u32] {
        &self.agents
    }

    /// How many pairs of an item and an agent there are.
    pub(super) fn pairs(&self) -> usize {
        self.agents.len()
    }
}
