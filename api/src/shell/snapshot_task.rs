//! A snapshot on its way to the storage, piece by piece, beside the commits that follow it.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use lessor_engine::authority::{Piece, Snapshot};

use super::engine::Engine;
use crate::journal::{JournalError, SnapshotWriter, Storage, forget_old};
use crate::wire::StateWriter;

/// Pieces that wait to be written: what a snapshot takes of memory at most, beside what changes while it is taken.
const WAITING: usize = 4;

/// A snapshot that is being written. Dropped before its end it is none, as after a crash.
#[derive(Debug)]
pub(crate) struct SnapshotTask<S: Storage> {
    writer: SnapshotWriter<S>,
    state: StateWriter,
    storage: S,
}

impl<S: Storage> SnapshotTask<S> {
    pub(super) fn new(writer: SnapshotWriter<S>, storage: S) -> SnapshotTask<S> {
        SnapshotTask { writer, state: StateWriter::default(), storage }
    }

    /// Writes what a cut begins with.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn head(&mut self, head: Box<Snapshot>) -> Result<(), JournalError> {
        let SnapshotTask { writer, state, .. } = self;
        state.head(*head, |part| writer.part(part))
    }

    /// Writes a piece of the cut.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn piece(&mut self, piece: &Piece) -> Result<(), JournalError> {
        let SnapshotTask { writer, state, .. } = self;
        state.piece(piece, |part| writer.part(part))
    }

    /// Makes the snapshot durable, once every piece was written, and removes what it replaces.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn finish(self) -> Result<(), JournalError> {
        let SnapshotTask { mut writer, state, storage } = self;
        state.finish(|part| writer.part(part))?;
        writer.finish()?;
        forget_old(&storage)
    }

    /// Writes all of a snapshot, as its pieces come.
    pub(super) fn run(mut self, cut_off: CutOff) -> Result<(), JournalError> {
        self.head(cut_off.head)?;
        while let Ok(sent) = cut_off.pieces.recv() {
            match sent {
                Some(piece) => self.piece(&piece)?,
                None => return self.finish(),
            }
        }
        Ok(())
    }
}

/// What the writing thread gets: the head of a cut, and its pieces, none after the last.
#[derive(Debug)]
pub(super) struct CutOff {
    head: Box<Snapshot>,
    pieces: Receiver<Option<Piece>>,
}

/// The engine's end of it.
#[derive(Debug)]
pub(super) struct Cutting {
    pieces: SyncSender<Option<Piece>>,
    /// What found no room.
    held: Option<Option<Piece>>,
}

/// How a cut goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// There is more, and room for it.
    More,
    /// There is more once the writer has caught up.
    Waits,
    /// Nothing is left to be sent, or nobody takes it.
    Over,
}

impl Cutting {
    pub(super) fn begin(head: Box<Snapshot>) -> (Cutting, CutOff) {
        let (sender, pieces) = sync_channel(WAITING);
        (Cutting { pieces: sender, held: None }, CutOff { head, pieces })
    }

    /// Sends a piece, where there is room for one.
    pub(super) fn go_on(&mut self, engine: &mut Engine) -> Progress {
        let next = self.held.take().unwrap_or_else(|| engine.next_piece());
        let is_end = next.is_none();
        match self.pieces.try_send(next) {
            Ok(()) if is_end => Progress::Over,
            Ok(()) => Progress::More,
            Err(TrySendError::Full(next)) => {
                self.held = Some(next);
                Progress::Waits
            }
            Err(TrySendError::Disconnected(_)) => {
                engine.end_cut();
                Progress::Over
            }
        }
    }

    /// Sends everything that is left, as fast as it is written.
    pub(super) fn finish(mut self, engine: &mut Engine) {
        loop {
            let next = self.held.take().unwrap_or_else(|| engine.next_piece());
            let is_end = next.is_none();
            if self.pieces.send(next).is_err() || is_end {
                return engine.end_cut();
            }
        }
    }
}
