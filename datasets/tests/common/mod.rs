//! A small instance that uses every column, and files made from it with one thing changed.

#![allow(dead_code, reason = "each test file uses its own part of this module")]

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{Field, Schema};
use lessor_models::fleet::{
    ClassIndex, Fleet, FleetParts, Level, NodeColumns, NodeIndex, Owner, TariffSteps, Zone, ZoneIndex, ZoneKind,
};
use lessor_models::instance::Instance;
use lessor_models::job::{Domain, Job, JobIndex, Relation, ServiceClass, Spread, Term};
use lessor_models::objective::Weights;
use lessor_models::plan::CurrentPlacement;
use lessor_models::resources::{Kind, Resources, UNLIMITED};
use lessor_models::tile_class::{Band, OperationType, Radiator, TileClass};
use lessor_models::time::{Span, Timestamp};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

/// A class with every field off its default.
fn class(name: &str, devices: u8) -> TileClass {
    TileClass {
        name: name.into(),
        band: Band { low_mk: 280_000, high_mk: 330_000 },
        energy_uj_per_mop: [3, 2, 1],
        device_power_mw: 250_000,
        idle_power_mw: 40_000,
        heat_permille: 950,
        devices,
        rate_permille: 1_500,
        faults_per_gigahour: 7,
        radiator: Some(Radiator { area_cm2: 20_000, flux_max_mw_per_m2: 350_000 }),
    }
}

fn limits(amount: u64) -> Resources {
    Resources([amount; Kind::COUNT]).with(Kind::Storage, UNLIMITED)
}

/// A layer over two cells of two tiles; the children stand before their parents.
pub(crate) fn parts() -> FleetParts {
    let nodes = NodeColumns {
        names: ["t1", "t2", "t3", "t4", "c1", "c2", "top"].map(String::from).to_vec(),
        parents: vec![Some(4), Some(4), Some(5), Some(5), Some(6), Some(6), None],
        levels: vec![Level::Tile, Level::Tile, Level::Tile, Level::Tile, Level::Cell, Level::Cell, Level::Layer],
        classes: vec![
            Some(ClassIndex(0)),
            Some(ClassIndex(1)),
            Some(ClassIndex(2)),
            Some(ClassIndex(0)),
            None,
            None,
            None,
        ],
        capacities: vec![
            limits(900).with(Kind::Accelerator, 4_000),
            limits(900).with(Kind::Accelerator, 0),
            limits(800).with(Kind::Accelerator, 0),
            limits(900).with(Kind::Accelerator, 3_000),
            limits(5_000),
            limits(5_000),
            Resources::UNLIMITED,
        ],
        uplink_delays_us: vec![1, 2, 3, 4, 50, 60, 0],
    };
    let other_plain = TileClass { radiator: None, ..class("plain", 0) };
    let zones = vec![
        Zone { kind: ZoneKind::PowerFeed, capacity: limits(7_000), energy_price: Some(80_000) },
        Zone { kind: ZoneKind::RadiatorLoop, capacity: Resources::UNLIMITED, energy_price: None },
    ];
    let owner = |zone| (Owner::Zone(ZoneIndex(zone)), Kind::Power);
    let steps = BTreeMap::from([
        (owner(0), vec![(Timestamp(1_000), 10), (Timestamp(2_000), UNLIMITED)]),
        ((Owner::Node(NodeIndex(4)), Kind::Bandwidth), vec![(Timestamp(-5), 0)]),
    ]);
    let tariff = TariffSteps {
        energy_price: vec![(Timestamp(1_000), 90_000), (Timestamp(3_000), 70_000)],
        carbon: vec![(Timestamp(-9), 350_000), (Timestamp(3_000), 20_000)],
    };
    FleetParts {
        nodes,
        classes: vec![class("gpu", 4), class("plain", 0), other_plain],
        zone_names: vec!["feed".into(), "loop:a".into()],
        zones,
        members: vec![(0, 4), (0, 2), (1, 0), (1, 2)],
        steps,
        tariffs: BTreeMap::from([(ZoneIndex(0), tariff)]),
        move_limits: BTreeMap::from([(ZoneIndex(1), 3)]),
        move_costs: BTreeMap::from([((NodeIndex(0), NodeIndex(6)), 5), ((NodeIndex(4), NodeIndex(4)), 1 << 53)]),
    }
}

/// Three jobs: one that sets every field, one of work, one of defaults.
pub(crate) fn jobs() -> (Vec<String>, Vec<Job>) {
    let mut full = Job::empty(Timestamp(1_700_000_000_000_000), Span(60_000_000));
    full.count = 3;
    full.gang_min = 2;
    full.bid = 5_000_000;
    full.wanted = 3;
    full.bonus = 77;
    full.service = ServiceClass::B;
    full.demand.compute_mops = 10;
    full.demand.operation = OperationType::Matrix;
    full.demand.memory_bytes = 20;
    full.demand.bandwidth_bps = [5, 4, 3, 2, 1];
    full.demand.power_mw = 6;
    full.demand.heat_mw = 7;
    full.demand.storage_bytes = 8;
    full.demand.reversible_mops = 9;
    full.demand.devices = 2;
    full.demand.device_milli = 500;
    full.deadline = full.earliest.after(Span(120_000_000));
    full.band = Some(Band { low_mk: 270_000, high_mk: 340_000 });
    full.classes = vec![ClassIndex(0), ClassIndex(1), ClassIndex(2)];
    full.spread = Some(Spread::at_most(Domain::Zone(ZoneKind::PowerFeed), 2));
    full.affinity = Some(Relation { job: JobIndex(2), domain: Domain::Level(Level::Cell) });
    full.anti_affinity = Some(Relation { job: JobIndex(1), domain: Domain::Level(Level::Tile) });
    full.locality = Some(NodeIndex(6));
    full.data = Some(NodeIndex(5));
    full.latency_max_us = Some(1_000);
    full.preemptible = true;
    full.checkpoint = Some(Span(11));
    full.move_cost = 12;
    full.move_cost_once = 13;
    let mut work = Job::empty(Timestamp(1_700_000_000_000_000), Span(1));
    work.term = Term::Work(1_000);
    work.spread = Some(Spread::over(Domain::Level(Level::Tile), 1));
    work.demand.compute_mops = 10;
    work.deadline = work.earliest.after(Span(100_000_000));
    let plain = Job::empty(Timestamp(1_700_000_000_000_000), Span(1_000_000));
    (["full", "work", "plain"].map(String::from).to_vec(), vec![full, work, plain])
}

/// The whole instance, with one capsule already running on two devices.
pub(crate) fn instance() -> Instance {
    let (names, jobs) = jobs();
    let instance = Instance::new(Fleet::new(parts()).unwrap(), names, jobs, Weights::default()).unwrap();
    let running =
        |job, tile, devices| CurrentPlacement { job: JobIndex(job), tile: NodeIndex(tile), count: 1, devices };
    instance.with_current(vec![running(0, 0, 0b1010), running(1, 2, 0)]).unwrap()
}

/// Columns of a file that is about to be written again.
pub(crate) type NamedColumns = Vec<(String, ArrayRef)>;

/// Reads a table's columns, lets them be changed, and writes them back without any metadata of ours.
pub(crate) fn edit(path: &Path, change: impl FnOnce(&mut NamedColumns)) {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap().build().unwrap();
    let batch = reader.into_iter().next().unwrap().unwrap();
    let names = batch.schema().fields().iter().map(|field| field.name().clone()).collect::<Vec<String>>();
    let mut columns: NamedColumns = names.into_iter().zip(batch.columns().iter().cloned()).collect();
    change(&mut columns);
    write(path, columns);
}

/// Writes columns as a file made by hand would be.
pub(crate) fn write(path: &Path, columns: NamedColumns) {
    write_labeled(path, columns, None);
}

/// Writes columns with one entry of key-value metadata, where one is given.
pub(crate) fn write_labeled(path: &Path, columns: NamedColumns, label: Option<(&str, &str)>) {
    let fields = columns.iter().map(|(name, array)| Field::new(name, array.data_type().clone(), true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<Field>>()));
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    let batch = RecordBatch::try_new(schema.clone(), arrays).unwrap();
    let entries = label.map(|(key, value)| vec![KeyValue::new(key.to_owned(), value.to_owned())]);
    let properties = WriterProperties::builder().set_key_value_metadata(entries).build();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), schema, Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}
