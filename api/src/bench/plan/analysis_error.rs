//! Why runs were not analyzed.

use polars::prelude::PolarsError;

/// Runs that cannot be analyzed: a defect, for the columns are made here.
#[derive(Debug, thiserror::Error)]
#[error("the runs cannot be analyzed")]
pub struct AnalysisError(#[from] PolarsError);
