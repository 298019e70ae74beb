//! One column of a batch with its name at hand, so that a bad cell can say where it stands.

use lessor_models::time::Timestamp;

use super::column::Column;
use super::error::{DatasetError, Problem};
use super::source::Batch;
use super::words::word;

/// The cells of one column in one batch.
#[derive(Clone, Copy)]
pub(crate) struct Cells<'b> {
    pub(crate) batch: &'b Batch,
    pub(crate) column: &'b Column,
    pub(crate) name: &'static str,
}

impl<'b> Cells<'b> {
    pub(crate) fn text(self, row: usize) -> Option<&'b str> {
        self.column.text(row)
    }

    pub(crate) fn integer(self, row: usize) -> Option<u64> {
        self.column.integer(row)
    }

    /// The integer of a column that is narrower than 64 bits.
    pub(crate) fn narrow<T: TryFrom<u64>>(self, row: usize) -> Option<T> {
        self.integer(row).map(|value| T::try_from(value).ok().expect("the column's range was checked"))
    }

    pub(crate) fn time(self, row: usize) -> Option<Timestamp> {
        self.column.time(row)
    }

    pub(crate) fn flag(self, row: usize) -> Option<bool> {
        self.column.flag(row)
    }

    pub(crate) fn texts(self, row: usize) -> impl Iterator<Item = &'b str> {
        self.column.texts(row)
    }

    /// The text of a row that needs one.
    pub(crate) fn need_text(self, row: usize) -> Result<&'b str, DatasetError> {
        self.text(row).ok_or_else(|| self.refuse(row, Problem::Null))
    }

    /// The integer of a row that needs one.
    pub(crate) fn need_integer(self, row: usize) -> Result<u64, DatasetError> {
        self.integer(row).ok_or_else(|| self.refuse(row, Problem::Null))
    }

    /// The narrow integer of a row that needs one.
    pub(crate) fn need_narrow<T: TryFrom<u64>>(self, row: usize) -> Result<T, DatasetError> {
        self.narrow(row).ok_or_else(|| self.refuse(row, Problem::Null))
    }

    /// The instant of a row that needs one.
    pub(crate) fn need_time(self, row: usize) -> Result<Timestamp, DatasetError> {
        self.time(row).ok_or_else(|| self.refuse(row, Problem::Null))
    }

    /// The value of a row that needs a word of a closed set.
    pub(crate) fn need_word<T: Copy>(
        self,
        row: usize,
        all: &[T],
        name: impl Fn(T) -> &'static str,
    ) -> Result<T, DatasetError> {
        word(self.need_text(row)?, all, name).map_err(|problem| self.refuse(row, problem))
    }

    /// The value that a text stands for, where there is a text.
    pub(crate) fn parse<T>(
        self,
        row: usize,
        parse: impl FnOnce(&str) -> Result<T, Problem>,
    ) -> Result<Option<T>, DatasetError> {
        self.text(row).map(parse).transpose().map_err(|problem| self.refuse(row, problem))
    }

    /// The value that a text stands for in a row that needs one.
    pub(crate) fn need<T>(self, row: usize, parse: impl FnOnce(&str) -> Result<T, Problem>) -> Result<T, DatasetError> {
        parse(self.need_text(row)?).map_err(|problem| self.refuse(row, problem))
    }

    /// The error for a cell of this column.
    pub(crate) fn refuse(self, row: usize, problem: Problem) -> DatasetError {
        self.batch.refuse(row, self.name, problem)
    }
}
