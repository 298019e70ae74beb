//! How many tiles have fallen silent, on the page of metrics.

use std::fmt;
use std::sync::Arc;

use lessor_models::time::Timestamp;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;

use super::Desk;
use crate::process::clock::unix_micros;

/// The telemetry of a desk, asked at each look at the page how many tiles are stale by then: time goes by between samples too.
#[derive(Debug)]
pub(crate) struct StaleTiles(Arc<Desk>);

impl StaleTiles {
    /// Those of a desk.
    pub(crate) fn new(desk: Arc<Desk>) -> StaleTiles {
        StaleTiles(desk)
    }
}

impl Collector for StaleTiles {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let now = Timestamp(i64::try_from(unix_micros()).unwrap_or(i64::MAX));
        let count = ConstGauge::new(i64::try_from(self.0.stale_tiles(now)).unwrap_or(i64::MAX));
        let help = "Tiles that sent telemetry and have fallen silent; they keep their last envelope";
        count.encode(encoder.encode_descriptor("stale_tiles", help, None, MetricType::Gauge)?)
    }
}
