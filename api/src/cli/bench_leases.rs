//! Verbs and flags of `lessor bench leases`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::duration_text;
use crate::client::ServerUrl;

/// Verbs of `lessor bench leases`.
#[derive(Debug, Args)]
pub struct BenchLeasesArgs {
    /// What to measure.
    #[command(subcommand)]
    pub verb: BenchLeasesVerb,
}

/// The verbs of `lessor bench leases`.
#[derive(Debug, Subcommand)]
pub enum BenchLeasesVerb {
    /// Grants and releases by single calls and over a session, beside an echo on the same transport and beside the same bytes
    /// appended and synced.
    Load(BenchLeasesLoadArgs),
    /// Grants a million leases, brings them back after a restart, and lets all of them end within one second.
    Live(BenchLeasesLiveArgs),
    /// Kills a real server again and again while clients lease from it, and looks whether all that was acknowledged is there.
    Kill(BenchLeasesKillArgs),
    /// Offers a real server several times as many calls as it can serve, and looks whether class A is served, memory stays and
    /// refusals say what they are.
    Overload(BenchLeasesOverloadArgs),
    /// Lets the machine of the service live in simulated worlds in which everything goes wrong, each from one seed, and looks
    /// whether all that is promised holds.
    Simulate(BenchLeasesSimulateArgs),
}

/// Flags of `lessor bench leases load`.
#[derive(Debug, Args)]
pub struct BenchLeasesLoadArgs {
    /// Tiles of the fleet that is leased.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub tiles: u32,
    /// How long each measurement lasts.
    #[arg(long, value_name = "TIME", value_parser = duration_text::parse, default_value = "10s")]
    pub length: Duration,
    /// Single calls under way at once.
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=4_096))]
    pub unary: u32,
    /// Calls of the session under way at once.
    #[arg(long, value_name = "N", default_value_t = 4_096, value_parser = clap::value_parser!(u32).range(1..=8_192))]
    pub session: u32,
    /// Talks TLS.
    #[arg(long)]
    pub tls: bool,
    /// An etcd to hold beside the single calls, in the clear on loopback: a lease and a key with it for each grant.
    #[arg(long, value_name = "URL", value_parser = ServerUrl::parse)]
    pub etcd: Option<ServerUrl>,
    /// Where the journal is, on the device that is to be measured [default: a directory that is removed after].
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Prints one JSON object on standard output, and nothing else.
    #[arg(long)]
    pub json: bool,
}

/// Flags of `lessor bench leases kill`.
#[derive(Debug, Args)]
pub struct BenchLeasesKillArgs {
    /// How often the server is killed.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub kills: u32,
    /// The seed of lives and choices.
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// Prints one JSON object on standard output, and nothing else.
    #[arg(long)]
    pub json: bool,
}

/// Flags of `lessor bench leases overload`.
#[derive(Debug, Args)]
pub struct BenchLeasesOverloadArgs {
    /// How many times the peak of single calls is offered.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub times: u32,
    /// For how long.
    #[arg(long, value_name = "TIME", value_parser = duration_text::parse, default_value = "60s")]
    pub length: Duration,
    /// Tiles of the fleet that is leased.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub tiles: u32,
    /// Prints one JSON object on standard output, and nothing else.
    #[arg(long)]
    pub json: bool,
}

/// Flags of `lessor bench leases simulate`.
#[derive(Debug, Args)]
pub struct BenchLeasesSimulateArgs {
    /// Worlds.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub seeds: u32,
    /// How long each of them lasts, in its own time.
    #[arg(long, value_name = "H", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub hours: u32,
    /// The seed of the first world; each of the others has the next one.
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// Prints one JSON object on standard output, and nothing else.
    #[arg(long)]
    pub json: bool,
}

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
