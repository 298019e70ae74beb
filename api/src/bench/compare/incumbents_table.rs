//! `incumbents.parquet`: what the contenders told while they ran, one row an incumbent.

use std::path::Path;
use std::sync::Arc;

use arrow_array::{Float64Array, RecordBatch, StringArray, UInt64Array};
use arrow_schema::{ArrowError, DataType};

use crate::bench::error::BenchError;
use crate::bench::table_file::{self, Column, DIGITS};

use super::attempt::Attempt;
use super::contender::Contender;
use super::run::amounts;
use super::task::Task;
use super::watch::Incumbent;

/// The table's file.
const INCUMBENTS_FILE: &str = "incumbents.parquet";

const COLUMNS: [Column; 6] = [
    ("instance", DataType::Utf8, "the instance, as in runs"),
    ("contender", DataType::Utf8, "the contender, as in runs"),
    ("seed", DataType::UInt64, "the seed, as in runs"),
    ("seconds", DataType::Float64, "when the line was seen, from before the process was started"),
    ("cost", DataType::Decimal128(DIGITS, 0), "what the contender says that it costs; NULL: a bound alone"),
    ("bound", DataType::Decimal128(DIGITS, 0), "what the contender says that the bound is; NULL: none"),
];

/// Writes the table.
///
/// # Errors
/// A file that cannot be written.
pub(super) fn write(
    dir: &Path,
    task: &Task<'_>,
    contenders: &[Contender],
    attempts: &[Attempt],
) -> Result<(), BenchError> {
    let path = dir.join(INCUMBENTS_FILE);
    let batch = batch(task, contenders, attempts);
    let batch = batch.map_err(|source| BenchError::Table { path: path.clone(), source: source.into() })?;
    table_file::write(&path, "comparison_incumbents", &batch)
}

fn batch(task: &Task<'_>, contenders: &[Contender], attempts: &[Attempt]) -> Result<RecordBatch, ArrowError> {
    let rows: Vec<(&Attempt, &Incumbent)> = attempts.iter().flat_map(of_attempt).collect();
    let instances = rows.iter().map(|(attempt, _)| task.cases[attempt.case].name.as_str());
    let names = rows.iter().map(|(attempt, _)| contenders[attempt.contender].name.as_str());
    RecordBatch::try_new(
        Arc::new(table_file::schema(&COLUMNS)),
        vec![
            Arc::new(StringArray::from_iter_values(instances)),
            Arc::new(StringArray::from_iter_values(names)),
            Arc::new(UInt64Array::from_iter_values(rows.iter().map(|(attempt, _)| attempt.seed))),
            Arc::new(Float64Array::from_iter_values(rows.iter().map(|(_, incumbent)| incumbent.seconds))),
            amounts(rows.iter().map(|(_, incumbent)| incumbent.cost))?,
            amounts(rows.iter().map(|(_, incumbent)| incumbent.bound))?,
        ],
    )
}

fn of_attempt(attempt: &Attempt) -> impl Iterator<Item = (&Attempt, &Incumbent)> {
    attempt.incumbents.iter().map(move |incumbent| (attempt, incumbent))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::table_file::tests::expect_on_the_schema_page;

    #[test]
    fn the_schema_page_states_every_column() {
        expect_on_the_schema_page(&COLUMNS);
    }
}
