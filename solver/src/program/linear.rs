//! Linear programs, with HiGHS.
//!
//! Rows are `<=`, columns are non-negative, the sense is maximization. Prices come back as non-negative floats and prove
//! nothing by themselves. A solve runs on a thread of its own, because HiGHS can overrun its limits: when the stop is
//! raised first, the thread is left behind and the answer is [`Answer::Interrupted`].

use std::sync::mpsc::{self, Receiver, Sender};

use highs::{ColProblem, HighsModelStatus, Model, Sense};

use super::aside::wait;
use crate::support::stop::Stop;

/// The numbers of the dual and of the primal simplex among HiGHS' strategies.
const DUAL_SIMPLEX: i32 = 1;
const PRIMAL_SIMPLEX: i32 = 4;

/// Columns that a program has for each new one, from which on few are new.
const FEW_COLUMNS: usize = 50;

/// The relative distance between its own bound and value at which a solve from inside ends: prices that are to tell which columns
/// are missing need no more.
const INSIDE_TOLERANCE: f64 = 1e-3;

/// Steps of a solve from inside, at most, and the simplex iterations that each takes as long as.
const INSIDE_STEPS_MAX: i32 = 200;
const INSIDE_STEP: u64 = 100;

/// The part of a program's value up to which a row's price times its limit is nothing: at a vertex such prices are zero, and a
/// proof is the longer for each of them.
const INSIDE_NOTHING: f64 = 1e-8;

/// A row's position in its program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row(pub usize);

/// The rows of `maximize c x` subject to `A x <= b`, `x >= 0`; columns come with each solve.
#[derive(Clone, Debug, Default)]
pub struct Program {
    limits: Vec<f64>,
    grows: Growth,
    algorithm: Algorithm,
}

/// How a program is solved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Algorithm {
    /// From vertex to vertex, by the simplex method, each solve from the basis of the one before.
    #[default]
    Vertices,
    /// From inside, by an interior point method that ends near the middle of what is best, and is close to it, not at it. Prices
    /// from the middle say better which columns are missing than those of a vertex (primal-dual column generation; Gondzio,
    /// González-Brevis & Munari 2013), and counts from the middle mix what is alike. For large programs.
    Inside,
}

/// What a program gains from solve to solve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Growth {
    /// Rows and columns.
    #[default]
    Both,
    /// Columns, hundreds of times, and seldom a row.
    Columns,
    /// Columns alone, and nothing where the last solve was limited and the next is to go on from there.
    Slices,
}

/// A column: its worth, its upper limit and its entries.
#[derive(Clone, Debug)]
pub struct Column {
    /// Worth of one unit.
    pub worth: f64,
    /// The most units.
    pub most: f64,
    /// What one unit takes of each row's limit.
    pub entries: Vec<(Row, f64)>,
}

/// A row that comes after columns: its upper limit and its entries by the positions of columns.
#[derive(Clone, Debug)]
pub struct LateRow {
    /// Its upper limit.
    pub limit: f64,
    /// What one unit of each column takes of it.
    pub entries: Vec<(usize, f64)>,
}

/// What came of a solve: five different answers, never mixed.
#[derive(Clone, Debug)]
pub enum Answer {
    /// An optimal solution.
    Optimal(Solution),
    /// Nothing satisfies the rows.
    Infeasible,
    /// The objective has no limit.
    Unbounded,
    /// The iteration limit came first; what stands is a feasible or infeasible iterate.
    Limited(Solution),
    /// The stop was raised, or HiGHS failed; nothing stands.
    Interrupted,
}

/// Values of the columns and prices of the rows.
#[derive(Clone, Debug)]
pub struct Solution {
    /// One value per column.
    pub values: Vec<f64>,
    /// One price per row, at least zero.
    pub prices: Vec<f64>,
    /// What the columns are worth together.
    pub value: f64,
    /// Simplex iterations spent, or what took as long.
    pub iterations: u64,
}

impl Program {
    /// Without a row, which is to gain so much from solve to solve.
    #[must_use]
    pub fn new(grows: Growth) -> Program {
        Program { limits: Vec::new(), grows, algorithm: Algorithm::default() }
    }

    /// Says how it is to be solved.
    pub fn solve_by(&mut self, algorithm: Algorithm) {
        self.algorithm = algorithm;
    }

    /// Adds a row with its upper limit.
    pub fn row(&mut self, limit: f64) -> Row {
        self.limits.push(limit);
        Row(self.limits.len() - 1)
    }
}

/// A program that stays in memory: rows and columns can be added, and each solve starts from the basis of the one before.
#[derive(Debug)]
pub struct Resident {
    ask: Sender<Additions>,
    answers: Receiver<Answer>,
}

/// What changes before a solve.
#[derive(Debug)]
struct Additions {
    rows: Vec<LateRow>,
    columns: Vec<Column>,
}

impl Resident {
    /// Loads a program; every solve of it takes at most so many iterations. `None` where there is no thread to be had.
    #[must_use]
    pub fn start(program: Program, iterations_max: u32) -> Option<Resident> {
        let (ask, asked) = mpsc::channel();
        let (answer, answers) = mpsc::channel();
        // The thread owns its program; when it is left behind, its answer goes nowhere.
        let spawned = std::thread::Builder::new().name("highs".into()).spawn(move || {
            let Some(mut loaded) = Loaded::new(&program, iterations_max) else { return };
            while let Ok(change) = asked.recv() {
                if answer.send(loaded.solve(change)).is_err() {
                    return;
                }
            }
        });
        spawned.is_ok().then_some(Resident { ask, answers })
    }

    /// Adds rows, then columns, and solves. Once it was interrupted, every further answer is [`Answer::Interrupted`].
    #[must_use]
    pub fn solve(&mut self, rows: Vec<LateRow>, columns: Vec<Column>, stop: &Stop) -> Answer {
        if self.ask.send(Additions { rows, columns }).is_err() {
            return Answer::Interrupted;
        }
        wait(&self.answers, stop).unwrap_or_else(|| {
            self.ask = mpsc::channel().0;
            Answer::Interrupted
        })
    }
}

/// A program in HiGHS, with the handles of its rows and columns; the model is gone once HiGHS failed.
struct Loaded {
    model: Option<Model>,
    rows: Vec<highs::Row>,
    columns: Vec<highs::Col>,
    grows: Growth,
    algorithm: Algorithm,
}

impl Loaded {
    fn new(program: &Program, iterations_max: u32) -> Option<Loaded> {
        let mut problem = ColProblem::default();
        let rows: Vec<highs::Row> = program.limits.iter().map(|&limit| problem.add_row(..=limit)).collect();
        let mut model = problem.try_optimise(Sense::Maximise).ok()?;
        model.make_quiet();
        model.set_option("threads", 1);
        match program.algorithm {
            Algorithm::Vertices => {
                model.set_option("solver", "simplex");
                if program.grows == Growth::Slices {
                    // What is limited within a program made smaller is lost.
                    model.set_option("presolve", "off");
                }
            }
            Algorithm::Inside => {
                model.set_option("solver", "ipm");
                // Prices that are carried back from a program made smaller are off by percents.
                model.set_option("presolve", "off");
                model.set_option("run_crossover", "off");
                model.set_option("ipm_optimality_tolerance", INSIDE_TOLERANCE);
                model.set_option("ipm_iteration_limit", INSIDE_STEPS_MAX);
            }
        }
        model.set_option("simplex_iteration_limit", i32::try_from(iterations_max).unwrap_or(i32::MAX));
        Some(Loaded {
            model: Some(model),
            rows,
            columns: Vec::new(),
            grows: program.grows,
            algorithm: program.algorithm,
        })
    }

    /// Adds rows, then columns; `None` where HiGHS refuses.
    fn add(&mut self, change: Additions) -> Option<()> {
        let Additions { rows, columns } = change;
        let model = self.model.as_mut()?;
        // New columns leave a solution feasible, so that the primal simplex goes on from it; where many come, the dual is faster.
        let are_few = rows.is_empty() && columns.len() * FEW_COLUMNS < self.columns.len();
        let is_primal = match self.grows {
            Growth::Both => are_few,
            Growth::Columns => rows.is_empty() && !self.columns.is_empty(),
            Growth::Slices => true,
        };
        model.set_option("simplex_strategy", if is_primal { PRIMAL_SIMPLEX } else { DUAL_SIMPLEX });
        for row in rows {
            let entries = row.entries.iter().map(|&(column, value)| (self.columns[column], value));
            self.rows.push(model.try_add_row(..=row.limit, entries).ok()?);
        }
        for column in columns {
            let entries = column.entries.iter().map(|&(row, value)| (self.rows[row.0], value));
            self.columns.push(model.try_add_column(column.worth, 0.0..=column.most, entries).ok()?);
        }
        Some(())
    }

    /// Adds rows and columns and solves, from the basis of the solve before where there is one.
    fn solve(&mut self, change: Additions) -> Answer {
        if self.add(change).is_none() {
            return Answer::Interrupted;
        }
        let solved = self.model.take().and_then(|model| model.try_solve().ok());
        let Some(solved) = solved else { return Answer::Interrupted };
        let solution = || {
            let found = solved.get_solution();
            // HiGHS signs prices by the sense; under maximization with `<=` rows their sizes are what one more unit is worth.
            let nothing =
                if self.algorithm == Algorithm::Inside { INSIDE_NOTHING * solved.objective_value() } else { 0.0 };
            let price = |price: &f64| if price.abs() > nothing { price.abs() } else { 0.0 };
            let prices = found.dual_rows().iter().map(price).collect();
            let iterations = match self.algorithm {
                Algorithm::Vertices => u64::try_from(solved.simplex_iteration_count()).unwrap_or(0),
                Algorithm::Inside => INSIDE_STEP * u64::try_from(solved.ipm_iteration_count()).unwrap_or(0),
            };
            Solution { values: found.columns().to_vec(), prices, value: solved.objective_value(), iterations }
        };
        let answer = match solved.status() {
            HighsModelStatus::Optimal => Answer::Optimal(solution()),
            HighsModelStatus::Infeasible => Answer::Infeasible,
            // Where HiGHS does not tell which, columns of zero are the first thing to satisfy rows of `<=`.
            HighsModelStatus::Unbounded | HighsModelStatus::UnboundedOrInfeasible => Answer::Unbounded,
            // Close enough from inside is not what HiGHS calls optimal.
            HighsModelStatus::Unknown if self.algorithm == Algorithm::Inside => Answer::Limited(solution()),
            HighsModelStatus::ReachedIterationLimit | HighsModelStatus::ReachedTimeLimit => Answer::Limited(solution()),
            _ => Answer::Interrupted,
        };
        self.model = Some(solved.into());
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn solve(program: Program, columns: Vec<Column>, stop: &Stop) -> Answer {
        Resident::start(program, 1_000).expect("a thread").solve(vec![], columns, stop)
    }

    #[test]
    fn a_knapsack_row_is_priced_at_its_marginal_density() {
        // Worth 6 for 2 units and 5 for 5 units, 4 units to give: all of the first, two fifths of the second.
        let mut program = Program::default();
        let row = program.row(4.0);
        let column = |worth, drawn| Column { worth, most: 1.0, entries: vec![(row, drawn)] };
        let answer = solve(program, vec![column(6.0, 2.0), column(5.0, 5.0)], &Stop::new());
        let Answer::Optimal(solution) = answer else { panic!("a bounded program") };
        assert!((solution.values[1] - 0.4).abs() < 1e-5 && (solution.prices[0] - 1.0).abs() < 1e-5);
    }

    #[test]
    fn a_solve_in_slices_comes_to_what_a_whole_one_does() {
        // Thirty columns for thirty rows, each worth another sum: no two iterations are enough, and every slice goes on.
        let mut program = Program::new(Growth::Slices);
        let rows: Vec<Row> = (0..30).map(|at| program.row(f64::from(10 + at))).collect();
        let entries = |at: usize| (0..3).map(|step| (rows[(at + 7 * step) % 30], 1.0 + step as f64)).collect();
        let columns: Vec<Column> =
            (0..30).map(|at| Column { worth: 1.0 + (at * 11 % 30) as f64, most: 9.0, entries: entries(at) }).collect();
        let solved = |iterations_max, grows| {
            let mut resident = Resident::start(Program { grows, ..program.clone() }, iterations_max).expect("a thread");
            let mut answer = resident.solve(vec![], columns.clone(), &Stop::new());
            let mut slices = 1;
            while let Answer::Limited(_) = answer {
                answer = resident.solve(vec![], vec![], &Stop::new());
                slices += 1;
            }
            let Answer::Optimal(solution) = answer else { panic!("a bounded program") };
            (solution.value, slices)
        };
        let ((whole, _), (sliced, slices)) = (solved(1_000, Growth::Both), solved(2, Growth::Slices));
        assert!((whole - sliced).abs() < 1e-6 && slices > 2, "{whole} {sliced} {slices}");
    }

    #[test]
    fn from_inside_prices_come_close_to_those_of_the_vertex() {
        // The same, beside a column like the first that shares its place: the middle of what is best takes some of both.
        let mut program = Program::default();
        program.solve_by(Algorithm::Inside);
        let (row, place) = (program.row(4.0), program.row(1.0));
        let column = |worth, drawn, entries: &[(Row, f64)]| Column {
            worth,
            most: 1.0,
            entries: [&[(row, drawn)], entries].concat(),
        };
        let columns = vec![column(6.0, 2.0, &[(place, 1.0)]), column(6.0, 2.0, &[(place, 1.0)]), column(5.0, 5.0, &[])];
        let answer = solve(program, columns, &Stop::new());
        let (Answer::Optimal(solution) | Answer::Limited(solution)) = answer else { panic!("a bounded program") };
        assert!((solution.value - 8.0).abs() < 0.1 && (solution.prices[0] - 1.0).abs() < 0.05);
        assert!(solution.values[0] > 0.1 && solution.values[1] > 0.1);
    }

    #[test]
    fn a_raised_stop_interrupts() {
        let stop = Stop::new();
        stop.raise();
        let mut program = Program::default();
        let columns = (0..2_000).map(|_| Column { worth: 1.0, most: 1.0, entries: vec![(program.row(1.0), 1.0)] });
        let columns = columns.collect();
        // Either the answer was already there at the first look, or the wait ended.
        assert!(matches!(solve(program, columns, &stop), Answer::Interrupted | Answer::Optimal(_)));
    }
}
