//! How far a journal is known to be durable, in a file beside it: a journal that somebody cut between two commits looks like one
//! that crashed there, since what would prove more was cut off with the rest.
//!
//! The mark is written once the sync of a commit has returned, over the older of two slots, and has no sync of its own. So it is
//! never ahead of what is durable, and it is there however the process ends. A loss of power may leave an older one, or tear
//! both slots: then it proves less, or nothing.
//!
//! A slot lies at the start of each of two sectors of 512 bytes:
//!
//! | bytes | field |
//! |---|---|
//! | 8 | incarnation |
//! | 8 | sequence of the last commit that is durable |
//! | 32 | BLAKE3 digest of both |
//!
//! Numbers are little-endian. A segment of format version 5 or later is begun only where there is a mark, so one that has none
//! beside it has lost it; directories of earlier versions get theirs when they are next opened for writing.

use std::fmt;

use super::error::JournalError;
use super::identity::Incarnation;
use super::link::Key;
use super::small_file;
use super::storage::{Storage, StorageFile};

/// The file.
pub(crate) const MARK: &str = "journal-mark";

/// Segments of this version of the format and later ones have a mark beside them.
pub(crate) const MARKED_VERSION: u32 = 5;

const SLOT: usize = 512;
const SLOTS: usize = 2;
const SAID: usize = 16;
const WRITTEN: usize = SAID + 32;

/// How far a history reaches: a later incarnation is further, whatever its commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reached {
    /// The incarnation.
    pub incarnation: Incarnation,
    /// Its last commit.
    pub sequence: u64,
}

impl fmt::Display for Reached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "commit {} of incarnation {}", self.sequence, self.incarnation.0)
    }
}

impl Reached {
    /// Before the first commit of all.
    const NOWHERE: Reached = Reached { incarnation: Incarnation::FIRST, sequence: 0 };

    fn write(self) -> [u8; WRITTEN] {
        let mut bytes = [0; WRITTEN];
        bytes[..8].copy_from_slice(&u64::from(self.incarnation.0).to_le_bytes());
        bytes[8..SAID].copy_from_slice(&self.sequence.to_le_bytes());
        let digest = Key::of(&bytes[..SAID]).0;
        bytes[SAID..].copy_from_slice(&digest);
        bytes
    }

    /// What a slot says, if it is whole.
    fn read(slot: &[u8]) -> Option<Reached> {
        let (said, rest) = slot.split_at_checked(SAID)?;
        let (incarnation, sequence) = said.split_first_chunk()?;
        let reached = Reached {
            incarnation: Incarnation(u32::try_from(u64::from_le_bytes(*incarnation)).ok()?),
            sequence: u64::from_le_bytes(*sequence.first_chunk()?),
        };
        small_file::is_proof(rest.get(..WRITTEN - SAID)?, said).then_some(reached)
    }
}

/// What the mark says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Marked {
    /// There is none.
    Missing,
    /// Neither slot is whole.
    Torn,
    /// So far the journal was durable.
    At(Reached),
}

/// What the mark of a journal says. Of a journal that is being written it says no more than what can be read from then on.
///
/// # Errors
/// What the system says.
pub(crate) fn read_mark<S: Storage>(storage: &S) -> Result<Marked, JournalError> {
    let bytes = small_file::get(storage, MARK)?;
    Ok(bytes.map_or(Marked::Missing, |bytes| newest(&bytes).map_or(Marked::Torn, |found| Marked::At(found.1))))
}

/// The slot that says most, and what it says.
fn newest(bytes: &[u8]) -> Option<(usize, Reached)> {
    let slots = bytes.chunks(SLOT).take(SLOTS).enumerate();
    slots.filter_map(|(slot, bytes)| Some((slot, Reached::read(bytes)?))).max_by_key(|found| found.1)
}

/// The mark of a journal that is open for writing.
#[derive(Debug)]
pub(crate) struct Mark<F> {
    file: F,
    /// The slot that is written next.
    older: usize,
}

impl<F: StorageFile> Mark<F> {
    /// Opens the mark beside a journal, which is durable then; makes one where there is none.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn open<S: Storage<File = F>>(storage: &S) -> Result<Mark<F>, JournalError> {
        let bytes = small_file::get(storage, MARK)?.unwrap_or_default();
        if bytes.len() == SLOT * SLOTS {
            // Whoever made it may have ended before its name was durable.
            storage.sync_names().map_err(|source| JournalError::io("sync the names of", MARK, source))?;
        } else {
            let mut fresh = vec![0; SLOT * SLOTS];
            fresh.chunks_mut(SLOT).for_each(|slot| slot[..WRITTEN].copy_from_slice(&Reached::NOWHERE.write()));
            small_file::place(storage, MARK, &fresh)?;
        }
        let file = storage.open(MARK).map_err(|source| JournalError::io("open", MARK, source))?;
        Ok(Mark { file, older: newest(&bytes).map_or(0, |(slot, _)| SLOTS - 1 - slot) })
    }

    /// Says how far the journal is durable, which it has to be.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn put(&mut self, reached: Reached) -> Result<(), JournalError> {
        let written = self.file.write_at((self.older * SLOT) as u64, &reached.write());
        written.map_err(|source| JournalError::io("write", MARK, source))?;
        self.older = SLOTS - 1 - self.older;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::error::Defect;
    use super::super::simulated::SimulatedDisk;
    use super::super::{CommitBuffer, Finding, FleetId, History, Journal, JournalOptions};
    use super::*;

    const FLEET: FleetId = FleetId([7; 32]);
    const OPTIONS: JournalOptions = JournalOptions { segment_bytes: 1_000, salt: [9; 16] };

    fn at(incarnation: u32, sequence: u64) -> Reached {
        Reached { incarnation: Incarnation(incarnation), sequence }
    }

    fn opened(disk: &SimulatedDisk) -> Result<Journal<SimulatedDisk>, JournalError> {
        Journal::open(History::read(disk.clone(), FLEET)?, FLEET, OPTIONS)
    }

    fn append(journal: &mut Journal<SimulatedDisk>, bytes: usize) -> Result<u64, JournalError> {
        let mut commit = CommitBuffer::default();
        commit.record(|out| out.resize(out.len() + bytes, 0xaa));
        journal.append(&mut commit)
    }

    /// A disk that holds the same files, but for those that are left out or other.
    fn with(disk: &SimulatedDisk, keep: impl Fn(&str) -> Option<Vec<u8>>) -> SimulatedDisk {
        let copy = SimulatedDisk::new(0);
        disk.list().unwrap().iter().for_each(|name| {
            if let Some(bytes) = keep(name) {
                copy.put(name, &bytes);
            }
        });
        copy
    }

    #[test]
    fn the_newer_slot_counts_and_the_older_one_where_that_is_torn() {
        let disk = SimulatedDisk::new(0);
        assert_eq!(read_mark(&disk).unwrap(), Marked::Missing);
        let mut mark = Mark::open(&disk).unwrap();
        assert_eq!(read_mark(&disk).unwrap(), Marked::At(Reached::NOWHERE));
        for reached in [at(1, 1), at(1, 2), at(2, 2), at(2, 3)] {
            mark.put(reached).unwrap();
            assert_eq!(read_mark(&disk).unwrap(), Marked::At(reached));
        }
        // Whoever opens it again goes on over the older slot.
        Mark::open(&disk).unwrap().put(at(2, 4)).unwrap();
        let whole = disk.bytes(MARK);
        let said = |bytes: &[u8]| {
            disk.put(MARK, bytes);
            read_mark(&disk).unwrap()
        };
        let slot_of =
            |reached: Reached| whole.chunks(SLOT).position(|slot| slot[..WRITTEN] == reached.write()).unwrap();
        let (newer, older) = (slot_of(at(2, 4)) * SLOT, slot_of(at(2, 3)) * SLOT);
        for bit in 0..WRITTEN * 8 {
            let mut flipped = whole.clone();
            flipped[newer + bit / 8] ^= 1 << (bit % 8);
            assert_eq!(said(&flipped), Marked::At(at(2, 3)), "bit {bit}");
            flipped[older + bit / 8] ^= 1 << (bit % 8);
            assert_eq!(said(&flipped), Marked::Torn, "bit {bit}");
        }
        assert_eq!((said(&[]), said(&whole[..WRITTEN - 1])), (Marked::Torn, Marked::Torn));
    }

    /// Cut between two commits, a journal had looked like one that crashed there.
    #[test]
    fn a_journal_that_was_cut_anywhere_is_refused() {
        let disk = SimulatedDisk::new(0);
        let mut journal = opened(&disk).unwrap();
        (0..9).for_each(|size| assert_eq!(append(&mut journal, 100 + 50 * size).unwrap(), size as u64 + 1));
        journal.attest().unwrap();
        drop(journal);
        let segments: Vec<String> = disk.list().unwrap().into_iter().filter(|name| name.ends_with("segment")).collect();
        assert!(segments.len() > 2, "{segments:?}");
        let (mut cut_off, mut torn) = (0, 0);
        for (count, last) in segments.iter().enumerate() {
            let whole = disk.bytes(last);
            // The last segment ends in a seal, without which it has all commits still.
            let is_last = count + 1 == segments.len();
            let needed = whole.len() - if is_last { super::super::frame::HEADER } else { 0 };
            for size in 0..=whole.len() {
                let copy = with(&disk, |name| {
                    let is_gone = segments[count + 1..].iter().any(|gone| gone == name);
                    (!is_gone).then(|| if name == last { whole[..size].to_vec() } else { disk.bytes(name) })
                });
                match opened(&copy) {
                    Ok(journal) => {
                        assert!(is_last && size >= needed && journal.sequence() == 9, "{last} cut at {size}");
                    }
                    Err(JournalError::CutOff { file, ends, known }) => {
                        assert!(file == *last && ends < known && known == at(1, 9), "{file}: {ends}, {known}");
                        cut_off += 1;
                    }
                    Err(JournalError::Damaged { file, defect, .. }) => {
                        let is_said = [Defect::Header, Defect::Commit, Defect::Missing].contains(&defect);
                        assert!(file == *last && is_said, "{file}: {defect}");
                        torn += 1;
                    }
                    Err(error) => panic!("{last} cut at {size}: {error}"),
                }
            }
        }
        // At the start of each commit, and where nothing follows a segment's last one.
        assert!(cut_off >= 9 && torn > 1_000, "{cut_off} cut off, {torn} torn");
        let emptied = with(&disk, |name| (name == MARK).then(|| disk.bytes(MARK)));
        assert!(matches!(opened(&emptied), Err(JournalError::CutOff { ends: Reached::NOWHERE, .. })));
    }

    #[test]
    fn a_mark_that_power_took_back_raises_no_alarm() {
        let (mut current, mut older, mut torn) = (0, 0, 0);
        for seed in 0..2_000 {
            let disk = SimulatedDisk::new(seed);
            let mut journal = opened(&disk).unwrap();
            (0..5).for_each(|_| assert!(append(&mut journal, 100).is_ok()));
            drop(journal);
            disk.lose_power();
            match read_mark(&disk).unwrap() {
                Marked::At(reached) if reached == at(1, 5) => current += 1,
                Marked::At(_) => older += 1,
                Marked::Torn => torn += 1,
                Marked::Missing => panic!("seed {seed}: the mark was durable before the first commit"),
            }
            let history = History::read(disk.clone(), FLEET).unwrap();
            assert_eq!(history.findings().contains(&Finding::TornMark), read_mark(&disk).unwrap() == Marked::Torn);
            assert_eq!(Journal::open(history, FLEET, OPTIONS).unwrap().sequence(), 5);
            // It is whole again, and says as much as there is.
            assert_eq!(read_mark(&disk).unwrap(), Marked::At(at(1, 5)));
        }
        assert!(current > 100 && older > 100 && torn > 0, "{current} current, {older} older, {torn} torn");
    }

    /// A process that ended as it made the mark had left a name that was not durable, and the next one had relied on it.
    #[test]
    fn a_mark_is_durable_before_anything_says_that_there_is_one() {
        for (seed, syncs) in (0..100).flat_map(|seed| (0..5).map(move |syncs| (seed, syncs))) {
            let disk = SimulatedDisk::new(seed);
            disk.fail_sync_after(1);
            assert!(matches!(opened(&disk), Err(JournalError::Io { .. })));
            disk.restart();
            disk.fail_sync_after(syncs);
            let _ = opened(&disk);
            disk.lose_power();
            disk.restart();
            assert_eq!(opened(&disk).unwrap().sequence(), 0, "seed {seed}, {syncs} syncs");
        }
    }

    #[test]
    fn a_journal_that_was_marked_does_without_its_mark_no_more() {
        let disk = SimulatedDisk::new(0);
        let mut journal = opened(&disk).unwrap();
        append(&mut journal, 1).unwrap();
        journal.close().unwrap();
        let copy = with(&disk, |name| (name != MARK).then(|| disk.bytes(name)));
        assert!(matches!(opened(&copy), Err(JournalError::MarkMissing)));
        // What is there can still be read, for a backup or to go back to.
        let mut history = History::read(copy, FLEET).unwrap();
        while history.next_commit().unwrap().is_some() {}
        assert_eq!(history.sequence(), 1);
    }
}
