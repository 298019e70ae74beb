//! Foreign Parquet files: a few named columns, streamed, each cast to the one type that the importer reads.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_cast::cast;
use arrow_schema::{DataType, TimeUnit};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;

use crate::table::{DatasetError, Problem};

/// Rows decoded at a time.
const BATCH_ROWS: usize = 65_536;

/// The four bytes at both ends of a Parquet file.
const MAGIC: [u8; 4] = *b"PAR1";

/// What a column must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    Text,
    Whole,
    Real,
    Time,
}

/// A column that an importer reads.
#[derive(Clone, Copy, Debug)]
pub(super) struct FrameColumn {
    pub(super) name: &'static str,
    pub(super) holds: Holds,
}

/// A file being read.
pub(super) struct Frame {
    path: PathBuf,
    columns: &'static [FrameColumn],
    reader: ParquetRecordBatchReader,
    row: usize,
}

/// Some rows of a file; columns stand in the order that was asked for.
#[derive(Debug)]
pub(super) struct Chunk {
    path: PathBuf,
    columns: &'static [FrameColumn],
    arrays: Vec<ArrayRef>,
    first_row: usize,
    row_count: usize,
}

impl Holds {
    fn accepts(self, found: &DataType) -> bool {
        match self {
            Holds::Text => matches!(found, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View),
            Holds::Whole => found.is_integer(),
            Holds::Real => found.is_integer() || found.is_floating(),
            Holds::Time => matches!(found, DataType::Timestamp(_, _)),
        }
    }

    fn read_as(self) -> DataType {
        match self {
            Holds::Text => DataType::Utf8,
            Holds::Whole => DataType::Int64,
            Holds::Real => DataType::Float64,
            Holds::Time => DataType::Timestamp(TimeUnit::Microsecond, None),
        }
    }

    fn expected(self) -> &'static str {
        match self {
            Holds::Text => "text",
            Holds::Whole => "whole numbers",
            Holds::Real => "numbers",
            Holds::Time => "timestamps",
        }
    }
}

impl Frame {
    /// Opens a file and checks that it has the columns, with types that can be read.
    pub(super) fn open(path: &Path, columns: &'static [FrameColumn]) -> Result<Frame, DatasetError> {
        let file = open_whole(path)?;
        let damaged = |source| DatasetError::Damaged { path: path.to_owned(), source };
        // The schema that some writers embed restores memory layouts only; the Parquet types say all that counts.
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let builder =
            guarded(|| ParquetRecordBatchReaderBuilder::try_new_with_options(file, options)).map_err(damaged)?;
        let mut positions = Vec::with_capacity(columns.len());
        for column in columns {
            positions.push(position(path, column, builder.schema())?);
        }
        let mask = ProjectionMask::roots(builder.parquet_schema(), positions);
        let builder = builder.with_projection(mask).with_batch_size(BATCH_ROWS);
        let reader = guarded(|| builder.build()).map_err(damaged)?;
        Ok(Frame { path: path.to_owned(), columns, reader, row: 0 })
    }

    /// The next rows, or `None` after the last.
    pub(super) fn next(&mut self) -> Result<Option<Chunk>, DatasetError> {
        let reader = &mut self.reader;
        let batch = guarded(|| reader.next().transpose().map_err(ParquetError::from));
        let batch = batch.and_then(|batch| batch.map(|batch| self.cast(&batch)).transpose());
        let chunk = batch.map_err(|source| DatasetError::Damaged { path: self.path.clone(), source })?;
        self.row += chunk.as_ref().map_or(0, |chunk| chunk.row_count);
        Ok(chunk)
    }

    fn cast(&self, batch: &RecordBatch) -> Result<Chunk, ParquetError> {
        let mut arrays = Vec::with_capacity(self.columns.len());
        for column in self.columns {
            let array = batch.column_by_name(column.name).expect("open found every column");
            arrays.push(cast(array, &column.holds.read_as())?);
        }
        Ok(Chunk {
            path: self.path.clone(),
            columns: self.columns,
            arrays,
            first_row: self.row,
            row_count: batch.num_rows(),
        })
    }
}

impl Chunk {
    /// The rows of the chunk, from zero.
    pub(super) fn rows(&self) -> std::ops::Range<usize> {
        0..self.row_count
    }

    /// The number in a cell, which may be any float; `None` where it is null.
    pub(super) fn real(&self, row: usize, column: usize) -> Option<f64> {
        let array = self.arrays[column].as_primitive::<Float64Type>();
        array.is_valid(row).then(|| array.value(row))
    }

    /// The number in a cell, at least the least.
    pub(super) fn whole(&self, row: usize, column: usize, least: u64) -> Result<u64, DatasetError> {
        let array = self.arrays[column].as_primitive::<Int64Type>();
        let value = array.is_valid(row).then(|| array.value(row)).ok_or_else(|| self.null(row, column))?;
        let most = i64::MAX.unsigned_abs();
        match u64::try_from(value) {
            Ok(number) if number >= least => Ok(number),
            _ => Err(self.refuse(row, column, Problem::OutOfRange { found: value.into(), least, most })),
        }
    }

    /// The instant in a cell, in microseconds since 1970-01-01 UTC.
    pub(super) fn time(&self, row: usize, column: usize) -> Result<i64, DatasetError> {
        let array = self.arrays[column].as_primitive::<TimestampMicrosecondType>();
        array.is_valid(row).then(|| array.value(row)).ok_or_else(|| self.null(row, column))
    }

    /// The name in a cell.
    pub(super) fn name(&self, row: usize, column: usize) -> Result<&str, DatasetError> {
        let array = self.arrays[column].as_string::<i32>();
        match array.is_valid(row).then(|| array.value(row)) {
            None => Err(self.null(row, column)),
            Some("") => Err(self.refuse(row, column, Problem::EmptyName)),
            Some(name) => Ok(name),
        }
    }

    fn null(&self, row: usize, column: usize) -> DatasetError {
        self.refuse(row, column, Problem::Null)
    }

    /// The row of the file that a row of the chunk is.
    pub(super) fn file_row(&self, row: usize) -> usize {
        self.first_row + row
    }

    /// The error of a cell.
    pub(super) fn refuse(&self, row: usize, column: usize, problem: Problem) -> DatasetError {
        let (row, column) = (self.file_row(row), self.columns[column].name);
        DatasetError::Cell { path: self.path.clone(), row, column, problem: Box::new(problem) }
    }
}

/// The greatest amount below 2^53 at or below a number rounded up; `None` where it is no number, negative or larger.
pub(super) fn rounded_up(number: f64) -> Option<u64> {
    const LIMIT: f64 = 9_007_199_254_740_992.0;
    let up = number.ceil();
    if !(0.0..=LIMIT).contains(&number) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number from 0 to 2^53")]
    let whole = up as u64;
    Some(whole)
}

fn position(path: &Path, column: &FrameColumn, schema: &arrow_schema::Schema) -> Result<usize, DatasetError> {
    let (path, name, expected) = (path.to_owned(), column.name, column.holds.expected());
    let Some((position, field)) = schema.column_with_name(name) else {
        return Err(DatasetError::MissingColumn { path, column: name, expected });
    };
    if !column.holds.accepts(field.data_type()) {
        let found = field.data_type().to_string();
        return Err(DatasetError::WrongType { path, column: name, expected, found });
    }
    Ok(position)
}

/// Opens a file and makes sure that it is whole Parquet, as far as its ends tell.
fn open_whole(path: &Path) -> Result<File, DatasetError> {
    let cannot = |source| DatasetError::Open { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(cannot)?;
    let length = file.metadata().map_err(cannot)?.len();
    if length == 0 {
        return Err(DatasetError::Empty { path: path.to_owned() });
    }
    let mut ends = [[0; 4]; 2];
    if length >= 8 {
        file.read_exact(&mut ends[0]).map_err(cannot)?;
        file.seek(SeekFrom::End(-4)).map_err(cannot)?;
        file.read_exact(&mut ends[1]).map_err(cannot)?;
    }
    match ends.map(|end| end == MAGIC) {
        [true, true] => Ok(file),
        [true, false] => Err(DatasetError::Truncated { path: path.to_owned() }),
        [false, _] => Err(DatasetError::NotParquet { path: path.to_owned() }),
    }
}

/// Runs a step of the decoder, which panics on some damaged files where it should refuse them; the reader is dropped then.
fn guarded<T>(step: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, ParquetError> {
    let gave_up = || ParquetError::General("the decoder gave up on damaged data".to_owned());
    catch_unwind(AssertUnwindSafe(step)).unwrap_or_else(|_| Err(gave_up()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_round_up_and_what_is_none_is_none() {
        assert_eq!([0.0, 0.1, 33_600.0].map(rounded_up), [Some(0), Some(1), Some(33_600)]);
        assert_eq!([-0.1, f64::NAN, f64::INFINITY, 1e300].map(rounded_up), [None; 4]);
    }
}
