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

/// How the writing of a snapshot ended.
#[derive(Debug)]
pub(crate) enum SnapshotEnd {
    /// It is durable, and what it replaces is gone.
    Whole,
    /// Not all of its pieces came.
    CutOff,
    /// It could not be written. The journal has all that it would have had.
    GivenUp(JournalError),
}

impl<S: Storage> SnapshotTask<S> {
    pub(super) fn new(writer: SnapshotWriter<S>, storage: S) -> SnapshotTask<S> {
        SnapshotTask { writer, state: StateWriter::default(), storage }
    }

    /// Writes all of a snapshot, as its pieces come: none after the last, and no more where nobody sends them. One that cannot be
    /// written is given up.
    ///
    /// # Errors
    /// Names that are not known to be durable: those of the journal's own files may be among them.
    pub(crate) fn write(
        mut self,
        head: Box<Snapshot>,
        mut next: impl FnMut() -> Option<Option<Piece>>,
    ) -> Result<SnapshotEnd, JournalError> {
        match self.parts(head, &mut next) {
            Ok(true) => {}
            Ok(false) => return Ok(SnapshotEnd::CutOff),
            Err(error) => {
                self.writer.discard();
                return Ok(SnapshotEnd::GivenUp(error));
            }
        }
        self.writer.sync_name()?;
        forget_old(&self.storage)?;
        Ok(SnapshotEnd::Whole)
    }

    /// Writes the head and the pieces, and completes it; whether all of them came.
    fn parts(
        &mut self,
        head: Box<Snapshot>,
        next: &mut impl FnMut() -> Option<Option<Piece>>,
    ) -> Result<bool, JournalError> {
        let SnapshotTask { writer, state, .. } = self;
        state.head(*head, |part| writer.part(part))?;
        while let Some(sent) = next() {
            let Some(piece) = sent else {
                std::mem::take(state).finish(|part| writer.part(part))?;
                writer.complete()?;
                return Ok(true);
            };
            state.piece(&piece, |part| writer.part(part))?;
        }
        Ok(false)
    }

    /// The same, of a cut whose pieces come from the engine's thread.
    pub(super) fn run(self, cut_off: CutOff) -> Result<SnapshotEnd, JournalError> {
        let CutOff { head, pieces } = cut_off;
        self.write(head, || pieces.recv().ok())
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
