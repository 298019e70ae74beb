//! Starting and ending a shell, and the loop of the engine's thread.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use lessor_engine::authority::{Authority, Event, Placement, Terms};
use lessor_engine::ledger::Ledger;
use lessor_models::fleet::Fleet;
use tokio::sync::watch;

use super::clock::EngineClock;
use super::committer::{Committer, Listener, Order};
use super::counters::Counters;
use super::error::ShellError;
use super::fleet_id::fleet_id;
use super::handle::Handle;
use super::inbox::{Ending, Inbox, Wait, Work};
use super::recovery::{Ground, RecoveryReport, beginning, recover};
use super::stage::{Batch, Stage};
use crate::journal::{CommitBuffer, History, Journal, JournalOptions, Storage};
use crate::wire::RecordRef;

/// Makes the policy of placement for the ledger as it was recovered.
pub type PlacementMaker = Box<dyn FnOnce(&Ledger) -> Box<dyn Placement>>;

/// What a shell is started with.
pub struct ShellOptions<'a> {
    /// The fleet whose capacity is leased.
    pub fleet: &'a Fleet,
    /// The policy.
    pub terms: Terms,
    /// The policy of placement; none for the engine's own.
    pub placement: Option<PlacementMaker>,
    /// Who hears effects that are no answers.
    pub listener: Listener,
    /// How much of everything.
    pub limits: Limits,
    /// Segments and salt of the journal.
    pub journal: JournalOptions,
}

impl std::fmt::Debug for ShellOptions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShellOptions").field("terms", &self.terms).field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl<'a> ShellOptions<'a> {
    /// The usual limits, and nobody who listens.
    #[must_use]
    pub fn new(fleet: &'a Fleet, terms: Terms, salt: [u8; 16]) -> ShellOptions<'a> {
        ShellOptions {
            fleet,
            terms,
            placement: None,
            listener: Box::new(|_| ()),
            limits: Limits::default(),
            journal: JournalOptions::with_salt(salt),
        }
    }
}

/// Limits of a shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many events and reads of one class may wait to be applied; more are refused. At a millisecond for a thousand events, the
    /// last of a full queue waits for some 16 ms.
    pub waiting_max: usize,
    /// How much the engine's thread takes up at once: what is put in meanwhile waits for so many, class A too.
    pub taken_max: usize,
    /// A snapshot is made once the journal grew by so many bytes: what a recovery reads beside the snapshot in a few seconds.
    pub snapshot_bytes: u64,
    /// Time is recorded at least this often, in microseconds: what a restart may lose of it.
    pub beat_us: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { waiting_max: 1 << 14, taken_max: 1 << 9, snapshot_bytes: 256 << 20, beat_us: 5_000_000 }
    }
}

/// A running shell. Dropping it ends it as [`Shell::close`] does.
#[derive(Debug)]
pub struct Shell {
    inbox: Arc<Inbox>,
    threads: Option<Threads>,
    recovery: RecoveryReport,
}

#[derive(Debug)]
struct Threads {
    engine: JoinHandle<()>,
    journal: JoinHandle<Result<(), ShellError>>,
}

impl Shell {
    /// Recovers what a storage holds, and starts to serve.
    ///
    /// # Errors
    /// A journal that cannot be opened, or terms that cannot be used. Nothing was changed but that a torn tail was cut.
    pub fn start<S>(storage: S, options: ShellOptions<'_>) -> Result<(Shell, Handle), ShellError>
    where
        S: Storage + 'static,
        S::File: 'static,
    {
        let ShellOptions { fleet, terms, placement, listener, limits, journal } = options;
        let id = fleet_id(fleet);
        let mut history = History::read(storage.clone(), id)?;
        let (recovered, recovery) = recover(&mut history, Ground { fleet, terms })?;
        let mut journal = Journal::open(history, id, journal)?;
        let authority = match recovered {
            Some(authority) => authority,
            None => begin(&mut journal, Ground { fleet, terms })?,
        };
        let authority = match placement {
            Some(make) => authority.with_placement(make),
            None => authority,
        };
        let (latest, watching) = watch::channel(authority.revision());
        let inbox = Arc::new(Inbox::new(limits.waiting_max));
        let counters = Arc::new(Counters::default());
        let committer = Committer {
            journal,
            storage,
            inbox: inbox.clone(),
            counters: counters.clone(),
            latest,
            listener,
            snapshot: None,
        };
        let threads = start_threads(committer, (Stage::new(authority), recovery.bytes), limits)?;
        let handle = Handle { inbox: inbox.clone(), counters, latest: watching };
        Ok((Shell { inbox, threads: Some(threads), recovery }, handle))
    }

    /// What the recovery found.
    #[must_use]
    pub fn recovery(&self) -> &RecoveryReport {
        &self.recovery
    }

    /// Ends in order: does what waits, makes a snapshot, and closes the journal. After a failure it says what that was.
    ///
    /// # Errors
    /// Why the shell ended before, or could not end in order.
    pub fn close(mut self) -> Result<(), ShellError> {
        self.end()
    }

    fn end(&mut self) -> Result<(), ShellError> {
        let Some(threads) = self.threads.take() else { return Ok(()) };
        self.inbox.end(Ending::InOrder);
        let engine = threads.engine.join();
        let journal = threads.journal.join().map_err(|_| ShellError::Panicked)?;
        journal.and(engine.map_err(|_| ShellError::Panicked))
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // Whoever wants to know calls `close`.
        drop(self.end());
    }
}

/// An authority without a history: that it began, and when, is its first record.
fn begin<S: Storage>(journal: &mut Journal<S>, ground: Ground<'_>) -> Result<Authority, ShellError> {
    let now = beginning();
    let mut authority = Authority::new(ground.fleet, ground.terms, now)?;
    let decision = authority.apply(now, &Event::Tick, &mut Vec::new());
    let mut commit = CommitBuffer::default();
    commit.record(|out| RecordRef { now, event: &Event::Tick, decision: &decision }.write(out));
    journal.append(&mut commit)?;
    Ok(authority)
}

fn start_threads<S>(
    committer: Committer<S>,
    (stage, grown): (Stage, u64),
    limits: Limits,
) -> Result<Threads, ShellError>
where
    S: Storage + 'static,
    S::File: 'static,
{
    let inbox = committer.inbox.clone();
    let (order, orders) = mpsc::sync_channel(0);
    let (empty, spare) = mpsc::channel();
    let at_end = EndOnDrop(inbox.clone());
    let journal = thread::Builder::new().name("journal".to_owned()).spawn(move || {
        let _at_end = at_end;
        committer.run(&orders, &empty)
    });
    let journal = journal.map_err(ShellError::Thread)?;
    let clock = EngineClock::from(stage.authority.now());
    let at_end = EndOnDrop(inbox.clone());
    let engine = Engine { stage, inbox, clock, limits, order, spare, grown };
    let engine = thread::Builder::new().name("engine".to_owned()).spawn(move || {
        let _at_end = at_end;
        engine.run();
    });
    Ok(Threads { engine: engine.map_err(ShellError::Thread)?, journal })
}

/// Ends the shell at once when its thread ends, however that does: nobody waits for a thread that is not there.
#[derive(Debug)]
struct EndOnDrop(Arc<Inbox>);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.0.end(Ending::AtOnce);
    }
}

/// The engine's thread.
struct Engine {
    stage: Stage,
    inbox: Arc<Inbox>,
    clock: EngineClock,
    limits: Limits,
    order: SyncSender<Order>,
    spare: Receiver<Batch>,
    /// Bytes of records since the last snapshot.
    grown: u64,
}

impl Engine {
    fn run(mut self) {
        let mut work: Vec<Work> = Vec::with_capacity(self.limits.taken_max);
        loop {
            let wait = Wait { most: self.until_due(), is_holding: !self.stage.batch.is_empty() };
            let woken = self.inbox.take(&mut work, self.limits.taken_max, wait);
            if woken.ending == Ending::AtOnce {
                return;
            }
            let is_last = woken.ending == Ending::InOrder && work.is_empty();
            let now = self.clock.now();
            self.stage.tick(now);
            work.drain(..).for_each(|work| self.stage.handle(now, work));
            self.stage.beat(now, self.limits.beat_us);
            let batch = &self.stage.batch;
            let goes = batch.is_full() || is_last || (woken.is_journal_free && !batch.is_empty());
            if goes && self.hand_over().is_err() {
                return;
            }
            // The batch is with the journal, so the state is that after its commit.
            let is_due = self.grown > if is_last { 0 } else { self.limits.snapshot_bytes };
            if goes && is_due {
                let state = Box::new(self.stage.authority.snapshot());
                self.grown = 0;
                if self.order.send(Order::Snapshot(state)).is_err() {
                    return;
                }
            }
            if is_last {
                return;
            }
        }
    }

    /// How long nothing is due.
    fn until_due(&self) -> Duration {
        let beat = Duration::from_micros(self.limits.beat_us);
        self.stage.authority.next_deadline().map_or(beat, |deadline| self.clock.until(deadline).min(beat))
    }

    /// Gives the batch to the journal's thread, and waits where that is not free. An error says that it ended.
    fn hand_over(&mut self) -> Result<(), ()> {
        let empty = self.spare.try_recv().unwrap_or_default();
        let batch = self.stage.take(empty);
        self.grown += batch.commit.size() as u64;
        self.inbox.set_journal_free(false);
        self.order.send(Order::Commit(batch)).map_err(|_| ())
    }
}
