//! A packing problem: columns, each worth something, that draw on rows of limited capacity.

use std::fmt;

/// The most that all columns may be worth together: what is left of 127 bits carries the fractions of exact bounds.
pub const WORTH_MAX: u128 = 1 << 80;

/// `maximize worth x` subject to `A x <= capacity`, `x` binary, nothing negative; valid once it exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packing {
    capacities: Vec<u64>,
    columns: Vec<PackingColumn>,
    /// Of each row, whether it is one of a bin; empty where none is.
    bins: Vec<Option<BinRow>>,
}

/// A row as one of a bin: a few rows that make up one place, of which a set has several that are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BinRow {
    /// The set of bins that are alike.
    pub set: u32,
    /// The bin: its position in the set.
    pub bin: u32,
    /// The row: the same for rows of different bins that stand for the same.
    pub row: u32,
}

/// One thing that is packed or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackingColumn {
    /// What it is worth.
    pub worth: u64,
    /// What it takes, each row once, in the order of the rows; nothing is zero.
    pub entries: Vec<(u32, u64)>,
}

/// Why columns and rows make no packing problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackingError {
    /// An entry in a row that is not there.
    NoSuchRow {
        /// The column.
        column: usize,
        /// The row.
        row: u32,
    },
    /// Entries that are zero, or not in the order of rows, or two in one row.
    Entries {
        /// The column.
        column: usize,
    },
    /// The columns are worth more than [`WORTH_MAX`] together.
    Worth,
}

impl fmt::Display for PackingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PackingError::NoSuchRow { column, row } => {
                write!(f, "column {column} draws on row {row}, which is not there")
            }
            PackingError::Entries { column } => {
                write!(f, "column {column} needs entries above zero in the order of rows, each row once")
            }
            PackingError::Worth => write!(f, "all columns together are worth more than {WORTH_MAX}"),
        }
    }
}

impl std::error::Error for PackingError {}

impl Packing {
    /// A problem of rows with their capacities, and columns.
    ///
    /// # Errors
    /// See [`PackingError`].
    pub fn new(capacities: Vec<u64>, columns: Vec<PackingColumn>) -> Result<Packing, PackingError> {
        for (at, column) in columns.iter().enumerate() {
            let beyond = column.entries.iter().find(|entry| entry.0 as usize >= capacities.len());
            if let Some(&(row, _)) = beyond {
                return Err(PackingError::NoSuchRow { column: at, row });
            }
            let is_sorted = column.entries.is_sorted_by(|a, b| a.0 < b.0);
            if !is_sorted || column.entries.iter().any(|entry| entry.1 == 0) {
                return Err(PackingError::Entries { column: at });
            }
        }
        let worth: u128 = columns.iter().map(|column| u128::from(column.worth)).sum();
        if worth > WORTH_MAX {
            return Err(PackingError::Worth);
        }
        Ok(Packing { capacities, columns, bins: Vec::new() })
    }

    /// The same with bins that are said to be alike, row by row; rows beyond the list are in none.
    ///
    /// That is a hint: solves look whether capacities and columns bear it out. They do where each column takes of the rows of one
    /// bin at most, and where a column at one bin has twins, worth the same, at all bins before it.
    #[must_use]
    pub fn with_bins(mut self, mut bins: Vec<Option<BinRow>>) -> Packing {
        if bins.iter().any(Option::is_some) {
            bins.resize(self.capacities.len(), None);
            self.bins = bins;
        }
        self
    }

    /// A row as one of a bin, where it is one.
    pub(super) fn bin_row(&self, row: u32) -> Option<BinRow> {
        self.bins.get(row as usize).copied().flatten()
    }

    /// The same columns, their amounts in other units of each row, rounded up, within other capacities in these.
    pub(super) fn in_units(&self, units: &[u64], capacities: Vec<u64>) -> Packing {
        let mut columns = self.columns.clone();
        for (row, amount) in columns.iter_mut().flat_map(|column| &mut column.entries) {
            *amount = amount.div_ceil(units[*row as usize]);
        }
        Packing { capacities, columns, bins: Vec::new() }
    }

    /// What each row holds.
    #[must_use]
    pub fn capacities(&self) -> &[u64] {
        &self.capacities
    }

    /// The columns.
    #[must_use]
    pub fn columns(&self) -> &[PackingColumn] {
        &self.columns
    }

    /// Whether a column fits where nothing else is packed.
    pub(super) fn fits_alone(&self, column: usize) -> bool {
        self.columns[column].entries.iter().all(|&(row, amount)| amount <= self.capacities[row as usize])
    }

    /// The columns of each row with what they take, in the order of columns.
    pub(super) fn rows(&self) -> Vec<Vec<(u32, u64)>> {
        let mut rows = vec![Vec::new(); self.capacities.len()];
        for (at, column) in (0_u32..).zip(&self.columns) {
            column.entries.iter().for_each(|&(row, amount)| rows[row as usize].push((at, amount)));
        }
        rows
    }

    /// What chosen columns are worth together.
    #[must_use]
    pub fn worth(&self, chosen: &[usize]) -> u128 {
        chosen.iter().map(|&column| u128::from(self.columns[column].worth)).sum()
    }
}
