//! Many leases that are live at once, without a transport in front of them: what they take of memory, snapshots included, how
//! long a server takes to come back with them, and how late their end is seen where all of them end within one second.

use std::path::Path;
use std::time::{Duration, Instant};

use lessor_engine::authority::{Answer, Change, Event, HolderId, LeaseState, Request, RequestId, Terms};
use lessor_engine::ledger::Draw;
use lessor_models::fleet::Fleet;
use lessor_models::resources::{Kind, Resources};
use lessor_models::time::{Span, Timestamp};
use serde_json::{Value, json};
use tokio::runtime::Builder;

use super::error::LeasesError;
use super::latencies::Latencies;
use crate::journal::{Disk, fresh_salt};
use crate::process::clock::span;
use crate::process::machine;
use crate::shell::{Answered, Handle, Limits, Shell, ShellError, ShellOptions, UNSTATED, WatchError, answer_stream};

/// Requests under way at once.
const IN_FLIGHT: u64 = 4_096;

/// All leases end within so long.
const STORM_US: u64 = 1_000_000;

/// Changes that are kept for the watch that sees a million leases end: it reads them in pages, each behind a commit.
const WATCHED: u32 = 1 << 21;

/// A snapshot is made once the journal grew by so many bytes, so that some are made while leases are granted.
const SNAPSHOT_BYTES: u64 = 48 << 20;

/// What was measured.
#[derive(Debug, Default)]
pub(super) struct Live {
    leases: u64,
    grant_seconds: f64,
    /// Answers to grants: 99 in 100, and the slowest, in milliseconds.
    grant_ms: (f64, f64),
    snapshots: u64,
    /// Greatest resident memory while leases were granted, and while they came back, in bytes.
    peak_bytes: (u64, u64),
    close_seconds: f64,
    recovery_seconds: f64,
    /// How late ends were worked off, and how late they were seen by a watch: 99 in 100, in milliseconds.
    late_ms: (f64, f64),
    /// Whether the watch kept up; where it did not, ends that it missed are not among the times.
    watched: u64,
    /// Requests answered while leases ended, and the slowest of them in milliseconds.
    probes: u64,
    probe_ms: f64,
}

/// Measures; the leases end `hold` after the first of them was asked for.
///
/// # Errors
/// A journal that fails, a request that is refused, or leases that would end before all were granted and recovered.
pub(super) fn measure(fleet: &Fleet, data: &Path, (leases, hold): (u64, Duration)) -> Result<Live, LeasesError> {
    let mut live = Live { leases, ..Live::default() };
    forget_peak();
    let (shell, handle) = start(fleet, data, Terms::default())?;
    let end = Timestamp(now(&handle, "begin")?.0).after(span(hold));
    let begun = Instant::now();
    let mut times = grant(&handle, leases, end)?;
    live.grant_seconds = begun.elapsed().as_secs_f64();
    live.grant_ms = (times.at_permille(990), times.at_permille(1_000));
    let begun = Instant::now();
    live.snapshots = handle.counters().snapshots();
    shell.close()?;
    live.close_seconds = begun.elapsed().as_secs_f64();
    live.peak_bytes.0 = machine::peak_memory_bytes();
    forget_peak();
    let begun = Instant::now();
    let (shell, handle) = start(fleet, data, Terms { watch_max: WATCHED, ..Terms::default() })?;
    live.recovery_seconds = begun.elapsed().as_secs_f64();
    live.peak_bytes.1 = machine::peak_memory_bytes();
    let back = shell.recovery().live as u64;
    if back < leases || now(&handle, "again")? >= end {
        return Err(LeasesError::HoldTooShort { leases, back });
    }
    storm(&handle, &mut live)?;
    shell.close()?;
    Ok(live)
}

fn start(fleet: &Fleet, data: &Path, terms: Terms) -> Result<(Shell, Handle), ShellError> {
    let salt = fresh_salt().map_err(ShellError::Thread)?;
    let limits = Limits { snapshot_bytes: SNAPSHOT_BYTES, ..Limits::default() };
    let options = ShellOptions { limits, ..ShellOptions::new(fleet, terms, salt) };
    Shell::start(Disk::open(data)?, options)
}

/// The peak of the process's memory counts from here on. Where the system does not do it, it counts from the start.
fn forget_peak() {
    drop(std::fs::write("/proc/self/clear_refs", "5"));
}

/// A wish for a little of one tile.
fn wish(name: &str, span: Span) -> Request {
    let label = "a short name is a label";
    let draw = Resources::of(Kind::Compute, 1).with(Kind::Memory, 1 << 10).with(Kind::Power, 1);
    let names = (HolderId::new("live").expect(label), RequestId::new(name).expect(label));
    Request { first_sent: UNSTATED, draw: Draw::through(draw), ..Request::plain(names.0, names.1, span) }
}

/// The engine's clock, from a lease that is granted and soon over.
fn now(handle: &Handle, name: &str) -> Result<Timestamp, LeasesError> {
    let answered = handle.submit(Event::Request(wish(name, Span(100_000)))).map_err(|full| refused(&full))?;
    Ok(answered.wait().map_err(|stopped| refused(&stopped))?.now)
}

fn refused(said: &impl std::fmt::Display) -> LeasesError {
    LeasesError::Refused { message: said.to_string() }
}

/// Grants leases that end one after another within a second before an instant; says how long answers took.
fn grant(handle: &Handle, leases: u64, end: Timestamp) -> Result<Latencies, LeasesError> {
    let (sink, mut answers) = answer_stream();
    let mut sent = vec![Instant::now(); usize::try_from(IN_FLIGHT).expect("a small number")];
    let mut times = Latencies::default();
    let (mut asked, mut answered, mut clock) = (0, 0, now(handle, "clock")?);
    let mut batch: Vec<(u64, Answered)> = Vec::new();
    while answered < leases {
        while asked < leases && asked - answered < IN_FLIGHT {
            let own_end = Timestamp(end.0.saturating_sub_unsigned(STORM_US - asked * STORM_US / leases));
            let request = wish(&format!("live-{asked}"), own_end.since(clock));
            sent[slot(asked)] = Instant::now();
            handle.submit_to(Event::Request(request), asked, &sink).map_err(|full| refused(&full))?;
            asked += 1;
        }
        answers.wait_many(&mut batch, 1_024);
        for (number, one) in batch.drain(..) {
            let Answer::Lease(_) = one.answer else { return Err(refused(&format!("{:?}", one.answer))) };
            times.push(sent[slot(number)].elapsed());
            (answered, clock) = (answered + 1, one.now);
        }
    }
    Ok(times)
}

/// Where the time is kept at which a request was sent: answers come in order, so no two under way share a place.
fn slot(number: u64) -> usize {
    usize::try_from(number % IN_FLIGHT).expect("a small number")
}

/// Watches leases end, while others are granted one after another.
fn storm(handle: &Handle, live: &mut Live) -> Result<(), LeasesError> {
    let (clock, at) = (now(handle, "storm")?, Instant::now());
    let runtime = Builder::new_current_thread().build().map_err(LeasesError::Start)?;
    let leases = live.leases;
    let (watched, probes) = std::thread::scope(|scope| {
        let watched = scope.spawn(|| runtime.block_on(watch(handle, leases, (clock, at))));
        let mut probes = Latencies::default();
        while !watched.is_finished() {
            let begun = Instant::now();
            now(handle, &format!("probe-{}", probes.count()))?;
            probes.push(begun.elapsed());
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok::<_, LeasesError>((watched.join().expect("the watch does not panic"), probes))
    })?;
    let (mut worked, mut seen) = watched?;
    let mut probes = probes;
    live.watched = worked.count() as u64;
    live.late_ms = (worked.at_permille(990), seen.at_permille(990));
    (live.probes, live.probe_ms) = (probes.count() as u64, probes.at_permille(1_000));
    Ok(())
}

/// How late ends of leases are worked off, and seen here by the engine's clock, until as many were seen or the watch falls
/// behind what is kept for it.
async fn watch(
    handle: &Handle,
    leases: u64,
    (clock, at): (Timestamp, Instant),
) -> Result<(Latencies, Latencies), LeasesError> {
    let mut watch = handle.watch(handle.revision());
    let (mut worked, mut seen) = (Latencies::default(), Latencies::default());
    while (worked.count() as u64) < leases {
        let changes = match watch.next().await {
            Ok(changes) => changes,
            Err(WatchError::OutOfRange(_)) => break,
            Err(WatchError::Stopped(stopped)) => return Err(refused(&stopped)),
        };
        let here = clock.after(span(at.elapsed()));
        for Change { at, lease, .. } in changes {
            let is_end = lease.state == LeaseState::Expired && !lease.is_returned;
            if is_end && lease.request.as_str().starts_with("live-") {
                worked.push(Duration::from_micros(at.since(lease.end).0));
                seen.push(Duration::from_micros(here.since(lease.end).0));
            }
        }
    }
    Ok((worked, seen))
}

impl Live {
    /// One JSON object.
    pub(super) fn json(&self) -> Value {
        json!({
            "leases": self.leases,
            "grants_per_second": self.leases as f64 / self.grant_seconds,
            "grant_p99_ms": self.grant_ms.0,
            "grant_slowest_ms": self.grant_ms.1,
            "snapshots": self.snapshots,
            "peak_mb": megabytes(self.peak_bytes.0),
            "recovery_peak_mb": megabytes(self.peak_bytes.1),
            "close_seconds": self.close_seconds,
            "recovery_seconds": self.recovery_seconds,
            "ends_watched": self.watched,
            "late_p99_ms": self.late_ms.0,
            "seen_late_p99_ms": self.late_ms.1,
            "probes": self.probes,
            "probe_slowest_ms": self.probe_ms,
        })
    }

    /// Lines for people.
    pub(super) fn lines(&self) -> Vec<String> {
        vec![
            format!(
                "{} leases granted at {:.0}/s with {} snapshots beside it: 99 in 100 within {:.1} ms, all within {:.1} ms; \
                 peak {:.0} MB",
                self.leases,
                self.leases as f64 / self.grant_seconds,
                self.snapshots,
                self.grant_ms.0,
                self.grant_ms.1,
                megabytes(self.peak_bytes.0)
            ),
            format!(
                "closed in {:.1} s, back in {:.1} s, peak {:.0} MB",
                self.close_seconds,
                self.recovery_seconds,
                megabytes(self.peak_bytes.1)
            ),
            format!(
                "{} ends within a second: 99 in 100 worked off {:.1} ms late and seen {:.1} ms late; {} requests answered \
                 meanwhile, all within {:.1} ms",
                self.watched, self.late_ms.0, self.late_ms.1, self.probes, self.probe_ms
            ),
        ]
    }
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
