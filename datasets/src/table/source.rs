//! Reading one table: the file is checked from the outside in, then streamed in batches of known columns only.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use arrow_array::{ArrayRef, RecordBatch};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::RowGroupMetaData;

use super::cells::Cells;
use super::column::Column;
use super::error::{DatasetError, Problem};
use super::spec::{TABLE_KEY, TableSpec, VERSION, VERSION_KEY};

/// Rows decoded at a time: some megabytes of columns, whatever the table's size.
pub(crate) const BATCH_ROWS: usize = 16_384;

/// The four bytes at both ends of a Parquet file.
const MAGIC: &[u8; 4] = b"PAR1";

/// The shortest Parquet file: magic, footer length, magic.
const SHORTEST: u64 = 12;

/// A table opened for reading.
pub(crate) struct TableReader {
    path: PathBuf,
    spec: &'static TableSpec,
    file: File,
    metadata: ArrowReaderMetadata,
    mask: ProjectionMask,
    /// Row groups to read, each with its first row in the file.
    groups: VecDeque<(usize, usize)>,
    current: Option<ParquetRecordBatchReader>,
    /// The row of the file that comes next.
    row: usize,
}

/// Some rows of a table, their columns checked.
#[derive(Debug)]
pub(crate) struct Batch {
    path: PathBuf,
    spec: &'static TableSpec,
    first_row: usize,
    row_count: usize,
    columns: Vec<Column>,
}

impl TableReader {
    /// Opens a table and checks its version, its name and its columns' types. Reads no row.
    pub(crate) fn open(path: &Path, spec: &'static TableSpec) -> Result<TableReader, DatasetError> {
        let file = open_parquet(path)?;
        let damaged = |source| DatasetError::Damaged { path: path.to_owned(), source };
        // The Arrow schema that some writers embed only restores memory layouts; the Parquet types say all that counts.
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let metadata = guarded(|| ArrowReaderMetadata::load(&file, options)).map_err(damaged)?;
        check_extents(&file, path, &metadata)?;
        check_labels(path, spec, &metadata)?;
        let positions = check_columns(path, spec, &metadata)?;
        let mask = ProjectionMask::roots(metadata.parquet_schema(), positions);
        let groups = row_groups(&metadata).map_err(damaged)?;
        Ok(TableReader { path: path.to_owned(), spec, file, metadata, mask, groups, current: None, row: 0 })
    }

    /// Drops the row groups that cannot hold a row of interest.
    pub(crate) fn keep_groups(&mut self, mut keep: impl FnMut(&RowGroupMetaData) -> bool) {
        let metadata = self.metadata.metadata();
        self.groups.retain(|&(group, _)| keep(metadata.row_group(group)));
    }

    /// The rows of all row groups still to be read.
    pub(crate) fn row_count(&self) -> usize {
        let rows = |group: usize| usize::try_from(self.metadata.metadata().row_group(group).num_rows()).unwrap_or(0);
        self.groups.iter().map(|&(group, _)| rows(group)).sum()
    }

    /// An entry of the file's key-value metadata.
    pub(crate) fn label(&self, key: &str) -> Option<&str> {
        label(&self.metadata, key)
    }

    /// The next rows, or `None` after the last.
    pub(crate) fn next(&mut self) -> Result<Option<Batch>, DatasetError> {
        loop {
            if self.current.is_none() {
                let Some((group, first_row)) = self.groups.pop_front() else { return Ok(None) };
                self.current = Some(self.open_group(group)?);
                self.row = first_row;
            }
            let current = &mut self.current;
            let next = guarded(|| current.as_mut().and_then(Iterator::next).transpose().map_err(ParquetError::from));
            match next.map_err(|source| self.damaged(source))? {
                Some(batch) => return self.check(&batch).map(Some),
                None => self.current = None,
            }
        }
    }

    fn open_group(&self, group: usize) -> Result<ParquetRecordBatchReader, DatasetError> {
        let file = self.file.try_clone().map_err(|source| DatasetError::Open { path: self.path.clone(), source })?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone());
        let builder = builder.with_projection(self.mask.clone()).with_batch_size(BATCH_ROWS);
        guarded(|| builder.with_row_groups(vec![group]).build()).map_err(|source| self.damaged(source))
    }

    fn check(&mut self, batch: &RecordBatch) -> Result<Batch, DatasetError> {
        let rows = self.row..self.row + batch.num_rows();
        self.row = rows.end;
        Batch::checked(&self.path, self.spec, rows, |at| batch.column_by_name(self.spec.columns[at].name))
    }

    fn damaged(&self, source: ParquetError) -> DatasetError {
        DatasetError::Damaged { path: self.path.clone(), source }
    }
}

impl Batch {
    /// Rows of a table whose columns, by position where they are there, are checked.
    pub(crate) fn checked<'a>(
        path: &Path,
        spec: &'static TableSpec,
        rows: Range<usize>,
        array: impl Fn(usize) -> Option<&'a ArrayRef>,
    ) -> Result<Batch, DatasetError> {
        let mut columns = Vec::with_capacity(spec.columns.len());
        for (at, column) in spec.columns.iter().enumerate() {
            let checked = array(at).map_or(Ok(Column::Absent), |array| Column::check(column, array));
            columns.push(checked.map_err(|(row, problem)| DatasetError::Cell {
                path: path.to_owned(),
                row: rows.start + row,
                column: column.name,
                problem: Box::new(problem),
            })?);
        }
        Ok(Batch { path: path.to_owned(), spec, first_row: rows.start, row_count: rows.len(), columns })
    }

    /// The rows of the batch, from zero.
    pub(crate) fn rows(&self) -> Range<usize> {
        0..self.row_count
    }

    /// The row of the file that a row of the batch is.
    pub(crate) fn file_row(&self, row: usize) -> usize {
        self.first_row + row
    }

    /// A column by its name.
    pub(crate) fn column(&self, name: &'static str) -> Cells<'_> {
        Cells { batch: self, column: &self.columns[self.spec.position(name)], name }
    }

    /// The error for a cell of the batch.
    pub(crate) fn refuse(&self, row: usize, column: &'static str, problem: Problem) -> DatasetError {
        DatasetError::Cell { path: self.path.clone(), row: self.file_row(row), column, problem: Box::new(problem) }
    }
}

/// Runs a step of the decoder, which panics on some damaged files where it should refuse them: bit widths beyond their type
/// in Parquet 59.3, for one, as `tests/mutated.rs` finds with more cases.
///
/// Nothing that a panicking step may have left half done is used again: the reader is dropped with the error.
fn guarded<T>(step: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, ParquetError> {
    catch_unwind(AssertUnwindSafe(step))
        .unwrap_or_else(|_| Err(ParquetError::General("the decoder gave up on damaged data".to_owned())))
}

/// Checks that every column chunk lies inside the file.
fn check_extents(file: &File, path: &Path, metadata: &ArrowReaderMetadata) -> Result<(), DatasetError> {
    let length = file.metadata().map_err(|source| DatasetError::Open { path: path.to_owned(), source })?.len();
    let chunks = metadata.metadata().row_groups().iter().flat_map(RowGroupMetaData::columns);
    for chunk in chunks {
        let start =
            chunk.dictionary_page_offset().map_or(chunk.data_page_offset(), |at| at.min(chunk.data_page_offset()));
        let end = start.checked_add(chunk.compressed_size()).and_then(|end| u64::try_from(end).ok());
        if start < 0 || chunk.compressed_size() < 0 || end.is_none_or(|end| end > length) {
            let source = ParquetError::General("a column chunk lies outside the file".to_owned());
            return Err(DatasetError::Damaged { path: path.to_owned(), source });
        }
    }
    Ok(())
}

/// Opens a file and makes sure that it is whole Parquet, as far as its ends tell.
fn open_parquet(path: &Path) -> Result<File, DatasetError> {
    let cannot = |source| DatasetError::Open { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(cannot)?;
    let length = file.metadata().map_err(cannot)?.len();
    if length == 0 {
        return Err(DatasetError::Empty { path: path.to_owned() });
    }
    let mut start = Vec::with_capacity(MAGIC.len());
    (&file).take(MAGIC.len() as u64).read_to_end(&mut start).map_err(cannot)?;
    if !MAGIC.starts_with(&start) {
        return Err(DatasetError::NotParquet { path: path.to_owned() });
    }
    let mut end = [0; MAGIC.len()];
    if length >= SHORTEST {
        file.seek(SeekFrom::End(-4)).map_err(cannot)?;
        file.read_exact(&mut end).map_err(cannot)?;
    }
    if &end != MAGIC {
        return Err(DatasetError::Truncated { path: path.to_owned() });
    }
    Ok(file)
}

fn label<'m>(metadata: &'m ArrowReaderMetadata, key: &str) -> Option<&'m str> {
    let entries = metadata.metadata().file_metadata().key_value_metadata()?;
    entries.iter().find(|entry| entry.key == key)?.value.as_deref()
}

/// A file without our labels was made by hand: it counts as the table asked for, in the present version.
fn check_labels(path: &Path, spec: &TableSpec, metadata: &ArrowReaderMetadata) -> Result<(), DatasetError> {
    if let Some(found) = label(metadata, VERSION_KEY)
        && found != VERSION
    {
        return Err(DatasetError::Version { path: path.to_owned(), found: found.to_owned() });
    }
    if let Some(found) = label(metadata, TABLE_KEY)
        && found != spec.name
    {
        return Err(DatasetError::OtherTable { path: path.to_owned(), found: found.to_owned(), expected: spec.name });
    }
    Ok(())
}

/// Checks that every column is there with a type that can be read; gives the positions of those that are there.
fn check_columns(
    path: &Path,
    spec: &'static TableSpec,
    metadata: &ArrowReaderMetadata,
) -> Result<Vec<usize>, DatasetError> {
    let mut positions = Vec::with_capacity(spec.columns.len());
    for column in spec.columns {
        let expected = column.holds.expected();
        let Some((position, field)) = metadata.schema().column_with_name(column.name) else {
            if column.required {
                return Err(DatasetError::MissingColumn { path: path.to_owned(), column: column.name, expected });
            }
            continue;
        };
        if !column.holds.accepts(field.data_type()) {
            let found = field.data_type().to_string();
            return Err(DatasetError::WrongType { path: path.to_owned(), column: column.name, expected, found });
        }
        if metadata.schema().fields().iter().filter(|other| other.name() == column.name).count() > 1 {
            return Err(DatasetError::RepeatedColumn { path: path.to_owned(), column: column.name });
        }
        positions.push(position);
    }
    Ok(positions)
}

/// Every row group with its first row in the file.
fn row_groups(metadata: &ArrowReaderMetadata) -> Result<VecDeque<(usize, usize)>, ParquetError> {
    let mut first_row = 0usize;
    let mut groups = VecDeque::with_capacity(metadata.metadata().num_row_groups());
    for (group, stated) in metadata.metadata().row_groups().iter().enumerate() {
        groups.push_back((group, first_row));
        let rows = usize::try_from(stated.num_rows()).ok();
        let next = rows.and_then(|rows| first_row.checked_add(rows));
        first_row = next.ok_or_else(|| ParquetError::General("impossible row count".to_owned()))?;
    }
    Ok(groups)
}
