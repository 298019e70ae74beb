//! `runs.parquet`: what each run of a comparison took and reached, one row a run.

use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Decimal128Array, Float64Array, RecordBatch, StringArray, UInt32Array, UInt64Array};
use arrow_schema::{ArrowError, DataType};
use serde::Serialize;

use crate::bench::error::BenchError;
use crate::bench::table_file::{self, Column, DIGITS};

use super::attempt::{Attempt, Status, Terms};
use super::contender::Contender;
use super::task::Task;
use crate::bench::primal;

/// The table's file.
const RUNS_FILE: &str = "runs.parquet";

/// One run. The names are those of the columns and of the keys that `--json` prints.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct CompareRun {
    pub(super) family: &'static str,
    pub(super) instance: String,
    pub(super) size: u64,
    pub(super) machines: Option<u64>,
    pub(super) contender: String,
    pub(super) seed: u64,
    pub(super) threads: u32,
    pub(super) seconds_limit: f64,
    pub(super) seconds: f64,
    pub(super) overrun_seconds: f64,
    pub(super) peak_memory_bytes: Option<u64>,
    pub(super) status: &'static str,
    pub(super) note: Option<String>,
    pub(super) cost: Option<u128>,
    pub(super) bound: Option<u128>,
    pub(super) reference: Option<u128>,
    pub(super) best: Option<u128>,
    pub(super) gap_to_reference: Option<f64>,
    pub(super) score: Option<f64>,
    pub(super) primal_gap: f64,
    pub(super) primal_integral: f64,
}

/// A cost, a bound.
const AMOUNT: DataType = DataType::Decimal128(DIGITS, 0);

const COLUMNS: [Column; 21] = [
    ("family", DataType::Utf8, "cats, gap, vbp, openb or rebalance"),
    ("instance", DataType::Utf8, "the last names of the instance's path, as many as tell it from the others"),
    ("size", DataType::UInt64, "items, pods, processes or bids"),
    (
        "machines",
        DataType::UInt64,
        "agents, nodes, machines or goods; NULL for vbp, which has as many bins as it needs",
    ),
    ("contender", DataType::Utf8, "a method of this program, or the name of a peer"),
    ("seed", DataType::UInt64, "the seed that the contender was given"),
    ("threads", DataType::UInt32, "the threads that it was given"),
    ("seconds_limit", DataType::Float64, "the seconds that it was given"),
    ("seconds", DataType::Float64, "from before its process was started until it had ended"),
    ("overrun_seconds", DataType::Float64, "how much longer that was than the seconds given; 0 where it was not"),
    (
        "peak_memory_bytes",
        DataType::UInt64,
        "greatest resident memory seen of its process; NULL where the system does not say",
    ),
    ("status", DataType::Utf8, "ok, no answer, malformed, infeasible, failed or overrun killed"),
    ("note", DataType::Utf8, "what there is to say of the run, in words; NULL: nothing"),
    (
        "cost",
        AMOUNT,
        "cost of its answer, by the family's checker, of cats the value of its winners; NULL without an answer that is ok",
    ),
    (
        "bound",
        AMOUNT,
        "greatest bound that it told, of cats the least, which nothing here proves; NULL: none, or one that an answer refutes",
    ),
    ("reference", AMOUNT, "best cost or value known from the table of references; NULL: none"),
    (
        "best",
        AMOUNT,
        "the least of the reference and the costs of all runs on the instance, of cats the greatest; NULL: none",
    ),
    (
        "gap_to_reference",
        DataType::Float64,
        "(cost - reference) / max(1, reference), of cats (reference - cost) / max(1, reference); NULL without both",
    ),
    (
        "score",
        DataType::Float64,
        "rebalance: 100 (cost - reference) / cost of the initial assignment; NULL without all three",
    ),
    (
        "primal_gap",
        DataType::Float64,
        "(cost - best) / max(1, cost), of cats (best - cost) / max(1, best); 1 without an answer",
    ),
    ("primal_integral", DataType::Float64, "integral of the primal gap over the seconds given, in seconds"),
];

/// The rows of all attempts, in their order.
pub(super) fn rows(task: &Task<'_>, contenders: &[Contender], attempts: &[Attempt], terms: Terms) -> Vec<CompareRun> {
    let aim = task.family.aim();
    let row = |attempt: &Attempt| {
        let case = &task.cases[attempt.case];
        let costs = attempts.iter().filter(|other| other.case == attempt.case).filter_map(|other| other.cost);
        let found = aim.best(costs);
        let units = u128::from(case.problem.units());
        let reference = case.reference.as_ref().map(|reference| units * u128::from(reference.best));
        let initial = case.reference.as_ref().and_then(|reference| reference.initial);
        let best = aim.best(found.into_iter().chain(reference));
        // An answer that was checked refutes any bound that it is better than.
        let false_bound = attempt.bound.filter(|&bound| found.is_some_and(|found| aim.is_better(found, bound)));
        let refuted = false_bound.map(|bound| format!("told a bound of {bound}, which an answer refutes"));
        let notes: Vec<String> = attempt.note.clone().into_iter().chain(refuted).collect();
        let both = attempt.cost.zip(reference);
        let above = |(cost, reference): (u128, u128)| aim.shortfall(cost, reference);
        CompareRun {
            family: task.family.name(),
            instance: case.name.clone(),
            size: case.problem.size(),
            machines: case.problem.machines(),
            contender: contenders[attempt.contender].name.clone(),
            seed: attempt.seed,
            threads: terms.threads,
            seconds_limit: terms.seconds,
            seconds: attempt.seconds,
            overrun_seconds: (attempt.seconds - terms.seconds).max(0.0),
            peak_memory_bytes: attempt.peak_memory_bytes,
            status: attempt.status.name(),
            note: (!notes.is_empty()).then(|| notes.join("; ")),
            cost: attempt.cost,
            bound: attempt.bound.filter(|_| false_bound.is_none()),
            reference,
            best,
            gap_to_reference: both.map(|both| above(both) / both.1.max(1) as f64),
            score: both.zip(initial).map(|(both, initial)| 100.0 * above(both) / initial.max(1) as f64),
            primal_gap: primal::gap(attempt.cost, best.unwrap_or(0)),
            primal_integral: primal::integral(&attempt.course(aim), best.unwrap_or(0), terms.seconds),
        }
    };
    attempts.iter().map(row).collect()
}

impl CompareRun {
    /// Whether the contender left an answer that is one.
    pub(super) fn is_answered(&self) -> bool {
        self.status == Status::Answered.name()
    }

    /// Whether its bound, if it holds, proves that nothing is better.
    pub(super) fn is_proven(&self) -> bool {
        self.cost.is_some() && self.cost == self.bound
    }

    /// Whether nothing better is known.
    pub(super) fn is_best(&self) -> bool {
        self.cost.is_some() && self.cost == self.best
    }
}

/// Writes the table.
///
/// # Errors
/// A file that cannot be written.
pub(super) fn write(dir: &Path, runs: &[CompareRun]) -> Result<(), BenchError> {
    let path = dir.join(RUNS_FILE);
    let batch = batch(runs).map_err(|source| BenchError::Table { path: path.clone(), source: source.into() })?;
    table_file::write(&path, "comparison_runs", &batch)
}

/// Amounts as a column. One beyond 10^38 is written as that: no instance reaches it.
pub(super) fn amounts(of: impl Iterator<Item = Option<u128>>) -> Result<ArrayRef, ArrowError> {
    let most = 10_i128.pow(u32::from(DIGITS)) - 1;
    let clamped = of.map(|amount| amount.map(|amount| i128::try_from(amount).unwrap_or(most).min(most)));
    Ok(Arc::new(clamped.collect::<Decimal128Array>().with_precision_and_scale(DIGITS, 0)?))
}

fn batch(runs: &[CompareRun]) -> Result<RecordBatch, ArrowError> {
    let texts =
        |of: fn(&CompareRun) -> Option<&str>| -> ArrayRef { Arc::new(runs.iter().map(of).collect::<StringArray>()) };
    let u64s =
        |of: fn(&CompareRun) -> Option<u64>| -> ArrayRef { Arc::new(runs.iter().map(of).collect::<UInt64Array>()) };
    let f64s =
        |of: fn(&CompareRun) -> Option<f64>| -> ArrayRef { Arc::new(runs.iter().map(of).collect::<Float64Array>()) };
    let sums = |of: fn(&CompareRun) -> Option<u128>| amounts(runs.iter().map(of));
    RecordBatch::try_new(
        Arc::new(table_file::schema(&COLUMNS)),
        vec![
            texts(|run| Some(run.family)),
            texts(|run| Some(&run.instance)),
            u64s(|run| Some(run.size)),
            u64s(|run| run.machines),
            texts(|run| Some(&run.contender)),
            u64s(|run| Some(run.seed)),
            Arc::new(UInt32Array::from_iter_values(runs.iter().map(|run| run.threads))),
            f64s(|run| Some(run.seconds_limit)),
            f64s(|run| Some(run.seconds)),
            f64s(|run| Some(run.overrun_seconds)),
            u64s(|run| run.peak_memory_bytes),
            texts(|run| Some(run.status)),
            texts(|run| run.note.as_deref()),
            sums(|run| run.cost)?,
            sums(|run| run.bound)?,
            sums(|run| run.reference)?,
            sums(|run| run.best)?,
            f64s(|run| run.gap_to_reference),
            f64s(|run| run.score),
            f64s(|run| Some(run.primal_gap)),
            f64s(|run| Some(run.primal_integral)),
        ],
    )
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::bench::table_file::tests::{expect_keys, expect_on_the_schema_page};

    /// A run of ten seconds that cost 12 where 10 is the best.
    pub(in crate::bench::compare) fn run(contender: &str, instance: &str) -> CompareRun {
        CompareRun {
            family: "gap",
            instance: instance.to_owned(),
            size: 15,
            machines: Some(5),
            contender: contender.to_owned(),
            seed: 1,
            threads: 2,
            seconds_limit: 10.0,
            seconds: 9.5,
            overrun_seconds: 0.0,
            peak_memory_bytes: Some(1 << 20),
            status: "ok",
            note: None,
            cost: Some(12),
            bound: Some(9),
            reference: Some(10),
            best: Some(10),
            gap_to_reference: Some(0.2),
            score: None,
            primal_gap: 1.0 / 6.0,
            primal_integral: 2.5,
        }
    }

    #[test]
    fn the_schema_page_states_every_column() {
        expect_on_the_schema_page(&COLUMNS);
    }

    #[test]
    fn columns_and_keys_have_the_same_names() {
        let run = CompareRun { cost: Some(u128::MAX), ..run("lessor", "a") };
        expect_keys(&COLUMNS, &run);
        let batch = batch(&[run]).unwrap();
        assert_eq!((batch.column(12).null_count(), batch.column(13).null_count()), (1, 0));
    }

    #[test]
    fn the_best_is_where_nothing_better_is_known_and_a_proof_where_bound_and_cost_meet() {
        let run = run("lessor", "a");
        assert!(run.is_answered() && !run.is_best() && !run.is_proven());
        let proven = CompareRun { cost: Some(10), bound: Some(10), ..run.clone() };
        assert!(proven.is_best() && proven.is_proven());
        let none = CompareRun { cost: None, bound: None, best: None, status: "no answer", ..run };
        assert!(!none.is_answered() && !none.is_best() && !none.is_proven());
    }
}
