//! Comma-separated tables with a header, read strictly: what a cell must be is said when it is not.

use std::fs::File;
use std::path::{Path, PathBuf};

use csv::{Reader, StringRecord};

use super::ImportError;
use crate::table::{DatasetError, Problem};

/// A table whose columns are found by name.
#[derive(Debug)]
pub(crate) struct CsvTable {
    path: PathBuf,
    header: StringRecord,
    rows: Vec<StringRecord>,
}

/// A column that was found in the header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CsvColumn {
    name: &'static str,
    position: usize,
}

impl CsvTable {
    /// Reads the whole table, which has a row of data.
    ///
    /// # Errors
    /// A file that cannot be opened, is empty, is no such text, or has a header only.
    pub(crate) fn read(path: &Path) -> Result<CsvTable, ImportError> {
        let table = CsvTable::read_any(path)?;
        if table.rows.is_empty() {
            return Err(ImportError::NoRow { path: path.to_owned() });
        }
        Ok(table)
    }

    /// Reads the whole table, which may be a header only.
    ///
    /// # Errors
    /// A file that cannot be opened, is empty or is no such text.
    pub(crate) fn read_any(path: &Path) -> Result<CsvTable, ImportError> {
        let file = File::open(path).map_err(|source| DatasetError::Open { path: path.to_owned(), source })?;
        let refuse = |source| ImportError::Csv { path: path.to_owned(), source };
        let mut reader = Reader::from_reader(file);
        let header = reader.headers().map_err(refuse)?.clone();
        if header.is_empty() {
            return Err(DatasetError::Empty { path: path.to_owned() }.into());
        }
        let read = |(row, record): (usize, Result<StringRecord, csv::Error>)| {
            record.map_err(|source| refuse_row(path, &header, row, source))
        };
        let rows = reader.records().enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(CsvTable { path: path.to_owned(), header, rows })
    }

    /// How many rows of data there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The titles of the columns, in order.
    pub(crate) fn titles(&self) -> impl Iterator<Item = &str> {
        self.header.iter().map(str::trim)
    }

    /// The column of that name, if the header has it.
    pub(crate) fn find(&self, name: &'static str) -> Option<CsvColumn> {
        let position = self.header.iter().position(|title| title.trim() == name)?;
        Some(CsvColumn { name, position })
    }

    /// The column of that name.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn need(&self, name: &'static str, expected: &'static str) -> Result<CsvColumn, ImportError> {
        let missing = DatasetError::MissingColumn { path: self.path.clone(), column: name, expected };
        self.find(name).ok_or_else(|| missing.into())
    }

    /// The text of a cell.
    pub(crate) fn text(&self, row: usize, column: CsvColumn) -> &str {
        // Rows as long as the header are what the reader lets through.
        self.rows[row].get(column.position).unwrap_or("").trim()
    }

    /// The name in a cell.
    ///
    /// # Errors
    /// The cell is empty.
    pub(crate) fn name(&self, row: usize, column: CsvColumn) -> Result<&str, ImportError> {
        match self.text(row, column) {
            "" => Err(self.refuse(row, column, Problem::EmptyName)),
            name => Ok(name),
        }
    }

    /// The whole number in a cell.
    ///
    /// # Errors
    /// The cell holds no whole number, or one above the most.
    pub(crate) fn number(&self, row: usize, column: CsvColumn, most: u64) -> Result<u64, ImportError> {
        let text = self.text(row, column);
        let Ok(found) = text.parse::<i128>() else {
            let problem = Problem::Word { found: text.to_owned(), expected: "a whole number".to_owned() };
            return Err(self.refuse(row, column, problem));
        };
        match u64::try_from(found) {
            Ok(number) if number <= most => Ok(number),
            _ => Err(self.refuse(row, column, Problem::OutOfRange { found, least: 0, most })),
        }
    }

    /// The error of a cell.
    pub(crate) fn refuse(&self, row: usize, column: CsvColumn, problem: Problem) -> ImportError {
        let (path, line) = (self.path.clone(), self.line(row));
        ImportError::Cell { path, line, row, column: column.name, problem: Box::new(problem) }
    }

    /// The line on which a row begins, from one.
    pub(crate) fn line(&self, row: usize) -> usize {
        // The reader knows the place of each row; without it, as many lines lie before as there are rows and a header.
        let known = self.rows[row].position().and_then(|position| usize::try_from(position.line()).ok());
        known.unwrap_or(row + 2)
    }
}

/// The error of a row that is none: too short or too long for the header, or no text.
fn refuse_row(path: &Path, header: &StringRecord, row: usize, source: csv::Error) -> ImportError {
    let path = path.to_owned();
    let &csv::ErrorKind::UnequalLengths { ref pos, len: found, .. } = source.kind() else {
        return ImportError::Csv { path, source };
    };
    let line = pos.as_ref().map_or(row as u64 + 2, csv::Position::line);
    let expected = header.len();
    match usize::try_from(found).ok().and_then(|found| header.get(found)) {
        Some(column) => ImportError::ShortRow { path, line, row, column: column.trim().to_owned(), found, expected },
        None => ImportError::LongRow { path, line, row, found, expected },
    }
}
