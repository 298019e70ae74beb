//! The yardstick of durability: the same bytes appended to a file and synced, and nothing else.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use super::error::LeasesError;

/// How many times a second so many bytes are appended and synced.
///
/// # Errors
/// A file that cannot be written.
pub(super) fn per_second(dir: &Path, bytes: u64, length: Duration) -> Result<f64, LeasesError> {
    let path = dir.join("appended");
    let batch = vec![0x5a_u8; usize::try_from(bytes).expect("a commit fits into memory")];
    let mut file = OpenOptions::new().create(true).append(true).open(&path).map_err(LeasesError::Start)?;
    let begun = Instant::now();
    let mut count = 0_u32;
    while begun.elapsed() < length {
        file.write_all(&batch).and_then(|()| file.sync_data()).map_err(LeasesError::Start)?;
        count += 1;
    }
    let seconds = begun.elapsed().as_secs_f64();
    std::fs::remove_file(&path).map_err(LeasesError::Start)?;
    Ok(f64::from(count) / seconds)
}
