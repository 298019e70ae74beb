//! Parquet schemas, importers and generators

pub mod generate;
pub mod import;
pub mod table;
