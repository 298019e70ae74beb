//! Two tasks of the runtime whose other tasks ask the shell and are told: they save wake-ups, which cost the cores more than
//! decisions do.
//!
//! One **tells**: a batch that is durable comes to it whole, so that its answers are handed out by the runtime itself, and not one
//! by one from the journal's thread. The other **paces**: after the first of a batch was put in, it lets all tasks run that are
//! ready to, as long as they bring more and for a moment at most, and only then lets the engine's thread be woken. Where little is
//! to do, nobody waits for it; where much is, batches grow.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, mpsc};

use super::counters::Counters;
use super::inbox::Inbox;
use super::stage::Batch;

/// For how long those who come keep those who came before them. Where each round brings one more, they would for as long as it
/// takes many to come, which is milliseconds at half of what the service can do.
const PACE_MAX: Duration = Duration::from_micros(300);

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

/// Starts both tasks for an inbox, unless it has them.
pub(super) fn attend(inbox: &Arc<Inbox>) {
    let (batches, telling) = mpsc::unbounded_channel();
    let (asked, untold) = (Arc::new(Notify::new()), Arc::new(AtomicUsize::new(0)));
    if inbox.attendant.set(Attendant { batches, untold: untold.clone(), asked: asked.clone() }).is_ok() {
        tokio::spawn(tell(telling, untold));
        tokio::spawn(pace(Arc::downgrade(inbox), asked));
    }
}

async fn tell(mut batches: mpsc::UnboundedReceiver<Telling>, untold: Arc<AtomicUsize>) {
    while let Some(telling) = batches.recv().await {
        telling.tell();
        untold.fetch_sub(1, Ordering::Release);
    }
}

async fn pace(inbox: Weak<Inbox>, asked: Arc<Notify>) {
    loop {
        asked.notified().await;
        let begun = Instant::now();
        let mut waiting = 0;
        loop {
            // Comes back once everything else has run that is ready to.
            tokio::task::yield_now().await;
            let Some(inbox) = inbox.upgrade() else { return };
            match inbox.pace((begun.elapsed() < PACE_MAX).then_some(waiting)) {
                Some(more) => waiting = more,
                None => break,
            }
        }
    }
}
