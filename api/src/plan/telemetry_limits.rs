//! Telemetry of an instance, through the telemetry plane, onto the limits of its fleet.
//!
//! Rows are streamed to the plane in batches while each tile's samples come in order of time. A table that breaks that order
//! is read again, whole, and sorted. The result is the same: envelopes do not depend on batches.

use std::path::Path;

use lessor_datasets::table::{DatasetError, read_telemetry};
use lessor_engine::plane::{Limits, Plane, PlaneEvent};
use lessor_engine::planes::telemetry::{TelemetryPlane, TelemetryPolicy};
use lessor_models::fleet::Fleet;
use lessor_models::instance::Instance;
use lessor_models::telemetry::Sample;
use lessor_models::time::Timestamp;

/// Samples handed to the plane at once: some megabytes.
const BATCH_SAMPLES: usize = 1 << 16;

/// What telemetry lowered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Derating {
    /// Tiles with less capacity than their table says.
    pub(crate) limited: usize,
    /// Tiles that take nothing new.
    pub(crate) closed: usize,
}

/// Reads telemetry and lowers the limits of the instance's fleet accordingly.
///
/// # Errors
/// The first defect of the table, with its row and column.
pub(crate) fn apply(path: &Path, instance: &mut Instance) -> Result<Derating, DatasetError> {
    let limits = match stream(path, instance.fleet())? {
        Some(limits) => limits,
        None => sort(path, instance.fleet())?,
    };
    let derating = Derating { limited: limits.capacities().count(), closed: limits.closures().count() };
    limits.apply(instance.fleet_mut());
    Ok(derating)
}

/// The limits of a table whose rows come in order of time for each tile; `None` where they do not.
fn stream(path: &Path, fleet: &Fleet) -> Result<Option<Limits>, DatasetError> {
    let mut feed = Feed::new(fleet);
    let mut last = vec![Timestamp(i64::MIN); fleet.node_count()];
    let mut is_ordered = true;
    read_telemetry(path, fleet, |row| {
        let before = std::mem::replace(&mut last[row.tile.at()], row.at);
        is_ordered &= before <= row.at;
        if is_ordered {
            feed.push(row);
        }
    })?;
    Ok(is_ordered.then(|| feed.finish()))
}

/// The limits of a table in any order.
fn sort(path: &Path, fleet: &Fleet) -> Result<Limits, DatasetError> {
    let mut samples = Vec::new();
    read_telemetry(path, fleet, |row| samples.push(row))?;
    samples.sort_by_key(|sample| (sample.at, sample.tile));
    let mut feed = Feed::new(fleet);
    samples.into_iter().for_each(|sample| feed.push(sample));
    Ok(feed.finish())
}

/// A plane on its way through a table.
struct Feed {
    plane: TelemetryPlane,
    limits: Limits,
    batch: Vec<Sample>,
    /// The latest sample so far: the plane's time never goes back.
    now: Timestamp,
}

impl Feed {
    fn new(fleet: &Fleet) -> Feed {
        let plane = TelemetryPlane::new(fleet, TelemetryPolicy::default());
        Feed {
            plane: plane.expect("a test holds that the default policy is within its ranges"),
            limits: Limits::default(),
            batch: Vec::new(),
            now: Timestamp(i64::MIN),
        }
    }

    fn push(&mut self, sample: Sample) {
        self.now = self.now.max(sample.at);
        self.batch.push(sample);
        if self.batch.len() == BATCH_SAMPLES {
            self.flush();
        }
    }

    fn flush(&mut self) {
        let mut effects = Vec::new();
        self.plane.on(self.now, &PlaneEvent::Samples(std::mem::take(&mut self.batch)), &mut effects);
        self.limits.gather(&effects);
    }

    fn finish(mut self) -> Limits {
        self.flush();
        self.limits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lessor_datasets::generate::{Scenario, TelemetryScenario, telemetry};
    use lessor_datasets::table::TelemetryWriter;

    fn write(path: &Path, fleet: &Fleet, rows: &[Sample]) {
        let mut writer = TelemetryWriter::create(path, fleet).unwrap();
        rows.iter().for_each(|row| writer.push(*row).unwrap());
        writer.finish().unwrap();
    }

    #[test]
    fn rows_in_any_order_give_the_same_limits() {
        let scratch = tempfile::tempdir().unwrap();
        let instance = Scenario::new(60, 3).generate().unwrap();
        let mut rows = Vec::new();
        let scenario = TelemetryScenario { hot_permille: 300, failing_permille: 200, ..TelemetryScenario::new(3) };
        telemetry(instance.fleet(), &scenario, |row| rows.push(row));
        let (forward, backward) = (scratch.path().join("a.parquet"), scratch.path().join("b.parquet"));
        write(&forward, instance.fleet(), &rows);
        rows.reverse();
        write(&backward, instance.fleet(), &rows);
        assert!(stream(&backward, instance.fleet()).unwrap().is_none());
        let limited = |path: &Path| {
            let mut instance = instance.clone();
            let derating = apply(path, &mut instance).unwrap();
            (derating, format!("{:?}", instance.fleet()))
        };
        let (derating, fleet) = limited(&forward);
        assert!(derating.limited > 0 && derating.closed > 0, "{derating:?}");
        assert!(limited(&backward) == (derating, fleet));
    }
}
