//! What can be wrong with a table, said so that a user finds the cell and knows the cure.

use std::path::{Path, PathBuf};

use lessor_models::fleet::FleetError;
use lessor_models::instance::InstanceError;
use lessor_models::names::NamesError;
use parquet::errors::ParquetError;

use super::spec::VERSION;

/// Why a table was not read or not written. Rows count from zero, in the order of the file.
///
/// A failed read changes nothing. A failed write leaves the file of that name as it was.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// The file cannot be opened or inspected.
    #[error("{}: cannot be opened", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file holds no byte.
    #[error("{}: the file is empty (0 bytes): write it again, or remove it where the table is optional", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file does not begin as Parquet does.
    #[error("{}: not a Parquet file: it does not begin with PAR1", path.display())]
    NotParquet {
        /// The file.
        path: PathBuf,
    },
    /// The file begins as Parquet does but ends early.
    #[error("{}: truncated Parquet: the closing PAR1 is missing; copy or write the file again", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
    },
    /// The file is Parquet that cannot be decoded.
    #[error("{}: damaged or unsupported Parquet (zstd, snappy or no compression can be read)", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ParquetError,
    },
    /// The file states another schema version.
    #[error("{}: schema version {found:?} cannot be read; this program reads version {VERSION}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// The version stated.
        found: String,
    },
    /// The file states that it is another table.
    #[error("{}: holds table {found:?}, but table {expected:?} is needed here", path.display())]
    OtherTable {
        /// The file.
        path: PathBuf,
        /// The table stated.
        found: String,
        /// The table needed.
        expected: &'static str,
    },
    /// An entry of the file's key-value metadata is missing or unreadable.
    #[error("{}: the metadata entry {key:?} must be {expected}", path.display())]
    Metadata {
        /// The file.
        path: PathBuf,
        /// The entry's key.
        key: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// A required column is not there.
    #[error("{}: column {column} is missing; it must be {expected}", path.display())]
    MissingColumn {
        /// The file.
        path: PathBuf,
        /// The column.
        column: &'static str,
        /// Its type.
        expected: &'static str,
    },
    /// A column is there twice, and which of them counts is not said.
    #[error("{}: column {column} is there more than once; keep the one that counts", path.display())]
    RepeatedColumn {
        /// The file.
        path: PathBuf,
        /// The column.
        column: &'static str,
    },
    /// A column is there with a type that cannot be read.
    #[error("{}: column {column} has type {found}; it must be {expected}", path.display())]
    WrongType {
        /// The file.
        path: PathBuf,
        /// The column.
        column: &'static str,
        /// Its type.
        expected: &'static str,
        /// The type found.
        found: String,
    },
    /// A cell with a value that cannot be.
    #[error("{}: row {row}, column {column}: {problem}", path.display())]
    Cell {
        /// The file.
        path: PathBuf,
        /// The row.
        row: usize,
        /// The column.
        column: &'static str,
        /// What is wrong with it.
        problem: Box<Problem>,
    },
    /// The nodes hold no tile, so nothing can be placed.
    #[error("{}: no row has level \"tile\", so nothing can be placed; add the tiles", path.display())]
    NoTile {
        /// The file.
        path: PathBuf,
    },
    /// A fleet that the models refuse for a reason without a cell.
    #[error("{}: {refusal}", path.display())]
    Fleet {
        /// The file, or the directory where several files disagree.
        path: PathBuf,
        /// Why.
        refusal: FleetError,
    },
    /// A list of names that is too long.
    #[error("{}: {refusal}", path.display())]
    Names {
        /// The file.
        path: PathBuf,
        /// Why.
        refusal: NamesError,
    },
    /// The file cannot be created, renamed or written.
    #[error("{}: cannot be written", path.display())]
    Create {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The rows cannot be encoded or written.
    #[error("{}: cannot be written", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ParquetError,
    },
    /// A value that the table cannot say.
    #[error("{}: row {row}, column {column}: cannot be written: {problem}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// The row.
        row: usize,
        /// The column.
        column: &'static str,
        /// What is wrong with it.
        problem: Box<Problem>,
    },
}

/// What is wrong with one cell, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A null where a value is needed.
    #[error("is null; every row needs a value here")]
    Null,
    /// A number outside the column's range.
    #[error("{found} is outside {least} to {most}")]
    OutOfRange {
        /// The number.
        found: i128,
        /// The least allowed.
        least: u64,
        /// The most allowed.
        most: u64,
    },
    /// A name that the table of such things does not hold.
    #[error("no {what} is named {name:?}; use a name of table {table}, or add it there")]
    Unknown {
        /// What should have the name.
        what: &'static str,
        /// The name.
        name: String,
        /// Where such names stand.
        table: &'static str,
    },
    /// A word outside a closed set.
    #[error("{found:?} is not one of: {expected}")]
    Word {
        /// The word.
        found: String,
        /// The set.
        expected: String,
    },
    /// A name that an earlier row has.
    #[error("{name:?} is already the name of row {first}; names must be unique")]
    Repeated {
        /// The name.
        name: String,
        /// The earlier row.
        first: usize,
    },
    /// A name without a character.
    #[error("is empty; every row needs a name")]
    EmptyName,
    /// A name without a character in a column that may be NULL.
    #[error("is empty; state a name, or leave the cell NULL")]
    EmptyOrNull,
    /// A node where a tile is needed.
    #[error("{name:?} is not a tile; capsules and sensors are on tiles only")]
    NotTile {
        /// The node.
        name: String,
    },
    /// One of two columns that go together.
    #[error("must be given exactly where {partner} is")]
    Partner {
        /// The other column.
        partner: &'static str,
    },
    /// Neither or both of two columns that exclude each other.
    #[error("give either this or {other}: one of them, not both")]
    Either {
        /// The other column.
        other: &'static str,
    },
    /// A window that is empty or ends before it starts.
    #[error("the window ends at {end} us, which is not after its start at {start} us")]
    EndsBeforeStart {
        /// The start, in microseconds since 1970-01-01 UTC.
        start: i64,
        /// The end, in microseconds since 1970-01-01 UTC.
        end: i64,
    },
    /// An instant outside the range that the models reckon with.
    #[error("is beyond the supported range of time, 2^60 us around 1970-01-01 UTC")]
    BeyondTime,
    /// A parent that is not above its child.
    #[error("the parent of {name:?} is of the same or a lower level, so the tree is inverted or has a cycle")]
    NotAbove {
        /// The child.
        name: String,
    },
    /// A tile without a class.
    #[error("is null, but {name:?} is a tile; every tile needs a class")]
    NoClass {
        /// The tile.
        name: String,
    },
    /// A class on what is not a tile.
    #[error("{name:?} is not a tile, so it must not have a class")]
    NeedlessClass {
        /// The node.
        name: String,
    },
    /// A zone without members.
    #[error("zone {name:?} has no members; name it in zone_members, or remove it")]
    NoMembers {
        /// The zone.
        name: String,
    },
    /// A null inside a list.
    #[error("the list holds a null")]
    NullInList,
    /// A device listed twice.
    #[error("lists device {device} twice")]
    DeviceTwice {
        /// The device.
        device: u64,
    },
    /// A reading that no sensor gives in this unit.
    #[error("{found} mK is below 1 K; temperatures are in millikelvin, so 25 C are 298150")]
    Cold {
        /// The reading.
        found: u64,
    },
    /// A list of classes that means another list when it is read again.
    #[error("names class {name:?}, but only some of the descriptors of that name")]
    PartOfClass {
        /// The name.
        name: String,
    },
    /// A position and a name that disagree.
    #[error("{found:?} is not the name of class {index}, which is {expected:?}; the fleet is not the one planned")]
    OtherClass {
        /// The name found.
        found: String,
        /// The position.
        index: u64,
        /// The name expected.
        expected: String,
    },
    /// A conflict member that cannot be read.
    #[error("{found:?} is not a conflict member; use node:NAME:KIND, zone:NAME:KIND, tiles:KIND or rule:RULE")]
    Blocker {
        /// The text.
        found: String,
    },
    /// A rule of the models on one field.
    #[error("{0}")]
    Model(&'static str),
}

impl DatasetError {
    /// The error of a list of names, at the cell of the offending one.
    pub(crate) fn names(path: &Path, source: NamesError) -> DatasetError {
        let (row, problem) = match source {
            NamesError::Duplicate { name, first, second } => (second, Problem::Repeated { name, first }),
            NamesError::Empty { position } => (position, Problem::EmptyName),
            NamesError::TooLong => return DatasetError::Names { path: path.to_owned(), refusal: source },
        };
        DatasetError::Cell { path: path.to_owned(), row, column: "name", problem: Box::new(problem) }
    }

    /// An instance's refusal, with the file that it speaks of.
    ///
    /// `jobs` is the path of the jobs and `current` that of the current placements.
    #[must_use]
    pub fn instance(jobs: &Path, current: &Path, source: InstanceError) -> DatasetError {
        match source {
            InstanceError::JobNames(names) => DatasetError::names(jobs, names),
            InstanceError::Job { row, field: column, problem } => {
                DatasetError::Cell { path: jobs.to_owned(), row, column, problem: Box::new(Problem::Model(problem)) }
            }
            InstanceError::Current { row, field: column, problem } => {
                DatasetError::Cell { path: current.to_owned(), row, column, problem: Box::new(Problem::Model(problem)) }
            }
        }
    }
}
