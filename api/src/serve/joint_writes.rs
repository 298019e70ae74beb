//! Answers of a connection that leave together.
//!
//! HTTP/2 here writes as soon as one answer is there. Where many become ready at once, as after a group commit, that is nearly a
//! system call for each. A write to this connection first lets everything else run that is ready to, so that it finds the other
//! answers beside the one that began it. Where nothing else is ready, it goes on at once. Where giving way took long, so much is
//! ready that answers gather anyway, and for a while connections write without it.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use futures_util::task::AtomicWaker;

/// Giving way takes no longer than this where it is worth it.
const TURN_MAX: Duration = Duration::from_millis(3);
/// How long connections write at once after it took longer.
const BUSY: Duration = Duration::from_millis(50);

/// The turns of a connection that lets others run before it writes.
#[derive(Debug)]
pub(super) struct Turns {
    turn: Turn,
    bell: Arc<Bell>,
    rush: Arc<Rush>,
}

/// How busy the runtime is in which connections give way: one for all of them.
#[derive(Debug)]
pub(super) struct Rush {
    begun: Instant,
    /// Until when nobody gives way, in microseconds since it began.
    until: AtomicU64,
}

impl Rush {
    /// A runtime of which nothing is known yet.
    pub(super) fn new() -> Rush {
        Rush { begun: Instant::now(), until: AtomicU64::new(0) }
    }

    fn is_on(&self, now: Instant) -> bool {
        self.micros(now) < self.until.load(Ordering::Relaxed)
    }

    /// Takes in how long a turn took.
    fn took(&self, began: Instant, now: Instant) {
        if now.duration_since(began) > TURN_MAX {
            self.until.store(self.micros(now + BUSY), Ordering::Relaxed);
        }
    }

    fn micros(&self, at: Instant) -> u64 {
        u64::try_from(at.duration_since(self.begun).as_micros()).unwrap_or(u64::MAX)
    }
}

/// Where a connection stands with what is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// Nothing is to be written.
    None,
    /// Something is, once everything else has run; since when.
    Awaited(Instant),
    /// Everything else has run: it is written, up to the next flush.
    Come,
}

/// Rung by the runtime once it has run what was ready. Whoever wakes the connection for another reason does not ring it.
#[derive(Debug, Default)]
struct Bell {
    has_rung: AtomicBool,
    connection: AtomicWaker,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.has_rung.store(true, Ordering::Release);
        self.connection.wake();
    }
}

impl Turns {
    /// Of a connection with nothing to write yet.
    pub(super) fn new(rush: Arc<Rush>) -> Turns {
        Turns { turn: Turn::None, bell: Arc::default(), rush }
    }

    /// What was written is flushed: what comes next waits for its own turn.
    pub(super) fn end(&mut self) {
        if self.turn == Turn::Come {
            self.turn = Turn::None;
        }
    }

    /// Waits until everything else has run.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let began = match self.turn {
            Turn::Come => return Poll::Ready(()),
            Turn::Awaited(began) => {
                self.bell.connection.register(context.waker());
                began
            }
            Turn::None => {
                let now = Instant::now();
                if self.rush.is_on(now) {
                    self.turn = Turn::Come;
                    return Poll::Ready(());
                }
                self.bell.has_rung.store(false, Ordering::Relaxed);
                self.bell.connection.register(context.waker());
                let bell = Waker::from(Arc::clone(&self.bell));
                // Its first poll gives the bell to the runtime, and that is all that is asked of it.
                let given = pin!(tokio::task::yield_now()).poll(&mut Context::from_waker(&bell));
                debug_assert!(given.is_pending(), "whoever gives way is not done at once");
                self.turn = Turn::Awaited(now);
                now
            }
        };
        if self.bell.has_rung.load(Ordering::Acquire) {
            self.rush.took(began, Instant::now());
            self.turn = Turn::Come;
            return Poll::Ready(());
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_long_turn_nobody_gives_way_for_a_while() {
        let rush = Rush::new();
        let at = |millis: u64| rush.begun + Duration::from_millis(millis);
        rush.took(at(10), at(12));
        assert!(!rush.is_on(at(12)));
        rush.took(at(10), at(14));
        assert!(rush.is_on(at(14)) && rush.is_on(at(63)) && !rush.is_on(at(64)));
    }
}
