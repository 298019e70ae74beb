//! Importers of public traces: each reads a trace's own files and gives values of the models.

mod carbon;
pub(crate) mod csv_table;
mod frame;
mod gpu_servers;
pub(crate) mod openb;
mod opendc;

use lessor_models::fleet::FleetError;
use lessor_models::instance::InstanceError;

use crate::table::{DatasetError, Problem};

pub use carbon::carbon;
pub use gpu_servers::{GpuServers, MEMORY_BYTES, gpu_servers};
pub use openb::{CPU_MILLI_BID, CPU_ONLY_CLASS, GPU_MILLI_BID, PODS_PER_NODE, openb};
pub use opendc::{CORE_HOUR_BID, SLACK, opendc};

/// Why a trace was not imported. Nothing is written by an importer, so nothing has changed.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file, or a row and column of it.
    #[error(transparent)]
    Table(#[from] DatasetError),
    /// A row that ends before a column.
    #[error("{}: line {line}, row {row}, column {column}: is missing; the row has {found} of {expected} cells", path.display())]
    ShortRow {
        /// The file.
        path: std::path::PathBuf,
        /// The line on which the row begins, from one.
        line: u64,
        /// The row, from zero.
        row: usize,
        /// The first column without a cell.
        column: String,
        /// How many cells there are.
        found: u64,
        /// How many columns there are.
        expected: usize,
    },
    /// A row that goes on beyond the last column.
    #[error(
        "{}: line {line}, row {row}: has {found} cells for {expected} columns; a comma inside a cell needs quotes",
        path.display()
    )]
    LongRow {
        /// The file.
        path: std::path::PathBuf,
        /// The line on which the row begins, from one.
        line: u64,
        /// The row, from zero.
        row: usize,
        /// How many cells there are.
        found: u64,
        /// How many columns there are.
        expected: usize,
    },
    /// A file that is not comma-separated text.
    #[error("{}: cannot be read as comma-separated text", path.display())]
    Csv {
        /// The file.
        path: std::path::PathBuf,
        /// Why, with the line.
        source: csv::Error,
    },
    /// A cell with a value that cannot be.
    #[error("{}: line {line}, row {row}, column {column}: {problem}", path.display())]
    Cell {
        /// The file.
        path: std::path::PathBuf,
        /// The line on which the row begins, from one.
        line: usize,
        /// The row, from zero.
        row: usize,
        /// The column.
        column: &'static str,
        /// What is wrong with it.
        problem: Box<Problem>,
    },
    /// A file without a row of data.
    #[error("{}: holds no row of data", path.display())]
    NoRow {
        /// The file.
        path: std::path::PathBuf,
    },
    /// A place that the fleet does not have.
    #[error("{name:?} is neither a zone nor a node of the fleet")]
    Place {
        /// Its name.
        name: String,
    },
    /// The trace's machines do not make a fleet.
    #[error("{}: the fleet was refused", path.display())]
    Fleet {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        source: FleetError,
    },
    /// The trace's work does not make jobs.
    #[error("{}: the jobs were refused", path.display())]
    Jobs {
        /// The file.
        path: std::path::PathBuf,
        /// Why, with the row.
        source: InstanceError,
    },
}

#[cfg(test)]
pub(crate) mod tests {
    use std::fs::File;
    use std::path::{Path, PathBuf};

    use arrow_array::{ArrayRef, RecordBatch};
    use parquet::arrow::ArrowWriter;

    /// Writes columns to a Parquet file.
    pub(crate) fn write_parquet(path: &Path, columns: Vec<(&str, ArrayRef)>) -> PathBuf {
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        path.to_owned()
    }

    /// A file of the public data, or `None` with a line said where it is not there.
    pub(crate) fn public_file(path: &str) -> Option<PathBuf> {
        let base = std::env::var_os("LESSOR_PUBLIC_DATA").map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
            |base| Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(base),
        );
        let file = base.join(path);
        if !file.is_file() {
            println!("skipped: {path} is not there; set LESSOR_PUBLIC_DATA to the folder of public data");
            return None;
        }
        Some(file)
    }
}
