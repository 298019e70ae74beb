//! Starting and ending a shell, and the loop of the engine's thread.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::clock::EngineClock;
use super::committer::{Committer, Order};
use super::engine::{Engine, Stepped};
use super::error::ShellError;
use super::handle::Handle;
use super::inbox::{Ending, Inbox};
use super::open::{Parts, open};
use super::options::{Limits, ShellOptions};
use super::recovery::{RecoveryReport, beginning};
use super::snapshot_task::{Cutting, Progress};
use super::stage::Batch;
use crate::journal::Storage;

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
        let limits = options.limits;
        let Parts { engine, committer, handle, recovery } = open(storage, options, beginning())?;
        let inbox = handle.inbox.clone();
        let threads = start_threads(committer, engine, limits)?;
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

fn start_threads<S>(committer: Committer<S>, engine: Engine, limits: Limits) -> Result<Threads, ShellError>
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
    let clock = EngineClock::from(engine.now());
    let at_end = EndOnDrop(inbox);
    let engine = EngineThread {
        engine,
        clock,
        limits,
        order,
        spare,
        spares: Vec::new(),
        cutting: None,
        progress: Progress::Over,
    };
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
struct EngineThread {
    engine: Engine,
    clock: EngineClock,
    limits: Limits,
    order: SyncSender<Order>,
    spare: Receiver<Batch>,
    /// Empty batches that came back.
    spares: Vec<Batch>,
    /// The snapshot under way, and how it goes on.
    cutting: Option<Cutting>,
    progress: Progress,
}

/// Empty batches that are kept: as many as are in hand, at the journal and being told in turn. What a rush took beyond them is not
/// kept for the next one.
const SPARES_MAX: usize = 3;

/// How long the engine's thread waits for the writer of a snapshot where it has nothing else to do.
const WRITER_WAIT: Duration = Duration::from_millis(1);

impl EngineThread {
    fn run(mut self) {
        loop {
            let woken = self.engine.take_up(self.until_due());
            if woken.ending == Ending::AtOnce {
                return;
            }
            let stepped = self.engine.step(self.clock.now(), &woken);
            if stepped.goes && self.hand_over(stepped).is_err() {
                return;
            }
            if stepped.is_last {
                return;
            }
            self.cut_on();
        }
    }

    /// How long nothing is due.
    fn until_due(&self) -> Duration {
        let beat = match self.progress {
            Progress::More => return Duration::ZERO,
            Progress::Waits => WRITER_WAIT,
            Progress::Over => Duration::from_micros(self.limits.beat_us),
        };
        self.engine.next_deadline().map_or(beat, |deadline| self.clock.until(deadline).min(beat))
    }

    /// Gives the batch to the journal's thread, and begins a snapshot of the state after it where one is due; the last one is
    /// taken whole. Waits where that thread is not free; an error says that it ended.
    fn hand_over(&mut self, stepped: Stepped) -> Result<(), ()> {
        self.spares.extend(self.spare.try_iter());
        self.spares.truncate(SPARES_MAX);
        let empty = self.spares.pop().unwrap_or_default();
        self.order.send(Order::Commit(self.engine.batch(empty))).map_err(|_| ())?;
        if stepped.is_last
            && let Some(cutting) = self.cutting.take()
        {
            cutting.finish(&mut self.engine);
        }
        let Some(head) = self.engine.snapshot_due(stepped) else { return Ok(()) };
        let (cutting, cut_off) = Cutting::begin(head);
        self.order.send(Order::Snapshot(cut_off)).map_err(|_| ())?;
        if stepped.is_last {
            cutting.finish(&mut self.engine);
        } else {
            (self.cutting, self.progress) = (Some(cutting), Progress::More);
        }
        Ok(())
    }

    /// Hands out a piece of the snapshot under way.
    fn cut_on(&mut self) {
        if let Some(cutting) = &mut self.cutting {
            self.progress = cutting.go_on(&mut self.engine);
            if self.progress == Progress::Over {
                self.cutting = None;
            }
        }
    }
}
