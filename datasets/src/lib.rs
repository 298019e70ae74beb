//! Parquet schemas, importers and generators
