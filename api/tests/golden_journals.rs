//! Journals of every format version, as the program of that version wrote them: each is read to its end, carried out, and leads
//! to the leases that it led to then.
//!
//! `LESSOR_WRITE_GOLDEN=1 cargo test --release -p lessor-api --test golden_journals` writes the journal of today's version,
//! where there is none yet. One that is there is never written again: it is what users have.

#![expect(clippy::unwrap_used, reason = "the helpers of tests unwrap as tests do")]

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use lessor_api::journal::{CommitBuffer, Disk, FORMAT_VERSION, History, Journal, JournalOptions, write_contents};
use lessor_api::shell::{Shell, ShellOptions, fleet_contents, fleet_id};
use lessor_api::wire::{Record, RecordRef, Records, StatePart, StateReader, write_state};
use lessor_engine::authority::{
    Authority, Event, FenceKey, Filter, HolderId, LeaseId, Money, PriceList, Renewal, Request, RequestId, Scope,
    Snapshot, Terms, Version,
};
use lessor_engine::ledger::{Account, Devices, Draw, FloorShares, Floors};
use lessor_engine::plane::{ClosureCause, PlaneEffect, PlaneName};
use lessor_market::posted::{Listing, Steering, UnitPrice};
use lessor_models::fleet::{
    ClassIndex, Fleet, FleetParts, Level, NodeColumns, NodeIndex, Owner, Zone, ZoneIndex, ZoneKind,
};
use lessor_models::job::ServiceClass;
use lessor_models::resources::{Kind, Resources};
use lessor_models::tile_class::TileClass;
use lessor_models::time::{Span, Timestamp};

const OPTIONS: JournalOptions = JournalOptions { segment_bytes: 2_000, salt: *b"golden journals!" };

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// A cell of four tiles of two devices, on a feed.
fn fleet() -> Fleet {
    let tile = Resources::UNLIMITED.with(Kind::Compute, 100).with(Kind::Power, 100).with(Kind::Accelerator, 2_000);
    let open = Resources::UNLIMITED;
    Fleet::new(FleetParts {
        nodes: NodeColumns {
            names: ["cell", "a", "b", "c", "d"].map(String::from).to_vec(),
            parents: vec![None, Some(0), Some(0), Some(0), Some(0)],
            levels: [Level::Cell].into_iter().chain([Level::Tile; 4]).collect(),
            classes: [None].into_iter().chain([Some(ClassIndex(0)); 4]).collect(),
            capacities: [open].into_iter().chain([tile; 4]).collect(),
            uplink_delays_us: vec![0; 5],
        },
        classes: vec![TileClass { devices: 2, ..TileClass::plain("plain") }],
        zone_names: vec!["feed".into()],
        zones: vec![Zone { kind: ZoneKind::PowerFeed, capacity: open.with(Kind::Power, 300), energy_price: None }],
        members: vec![(0, 0)],
        ..FleetParts::default()
    })
    .unwrap()
}

fn request(holder: &str, name: &str, compute: u64, at: Timestamp) -> Request {
    let names = (HolderId::new(holder).unwrap(), RequestId::new(name).unwrap());
    Request {
        first_sent: at,
        draw: Draw::through(Resources::of(Kind::Compute, compute).with(Kind::Power, compute)),
        class: ServiceClass::D,
        ..Request::plain(names.0, names.1, Span(1_000_000_000))
    }
}

/// Something of everything, second by second: what is kept how long, grants, a gang, devices and keys, a renewal, releases,
/// refusals, a displacement, planes, floors, drains, a fence, and time.
fn script(second: i64) -> Event {
    let now = Timestamp(second * 1_000_000);
    let wish = |name: &str, compute| request("alpha", name, compute, now);
    let lease = |id| LeaseId(id);
    let holder = HolderId::new("alpha").unwrap();
    match second {
        0 => Event::Retain(terms().retention()),
        1 => Event::Request(wish("one", 10)),
        2 => Event::Request(Request { count: 3, ..wish("gang", 20) }),
        3 => Event::Request(Request {
            devices: Devices { count: 1, milli: 600 },
            fence_keys: vec![FenceKey::new("capsule/7").unwrap(), FenceKey::new("link").unwrap()],
            scope: Scope::Under(NodeIndex(2)),
            ..wish("devices", 5)
        }),
        4 => Event::Renew(Renewal {
            holder,
            lease: lease(1),
            version: Version(1),
            end: Timestamp(1_500_000_000),
            bid: Some(Money(1 << 40)),
        }),
        5 => Event::Release { holder, lease: lease(2) },
        6 => Event::Request(wish("too-much", 1_000)),
        7 => Event::Request(Request { scope: Scope::Under(NodeIndex(99)), ..wish("nowhere", 1) }),
        8 => Event::Plane(PlaneEffect::Limit {
            plane: PlaneName::Telemetry,
            version: 1,
            owner: Owner::Node(NodeIndex(3)),
            most: Resources::UNLIMITED.with(Kind::Power, 60),
        }),
        9 => Event::Plane(PlaneEffect::Closure {
            plane: PlaneName::Telemetry,
            version: 2,
            tile: NodeIndex(4),
            cause: Some(ClosureCause::TooHot),
        }),
        10 => Event::Floors {
            owner: Owner::Node(NodeIndex(1)),
            floors: Floors { a: Resources::of(Kind::Compute, 7), b: Resources::of(Kind::Compute, 3) },
        },
        11..=13 => Event::Request(Request { scope: Scope::Under(NodeIndex(3)), ..wish(&format!("fill-{second}"), 15) }),
        14 => Event::FloorShares {
            owner: Owner::Zone(ZoneIndex(0)),
            shares: FloorShares { a: Resources::of(Kind::Power, 100), b: Resources::of(Kind::Power, 50) },
        },
        15 => Event::Checkpoint { holder, lease: lease(1) },
        16 => Event::Request(Request {
            class: ServiceClass::A,
            bid: Some(Money(1 << 50)),
            scope: Scope::Under(NodeIndex(3)),
            ..wish("urgent", 50)
        }),
        17 => Event::Drain { node: NodeIndex(2), by: Some(Timestamp(40_000_000)) },
        18 => Event::Revoke { lease: lease(1), notice: Some(Span(2_000_000)) },
        19 => Event::Request(wish("one", 10)),
        20 => Event::Request(wish("one", 11)),
        30 => Event::Drain { node: NodeIndex(2), by: None },
        _ => Event::Tick,
    }
}

fn terms() -> Terms {
    Terms { unit_prices: lessor_engine::authority::UnitPrices([1 << 40; Kind::COUNT]), ..Terms::default() }
}

/// Posted prices on the feed, from version 2 on; what leases were sold for before stands in their records.
fn prices() -> PriceList {
    let steering = Steering {
        target_permille: 100,
        gain_permille: 500,
        step_max_permille: 125,
        newest_permille: 1_000,
        elasticity_permille: 3_500,
    };
    let start = UnitPrice::from_stated(1_000);
    let listing = Listing { steering, start, reserve: start, cap: UnitPrice::from_stated(1_000_000) };
    let feed = Account { owner: Owner::Zone(ZoneIndex(0)), kind: Kind::Power };
    PriceList { listings: vec![(feed, listing)], reserves: Vec::new(), period: Span(10_000_000) }
}

/// Writes the journal of today's version: commits of one to three records, a snapshot in the middle.
fn write(directory: &Path) {
    let fleet = fleet();
    let disk = Disk::open(directory).unwrap();
    write_contents(&disk, fleet_contents(&fleet), 0).unwrap();
    let history = History::read(disk, fleet_id(&fleet)).unwrap();
    let mut journal = Journal::open(history, fleet_id(&fleet), OPTIONS).unwrap();
    let mut authority = Authority::new(&fleet, terms(), Timestamp(0)).unwrap().with_prices(&prices());
    let mut commit = CommitBuffer::default();
    for second in 0..60 {
        let (now, event) = (Timestamp(second * 1_000_000), script(second));
        let decision = authority.apply(now, &event, &mut Vec::new());
        if decision.is_journaled() {
            commit.record(|out| RecordRef { now, event: &event, decision: &decision }.write(out));
        }
        if second % 3 == 2 || second % 5 == 0 {
            journal.append(&mut commit).unwrap();
            commit.clear();
        }
        if second == 20 {
            let mut writer = journal.snapshot().unwrap();
            write_state(authority.snapshot(), |part| writer.part(part)).unwrap();
            writer.finish().unwrap();
        }
    }
    journal.append(&mut commit).unwrap();
    journal.close().unwrap();
    fs::remove_file(directory.join("lock")).unwrap();
}

/// What a server that starts on the journal holds, in words.
fn leases(directory: &Path) -> String {
    let fleet = fleet();
    let options = ShellOptions { prices: prices(), ..ShellOptions::new(&fleet, terms(), [0; 16]) };
    let (_shell, handle) = Shell::start(Disk::open(directory).unwrap(), options).unwrap();
    let seen = handle.read(ServiceClass::C, |view| {
        let filter = Filter { holder: Some(HolderId::new("alpha").unwrap()), ..Filter::default() };
        (view.revision(), view.balance(&HolderId::new("alpha").unwrap()), view.leases(None, &filter, 100).leases)
    });
    let (revision, balance, leases) = seen.unwrap().wait().unwrap();
    let mut text = format!("revision {revision}, balance {balance}\n");
    for lease in leases {
        let (id, node, version, token) = (lease.id, lease.node.0, lease.version.0, lease.token.0);
        let (start, end, price) = (lease.start.0, lease.end.0, lease.price.0);
        let (state, devices, back) = (lease.state.name(), lease.device_mask, lease.is_returned);
        writeln!(
            text,
            "{} {id} on {node} devices {devices:#b}: {state} v{version} t{token} [{start}, {end}) {price} back {back}",
            lease.request
        )
        .unwrap();
    }
    text
}

fn copied(from: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    copy
}

fn versions() -> Vec<(u32, PathBuf)> {
    (1..=FORMAT_VERSION).map(|version| (version, golden().join(format!("v{version}")))).collect()
}

#[test]
fn a_journal_of_every_version_leads_to_the_leases_that_it_led_to_then() {
    let today = golden().join(format!("v{FORMAT_VERSION}"));
    if std::env::var_os("LESSOR_WRITE_GOLDEN").is_some() && !today.exists() {
        let fresh = tempfile::tempdir_in(golden()).unwrap();
        write(fresh.path());
        fs::write(golden().join(format!("v{FORMAT_VERSION}.txt")), leases(copied(fresh.path()).path())).unwrap();
        fs::rename(fresh.keep(), &today).unwrap();
    }
    for (version, directory) in versions() {
        let expected = fs::read_to_string(golden().join(format!("v{version}.txt"))).unwrap();
        assert_eq!(leases(copied(&directory).path()), expected, "version {version}");
        // The journal from its first commit leads to the same.
        let copy = copied(&directory);
        for entry in fs::read_dir(copy.path()).unwrap().map(Result::unwrap) {
            if entry.path().extension().is_some_and(|extension| extension == "snapshot") {
                fs::remove_file(entry.path()).unwrap();
            }
        }
        assert_eq!(leases(copy.path()), expected, "version {version} without its snapshot");
    }
}

/// A journal of before there were marks is given one when a server first opens it, and does not do without from then on.
#[test]
fn a_journal_of_an_earlier_version_is_given_a_mark_once() {
    for version in 1..5 {
        let copy = copied(&golden().join(format!("v{version}")));
        leases(copy.path());
        leases(copy.path());
        fs::remove_file(copy.path().join("journal-mark")).unwrap();
        let fleet = fleet();
        let options = ShellOptions { prices: prices(), ..ShellOptions::new(&fleet, terms(), [0; 16]) };
        let refused = Shell::start(Disk::open(copy.path()).unwrap(), options).unwrap_err();
        assert!(refused.to_string().starts_with("journal-mark: missing"), "version {version}: {refused}");
    }
}

/// A journal of before capacities were remembered is taken with the fleet of its first start here, and does not do without from
/// then on.
#[test]
fn a_journal_of_an_earlier_version_remembers_its_fleet_once() {
    for version in 1..6 {
        let copy = copied(&golden().join(format!("v{version}")));
        leases(copy.path());
        leases(copy.path());
        fs::remove_file(copy.path().join("fleet-contents")).unwrap();
        let fleet = fleet();
        let options = ShellOptions { prices: prices(), ..ShellOptions::new(&fleet, terms(), [0; 16]) };
        let refused = Shell::start(Disk::open(copy.path()).unwrap(), options).unwrap_err();
        assert!(refused.to_string().starts_with("fleet-contents: missing"), "version {version}: {refused}");
    }
}

/// A change of the form of any record or state that does not raise the version fails here.
#[test]
fn what_this_version_wrote_it_would_write_again() {
    let directory = golden().join(format!("v{FORMAT_VERSION}"));
    let copy = copied(&directory);
    let mut history = History::read(Disk::open(copy.path()).unwrap(), fleet_id(&fleet())).unwrap();
    let (mut reader, mut state) = (StateReader::default(), None);
    let mut parts = Vec::new();
    while let Some(part) = history.next_part().unwrap() {
        match reader.part(part).unwrap() {
            StatePart::Head(head) => state = Some(*head),
            StatePart::Piece(piece) => Snapshot::append(state.as_mut().unwrap(), piece),
        }
        parts.push(part.to_vec());
    }
    let mut again = Vec::new();
    let written = write_state(state.unwrap(), |part| {
        again.push(part.to_vec());
        Ok::<(), std::convert::Infallible>(())
    });
    assert!(written.is_ok() && again == parts, "the state is written otherwise");
    let mut count = 0;
    while let Some(commit) = history.next_commit().unwrap() {
        let mut again = Vec::new();
        for record in Records::new(commit.payload) {
            let Record { now, event, decision } = record.unwrap();
            RecordRef { now, event: &event, decision: &decision }.write(&mut again);
            count += 1;
        }
        assert_eq!(again, commit.payload, "commit {} is written otherwise", commit.sequence);
    }
    assert!(count > 20, "{count} records after the snapshot");
}

#[test]
fn the_script_of_the_golden_journal_reaches_every_event_and_decision() {
    let copy = copied(&golden().join(format!("v{FORMAT_VERSION}")));
    for entry in fs::read_dir(copy.path()).unwrap().map(Result::unwrap) {
        if entry.path().extension().is_some_and(|extension| extension == "snapshot") {
            fs::remove_file(entry.path()).unwrap();
        }
    }
    let mut history = History::read(Disk::open(copy.path()).unwrap(), fleet_id(&fleet())).unwrap();
    let mut seen = std::collections::BTreeSet::new();
    while let Some(commit) = history.next_commit().unwrap() {
        for record in Records::new(commit.payload) {
            let Record { event, decision, .. } = record.unwrap();
            let word = |text: String| text.split([' ', '(', '{']).next().unwrap().to_owned();
            seen.insert(word(format!("{event:?}")));
            seen.insert(word(format!("{decision:?}")));
        }
    }
    let all = [
        "Tick",
        "Request",
        "Renew",
        "Release",
        "Revoke",
        "Checkpoint",
        "Plane",
        "Drain",
        "Floors",
        "FloorShares",
        "Retain",
        "Ticked",
        "Granted",
        "Offered",
        "Renewed",
        "Released",
        "Accepted",
        "Refused",
    ];
    for word in all {
        assert!(seen.contains(word), "no {word} among {seen:?}");
    }
}
