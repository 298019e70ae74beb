//! `lessor journal` on the journal of a small fleet: backups of a server that runs, and going back to one.

#![expect(clippy::unwrap_used, reason = "the helpers of tests unwrap as tests do")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Mutex;

use lessor_api::journal::{Disk, History, Incarnation, JournalError, fleet_of};
use lessor_api::shell::{Answered, Handle, Shell, ShellOptions, UNSTATED, WatchError};
use lessor_engine::authority::{Answer, Event, HolderId, Lease, Request, RequestId, Terms};
use lessor_engine::ledger::Draw;
use lessor_models::fleet::{ClassIndex, Fleet, FleetParts, Level, NodeColumns};
use lessor_models::job::ServiceClass;
use lessor_models::resources::{Kind, Resources};
use lessor_models::tile_class::TileClass;
use lessor_models::time::Span;

/// Held by each test: a child process holds whatever was locked when it was made, until it has become its program.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A tile alone.
fn fleet() -> Fleet {
    Fleet::new(FleetParts {
        nodes: NodeColumns {
            names: vec!["tile".into()],
            parents: vec![None],
            levels: vec![Level::Tile],
            classes: vec![Some(ClassIndex(0))],
            capacities: vec![Resources::UNLIMITED.with(Kind::Accelerator, 0)],
            uplink_delays_us: vec![0],
        },
        classes: vec![TileClass::plain("plain")],
        ..FleetParts::default()
    })
    .unwrap()
}

fn start(directory: &Path) -> (Shell, Handle) {
    let fleet = fleet();
    let options = ShellOptions::new(&fleet, Terms::default(), [3; 16]);
    Shell::start(Disk::open(directory).unwrap(), options).unwrap()
}

fn grant(handle: &Handle, name: &str) -> Lease {
    let names = (HolderId::new("holder").unwrap(), RequestId::new(name).unwrap());
    let event = Event::Request(Request {
        first_sent: UNSTATED,
        draw: Draw::through(Resources::of(Kind::Compute, 1)),
        ..Request::plain(names.0, names.1, Span(3_600_000_000))
    });
    let answered: Answered = handle.submit(event).unwrap().wait().unwrap();
    match answered.answer {
        Answer::Lease(lease) => lease,
        other => panic!("no lease: {other:?}"),
    }
}

fn journal(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lessor")).arg("journal").args(args).output().unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_backup_goes_on_in_a_new_incarnation() {
    let _alone = ONE_AT_A_TIME.lock();
    let scratch = tempfile::tempdir().unwrap();
    let [data, backup, again] = ["data", "backup", "again"].map(|name| scratch.path().join(name));
    let (shell, handle) = start(&data);
    let kept = grant(&handle, "kept");
    let seen = handle.revision();
    let made = journal(&["backup", text(&data), "--out", text(&backup)]);
    assert!(made.status.success(), "{made:?}");
    let lost = grant(&handle, "lost");
    shell.close().unwrap();

    let restored = journal(&["restore", text(&backup), "--out", text(&again), "--json"]);
    assert!(restored.status.success(), "{restored:?}");
    assert!(String::from_utf8(restored.stdout).unwrap().contains("\"incarnation\":2"));
    let (shell, handle) = start(&again);
    assert_eq!((shell.recovery().incarnation, shell.recovery().live), (Incarnation(2), 1));
    let page = handle.read(ServiceClass::C, |view| view.leases(None, &lessor_engine::authority::Filter::default(), 9));
    assert_eq!(page.unwrap().wait().unwrap().leases, [kept]);
    let next = grant(&handle, "next");
    assert!(next.token > lost.token && next.id != lost.id, "{next:?} after {lost:?}");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let error = runtime.block_on(handle.watch(seen).next()).unwrap_err();
    assert!(matches!(error, WatchError::OutOfRange(_)), "{error}");
    // It stays so when it starts again, from its snapshot and, without it, from its commits.
    shell.close().unwrap();
    for _ in 0..2 {
        let (shell, handle) = start(&again);
        assert_eq!((shell.recovery().live, handle.revision().incarnation), (2, 2));
        drop(shell);
        for entry in fs::read_dir(&again).unwrap().map(Result::unwrap) {
            if entry.path().extension().is_some_and(|extension| extension == "snapshot") {
                fs::remove_file(entry.path()).unwrap();
            }
        }
    }
}

/// What is read of a directory, to its end.
fn read(directory: &Path) -> Result<u64, JournalError> {
    let disk = Disk::look(directory);
    let fleet = fleet_of(&disk)?.unwrap();
    let mut history = History::read(disk, fleet)?;
    while history.next_commit()?.is_some() {}
    Ok(history.sequence())
}

/// Half a backup had passed for a whole one: what it lacked was told as never durable, and between two commits not at all.
#[test]
fn a_backup_that_was_cut_short_is_no_backup() {
    let _alone = ONE_AT_A_TIME.lock();
    let scratch = tempfile::tempdir().unwrap();
    let [data, backup, again] = ["data", "backup", "again"].map(|name| scratch.path().join(name));
    let (shell, handle) = start(&data);
    for name in 0..10 {
        grant(&handle, &name.to_string());
    }
    assert!(journal(&["backup", text(&data), "--out", text(&backup)]).status.success());
    shell.close().unwrap();
    let made = read(&backup).unwrap();

    let file = backup.join("00000000000000000000.segment");
    let whole = fs::read(&file).unwrap();
    for cut in 0..whole.len() {
        fs::write(&file, &whole[..cut]).unwrap();
        assert!(read(&backup).is_err(), "{cut} of {} bytes", whole.len());
    }
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    for args in [&["verify", text(&backup)][..], &["restore", text(&backup), "--out", text(&again)]] {
        let refused = journal(args);
        let words = String::from_utf8(refused.stderr).unwrap();
        assert!(refused.status.code() == Some(1) && words.contains(&format!("up to commit {made};")), "{words}");
        assert!(!again.exists());
    }
}

/// A file of the journal that was put back from an older copy had passed for what a crash left, and leases were forgotten.
#[test]
fn a_journal_that_lost_its_last_commits_is_refused_by_every_verb_and_by_the_server() {
    let _alone = ONE_AT_A_TIME.lock();
    let scratch = tempfile::tempdir().unwrap();
    let [data, cut, out] = ["data", "cut", "out"].map(|name| scratch.path().join(name));
    let segment = "00000000000000000000.segment";
    let (_shell, handle) = start(&data);
    for name in 0..5 {
        grant(&handle, &name.to_string());
    }
    let older = fs::read(data.join(segment)).unwrap();
    for name in 5..10 {
        grant(&handle, &name.to_string());
    }
    // As a server that is killed now leaves it, but for one file.
    fs::create_dir(&cut).unwrap();
    for entry in fs::read_dir(&data).unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), cut.join(entry.file_name())).unwrap();
    }
    fs::write(cut.join(segment), older).unwrap();
    let is_refused = |words: &str| {
        for args in [
            &["verify", text(&cut)][..],
            &["backup", text(&cut), "--out", text(&out)],
            &["restore", text(&cut), "--out", text(&out)],
        ] {
            let refused = journal(args);
            let said = String::from_utf8(refused.stderr).unwrap();
            assert!(refused.status.code() == Some(1) && said.contains(words) && !out.exists(), "{args:?}: {said}");
        }
    };
    let not_served = |words: &str| {
        let fleet = fleet();
        let options = ShellOptions::new(&fleet, Terms::default(), [3; 16]);
        let refused = Shell::start(Disk::open(&cut).unwrap(), options).unwrap_err().to_string();
        assert!(refused.contains(words), "{refused}");
    };
    is_refused("all were durable");
    not_served("all were durable");
    // Without a backup the way back is what is left, in a new incarnation.
    fs::remove_file(cut.join("journal-mark")).unwrap();
    let unproven = journal(&["verify", text(&cut)]);
    assert!(unproven.status.code() == Some(1), "{unproven:?}");
    not_served("journal-mark: missing");
    assert!(journal(&["restore", text(&cut), "--out", text(&out)]).status.success());
    let (shell, _handle) = start(&out);
    assert_eq!((shell.recovery().incarnation, shell.recovery().live), (Incarnation(2), 5));
}

#[test]
fn a_backup_is_not_served_and_what_is_restored_from_it_is() {
    let _alone = ONE_AT_A_TIME.lock();
    let scratch = tempfile::tempdir().unwrap();
    let [data, backup, second, again] = ["data", "backup", "second", "again"].map(|name| scratch.path().join(name));
    let (shell, handle) = start(&data);
    grant(&handle, "kept");
    shell.close().unwrap();
    assert!(journal(&["backup", text(&data), "--out", text(&backup)]).status.success());
    assert!(journal(&["backup", text(&backup), "--out", text(&second)]).status.success());
    for of in [&backup, &second] {
        let fleet = fleet();
        let options = ShellOptions::new(&fleet, Terms::default(), [3; 16]);
        let refused = Shell::start(Disk::open(of).unwrap(), options).unwrap_err();
        assert!(refused.to_string().contains("lessor journal restore"), "{refused}");
    }
    assert!(journal(&["restore", text(&second), "--out", text(&again)]).status.success());
    assert_eq!(start(&again).0.recovery().live, 1);
}

/// Flips a bit in the middle of a file.
fn damage(file: &Path) {
    let mut bytes = fs::read(file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(file, bytes).unwrap();
}

#[test]
fn a_damaged_snapshot_is_told_whichever_it_is() {
    let _alone = ONE_AT_A_TIME.lock();
    let scratch = tempfile::tempdir().unwrap();
    let [data, backup, restored] = ["data", "backup", "restored"].map(|name| scratch.path().join(name));
    for name in ["one", "two"] {
        let (shell, handle) = start(&data);
        grant(&handle, name);
        shell.close().unwrap();
    }
    let names = fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().path());
    let mut snapshots: Vec<PathBuf> =
        names.filter(|path| path.extension().is_some_and(|extension| extension == "snapshot")).collect();
    snapshots.sort();
    let [older, newer] = &snapshots[..] else { panic!("{snapshots:?}") };
    let told = |args: &[&str], file: &Path| {
        let output = journal(args);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stderr).unwrap().contains(file.file_name().unwrap().to_str().unwrap())
    };
    assert!(!told(&["verify", text(&data)], older));
    let whole = fs::read(older).unwrap();
    damage(older);
    assert!(told(&["verify", text(&data)], older));
    fs::write(older, whole).unwrap();
    damage(newer);
    assert!(told(&["verify", text(&data)], newer));
    assert!(told(&["backup", text(&data), "--out", text(&backup)], newer));
    assert!(told(&["restore", text(&data), "--out", text(&restored)], newer));
    // All of it is there all the same.
    assert_eq!(start(&restored).0.recovery().live, 2);
}

#[test]
fn what_is_damaged_or_no_journal_or_in_the_way_is_told_with_its_exit_code() {
    let _alone = ONE_AT_A_TIME.lock();
    let scratch = tempfile::tempdir().unwrap();
    let [data, backup] = ["data", "backup"].map(|name| scratch.path().join(name));
    let (shell, handle) = start(&data);
    for name in 0..10 {
        grant(&handle, &name.to_string());
    }
    shell.close().unwrap();
    assert!(journal(&["verify", text(&data)]).status.success());
    let words = |output: &Output| String::from_utf8(output.stderr.clone()).unwrap();

    let in_the_way = journal(&["backup", text(&data), "--out", text(&data)]);
    assert_eq!(in_the_way.status.code(), Some(2), "{in_the_way:?}");
    let nothing = journal(&["verify", text(scratch.path())]);
    assert!(nothing.status.code() == Some(2) && words(&nothing).contains("holds no journal"), "{nothing:?}");
    let former = journal(&["restore", text(&data), "--out", text(&backup), "--incarnation", "1"]);
    assert!(former.status.code() == Some(2) && !backup.exists(), "{former:?}");

    let beyond = journal(&["restore", text(&data), "--out", text(&backup), "--incarnation", "257"]);
    assert!(beyond.status.code() == Some(2) && words(&beyond).contains("at most 256"), "{beyond:?}");
    assert!(!backup.exists());

    let contents = data.join("fleet-contents");
    let whole = fs::read(&contents).unwrap();
    let mut flipped = whole.clone();
    flipped[5] ^= 1;
    fs::write(&contents, flipped).unwrap();
    let damaged = journal(&["verify", text(&data)]);
    assert!(damaged.status.code() == Some(1) && words(&damaged).contains("fleet-contents: damaged"), "{damaged:?}");
    fs::write(&contents, &whole[..32]).unwrap();
    let unproven = journal(&["verify", text(&data)]);
    assert!(unproven.status.success() && words(&unproven).contains("without a digest"), "{unproven:?}");
    // The server that starts next proves it.
    start(&data).0.close().unwrap();
    assert_eq!(fs::read(&contents).unwrap(), whole);

    let file = data.join("00000000000000000000.segment");
    let mut bytes = fs::read(&file).unwrap();
    bytes[400] ^= 1;
    fs::write(&file, bytes).unwrap();
    for entry in fs::read_dir(&data).unwrap().map(Result::unwrap) {
        if entry.path().extension().is_some_and(|extension| extension == "snapshot") {
            fs::remove_file(entry.path()).unwrap();
        }
    }
    let damaged = journal(&["verify", text(&data)]);
    assert!(damaged.status.code() == Some(1) && words(&damaged).contains("damaged at byte"), "{damaged:?}");
    let copied = journal(&["backup", text(&data), "--out", text(&backup)]);
    assert!(copied.status.code() == Some(1) && !backup.exists(), "{copied:?}");
}
