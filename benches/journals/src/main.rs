//! Group commits of small records, durable, on three ways to keep a journal: an append log (one write, one `fdatasync`), redb
//! (one transaction a commit) and fjall (one batch a commit, persisted).
//!
//! `cargo run --release -- DIR` prints a table: records a second, and the median and the 99th percentile of a commit. The three
//! take turns, commit by commit, so that whatever else the machine does hits all of them alike.

use std::error::Error;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// Bytes of a record: what a request with its decision takes.
const RECORD_BYTES: usize = 100;

/// Commits of each size on each.
const COMMITS: usize = 200;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// One way to keep a journal.
trait Keeper {
    fn name(&self) -> &'static str;

    /// Makes records durable, numbered from `first`.
    fn commit(&mut self, first: u64, records: &[[u8; RECORD_BYTES]]) -> Outcome<()>;
}

struct AppendLog {
    file: File,
    at: u64,
    buffer: Vec<u8>,
}

impl Keeper for AppendLog {
    fn name(&self) -> &'static str {
        "append log"
    }

    fn commit(&mut self, first: u64, records: &[[u8; RECORD_BYTES]]) -> Outcome<()> {
        self.buffer.clear();
        self.buffer.extend_from_slice(&first.to_le_bytes());
        records.iter().for_each(|record| self.buffer.extend_from_slice(record));
        self.file.write_all_at(&self.buffer, self.at)?;
        self.at += self.buffer.len() as u64;
        self.file.sync_data()?;
        Ok(())
    }
}

const TABLE: redb::TableDefinition<'_, u64, &[u8]> = redb::TableDefinition::new("journal");

struct Redb(redb::Database);

impl Keeper for Redb {
    fn name(&self) -> &'static str {
        "redb, a value a record"
    }

    fn commit(&mut self, first: u64, records: &[[u8; RECORD_BYTES]]) -> Outcome<()> {
        let write = self.0.begin_write()?;
        {
            let mut table = write.open_table(TABLE)?;
            for (number, record) in (first..).zip(records) {
                table.insert(number, record.as_slice())?;
            }
        }
        write.commit()?;
        Ok(())
    }
}

struct RedbWhole(redb::Database);

impl Keeper for RedbWhole {
    fn name(&self) -> &'static str {
        "redb, a value a commit"
    }

    fn commit(&mut self, first: u64, records: &[[u8; RECORD_BYTES]]) -> Outcome<()> {
        let write = self.0.begin_write()?;
        write.open_table(TABLE)?.insert(first, records.concat().as_slice())?;
        write.commit()?;
        Ok(())
    }
}

struct Fjall {
    database: fjall::Database,
    keyspace: fjall::Keyspace,
}

impl Keeper for Fjall {
    fn name(&self) -> &'static str {
        "fjall, a value a commit"
    }

    fn commit(&mut self, first: u64, records: &[[u8; RECORD_BYTES]]) -> Outcome<()> {
        self.keyspace.insert(first.to_be_bytes(), records.concat())?;
        self.database.persist(fjall::PersistMode::SyncData)?;
        Ok(())
    }
}

fn main() -> Outcome<()> {
    let directory = std::env::args().nth(1).ok_or("give a directory on the device to measure")?;
    let directory = Path::new(&directory).join(format!("journals-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    println!("{RECORD_BYTES} bytes a record, {COMMITS} commits each, in turns");
    println!("| records a commit | journal | records/s | commit median ms | p99 ms |");
    println!("|---|---|---|---|---|");
    for size in [1, 10, 100, 1000, 4000] {
        measure(&directory.join(size.to_string()), size)?;
    }
    std::fs::remove_dir_all(&directory)?;
    Ok(())
}

fn measure(directory: &Path, size: usize) -> Outcome<()> {
    std::fs::create_dir_all(directory)?;
    let mut options = OpenOptions::new();
    let file = options.create_new(true).read(true).write(true).open(directory.join("log"))?;
    let database = fjall::Database::builder(directory.join("fjall")).open()?;
    let keyspace = database.keyspace("journal", fjall::KeyspaceCreateOptions::default)?;
    let mut keepers: Vec<Box<dyn Keeper>> = vec![
        Box::new(AppendLog { file, at: 0, buffer: Vec::new() }),
        Box::new(Redb(redb::Database::create(directory.join("redb"))?)),
        Box::new(RedbWhole(redb::Database::create(directory.join("redb-whole"))?)),
        Box::new(Fjall { database, keyspace }),
    ];
    let records: Vec<[u8; RECORD_BYTES]> = (0..size).map(record).collect();
    let mut times = vec![Vec::new(); keepers.len()];
    for commit in 0..COMMITS {
        for (keeper, times) in keepers.iter_mut().zip(&mut times) {
            let began = Instant::now();
            keeper.commit((commit * size) as u64, &records)?;
            times.push(began.elapsed());
        }
    }
    for (keeper, times) in keepers.iter().zip(&mut times) {
        times.sort_unstable();
        let total: Duration = times.iter().sum();
        let rate = (size * COMMITS) as f64 / total.as_secs_f64();
        let millis = |permille: usize| times[times.len() * permille / 1000].as_secs_f64() * 1e3;
        println!("| {size} | {} | {rate:.0} | {:.2} | {:.2} |", keeper.name(), millis(500), millis(990));
    }
    Ok(())
}

/// Bytes that do not compress.
fn record(number: usize) -> [u8; RECORD_BYTES] {
    let mut state = number as u64 + 1;
    std::array::from_fn(|_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    })
}
