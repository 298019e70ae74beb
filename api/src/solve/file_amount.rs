//! Amounts in the units of a file.

use std::fmt;

use serde::Serialize;

/// An amount as a file has it: a whole number, or a decimal one where the file has such.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(super) enum FileAmount {
    Whole(u128),
    Decimal(f64),
}

impl FileAmount {
    /// So many units, of which one of the file holds so many.
    pub(super) fn new(amount: u128, units: u64) -> FileAmount {
        if units == 1 { FileAmount::Whole(amount) } else { FileAmount::Decimal(amount as f64 / units as f64) }
    }
}

impl fmt::Display for FileAmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileAmount::Whole(amount) => write!(f, "{amount}"),
            FileAmount::Decimal(amount) => write!(f, "{amount}"),
        }
    }
}
