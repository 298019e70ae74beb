//! Two tasks of the runtime whose other tasks ask the shell and are told: they save wake-ups, which cost the cores more than
//! decisions do.
//!
//! One **tells**: a batch that is durable comes to it whole, so that its answers are handed out by the runtime itself, and not one
//! by one from the journal's thread. The other **paces**: after the first of a batch was put in, it lets all tasks run that are
//! ready to, as long as they bring more and for a moment at most, and only then lets the engine's thread be woken. Where little is
//! to do, nobody waits for it; where much is, batches grow.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, mpsc};

use super::attendant::{Attendant, Telling};
use super::inbox::Inbox;

/// For how long those who come keep those who came before them. Where each round brings one more, they would for as long as it
/// takes many to come, which is milliseconds at half of what the service can do.
const PACE_MAX: Duration = Duration::from_micros(300);

/// Starts both tasks for an inbox, unless it has them.
pub(super) fn attend(inbox: &Arc<Inbox>) {
    let (batches, telling) = mpsc::unbounded_channel();
    let (asked, untold) = (Arc::new(Notify::new()), Arc::new(AtomicUsize::new(0)));
    if inbox.attendant.set(Attendant::new(batches, untold.clone(), asked.clone())).is_ok() {
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
