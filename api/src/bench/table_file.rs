//! Tables that a bench writes and nobody reads back: Parquet files whose columns are stated in one list each.

use std::fs::File;
use std::path::Path;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema};
use lessor_datasets::table::{TABLE_KEY, VERSION, VERSION_KEY};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use super::error::BenchError;

/// Digits of a decimal: as many as an Arrow decimal of 128 bits holds.
pub(super) const DIGITS: u8 = 38;

/// One column: its name, its type, and what a value means. It may be null where the meaning says when.
pub(super) type Column = (&'static str, DataType, &'static str);

/// Whether a column may be null.
fn is_nullable((_, _, meaning): &Column) -> bool {
    meaning.contains("NULL")
}

/// The schema of some columns.
pub(super) fn schema(columns: &[Column]) -> Schema {
    let field = |column: &Column| Field::new(column.0, column.1.clone(), is_nullable(column));
    Schema::new(columns.iter().map(field).collect::<Vec<_>>())
}

/// Writes a table.
///
/// # Errors
/// A file that cannot be written.
pub(super) fn write(path: &Path, table: &str, batch: &RecordBatch) -> Result<(), BenchError> {
    let failed = |source| BenchError::Table { path: path.to_owned(), source };
    let labels = [(VERSION_KEY, VERSION), (TABLE_KEY, table)];
    let labels = labels.map(|(key, value)| KeyValue::new(key.to_owned(), value.to_owned()));
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_key_value_metadata(Some(labels.into()))
        .build();
    let write = || -> Result<(), ParquetError> {
        let mut writer = ArrowWriter::try_new(File::create(path)?, batch.schema(), Some(properties))?;
        writer.write(batch)?;
        writer.close().map(|_| ())
    };
    write().map_err(failed)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    fn type_name(holds: &DataType) -> &'static str {
        match holds {
            DataType::Utf8 => "utf8",
            DataType::Float64 => "float64",
            DataType::UInt32 => "uint32",
            DataType::UInt64 => "uint64",
            DataType::Decimal128(DIGITS, 0) => "decimal128(38, 0)",
            other => panic!("{other} has no name on the page"),
        }
    }

    /// Holds the page of tables against a list of columns.
    #[track_caller]
    pub(in crate::bench) fn expect_on_the_schema_page(columns: &[Column]) {
        let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schema.md")).unwrap();
        let row = |column: &Column| {
            let (name, holds, meaning) = column;
            let need = if is_nullable(column) { "" } else { "required" };
            format!("| `{name}` | {} | {need} | {meaning} |\n", type_name(holds))
        };
        let expected = columns.iter().map(row).collect::<Vec<_>>().concat();
        assert!(page.contains(&expected), "docs/schema.md must hold these rows:\n\n{expected}");
    }

    /// Holds the keys of an object against a list of columns.
    #[track_caller]
    pub(in crate::bench) fn expect_keys(columns: &[Column], object: &impl serde::Serialize) {
        let value = serde_json::from_str(&serde_json::to_string(object).unwrap()).unwrap();
        let serde_json::Value::Object(keys) = value else { panic!("a run is an object") };
        let mut names: Vec<&str> = columns.iter().map(|column| column.0).collect();
        names.sort_unstable();
        assert_eq!(keys.keys().map(String::as_str).collect::<Vec<_>>(), names);
    }
}
