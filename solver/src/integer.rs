//! Integer programs: minimize over columns of zero or one, with HiGHS.
//!
//! A solve runs on a thread of its own, as in [`crate::program`], and is left behind when the stop is raised first. It is
//! deterministic where the node limit ends it and not the stop.

use highs::{HighsModelStatus, HighsSolutionStatus, Model, RowProblem, Sense, SolvedModel};

use crate::program::aside;
use crate::stop::Stop;

/// Values above this are ones.
const HALF: f64 = 0.5;

/// `minimize c x` subject to `low <= A x <= high`, `x` zero or one.
#[derive(Clone, Debug, Default)]
pub struct BinaryProgram {
    costs: Vec<f64>,
    rows: Vec<BinaryRow>,
}

/// A row: columns with their coefficients, and the limits of their sum.
#[derive(Clone, Debug)]
struct BinaryRow {
    low: f64,
    high: f64,
    entries: Vec<(usize, f64)>,
}

/// When a solve ends.
#[derive(Clone, Copy, Debug, Default)]
pub struct BinaryLimits {
    /// Nodes of the branch-and-bound tree, at most.
    pub nodes_max: Option<u32>,
    /// Solutions that cost more than this are not looked for.
    pub cost_max: Option<f64>,
}

/// What came of a solve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BinaryAnswer {
    /// The best solution.
    Optimal(Vec<bool>),
    /// The node limit came first; a solution that need not be the best.
    Feasible(Vec<bool>),
    /// There is none, or none within the limit on cost.
    Infeasible,
    /// The node limit came first and nothing was found.
    Nothing,
    /// The stop was raised, or HiGHS failed; nothing stands.
    Interrupted,
}

impl BinaryProgram {
    /// Adds a column of so much cost; the position that rows name it by.
    pub fn column(&mut self, cost: f64) -> usize {
        self.costs.push(cost);
        self.costs.len() - 1
    }

    /// Adds a row: columns with their coefficients, and the limits of their sum.
    pub fn row(&mut self, low: f64, high: f64, entries: Vec<(usize, f64)>) {
        self.rows.push(BinaryRow { low, high, entries });
    }

    /// Solves on a thread of its own until a limit or the stop ends it.
    #[must_use]
    pub fn solve(self, limits: BinaryLimits, stop: &Stop) -> BinaryAnswer {
        aside(move || solve(&self, limits), stop).flatten().unwrap_or(BinaryAnswer::Interrupted)
    }
}

/// Loads and solves; `None` where HiGHS fails.
fn solve(program: &BinaryProgram, limits: BinaryLimits) -> Option<BinaryAnswer> {
    let mut problem = RowProblem::default();
    let columns: Vec<highs::Col> =
        program.costs.iter().map(|&cost| problem.add_integer_column(cost, 0.0..=1.0)).collect();
    for row in &program.rows {
        problem.add_row(row.low..=row.high, row.entries.iter().map(|&(column, value)| (columns[column], value)));
    }
    let mut model = problem.try_optimise(Sense::Minimise).ok()?;
    set_options(&mut model, limits);
    Some(answer(&model.try_solve().ok()?))
}

fn set_options(model: &mut Model, limits: BinaryLimits) {
    model.make_quiet();
    model.set_option("threads", 1);
    model.set_option("mip_rel_gap", 0.0);
    if let Some(nodes) = limits.nodes_max {
        model.set_option("mip_max_nodes", i32::try_from(nodes).unwrap_or(i32::MAX));
    }
    if let Some(cost) = limits.cost_max {
        model.set_option("objective_bound", cost);
    }
}

fn answer(solved: &SolvedModel) -> BinaryAnswer {
    let found = solved.primal_solution_status() == HighsSolutionStatus::Feasible;
    let values = || solved.get_solution().columns().iter().map(|&value| value > HALF).collect();
    match solved.status() {
        HighsModelStatus::Optimal if found => BinaryAnswer::Optimal(values()),
        HighsModelStatus::Infeasible | HighsModelStatus::ObjectiveBound | HighsModelStatus::UnboundedOrInfeasible => {
            BinaryAnswer::Infeasible
        }
        HighsModelStatus::ReachedSolutionLimit
        | HighsModelStatus::ReachedIterationLimit
        | HighsModelStatus::ReachedTimeLimit
        | HighsModelStatus::Unknown => {
            if found {
                BinaryAnswer::Feasible(values())
            } else {
                BinaryAnswer::Nothing
            }
        }
        _ => BinaryAnswer::Interrupted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cover three elements by the sets {1, 2} of cost 3, {2, 3} of cost 3, {1} of cost 2 and {3} of cost 2: 5 is the least.
    fn cover() -> BinaryProgram {
        let mut program = BinaryProgram::default();
        let sets: Vec<usize> = [3.0, 3.0, 2.0, 2.0].into_iter().map(|cost| program.column(cost)).collect();
        for holders in [[sets[0], sets[2]], [sets[0], sets[1]], [sets[1], sets[3]]] {
            program.row(1.0, f64::INFINITY, holders.map(|set| (set, 1.0)).to_vec());
        }
        program
    }

    fn cost(values: &[bool]) -> u32 {
        values.iter().zip([3, 3, 2, 2]).map(|(&one, cost)| u32::from(one) * cost).sum()
    }

    #[test]
    fn the_cheapest_cover_is_found() {
        let BinaryAnswer::Optimal(values) = cover().solve(BinaryLimits::default(), &Stop::new()) else {
            panic!("a feasible program")
        };
        assert_eq!(cost(&values), 5);
    }

    #[test]
    fn nothing_is_within_a_limit_on_cost_that_is_too_low() {
        let limits = BinaryLimits { cost_max: Some(4.0), ..BinaryLimits::default() };
        assert_eq!(cover().solve(limits, &Stop::new()), BinaryAnswer::Infeasible);
    }

    #[test]
    fn what_cannot_be_is_infeasible() {
        let mut program = BinaryProgram::default();
        let column = program.column(1.0);
        program.row(2.0, f64::INFINITY, vec![(column, 1.0)]);
        assert_eq!(program.solve(BinaryLimits::default(), &Stop::new()), BinaryAnswer::Infeasible);
    }
}
