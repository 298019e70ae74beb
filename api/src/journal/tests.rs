//! The journal against a disk that keeps its contract and not a bit more: thousands of crashes, failed syncs and flipped bits.

use proptest::prelude::*;

use super::mark::MARK;
use super::simulated::SimulatedDisk;
use super::*;

const FLEET: FleetId = FleetId([7; 32]);

/// Small, so that a run of commits goes through several segments.
const OPTIONS: JournalOptions = JournalOptions { segment_bytes: 3000, salt: [9; 16] };

#[derive(Clone, Copy, Debug)]
enum Act {
    /// A commit of so many bytes.
    Commit(usize),
    /// No commit is waiting.
    Idle,
    /// A snapshot, and away with what it replaces.
    Snapshot,
}

#[derive(Clone, Copy, Debug)]
enum Fate {
    /// Power fails after so many operations.
    Power(u64),
    /// A sync fails, and the process ends.
    Sync(u64),
    /// A sync fails, and power after it.
    SyncThenPower(u64),
    /// The process is killed where the acts end.
    Kill,
    /// The process ends in order.
    Close,
}

/// A disk, and what a client of its journal knows.
struct Run {
    disk: SimulatedDisk,
    /// Commits that were acknowledged, or that were there after a recovery.
    known: Vec<Vec<u8>>,
    /// A commit whose end the client never heard of.
    unknown: Option<Vec<u8>>,
    written: u64,
}

impl Run {
    fn new(seed: u64) -> Run {
        Run { disk: SimulatedDisk::new(seed), known: Vec::new(), unknown: None, written: 0 }
    }

    /// Reads everything and opens the journal; on success what was read is known.
    fn recover(&mut self) -> Result<Journal<SimulatedDisk>, JournalError> {
        let mut history = History::read(self.disk.clone(), FLEET)?;
        let mut found = Vec::new();
        while let Some(part) = history.next_part()? {
            found.push(part.to_vec());
        }
        assert_eq!(found.len() as u64, history.snapshot_sequence().unwrap_or(0));
        while let Some(commit) = history.next_commit()? {
            found.push(commit.payload.to_vec());
            assert_eq!((commit.sequence, commit.records), (found.len() as u64, 1));
        }
        let journal = Journal::open(history, FLEET, OPTIONS)?;
        assert_eq!(journal.sequence(), found.len() as u64);
        let (kept, more) = found.split_at(self.known.len().min(found.len()));
        assert_eq!(kept, self.known, "what was acknowledged is there, in order");
        if let [last] = more {
            assert_eq!(Some(last), self.unknown.as_ref(), "nothing is invented");
        } else {
            assert!(more.is_empty(), "nothing is invented");
        }
        (self.known, self.unknown) = (found, None);
        Ok(journal)
    }

    fn act(&mut self, journal: &mut Journal<SimulatedDisk>, act: Act) -> Result<(), JournalError> {
        match act {
            Act::Commit(size) => {
                self.written += 1;
                let mut payload = self.written.to_le_bytes().to_vec();
                payload.resize(8 + size, 0xaa);
                let mut commit = CommitBuffer::default();
                commit.record(|bytes| bytes.extend_from_slice(&payload));
                self.unknown = Some(payload);
                journal.append(&mut commit)?;
                self.known.extend(self.unknown.take());
                Ok(())
            }
            Act::Idle => journal.attest(),
            Act::Snapshot => {
                let mut writer = journal.snapshot()?;
                self.known.iter().try_for_each(|payload| writer.part(payload))?;
                writer.finish()?;
                forget_old(&self.disk)
            }
        }
    }

    /// One life of a process, from its recovery to its end. Where even the recovery fails, the next life has to do it.
    fn live(&mut self, acts: &[Act], fate: Fate) {
        match fate {
            Fate::Power(operations) => self.disk.lose_power_after(operations),
            Fate::Sync(syncs) | Fate::SyncThenPower(syncs) => self.disk.fail_sync_after(syncs),
            Fate::Kill | Fate::Close => {}
        }
        if let Ok(mut journal) = self.recover() {
            let failed = acts.iter().find_map(|&act| self.act(&mut journal, act).err());
            if failed.is_none() && matches!(fate, Fate::Close) {
                journal.close().unwrap();
            }
        }
        if let Fate::SyncThenPower(_) = fate {
            self.disk.lose_power();
        }
        self.disk.restart();
    }
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        8 => (0usize..1500).prop_map(Act::Commit),
        2 => Just(Act::Idle),
        1 => Just(Act::Snapshot),
    ];
    prop::collection::vec(act, 0..12)
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        4 => (0u64..60).prop_map(Fate::Power),
        2 => (0u64..20).prop_map(Fate::Sync),
        2 => (0u64..20).prop_map(Fate::SyncThenPower),
        1 => Just(Fate::Kill),
        1 => Just(Fate::Close),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_was_acknowledged_is_there_after_any_crash_and_nothing_is_invented(
        seed in any::<u64>(),
        lives in prop::collection::vec((acts(), fate()), 1..8),
    ) {
        let mut run = Run::new(seed);
        for (acts, fate) in &lives {
            run.live(acts, *fate);
        }
        run.recover().unwrap();
    }
}

/// Every operation of one life, in turn, is the one in which power fails.
#[test]
fn power_may_fail_in_every_single_operation() {
    let acts = [
        Act::Commit(10),
        Act::Commit(1400),
        Act::Idle,
        Act::Commit(1400),
        Act::Snapshot,
        Act::Commit(700),
        Act::Commit(1400),
        Act::Snapshot,
        Act::Commit(0),
        Act::Snapshot,
        Act::Commit(1),
    ];
    let mut whole = Run::new(0);
    whole.live(&acts, Fate::Close);
    for operation in 0..whole.disk.operations() {
        for seed in 0..20 {
            let mut run = Run::new(seed);
            run.live(&acts, Fate::Power(operation));
            run.live(&acts, Fate::Power(operation / 2));
            run.recover().unwrap();
        }
    }
}

/// A journal of several segments and snapshots that was closed in order, and its commits.
fn closed(seed: u64) -> Run {
    let mut run = Run::new(seed);
    let acts = [Act::Commit(600), Act::Commit(900), Act::Commit(40), Act::Commit(1200), Act::Snapshot];
    for _ in 0..3 {
        run.live(&[&acts[..], &acts[..3]].concat(), Fate::Close);
    }
    run
}

#[test]
fn any_bit_that_flips_in_a_closed_journal_is_found_or_does_not_matter() {
    let run = closed(1);
    let (mut found, mut harmless) = (0, 0);
    for name in run.disk.list().unwrap() {
        let bytes = run.disk.bytes(&name);
        // A prime step, so that every field and every bit position has its turn.
        for bit in (0..bytes.len() * 8).step_by(7) {
            let mut copy = Run { disk: SimulatedDisk::new(0), known: run.known.clone(), unknown: None, written: 0 };
            for name in run.disk.list().unwrap() {
                copy.disk.put(&name, &run.disk.bytes(&name));
            }
            copy.disk.flip(&name, bit);
            match copy.recover() {
                Ok(_) => harmless += 1,
                Err(JournalError::Damaged { file, offset, .. }) => {
                    assert!(file == name && offset <= bit as u64 / 8, "{name} bit {bit}: {file} at {offset}");
                    found += 1;
                }
                Err(error) => panic!("{name} bit {bit}: {error}"),
            }
        }
    }
    assert!(found > 1000 && harmless > 1000, "found {found}, harmless {harmless}");
}

/// A copy of a run's disk in which one file holds other bytes.
fn with_bytes(run: &Run, name: &str, bytes: &[u8]) -> Run {
    let copy = Run { disk: SimulatedDisk::new(0), known: run.known.clone(), unknown: None, written: 0 };
    for other in run.disk.list().unwrap() {
        copy.disk.put(&other, if other == name { bytes } else { &[] });
        if other != name {
            copy.disk.put(&other, &run.disk.bytes(&other));
        }
    }
    copy
}

/// Reads what there is to its end; what was read is what was written, whatever became of the rest.
fn read_some(run: &Run) -> Result<(), JournalError> {
    let mut history = History::read(run.disk.clone(), FLEET)?;
    let mut found = 0;
    while let Some(part) = history.next_part()? {
        assert_eq!(part, run.known[found]);
        found += 1;
    }
    while let Some(commit) = history.next_commit()? {
        assert_eq!(commit.payload, run.known[found]);
        found += 1;
    }
    Ok(())
}

#[test]
fn a_file_with_any_bytes_in_it_is_refused_or_read_for_what_was_written() {
    let run = closed(1);
    let names = run.disk.list().unwrap();
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4_000) };
    let edits = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6);
    proptest!(config, |(
        name in prop::sample::select(names),
        edits in edits,
        cut in any::<prop::sample::Index>(),
        gap in prop::option::of((any::<prop::sample::Index>(), 1usize..300)),
        more in prop::collection::vec(any::<u8>(), 0..100),
        keeps in 0usize..4,
    )| {
        let mut bytes = run.disk.bytes(&name);
        for (at, byte) in &edits {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        if let Some((at, length)) = gap {
            let start = at.index(bytes.len());
            bytes.drain(start..bytes.len().min(start + length));
        }
        match keeps {
            0 => bytes.truncate(cut.index(bytes.len().max(1))),
            1 => bytes.clear(),
            _ => {}
        }
        bytes.extend(&more);
        let _ = read_some(&with_bytes(&run, &name, &bytes));
    });
}

#[test]
fn a_file_that_is_missing_is_an_error_or_does_not_matter() {
    let run = closed(1);
    let names = run.disk.list().unwrap();
    let missing = names.iter().filter(|&gone| {
        let mut copy = Run { disk: SimulatedDisk::new(0), known: run.known.clone(), unknown: None, written: 0 };
        for name in names.iter().filter(|name| *name != gone) {
            copy.disk.put(name, &run.disk.bytes(name));
        }
        match copy.recover() {
            Ok(_) => false,
            Err(JournalError::Damaged { .. } | JournalError::Gap { .. } | JournalError::MarkMissing) => true,
            Err(error) => panic!("without {gone}: {error}"),
        }
    });
    let missing: Vec<&String> = missing.collect();
    assert!(missing.iter().any(|name| name.ends_with("segment")), "{names:?}: {missing:?}");
    assert!(missing.contains(&names.iter().rfind(|name| name.ends_with("segment")).unwrap()), "the last segment");
}

#[test]
fn a_damaged_snapshot_gives_way_to_an_older_one() {
    let run = closed(1);
    let names = run.disk.list().unwrap();
    let newest = names.iter().rfind(|name| name.ends_with("snapshot")).unwrap();
    run.disk.flip(newest, 2000);
    let mut history = History::read(run.disk.clone(), FLEET).unwrap();
    assert_eq!(history.findings(), [Finding::DamagedSnapshot { file: newest.clone() }]);
    let mut found = 0;
    while history.next_part().unwrap().is_some() || history.next_commit().unwrap().is_some() {
        found += 1;
    }
    assert_eq!(found, run.known.len());
}

#[test]
fn a_torn_tail_is_reported() {
    let mut run = Run::new(0);
    run.live(&[Act::Commit(100)], Fate::Kill);
    let mark = run.disk.bytes(MARK);
    run.live(&[Act::Commit(100)], Fate::Kill);
    // As power leaves it: the mark knows nothing of a commit that never was durable.
    run.disk.put(MARK, &mark);
    let name = "00000000000000000000.segment";
    let bytes = run.disk.bytes(name);
    run.disk.put(name, &bytes[..bytes.len() - 1]);
    let mut history = History::read(run.disk.clone(), FLEET).unwrap();
    while history.next_commit().unwrap().is_some() {}
    let [Finding::TornTail { offset, bytes: cut, .. }] = history.findings() else { panic!("{:?}", history.findings()) };
    assert_eq!((history.sequence(), offset + cut), (1, bytes.len() as u64 - 1));
}

#[test]
fn the_journal_of_another_fleet_is_refused() {
    let run = closed(1);
    let error = History::read(run.disk.clone(), FleetId([8; 32])).unwrap_err();
    assert!(matches!(error, JournalError::OtherFleet { found: FLEET, .. }), "{error}");
}

#[test]
fn a_failed_sync_ends_the_journal() {
    let mut run = Run::new(0);
    let mut journal = run.recover().unwrap();
    run.disk.fail_sync_after(0);
    let failed = run.act(&mut journal, Act::Commit(1)).unwrap_err();
    assert!(matches!(failed, JournalError::Io { action: "sync", .. }), "{failed}");
    let next = run.act(&mut journal, Act::Commit(1)).unwrap_err();
    assert!(matches!(next, JournalError::Stopped), "{next}");
}

#[test]
fn two_processes_cannot_hold_one_directory() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let first = Disk::open(&data).unwrap();
    assert!(matches!(Disk::open(&data).unwrap_err(), JournalError::Locked { .. }));
    drop(first);
    Disk::open(&data).unwrap();
}

/// Two servers had granted under the same tokens, and each had written over the other's commits.
#[test]
fn a_lock_whose_file_was_removed_still_holds() {
    let directory = tempfile::tempdir().unwrap();
    let first = Disk::open(directory.path()).unwrap();
    std::fs::remove_file(directory.path().join(LOCK)).unwrap();
    assert!(matches!(Disk::open(directory.path()).unwrap_err(), JournalError::Locked { .. }));
    drop(first);
    Disk::open(directory.path()).unwrap();
}

/// A server that went on while its directory was moved had written into the restored backup that took its place.
#[test]
fn a_directory_that_took_the_place_of_one_that_was_moved_is_left_alone() {
    let scratch = tempfile::tempdir().unwrap();
    let data = scratch.path().join("data");
    let disk = Disk::open(&data).unwrap();
    disk.create("before").unwrap();
    std::fs::rename(&data, scratch.path().join("lost")).unwrap();
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("restored"), "").unwrap();
    assert!(disk.create("after").is_err() && disk.list().is_err());
    assert!(disk.remove("restored").is_err() && disk.rename("restored", "after").is_err());
    assert_eq!(std::fs::read_dir(&data).unwrap().count(), 1);
}

#[test]
fn a_real_directory_keeps_what_a_simulated_one_does() {
    let directory = tempfile::tempdir().unwrap();
    let mut expected: Vec<Vec<u8>> = Vec::new();
    for _ in 0..3 {
        let mut history = History::read(Disk::open(directory.path()).unwrap(), FLEET).unwrap();
        let mut found = Vec::new();
        while let Some(commit) = history.next_commit().unwrap() {
            found.push(commit.payload.to_vec());
        }
        assert_eq!(found, expected);
        let mut journal = Journal::open(history, FLEET, OPTIONS).unwrap();
        for size in [10, 1000, 2000] {
            let mut commit = CommitBuffer::default();
            commit.record(|bytes| bytes.resize(bytes.len() + size, 1));
            journal.append(&mut commit).unwrap();
            expected.push(vec![1; size]);
        }
        journal.close().unwrap();
    }
}
