//! `runs.parquet`: what each run of a bench took and reached, one row a run.

use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Decimal128Array, Float64Array, RecordBatch, StringArray, UInt32Array, UInt64Array};
use arrow_schema::{ArrowError, DataType};
use serde::Serialize;

use crate::bench::error::BenchError;
use crate::bench::table_file::{self, Column, DIGITS};

/// The table's file in a bench directory.
pub(super) const RUNS_FILE: &str = "runs.parquet";

/// One run. The names are those of the columns and of the keys that `--json` prints.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct BenchRun {
    pub(super) family: &'static str,
    pub(super) load: f64,
    pub(super) tiles: u32,
    pub(super) capsules: u64,
    pub(super) job_classes: u64,
    pub(super) method: &'static str,
    pub(super) repeat: u16,
    pub(super) seed: u64,
    pub(super) seconds: f64,
    pub(super) wall_seconds: f64,
    pub(super) peak_memory_bytes: u64,
    pub(super) value: i128,
    pub(super) bound: Option<i128>,
    pub(super) gap: Option<f64>,
    pub(super) placed: u64,
    pub(super) unplaced: u64,
    pub(super) primal_gap: f64,
    pub(super) primal_integral: f64,
}

const COLUMNS: [Column; 18] = [
    ("family", DataType::Utf8, "what capsules are like: small, mixed, devices or sample"),
    ("load", DataType::Float64, "demand for the scarcest kind against the fleet's capacity of it"),
    ("tiles", DataType::UInt32, "tiles"),
    ("capsules", DataType::UInt64, "capsules asked for"),
    ("job_classes", DataType::UInt64, "job classes that the planner told apart"),
    ("method", DataType::Utf8, "the method of lessor plan"),
    ("repeat", DataType::UInt32, "the repeat, from 1"),
    ("seed", DataType::UInt64, "seed of the fleet and of the search"),
    ("seconds", DataType::Float64, "from the start of the process to its answer, as it says itself"),
    ("wall_seconds", DataType::Float64, "from before the process was started until it had ended"),
    ("peak_memory_bytes", DataType::UInt64, "greatest resident memory of the process"),
    ("value", DataType::Decimal128(DIGITS, 0), "value of the plan, in micro-credits"),
    ("bound", DataType::Decimal128(DIGITS, 0), "proven bound, in micro-credits; NULL without a proof"),
    ("gap", DataType::Float64, "the gap as a fraction; NULL without a proof"),
    ("placed", DataType::UInt64, "capsules placed"),
    ("unplaced", DataType::UInt64, "capsules asked for and not placed"),
    (
        "primal_gap",
        DataType::Float64,
        "(best - value) / max(1, best), the best being that of all methods on the fleet; less than nothing counts as nothing",
    ),
    (
        "primal_integral",
        DataType::Float64,
        "integral of the primal gap over the time of the method that took longest on the fleet, in seconds",
    ),
];

/// Writes the table.
///
/// # Errors
/// A file that cannot be written.
pub(super) fn write(dir: &Path, runs: &[BenchRun]) -> Result<(), BenchError> {
    let path = dir.join(RUNS_FILE);
    let batch = batch(runs).map_err(|source| BenchError::Table { path: path.clone(), source: source.into() })?;
    table_file::write(&path, "runs", &batch)
}

fn batch(runs: &[BenchRun]) -> Result<RecordBatch, ArrowError> {
    let u64s = |of: fn(&BenchRun) -> u64| -> ArrayRef { Arc::new(runs.iter().map(of).collect::<UInt64Array>()) };
    let u32s = |of: fn(&BenchRun) -> u32| -> ArrayRef { Arc::new(runs.iter().map(of).collect::<UInt32Array>()) };
    let f64s =
        |of: fn(&BenchRun) -> Option<f64>| -> ArrayRef { Arc::new(runs.iter().map(of).collect::<Float64Array>()) };
    let money = |of: fn(&BenchRun) -> Option<i128>| -> Result<ArrayRef, ArrowError> {
        let amounts = runs.iter().map(of).collect::<Decimal128Array>();
        Ok(Arc::new(amounts.with_precision_and_scale(DIGITS, 0)?))
    };
    RecordBatch::try_new(
        Arc::new(table_file::schema(&COLUMNS)),
        vec![
            Arc::new(StringArray::from_iter_values(runs.iter().map(|run| run.family))),
            f64s(|run| Some(run.load)),
            u32s(|run| run.tiles),
            u64s(|run| run.capsules),
            u64s(|run| run.job_classes),
            Arc::new(StringArray::from_iter_values(runs.iter().map(|run| run.method))),
            u32s(|run| u32::from(run.repeat)),
            u64s(|run| run.seed),
            f64s(|run| Some(run.seconds)),
            f64s(|run| Some(run.wall_seconds)),
            u64s(|run| run.peak_memory_bytes),
            money(|run| Some(run.value))?,
            money(|run| run.bound)?,
            f64s(|run| run.gap),
            u64s(|run| run.placed),
            u64s(|run| run.unplaced),
            f64s(|run| Some(run.primal_gap)),
            f64s(|run| Some(run.primal_integral)),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::table_file::tests::{expect_keys, expect_on_the_schema_page};

    #[test]
    fn the_schema_page_states_every_column() {
        expect_on_the_schema_page(&COLUMNS);
    }

    #[test]
    fn columns_and_keys_have_the_same_names() {
        let run = BenchRun {
            family: "mixed",
            load: 1.0,
            tiles: 1,
            capsules: 1,
            job_classes: 1,
            method: "auto",
            repeat: 1,
            seed: 1,
            seconds: 1.0,
            wall_seconds: 1.0,
            peak_memory_bytes: 1,
            value: -(1 << 70),
            bound: None,
            gap: None,
            placed: 1,
            unplaced: 0,
            primal_gap: 0.0,
            primal_integral: 0.0,
        };
        expect_keys(&COLUMNS, &run);
        let batch = batch(&[run]).unwrap();
        assert_eq!(batch.column(12).null_count(), 1);
    }
}
