//! Reading what a directory holds, from the newest whole snapshot to the last commit.
//!
//! Where bytes are not what a journal writes, one question decides: were they ever durable? Every frame is written after the
//! sync of the one before it, so a whole later frame proves that they were, and then the journal is damaged and says where.
//! Without such proof they are what a crash left of a commit that nobody was told of: the torn tail, which is passed over and
//! reported.

use super::backup_end::read_end;
use super::error::{Defect, JournalError};
use super::frame::{self, Frame, FrameKind};
use super::header::{self, FileKind, Header};
use super::identity::{FleetId, Incarnation};
use super::link::{Key, Link, Position};
use super::mark::{MARK, MARKED_VERSION, Marked, Reached, read_mark};
use super::snapshot::SnapshotReader;
use super::storage::{Storage, StorageFile};

/// One group commit, as it was appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commit<'a> {
    /// Its number; the first one is 1.
    pub sequence: u64,
    /// The incarnation in which it was appended.
    pub incarnation: Incarnation,
    /// How many records the writer put into it.
    pub records: u32,
    /// Its bytes.
    pub payload: &'a [u8],
}

/// Something that a reader passed over, and that cost nothing that anyone was told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// What a crash left of a commit that was never durable.
    TornTail {
        /// The segment.
        file: String,
        /// Where the tail begins.
        offset: u64,
        /// Its length.
        bytes: u64,
    },
    /// Neither slot of the mark is whole, as after a loss of power: the commits alone prove that the journal is all there.
    TornMark,
    /// A snapshot that is not whole. An older one and the commits since then were read in its place.
    DamagedSnapshot {
        /// The snapshot.
        file: String,
    },
    /// Something that only the way back from an older snapshot needs is damaged or missing.
    DamagedSpare {
        /// The snapshot or segment.
        file: String,
    },
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Finding::TornTail { file, offset, bytes } => {
                write!(
                    f,
                    "{file}: {bytes} bytes from byte {offset} on are of a commit that was never durable; they are cut"
                )
            }
            Finding::TornMark => {
                write!(
                    f,
                    "{MARK}: not whole, as after a loss of power; it does not prove that the journal is all there"
                )
            }
            Finding::DamagedSnapshot { file } => {
                write!(f, "{file}: the snapshot is damaged; an older one and the commits since then are used")
            }
            Finding::DamagedSpare { file } => {
                write!(
                    f,
                    "{file}: damaged; the newest snapshot and the commits since then are whole, and until the next one there is no \
                     way back should it be damaged: take a backup"
                )
            }
        }
    }
}

/// One segment in memory.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) name: String,
    pub(crate) key: Key,
    /// The format version of its header.
    pub(crate) version: u32,
    pub(crate) bytes: Vec<u8>,
    /// Where the next frame is read.
    pub(crate) at: usize,
    /// Where the last commit that was read begins.
    pub(crate) last: Option<usize>,
}

/// What a directory holds, read in order: parts of the snapshot, then commits.
#[derive(Debug)]
pub struct History<S: Storage> {
    pub(crate) storage: S,
    fleet: FleetId,
    pub(crate) incarnation: Incarnation,
    snapshot: Option<SnapshotReader<S::File>>,
    /// The commit that the snapshot stands for; commits up to it are checked and not returned.
    base: Position,
    /// Names of segments not yet read, the next one last.
    segments: Vec<String>,
    pub(crate) segment: Option<Segment>,
    pub(crate) position: Position,
    /// Files that were read, each with the bytes of it that count.
    read: Vec<(String, u64)>,
    /// Where it ends, where it is a backup.
    backup_end: Option<Position>,
    mark: Marked,
    findings: Vec<Finding>,
    is_attested: bool,
    ended: bool,
}

impl<S: Storage> History<S> {
    /// Finds the newest whole snapshot and the segments after it. Reads the snapshot once, to know that it is whole.
    ///
    /// # Errors
    /// A directory of another fleet or of a later format, one that is damaged, or that cannot be read. Nothing is written.
    pub fn read(storage: S, fleet: FleetId) -> Result<History<S>, JournalError> {
        History::read_from(storage, fleet, newest_snapshot)
    }

    /// What is wrong with the way back from the oldest snapshot, which a server takes only where newer ones are damaged. Reads it
    /// all.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn look_at_spares(storage: &S, fleet: FleetId) -> Result<Vec<Finding>, JournalError> {
        let read = || {
            let mut history = History::read_from(storage.clone(), fleet, oldest_snapshot)?;
            while history.next_commit()?.is_some() {}
            Ok(history.findings)
        };
        match read() {
            Ok(findings) => {
                Ok(findings.into_iter().filter(|found| matches!(found, Finding::DamagedSpare { .. })).collect())
            }
            Err(JournalError::Damaged { file, .. } | JournalError::Gap { file, .. }) => {
                Ok(vec![Finding::DamagedSpare { file }])
            }
            Err(error) => Err(error),
        }
    }

    fn read_from(storage: S, fleet: FleetId, choose: Choose<S>) -> Result<History<S>, JournalError> {
        // Before anything else: a server that writes meanwhile moves the mark on, never beyond what can be read from here on.
        let mark = read_mark(&storage)?;
        let names = storage.list().map_err(|source| JournalError::io("list", "the data directory", source))?;
        let mut findings = Vec::from_iter((mark == Marked::Torn).then_some(Finding::TornMark));
        let snapshot = choose(&storage, fleet, &names, &mut findings)?;
        let base = snapshot.as_ref().map_or(Position { sequence: 0, link: Link::NONE }, SnapshotReader::position);
        let mut segments: Vec<(u64, &String)> =
            names.iter().filter_map(|name| Some((FileKind::Segment.sequence(name)?, name))).collect();
        // The segment that holds the commit after the snapshot is the last one that begins at or before it.
        let first = segments.partition_point(|segment| segment.0 <= base.sequence).saturating_sub(1);
        segments.drain(..first);
        let segments: Vec<String> = segments.into_iter().rev().map(|segment| segment.1.clone()).collect();
        let incarnation = snapshot.as_ref().map_or(Incarnation::FIRST, SnapshotReader::incarnation);
        let read = snapshot.iter().map(SnapshotReader::file).collect();
        let backup_end = read_end(&storage)?;
        let mut history = History {
            storage,
            fleet,
            incarnation,
            snapshot,
            base,
            segments,
            segment: None,
            position: base,
            read,
            backup_end,
            mark,
            findings,
            is_attested: false,
            ended: false,
        };
        history.enter_first()?;
        Ok(history)
    }

    /// Whether the directory holds nothing of a journal.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.segment.is_none()
    }

    /// The sequence that the snapshot stands for, where there is one.
    #[must_use]
    pub fn snapshot_sequence(&self) -> Option<u64> {
        self.snapshot.as_ref().map(|_| self.base.sequence)
    }

    /// The incarnation of the last segment that was read: the journal's, once every commit was.
    #[must_use]
    pub fn incarnation(&self) -> Incarnation {
        self.incarnation
    }

    /// The number of the last commit that was read.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.position.sequence
    }

    /// The fleet whose journal it is.
    #[must_use]
    pub fn fleet(&self) -> FleetId {
        self.fleet
    }

    /// The snapshot and the segments that were read to their end, each with the bytes of it that count.
    pub(crate) fn files(&self) -> &[(String, u64)] {
        &self.read
    }

    /// Whether something behind the last commit that was read proves that it was durable.
    #[must_use]
    pub fn is_attested(&self) -> bool {
        self.is_attested
    }

    /// Whether it is a backup.
    #[must_use]
    pub fn is_backup(&self) -> bool {
        self.backup_end.is_some()
    }

    /// Whether a mark is there if one must be: whatever was written since there are marks has one.
    ///
    /// # Errors
    /// [`JournalError::MarkMissing`].
    pub(crate) fn check_mark(&self) -> Result<(), JournalError> {
        let is_marked = self.segment.as_ref().is_some_and(|segment| segment.version >= MARKED_VERSION);
        if is_marked && !self.is_backup() && self.mark == Marked::Missing {
            return Err(JournalError::MarkMissing);
        }
        Ok(())
    }

    /// What was passed over so far.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The next part of the snapshot, as it was written; none where there is no snapshot or it has ended.
    ///
    /// # Errors
    /// A snapshot that changed since it was first read, or that cannot be read.
    pub fn next_part(&mut self) -> Result<Option<&[u8]>, JournalError> {
        self.snapshot.as_mut().map_or(Ok(None), SnapshotReader::next_part)
    }

    /// The next commit after the snapshot; none at the end.
    ///
    /// # Errors
    /// Damage, or a file that cannot be read.
    pub fn next_commit(&mut self) -> Result<Option<Commit<'_>>, JournalError> {
        loop {
            if self.ended {
                return Ok(None);
            }
            if !self.step()? {
                continue;
            }
            if self.position.sequence == self.base.sequence && self.position.link != self.base.link {
                return Err(self.damaged(Defect::Link));
            }
            if self.position.sequence > self.base.sequence {
                break;
            }
        }
        let segment = self.segment.as_ref().expect("a commit was read from a segment");
        let start = segment.last.expect("a commit was read");
        let length = frame::u32_at(&segment.bytes, start + 16) as usize;
        let records = frame::u32_at(&segment.bytes, start + 20);
        let payload = &segment.bytes[start + frame::HEADER..][..length];
        Ok(Some(Commit { sequence: self.position.sequence, incarnation: self.incarnation, records, payload }))
    }

    /// Reads one frame and says whether it was a commit; what is no frame ends the segment.
    fn step(&mut self) -> Result<bool, JournalError> {
        let position = self.position;
        let Some(segment) = &mut self.segment else {
            self.reaches_mark(MARK)?;
            self.ended = true;
            return Ok(false);
        };
        let Some(frame) = frame::read(&segment.bytes[segment.at..], &segment.key) else {
            self.end_segment(0)?;
            return Ok(false);
        };
        let Frame { kind, sequence, before, link, .. } = frame;
        let size = frame.size();
        let follows = if kind == FrameKind::Commit { position.sequence + 1 } else { position.sequence };
        if before != position.link || sequence != follows {
            return Err(self.damaged(Defect::Link));
        }
        match kind {
            FrameKind::Commit => {
                segment.last = Some(segment.at);
                segment.at += size;
                self.position = Position { sequence, link };
                self.is_attested = false;
                Ok(true)
            }
            FrameKind::Continued if self.segments.is_empty() => Err(self.damaged(Defect::Missing)),
            // The next commit was to take the place of a seal: what follows it is what is left of that commit.
            FrameKind::Seal | FrameKind::Continued => {
                self.is_attested = true;
                self.end_segment(size).map(|()| false)
            }
            FrameKind::Part | FrameKind::Whole => Err(self.damaged(Defect::Link)),
        }
    }

    /// The segment holds no commit from here on; beyond `sealed` bytes there may be the remains of one that was never durable.
    fn end_segment(&mut self, sealed: usize) -> Result<(), JournalError> {
        let segment = self.segment.as_ref().expect("only a segment that is there ends");
        let rest = &segment.bytes[segment.at + sealed..];
        let (is_clean, is_proved) = if rest.iter().all(|&byte| byte == 0) {
            (true, false)
        } else {
            (false, frame::find_proof(rest, self.position.sequence + 1, &segment.key).is_some())
        };
        if is_proved {
            return Err(self.damaged(Defect::Commit));
        }
        self.read.push((segment.name.clone(), segment.at as u64));
        if let Some(next) = self.segments.pop() {
            return self.enter(next);
        }
        if self.position.sequence < self.base.sequence {
            // The snapshot proves that more was durable than is there.
            return Err(self.damaged(Defect::Commit));
        }
        if let Some(end) = self.backup_end.filter(|end| *end != self.position) {
            return Err(JournalError::BackupCut { last: self.position.sequence, made: end.sequence });
        }
        match self.reaches_mark(&segment.name) {
            // What is left of a commit that was durable.
            Err(_) if !is_clean => return Err(self.damaged(Defect::Commit)),
            reaches => reaches?,
        }
        if !is_clean {
            self.findings.push(Finding::TornTail {
                file: segment.name.clone(),
                offset: (segment.at + sealed) as u64,
                bytes: rest.len() as u64,
            });
        }
        self.ended = true;
        Ok(())
    }

    /// Nothing that was durable is missing where the journal ends, as far as the mark knows.
    fn reaches_mark(&self, file: &str) -> Result<(), JournalError> {
        let ends = Reached { incarnation: self.incarnation, sequence: self.position.sequence };
        match self.mark {
            Marked::At(known) if ends < known => Err(JournalError::CutOff { file: file.to_owned(), ends, known }),
            _ => Ok(()),
        }
    }

    fn enter_first(&mut self) -> Result<(), JournalError> {
        let Some(name) = self.segments.pop() else {
            if self.base.sequence == 0 && self.snapshot.is_none() {
                return Ok(());
            }
            let file = FileKind::Snapshot.name(self.base.sequence);
            return Err(JournalError::Damaged { file, offset: 0, defect: Defect::Missing });
        };
        let (segment, header) = load(&self.storage, self.fleet, name)?;
        if header.sequence > self.base.sequence {
            return Err(JournalError::Gap { file: segment.name, found: header.sequence, last: self.base.sequence });
        }
        self.position = Position { sequence: header.sequence, link: header.link };
        if self.position.sequence == self.base.sequence && self.position.link != self.base.link {
            return Err(JournalError::Damaged { file: segment.name, offset: 0, defect: Defect::Link });
        }
        self.incarnation = header.incarnation;
        self.segment = Some(segment);
        Ok(())
    }

    fn enter(&mut self, name: String) -> Result<(), JournalError> {
        let (segment, header) = load(&self.storage, self.fleet, name)?;
        if header.sequence != self.position.sequence || header.link != self.position.link {
            // The commits between the two segments are damaged in the former, or their file is gone.
            let former = self.segment.as_ref().expect("a segment was read before this one");
            if former.at < former.bytes.len() {
                return Err(self.damaged(Defect::Commit));
            }
            let (found, last) = (header.sequence, self.position.sequence);
            return Err(JournalError::Gap { file: segment.name, found, last });
        }
        self.incarnation = header.incarnation;
        self.segment = Some(segment);
        Ok(())
    }

    fn damaged(&self, defect: Defect) -> JournalError {
        let segment = self.segment.as_ref().expect("damage is found in a segment");
        JournalError::Damaged { file: segment.name.clone(), offset: segment.at as u64, defect }
    }
}

/// The fleet whose journal a directory holds; none where it holds no journal.
///
/// # Errors
/// A directory that cannot be read, or the header of whose first segment is damaged or of a later format.
pub fn fleet_of<S: Storage>(storage: &S) -> Result<Option<FleetId>, JournalError> {
    let names = storage.list().map_err(|source| JournalError::io("list", "the data directory", source))?;
    let Some(name) = names.into_iter().find(|name| FileKind::Segment.sequence(name).is_some()) else { return Ok(None) };
    let bytes = read_all(storage, &name)?;
    let (header, _) = Header::read(FileKind::Segment, &name, &bytes)?;
    Ok(Some(header.fleet))
}

/// Which snapshot a reader begins with, of those named.
type Choose<S> =
    fn(&S, FleetId, &[String], &mut Vec<Finding>) -> Result<Option<SnapshotReader<<S as Storage>::File>>, JournalError>;

/// The oldest snapshot that is whole.
fn oldest_snapshot<S: Storage>(
    storage: &S,
    fleet: FleetId,
    names: &[String],
    findings: &mut Vec<Finding>,
) -> Result<Option<SnapshotReader<S::File>>, JournalError> {
    for name in names.iter().filter(|name| FileKind::Snapshot.sequence(name).is_some()) {
        match SnapshotReader::open(storage, fleet, name) {
            Ok(reader) => return Ok(Some(reader)),
            Err(JournalError::Damaged { .. }) => findings.push(Finding::DamagedSpare { file: name.clone() }),
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// The newest snapshot that is whole. One that is not is passed over where an older one is; the oldest must be whole, unless
/// the segments reach back to the first commit.
fn newest_snapshot<S: Storage>(
    storage: &S,
    fleet: FleetId,
    names: &[String],
    findings: &mut Vec<Finding>,
) -> Result<Option<SnapshotReader<S::File>>, JournalError> {
    for name in names.iter().rev().filter(|name| FileKind::Snapshot.sequence(name).is_some()) {
        match SnapshotReader::open(storage, fleet, name) {
            Ok(reader) => return Ok(Some(reader)),
            Err(JournalError::Damaged { .. }) => findings.push(Finding::DamagedSnapshot { file: name.clone() }),
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

fn load<S: Storage>(storage: &S, fleet: FleetId, name: String) -> Result<(Segment, Header), JournalError> {
    let bytes = read_all(storage, &name)?;
    let (header, key) = Header::read(FileKind::Segment, &name, &bytes)?;
    if header.fleet != fleet {
        return Err(JournalError::OtherFleet { file: name, found: header.fleet, expected: fleet });
    }
    if FileKind::Segment.sequence(&name) != Some(header.sequence) {
        return Err(JournalError::Damaged { file: name, offset: 0, defect: Defect::Header });
    }
    let version = header::version(&bytes);
    Ok((Segment { name, key, version, bytes, at: header::SIZE, last: None }, header))
}

/// All bytes of a file.
pub(crate) fn read_all<S: Storage>(storage: &S, name: &str) -> Result<Vec<u8>, JournalError> {
    let failed = |source| JournalError::io("read", name, source);
    let file = storage.open(name).map_err(failed)?;
    let size = usize::try_from(file.size().map_err(failed)?).expect("a file fits the address space");
    let mut bytes = vec![0; size];
    file.read_at(0, &mut bytes).map_err(failed)?;
    Ok(bytes)
}
