//! Flags of `lessor serve`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use lessor_engine::admission::PolicyName;

use super::bench_admission::policy_names;
use super::duration_text;

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
    /// The rules of the market, as of `lessor market lint`: terms, notice, compensation, floors, and posted prices.
    #[arg(long, value_name = "FILE")]
    pub market_policy: Option<PathBuf>,
    /// How long posted prices stand before they take a step.
    #[arg(long, value_name = "TIME", value_parser = price_period, default_value = "10s")]
    pub price_period: Duration,
    /// How many answers are kept for repeats; older requests are refused as too old [default: 524288].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1 << 26))]
    pub repeats: Option<u32>,
    /// How long answers are kept for repeats, at most [default: 10m].
    #[arg(long, value_name = "TIME", value_parser = duration_text::parse)]
    pub repeat_window: Option<Duration>,
    /// Opens a data directory whose fleet has other capacities, classes or zones than it had: leases stay, and accounts that
    /// hold more than they may give now are in deficit.
    #[arg(long)]
    pub accept_fleet: bool,
    /// Serves metrics in the format of Prometheus at this loopback address, under /metrics.
    #[arg(long, value_name = "ADDR", value_parser = loopback)]
    pub metrics: Option<SocketAddr>,
}

/// The shortest time for which posted prices stand: each step of theirs is a record of the journal.
const PRICE_PERIOD_MIN: Duration = Duration::from_millis(10);

fn price_period(text: &str) -> Result<Duration, String> {
    let period = duration_text::parse(text).map_err(|error| error.to_string())?;
    if period < PRICE_PERIOD_MIN { Err("prices stand for at least 10ms".to_owned()) } else { Ok(period) }
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text.parse().map_err(|_| "write an address and a port: 127.0.0.1:9090".to_owned())?;
    if address.ip().is_loopback() { Ok(address) } else { Err("metrics are served on loopback only".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_stand_for_a_while() {
        assert_eq!(price_period("10ms"), Ok(PRICE_PERIOD_MIN));
        for text in ["0s", "9ms", "soon"] {
            assert!(price_period(text).is_err(), "{text}");
        }
    }
}
