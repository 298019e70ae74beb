//! The engine's side of a shell, step by step: whoever drives it, threads or a simulation, says when and at what time.

use std::sync::Arc;
use std::time::Duration;

use lessor_engine::authority::{Authority, Piece, Snapshot};
use lessor_models::time::Timestamp;

use super::inbox::{Ending, Inbox, Taken, Wait, Woken};
use super::options::Limits;
use super::stage::{Batch, Stage};

/// Slots or answers in a piece: some 300 kB, copied in a tenth of a millisecond.
const PIECE: usize = 512;

/// After a snapshot that could not be written another one is due once the journal grew by this part of what it grows by else.
const RETRY_PART: u64 = 4;

/// Beyond so many the cost of a commit is small beside theirs, and nobody waits for more.
const GATHERED_MAX: usize = 512;

/// An authority, what waits for it, and the batch that is being made.
pub(crate) struct Engine {
    stage: Stage,
    inbox: Arc<Inbox>,
    limits: Limits,
    work: Taken,
    /// Bytes of records since the last snapshot began.
    grown: u64,
    /// How many answers and reads the last batch had.
    last_told: usize,
}

/// What a step leaves to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stepped {
    /// The batch goes to the journal.
    pub(crate) goes: bool,
    /// It was the last step, and the batch is the last one.
    pub(crate) is_last: bool,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("stage", &self.stage).field("grown", &self.grown).finish_non_exhaustive()
    }
}

impl Engine {
    /// An authority all of whose state is durable, whose records since the last snapshot take so many bytes.
    pub(super) fn new(authority: Authority, inbox: Arc<Inbox>, (limits, grown): (Limits, u64)) -> Engine {
        Engine { stage: Stage::new(authority), inbox, limits, work: Taken::default(), grown, last_told: 0 }
    }

    /// The last instant applied.
    pub(crate) fn now(&self) -> Timestamp {
        self.stage.authority.now()
    }

    /// When something is due, if anything waits for time.
    pub(crate) fn next_deadline(&self) -> Option<Timestamp> {
        self.stage.authority.next_deadline()
    }

    /// The whole state, durable or not.
    pub(crate) fn snapshot(&self) -> Snapshot {
        self.stage.authority.snapshot()
    }

    /// Takes up what waits. Where there is nothing to do, it waits for it at most so long; and where it may wait at all, also a
    /// moment for as many as came last time, so that a fast device is not given one commit for each of them.
    pub(crate) fn take_up(&mut self, most: Duration) -> Woken {
        let batch = &self.stage.batch;
        let wanted = self.last_told.min(GATHERED_MAX).saturating_sub(batch.told());
        let wait = Wait { most, is_holding: !batch.is_empty(), wanted };
        self.inbox.take(&mut self.work, self.limits.taken_max, wait)
    }

    /// Lets time go by, and does what was taken up.
    pub(crate) fn step(&mut self, now: Timestamp, woken: &Woken) -> Stepped {
        let is_last = woken.ending == Ending::InOrder && self.work.count() == 0;
        let Engine { stage, work, limits, .. } = self;
        stage.tick(now);
        work.drain().for_each(|work| stage.handle(now, work));
        stage.beat(now, limits.beat_us);
        let batch = &stage.batch;
        let goes = batch.is_full() || is_last || (woken.is_journal_free && !batch.is_empty());
        Stepped { goes, is_last }
    }

    /// The batch, for the journal; `empty` becomes the next one.
    pub(crate) fn batch(&mut self, empty: Batch) -> Batch {
        let batch = self.stage.take(empty);
        self.grown += batch.commit.size() as u64;
        self.last_told = batch.told();
        self.inbox.set_journal_free(false);
        batch
    }

    /// Begins a snapshot of the state after the batch that the journal just got, where one is due and none is under way: all of
    /// it but what [`Engine::next_piece`] hands out from now on.
    pub(crate) fn snapshot_due(&mut self, stepped: Stepped) -> Option<Box<Snapshot>> {
        let is_owed = self.inbox.is_snapshot_owed();
        let most = match (stepped.is_last, is_owed) {
            (true, _) => 0,
            (false, true) => self.limits.snapshot_bytes / RETRY_PART,
            (false, false) => self.limits.snapshot_bytes,
        };
        let is_due = self.grown > most || (stepped.is_last && is_owed);
        (is_due && !self.stage.authority.is_cutting()).then(|| {
            self.grown = 0;
            self.inbox.set_snapshot_owed(false);
            Box::new(self.stage.authority.begin_cut())
        })
    }

    /// The next piece of the snapshot under way; none once all were handed out, and then the snapshot is whole.
    pub(crate) fn next_piece(&mut self) -> Option<Piece> {
        self.stage.authority.next_piece(PIECE)
    }

    /// Gives the snapshot under way up.
    pub(crate) fn end_cut(&mut self) {
        self.stage.authority.end_cut();
    }
}
