//! The way to the two tasks that attend a shell from within a runtime (see [`attend`](super::attend)).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Sender;

use tokio::sync::{Notify, mpsc};

use super::counters::Counters;
use super::stage::Batch;

/// So many that wait to be applied keep the runtime busy.
const MANY: usize = 512;

/// The way to both tasks.
#[derive(Debug)]
pub(super) struct Attendant {
    batches: mpsc::UnboundedSender<Telling>,
    /// How many it has that are not told.
    untold: Arc<AtomicUsize>,
    asked: Arc<Notify>,
}

/// A batch that is durable and has not been told.
#[derive(Debug)]
pub(super) struct Telling {
    pub(super) batch: Batch,
    pub(super) counters: Arc<Counters>,
    /// The way back to the engine's thread.
    pub(super) spare: Sender<Batch>,
}

impl Telling {
    /// Tells everybody.
    pub(super) fn tell(mut self) {
        self.batch.tell(&self.counters);
        // The engine's thread may have ended already.
        drop(self.spare.send(self.batch));
    }
}

impl Attendant {
    /// The way to a task that tells what is sent it and counts down `untold`, and to one that paces when it is asked.
    pub(super) fn new(
        batches: mpsc::UnboundedSender<Telling>,
        untold: Arc<AtomicUsize>,
        asked: Arc<Notify>,
    ) -> Attendant {
        Attendant { batches, untold, asked }
    }

    /// Sees to it that a batch is told, after all before it, while so many wait to be applied. Where few do it is handed over: it
    /// holds no more than the callers that wait for it, and where the runtime has ended, nobody does. Where many do, the runtime is
    /// kept busy, and one task more of it would wait in line with the others, and class A with it: it is told here and now.
    pub(super) fn tell(&self, telling: Telling, waiting: usize) {
        if waiting >= MANY && self.untold.load(Ordering::Acquire) == 0 {
            telling.tell();
        } else {
            self.untold.fetch_add(1, Ordering::Relaxed);
            drop(self.batches.send(telling));
        }
    }

    /// Asks for the pace of what was just put in.
    pub(super) fn ask(&self) {
        self.asked.notify_one();
    }
}

impl Drop for Attendant {
    fn drop(&mut self) {
        // The task that paces sees then that nothing is left.
        self.asked.notify_one();
    }
}
