//! Telemetry of a generated fleet: a day's samples, with some tiles too hot, some failing, some silent.

use lessor_models::fleet::{Fleet, NodeIndex, Owner};
use lessor_models::resources::Kind;
use lessor_models::telemetry::Sample;
use lessor_models::time::{MICROS_PER_SECOND, Span, Timestamp};

use super::dice::{Dice, Part};
use super::scenario::START;

/// What to sample. All shares are of the tiles, in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TelemetryScenario {
    /// The one number that reproduces the rows.
    pub seed: u64,
    /// The last sample is one interval before this.
    pub end: Timestamp,
    /// Time between samples.
    pub interval: Span,
    /// How many samples each tile has.
    pub samples: u32,
    /// Tiles that run near the upper end of their band, or beyond.
    pub hot_permille: u32,
    /// Tiles whose errors rise over the day.
    pub failing_permille: u32,
    /// Tiles that fall silent after a third of the day.
    pub silent_permille: u32,
}

impl TelemetryScenario {
    /// Hourly samples of the day before [`super::start`]; 2 % hot, 1 % failing, 1 % silent.
    #[must_use]
    pub fn new(seed: u64) -> TelemetryScenario {
        TelemetryScenario {
            seed,
            end: START,
            interval: Span(3_600 * MICROS_PER_SECOND),
            samples: 24,
            hot_permille: 20,
            failing_permille: 10,
            silent_permille: 10,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Health {
    Sound,
    Hot,
    Failing,
    Silent,
}

/// What stays the same for a tile over the day.
struct Sensor {
    tile: NodeIndex,
    health: Health,
    /// Mean use in thousandths.
    level: u64,
}

/// Hands out the rows in order of time, then of tiles.
pub fn telemetry(fleet: &Fleet, scenario: &TelemetryScenario, mut row: impl FnMut(Sample)) {
    let mut dice = Dice::new(scenario.seed, Part::Telemetry);
    let sensors: Vec<Sensor> = fleet.tiles().map(|tile| sensor(tile, scenario, &mut dice)).collect();
    for sample in 0..scenario.samples {
        let back = u64::from(scenario.samples - sample).saturating_mul(scenario.interval.0);
        let at = Timestamp(scenario.end.0.saturating_sub_unsigned(back));
        for sensor in &sensors {
            if sensor.health != Health::Silent || sample * 3 < scenario.samples {
                let moment = Moment { at, progress: permille(sample, scenario.samples) };
                row(measure(fleet, sensor, &moment, &mut dice));
            }
        }
    }
}

struct Moment {
    at: Timestamp,
    /// How much of the day is over, in thousandths.
    progress: u64,
}

fn permille(part: u32, whole: u32) -> u64 {
    u64::from(part) * 1_000 / u64::from(whole.max(1))
}

fn sensor(tile: NodeIndex, scenario: &TelemetryScenario, dice: &mut Dice) -> Sensor {
    let shares = [scenario.hot_permille, scenario.failing_permille, scenario.silent_permille].map(u64::from);
    let mut at = dice.between(0, 999);
    let mut health = Health::Sound;
    for (share, kind) in shares.into_iter().zip([Health::Hot, Health::Failing, Health::Silent]) {
        if at < share {
            health = kind;
            break;
        }
        at -= share;
    }
    Sensor { tile, health, level: dice.between(250, 800) }
}

fn measure(fleet: &Fleet, sensor: &Sensor, moment: &Moment, dice: &mut Dice) -> Sample {
    let class = fleet.class_of(sensor.tile).expect("sensors are on tiles");
    let class = &fleet.classes()[class.at()];
    let capacity = fleet.base_capacity(Owner::Node(sensor.tile));
    let used = (sensor.level + dice.between(0, 200)).saturating_sub(100).min(1_000);
    let dynamic = capacity.get(Kind::Power).saturating_sub(class.idle_power_mw);
    // A sound tile reaches at most 75 % of its band, a hot one between 92 and 104 %.
    let warmth = match sensor.health {
        Health::Hot => 920 + dice.between(0, 120),
        Health::Sound | Health::Failing | Health::Silent => 150 + used * 550 / 1_000 + dice.between(0, 50),
    };
    let width = u64::from(class.band.high_mk - class.band.low_mk);
    let temperature = u64::from(class.band.low_mk) + width * warmth / 1_000;
    let errors = match sensor.health {
        Health::Failing => moment.progress / 50 + dice.between(0, 2),
        Health::Sound | Health::Hot | Health::Silent => u64::from(dice.chance(5)),
    };
    // One sample in a hundred lacks its memory reading, as real collectors do.
    let memory = (!dice.chance(10)).then(|| capacity.get(Kind::Memory) / 1_000 * used);
    Sample {
        tile: sensor.tile,
        at: moment.at,
        power_mw: Some(class.idle_power_mw + dynamic / 1_000 * used),
        temperature_mk: u32::try_from(temperature).ok(),
        utilization_permille: u16::try_from(used).ok(),
        memory_bytes: memory,
        error_count: Some(errors),
        link_up: Some(!(sensor.health == Health::Failing && moment.progress > 950)),
    }
}
