//! A connection as the transport has it: it has a place, which it loses where nothing is heard of it, its answers leave together,
//! and what its calls share is found with each of them.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tonic::transport::server::Connected;

use super::connections::{Place, Silence};
use super::joint_writes::{Rush, Turns};
use crate::service::Caller;

/// A connection.
#[derive(Debug)]
pub(super) struct Connection<Inner> {
    inner: Inner,
    silence: Silence,
    turns: Turns,
    caller: Caller,
    _place: Place,
}

impl<Inner> Connection<Inner> {
    /// A connection at a place: how long it has for its first word and how long it may then be silent, and how busy the runtime is
    /// that it runs in.
    pub(super) fn new(
        inner: Inner,
        place: Place,
        (times, rush): ((Duration, Duration), Arc<Rush>),
    ) -> Connection<Inner> {
        Connection {
            inner,
            silence: Silence::new(times),
            turns: Turns::new(rush),
            caller: Caller::new(),
            _place: place,
        }
    }
}

impl<Inner: AsyncRead + Unpin> AsyncRead for Connection<Inner> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if let Poll::Ready(read) = Pin::new(&mut self.inner).poll_read(context, into) {
            self.silence.broken();
            return Poll::Ready(read);
        }
        self.silence.poll(context).map(|()| Err(ErrorKind::TimedOut.into()))
    }
}

impl<Inner: AsyncWrite + Unpin> AsyncWrite for Connection<Inner> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.turns.poll(context));
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.turns.poll(context));
        Pin::new(&mut self.inner).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.turns.end();
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

impl<Inner> Connected for Connection<Inner> {
    type ConnectInfo = Caller;

    fn connect_info(&self) -> Caller {
        self.caller.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::Mutex;

    use futures_util::task::AtomicWaker;
    use prometheus_client::metrics::gauge::Gauge;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::super::connections::Places;
    use super::*;

    const TIMES: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(20));

    async fn connection<Inner>(inner: Inner, taken: &Gauge) -> Connection<Inner> {
        let place = Places::new(1, taken.clone()).take().await;
        Connection::new(inner, place, (TIMES, Arc::new(Rush::new())))
    }

    /// A server had kept whoever connected and said nothing, until it had no descriptor left.
    #[tokio::test]
    async fn who_says_nothing_or_nothing_more_loses_its_place() {
        let taken = Gauge::default();
        for says_something in [false, true] {
            let (mut caller, served) = duplex(64);
            let mut served = connection(served, &taken).await;
            let mut heard = [0; 5];
            if says_something {
                caller.write_all(b"hello").await.unwrap();
                assert_eq!(served.read(&mut heard).await.unwrap(), 5);
            }
            let failed = served.read(&mut heard).await.unwrap_err();
            assert_eq!(failed.kind(), ErrorKind::TimedOut);
            drop(served);
            assert_eq!(taken.get(), 0);
        }
    }

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
        let mut connection = connection(Writes::default(), &Gauge::default()).await;
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
}
