//! `lessor journal`: backups, going back to one, and a look at everything that a journal holds.

pub(crate) mod error;

use std::fs::File;
use std::path::Path;

use lessor_engine::authority::INCARNATION_MAX;
use lessor_models::words::counted;
use serde::Serialize;

use crate::cli::{JournalBackupArgs, JournalRestoreArgs, JournalVerb, JournalVerifyArgs};
use crate::command_error::CommandError;
use crate::console::{say, warn};
use crate::ending::Ending;
use crate::journal::{
    Disk, FleetId, History, Incarnation, JournalOptions, Storage, back_up, copy, fleet_of, fresh_salt, raise,
    read_contents,
};
use crate::output_directory::{OutputPlace, Replace};
use crate::wire::{Records, StateReader};

use error::JournalCommandError;

/// What is said of a directory in which nothing proves the hash of the fleet's capacities.
const UNPROVEN: &str =
    "fleet-contents: of an earlier version, without a digest that proves it; the next start of the server adds one";

/// The object that `lessor journal --json` prints.
#[derive(Debug, Serialize)]
struct JournalSummary {
    fleet: String,
    incarnation: u32,
    snapshot: Option<u64>,
    sequence: u64,
    commits: u64,
    records: u64,
    bytes: u64,
    findings: Vec<String>,
}

/// Carries out `lessor journal`.
pub(crate) fn run(verb: &JournalVerb) -> Result<Ending, CommandError> {
    let (summary, json) = match verb {
        JournalVerb::Backup(args) => (backup(args)?, args.json),
        JournalVerb::Restore(args) => (restore(args)?, args.json),
        JournalVerb::Verify(args) => (verify(args)?, args.json),
    };
    tell(&summary, json);
    Ok(Ending::Done)
}

fn verify(args: &JournalVerifyArgs) -> Result<JournalSummary, JournalCommandError> {
    let history = history(&args.data)?;
    let fleet = history.fleet();
    let mut summary = read_all(history)?;
    if summary.findings.is_empty() {
        let spares = History::look_at_spares(&Disk::look(&args.data), fleet)?;
        summary.findings.extend(spares.iter().map(ToString::to_string));
    }
    Ok(summary)
}

fn backup(args: &JournalBackupArgs) -> Result<JournalSummary, JournalCommandError> {
    let from = history(&args.data)?;
    read_copy(&args.out, publish(&args.out, |to| Ok(fleet_and_findings(&back_up(from, to)?)))?)
}

fn fleet_and_findings<S: Storage>(read: &History<S>) -> (FleetId, Vec<String>) {
    (read.fleet(), read.findings().iter().map(ToString::to_string).collect())
}

/// Reads a copy. What was passed over in its journal is not in it, and is told all the same.
fn read_copy(out: &Path, (fleet, passed_over): (FleetId, Vec<String>)) -> Result<JournalSummary, JournalCommandError> {
    let summary = read_all(History::read(Disk::look(out), fleet)?)?;
    Ok(JournalSummary { findings: [passed_over, summary.findings].concat(), ..summary })
}

fn restore(args: &JournalRestoreArgs) -> Result<JournalSummary, JournalCommandError> {
    let from = history(&args.backup)?;
    let salt = fresh_salt().map_err(|source| io(Path::new("/dev/urandom"), "read", source))?;
    let copied = publish(&args.out, |to| {
        let read = copy(from, to)?;
        let former = read.incarnation();
        let next = args.incarnation.map_or(former.next(), Incarnation);
        if next <= former {
            return Err(JournalCommandError::Incarnation { asked: next.0, backup: former.0 });
        }
        if next.0 > INCARNATION_MAX {
            return Err(JournalCommandError::LastIncarnation { asked: next.0 });
        }
        raise(History::read(to.clone(), read.fleet())?, next, JournalOptions::with_salt(salt))?;
        Ok(fleet_and_findings(&read))
    })?;
    read_copy(&args.out, copied)
}

/// Fills a directory beside its place, and puts it there once it is whole and durable.
fn publish<T>(
    out: &Path,
    fill: impl FnOnce(&Disk) -> Result<T, JournalCommandError>,
) -> Result<T, JournalCommandError> {
    if out.symlink_metadata().is_ok() {
        return Err(JournalCommandError::Exists { path: out.to_owned() });
    }
    let place = OutputPlace::claim(out, Replace::Refuse, &[])?;
    let staged = place.stage()?;
    let filled = fill(&Disk::open(staged.path())?)?;
    staged.publish()?;
    let parent = out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent).and_then(|parent| parent.sync_all()).map_err(|source| io(parent, "synced", source))?;
    Ok(filled)
}

fn history(directory: &Path) -> Result<History<Disk>, JournalCommandError> {
    let disk = Disk::look(directory);
    let fleet = fleet_of(&disk)?;
    let fleet = fleet.ok_or_else(|| JournalCommandError::NoJournal { directory: directory.to_owned() })?;
    Ok(History::read(disk, fleet)?)
}

/// Reads everything, records included.
fn read_all<S: Storage>(mut history: History<S>) -> Result<JournalSummary, JournalCommandError> {
    if let Some(sequence) = history.snapshot_sequence() {
        let mut state = StateReader::default();
        while let Some(part) = history.next_part()? {
            state.part(part).map_err(|source| JournalCommandError::Record { sequence, source })?;
        }
    }
    let (mut commits, mut records, mut bytes) = (0, 0, 0);
    while let Some(commit) = history.next_commit()? {
        let sequence = commit.sequence;
        for record in Records::new(commit.payload) {
            record.map_err(|source| JournalCommandError::Record { sequence, source })?;
            records += 1;
        }
        commits += 1;
        bytes += commit.payload.len() as u64;
    }
    history.check_mark()?;
    let mut findings: Vec<String> = history.findings().iter().map(ToString::to_string).collect();
    if let Some(known) = read_contents(&history.storage)? {
        known.check(history.snapshot_sequence())?;
        if !known.is_proven {
            findings.push(UNPROVEN.to_owned());
        }
    }
    Ok(JournalSummary {
        fleet: history.fleet().to_string(),
        incarnation: history.incarnation().0,
        snapshot: history.snapshot_sequence(),
        sequence: history.sequence(),
        commits,
        records,
        bytes,
        findings,
    })
}

fn tell(summary: &JournalSummary, json: bool) {
    if json {
        return say(&serde_json::to_string(summary).expect("a summary has only strings and numbers"));
    }
    summary.findings.iter().for_each(|finding| warn(finding));
    let JournalSummary { fleet, incarnation, snapshot, sequence, commits, records, bytes, .. } = summary;
    let snapshot = snapshot.map_or("no snapshot".to_owned(), |commit| format!("a snapshot of commit {commit}"));
    let commits = counted(*commits, "commit", "commits");
    say(&format!("fleet {fleet}, incarnation {incarnation}: {snapshot}, {commits} after it up to {sequence}"));
    let (records, bytes) = (counted(*records, "record", "records"), counted(*bytes, "byte", "bytes"));
    say(&format!("{records} of {bytes} in them, all of them whole"));
}

fn io(path: &Path, what: &'static str, source: std::io::Error) -> JournalCommandError {
    JournalCommandError::Io { path: path.to_owned(), what, source }
}
