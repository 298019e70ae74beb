//! One integer program over every pair that is open: it ends the search once few are.

use crate::program::integer::{IntegerAnswer, IntegerLimits, IntegerProgram};
use crate::support::stop::Stop;

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

/// Assigns every item at no more than a cost, within so many nodes of the tree.
pub(super) fn assign(
    instance: &Lowered,
    open: &Candidates,
    cost_max: Option<i128>,
    nodes_max: u64,
    stop: &Stop,
) -> WholeAnswer {
    let mut program = IntegerProgram::default();
    let mut carried: Vec<Vec<(usize, f64)>> = vec![Vec::new(); instance.agents];
    let mut agents = Vec::with_capacity(open.pairs());
    for item in 0..instance.items {
        let mut choices = Vec::with_capacity(open.agents(item).len());
        for &agent in open.agents(item) {
            let at = agent as usize;
            let column = program.column(instance.cost(item, at) as f64, 1);
            let capacity = (instance.capacities[at] as f64).max(1.0);
            carried[at].push((column, instance.weight(item, at) as f64 / capacity));
            choices.push((column, 1.0));
            agents.push(agent);
        }
        program.row(1.0, 1.0, choices);
    }
    carried.into_iter().for_each(|entries| program.row(f64::NEG_INFINITY, 1.0, entries));
    let limits = IntegerLimits {
        nodes_max: Some(u32::try_from(nodes_max).unwrap_or(u32::MAX)),
        // Costs are whole: half a unit more lets rounding in the program pass and no other cost.
        cost_max: cost_max.map(|cost| cost as f64 + 0.5),
        ..IntegerLimits::default()
    };
    let named =
        |values: Vec<u32>| agents.iter().zip(values).filter(|&(_, count)| count > 0).map(|(&agent, _)| agent).collect();
    match program.solve(limits, stop) {
        IntegerAnswer::Optimal(values) => WholeAnswer { found: Some(named(values)), is_complete: true },
        IntegerAnswer::Feasible(values) => WholeAnswer { found: Some(named(values)), is_complete: false },
        IntegerAnswer::Infeasible => WholeAnswer { found: None, is_complete: true },
        IntegerAnswer::Nothing | IntegerAnswer::Interrupted => WholeAnswer { found: None, is_complete: false },
    }
}
