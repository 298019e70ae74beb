//! The shell without a network: grants and releases, durable, 4,096 of them under way, beside an append and `fdatasync` of the
//! same bytes; and how long a server takes to come back to a million live leases.
//!
//! `cargo bench -p lessor-benches --bench shell -- DIR`, with a directory on the device to measure, prints the tables. Run by
//! `cargo test` it is small, and only says that it works.

use std::error::Error;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lessor_api::journal::Disk;
use lessor_api::shell::{
    AnswerSink, AnswerStream, Answered, Handle, Limits, Shell, ShellOptions, UNSTATED, answer_stream,
};
use lessor_engine::authority::{Answer, Event, HolderId, LeaseId, Request, RequestId, Terms};
use lessor_engine::ledger::Draw;
use lessor_models::fleet::{ClassIndex, Fleet, FleetParts, Level, NodeColumns, Zone, ZoneKind};
use lessor_models::resources::{Kind, Resources};
use lessor_models::tile_class::TileClass;
use lessor_models::time::Span;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// How much is measured.
struct Size {
    tiles: u32,
    in_flight: u64,
    time: Duration,
    live: u64,
}

const FULL: Size = Size { tiles: 1_000, in_flight: 4_096, time: Duration::from_secs(5), live: 1_000_000 };
const SMALL: Size = Size { tiles: 10, in_flight: 64, time: Duration::from_millis(100), live: 1_000 };

fn main() -> Outcome<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let size = if args.iter().any(|arg| arg == "--bench") { FULL } else { SMALL };
    let place = args.iter().find(|arg| !arg.starts_with('-')).map_or_else(std::env::temp_dir, PathBuf::from);
    let place = place.join(format!("shell-{}", std::process::id()));
    std::fs::create_dir_all(&place)?;
    let fleet = fleet(size.tiles)?;
    throughput(&place, &fleet, &size)?;
    recovery(&place, &fleet, &size)?;
    std::fs::remove_dir_all(&place)?;
    Ok(())
}

/// Tiles in a cell in a cluster, on a feed and a loop: a lease debits five owners, two kinds of each.
fn fleet(tiles: u32) -> Outcome<Fleet> {
    let count = tiles as usize;
    let tile = Resources::UNLIMITED.with(Kind::Compute, 1 << 20).with(Kind::Power, 1 << 20).with(Kind::Accelerator, 0);
    let whole =
        Resources::UNLIMITED.with(Kind::Compute, u64::from(tiles) << 20).with(Kind::Power, u64::from(tiles) << 20);
    let zone = |kind| Zone { kind, capacity: whole, energy_price: None };
    Ok(Fleet::new(FleetParts {
        nodes: NodeColumns {
            names: ["cluster".into(), "cell".into()].into_iter().chain((0..tiles).map(|at| format!("t{at}"))).collect(),
            parents: [None, Some(0)].into_iter().chain((0..tiles).map(|_| Some(1))).collect(),
            levels: [Level::Cluster, Level::Cell].into_iter().chain((0..tiles).map(|_| Level::Tile)).collect(),
            classes: [None; 2].into_iter().chain((0..tiles).map(|_| Some(ClassIndex(0)))).collect(),
            capacities: [whole; 2].into_iter().chain((0..tiles).map(|_| tile)).collect(),
            uplink_delays_us: vec![0; count + 2],
        },
        classes: vec![TileClass::plain("plain")],
        zone_names: vec!["feed".into(), "loop".into()],
        zones: vec![zone(ZoneKind::PowerFeed), zone(ZoneKind::RadiatorLoop)],
        members: vec![(0, 1), (1, 1)],
        ..FleetParts::default()
    })?)
}

fn request(number: u64) -> Outcome<Request> {
    let draw = Resources::of(Kind::Compute, 100).with(Kind::Power, 10 + number % 50);
    let names = (HolderId::new("service-7")?, RequestId::new(&format!("request-{number}"))?);
    Ok(Request {
        first_sent: UNSTATED,
        draw: Draw::through(draw),
        ..Request::plain(names.0, names.1, Span(3_600_000_000))
    })
}

fn granted(answered: &Answered) -> Outcome<LeaseId> {
    match &answered.answer {
        Answer::Lease(lease) => Ok(lease.id),
        other => Err(format!("no lease: {other:?}").into()),
    }
}

/// Requests and releases in turn, so many under way at any time.
struct Load<'a> {
    handle: &'a Handle,
    sink: AnswerSink,
    answers: AnswerStream,
    sent: u64,
    answered: u64,
}

impl Load<'_> {
    fn new(handle: &Handle) -> Load<'_> {
        let (sink, answers) = answer_stream();
        Load { handle, sink, answers, sent: 0, answered: 0 }
    }

    fn ask(&mut self) -> Outcome<()> {
        let event = Event::Request(request(self.sent)?);
        self.sent += 1;
        Ok(self.handle.submit_to(event, 0, &self.sink)?)
    }

    /// Takes what is answered; each lease is released, or kept and another one asked for.
    fn turn(&mut self, is_released: bool, most: u64) -> Outcome<()> {
        let mut answers = Vec::new();
        self.answers.wait_many(&mut answers, 4096);
        for (tag, answered) in answers {
            self.answered += 1;
            let lease = granted(&answered)?;
            if tag == 0 && is_released {
                let event = Event::Release { holder: HolderId::new("service-7")?, lease };
                self.handle.submit_to(event, 1, &self.sink)?;
            } else if self.sent < most {
                self.ask()?;
            }
        }
        Ok(())
    }
}

fn throughput(place: &Path, fleet: &Fleet, size: &Size) -> Outcome<()> {
    let limits = Limits { snapshot_bytes: u64::MAX, ..Limits::default() };
    let options = ShellOptions { limits, ..ShellOptions::new(fleet, Terms::default(), [0; 16]) };
    let (shell, handle) = Shell::start(Disk::open(&place.join("throughput"))?, options)?;
    let mut load = Load::new(&handle);
    (0..size.in_flight).try_for_each(|_| load.ask())?;
    let began = Instant::now();
    while began.elapsed() < size.time {
        load.turn(true, u64::MAX)?;
    }
    let seconds = began.elapsed().as_secs_f64();
    let counters = handle.counters();
    let (commits, records, bytes) = (counters.commits(), counters.records(), counters.bytes());
    println!("{} answers in {seconds:.2} s with {} under way", load.answered, size.in_flight);
    println!("| | records/s | commits/s | records a commit | bytes a record | commit median us | p99 us |");
    println!("|---|---|---|---|---|---|---|");
    let times = counters.commit_times();
    row("shell", (records, commits, bytes), seconds, [500, 990].map(|share| times.permille_us(share)));
    drop(shell);
    append(place, (records, commits, bytes), size.time)
}

/// The same bytes in commits of the same size, appended and synced by one thread that does nothing else, in turns without and with
/// a mark of two slots after each: whatever else the device does hits both alike.
fn append(place: &Path, sums: (u64, u64, u64), time: Duration) -> Outcome<()> {
    let open = |name| OpenOptions::new().create_new(true).write(true).open(place.join(name));
    let (file, mark): (File, File) = (open("append")?, open("mark")?);
    mark.write_all_at(&[0; 1_024], 0)?;
    mark.sync_all()?;
    let chunk = vec![7; usize::try_from(sums.2 / sums.1.max(1))?];
    let (mut plain, mut marked, mut marks) = (Vec::new(), Vec::new(), Vec::new());
    let began = Instant::now();
    let mut turn = 0;
    while began.elapsed() < time {
        let start = Instant::now();
        file.write_all_at(&chunk, turn * chunk.len() as u64)?;
        file.sync_data()?;
        let synced = Instant::now();
        if turn % 2 == 0 {
            plain.push(synced.duration_since(start));
        } else {
            mark.write_all_at(&[7; 48], turn / 2 % 2 * 512)?;
            marks.push(synced.elapsed());
            marked.push(start.elapsed());
        }
        turn += 1;
    }
    appended("append + fdatasync", sums, plain)?;
    appended("the same and a mark", sums, marked)?;
    marks.sort_unstable();
    let nanos = |permille: usize| marks[marks.len() * permille / 1000].as_nanos();
    println!("a mark alone: median {} ns, p99 {} ns", nanos(500), nanos(990));
    Ok(())
}

fn appended(name: &str, (records, commits, bytes): (u64, u64, u64), mut times: Vec<Duration>) -> Outcome<()> {
    let seconds = times.iter().sum::<Duration>().as_secs_f64();
    times.sort_unstable();
    let micros = |permille: usize| u64::try_from(times[times.len() * permille / 1000].as_micros());
    let done = times.len() as u64;
    let row_of = (records * done / commits.max(1), done, bytes * done / commits.max(1));
    row(name, row_of, seconds, [micros(500)?, micros(990)?]);
    Ok(())
}

fn row(name: &str, (records, commits, bytes): (u64, u64, u64), seconds: f64, [median, p99]: [u64; 2]) {
    let rate = |count: u64| count as f64 / seconds;
    let each = |sum: u64, count: u64| sum as f64 / count.max(1) as f64;
    println!(
        "| {name} | {:.0} | {:.0} | {:.0} | {:.0} | {median} | {p99} |",
        rate(records),
        rate(commits),
        each(records, commits),
        each(bytes, records)
    );
}

/// A million leases, then a crash that leaves no snapshot, and then an orderly end that does.
fn recovery(place: &Path, fleet: &Fleet, size: &Size) -> Outcome<()> {
    let directory = place.join("recovery");
    let limits = Limits { snapshot_bytes: u64::MAX, ..Limits::default() };
    let start = || {
        let options = ShellOptions { limits, ..ShellOptions::new(fleet, Terms::default(), [0; 16]) };
        let began = Instant::now();
        let started = Shell::start(Disk::open(&directory)?, options)?;
        Outcome::Ok((started.0, started.1, began.elapsed().as_secs_f64()))
    };
    let (shell, handle, _) = start()?;
    let mut load = Load::new(&handle);
    (0..size.in_flight.min(size.live)).try_for_each(|_| load.ask())?;
    while load.answered < size.live {
        load.turn(false, size.live)?;
    }
    // What a crash leaves: the journal as it is now, without what an orderly end adds.
    let crashed = place.join("crashed");
    std::fs::create_dir_all(&crashed)?;
    for entry in std::fs::read_dir(&directory)? {
        let entry = entry?;
        std::fs::copy(entry.path(), crashed.join(entry.file_name()))?;
    }
    let closing = Instant::now();
    shell.close()?;
    println!("| come back to {} live leases | seconds |", size.live);
    println!("|---|---|");
    println!("| orderly end, with its snapshot | {:.2} |", closing.elapsed().as_secs_f64());
    let (shell, _, seconds) = start()?;
    println!("| from the snapshot ({} live) | {seconds:.2} |", shell.recovery().live);
    drop(shell);
    std::fs::remove_dir_all(&directory)?;
    std::fs::rename(&crashed, &directory)?;
    let (shell, _, seconds) = start()?;
    let recovery = shell.recovery();
    println!("| from {} records ({} live) | {seconds:.2} |", recovery.records, recovery.live);
    Ok(())
}
