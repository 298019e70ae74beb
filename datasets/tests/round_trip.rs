//! What is written is read back as it was, for every table.

#![allow(clippy::unwrap_used, reason = "a test stops where what it needs cannot be made")]

mod common;

use std::path::Path;

use lessor_datasets::table::{
    DatasetError, InstancePaths, TelemetryWriter, account_words, cure_words, read_certificate, read_held_back,
    read_instance, read_moves, read_placements, read_prices, read_telemetry, read_telemetry_within, read_unplaced,
    write_certificate, write_fleet_dir, write_held_back, write_moves, write_placements, write_prices, write_unplaced,
    write_zones,
};
use lessor_models::certificate::{Certificate, Dual, PiecePrice, Scope, ShapePrice};
use lessor_models::fleet::{ClassIndex, Fleet, Level, NodeIndex, Owner, ZoneIndex};
use lessor_models::instance::Instance;
use lessor_models::job::{Domain, JobIndex, Spread};
use lessor_models::objective::Weights;
use lessor_models::plan::{Blocker, Cure, HeldBack, Move, Placement, Price, Reason, Rule, Seat, Stage, Unplaced, Wait};
use lessor_models::resources::Kind;
use lessor_models::telemetry::Sample;
use lessor_models::time::{Interval, Timestamp};

fn read_back(dir: &Path) -> Instance {
    read_instance(&InstancePaths::of_directory(dir), Weights::default()).unwrap()
}

#[test]
fn a_fleet_directory_reads_back_as_the_instance_it_was_written_from() {
    let (dir, written) = (tempfile::tempdir().unwrap(), common::instance());
    write_fleet_dir(dir.path(), &written).unwrap();
    let read = read_back(dir.path());
    // Fleets have no equality of their own: their fields are compared as they print.
    assert_eq!(format!("{:?}", read.fleet()), format!("{:?}", written.fleet()));
    assert_eq!(read.jobs(), written.jobs());
    assert!(read.job_names().iter().eq(written.job_names().iter()));
    assert_eq!(read.current(), written.current());
}

#[test]
fn a_plan_is_read_as_what_runs_at_the_first_instant() {
    let (dir, instance) = (tempfile::tempdir().unwrap(), common::instance());
    write_fleet_dir(dir.path(), &instance).unwrap();
    let path = dir.path().join("placements.parquet");
    let now = instance.horizon().start;
    let placed = |job, tile, start_us: i64, devices| Placement {
        job: JobIndex(job),
        tile: NodeIndex(tile),
        start: Timestamp(now.0 + start_us),
        count: 1,
        devices,
    };
    // Jobs 0 and 2 run for 60 s and for 1 s. The second row has ended, and the fourth has not begun.
    let plan = [placed(0, 0, 0, 0b11), placed(2, 1, -1_000_000, 0), placed(2, 2, -999_999, 0), placed(0, 3, 1, 0b11)];
    write_placements(&path, &instance, &plan).unwrap();
    let seats = |read: &Instance| {
        read.current().iter().map(|current| (current.job.0, current.tile.0, current.devices)).collect::<Vec<_>>()
    };
    assert_eq!(seats(&read_back(dir.path())), [(0, 0, 0b11), (2, 2, 0)]);
    // What is gone from the fleet or from the jobs no longer runs.
    let gone = |column: &'static str| {
        common::edit(&path, |columns| {
            let (_, cells) = columns.iter_mut().find(|(name, _)| name == column).unwrap();
            *cells = std::sync::Arc::new(arrow_array::StringArray::from(vec!["gone"; plan.len()]));
        });
    };
    gone("node");
    assert_eq!(seats(&read_back(dir.path())), []);
    // Without a start the table is no plan's, and a name that is not there is refused.
    common::edit(&path, |columns| columns.retain(|(name, _)| name != "start"));
    let refused = read_instance(&InstancePaths::of_directory(dir.path()), Weights::default()).unwrap_err().to_string();
    assert!(refused.contains("row 0, column node") && refused.contains("gone"), "{refused}");
}

#[test]
fn the_same_instance_is_written_to_the_same_bytes() {
    let (first, second, instance) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), common::instance());
    write_fleet_dir(first.path(), &instance).unwrap();
    write_fleet_dir(second.path(), &read_back(first.path())).unwrap();
    for name in ["nodes", "zones", "zone_members", "capacities", "tariffs", "move_costs", "jobs", "placements"] {
        let bytes = |dir: &tempfile::TempDir| std::fs::read(dir.path().join(format!("{name}.parquet"))).unwrap();
        assert_eq!(bytes(&first), bytes(&second), "{name}");
    }
    assert_eq!(std::fs::read_dir(first.path()).unwrap().count(), 8, "nothing is left beside the tables");
}

#[test]
fn tariffs_read_back_and_an_unknown_zone_is_named() {
    let (dir, instance) = (tempfile::tempdir().unwrap(), common::instance());
    write_fleet_dir(dir.path(), &instance).unwrap();
    let (fleet, back) = (instance.fleet(), read_back(dir.path()));
    for zone in [ZoneIndex(0), ZoneIndex(1)] {
        assert_eq!(back.fleet().energy_price(zone), fleet.energy_price(zone));
        assert_eq!(back.fleet().carbon(zone), fleet.carbon(zone));
    }
    let price = fleet.energy_price(ZoneIndex(0)).unwrap();
    assert_eq!([999, 1_000, 3_000].map(|at| price.at(Timestamp(at))), [80_000, 90_000, 70_000]);
    let mut parts = common::parts();
    parts.zone_names[0] = "other".into();
    let jobs = Instance::new(Fleet::new(parts).unwrap(), vec![], vec![], Weights::default()).unwrap();
    write_zones(&dir.path().join("zones.parquet"), jobs.fleet()).unwrap();
    std::fs::remove_file(dir.path().join("zone_members.parquet")).unwrap();
    std::fs::remove_file(dir.path().join("capacities.parquet")).unwrap();
    let refused = read_instance(&InstancePaths::of_directory(dir.path()), Weights::default()).unwrap_err().to_string();
    assert!(refused.contains("tariffs.parquet") && refused.contains("column zone"), "{refused}");
}

#[test]
fn placements_and_moves_read_back() {
    let (dir, instance) = (tempfile::tempdir().unwrap(), common::instance());
    let placement = |job, tile, start, devices| Placement {
        job: JobIndex(job),
        tile: NodeIndex(tile),
        start: Timestamp(start),
        count: 1,
        devices,
    };
    let placements = vec![placement(0, 3, -7, 0b1001), placement(2, 1, 8, 0), placement(1, 0, 9, 0)];
    let path = dir.path().join("placements.parquet");
    write_placements(&path, &instance, &placements).unwrap();
    assert_eq!(read_placements(&path, &instance).unwrap(), placements);

    let seat = |tile, devices| Seat { tile: NodeIndex(tile), devices };
    let change = |wave, stage, from, to| Move { wave, stage, job: JobIndex(1), from, to, count: 4 };
    let moves = vec![
        change(0, Stage::Stop, seat(0, 0), None),
        change(1, Stage::Go, seat(1, 0), Some(seat(0, 0))),
        change(1, Stage::Pause, seat(3, 0b11), Some(seat(3, 0b101))),
        change(7, Stage::Resume, seat(3, 0b11), Some(seat(3, 1 << 63))),
    ];
    let path = dir.path().join("moves.parquet");
    write_moves(&path, &instance, &moves).unwrap();
    assert_eq!(read_moves(&path, &instance).unwrap(), moves);

    let held =
        |wait, behind| HeldBack { job: JobIndex(0), from: seat(3, 0b11), to: seat(0, 0), count: 2, wait, behind };
    let zone = ZoneIndex(1);
    let held_back = vec![
        held(Wait::Account { owner: Owner::Zone(zone), kind: Kind::Heat }, Some(JobIndex(2))),
        held(Wait::Account { owner: Owner::Node(NodeIndex(4)), kind: Kind::Compute }, None),
        held(Wait::Device { tile: NodeIndex(3) }, Some(JobIndex(1))),
        held(Wait::Turn { zone }, None),
    ];
    let path = dir.path().join("held_back.parquet");
    write_held_back(&path, &instance, &held_back).unwrap();
    assert_eq!(read_held_back(&path, &instance).unwrap(), held_back);
}

#[test]
fn limits_on_moves_and_least_locations_read_back() {
    let (dir, instance) = (tempfile::tempdir().unwrap(), common::instance());
    write_fleet_dir(dir.path(), &instance).unwrap();
    let back = read_back(dir.path());
    assert_eq!([0, 1].map(|zone| back.fleet().move_limit(ZoneIndex(zone))), [None, Some(3)]);
    assert_eq!(back.fleet().move_costs(), instance.fleet().move_costs());
    assert_eq!(back.jobs()[1].spread, Some(Spread::over(Domain::Level(Level::Tile), 1)));
}

/// 1500 of base units each: heat in milliwatts, bids in micro-credits.
#[test]
fn a_cure_reads_as_people_write_it() {
    let instance = common::instance();
    let zone = Owner::Zone(ZoneIndex(1));
    let (job, tile) = (JobIndex(2), NodeIndex(3));
    let account = account_words(instance.fleet(), zone, Kind::Heat);
    let cures = [
        Cure::Capacity { owner: zone, kind: Kind::Heat, amount: 1_500 },
        Cure::Preempt { job, tile, count: 1 },
        Cure::Preempt { job, tile, count: 2 },
        Cure::Bid(1_500),
    ];
    let (job, tile) = (instance.job_name(job), instance.fleet().name(tile));
    let words = cures.map(|cure| cure_words(&instance, cure));
    assert_eq!(words[0], format!("add 1.5 W to {account}"));
    assert_eq!(words[1], format!("preempt 1 capsule of job {job:?} on tile {tile:?}"));
    assert_eq!(words[2], format!("preempt 2 capsules of job {job:?} on tile {tile:?}"));
    assert_eq!(words[3], "bid 0.001500 credits more a capsule");
}

#[test]
fn every_kind_of_conflict_and_cure_reads_back() {
    let (dir, instance) = (tempfile::tempdir().unwrap(), common::instance());
    let (node, zone) = (Owner::Node(NodeIndex(4)), Owner::Zone(ZoneIndex(1)));
    let cures = [
        None,
        Some(Cure::Capacity { owner: zone, kind: Kind::Heat, amount: u64::MAX }),
        Some(Cure::Relax(Rule::AntiAffinity)),
        Some(Cure::Preempt { job: JobIndex(2), tile: NodeIndex(3), count: 2 }),
        Some(Cure::Start(Timestamp(5))),
        Some(Cure::Bid(6)),
    ];
    let conflict = vec![
        Blocker::Account { owner: node, kind: Kind::Power },
        Blocker::Account { owner: zone, kind: Kind::Heat },
        Blocker::Tiles { kind: Kind::Memory },
        Blocker::Rule(Rule::Gang),
    ];
    let unplaced: Vec<Unplaced> = cures
        .into_iter()
        .map(|cure| Unplaced {
            job: JobIndex(1),
            count: 9,
            reason: Reason::Fragmentation,
            conflict: if cure.is_some() { conflict.clone() } else { Vec::new() },
            cure,
            expected_start: cure.map(|_| Timestamp(7)),
        })
        .collect();
    let path = dir.path().join("unplaced.parquet");
    write_unplaced(&path, &instance, &unplaced).unwrap();
    assert_eq!(read_unplaced(&path, &instance).unwrap(), unplaced);
}

fn interval(start: i64, end: i64) -> Interval {
    Interval { start: Timestamp(start), end: Timestamp(end) }
}

#[test]
fn prices_read_back() {
    let (dir, instance) = (tempfile::tempdir().unwrap(), common::instance());
    let price = |owner, kind, price| Price { owner, kind, interval: interval(1, 2), price };
    let prices = vec![
        price(Owner::Node(NodeIndex(6)), Kind::Compute, 0),
        price(Owner::Zone(ZoneIndex(0)), Kind::Reversible, u64::MAX),
    ];
    let path = dir.path().join("prices.parquet");
    write_prices(&path, instance.fleet(), &prices).unwrap();
    assert_eq!(read_prices(&path, instance.fleet()).unwrap(), prices);
}

#[test]
fn certificates_read_back_with_and_without_pieces_and_shapes() {
    let (dir, instance) = (tempfile::tempdir().unwrap(), common::instance());
    let dual = |scope, price| Dual { scope, kind: Kind::Power, interval: interval(-3, 4), price };
    let duals = vec![
        dual(Scope::Owner(Owner::Node(NodeIndex(5))), 1),
        dual(Scope::Owner(Owner::Zone(ZoneIndex(1))), u64::MAX),
        dual(Scope::Tiles { class: ClassIndex(2), under: NodeIndex(6) }, 3),
    ];
    let piece = |class, under, milli, price| PiecePrice {
        class: ClassIndex(class),
        under: NodeIndex(under),
        milli,
        instant: Timestamp(-9),
        price,
    };
    let pieces = vec![piece(2, 6, 1_000, u64::MAX), piece(0, 5, 1, 0), piece(0, 5, 1, 7)];
    let shape = |class, under, job, price| ShapePrice {
        class: ClassIndex(class),
        under: NodeIndex(under),
        job: JobIndex(job),
        instant: Timestamp(7),
        price,
    };
    let shapes = vec![shape(1, 4, 1, u64::MAX), shape(0, 5, 0, 0)];
    for kept in 0..8 {
        let certificate = Certificate {
            duals: if kept & 1 > 0 { duals.clone() } else { Vec::new() },
            pieces: if kept & 2 > 0 { pieces.clone() } else { Vec::new() },
            shapes: if kept & 4 > 0 { shapes.clone() } else { Vec::new() },
        };
        let path = dir.path().join("certificate.parquet");
        write_certificate(&path, &instance, &certificate).unwrap();
        assert_eq!(read_certificate(&path, &instance).unwrap(), certificate);
    }
}

fn reading(tile: u32, at: i64) -> Sample {
    Sample {
        tile: NodeIndex(tile),
        at: Timestamp(at),
        power_mw: Some(1),
        temperature_mk: None,
        utilization_permille: Some(1_000),
        memory_bytes: None,
        error_count: Some(0),
        link_up: Some(false),
    }
}

#[test]
fn telemetry_reads_back_whole_and_by_time() {
    let (dir, instance) = (tempfile::tempdir().unwrap(), common::instance());
    let path = dir.path().join("telemetry.parquet");
    // More rows than one row group holds, so that the statistics of a whole group decide.
    let rows: Vec<Sample> = (0..300_000).map(|at| reading(u32::try_from(at % 4).unwrap(), at)).collect();
    let mut writer = TelemetryWriter::create(&path, instance.fleet()).unwrap();
    for row in &rows {
        writer.push(*row).unwrap();
    }
    writer.finish().unwrap();

    let mut read = Vec::new();
    read_telemetry(&path, instance.fleet(), |row| read.push(row)).unwrap();
    assert!(read == rows, "{} rows were read", read.len());
    let mut late = Vec::new();
    read_telemetry_within(&path, instance.fleet(), interval(299_990, 299_995), |row| late.push(row)).unwrap();
    assert_eq!(late, rows[299_990..299_995]);
}

#[test]
fn a_quantity_beyond_the_column_is_not_written_and_leaves_no_file() {
    let (dir, instance) = (tempfile::tempdir().unwrap(), common::instance());
    let path = dir.path().join("telemetry.parquet");
    let mut writer = TelemetryWriter::create(&path, instance.fleet()).unwrap();
    writer.push(Sample { power_mw: Some(1 << 54), ..reading(0, 0) }).unwrap();
    let refused = writer.finish().unwrap_err();
    assert!(matches!(refused, DatasetError::Unwritable { row: 0, column: "power_mw", .. }), "{refused}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_job_that_allows_part_of_a_class_name_is_not_written() {
    let (dir, (names, mut jobs)) = (tempfile::tempdir().unwrap(), common::jobs());
    jobs[0].classes = vec![ClassIndex(1)];
    let fleet = common::instance().fleet().clone();
    let instance = Instance::new(fleet, names, jobs, Weights::default()).unwrap();
    let refused = write_fleet_dir(dir.path(), &instance).unwrap_err().to_string();
    let expected = "row 0, column classes: cannot be written: names class \"plain\", but only some of the descriptors \
                    of that name";
    assert!(refused.ends_with(expected), "{refused}");
}
