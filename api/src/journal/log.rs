//! The journal that is open for writing: one frame and one sync for each group commit.

use super::error::JournalError;
use super::frame::{self, FrameKind, HEADER, Label, PAYLOAD_BYTES_MAX};
use super::header::{self, FORMAT_VERSION, FileKind, Header};
use super::history::{History, Segment};
use super::identity::{FleetId, Incarnation};
use super::link::{Key, Position};
use super::mark::{Mark, Reached};
use super::snapshot::{SnapshotWriter, UNFINISHED};
use super::storage::{Storage, StorageFile};

/// How many snapshots are kept, with the commits since the oldest of them: where the newest is damaged, nothing is lost.
const SNAPSHOTS_KEPT: usize = 2;

/// What a journal is opened with.
#[derive(Clone, Copy, Debug)]
pub struct JournalOptions {
    /// A segment that would grow beyond this many bytes is continued in another one.
    pub segment_bytes: u64,
    /// Random bytes that no client knows.
    pub salt: [u8; 16],
}

impl JournalOptions {
    /// 64 MiB: at 10^5 records of 100 bytes a second, a segment in seven seconds, and few enough files for a day.
    pub const SEGMENT_BYTES: u64 = 64 << 20;

    /// Segments of the usual size.
    #[must_use]
    pub fn with_salt(salt: [u8; 16]) -> JournalOptions {
        JournalOptions { segment_bytes: JournalOptions::SEGMENT_BYTES, salt }
    }
}

/// The records of one group commit, encoded one after another. Reusable, so that a commit allocates nothing.
#[derive(Debug)]
pub struct CommitBuffer {
    bytes: Vec<u8>,
    records: u32,
}

impl Default for CommitBuffer {
    fn default() -> CommitBuffer {
        CommitBuffer { bytes: vec![0; HEADER], records: 0 }
    }
}

impl CommitBuffer {
    /// Appends one record.
    pub fn record(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.bytes);
        self.records += 1;
    }

    /// Its records, one after another, as long as it was not appended.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[HEADER..]
    }

    /// How many records it holds.
    #[must_use]
    pub fn records(&self) -> u32 {
        self.records
    }

    /// How many bytes its records take.
    #[must_use]
    pub fn size(&self) -> usize {
        self.bytes.len() - HEADER
    }

    /// Whether it holds no record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// Empties it.
    pub fn clear(&mut self) {
        self.bytes.truncate(HEADER);
        self.records = 0;
    }
}

/// An open journal.
///
/// After an error it takes nothing more: what a failed write or sync left behind is known only by opening the journal again.
#[derive(Debug)]
pub struct Journal<S: Storage> {
    storage: S,
    options: JournalOptions,
    fleet: FleetId,
    incarnation: Incarnation,
    segment: OpenSegment<S::File>,
    mark: Mark<S::File>,
    position: Position,
    is_stopped: bool,
    is_attested: bool,
}

/// The segment that is written.
#[derive(Debug)]
struct OpenSegment<F> {
    file: F,
    name: String,
    key: Key,
    /// Where the next frame goes.
    at: u64,
}

impl<S: Storage> Journal<S> {
    /// Opens for writing what was read to its end: cuts the torn tail, and makes durable all that was read. Where that is of an
    /// earlier version, a mark is put beside it, and a segment of today's version follows.
    ///
    /// # Errors
    /// Commits that were not read yet and are damaged or cut off, a mark that is missing, and what the system says.
    pub fn open(mut history: History<S>, fleet: FleetId, options: JournalOptions) -> Result<Journal<S>, JournalError> {
        while history.next_commit()?.is_some() {}
        if history.is_backup() {
            return Err(JournalError::Backup);
        }
        history.check_mark()?;
        let History { storage, incarnation, position, segment, .. } = history;
        for name in list(&storage)?.iter().filter(|name| name.ends_with(UNFINISHED)) {
            storage.remove(name).map_err(|source| JournalError::io("remove", name, source))?;
        }
        let Some(segment) = segment else {
            return Journal::create(storage, fleet, incarnation, (position, options));
        };
        let Segment { name, key, version, bytes, at, last } = segment;
        let file = storage.open(&name).map_err(|source| JournalError::io("open", &name, source))?;
        let segment = OpenSegment { file, name, key, at: at as u64 };
        let mark = Mark::open(&storage)?;
        let mut journal = Journal::of(storage, (fleet, incarnation), (segment, mark), (position, options));
        journal.make_durable(&bytes, last)?;
        if version < FORMAT_VERSION {
            journal.rotate()?;
        }
        journal.put_mark()?;
        Ok(journal)
    }

    /// Begins a journal, or a new incarnation of one, in a segment of its own.
    pub(crate) fn create(
        storage: S,
        fleet: FleetId,
        incarnation: Incarnation,
        (position, options): (Position, JournalOptions),
    ) -> Result<Journal<S>, JournalError> {
        let header = Header {
            kind: FileKind::Segment,
            fleet,
            incarnation,
            sequence: position.sequence,
            link: position.link,
            salt: options.salt,
        };
        // A segment of this version says that there is a mark.
        let mark = Mark::open(&storage)?;
        let segment = begin_segment(&storage, &header)?;
        let mut journal = Journal::of(storage, (fleet, incarnation), (segment, mark), (position, options));
        journal.put_mark()?;
        Ok(journal)
    }

    /// A journal that goes on in a segment.
    fn of(
        storage: S,
        (fleet, incarnation): (FleetId, Incarnation),
        (segment, mark): (OpenSegment<S::File>, Mark<S::File>),
        (position, options): (Position, JournalOptions),
    ) -> Journal<S> {
        let (is_stopped, is_attested) = (false, false);
        Journal { storage, options, fleet, incarnation, segment, mark, position, is_stopped, is_attested }
    }

    /// The number of the last commit.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.position.sequence
    }

    /// The incarnation of the history.
    #[must_use]
    pub fn incarnation(&self) -> Incarnation {
        self.incarnation
    }

    /// Appends a commit and makes it durable; returns its number. The buffer is as full as before, and of no further use but
    /// to be cleared.
    ///
    /// # Errors
    /// What the system says. Whether the commit is durable is not known then, and the journal takes nothing more.
    pub fn append(&mut self, commit: &mut CommitBuffer) -> Result<u64, JournalError> {
        if commit.size() > PAYLOAD_BYTES_MAX {
            return Err(JournalError::TooLong { bytes: commit.size(), most: PAYLOAD_BYTES_MAX });
        }
        self.attempt(|journal| {
            let size = (commit.bytes.len() + frame::ALIGNMENT) as u64;
            let at = journal.segment.at;
            if at > header::SIZE as u64 && at + size > journal.options.segment_bytes {
                journal.rotate()?;
            }
            let sequence = journal.position.sequence + 1;
            let label =
                Label { kind: FrameKind::Commit, sequence, records: commit.records, before: journal.position.link };
            let link = frame::seal(&mut commit.bytes, label, &journal.segment.key);
            journal.write(&commit.bytes)?;
            journal.sync()?;
            journal.segment.at += commit.bytes.len() as u64;
            journal.position = Position { sequence, link };
            journal.is_attested = false;
            journal.put_mark()?;
            Ok(sequence)
        })
    }

    /// Notes behind the last commit that it is durable, so that damage to it cannot pass for a torn tail. The next commit
    /// says as much, so this is for when none is waiting. It is written and not synced.
    ///
    /// # Errors
    /// What the system says; the journal takes nothing more.
    pub fn attest(&mut self) -> Result<(), JournalError> {
        self.attempt(|journal| if journal.is_attested { Ok(()) } else { journal.put(FrameKind::Seal) })
    }

    /// Attests the last commit durably, at the end of a server's life.
    ///
    /// # Errors
    /// What the system says.
    pub fn close(mut self) -> Result<(), JournalError> {
        self.attest()?;
        self.attempt(Journal::sync)
    }

    /// Begins a snapshot of the state after the last commit. It may be written on another thread while commits go on.
    ///
    /// # Errors
    /// What the system says; the journal is as it was.
    pub fn snapshot(&self) -> Result<SnapshotWriter<S>, JournalError> {
        let header = Header { kind: FileKind::Snapshot, ..self.header() };
        SnapshotWriter::begin(self.storage.clone(), &header)
    }

    fn header(&self) -> Header {
        Header {
            kind: FileKind::Segment,
            fleet: self.fleet,
            incarnation: self.incarnation,
            sequence: self.position.sequence,
            link: self.position.link,
            salt: self.options.salt,
        }
    }

    /// Does something unless the journal has failed, and lets it fail where that does.
    fn attempt<T>(&mut self, work: impl FnOnce(&mut Journal<S>) -> Result<T, JournalError>) -> Result<T, JournalError> {
        if self.is_stopped {
            return Err(JournalError::Stopped);
        }
        self.is_stopped = true;
        let done = work(self)?;
        self.is_stopped = false;
        Ok(done)
    }

    /// The next segment is durable before the last one says that there is one. One without a commit gives way to it: both are
    /// named after the same commit.
    fn rotate(&mut self) -> Result<(), JournalError> {
        let next = begin_segment(&self.storage, &self.header())?;
        if next.name != self.segment.name {
            self.put(FrameKind::Continued)?;
            self.sync()?;
        }
        self.segment = next;
        Ok(())
    }

    /// Whatever was read counts from now on, so it must be durable: a process that ended after a failed sync leaves bytes that
    /// can be read and are nowhere on the device, and that no further sync would put there. The last commit is the only one
    /// of which that can be said; it is written again, over itself.
    fn make_durable(&mut self, bytes: &[u8], last: Option<usize>) -> Result<(), JournalError> {
        let OpenSegment { file, name, at, .. } = &mut self.segment;
        let name = &*name;
        let read = usize::try_from(*at).expect("a segment fits the address space");
        file.set_size(*at).map_err(|source| JournalError::io("cut", name, source))?;
        let start = last.unwrap_or(0);
        file.write_at(start as u64, &bytes[start..read]).map_err(|source| JournalError::io("write", name, source))?;
        self.sync()?;
        self.storage.sync_names().map_err(|source| JournalError::io("sync the names of", &self.segment.name, source))
    }

    /// What was appended is durable: the mark says so.
    fn put_mark(&mut self) -> Result<(), JournalError> {
        self.mark.put(Reached { incarnation: self.incarnation, sequence: self.position.sequence })
    }

    fn put(&mut self, kind: FrameKind) -> Result<(), JournalError> {
        let mut bytes = vec![0; HEADER];
        let Position { sequence, link } = self.position;
        frame::seal(&mut bytes, Label { kind, sequence, records: 0, before: link }, &self.segment.key);
        self.write(&bytes)?;
        self.is_attested = true;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), JournalError> {
        let OpenSegment { file, name, at, .. } = &mut self.segment;
        file.write_at(*at, bytes).map_err(|source| JournalError::io("write", name, source))
    }

    fn sync(&mut self) -> Result<(), JournalError> {
        let OpenSegment { file, name, .. } = &mut self.segment;
        file.sync().map_err(|source| JournalError::io("sync", name, source))
    }
}

fn begin_segment<S: Storage>(storage: &S, header: &Header) -> Result<OpenSegment<S::File>, JournalError> {
    let name = FileKind::Segment.name(header.sequence);
    let unfinished = format!("{name}{UNFINISHED}");
    let (bytes, key) = header.write();
    let mut file = storage.create(&unfinished).map_err(|source| JournalError::io("create", &unfinished, source))?;
    file.write_at(0, &bytes).map_err(|source| JournalError::io("write", &unfinished, source))?;
    file.sync().map_err(|source| JournalError::io("sync", &unfinished, source))?;
    storage.rename(&unfinished, &name).map_err(|source| JournalError::io("rename", &unfinished, source))?;
    storage.sync_names().map_err(|source| JournalError::io("sync the names of", &name, source))?;
    Ok(OpenSegment { file, name, key, at: header::SIZE as u64 })
}

fn list<S: Storage>(storage: &S) -> Result<Vec<String>, JournalError> {
    storage.list().map_err(|source| JournalError::io("list", "the data directory", source))
}

/// Removes snapshots that newer ones have replaced, and the segments before the oldest that is kept. A file that stays behind
/// when this is cut short is removed the next time.
///
/// # Errors
/// What the system says; the journal is none the worse.
pub fn forget_old<S: Storage>(storage: &S) -> Result<(), JournalError> {
    let names = list(storage)?;
    let numbered = |kind: FileKind| -> Vec<(u64, &String)> {
        names.iter().filter_map(|name| Some((kind.sequence(name)?, name))).collect()
    };
    let (snapshots, segments) = (numbered(FileKind::Snapshot), numbered(FileKind::Segment));
    let Some(kept) = snapshots.len().checked_sub(SNAPSHOTS_KEPT) else { return Ok(()) };
    let oldest = snapshots[kept].0;
    let needed = segments.partition_point(|segment| segment.0 <= oldest).saturating_sub(1);
    for (_, name) in snapshots[..kept].iter().chain(&segments[..needed]) {
        storage.remove(name).map_err(|source| JournalError::io("remove", name, source))?;
    }
    storage.sync_names().map_err(|source| JournalError::io("sync the names of", "the data directory", source))
}
