//! Flags of `lessor serve`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use lessor_engine::admission::PolicyName;

use super::bench_admission::policy_names;

/// Flags of `lessor serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The fleet directory whose resources are leased.
    #[arg(long, value_name = "DIR")]
    pub fleet: PathBuf,
    /// Where the journal and its snapshots are; made where it is not there.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Where to listen; port 0 takes a free one, and the line on standard output says which.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7070")]
    pub listen: SocketAddr,
    /// Talks TLS on loopback too; elsewhere it always does.
    #[arg(long)]
    pub tls: bool,
    /// How requests are placed [default: on the first tile that an index finds].
    #[arg(long, value_name = "NAME", value_parser = policy_names())]
    pub policy: Option<PolicyName>,
    /// Serves metrics in the format of Prometheus at this loopback address, under /metrics.
    #[arg(long, value_name = "ADDR", value_parser = loopback)]
    pub metrics: Option<SocketAddr>,
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text.parse().map_err(|_| "write an address and a port: 127.0.0.1:9090".to_owned())?;
    if address.ip().is_loopback() { Ok(address) } else { Err("metrics are served on loopback only".to_owned()) }
}
