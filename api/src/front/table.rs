//! `front.parquet`: one row a weighing, and the same rows for programs and for people.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Decimal128Array, Float64Array, RecordBatch, StringArray, UInt32Array, UInt64Array,
};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use lessor_datasets::table::{TABLE_KEY, VERSION, VERSION_KEY};
use lessor_models::objective::terms::Objective;
use lessor_models::words::credits;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use serde::Serialize;

use super::error::FrontError;
use super::outcome::Outcome;
use super::point::Point;
use crate::draw::figures::gap;

/// The table's file in the directory of a front.
pub(super) const FRONT_FILE: &str = "front.parquet";

/// Digits of a decimal: as many as an Arrow decimal of 128 bits holds.
const DIGITS: u8 = 38;

/// One weighing. The names are those of the columns and of the keys that `--json` prints.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct WeighingRow<'a> {
    plan: Option<&'a str>,
    weighing: u32,
    first: &'static str,
    second: &'static str,
    first_permille: u32,
    second_permille: u32,
    first_amount: i128,
    second_amount: i128,
    is_dominated: bool,
    value: i128,
    bound: Option<i128>,
    gap: Option<f64>,
    placed: u64,
    unplaced: u64,
    moves: u64,
    seconds: Option<f64>,
}

/// The rows of a front, best in the first term first.
pub(super) fn rows<'a>(outcome: &'a Outcome<'_>) -> Vec<WeighingRow<'a>> {
    let [first, second] = outcome.pair.terms().map(Objective::name);
    let row = |point: &'a Point| WeighingRow {
        plan: point.plan.as_deref(),
        weighing: point.order.into(),
        first,
        second,
        first_permille: point.weighing.0[0],
        second_permille: point.weighing.0[1],
        first_amount: point.amounts[0],
        second_amount: point.amounts[1],
        is_dominated: point.is_dominated,
        value: point.figures.value,
        bound: point.figures.bound,
        gap: point.figures.gap,
        placed: point.figures.placed,
        unplaced: point.figures.unplaced,
        moves: point.figures.moves,
        seconds: point.seconds,
    };
    outcome.points.iter().map(row).collect()
}

/// The points of the front for people, a line each; what they come to is in credits.
pub(super) fn words(outcome: &Outcome<'_>) -> String {
    let [first, second] = outcome.pair.terms().map(Objective::name);
    let line = |row: &WeighingRow<'_>| {
        format!(
            "{:<4} {:>24} {:>24} {:>8} {:>8} {:>8}\n",
            row.plan.unwrap_or_default(),
            credits(row.first_amount),
            credits(row.second_amount),
            row.placed,
            row.moves,
            gap(row.gap)
        )
    };
    let lines: String = rows(outcome).iter().filter(|row| !row.is_dominated).map(line).collect();
    let [first, second] = [first, second].map(|term| format!("{term}, credits"));
    format!("plan {first:>24} {second:>24} {:>8} {:>8} {:>8}\n{lines}", "placed", "moves", "gap")
}

/// One column: its name, its type, and what a value means.
type Column = (&'static str, DataType, &'static str);

/// The columns that may be null.
const NULLABLE: [&str; 4] = ["plan", "bound", "gap", "seconds"];

const COLUMNS: [Column; 16] = [
    ("plan", DataType::Utf8, "the plan's directory under plans; NULL: dominated, and not kept"),
    ("weighing", DataType::UInt32, "position in the order of planning, from 0"),
    (
        "first",
        DataType::Utf8,
        "the first term: value, energy, carbon, risk, thermal, latency, moves, headroom, balance or dues",
    ),
    ("second", DataType::Utf8, "the second term"),
    ("first_permille", DataType::UInt32, "weight of the first term, in thousandths; always 1000 for value"),
    ("second_permille", DataType::UInt32, "weight of the second term, in thousandths; always 1000 for value"),
    (
        "first_amount",
        DataType::Decimal128(DIGITS, 0),
        "what the plan comes to in the first term, in micro-credits, unweighted",
    ),
    (
        "second_amount",
        DataType::Decimal128(DIGITS, 0),
        "what it comes to in the second term, in micro-credits, unweighted",
    ),
    (
        "is_dominated",
        DataType::Boolean,
        "whether another row is at least as good in both terms, and better in one or earlier",
    ),
    ("value", DataType::Decimal128(DIGITS, 0), "value of the plan under its weights, in micro-credits"),
    (
        "bound",
        DataType::Decimal128(DIGITS, 0),
        "proven bound under these weights, in micro-credits; NULL without a proof",
    ),
    ("gap", DataType::Float64, "the gap as a fraction; NULL without a proof"),
    ("placed", DataType::UInt64, "capsules placed"),
    ("unplaced", DataType::UInt64, "capsules asked for and not placed"),
    ("moves", DataType::UInt64, "rows of the plan's table moves"),
    ("seconds", DataType::Float64, "time that the plan took; NULL where work is limited"),
];

/// Writes the table.
///
/// # Errors
/// A file that cannot be written.
pub(super) fn write(dir: &Path, outcome: &Outcome<'_>) -> Result<(), FrontError> {
    let path = dir.join(FRONT_FILE);
    write_file(&path, &rows(outcome)).map_err(|source| FrontError::Table { path, source })
}

fn write_file(path: &Path, rows: &[WeighingRow<'_>]) -> Result<(), ParquetError> {
    let labels = [(VERSION_KEY, VERSION), (TABLE_KEY, "front")];
    let labels = labels.map(|(key, value)| KeyValue::new(key.to_owned(), value.to_owned()));
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_key_value_metadata(Some(labels.into()))
        .build();
    let batch = batch(rows)?;
    let mut writer = ArrowWriter::try_new(File::create(path)?, batch.schema(), Some(properties))?;
    writer.write(&batch)?;
    writer.close().map(|_| ())
}

fn batch(rows: &[WeighingRow<'_>]) -> Result<RecordBatch, ArrowError> {
    let field = |(name, holds, _): &Column| Field::new(*name, holds.clone(), NULLABLE.contains(name));
    let schema = Schema::new(COLUMNS.iter().map(field).collect::<Vec<_>>());
    let u64s = |of: fn(&WeighingRow<'_>) -> u64| -> ArrayRef { Arc::new(rows.iter().map(of).collect::<UInt64Array>()) };
    let u32s = |of: fn(&WeighingRow<'_>) -> u32| -> ArrayRef { Arc::new(rows.iter().map(of).collect::<UInt32Array>()) };
    let f64s = |of: fn(&WeighingRow<'_>) -> Option<f64>| -> ArrayRef {
        Arc::new(rows.iter().map(of).collect::<Float64Array>())
    };
    let texts = |of: fn(&WeighingRow<'_>) -> &'static str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(rows.iter().map(of)))
    };
    let money = |of: fn(&WeighingRow<'_>) -> Option<i128>| -> Result<ArrayRef, ArrowError> {
        let amounts = rows.iter().map(of).collect::<Decimal128Array>();
        Ok(Arc::new(amounts.with_precision_and_scale(DIGITS, 0)?))
    };
    RecordBatch::try_new(
        Arc::new(schema),
        vec![
            Arc::new(rows.iter().map(|row| row.plan).collect::<StringArray>()),
            u32s(|row| row.weighing),
            texts(|row| row.first),
            texts(|row| row.second),
            u32s(|row| row.first_permille),
            u32s(|row| row.second_permille),
            money(|row| Some(row.first_amount))?,
            money(|row| Some(row.second_amount))?,
            Arc::new(rows.iter().map(|row| Some(row.is_dominated)).collect::<BooleanArray>()),
            money(|row| Some(row.value))?,
            money(|row| row.bound)?,
            f64s(|row| row.gap),
            u64s(|row| row.placed),
            u64s(|row| row.unplaced),
            u64s(|row| row.moves),
            f64s(|row| row.seconds),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::super::page::tests::{outcome, settings};
    use super::*;

    fn type_name(holds: &DataType) -> &'static str {
        match holds {
            DataType::Utf8 => "utf8",
            DataType::Boolean => "bool",
            DataType::Float64 => "float64",
            DataType::UInt32 => "uint32",
            DataType::UInt64 => "uint64",
            DataType::Decimal128(DIGITS, 0) => "decimal128(38, 0)",
            other => panic!("{other} has no name on the page"),
        }
    }

    #[test]
    fn the_schema_page_states_every_column() {
        let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schema.md")).unwrap();
        let row = |(name, holds, meaning): &Column| {
            let need = if NULLABLE.contains(name) { "" } else { "required" };
            format!("| `{name}` | {} | {need} | {meaning} |\n", type_name(holds))
        };
        let expected = COLUMNS.iter().map(row).collect::<Vec<_>>().concat();
        assert!(page.contains(&expected), "docs/schema.md must hold these rows:\n\n{expected}");
    }

    #[test]
    fn columns_and_keys_have_the_same_names() {
        let settings = settings();
        let outcome = outcome(&settings);
        let rows = rows(&outcome);
        let serde_json::Value::Object(keys) = serde_json::from_str(&serde_json::to_string(&rows[0]).unwrap()).unwrap()
        else {
            panic!("a row is an object")
        };
        let mut columns = COLUMNS.map(|(name, _, _)| name);
        columns.sort_unstable();
        assert_eq!(keys.keys().map(String::as_str).collect::<Vec<_>>(), columns);
        let batch = batch(&rows).unwrap();
        assert_eq!((batch.num_rows(), batch.column(0).null_count(), batch.column(15).null_count()), (3, 1, 3));
    }

    #[test]
    fn people_are_told_of_the_points_that_are_on_the_front() {
        let settings = settings();
        let told = words(&outcome(&settings));
        let starts: Vec<&str> = told.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
        assert_eq!(starts, ["plan", "00", "01"]);
        assert!(told.contains("value") && told.contains("energy"), "{told}");
    }
}
