//! What the shell counts, on the page of metrics.

use std::fmt;

use lessor_models::account_prices::SWING_ROUNDS;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::shell::{Counters, Handle};

/// The bounds of the histogram of group commits, in microseconds.
const COMMIT_BOUNDS_US: [u64; 10] = [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 256_000];

/// The counts of a shell, read at each look at the page.
#[derive(Clone, Debug)]
pub(crate) struct ShellMetrics(Handle);

impl ShellMetrics {
    /// The counts of the shell behind a handle.
    pub(crate) fn new(handle: Handle) -> ShellMetrics {
        ShellMetrics(handle)
    }
}

impl Collector for ShellMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let counters = self.0.counters();
        let counts = [
            ("commits", "Group commits that are durable", counters.commits()),
            ("records", "Decisions in them", counters.records()),
            ("journal_bytes", "Bytes of those decisions", counters.bytes()),
            ("answers", "Answers that were given", counters.answers()),
            ("reads", "Looks at the state that were answered", counters.reads()),
            ("snapshots", "Snapshots that were begun", counters.snapshots()),
            (
                "failed_snapshots",
                "Snapshots that could not be written; the journal goes on, and grows",
                counters.failed_snapshots(),
            ),
            ("overloads", "Calls not taken in because a queue was full", counters.overloads().iter().sum()),
        ];
        for (name, help, value) in counts {
            let counter = ConstCounter::new(value);
            counter.encode(encoder.encode_descriptor(name, help, None, MetricType::Counter)?)?;
        }
        let swinging = format!(
            "Posted prices that were too dear and too cheap in turn for {SWING_ROUNDS} periods; a lower gain_permille settles them"
        );
        let gauges: [(&str, &str, u64); 2] = [
            ("revision", "Changes of leases since the beginning that are durable", self.0.revision().number),
            ("swinging_prices", &swinging, counters.swinging_prices()),
        ];
        for (name, help, value) in gauges {
            let gauge = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
            gauge.encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)?;
        }
        encode_commits(&mut encoder, counters)
    }
}

fn encode_commits(encoder: &mut DescriptorEncoder, counters: &Counters) -> Result<(), fmt::Error> {
    let times = counters.commit_times();
    let seconds = |micros: u64| micros as f64 / 1e6;
    let mut below = 0;
    let mut buckets = Vec::with_capacity(COMMIT_BOUNDS_US.len() + 1);
    for bound in COMMIT_BOUNDS_US {
        let up_to = times.count_up_to(bound);
        buckets.push((seconds(bound), up_to - below));
        below = up_to;
    }
    buckets.push((f64::MAX, times.count() - below));
    let help = "How long writing and syncing of a group commit took";
    let mut metric = encoder.encode_descriptor("commit_seconds", help, None, MetricType::Histogram)?;
    metric.encode_histogram::<NoLabelSet>(seconds(times.sum_us()), times.count(), &buckets, None)
}
