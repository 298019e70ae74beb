//! A connection whose answers leave together.
//!
//! HTTP/2 here writes as soon as one answer is there. Where many become ready at once, as after a group commit, that is nearly a
//! system call for each. A write to this connection first lets everything else run that is ready to, so that it finds the other
//! answers beside the one that began it. Where nothing else is ready, it goes on at once. Where giving way took long, so much is
//! ready that answers gather anyway, and for a while connections write without it.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker, ready};
use std::time::{Duration, Instant};

use futures_util::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tonic::transport::server::Connected;

/// Giving way takes no longer than this where it is worth it.
const TURN_MAX: Duration = Duration::from_millis(3);
/// How long connections write at once after it took longer.
const BUSY: Duration = Duration::from_millis(50);

/// A connection that lets others run before it writes.
#[derive(Debug)]
pub(super) struct JointWrites<Inner> {
    inner: Inner,
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

impl<Inner> JointWrites<Inner> {
    /// The same connection, with joint writes.
    pub(super) fn new(inner: Inner, rush: Arc<Rush>) -> JointWrites<Inner> {
        JointWrites { inner, turn: Turn::None, bell: Arc::default(), rush }
    }

    /// Waits until everything else has run.
    fn poll_turn(&mut self, context: &mut Context<'_>) -> Poll<()> {
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

impl<Inner: AsyncRead + Unpin> AsyncRead for JointWrites<Inner> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, into)
    }
}

impl<Inner: AsyncWrite + Unpin> AsyncWrite for JointWrites<Inner> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_turn(context));
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_turn(context));
        Pin::new(&mut self.inner).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.turn == Turn::Come {
            self.turn = Turn::None;
        }
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

impl<Inner: Connected> Connected for JointWrites<Inner> {
    type ConnectInfo = Inner::ConnectInfo;

    fn connect_info(&self) -> Inner::ConnectInfo {
        self.inner.connect_info()
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::Mutex;

    use super::*;

    /// Where bytes are written to; keeps how many came with each write.
    #[derive(Debug, Default)]
    struct Writes(Vec<usize>);

    impl AsyncWrite for Writes {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            self.0.push(bytes.len());
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    /// Bytes that answers left for a connection to write.
    #[derive(Debug, Default)]
    struct Outgoing {
        bytes: Mutex<Vec<u8>>,
        connection: AtomicWaker,
    }

    /// One answer after another, each of which makes the next one ready.
    async fn answer(outgoing: Arc<Outgoing>, count: usize) {
        for _ in 0..count {
            outgoing.bytes.lock().unwrap().push(1);
            outgoing.connection.wake();
            // Ready again at once, behind whatever else is ready.
            let mut is_back = false;
            poll_fn(|context| {
                context.waker().wake_by_ref();
                if std::mem::replace(&mut is_back, true) { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
        }
    }

    /// Writes until so many bytes have left, whenever there are some; gives the connection back.
    async fn write<T: AsyncWrite + Unpin>(mut connection: T, outgoing: Arc<Outgoing>, mut left: usize) -> T {
        poll_fn(|context| {
            outgoing.connection.register(context.waker());
            let mut bytes = outgoing.bytes.lock().unwrap();
            while !bytes.is_empty() {
                let written = ready!(Pin::new(&mut connection).poll_write(context, &bytes)).unwrap();
                bytes.drain(..written);
                left -= written;
            }
            assert!(Pin::new(&mut connection).poll_flush(context).is_ready());
            if left == 0 { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        connection
    }

    #[tokio::test]
    async fn answers_that_follow_each_other_leave_in_one_write_and_later_ones_in_the_next() {
        let outgoing = Arc::new(Outgoing::default());
        let mut connection = JointWrites::new(Writes::default(), Arc::new(Rush::new()));
        for count in [10, 5] {
            tokio::spawn(answer(outgoing.clone(), count));
            connection = tokio::spawn(write(connection, outgoing.clone(), count)).await.unwrap();
        }
        assert_eq!(connection.inner.0, [10, 5]);
    }

    #[tokio::test]
    async fn without_it_they_would_leave_one_by_one() {
        let outgoing = Arc::new(Outgoing::default());
        tokio::spawn(answer(outgoing.clone(), 10));
        let connection = tokio::spawn(write(Writes::default(), outgoing, 10)).await.unwrap();
        assert_eq!(connection.0, [1; 10]);
    }
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
