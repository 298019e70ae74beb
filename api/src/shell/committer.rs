//! The journal's side of a group commit: a batch is made durable, and then what follows from it leaves.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use lessor_engine::authority::Revision;
use tokio::sync::watch;

use super::attendant::Telling;
use super::counters::Counters;
use super::error::ShellError;
use super::inbox::Inbox;
use super::options::Listener;
use super::snapshot_task::{CutOff, SnapshotEnd, SnapshotTask};
use super::stage::Batch;
use crate::journal::{Journal, JournalError, Storage};

/// The journal is idle once no batch came for so long: then it attests its last commit.
const IDLE: Duration = Duration::from_millis(2);

/// What the engine's thread asks of the journal's.
pub(super) enum Order {
    /// A commit, and what leaves after it.
    Commit(Batch),
    /// A snapshot of the state after the last commit, whose pieces follow beside the commits.
    Snapshot(CutOff),
}

/// The journal's side of a shell, step by step. As a thread it does what it is asked until nothing more can come.
pub(crate) struct Committer<S: Storage> {
    pub(super) journal: Journal<S>,
    pub(super) storage: S,
    pub(super) inbox: Arc<Inbox>,
    pub(super) counters: Arc<Counters>,
    pub(super) latest: watch::Sender<Revision>,
    pub(super) listener: Listener,
    pub(super) snapshot: Option<JoinHandle<Result<SnapshotEnd, JournalError>>>,
}

impl<S: Storage> std::fmt::Debug for Committer<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Committer").field("journal", &self.journal).finish_non_exhaustive()
    }
}

impl<S: Storage> Committer<S> {
    /// Makes a batch durable.
    ///
    /// # Errors
    /// What the system says: nothing of the batch may leave then, and the shell ends.
    pub(crate) fn append(&mut self, batch: &mut Batch) -> Result<(), ShellError> {
        if batch.commit.is_empty() {
            return Ok(());
        }
        let began = Instant::now();
        self.journal.append(&mut batch.commit)?;
        self.counters.commit_times.record(began.elapsed());
        self.counters.commits.add(1);
        self.counters.records.add(batch.commit.records().into());
        self.counters.bytes.add(batch.commit.size() as u64);
        Ok(())
    }

    /// Lets out what follows from a batch that is durable; returns it empty.
    pub(crate) fn deliver(&mut self, mut batch: Batch) -> Batch {
        self.announce(&batch);
        batch.tell(&self.counters);
        batch
    }

    /// Says how far everything is durable, first, so that whoever hears an answer finds at least its revision; and lets
    /// effects be heard that are no answers.
    fn announce(&mut self, batch: &Batch) {
        let outbox = &batch.outbox;
        self.latest.send_if_modified(|latest| std::mem::replace(latest, outbox.revision) != outbox.revision);
        outbox.effects.iter().for_each(|effect| (self.listener)(effect));
    }

    /// Begins a snapshot of the state after the last commit: what is returned writes it, while commits go on. `None` where it is
    /// given up at once.
    pub(crate) fn snapshot(&mut self) -> Option<SnapshotTask<S>> {
        self.counters.snapshots.add(1);
        match self.journal.snapshot() {
            Ok(writer) => Some(SnapshotTask::new(writer, self.storage.clone())),
            Err(error) => {
                self.ended(&SnapshotEnd::GivenUp(error));
                None
            }
        }
    }

    /// Takes in how a snapshot ended. One that was given up is owed, and is tried again before long.
    pub(crate) fn ended(&self, end: &SnapshotEnd) {
        if matches!(end, SnapshotEnd::Whole) {
            self.inbox.set_snapshot_owed(false);
        }
        if let SnapshotEnd::GivenUp(error) = end {
            self.counters.failed_snapshots.add(1);
            self.inbox.set_snapshot_owed(true);
            let why = std::error::Error::source(error).map_or(String::new(), |why| format!(": {why}"));
            tracing::error!(target: "lessor", "a snapshot was given up, the journal goes on and grows: {error}{why}");
        }
    }

    /// Notes that the last commit is durable, for when no other is waiting.
    ///
    /// # Errors
    /// What the system says; the shell ends then.
    pub(crate) fn attest(&mut self) -> Result<(), ShellError> {
        Ok(self.journal.attest()?)
    }

    /// Closes the journal in order.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn close(self) -> Result<(), ShellError> {
        Ok(self.journal.close()?)
    }

    /// Says that it takes the next batch at once.
    pub(crate) fn set_free(&self) {
        self.inbox.set_journal_free(true);
    }
}

impl<S> Committer<S>
where
    S: Storage + 'static,
    S::File: 'static,
{
    /// Works until no more orders can come, then closes the journal. Empty batches go back to the engine's thread.
    pub(super) fn run(mut self, orders: &Receiver<Order>, spare: &Sender<Batch>) -> Result<(), ShellError> {
        loop {
            let order = match orders.recv_timeout(IDLE) {
                Ok(order) => order,
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    self.attest()?;
                    match orders.recv() {
                        Ok(order) => order,
                        Err(_) => break,
                    }
                }
            };
            self.inbox.set_journal_free(false);
            match order {
                Order::Commit(batch) => self.commit(batch, spare)?,
                Order::Snapshot(cut) => self.begin_snapshot(cut)?,
            }
            self.set_free();
        }
        self.end_snapshot()?;
        self.close()
    }

    fn commit(&mut self, mut batch: Batch, spare: &Sender<Batch>) -> Result<(), ShellError> {
        self.append(&mut batch)?;
        self.announce(&batch);
        let telling = Telling { batch, counters: self.counters.clone(), spare: spare.clone() };
        match self.inbox.attendant.get() {
            Some(attendant) => attendant.tell(telling, self.inbox.waiting().iter().sum()),
            None => telling.tell(),
        }
        if self.snapshot.as_ref().is_some_and(JoinHandle::is_finished) {
            self.end_snapshot()?;
        }
        Ok(())
    }

    /// A snapshot is encoded and written on a thread of its own, while commits go on.
    fn begin_snapshot(&mut self, cut_off: CutOff) -> Result<(), ShellError> {
        self.end_snapshot()?;
        // What was cut off is dropped, and the engine's thread sees that nobody takes it.
        let Some(task) = self.snapshot() else { return Ok(()) };
        let write = move || task.run(cut_off);
        let thread = thread::Builder::new().name("snapshot".to_owned()).spawn(write).map_err(ShellError::Thread)?;
        self.snapshot = Some(thread);
        Ok(())
    }

    fn end_snapshot(&mut self) -> Result<(), ShellError> {
        match self.snapshot.take().map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(written)) => {
                self.ended(&written?);
                Ok(())
            }
            Some(Err(_)) => Err(ShellError::Panicked),
        }
    }
}
