//! Flags of `lessor lease`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::amount::{self, Devices};
use super::duration_text;
use super::exit_codes::EXIT_CODES;
use crate::client::ServerUrl;

const REQUEST_EXAMPLES: &str = "\
Examples:
  lessor lease request --server http://127.0.0.1:7070 --holder web --request-id web-1 --compute 500 --memory 1GiB --term 10m
      a lease on some tile of the fleet
  lessor lease request --server 127.0.0.1:7070 --holder train --request-id t-7 --accelerators 2x1000 --power 600W --gang 4 --term 1h
      four equal leases, or none, on tiles with two whole devices left";

/// Verbs of `lessor lease`.
#[derive(Debug, Args)]
pub struct LeaseArgs {
    /// What to do.
    #[command(subcommand)]
    pub verb: LeaseVerb,
}

/// The verbs of `lessor lease`: one for each call of the service.
#[derive(Debug, Subcommand)]
pub enum LeaseVerb {
    /// Asks for a lease, or for a gang of equal ones.
    #[command(after_help = format!("{REQUEST_EXAMPLES}\n\n{EXIT_CODES}"))]
    Request(LeaseRequestArgs),
    /// Moves the end of a lease.
    Renew(LeaseRenewArgs),
    /// Ends a lease; confirms the return of a revoked one.
    Release(LeaseReleaseArgs),
    /// Says that the work on a lease is safe: what was done until now is not lost if it is revoked.
    Checkpoint(LeaseReleaseArgs),
    /// Ends a lease that somebody else has, with notice.
    Revoke(LeaseRevokeArgs),
    /// Confirms that all that a revoked lease protects refuses its token, so that its capacity returns before the end.
    Confirm(LeaseConfirmArgs),
    /// Shows a lease.
    Get(LeaseNameArgs),
    /// Lists leases.
    List(LeaseListArgs),
    /// Follows changes of leases.
    Watch(LeaseWatchArgs),
    /// Says what a request would come to, and changes nothing.
    Quote(LeaseQuoteArgs),
    /// Says what the accounts of a node have and hold, and what stands in the way of a request there.
    Explain(LeaseExplainArgs),
    /// Lets a node run empty: it takes nothing new, and what would last beyond a deadline is revoked by then.
    Drain(LeaseDrainArgs),
    /// Tells what sensors say, from a telemetry table; tiles in trouble are limited or closed.
    Telemetry(LeaseTelemetryArgs),
}

/// Where the server is, and how answers are printed.
#[derive(Debug, Args)]
pub struct ServerArgs {
    /// The server: http://127.0.0.1:7070, or https://HOST:PORT; without a scheme, in the clear on loopback and TLS elsewhere.
    #[arg(long, value_name = "URL", value_parser = ServerUrl::parse)]
    pub server: ServerUrl,
    /// Trusts the certificates of this PEM file, such as the server's tls/certificate.pem.
    #[arg(long, value_name = "FILE")]
    pub certificate: Option<PathBuf>,
    /// Gives up after so long.
    #[arg(long, value_name = "TIME", value_parser = duration_text::parse, default_value = "10s")]
    pub timeout: Duration,
    /// Prints JSON on standard output, and nothing else.
    #[arg(long)]
    pub json: bool,
}

/// The service classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "UPPER")]
pub enum ClassFlag {
    /// Safety and control.
    A,
    /// Time distribution.
    B,
    /// Interactive.
    C,
    /// Bulk.
    D,
}

/// What is asked for.
#[derive(Debug, Args)]
pub struct SpecArgs {
    /// Irreversible compute, in Mop/s.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub compute: u64,
    /// Memory: bytes, or with a unit, as 512MiB or 4GB.
    #[arg(long, value_name = "SIZE", value_parser = amount::bytes, default_value = "0", hide_default_value = true)]
    pub memory: u64,
    /// Bandwidth: bit/s, or with a unit, as 10Gbps.
    #[arg(long, value_name = "RATE", value_parser = amount::bits_per_second, default_value = "0", hide_default_value = true)]
    pub bandwidth: u64,
    /// What of it crosses the uplink of the tile, and of each node above it, in the same units, as 10Gbps,1Gbps,0 [default: all of
    /// it crosses every uplink].
    #[arg(long, value_name = "RATE,..", value_parser = amount::bits_per_second, value_delimiter = ',')]
    pub uplinks: Vec<u64>,
    /// Power drawn: milliwatts, or with a unit, as 250W.
    #[arg(long, value_name = "POWER", value_parser = amount::milliwatts, default_value = "0", hide_default_value = true)]
    pub power: u64,
    /// Heat rejected: milliwatts, or with a unit, as 250W.
    #[arg(long, value_name = "POWER", value_parser = amount::milliwatts, default_value = "0", hide_default_value = true)]
    pub heat: u64,
    /// Devices of one tile and thousandths of each, as 2x1000 or 1x250.
    #[arg(long, value_name = "NxMILLI", value_parser = Devices::parse)]
    pub accelerators: Option<Devices>,
    /// Storage: bytes, or with a unit, as 512MiB or 4GB.
    #[arg(long, value_name = "SIZE", value_parser = amount::bytes, default_value = "0", hide_default_value = true)]
    pub storage: u64,
    /// Reversible compute, in Mop/s.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub reversible: u64,
    /// A node under which to place it, at any level [default: anywhere].
    #[arg(long, value_name = "NODE")]
    pub node: Option<String>,
    /// The service class.
    #[arg(long, value_name = "CLASS", value_enum, default_value_t = ClassFlag::D)]
    pub class: ClassFlag,
    /// How many equal leases, all or none.
    #[arg(long, value_name = "K", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub gang: u32,
    /// A thing that only the holder of this lease may act on; may be given several times.
    #[arg(long, value_name = "KEY")]
    pub fence_key: Vec<String>,
    /// The most to pay for the whole term, in micro-credits; displaces what is less protected and worth it [default: whatever
    /// it costs, and nobody is displaced].
    #[arg(long, value_name = "N")]
    pub bid: Option<i64>,
    /// No request of a more protected class may displace it.
    #[arg(long)]
    pub never_displaced: bool,
}

/// Flags of `lessor lease request`.
#[derive(Debug, Args)]
pub struct LeaseRequestArgs {
    /// Who asks.
    #[arg(long, value_name = "HOLDER")]
    pub holder: String,
    /// The holder's name for this request: the same one gets the same answer again.
    #[arg(long, value_name = "ID")]
    pub request_id: String,
    /// What is asked for.
    #[command(flatten)]
    pub spec: SpecArgs,
    /// How long, from now on.
    #[arg(long, value_name = "TIME", value_parser = duration_text::parse)]
    pub term: Duration,
    /// This repeats a request that was first sent at this instant, in microseconds since 1970 by the lessor's time: refused as too
    /// old where its answer may be forgotten [default: it is first sent now].
    #[arg(long, value_name = "MICROS")]
    pub first_sent: Option<i64>,
    /// Keeps what was granted, renewing it in the background, until the program is told to end, and then releases it.
    #[arg(long)]
    pub hold: bool,
    /// The server.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// Flags of `lessor lease quote`.
#[derive(Debug, Args)]
pub struct LeaseQuoteArgs {
    /// What is asked for.
    #[command(flatten)]
    pub spec: SpecArgs,
    /// How long, from now on.
    #[arg(long, value_name = "TIME", value_parser = duration_text::parse)]
    pub term: Duration,
    /// The server.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// Flags of `lessor lease renew`.
#[derive(Debug, Args)]
pub struct LeaseRenewArgs {
    /// The lease.
    #[arg(value_name = "LEASE")]
    pub lease: String,
    /// Who has it.
    #[arg(long, value_name = "HOLDER")]
    pub holder: String,
    /// Moves the end by so much.
    #[arg(long, value_name = "TIME", value_parser = duration_text::parse, required_unless_present = "end")]
    pub extend: Option<Duration>,
    /// Moves the end to this instant, in microseconds since 1970 by the lessor's time.
    #[arg(long, value_name = "MICROS", conflicts_with = "extend")]
    pub end: Option<i64>,
    /// The version that is known [default: the one it has].
    #[arg(long = "at-version", value_name = "N")]
    pub version: Option<u32>,
    /// The most to pay for the time added, in micro-credits [default: whatever it costs].
    #[arg(long, value_name = "N")]
    pub bid: Option<i64>,
    /// The server.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// Flags of `lessor lease release` and `lessor lease checkpoint`.
#[derive(Debug, Args)]
pub struct LeaseReleaseArgs {
    /// The lease.
    #[arg(value_name = "LEASE")]
    pub lease: String,
    /// Who has it.
    #[arg(long, value_name = "HOLDER")]
    pub holder: String,
    /// The server.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// Flags of `lessor lease revoke`.
#[derive(Debug, Args)]
pub struct LeaseRevokeArgs {
    /// The lease.
    #[arg(value_name = "LEASE")]
    pub lease: String,
    /// How long its holder has to finish [default: the policy's notice].
    #[arg(long, value_name = "TIME", value_parser = duration_text::parse)]
    pub notice: Option<Duration>,
    /// The server.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// Flags of `lessor lease confirm`.
#[derive(Debug, Args)]
pub struct LeaseConfirmArgs {
    /// The lease.
    #[arg(value_name = "LEASE")]
    pub lease: String,
    /// Its token, which is now refused.
    #[arg(long, value_name = "N")]
    pub token: u64,
    /// The server.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// Flags of `lessor lease get`.
#[derive(Debug, Args)]
pub struct LeaseNameArgs {
    /// The lease.
    #[arg(value_name = "LEASE")]
    pub lease: String,
    /// The server.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// Where a lease stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StateFlag {
    /// Reserved for a window that has not begun.
    Offered,
    /// In force.
    Active,
    /// Ended by its holder.
    Released,
    /// Ended by its time.
    Expired,
    /// Ended by the lessor, or about to be.
    Revoked,
}

/// Flags of `lessor lease list`.
#[derive(Debug, Args)]
pub struct LeaseListArgs {
    /// Only leases of this holder.
    #[arg(long, value_name = "HOLDER")]
    pub holder: Option<String>,
    /// Only leases at this node or under it.
    #[arg(long, value_name = "NODE")]
    pub node: Option<String>,
    /// Only leases in this state.
    #[arg(long, value_name = "STATE", value_enum)]
    pub state: Option<StateFlag>,
    /// The server.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// Flags of `lessor lease watch`.
#[derive(Debug, Args)]
pub struct LeaseWatchArgs {
    /// Begins after this revision, INCARNATION.SEQUENCE as the lines have it [default: now].
    #[arg(long, value_name = "REVISION")]
    pub after: Option<String>,
    /// Only leases of this holder.
    #[arg(long, value_name = "HOLDER")]
    pub holder: Option<String>,
    /// Ends after so many changes [default: never].
    #[arg(long, value_name = "N")]
    pub changes: Option<u64>,
    /// Tells of bookmarks too: revisions up to which nothing of interest happened.
    #[arg(long)]
    pub bookmarks: bool,
    /// Tells too which tokens must be refused: those of revoked leases whose notice is over.
    #[arg(long)]
    pub fences: bool,
    /// The server.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// Flags of `lessor lease explain`.
#[derive(Debug, Args)]
pub struct LeaseExplainArgs {
    /// The lease whose node is explained, where none is named by --node.
    #[arg(value_name = "LEASE")]
    pub lease: Option<String>,
    /// What would be asked for there, if anything.
    #[command(flatten)]
    pub spec: SpecArgs,
    /// For how long it would be asked for.
    #[arg(long, value_name = "TIME", value_parser = duration_text::parse)]
    pub term: Option<Duration>,
    /// The server.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// Flags of `lessor lease drain`.
#[derive(Debug, Args)]
pub struct LeaseDrainArgs {
    /// The node, at any level.
    #[arg(value_name = "NODE")]
    pub node: String,
    /// How long what is there may take to finish.
    #[arg(long, value_name = "TIME", value_parser = duration_text::parse, required_unless_present = "cancel")]
    pub notice: Option<Duration>,
    /// Takes back an earlier drain.
    #[arg(long, conflicts_with = "notice")]
    pub cancel: bool,
    /// The server.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// Flags of `lessor lease telemetry`.
#[derive(Debug, Args)]
pub struct LeaseTelemetryArgs {
    /// The telemetry table, as Parquet.
    #[arg(long, value_name = "FILE")]
    pub readings: PathBuf,
    /// The fleet directory whose tiles it names.
    #[arg(long, value_name = "DIR")]
    pub fleet: PathBuf,
    /// The server.
    #[command(flatten)]
    pub server: ServerArgs,
}
