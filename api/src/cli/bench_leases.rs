//! Flags of `lessor bench leases live`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::duration_text;

/// Flags of `lessor bench leases live`.
#[derive(Debug, Args)]
pub struct BenchLeasesLiveArgs {
    /// Leases that are live at once.
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1..=4_000_000))]
    pub leases: u32,
    /// Tiles of the fleet that is leased.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub tiles: u32,
    /// How long after the first request the leases end: all must be granted, and the server be back, before.
    #[arg(long, value_name = "TIME", value_parser = duration_text::parse, default_value = "60s")]
    pub hold: Duration,
    /// Where the journal is, on the device that is to be measured [default: a directory that is removed after].
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Prints one JSON object on standard output, and nothing else.
    #[arg(long)]
    pub json: bool,
}
