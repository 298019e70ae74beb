//! Tables as somebody states them, in a file or by a call: one set of columns, and one reader of them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, UInt64Array};
use lessor_models::time::Timestamp;

use super::error::{DatasetError, Problem};
use super::sink::{Columns, TableWriter, instants};
use super::source::{BATCH_ROWS, Batch, TableReader};
use super::spec::TableSpec;
use super::words::word;

/// Where the rows of a table are.
#[derive(Debug)]
pub enum TableSource<'p> {
    /// In a Parquet file.
    File(&'p Path),
    /// With a caller.
    Stated(StatedTable),
}

impl<'p, P: AsRef<Path> + ?Sized> From<&'p P> for TableSource<'p> {
    fn from(path: &'p P) -> TableSource<'p> {
        TableSource::File(path.as_ref())
    }
}

impl From<StatedTable> for TableSource<'_> {
    fn from(table: StatedTable) -> Self {
        TableSource::Stated(table)
    }
}

impl TableSource<'_> {
    /// What errors name: the file, or the table by its name.
    #[must_use]
    pub fn place(&self) -> PathBuf {
        match self {
            TableSource::File(path) => path.to_path_buf(),
            TableSource::Stated(table) => table.0.spec.name.into(),
        }
    }
}

/// The rows of a table with their cells as they were stated. Nothing of them is checked before they are read; whatever reads them
/// treats them as it treats a file. A column that is never filled is NULL.
#[derive(Clone, Debug)]
pub struct StatedTable(Columns);

impl StatedTable {
    /// A table of so many rows.
    #[must_use]
    pub fn new(spec: &'static TableSpec, rows: usize) -> StatedTable {
        StatedTable(Columns::new(spec, rows))
    }

    /// Fills a column with texts, in the order of the rows.
    ///
    /// # Panics
    /// Where the table has no such column, or another number of rows; so do the others.
    pub fn text<'v>(&mut self, name: &str, values: impl Iterator<Item = Option<&'v str>>) {
        self.0.text(name, values);
    }

    /// Fills a column with integers.
    pub fn integer(&mut self, name: &str, values: impl Iterator<Item = Option<u64>>) {
        self.0.put(name, Arc::new(values.collect::<UInt64Array>()));
    }

    /// Fills a column with instants.
    pub fn time(&mut self, name: &str, values: impl Iterator<Item = Option<Timestamp>>) {
        self.0.put(name, instants(values.map(|value| value.map(|time| time.0))));
    }

    /// Fills a column with flags.
    pub fn flag(&mut self, name: &str, values: impl Iterator<Item = Option<bool>>) {
        self.0.flag(name, values);
    }

    /// Writes the table, once its cells were looked at.
    ///
    /// # Errors
    /// The first cell that cannot be, or a file that cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), DatasetError> {
        for first in (0..self.0.rows).step_by(BATCH_ROWS) {
            self.batch(first)?;
        }
        let mut writer = TableWriter::create(path, self.0.spec, &[])?;
        if self.0.rows > 0 {
            writer.write(self.0.clone())?;
        }
        writer.finish()
    }

    /// The rows from one on, as many as are read of a file at a time.
    fn batch(&self, first: usize) -> Result<Batch, DatasetError> {
        let count = (self.0.rows - first).min(BATCH_ROWS);
        let slices: Vec<Option<ArrayRef>> =
            self.0.arrays.iter().map(|array| array.as_ref().map(|array| array.slice(first, count))).collect();
        Batch::checked(self.0.spec.name.as_ref(), self.0.spec, first..first + count, |at| slices[at].as_ref())
    }
}

/// The batches of a table, wherever it is.
pub(crate) enum Batches {
    File(Box<TableReader>),
    Stated { table: StatedTable, first: usize },
}

impl Batches {
    /// Opens a table. Reads no row.
    pub(crate) fn open(source: TableSource<'_>, spec: &'static TableSpec) -> Result<Batches, DatasetError> {
        Ok(match source {
            TableSource::File(path) => Batches::File(Box::new(TableReader::open(path, spec).map_err(whole_money)?)),
            TableSource::Stated(table) => {
                assert_eq!(table.0.spec.name, spec.name, "a table is read as what it was stated as");
                Batches::Stated { table, first: 0 }
            }
        })
    }

    /// How many rows there are.
    pub(crate) fn row_count(&self) -> usize {
        match self {
            Batches::File(reader) => reader.row_count(),
            Batches::Stated { table, .. } => table.0.rows,
        }
    }

    /// The next rows, or `None` after the last.
    pub(crate) fn next(&mut self) -> Result<Option<Batch>, DatasetError> {
        match self {
            Batches::File(reader) => reader.next(),
            Batches::Stated { table, first } if *first < table.0.rows => {
                let batch = table.batch(*first)?;
                *first += batch.rows().len();
                Ok(Some(batch))
            }
            Batches::Stated { .. } => Ok(None),
        }
    }
}

/// The columns of money in tables that somebody states.
const MONEY: [&str; 7] = ["amount", "price", "heat_price", "balance", "owed", "held", "paid"];

/// A column of money in floating point, told with a row: every row of it is wrong.
fn whole_money(error: DatasetError) -> DatasetError {
    match error {
        DatasetError::WrongType { path, column, found, .. }
            if MONEY.contains(&column) && found.starts_with("Float") =>
        {
            let problem = Problem::Model("is in floating point; money is in whole micro-credits");
            DatasetError::Cell { path, row: 0, column, problem: Box::new(problem) }
        }
        other => other,
    }
}

/// One row of a table as a file states it, of which only the columns were looked at, and words where they are asked for.
#[derive(Debug)]
pub struct StatedRow<'b> {
    pub(crate) batch: &'b Batch,
    pub(crate) row: usize,
}

impl<'b> StatedRow<'b> {
    /// The text of a column; `None` is NULL.
    ///
    /// # Panics
    /// Where the table has no such column; so do the others.
    #[must_use]
    pub fn text(&self, name: &'static str) -> Option<&'b str> {
        self.batch.column(name).text(self.row)
    }

    /// The name in a column; `None` is NULL.
    ///
    /// # Errors
    /// An empty one, with its row.
    pub fn name(&self, name: &'static str) -> Result<Option<&'b str>, DatasetError> {
        let column = self.batch.column(name);
        match column.text(self.row) {
            Some("") => Err(column.refuse(self.row, Problem::EmptyOrNull)),
            stated => Ok(stated),
        }
    }

    /// The word of a column that holds one of a set; `None` is NULL.
    ///
    /// # Errors
    /// A word outside the set, with its row.
    pub fn word(&self, name: &'static str, set: &[&'static str]) -> Result<Option<&'static str>, DatasetError> {
        self.batch.column(name).parse(self.row, |found| word(found, set, |name| name))
    }

    /// The integer of a column.
    #[must_use]
    pub fn integer(&self, name: &'static str) -> Option<u64> {
        self.batch.column(name).integer(self.row)
    }

    /// The instant of a column.
    #[must_use]
    pub fn time(&self, name: &'static str) -> Option<Timestamp> {
        self.batch.column(name).time(self.row)
    }

    /// The flag of a column.
    #[must_use]
    pub fn flag(&self, name: &'static str) -> Option<bool> {
        self.batch.column(name).flag(self.row)
    }
}

/// Goes through the rows of a file as they are stated there, to hand them to somebody who looks at them.
///
/// # Errors
/// A file that is not of the table, the first cell that is outside of its column, and the first row that is refused.
pub fn read_stated(
    path: &Path,
    spec: &'static TableSpec,
    mut each: impl FnMut(&StatedRow<'_>) -> Result<(), DatasetError>,
) -> Result<(), DatasetError> {
    let mut batches = Batches::open(path.into(), spec)?;
    while let Some(batch) = batches.next()? {
        batch.rows().try_for_each(|row| each(&StatedRow { batch: &batch, row }))?;
    }
    Ok(())
}
