//! Connections that a server has at once: as many as leave its journal files to open, and none that says nothing for long.
//!
//! A system gives a process so many descriptors. Where connections take all of them, a journal cannot begin its next segment, and
//! ends. So connections have places, fewer than there are descriptors, and what finds none waits to be taken. Whoever holds
//! one is heard of now and then: a connection that is served is asked whether it is still there, and answers.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use prometheus_client::metrics::gauge::Gauge;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep};
use tonic::transport::server::Connected;

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

    fn new(most: usize, taken: Gauge) -> Places {
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

/// A connection with its place, which it loses where nothing is heard from it for so long.
#[derive(Debug)]
pub(super) struct Placed<Inner> {
    inner: Inner,
    silence: Duration,
    until: Pin<Box<Sleep>>,
    is_heard: bool,
    _place: Place,
}

impl<Inner> Placed<Inner> {
    /// A connection at a place, and how long it may be silent, at least: up to twice as long may pass before that is noticed.
    pub(super) fn new(inner: Inner, place: Place, silence: Duration) -> Placed<Inner> {
        Placed { inner, silence, until: Box::pin(sleep(silence)), is_heard: false, _place: place }
    }

    /// Ready once nothing was heard for so long.
    fn poll_silence(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.until.as_mut().poll(context));
            if !std::mem::take(&mut self.is_heard) {
                return Poll::Ready(());
            }
            self.until.as_mut().reset(Instant::now() + self.silence);
        }
    }
}

impl<Inner: AsyncRead + Unpin> AsyncRead for Placed<Inner> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if let Poll::Ready(read) = Pin::new(&mut self.inner).poll_read(context, into) {
            self.is_heard = true;
            return Poll::Ready(read);
        }
        self.poll_silence(context).map(|()| Err(ErrorKind::TimedOut.into()))
    }
}

impl<Inner: AsyncWrite + Unpin> AsyncWrite for Placed<Inner> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

impl<Inner: Connected> Connected for Placed<Inner> {
    type ConnectInfo = Inner::ConnectInfo;

    fn connect_info(&self) -> Inner::ConnectInfo {
        self.inner.connect_info()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    const SILENCE: Duration = Duration::from_millis(20);

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

    /// A server had kept whoever connected and said nothing, until it had no descriptor left.
    #[tokio::test]
    async fn who_says_nothing_loses_its_place() {
        let taken = Gauge::default();
        let place = Places::new(1, taken.clone()).take().await;
        let (mut caller, served) = duplex(64);
        let mut served = Placed::new(served, place, SILENCE);
        caller.write_all(b"hello").await.unwrap();
        let mut heard = [0; 5];
        assert_eq!(served.read(&mut heard).await.unwrap(), 5);
        let failed = served.read(&mut heard).await.unwrap_err();
        assert_eq!(failed.kind(), ErrorKind::TimedOut);
        drop(served);
        assert_eq!(taken.get(), 0);
    }

    #[tokio::test]
    async fn who_was_heard_has_as_long_again() {
        let (_caller, served) = duplex(64);
        let mut served = Placed::new(served, Places::new(1, Gauge::default()).take().await, SILENCE);
        let (first, silence) = (served.until.deadline(), served.silence);
        served.is_heard = true;
        std::future::poll_fn(|context| served.poll_silence(context)).await;
        assert!(served.until.deadline() >= first + silence);
    }
}
