//! The telemetry plane on real telemetry: three years of hourly readings of six GPU servers (BioHPC), read in place.
//!
//! Each server is a tile with its GPU's board limit as nameplate. The plane's envelopes are held, after every single
//! sample, against plain exact quantiles of the same readings.

#![expect(clippy::unwrap_used, reason = "the helpers of tests unwrap as tests do")]

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use arrow_array::{Array, Float64Array, LargeStringArray, RecordBatch, TimestampMicrosecondArray};
use lessor_engine::plane::{ClosureCause, Limits, Notice, Plane, PlaneEffect, PlaneEvent};
use lessor_engine::planes::telemetry::{Envelope, TelemetryPlane, TelemetryPolicy};
use lessor_models::fleet::{ClassIndex, Fleet, FleetParts, Level, NodeColumns, NodeIndex, Owner};
use lessor_models::resources::{Kind, Resources};
use lessor_models::telemetry::Sample;
use lessor_models::tile_class::{Band, TileClass};
use lessor_models::time::{MICROS_PER_HOUR, Span, Timestamp};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// The servers and their GPUs' board limits, in milliwatts.
const SERVERS: [(&str, u64); 6] = [
    ("cbsugpu05", 300_000),
    ("cbsugpu06", 300_000),
    ("cbsugpu07", 300_000),
    ("cbsugpu08", 350_000),
    ("cbsugpu09", 300_000),
    ("cbsugpu10", 300_000),
];

/// The one that runs at 84 C for weeks.
const HOT: NodeIndex = NodeIndex(3);

/// 88 C, about where such GPUs slow themselves down.
const HOTTEST_MK: u32 = 361_150;

const IDLE_MW: u64 = 20_000;

fn fleet() -> Fleet {
    let class = TileClass {
        name: "gpu server".into(),
        band: Band { low_mk: 278_150, high_mk: HOTTEST_MK },
        energy_uj_per_mop: [0; 3],
        device_power_mw: 0,
        idle_power_mw: IDLE_MW,
        heat_permille: 1_000,
        devices: 1,
        rate_permille: 1_000,
        faults_per_gigahour: 0,
        radiator: None,
    };
    let tiles = SERVERS.map(|(_, limit)| Resources::UNLIMITED.with(Kind::Power, limit).with(Kind::Heat, limit));
    let nodes = NodeColumns {
        names: ["rack"].into_iter().chain(SERVERS.map(|(name, _)| name)).map(String::from).collect(),
        parents: [None].into_iter().chain([Some(0); 6]).collect(),
        levels: [Level::Cell].into_iter().chain([Level::Tile; 6]).collect(),
        classes: [None].into_iter().chain([Some(ClassIndex(0)); 6]).collect(),
        capacities: [Resources::UNLIMITED].into_iter().chain(tiles).collect(),
        uplink_delays_us: vec![0; 7],
    };
    Fleet::new(FleetParts { nodes, classes: vec![class], ..FleetParts::default() }).unwrap()
}

/// The readings in order of time; `None`, said aloud, where the public data is not there.
fn readings(fleet: &Fleet) -> Option<Vec<Sample>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let data = std::env::var_os("LESSOR_PUBLIC_DATA").map_or_else(|| PathBuf::from("../shared/data"), PathBuf::from);
    let path = root.join(data).join("telemetry/gpu_servers.parquet");
    let Ok(file) = File::open(&path) else {
        println!("skipped: no public data at {}", path.display());
        return None;
    };
    let batches = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    let mut samples: Vec<Sample> = batches.flat_map(|batch| samples_of(&batch.unwrap(), fleet)).collect();
    samples.sort_by_key(|sample| (sample.at, sample.tile));
    assert_eq!(samples.len(), 94_636);
    Some(samples)
}

fn column<'a, T: 'static>(batch: &'a RecordBatch, name: &str) -> &'a T {
    batch.column_by_name(name).unwrap().as_any().downcast_ref().unwrap()
}

fn samples_of(batch: &RecordBatch, fleet: &Fleet) -> Vec<Sample> {
    let names: &LargeStringArray = column(batch, "name");
    let instants: &TimestampMicrosecondArray = column(batch, "timestamp");
    let number = |name, row, scale| thousandths(column::<Float64Array>(batch, name).value(row) + scale);
    (0..batch.num_rows())
        .map(|row| {
            let tile = fleet.nodes().find(|&node| fleet.name(node) == names.value(row)).unwrap();
            let celsius_to_kelvin = 273.15;
            Sample {
                power_mw: Some(number("powerave", row, 0.0)),
                temperature_mk: Some(u32::try_from(number("tempmax", row, celsius_to_kelvin)).unwrap()),
                ..Sample::silent(tile, Timestamp(instants.value(row)))
            }
        })
        .collect()
}

/// A reading in thousandths of its unit, to the nearest.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked just before")]
fn thousandths(reading: f64) -> u64 {
    assert!((0.0..1e6).contains(&reading));
    (reading * 1_000.0).round() as u64
}

/// The plain version: every reading of the running window, and the verdict on the one before, by exact quantiles.
#[derive(Default)]
struct Exact {
    window: i64,
    temperatures: Vec<u64>,
    powers: Vec<u64>,
    earlier: [f64; 2],
}

impl Exact {
    fn add(&mut self, sample: &Sample, limit_mw: u64, policy: &TelemetryPolicy) {
        let window = sample.at.0.div_euclid(i64::try_from(policy.window.0).unwrap());
        if window != self.window {
            let running = self.running(limit_mw, policy);
            let enough = self.powers.len() >= policy.window_samples_min as usize;
            for (earlier, running) in self.earlier.iter_mut().zip(running) {
                *earlier = if enough { running } else { running.max(*earlier) };
            }
            *self = Exact { window, earlier: self.earlier, ..Exact::default() };
        }
        self.temperatures.push(u64::from(sample.temperature_mk.unwrap()));
        self.powers.push(sample.power_mw.unwrap());
    }

    /// How far temperature and power are toward and beyond their limits, as fractions.
    fn running(&mut self, limit_mw: u64, policy: &TelemetryPolicy) -> [f64; 2] {
        let quantile = |readings: &mut Vec<u64>, permille: u32| {
            readings.sort_unstable();
            let rank = (readings.len() * permille as usize).div_ceil(1_000);
            rank.checked_sub(1).map_or(0, |index| readings[index])
        };
        let margin = policy.derate_margin_mk;
        let temperature = quantile(&mut self.temperatures, policy.temperature_quantile_permille);
        let above = temperature.saturating_sub(u64::from(HOTTEST_MK - margin));
        let power = quantile(&mut self.powers, policy.power_quantile_permille);
        let overdrawn = if power * 1_000 > limit_mw * 1_020 { power - limit_mw } else { 0 };
        [above as f64 / f64::from(margin), overdrawn as f64 / (limit_mw - IDLE_MW) as f64]
    }

    /// What is left of the tile's power, as a fraction.
    fn left(&mut self, limit_mw: u64, policy: &TelemetryPolicy) -> f64 {
        let running = self.running(limit_mw, policy);
        let worst = running.into_iter().chain(self.earlier).fold(0.0, f64::max);
        (1.0 - worst).max(0.0)
    }
}

/// Every deadline that comes before an instant is kept, as the shell would.
fn tick_until(plane: &mut TelemetryPlane, instant: Timestamp, effects: &mut Vec<PlaneEffect>) {
    while let Some(deadline) = plane.next_deadline().filter(|&deadline| deadline <= instant) {
        plane.on(deadline, &PlaneEvent::Tick, effects);
    }
}

/// Replays the samples; after each, the plane must agree with the exact quantiles up to its stated errors. Gives the
/// effects and how many samples found their tile derated, by tile.
fn replay(fleet: &Fleet, samples: &[Sample], policy: TelemetryPolicy) -> (Vec<PlaneEffect>, BTreeMap<NodeIndex, u32>) {
    let mut plane = TelemetryPlane::new(fleet, policy).unwrap();
    let mut exact: BTreeMap<NodeIndex, Exact> = BTreeMap::new();
    let mut derated: BTreeMap<NodeIndex, u32> = BTreeMap::new();
    let mut effects = Vec::new();
    let mut range = (0.0, 0.0);
    // The sketch is off by at most 4 % of the excess and a thousandth, and the plane rounds down to a step.
    let sketch = 0.0411;
    let step = f64::from(policy.envelope_step_permille) / 1_000.0;
    for sample in samples {
        plane.on(sample.at, &PlaneEvent::Samples(vec![*sample]), &mut effects);
        let limit = fleet.base_capacity(Owner::Node(sample.tile)).get(Kind::Power);
        let oracle = exact.entry(sample.tile).or_default();
        oracle.add(sample, limit, &policy);
        let found = plane.envelope(sample.tile);
        let difference = oracle.left(limit, &policy) - f64::from(found.power_permille) / 1_000.0;
        assert!((-sketch..sketch + step).contains(&difference), "{sample:?}: {difference} off");
        range = (difference.min(range.0), difference.max(range.1));
        *derated.entry(sample.tile).or_default() += u32::from(found != Envelope::WHOLE);
    }
    println!("samples with a derated tile: {derated:?}; exact less found: {:.3} to {:.3}", range.0, range.1);
    (effects, derated)
}

#[test]
fn envelopes_of_real_servers_agree_with_exact_quantiles_after_every_sample() {
    let fleet = fleet();
    let Some(samples) = readings(&fleet) else { return };
    let (effects, derated) = replay(&fleet, &samples, TelemetryPolicy::default());
    // The hot server is derated for much of its life, the others hardly ever, and none reached 88 C.
    assert!(derated[&HOT] > 1_000);
    for (tile, &count) in derated.iter().filter(|(tile, _)| **tile != HOT) {
        assert!(count < 250, "{tile:?}: {count}");
    }
    assert!(!effects.iter().any(|effect| matches!(effect, PlaneEffect::Closure { .. })));
}

#[test]
fn envelopes_of_long_windows_agree_with_exact_quantiles_to_the_accuracy_of_the_sketch() {
    let fleet = fleet();
    let Some(samples) = readings(&fleet) else { return };
    // A day's 99 % quantile by nearest rank is its highest reading, which the sketch keeps exactly. A month's 80 % is not.
    let policy = TelemetryPolicy {
        window: Span(30 * 24 * MICROS_PER_HOUR),
        temperature_quantile_permille: 800,
        power_quantile_permille: 800,
        envelope_step_permille: 1,
        derate_margin_mk: 25_000,
        ..TelemetryPolicy::default()
    };
    let (_, derated) = replay(&fleet, &samples, policy);
    assert!(derated.values().sum::<u32>() > 10_000);
}

#[test]
fn real_silences_are_noticed_and_change_no_limit() {
    let fleet = fleet();
    let Some(samples) = readings(&fleet) else { return };
    let policy = TelemetryPolicy::default();
    let mut plane = TelemetryPlane::new(&fleet, policy).unwrap();
    let mut effects = Vec::new();
    let mut last: BTreeMap<NodeIndex, Timestamp> = BTreeMap::new();
    let mut silences = 0;
    for sample in &samples {
        let said = effects.len();
        tick_until(&mut plane, sample.at, &mut effects);
        assert!(effects[said..].iter().all(|effect| matches!(effect, PlaneEffect::Notice { .. })));
        plane.on(sample.at, &PlaneEvent::Samples(vec![*sample]), &mut effects);
        let before = last.insert(sample.tile, sample.at);
        silences += usize::from(before.is_some_and(|before| sample.at >= before.after(policy.stale_after)));
    }
    let count = |wanted| {
        effects
            .iter()
            .filter(|effect| matches!(effect, PlaneEffect::Notice { notice, .. } if *notice == wanted))
            .count()
    };
    // Server 08 had gone silent eleven days before the file ends, and stays so.
    let stale: Vec<NodeIndex> = fleet.tiles().filter(|&tile| plane.is_stale(tile)).collect();
    assert_eq!(stale, [NodeIndex(4)]);
    assert_eq!((count(Notice::Stale), count(Notice::Fresh)), (silences + 1, silences));
    println!("{silences} silences of three hours or more ended");
}

#[test]
fn real_telemetry_in_one_batch_or_in_many_gives_the_same_fleet() {
    let nominal = fleet();
    let Some(samples) = readings(&nominal) else { return };
    let end = samples.last().unwrap().at;
    let limited = |batch_size: usize| {
        let mut plane = TelemetryPlane::new(&nominal, TelemetryPolicy::default()).unwrap();
        let mut effects = Vec::new();
        for batch in samples.chunks(batch_size) {
            plane.on(end, &PlaneEvent::Samples(batch.to_vec()), &mut effects);
        }
        let mut limits = Limits::default();
        limits.gather(&effects);
        let mut fleet = nominal.clone();
        limits.apply(&mut fleet);
        let closed: Vec<(NodeIndex, ClosureCause)> = limits.closures().map(|(_, tile, cause)| (tile, cause)).collect();
        let given: Vec<Resources> = fleet.tiles().map(|tile| fleet.base_capacity(Owner::Node(tile))).collect();
        (given, closed)
    };
    let (given, closed) = limited(samples.len());
    assert_eq!(limited(1), (given.clone(), closed));
    assert_eq!(limited(997).0, given);
    for (tile, given) in nominal.tiles().zip(&given) {
        assert!(given.fits(&nominal.base_capacity(Owner::Node(tile))));
    }
    println!("power left at the end, mW: {:?}", given.iter().map(|given| given.get(Kind::Power)).collect::<Vec<_>>());
}
