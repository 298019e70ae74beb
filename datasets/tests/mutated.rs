//! No byte in a file can make a reader panic: it reads, or it refuses.

#![allow(clippy::unwrap_used, reason = "a test stops where what it needs cannot be made")]

mod common;

use std::fs;
use std::path::Path;

use lessor_datasets::table::{
    AwardRow, BidGood, BidRows, DatasetError, EntryRow, InstancePaths, TelemetryWriter, read_awards, read_bids,
    read_certificate, read_entries, read_held_back, read_instance, read_moves, read_placements, read_prices,
    read_telemetry, read_unplaced, write_awards, write_bids, write_certificate, write_entries, write_fleet_dir,
    write_held_back, write_moves, write_prices, write_unplaced,
};
use lessor_models::certificate::{Certificate, Dual, PiecePrice, Scope, ShapePrice};
use lessor_models::fleet::{ClassIndex, NodeIndex, Owner, ZoneIndex};
use lessor_models::instance::Instance;
use lessor_models::job::{JobIndex, ServiceClass};
use lessor_models::objective::Weights;
use lessor_models::plan::{Blocker, Cure, HeldBack, Move, Price, Reason, Rule, Seat, Stage, Unplaced, Wait};
use lessor_models::resources::Kind;
use lessor_models::telemetry::Sample;
use lessor_models::time::{Interval, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::RngSeed;

const TABLES: [&str; 17] = [
    "nodes",
    "zones",
    "zone_members",
    "capacities",
    "jobs",
    "placements",
    "moves",
    "held_back",
    "unplaced",
    "prices",
    "certificate",
    "telemetry",
    "tariffs",
    "move_costs",
    "bids",
    "awards",
    "entries",
];

fn write_all(dir: &Path, instance: &Instance) {
    write_fleet_dir(dir, instance).unwrap();
    let interval = Interval { start: Timestamp(0), end: Timestamp(1) };
    let (owner, kind) = (Owner::Zone(ZoneIndex(0)), Kind::Power);
    let path = |name: &str| dir.join(format!("{name}.parquet"));
    let seat = |tile, devices| Seat { tile: NodeIndex(tile), devices };
    let (job, from, to) = (JobIndex(0), seat(0, 0), seat(3, 1));
    let change = Move { wave: 0, stage: Stage::Go, job, from, to: Some(to), count: 1 };
    write_moves(&path("moves"), instance, &[change]).unwrap();
    let held = HeldBack { job, from, to, count: 1, wait: Wait::Turn { zone: ZoneIndex(0) }, behind: Some(JobIndex(1)) };
    write_held_back(&path("held_back"), instance, &[held]).unwrap();
    let left = Unplaced {
        job: JobIndex(0),
        count: 1,
        reason: Reason::NoHeadroom,
        conflict: vec![Blocker::Account { owner, kind }, Blocker::Rule(Rule::Band)],
        cure: Some(Cure::Capacity { owner, kind, amount: 5 }),
        expected_start: Some(Timestamp(3)),
    };
    write_unplaced(&path("unplaced"), instance, &[left]).unwrap();
    write_prices(&path("prices"), instance.fleet(), &[Price { owner, kind, interval, price: 1 }]).unwrap();
    let duals = vec![Dual { scope: Scope::Owner(owner), kind, interval, price: 1 }];
    let (class, under, instant) = (ClassIndex(0), NodeIndex(0), Timestamp(0));
    let pieces = vec![PiecePrice { class, under, milli: 500, instant, price: 1 }];
    let shapes = vec![ShapePrice { class, under, job: JobIndex(0), instant, price: 1 }];
    write_certificate(&path("certificate"), instance, &Certificate { duals, pieces, shapes }).unwrap();
    let row = Sample {
        tile: NodeIndex(0),
        at: Timestamp(0),
        power_mw: Some(1),
        temperature_mk: Some(300_000),
        utilization_permille: Some(1),
        memory_bytes: Some(1),
        error_count: Some(1),
        link_up: Some(true),
    };
    let mut writer = TelemetryWriter::create(&path("telemetry"), instance.fleet()).unwrap();
    for _ in 0..50 {
        writer.push(row).unwrap();
    }
    writer.finish().unwrap();
    write_market(dir, instance);
}

/// The tables of a market round.
fn write_market(dir: &Path, instance: &Instance) {
    let path = |name: &str| dir.join(format!("{name}.parquet"));
    let interval = Interval { start: Timestamp(0), end: Timestamp(1) };
    let good = BidGood { owner: Owner::Zone(ZoneIndex(0)), kind: Kind::Power, quantity: 5, interval };
    let bid = |name: &str, row, goods| BidRows {
        name: name.into(),
        bidder: "ann".into(),
        group: Some("either".into()),
        service: ServiceClass::C,
        amount: 7,
        is_divisible: row > 0,
        goods,
        anywhere: None,
        row,
    };
    let other = BidGood { owner: Owner::Node(NodeIndex(0)), ..good };
    write_bids(&path("bids"), instance.fleet(), &[bid("one", 0, vec![good, other]), bid("two", 2, vec![good])])
        .unwrap();
    let award = AwardRow {
        bid: "one".into(),
        bidder: "ann".into(),
        group: None,
        account_class: Some("power".into()),
        amount: 7,
        counted: 7,
        reserve: Some(1),
        node: Some("t1".into()),
        part: Some(2),
        payment: Some(3),
        reason: None,
    };
    let lost = AwardRow { node: None, part: None, payment: None, reason: Some("outbid".into()), ..award.clone() };
    write_awards(&path("awards"), &[award, lost]).unwrap();
    let entry = EntryRow {
        sequence: 1,
        round: 1,
        from: "ann".into(),
        to: "operator".into(),
        amount: 3,
        purpose: "payment".into(),
    };
    write_entries(&path("entries"), &[entry]).unwrap();
}

fn read_table(table: &str, dir: &Path, instance: &Instance) -> Result<(), DatasetError> {
    let path = dir.join(format!("{table}.parquet"));
    match table {
        "moves" => read_moves(&path, instance).map(drop),
        "held_back" => read_held_back(&path, instance).map(drop),
        "unplaced" => read_unplaced(&path, instance).map(drop),
        "prices" => read_prices(&path, instance.fleet()).map(drop),
        "certificate" => read_certificate(&path, instance).map(drop),
        "bids" => read_bids(&path, instance.fleet()).map(drop),
        "awards" => read_awards(&path).map(drop),
        "entries" => read_entries(&path).map(drop),
        "telemetry" => read_telemetry(&path, instance.fleet(), drop),
        "placements" => read_placements(&path, instance).map(drop),
        _ => read_instance(&InstancePaths::of_directory(dir), Weights::default()).map(drop),
    }
}

/// What happens to a file's bytes.
#[derive(Clone, Debug)]
enum Damage {
    /// Bytes anywhere are replaced.
    Bytes(Vec<(Index, u8)>),
    /// Bytes of the footer, where sizes, offsets and types stand, are replaced.
    Footer(Vec<(Index, u8)>),
    /// The file ends early, but with the magic of a whole one.
    Cut(Index),
    /// A run of bytes is left out.
    Gap(Index, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        vec(any::<(Index, u8)>(), 1..8).prop_map(Damage::Bytes),
        vec(any::<(Index, u8)>(), 1..4).prop_map(Damage::Footer),
        any::<Index>().prop_map(Damage::Cut),
        (any::<Index>(), 1usize..64).prop_map(|(at, length)| Damage::Gap(at, length)),
    ]
}

fn apply(damage: &Damage, bytes: &mut Vec<u8>) {
    let whole = bytes.len();
    match damage {
        Damage::Bytes(edits) => {
            for (at, byte) in edits {
                bytes[at.index(whole)] = *byte;
            }
        }
        Damage::Footer(edits) => {
            // The last eight bytes are the footer's length and the magic.
            let stated = u32::from_le_bytes(bytes[whole - 8..whole - 4].try_into().unwrap());
            let length = usize::try_from(stated).unwrap();
            for (at, byte) in edits {
                bytes[whole - 8 - length + at.index(length)] = *byte;
            }
        }
        Damage::Cut(at) => {
            bytes.truncate(at.index(whole));
            bytes.extend_from_slice(b"PAR1");
        }
        Damage::Gap(at, length) => {
            let start = at.index(whole);
            bytes.drain(start..whole.min(start + length));
        }
    }
}

#[test]
fn damaged_files_are_read_or_refused_and_never_panic() {
    let (dir, instance) = (tempfile::tempdir().unwrap(), common::instance());
    write_all(dir.path(), &instance);
    let path = |table: usize| dir.path().join(format!("{}.parquet", TABLES[table]));
    let packed: Vec<Vec<u8>> = (0..TABLES.len()).map(|table| fs::read(path(table)).unwrap()).collect();
    // Without compression, damage reaches the decoders instead of failing to unpack.
    for table in 0..TABLES.len() {
        common::edit(&path(table), |_| ());
    }
    let plain: Vec<Vec<u8>> = (0..TABLES.len()).map(|table| fs::read(path(table)).unwrap()).collect();
    let usual = ProptestConfig::default();
    // More can be asked for by the environment, as for any property test.
    let cases = usual.cases.max(5_000);
    let config = ProptestConfig { cases, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..usual };
    proptest!(config, |(table in 0..TABLES.len(), is_packed in any::<bool>(), damage in damage())| {
        let whole = if is_packed { &packed[table] } else { &plain[table] };
        let mut bytes = whole.clone();
        apply(&damage, &mut bytes);
        fs::write(path(table), &bytes).unwrap();
        // The outcome is either; what is tested is that there is one.
        let outcome = read_table(TABLES[table], dir.path(), &instance);
        if let Err(refused) = &outcome {
            let message = refused.to_string();
            prop_assert!(message.contains(".parquet: ") || message.contains("refused"), "{message}");
        }
        fs::write(path(table), whole).unwrap();
    });
}
