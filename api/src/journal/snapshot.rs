//! Snapshots: the state after a commit, in parts, written beside its place and renamed once it is whole and durable.

use super::error::{Defect, JournalError};
use super::frame::{self, FrameKind, HEADER, Label};
use super::header::{self, FileKind, Header};
use super::identity::{FleetId, Incarnation};
use super::link::{Key, Link, Position};
use super::storage::{Storage, StorageFile};

/// What a file is called until it is whole.
pub(crate) const UNFINISHED: &str = ".new";

/// A snapshot that is being written. Dropping it leaves an unfinished file, which the next server removes.
#[derive(Debug)]
pub struct SnapshotWriter<S: Storage> {
    storage: S,
    file: S::File,
    name: String,
    key: Key,
    at: u64,
    /// Up to where it was synced.
    synced: u64,
    parts: u64,
    before: Link,
    frame: Vec<u8>,
}

/// A snapshot is synced each time that it grew by so many bytes: all of it at once would hold up the commits beside it.
const SYNC_BYTES: u64 = 8 << 20;

impl<S: Storage> SnapshotWriter<S> {
    pub(crate) fn begin(storage: S, header: &Header) -> Result<SnapshotWriter<S>, JournalError> {
        let name = FileKind::Snapshot.name(header.sequence);
        let unfinished = format!("{name}{UNFINISHED}");
        let (bytes, key) = header.write();
        let mut file = storage.create(&unfinished).map_err(|source| JournalError::io("create", &unfinished, source))?;
        if let Err(source) = file.write_at(0, &bytes) {
            // Nobody else knows of the file; where it stays, the next server removes it.
            let _ = storage.remove(&unfinished);
            return Err(JournalError::io("write", &unfinished, source));
        }
        let at = header::SIZE as u64;
        let (before, frame) = (header.link, Vec::new());
        Ok(SnapshotWriter { storage, file, name, key, at, synced: 0, parts: 0, before, frame })
    }

    /// Appends a part, which is read back as one.
    ///
    /// # Errors
    /// A part that is too long, or cannot be written; the snapshot is of no use then, and the journal as it was.
    pub fn part(&mut self, payload: &[u8]) -> Result<(), JournalError> {
        if payload.len() > frame::PAYLOAD_BYTES_MAX {
            return Err(JournalError::TooLong { bytes: payload.len(), most: frame::PAYLOAD_BYTES_MAX });
        }
        self.put(FrameKind::Part, payload)
    }

    /// Makes the snapshot durable, and then gives it its name, which is durable too.
    ///
    /// # Errors
    /// What the system says; the snapshot is of no use then, and the journal as it was.
    pub fn finish(mut self) -> Result<(), JournalError> {
        self.complete()?;
        self.sync_name()
    }

    /// Makes the snapshot durable, and then gives it its name. Until that is durable, it may be there after a crash or not.
    ///
    /// # Errors
    /// What the system says; the snapshot is of no use then, and the journal as it was.
    pub(crate) fn complete(&mut self) -> Result<(), JournalError> {
        self.put(FrameKind::Whole, &[])?;
        let unfinished = self.unfinished();
        self.file.sync().map_err(|source| JournalError::io("sync", &unfinished, source))?;
        let renamed = self.storage.rename(&unfinished, &self.name);
        renamed.map_err(|source| JournalError::io("rename", &unfinished, source))
    }

    /// Makes its name durable.
    ///
    /// # Errors
    /// What the system says: it is then unknown which names of the directory are durable, segments of the journal among them.
    pub(crate) fn sync_name(self) -> Result<(), JournalError> {
        self.storage.sync_names().map_err(|source| JournalError::io("sync the names of", &self.name, source))
    }

    /// Gives the room back that an unfinished snapshot takes. Where that fails, too, the next server does it.
    pub(crate) fn discard(self) {
        let _ = self.storage.remove(&self.unfinished());
    }

    fn unfinished(&self) -> String {
        format!("{}{UNFINISHED}", self.name)
    }

    fn put(&mut self, kind: FrameKind, payload: &[u8]) -> Result<(), JournalError> {
        self.frame.clear();
        self.frame.resize(HEADER, 0);
        self.frame.extend_from_slice(payload);
        let label = Label { kind, sequence: self.parts, records: 0, before: self.before };
        self.before = frame::seal(&mut self.frame, label, &self.key);
        self.file.write_at(self.at, &self.frame).map_err(|source| JournalError::io("write", &self.name, source))?;
        self.at += self.frame.len() as u64;
        self.parts += 1;
        if self.at - self.synced >= SYNC_BYTES {
            self.file.sync().map_err(|source| JournalError::io("sync", &self.name, source))?;
            self.synced = self.at;
        }
        Ok(())
    }
}

/// A snapshot that was found whole.
#[derive(Debug)]
pub(crate) struct SnapshotReader<F: StorageFile> {
    file: F,
    name: String,
    header: Header,
    key: Key,
    at: u64,
    size: u64,
    parts: u64,
    before: Link,
    frame: Vec<u8>,
}

impl<F: StorageFile> SnapshotReader<F> {
    /// Opens a snapshot and reads it once from start to end.
    ///
    /// # Errors
    /// A snapshot that is not whole, of another fleet or of a later format, or that cannot be read.
    pub(crate) fn open<S: Storage<File = F>>(
        storage: &S,
        fleet: FleetId,
        name: &str,
    ) -> Result<SnapshotReader<F>, JournalError> {
        let failed = |source| JournalError::io("read", name, source);
        let file = storage.open(name).map_err(failed)?;
        let size = file.size().map_err(failed)?;
        let mut head = vec![0; header::SIZE.min(usize::try_from(size).unwrap_or(usize::MAX))];
        file.read_at(0, &mut head).map_err(failed)?;
        let (header, key) = Header::read(FileKind::Snapshot, name, &head)?;
        if header.fleet != fleet {
            return Err(JournalError::OtherFleet { file: name.to_owned(), found: header.fleet, expected: fleet });
        }
        let mut reader = SnapshotReader {
            file,
            name: name.to_owned(),
            header,
            key,
            at: header::SIZE as u64,
            size,
            parts: 0,
            before: header.link,
            frame: Vec::new(),
        };
        if FileKind::Snapshot.sequence(name) != Some(header.sequence) {
            return Err(reader.damaged());
        }
        while reader.next_part()?.is_some() {}
        (reader.at, reader.parts, reader.before) = (header::SIZE as u64, 0, header.link);
        Ok(reader)
    }

    /// The commit that the snapshot stands for.
    pub(crate) fn position(&self) -> Position {
        Position { sequence: self.header.sequence, link: self.header.link }
    }

    /// The file and its size.
    pub(crate) fn file(&self) -> (String, u64) {
        (self.name.clone(), self.size)
    }

    /// The incarnation in which it was written.
    pub(crate) fn incarnation(&self) -> Incarnation {
        self.header.incarnation
    }

    /// The next part; none at the end.
    pub(crate) fn next_part(&mut self) -> Result<Option<&[u8]>, JournalError> {
        let left = self.size - self.at;
        let mut head = [0; HEADER];
        if left < HEADER as u64 {
            return Err(self.damaged());
        }
        self.read_at(self.at, &mut head)?;
        let length = (frame::u32_at(&head, 16) as usize).min(frame::PAYLOAD_BYTES_MAX);
        let size = (HEADER + length).next_multiple_of(frame::ALIGNMENT);
        if left < size as u64 {
            return Err(self.damaged());
        }
        let mut bytes = std::mem::take(&mut self.frame);
        bytes.resize(size, 0);
        self.read_at(self.at, &mut bytes)?;
        self.frame = bytes;
        let Some(frame) = frame::read(&self.frame, &self.key) else { return Err(self.damaged()) };
        if frame.before != self.before || frame.sequence != self.parts {
            return Err(self.damaged());
        }
        match frame.kind {
            FrameKind::Part => {
                self.before = frame.link;
                self.at += size as u64;
                self.parts += 1;
                Ok(Some(&self.frame[HEADER..HEADER + length]))
            }
            FrameKind::Whole if left == size as u64 => Ok(None),
            _ => Err(self.damaged()),
        }
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> Result<(), JournalError> {
        self.file.read_at(at, into).map_err(|source| JournalError::io("read", &self.name, source))
    }

    fn damaged(&self) -> JournalError {
        JournalError::Damaged { file: self.name.clone(), offset: self.at, defect: Defect::Snapshot }
    }
}
