//! `--memory`: how much a run may take, and who watches that it does not take more.

use std::time::Duration;

use lessor_solver::support::stop::Stop;

use super::deadline::{Sizes, beside};
use super::machine;

/// A limit on the resident memory of the process, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory(u64);

/// Why an amount of memory was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an amount of memory; write a whole number and a unit: 512MiB, 2GiB, 4GB")]
pub(crate) struct MemoryError {
    /// What was written.
    text: String,
}

impl Memory {
    /// Reads an amount from the command line.
    ///
    /// # Errors
    /// Text that is not a whole number above zero with a unit, or more than 64 bits of bytes.
    pub(crate) fn parse(text: &str) -> Result<Memory, MemoryError> {
        let malformed = || MemoryError { text: text.to_owned() };
        let (number, unit) =
            text.split_at(text.find(|letter: char| letter.is_ascii_alphabetic()).unwrap_or(text.len()));
        let unit: u64 = match unit {
            "MB" => 1_000_000,
            "GB" => 1_000_000_000,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            _ => return Err(malformed()),
        };
        let is_number = !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit());
        let bytes = number.parse::<u64>().ok().filter(|_| is_number).and_then(|number| number.checked_mul(unit));
        bytes.filter(|&bytes| bytes > 0).map(Memory).ok_or_else(malformed)
    }

    /// The limit in bytes.
    pub(crate) fn bytes(self) -> u64 {
        self.0
    }

    /// The limit, of so many bytes.
    pub(crate) fn of_bytes(bytes: u64) -> Memory {
        Memory(bytes)
    }
}

/// Checking, writing and reporting one tile, in bytes.
const TILE_BYTES: u64 = 300;
/// The same for one capsule; placements hold several each, so this is from above.
const CAPSULE_BYTES: u64 = 40;
/// Tables that do not depend on the buckets of time, for one tile.
const LOWERED_TILE_BYTES: u64 = 200;
/// The same for one job.
const LOWERED_JOB_BYTES: u64 = 400;
/// What is held at least for one tile where all of time is one bucket.
const LEAST_TILE_BYTES: u64 = 128;
/// Whatever the size: threads, buffers, the program behind the bound.
const FLOOR: u64 = 24 << 20;

/// What a plan may take for its tables, and the least with which there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowance {
    /// Bytes for tables; `None` where the limit is too small.
    pub(crate) tables: Option<u64>,
    /// The least limit, in bytes.
    pub(crate) least: u64,
}

/// What is left for tables once the inputs, which are read already, and what follows planning have their part.
pub(crate) fn room(limit: Memory, sizes: &Sizes, resident: u64) -> Allowance {
    let tiles = u64::try_from(sizes.tiles).unwrap_or(u64::MAX);
    let jobs = u64::try_from(sizes.jobs).unwrap_or(u64::MAX);
    let lowered = tiles.saturating_mul(LOWERED_TILE_BYTES).saturating_add(jobs.saturating_mul(LOWERED_JOB_BYTES));
    let told = tiles.saturating_mul(TILE_BYTES).saturating_add(sizes.capsules.saturating_mul(CAPSULE_BYTES));
    // Tables are gone when the plan is told.
    let beside = resident.saturating_add(FLOOR).saturating_add(lowered);
    let least = beside.saturating_add(told.max(tiles.saturating_mul(LEAST_TILE_BYTES)));
    Allowance { tables: (limit.0 >= least).then(|| limit.0 - beside), least }
}

/// Shares of the limit at which the bound and the search end.
const BOUND_ENDS: f64 = 0.8;
const SEARCH_ENDS: f64 = 0.95;

/// How often the process is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Does some work; ends the bound, and then the search, where the process comes near the limit.
pub(crate) fn with_watch<T>(limit: Option<Memory>, [bound, search]: [&Stop; 2], work: impl FnOnce() -> T) -> T {
    let Some(Memory(limit)) = limit else { return work() };
    let watch = |ending: &crate::process::deadline::Ending| {
        while ending.is_still_ahead_after(LOOK_EVERY) {
            let resident = machine::resident_bytes() as f64;
            if resident > limit as f64 * BOUND_ENDS {
                bound.raise();
            }
            if resident > limit as f64 * SEARCH_ENDS {
                return search.raise();
            }
        }
    };
    beside(watch, work)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_in_decimal_and_binary_units() {
        let read = |text| Memory::parse(text).map(Memory::bytes);
        assert_eq!(["500MB", "512MiB", "2GiB"].map(read), [Ok(500_000_000), Ok(512 << 20), Ok(2 << 30)]);
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in [
            "",
            "1",
            "0GiB",
            "-1GiB",
            "1.5GiB",
            "+1GB",
            "GiB",
            "2 GiB",
            "2gib",
            "99999999999999999999GB",
            "20000000000GiB",
        ] {
            assert_eq!(Memory::parse(text), Err(MemoryError { text: text.into() }), "{text}");
        }
    }

    #[test]
    fn a_limit_below_the_least_leaves_no_room() {
        let sizes = Sizes { tiles: 1_000, jobs: 10, capsules: 5_000, running: 0, sites: 3 };
        let least = room(Memory(1), &sizes, 1 << 20).least;
        assert_eq!(room(Memory(least - 1), &sizes, 1 << 20).tables, None);
        assert!(room(Memory(least), &sizes, 1 << 20).tables.is_some_and(|bytes| bytes >= 128 * 1_000));
    }

    #[test]
    fn a_process_beyond_its_limit_is_told_to_end() {
        let (bound, search) = (Stop::new(), Stop::new());
        let begun = std::time::Instant::now();
        with_watch(Some(Memory(1)), [&bound, &search], || {
            while !search.is_raised() && begun.elapsed() < Duration::from_secs(20) {
                std::thread::yield_now();
            }
        });
        assert!(bound.is_raised() && search.is_raised());
    }
}
