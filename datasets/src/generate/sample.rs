//! The small default: about a thousand tiles that show every feature.

use lessor_models::instance::Instance;
use lessor_models::telemetry::Sample;

use super::current::with_current;
use super::scenario::{GenerateError, Scenario};
use super::telemetry::{TelemetryScenario, telemetry};

/// Share of tiles with something running when the plan begins, in thousandths.
const RUNNING_PERMILLE: u32 = 100;

/// An instance with what its tiles reported.
#[derive(Clone, Debug)]
pub struct SampleFleet {
    /// Fleet, jobs and what runs.
    pub instance: Instance,
    /// Hourly telemetry of the day before, in order of time, then of tiles.
    pub telemetry: Vec<Sample>,
}

/// A thousand tiles with zones that bind, time steps, gangs, spread rules, relations, telemetry, current placements and what it
/// costs to move them.
///
/// # Errors
/// Never, unless the generator has a defect.
pub fn sample(seed: u64) -> Result<SampleFleet, GenerateError> {
    let scenario = Scenario {
        load_permille: 1_100,
        job_classes: 150,
        distinct: true,
        steps: true,
        relations: true,
        moves: true,
        ..Scenario::new(1_000, seed)
    };
    let instance = with_current(scenario.generate()?, RUNNING_PERMILLE, seed)?;
    let mut rows = Vec::new();
    telemetry(instance.fleet(), &TelemetryScenario::new(seed), |row| rows.push(row));
    Ok(SampleFleet { instance, telemetry: rows })
}
