//! `lessor serve`: one authority behind gRPC, until it is told to end.
//!
//! `server` puts the transport together, over `tls` where there are certificates; `address` lets nothing but loopback speak in
//! the clear. `data_directory` is what a server takes for its own, `market_policy` the rules of a market that leases go by,
//! `metrics` and `shell_metrics` what is counted, `reflection` what the service says of itself, `reasons` what the transport
//! refuses by itself, and `shutdown` ends it. `connection` is one as the transport has it: `connections` says how many there are at
//! once and for how long they may be silent, and `joint_writes` lets answers leave together.

mod address;
mod connection;
mod connections;
mod data_directory;
pub(crate) mod error;
mod joint_writes;
mod market_policy;
mod metrics;
mod reasons;
mod reflection;
mod server;
mod shell_metrics;
mod shutdown;
mod tls;

use lessor_engine::authority::Terms;
use tokio::runtime::Builder;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::cli::ServeArgs;
use crate::console::say;
use crate::ending::Ending;
use crate::process::clock::span;
use crate::shell::FleetChange;

pub use address::TlsWish;
pub use error::ServeError;
pub use server::{Server, ServerOptions};
pub use tls::TlsError;

pub(crate) use metrics::{CallLabels, Metrics};
pub(crate) use server::listen_with;
pub(crate) use shutdown::{Ended, ending};

/// What is logged where the environment says nothing.
const LOG_DEFAULT: &str = "warn,lessor=info";
/// The variable that says what is logged, as `tracing` reads it.
const LOG_VARIABLE: &str = "LESSOR_LOG";

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// A fleet, a data directory or an address that cannot be used, or a server that failed.
pub(crate) fn run(args: &ServeArgs) -> Result<Ending, ServeError> {
    log();
    let terms = Terms::default();
    let options = ServerOptions {
        tls: if args.tls { TlsWish::Always } else { TlsWish::WhereNeeded },
        metrics: args.metrics,
        policy: args.policy,
        terms: Terms {
            repeats_max: args.repeats.unwrap_or(terms.repeats_max),
            repeat_window: args.repeat_window.map_or(terms.repeat_window, span),
            ..terms
        },
        market: args.market_policy.clone().map(|path| (path, span(args.price_period))),
        fleet_change: if args.accept_fleet { FleetChange::Accepted } else { FleetChange::Refused },
        ..ServerOptions::new(args.fleet.clone(), args.data.clone(), args.listen)
    };
    let runtime = Builder::new_multi_thread().enable_all().build().map_err(ServeError::Start)?;
    runtime.block_on(async {
        let mut server = Server::start(&options).await?;
        say(&format!("listening on {}", server.url()));
        if let Some(address) = server.metrics() {
            say(&format!("metrics on http://{address}/metrics"));
        }
        if let Some(certificate) = server.certificate() {
            say(&format!("certificate in {}", certificate.display()));
        }
        tokio::select! {
            signaled = shutdown::signaled() => signaled.map_err(ServeError::Start)?,
            ended = server.ended() => return ended.map(|()| Ending::Failed),
        }
        tracing::info!(target: "lessor", "shutting down");
        server.stop().await.map(|()| Ending::Done)
    })
}

/// Logs to standard error: events, and spans of calls as they end, where they are asked for. A program that logs already keeps
/// its way of doing so.
fn log() {
    let filter = EnvFilter::try_from_env(LOG_VARIABLE).unwrap_or_else(|_| EnvFilter::new(LOG_DEFAULT));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_span_events(FmtSpan::CLOSE);
    let _ = lines.with_writer(std::io::stderr).try_init();
}
