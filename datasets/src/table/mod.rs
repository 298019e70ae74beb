//! The Parquet tables: schemas, streaming readers, writers, and errors that name file, row and column.
//!
//! A table is read strictly: known columns only, in batches, each cell checked against its column. A table is written beside
//! its place and renamed. Whatever can be checked by the models alone is left to them, and their refusals come back with the
//! file and cell that they speak of.
//!
//! The tables are in [`fleet`], [`plan`] and [`market`], a file a table. Here is what reads and writes any of them: a table's
//! columns (`spec`), reading (`source`, and from it `column` and `cells`), writing (`sink`), rows that a caller states in place of
//! a file (`stated`), closed sets of words and names of rows (`words`), and what can be wrong (`error`).

mod cells;
mod column;
mod error;
mod fleet;
mod market;
mod plan;
mod sink;
mod source;
mod spec;
mod stated;
mod words;

pub use error::{DatasetError, Problem};
pub use fleet::*;
pub use market::*;
pub use plan::*;
pub use spec::{ColumnSpec, ColumnType, TABLE_KEY, TableSpec, VERSION, VERSION_KEY};
pub use stated::{StatedRow, StatedTable, TableSource, read_stated};

/// Every table: first those of a fleet directory, then the results of a plan, then those of a market.
pub const TABLES: [&TableSpec; 22] = [
    &NODES,
    &ZONES,
    &ZONE_MEMBERS,
    &CAPACITIES,
    &TARIFFS,
    &MOVE_COSTS,
    &TELEMETRY,
    &JOBS,
    &PLACEMENTS,
    &MOVES,
    &HELD_BACK,
    &UNPLACED,
    &PRICES,
    &CERTIFICATE,
    &BIDS,
    &OFFERS,
    &AWARDS,
    &SALES,
    &ENTRIES,
    &BALANCES,
    &POSTED,
    &REVOCATIONS,
];
