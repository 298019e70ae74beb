//! What the server counts, and the page on which Prometheus reads it.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;

/// The type of the page, as the OpenMetrics text format names itself.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The bounds of the histogram of answer times: from a tenth of a millisecond, doubled up to 1.6 s.
const SECONDS_FIRST: f64 = 0.000_1;
const SECONDS_BUCKETS: u16 = 15;

/// One call of the service and how it ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct CallLabels {
    /// The name of the method.
    pub(crate) method: &'static str,
    /// The number of the status code; 0 where the call was answered.
    pub(crate) code: u32,
}

/// Counts of the server, shared by everything that makes or shows them.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    /// Calls that ended, and streams that began, by method and status code: 1 where the caller gave up.
    pub(crate) calls: Family<CallLabels, Counter>,
    /// From the arrival of a single call that changes a lease to its answer, durable.
    pub(crate) seconds: Histogram,
    /// Requests that were refused for want of capacity.
    pub(crate) refusals: Counter,
    /// Connections that are open.
    pub(crate) connections: Gauge,
    /// Books of the market that are taken in or cleared.
    pub(crate) rounds: Gauge,
    /// Watch streams that are open.
    pub(crate) watches: Gauge,
    /// Watch streams that were ended because their reader was too slow.
    pub(crate) slow_watches: Counter,
}

impl Metrics {
    /// Nothing counted yet.
    pub(crate) fn new() -> Metrics {
        Metrics {
            calls: Family::default(),
            seconds: Histogram::new(exponential_buckets(SECONDS_FIRST, 2.0, SECONDS_BUCKETS)),
            refusals: Counter::default(),
            connections: Gauge::default(),
            rounds: Gauge::default(),
            watches: Gauge::default(),
            slow_watches: Counter::default(),
        }
    }

    /// A registry that shows all of them.
    pub(crate) fn registry(&self) -> Registry {
        let mut registry = Registry::with_prefix("lessor");
        registry.register(
            "calls",
            "Calls that ended and streams that began, by method and status code",
            self.calls.clone(),
        );
        registry.register(
            "answer_seconds",
            "From the arrival of a single call that changes a lease to its durable answer",
            self.seconds.clone(),
        );
        registry.register("refusals", "Requests refused for want of capacity", self.refusals.clone());
        registry.register("connections", "Connections that are open", self.connections.clone());
        registry.register("rounds", "Books of the market that are taken in or cleared", self.rounds.clone());
        registry.register("watches", "Watch streams that are open", self.watches.clone());
        registry.register("slow_watches", "Watch streams ended because of a slow reader", self.slow_watches.clone());
        registry
    }
}

/// Serves the page until the task is dropped.
///
/// # Errors
/// A listener that does not know its address.
pub(crate) fn serve(listener: TcpListener, registry: Registry) -> std::io::Result<(SocketAddr, PageTask)> {
    let address = listener.local_addr()?;
    let registry = Arc::new(registry);
    let pages = Router::new().route("/metrics", get(move || std::future::ready(page(&registry))));
    let task = tokio::spawn(async move { axum::serve(listener, pages).await });
    Ok((address, PageTask(task)))
}

fn page(registry: &Registry) -> impl IntoResponse + use<> {
    let mut text = String::new();
    encode(&mut text, registry).expect("writing to a string does not fail");
    ([(CONTENT_TYPE, OPEN_METRICS)], text)
}

/// The task that serves the page; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct PageTask(tokio::task::JoinHandle<std::io::Result<()>>);

impl Drop for PageTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}
