//! Writing one table: beside its place in batches, then renamed, so that no half-written file is ever seen.

use std::fs::{self, File};
use std::io::BufWriter;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder, UInt8Builder};
use arrow_array::types::{UInt8Type, UInt16Type, UInt32Type, UInt64Type};
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanArray, PrimitiveArray, RecordBatch, StringArray,
    TimestampMicrosecondArray, new_null_array,
};
use arrow_schema::SchemaRef;
use lessor_models::time::Timestamp;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use super::column::is_beyond_time;
use super::error::{DatasetError, Problem};
use super::spec::{ColumnType, TABLE_KEY, TableSpec, VERSION, VERSION_KEY};

/// Rows encoded at a time.
pub(crate) const BATCH_ROWS: usize = 32_768;

/// Rows of one row group: small enough for a time range to skip most of a telemetry file.
const GROUP_ROWS: usize = 262_144;

/// A table being written. Dropped before [`TableWriter::finish`], it leaves nothing behind.
pub(crate) struct TableWriter {
    path: PathBuf,
    beside: PathBuf,
    spec: &'static TableSpec,
    schema: SchemaRef,
    writer: Option<ArrowWriter<BufWriter<File>>>,
    row_count: usize,
}

impl TableWriter {
    /// Starts a table beside its place, with further metadata.
    pub(crate) fn create(
        path: &Path,
        spec: &'static TableSpec,
        labels: &[(&str, String)],
    ) -> Result<TableWriter, DatasetError> {
        let mut name = path.as_os_str().to_owned();
        name.push(".tmp");
        let beside = PathBuf::from(name);
        let file = File::create(&beside).map_err(|source| DatasetError::Create { path: path.to_owned(), source })?;
        let schema = Arc::new(spec.schema());
        let options =
            ArrowWriterOptions::new().with_properties(properties(spec, labels)).with_skip_arrow_metadata(true);
        let mut table = TableWriter { path: path.to_owned(), beside, spec, schema, writer: None, row_count: 0 };
        let writer = ArrowWriter::try_new_with_options(BufWriter::new(file), table.schema.clone(), options);
        table.writer = Some(writer.map_err(|source| table.failed(source))?);
        Ok(table)
    }

    /// Writes a batch of columns.
    pub(crate) fn write(&mut self, columns: Columns) -> Result<(), DatasetError> {
        if let Some((row, column, problem)) = columns.defect {
            let (row, problem) = (self.row_count + row, Box::new(problem));
            return Err(DatasetError::Unwritable { path: self.path.clone(), row, column, problem });
        }
        self.row_count += columns.rows;
        let arrays = columns.arrays.into_iter().zip(self.spec.columns);
        let arrays =
            arrays.map(|(array, column)| array.unwrap_or_else(|| new_null_array(&column.holds.arrow(), columns.rows)));
        let batch = RecordBatch::try_new(self.schema.clone(), arrays.collect());
        let batch = batch.map_err(|source| self.failed(source.into()))?;
        let writer = self.writer.as_mut().expect("only finish and drop take the writer");
        writer.write(&batch).map_err(|source| DatasetError::Write { path: self.path.clone(), source })
    }

    /// Completes the file and moves it to its place.
    pub(crate) fn finish(mut self) -> Result<(), DatasetError> {
        let writer = self.writer.take().expect("only finish and drop take the writer");
        let closed = writer.close();
        if let Err(source) = closed {
            self.discard();
            return Err(self.failed(source));
        }
        fs::rename(&self.beside, &self.path).map_err(|source| {
            self.discard();
            DatasetError::Create { path: self.path.clone(), source }
        })
    }

    fn failed(&self, source: parquet::errors::ParquetError) -> DatasetError {
        DatasetError::Write { path: self.path.clone(), source }
    }

    /// Removes the unfinished file. That it may fail changes nothing for the error already on its way.
    fn discard(&self) {
        let _ = fs::remove_file(&self.beside);
    }
}

impl Drop for TableWriter {
    fn drop(&mut self) {
        if self.writer.take().is_some() {
            self.discard();
        }
    }
}

fn properties(spec: &TableSpec, labels: &[(&str, String)]) -> WriterProperties {
    let own = [(VERSION_KEY, VERSION.to_owned()), (TABLE_KEY, spec.name.to_owned())];
    let entries = own.iter().chain(labels).map(|(key, value)| KeyValue::new((*key).to_owned(), value.clone()));
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).expect("zstd has a level 1")))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_key_value_metadata(Some(entries.collect()))
        .build()
}

/// Writes a whole table whose rows are known: `fill` turns a range of rows into columns.
pub(crate) fn write_table(
    path: &Path,
    spec: &'static TableSpec,
    row_count: usize,
    fill: impl Fn(Range<usize>, &mut Columns),
) -> Result<(), DatasetError> {
    write_labeled(TableWriter::create(path, spec, &[])?, row_count, fill)
}

/// Writes all rows to a table already begun, and finishes it.
pub(crate) fn write_labeled(
    mut writer: TableWriter,
    row_count: usize,
    fill: impl Fn(Range<usize>, &mut Columns),
) -> Result<(), DatasetError> {
    for first in (0..row_count).step_by(BATCH_ROWS) {
        let rows = first..row_count.min(first + BATCH_ROWS);
        let mut columns = Columns::new(writer.spec, rows.len());
        fill(rows, &mut columns);
        writer.write(columns)?;
    }
    writer.finish()
}

/// The columns of one batch, filled in by name. A column that is never filled is null.
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    pub(super) spec: &'static TableSpec,
    pub(super) rows: usize,
    pub(super) arrays: Vec<Option<ArrayRef>>,
    /// The first value that its column cannot hold.
    defect: Option<(usize, &'static str, Problem)>,
}

impl Columns {
    pub(crate) fn new(spec: &'static TableSpec, rows: usize) -> Columns {
        Columns { spec, rows, arrays: vec![None; spec.columns.len()], defect: None }
    }

    pub(crate) fn text<'v>(&mut self, name: &str, values: impl Iterator<Item = Option<&'v str>>) {
        self.put(name, Arc::new(values.collect::<StringArray>()));
    }

    pub(crate) fn integer(&mut self, name: &str, values: impl Iterator<Item = Option<u64>>) {
        let column = &self.spec.columns[self.spec.position(name)];
        let most = column.holds.most();
        let defect = &mut self.defect;
        let values = values.enumerate().map(|(row, value)| {
            value.filter(|&found| {
                let fits = found <= most;
                if !fits {
                    let problem = Problem::OutOfRange { found: found.into(), least: 0, most };
                    defect.get_or_insert((row, column.name, problem));
                }
                fits
            })
        });
        let array = match column.holds {
            ColumnType::U8 => narrow::<UInt8Type>(values),
            ColumnType::U16 => narrow::<UInt16Type>(values),
            ColumnType::U32 => narrow::<UInt32Type>(values),
            _ => narrow::<UInt64Type>(values),
        };
        self.put(name, array);
    }

    pub(crate) fn time(&mut self, name: &str, values: impl Iterator<Item = Option<Timestamp>>) {
        let column = self.spec.columns[self.spec.position(name)].name;
        let defect = &mut self.defect;
        let times = values.enumerate().map(|(row, value)| {
            if value.is_some_and(is_beyond_time) {
                defect.get_or_insert((row, column, Problem::BeyondTime));
            }
            value.map(|time| time.0)
        });
        let array = instants(times);
        self.put(name, array);
    }

    pub(crate) fn flag(&mut self, name: &str, values: impl Iterator<Item = Option<bool>>) {
        self.put(name, Arc::new(values.collect::<BooleanArray>()));
    }

    pub(crate) fn texts<S: AsRef<str>>(&mut self, name: &str, rows: impl Iterator<Item = impl IntoIterator<Item = S>>) {
        let mut lists = ListBuilder::new(StringBuilder::new());
        for row in rows {
            row.into_iter().for_each(|text| lists.values().append_value(text));
            lists.append(true);
        }
        self.put(name, Arc::new(lists.finish()));
    }

    /// Device masks as lists of device numbers, lowest first.
    pub(crate) fn devices(&mut self, name: &str, masks: impl Iterator<Item = u64>) {
        let mut lists = ListBuilder::new(UInt8Builder::new());
        for mask in masks {
            (0..64).filter(|device| mask >> device & 1 == 1).for_each(|device| lists.values().append_value(device));
            lists.append(true);
        }
        self.put(name, Arc::new(lists.finish()));
    }

    /// Fills a column with what nobody looked at.
    pub(super) fn put(&mut self, name: &str, array: ArrayRef) {
        assert_eq!(array.len(), self.rows, "column {name} must have as many rows as its batch");
        let position = self.spec.position(name);
        self.arrays[position] = Some(array);
    }
}

/// Microseconds as instants in UTC.
pub(super) fn instants(micros: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(micros.collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
}

fn narrow<T: ArrowPrimitiveType>(values: impl Iterator<Item = Option<u64>>) -> ArrayRef
where
    T::Native: TryFrom<u64>,
{
    let fit = |value: u64| T::Native::try_from(value).ok().expect("the range was checked before");
    Arc::new(values.map(|value| value.map(fit)).collect::<PrimitiveArray<T>>())
}
