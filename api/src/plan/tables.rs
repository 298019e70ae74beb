//! The result tables of a plan directory.

use std::path::Path;

use lessor_datasets::table::{
    CERTIFICATE, DatasetError, HELD_BACK, MOVES, PLACEMENTS, PRICES, TableSpec, UNPLACED, read_certificate,
    read_held_back, read_moves, read_placements, read_prices, read_unplaced, write_certificate, write_held_back,
    write_moves, write_placements, write_prices, write_unplaced,
};
use lessor_models::certificate::Certificate;
use lessor_models::instance::Instance;
use lessor_models::plan::Plan;

/// Writes every table of a plan. The certificate's table is there only where there is a certificate.
///
/// # Errors
/// A file that cannot be written.
pub(crate) fn write(
    dir: &Path,
    instance: &Instance,
    plan: &Plan,
    certificate: Option<&Certificate>,
) -> Result<(), DatasetError> {
    let path = |table: &TableSpec| dir.join(table.file_name());
    write_placements(&path(&PLACEMENTS), instance, &plan.placements)?;
    write_moves(&path(&MOVES), instance, &plan.moves)?;
    write_held_back(&path(&HELD_BACK), instance, &plan.held_back)?;
    write_unplaced(&path(&UNPLACED), instance, &plan.unplaced)?;
    write_prices(&path(&PRICES), instance.fleet(), &plan.prices)?;
    match certificate {
        Some(certificate) => write_certificate(&path(&CERTIFICATE), instance, certificate),
        None => Ok(()),
    }
}

/// Reads every table of a plan but the certificate's.
///
/// # Errors
/// The first defect found, with its file, row and column.
pub(crate) fn read(dir: &Path, instance: &Instance) -> Result<Plan, DatasetError> {
    let path = |table: &TableSpec| dir.join(table.file_name());
    Ok(Plan {
        placements: read_placements(&path(&PLACEMENTS), instance)?,
        moves: read_moves(&path(&MOVES), instance)?,
        held_back: read_held_back(&path(&HELD_BACK), instance)?,
        unplaced: read_unplaced(&path(&UNPLACED), instance)?,
        prices: read_prices(&path(&PRICES), instance.fleet())?,
    })
}

/// Reads the certificate, where there is one.
///
/// # Errors
/// The first defect found, with its row and column.
pub(crate) fn read_proof(dir: &Path, instance: &Instance) -> Result<Option<Certificate>, DatasetError> {
    let path = dir.join(CERTIFICATE.file_name());
    if path.exists() { read_certificate(&path, instance).map(Some) } else { Ok(None) }
}
