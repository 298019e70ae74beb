//! Connections that a server has at once: as many as leave its journal files to open, and none that says nothing for long.
//!
//! A system gives a process so many descriptors. Where connections take all of them, a journal cannot begin its next segment, and
//! ends. So connections have places, fewer than there are descriptors, and what finds none waits to be taken. Whoever holds
//! one is heard of now and then: a connection that is served is asked whether it is still there, and answers. One that has not said
//! a word is not served yet, and has less time for that.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep};

/// Connections at once, whatever the system would give.
const CONNECTIONS_MAX: usize = 1 << 14;
/// Descriptors for everything else: segments, snapshots, logs, the page of metrics.
const KEPT_BACK: usize = 128;

/// Places of connections.
#[derive(Clone, Debug)]
pub(super) struct Places {
    free: Arc<Semaphore>,
    taken: Gauge,
    /// Whether it was told that none is free.
    is_told: Arc<AtomicBool>,
}

impl Places {
    /// As many as the process may have descriptors for; it asks for all that it may. They are counted where one is taken.
    pub(super) fn of_process(taken: Gauge) -> Places {
        Places::new(of_descriptors(descriptors()), taken)
    }

    pub(super) fn new(most: usize, taken: Gauge) -> Places {
        Places { free: Arc::new(Semaphore::new(most)), taken, is_told: Arc::default() }
    }

    /// A place for a connection, once there is one.
    pub(super) async fn take(self) -> Place {
        let is_full = self.free.available_permits() == 0;
        if !self.is_told.swap(is_full, Ordering::Relaxed) && is_full {
            tracing::warn!(target: "lessor", "as many connections as this process may have; others wait until one ends");
        }
        let permit = self.free.acquire_owned().await.expect("nobody closes the places");
        self.taken.inc();
        Place { taken: self.taken, _permit: permit }
    }
}

/// How many descriptors the process may have: as many as it may ask for.
fn descriptors() -> u64 {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return 0 };
    if setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok() { hard } else { soft }
}

/// How many of them connections may take; of a few, half.
fn of_descriptors(descriptors: u64) -> usize {
    let all = usize::try_from(descriptors).unwrap_or(usize::MAX);
    (all - KEPT_BACK.min(all / 2)).clamp(1, CONNECTIONS_MAX)
}

/// A place that a connection has, free again once this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    taken: Gauge,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.taken.dec();
    }
}

/// How long nothing was heard of a connection.
#[derive(Debug)]
pub(super) struct Silence {
    most: Duration,
    until: Pin<Box<Sleep>>,
    is_heard: bool,
}

impl Silence {
    /// Of a connection that has so long for its first word, and may then be silent for so long, at least: up to twice as long may
    /// pass before that is noticed.
    pub(super) fn new((first, most): (Duration, Duration)) -> Silence {
        Silence { most, until: Box::pin(sleep(first)), is_heard: false }
    }

    /// Something was heard.
    pub(super) fn broken(&mut self) {
        self.is_heard = true;
    }

    /// Ready once nothing was heard for so long.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.until.as_mut().poll(context));
            if !std::mem::take(&mut self.is_heard) {
                return Poll::Ready(());
            }
            self.until.as_mut().reset(Instant::now() + self.most);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use futures_util::FutureExt;
    use tokio::time::sleep_until;

    use super::*;

    #[test]
    fn connections_leave_descriptors_to_the_journal() {
        assert_eq!([0, 1, 96, 256, 1_024].map(of_descriptors), [1, 1, 48, 128, 896]);
        assert_eq!(of_descriptors(u64::MAX), CONNECTIONS_MAX);
    }

    #[test]
    fn who_finds_no_place_has_one_once_another_leaves() {
        let taken = Gauge::default();
        let places = Places::new(2, taken.clone());
        let take = || places.clone().take().now_or_never();
        let (first, second) = (take().unwrap(), take().unwrap());
        assert!(take().is_none());
        assert_eq!(taken.get(), 2);
        drop(first);
        let third = take().unwrap();
        assert!(take().is_none());
        drop((second, third));
        assert_eq!(taken.get(), 0);
    }

    #[tokio::test]
    async fn who_was_heard_in_time_may_be_silent_for_longer() {
        let (first, most) = (Duration::from_millis(20), Duration::from_hours(1));
        let mut silence = Silence::new((first, most));
        let word = silence.until.deadline();
        assert!(word < Instant::now() + first + most);
        silence.broken();
        sleep_until(word).await;
        assert!(poll_fn(|context| Poll::Ready(silence.poll(context).is_pending())).await);
        assert!(silence.until.deadline() >= word + most);
        let mut silence = Silence::new((first, most));
        poll_fn(|context| silence.poll(context)).await;
    }
}
