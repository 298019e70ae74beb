//! Benches of Lessor's kernels on generated fleets; the shared inputs are here, the benches in `benches/`.
//!
//! Nobody depends on this crate, and nothing here asserts a time.

pub mod leases;

use lessor_datasets::generate::{Family, GenerateError, Scenario};
use lessor_models::instance::Instance;

/// A generated fleet of the family with so many tiles, offered 1.3 times its scarcest kind.
///
/// # Errors
/// When the generator refuses the size.
pub fn fleet(tiles: u32, family: Family) -> Result<Instance, GenerateError> {
    Scenario { family, load_permille: 1_300, ..Scenario::new(tiles, 1) }.generate()
}
