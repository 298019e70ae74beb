//! Everything that is read from files and written to them: Parquet tables, public traces and public benchmark instances,
//! the generator of fleets, and the work of a fleet advanced to an instant.
//!
//! This crate plans nothing and reads no clock. What it returns is a valid value of the models; what it refuses, it names by
//! file, row or line, field and cure.

pub mod advance;
pub mod families;
pub mod generate;
pub mod import;
pub mod table;
