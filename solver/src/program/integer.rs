//! Integer programs: minimize over columns of whole numbers, with HiGHS.
//!
//! A solve runs on a thread of its own, as in [`crate::program::linear`], and is left behind when the stop is raised first. It is
//! deterministic where the node limit ends it and not the stop.

use highs::{HighsModelStatus, HighsSolutionStatus, Model, RowProblem, Sense, SolvedModel};

use super::aside::aside;
use crate::support::numbers::round;
use crate::support::stop::Stop;

/// `minimize c x` subject to `low <= A x <= high`, `x` from zero to the most of each, and whole where it counts something.
#[derive(Clone, Debug, Default)]
pub struct IntegerProgram {
    columns: Vec<IntegerColumn>,
    rows: Vec<IntegerRow>,
    /// What a solution that is known has of each column; those beyond its end have none. Empty where none is known.
    beginning: Vec<f64>,
}

/// A column: what one of it costs, and how many there may be; any amount where it counts nothing.
#[derive(Clone, Copy, Debug)]
struct IntegerColumn {
    cost: f64,
    most: Option<u32>,
}

/// A row: columns with their coefficients, and the limits of their sum.
#[derive(Clone, Debug)]
struct IntegerRow {
    low: f64,
    high: f64,
    entries: Vec<(usize, f64)>,
}

/// When a solve ends, and by which choices.
#[derive(Clone, Copy, Debug, Default)]
pub struct IntegerLimits {
    /// Nodes of the branch-and-bound tree, at most.
    pub nodes_max: Option<u32>,
    /// Solutions that cost more than this are not looked for.
    pub cost_max: Option<f64>,
    /// Solutions, each better than the one before, after which a solve ends.
    pub solutions_max: Option<u32>,
    /// What rows and whole numbers may be off at most; what HiGHS thinks right where it is not stated.
    pub tolerance: Option<f64>,
    /// The relative gap at which a solution counts as the best.
    pub gap: f64,
    /// The seed of HiGHS' own choices.
    pub seed: u32,
}

/// What came of a solve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntegerAnswer {
    /// The best solution.
    Optimal(Vec<u32>),
    /// The limit on nodes or solutions came first; a solution that need not be the best.
    Feasible(Vec<u32>),
    /// There is none, or none within the limit on cost.
    Infeasible,
    /// The node limit came first and nothing was found.
    Nothing,
    /// The stop was raised, or HiGHS failed; nothing stands.
    Interrupted,
}

impl IntegerProgram {
    /// Adds a column of so much cost, from zero to so many; the position that rows name it by.
    pub fn column(&mut self, cost: f64, most: u32) -> usize {
        self.columns.push(IntegerColumn { cost, most: Some(most) });
        self.columns.len() - 1
    }

    /// Adds a column of any amount from zero on, at a cost of zero or more for each unit; the position that rows name it by. An
    /// answer has it rounded.
    pub fn amount(&mut self, cost: f64) -> usize {
        self.columns.push(IntegerColumn { cost, most: None });
        self.columns.len() - 1
    }

    /// Adds a row: columns with their coefficients, and the limits of their sum.
    pub fn row(&mut self, low: f64, high: f64, entries: Vec<(usize, f64)>) {
        self.rows.push(IntegerRow { low, high, entries });
    }

    /// Begins with so many of a column: HiGHS takes what it is given where that is a solution.
    pub fn begin_with(&mut self, column: usize, count: impl Into<f64>) {
        self.beginning.resize(self.columns.len(), 0.0);
        self.beginning[column] = count.into();
    }

    /// How many of a column a solve begins with.
    #[must_use]
    pub fn beginning(&self, column: usize) -> f64 {
        self.beginning.get(column).copied().unwrap_or(0.0)
    }

    /// Solves on a thread of its own until a limit or the stop ends it.
    #[must_use]
    pub fn solve(self, limits: IntegerLimits, stop: &Stop) -> IntegerAnswer {
        if let Some(answer) = self.without_columns(limits) {
            return answer;
        }
        aside(move || solve(&self, limits), stop).flatten().unwrap_or(IntegerAnswer::Interrupted)
    }
}

impl IntegerProgram {
    /// What comes of a program without columns, of which HiGHS keeps no solution that could be asked for.
    fn without_columns(&self, limits: IntegerLimits) -> Option<IntegerAnswer> {
        let holds = |row: &IntegerRow| row.low <= 0.0 && row.high >= 0.0;
        let is_feasible = limits.cost_max.is_none_or(|cost| cost >= 0.0) && self.rows.iter().all(holds);
        let answer = || if is_feasible { IntegerAnswer::Optimal(Vec::new()) } else { IntegerAnswer::Infeasible };
        self.columns.is_empty().then(answer)
    }
}

/// Loads and solves; `None` where HiGHS fails.
fn solve(program: &IntegerProgram, limits: IntegerLimits) -> Option<IntegerAnswer> {
    let mut problem = RowProblem::default();
    let columns: Vec<highs::Col> = program
        .columns
        .iter()
        .map(|column| match column.most {
            Some(most) => problem.add_integer_column(column.cost, 0.0..=f64::from(most)),
            None => problem.add_column(column.cost, 0.0..),
        })
        .collect();
    for row in &program.rows {
        problem.add_row(row.low..=row.high, row.entries.iter().map(|&(column, value)| (columns[column], value)));
    }
    let mut model = problem.try_optimise(Sense::Minimise).ok()?;
    set_options(&mut model, limits);
    if !program.beginning.is_empty() {
        let beginning: Vec<f64> = (0..program.columns.len()).map(|column| program.beginning(column)).collect();
        model.try_set_solution(Some(&beginning), None, None, None).ok()?;
    }
    Some(answer(&model.try_solve().ok()?))
}

fn set_options(model: &mut Model, limits: IntegerLimits) {
    model.make_quiet();
    model.set_option("threads", 1);
    model.set_option("mip_rel_gap", limits.gap);
    model.set_option("random_seed", i32::try_from(limits.seed).unwrap_or(0));
    if let Some(tolerance) = limits.tolerance {
        model.set_option("mip_feasibility_tolerance", tolerance);
        model.set_option("primal_feasibility_tolerance", tolerance);
    }
    if let Some(nodes) = limits.nodes_max {
        model.set_option("mip_max_nodes", i32::try_from(nodes).unwrap_or(i32::MAX));
    }
    if let Some(cost) = limits.cost_max {
        model.set_option("objective_bound", cost);
    }
    if let Some(solutions) = limits.solutions_max {
        model.set_option("mip_max_improving_sols", i32::try_from(solutions).unwrap_or(i32::MAX));
    }
}

fn answer(solved: &SolvedModel) -> IntegerAnswer {
    // Asked only where the status says that a solve ended by itself: otherwise there may be nothing to ask.
    let found = || solved.primal_solution_status() == HighsSolutionStatus::Feasible;
    let count = |&value: &f64| u32::try_from(round(value)).unwrap_or(0);
    let values = || solved.get_solution().columns().iter().map(count).collect();
    match solved.status() {
        HighsModelStatus::Optimal if found() => IntegerAnswer::Optimal(values()),
        // Where HiGHS does not tell which: a column without a most costs nothing below zero, so nothing is unbounded.
        HighsModelStatus::Infeasible | HighsModelStatus::ObjectiveBound | HighsModelStatus::UnboundedOrInfeasible => {
            IntegerAnswer::Infeasible
        }
        HighsModelStatus::ReachedSolutionLimit
        | HighsModelStatus::ReachedIterationLimit
        | HighsModelStatus::ReachedTimeLimit
        | HighsModelStatus::Unknown => {
            if found() {
                IntegerAnswer::Feasible(values())
            } else {
                IntegerAnswer::Nothing
            }
        }
        _ => IntegerAnswer::Interrupted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cover three elements by the sets {1, 2} of cost 3, {2, 3} of cost 3, {1} of cost 2 and {3} of cost 2: 5 is the least.
    fn cover() -> IntegerProgram {
        let mut program = IntegerProgram::default();
        let sets: Vec<usize> = [3.0, 3.0, 2.0, 2.0].into_iter().map(|cost| program.column(cost, 1)).collect();
        for holders in [[sets[0], sets[2]], [sets[0], sets[1]], [sets[1], sets[3]]] {
            program.row(1.0, f64::INFINITY, holders.map(|set| (set, 1.0)).to_vec());
        }
        program
    }

    fn cost(values: &[u32]) -> u32 {
        values.iter().zip([3, 3, 2, 2]).map(|(&count, cost)| count * cost).sum()
    }

    #[test]
    fn the_cheapest_cover_is_found() {
        let IntegerAnswer::Optimal(values) = cover().solve(IntegerLimits::default(), &Stop::new()) else {
            panic!("a feasible program")
        };
        assert_eq!(cost(&values), 5);
    }

    #[test]
    fn nothing_is_within_a_limit_on_cost_that_is_too_low() {
        let limits = IntegerLimits { cost_max: Some(4.0), ..IntegerLimits::default() };
        assert_eq!(cover().solve(limits, &Stop::new()), IntegerAnswer::Infeasible);
    }

    #[test]
    fn what_cannot_be_is_infeasible() {
        let mut program = IntegerProgram::default();
        let column = program.column(1.0, 1);
        program.row(2.0, f64::INFINITY, vec![(column, 1.0)]);
        assert_eq!(program.solve(IntegerLimits::default(), &Stop::new()), IntegerAnswer::Infeasible);
    }

    #[test]
    fn a_program_without_columns_is_told_without_highs() {
        let row = |low| {
            let mut program = IntegerProgram::default();
            program.row(low, f64::INFINITY, vec![]);
            program.solve(IntegerLimits::default(), &Stop::new())
        };
        assert_eq!((row(1.0), row(0.0)), (IntegerAnswer::Infeasible, IntegerAnswer::Optimal(vec![])));
    }

    #[test]
    fn a_column_counts_up_to_its_most() {
        // Worth 5 for 3 units and 4 for 2 units, 9 units to give, at most three of the second: these leave 3 units, which
        // hold one of the first.
        let mut program = IntegerProgram::default();
        let (first, second) = (program.column(-5.0, 9), program.column(-4.0, 3));
        program.row(0.0, 9.0, vec![(first, 3.0), (second, 2.0)]);
        let answer = program.solve(IntegerLimits::default(), &Stop::new());
        assert_eq!(answer, IntegerAnswer::Optimal(vec![1, 3]));
    }

    #[test]
    fn an_amount_is_no_whole_number() {
        // Two and a half units cost less than a third whole one.
        let mut program = IntegerProgram::default();
        let (whole, any) = (program.column(1.0, 9), program.amount(1.5));
        program.row(2.5, f64::INFINITY, vec![(whole, 1.0), (any, 1.0)]);
        let IntegerAnswer::Optimal(values) = program.solve(IntegerLimits::default(), &Stop::new()) else {
            panic!("a feasible program")
        };
        assert_eq!(values[whole], 2);
    }

    #[test]
    fn a_solve_is_no_worse_than_what_it_begins_with() {
        // Forty things of sizes that no two share, and half the room that all of them take: HiGHS alone does not solve this at the
        // root.
        let mut program = IntegerProgram::default();
        let size = |at: u32| f64::from(1_000 + at * 37 % 101 * 13 + at);
        let things: Vec<usize> = (0..40).map(|at| program.column(-size(at), 1)).collect();
        let begin: Vec<u32> = (0..40).map(|at| u32::from(at % 2 == 0)).collect();
        let sum = |counts: &[u32]| (0..40).zip(counts).map(|(at, &count)| size(at) * f64::from(count)).sum::<f64>();
        let room = sum(&begin);
        program.row(0.0, room, (0..40).map(|at| (things[at as usize], size(at))).collect());
        things.iter().zip(&begin).for_each(|(&thing, &count)| program.begin_with(thing, count));
        let limits = IntegerLimits { nodes_max: Some(0), ..IntegerLimits::default() };
        match program.solve(limits, &Stop::new()) {
            IntegerAnswer::Optimal(counts) | IntegerAnswer::Feasible(counts) => assert!(sum(&counts) >= room),
            other => panic!("{other:?}"),
        }
    }
}
