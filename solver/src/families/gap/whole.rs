//! One integer program over every pair that is open: it ends the search once few are.

use crate::program::integer::{IntegerAnswer, IntegerLimits, IntegerProgram};
use crate::support::stop::Stop;

use super::annealing::LoadedAssignment;
use super::candidates::Candidates;
use super::lowered::Lowered;

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WholeAnswer {
    /// An agent for each item, within the limit on cost.
    pub(super) found: Option<Vec<u32>>,
    /// Whether nothing cheaper than what was found is possible with the open pairs.
    pub(super) is_complete: bool,
}

/// Costs below which a program tells whole units apart.
const EXACT_MAX: i128 = 1_000_000_000;

/// Programs at most, one after another.
const PROGRAMS_MAX: u32 = 32;

/// Assigns every item for less than the best that is known, within so many nodes of each tree.
///
/// Greater costs than a program tells apart are in units of a power of two there, rounded down, so that whatever is cheaper than
/// the best is within its limit. What the program finds may be as dear in fact, or exceed a capacity by less than floats tell: then
/// another program follows that excludes it. Once one has no solution left, the cheapest that was found is the best.
pub(super) fn assign(
    instance: &Lowered,
    open: &Candidates,
    best: Option<(i128, &[u32])>,
    nodes_max: u64,
    stop: &Stop,
) -> WholeAnswer {
    let dearest = |item: usize| open.agents(item).iter().map(|&agent| instance.cost(item, agent as usize)).max();
    let mut limit = best.map_or_else(
        || (0..instance.items).map(|item| i128::from(dearest(item).unwrap_or(0)) + 1).sum(),
        |(cost, _)| cost,
    );
    let mut shift = 0;
    while limit >> shift >= EXACT_MAX {
        shift += 1;
    }
    let known = best.map(|(_, agents)| agents.to_vec()).filter(|_| shift > 0);
    let mut excluded: Vec<Vec<u32>> = known.into_iter().collect();
    let mut found = None;
    for _ in 0..PROGRAMS_MAX {
        let cost_max = (limit - 1) >> shift;
        let limits = IntegerLimits {
            nodes_max: Some(u32::try_from(nodes_max).unwrap_or(u32::MAX)),
            // Costs are whole: half a unit more lets rounding in the program pass and no other cost.
            cost_max: Some(cost_max as f64 + 0.5),
            ..IntegerLimits::default()
        };
        let (agents, is_optimal) = match program(instance, open, shift, &excluded).solve(limits, stop) {
            IntegerAnswer::Optimal(counts) => (named(open, &counts), true),
            IntegerAnswer::Feasible(counts) => (named(open, &counts), false),
            IntegerAnswer::Infeasible => return WholeAnswer { found, is_complete: true },
            IntegerAnswer::Nothing | IntegerAnswer::Interrupted => break,
        };
        let costs =
            agents.iter().enumerate().map(|(item, &agent)| i128::from(instance.cost(item, agent as usize) >> shift));
        if is_optimal && costs.sum::<i128>() > cost_max {
            return WholeAnswer { found, is_complete: true };
        }
        let state = LoadedAssignment::new(instance, agents);
        let is_better = state.overload == 0 && state.cost < limit;
        if is_better {
            limit = state.cost;
            found = Some(state.agents.clone());
        }
        if !is_optimal || (is_better && shift == 0) {
            return WholeAnswer { found, is_complete: is_optimal };
        }
        excluded.push(state.agents);
    }
    WholeAnswer { found, is_complete: false }
}

/// Every item to one agent within the capacities, as none of the excluded assignments has it.
fn program(instance: &Lowered, open: &Candidates, shift: u32, excluded: &[Vec<u32>]) -> IntegerProgram {
    let mut program = IntegerProgram::default();
    let mut carried: Vec<Vec<(usize, f64)>> = vec![Vec::new(); instance.agents];
    let mut used: Vec<Vec<(usize, f64)>> = vec![Vec::new(); excluded.len()];
    for item in 0..instance.items {
        let mut choices = Vec::with_capacity(open.agents(item).len());
        for &agent in open.agents(item) {
            let at = agent as usize;
            let column = program.column((instance.cost(item, at) >> shift) as f64, 1);
            let capacity = (instance.capacities[at] as f64).max(1.0);
            carried[at].push((column, instance.weight(item, at) as f64 / capacity));
            choices.push((column, 1.0));
            let users = excluded.iter().zip(&mut used).filter(|(assignment, _)| assignment[item] == agent);
            users.for_each(|(_, used)| used.push((column, 1.0)));
        }
        program.row(1.0, 1.0, choices);
    }
    carried.into_iter().for_each(|entries| program.row(f64::NEG_INFINITY, 1.0, entries));
    used.into_iter().for_each(|entries| program.row(f64::NEG_INFINITY, (instance.items - 1) as f64, entries));
    program
}

/// The agent of each item, by how many of each column there are: one in all for each item.
fn named(open: &Candidates, counts: &[u32]) -> Vec<u32> {
    open.all().iter().zip(counts).filter(|&(_, &count)| count > 0).map(|(&agent, _)| agent).collect()
}
