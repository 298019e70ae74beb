//! `points.parquet`: the curve of each policy on each sequence, one row a percent.

use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray, UInt32Array};
use arrow_schema::{ArrowError, DataType};

use super::outcome::PolicyRun;
use super::sample::Point;
use crate::bench::error::BenchError;
use crate::bench::table_file::{self, Column};

/// The table's file in an admission directory.
pub(super) const POINTS_FILE: &str = "points.parquet";

const COLUMNS: [Column; 5] = [
    ("sequence", DataType::Utf8, "the sequence's file without its ending"),
    ("policy", DataType::Utf8, "who decided"),
    ("arrived_percent", DataType::UInt32, "milli-devices asked for so far, in percent of the cluster's, rounded"),
    (
        "unallocated_percent",
        DataType::Float64,
        "milli-devices that nobody holds, in percent of the cluster's; the mean over the requests of this percent",
    ),
    ("power_w", DataType::Float64, "what the cluster draws after the last of them, in watts"),
];

/// Writes the table.
///
/// # Errors
/// A file that cannot be written.
pub(super) fn write(dir: &Path, rows: &[PolicyRun]) -> Result<(), BenchError> {
    let path = dir.join(POINTS_FILE);
    let batch = batch(rows).map_err(|source| BenchError::Table { path: path.clone(), source: source.into() })?;
    table_file::write(&path, "points", &batch)
}

fn batch(rows: &[PolicyRun]) -> Result<RecordBatch, ArrowError> {
    let points: Vec<(&PolicyRun, &Point)> =
        rows.iter().flat_map(|row| row.curve.iter().map(move |point| (row, point))).collect();
    let of_row = |of: fn(&PolicyRun) -> &str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(points.iter().map(|(row, _)| of(row))))
    };
    let of_point = |of: fn(&Point) -> f64| -> ArrayRef {
        Arc::new(points.iter().map(|(_, point)| Some(of(point))).collect::<Float64Array>())
    };
    let percents: UInt32Array = points.iter().map(|(_, point)| Some(point.arrived_percent)).collect();
    RecordBatch::try_new(
        Arc::new(table_file::schema(&COLUMNS)),
        vec![
            of_row(|row| &row.sequence),
            of_row(|row| &row.policy),
            Arc::new(percents),
            of_point(|point| point.unallocated_percent),
            of_point(|point| point.power_w),
        ],
    )
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
