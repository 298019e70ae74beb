//! `lessor lease telemetry`: the rows of a telemetry table, streamed to a server as readings of its sensors.

use lessor_datasets::table::{read_fleet, read_telemetry};
use lessor_models::fleet::Fleet;
use lessor_models::telemetry::Sample;
use lessor_models::time::Timestamp;
use lessor_models::words::counted;
use serde_json::json;

use super::connection::{connect, timed};
use super::error::LeaseError;
use crate::cli::LeaseTelemetryArgs;
use crate::console::say;
use crate::ending::Ending;
use crate::proto::PublishTelemetryRequest;

pub(super) async fn run(args: &LeaseTelemetryArgs) -> Result<Ending, LeaseError> {
    let fleet = read_fleet(&args.fleet)?;
    let mut readings = Vec::new();
    read_telemetry(&args.readings, &fleet, |row| readings.push(row))?;
    // The samples of a tile come in order of time.
    readings.sort_by_key(|row| (row.at, row.tile));
    let samples: Vec<PublishTelemetryRequest> = readings.iter().map(|row| sample(&fleet, row)).collect();
    let message = timed(&args.server, tokio_stream::iter(samples));
    let told = connect(&args.server).await?.publish_telemetry(message).await?.into_inner();
    if args.server.json {
        say(&json!({ "samples": told.samples, "limits_changed": told.limits_changed }).to_string());
    } else {
        let samples = counted(told.samples, "sample", "samples");
        say(&format!("{samples}, {} changed", counted(told.limits_changed, "limit or closure", "limits and closures")));
    }
    Ok(Ending::Done)
}

fn sample(fleet: &Fleet, row: &Sample) -> PublishTelemetryRequest {
    PublishTelemetryRequest {
        tile: fleet.name(row.tile).to_owned(),
        sample_time: Some(instant(row.at)),
        power_mw: row.power_mw,
        temperature_mk: row.temperature_mk,
        utilization_permille: row.utilization_permille.map(u32::from),
        memory_bytes: row.memory_bytes,
        error_count: row.error_count,
        link_up: row.link_up,
    }
}

fn instant(at: Timestamp) -> prost_types::Timestamp {
    let nanos = i32::try_from(at.0.rem_euclid(1_000_000) * 1_000).expect("a part of a second fits 32 bits");
    prost_types::Timestamp { seconds: at.0.div_euclid(1_000_000), nanos }
}
