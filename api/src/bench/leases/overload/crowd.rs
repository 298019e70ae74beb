//! A crowd that asks over sessions for short leases of classes C and D, at a steady rate whatever the answers do.
//!
//! It shares the machine with the server that it floods, so it does little for a call: its messages differ in one number of fixed
//! width, which is counted up in place, and of an answer no more is read than what the call came to.

use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use prost::Message;
use prost::bytes::{Buf, BufMut};
use tokio::time::{Interval, MissedTickBehavior};
use tokio_stream::Stream;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Request, Status};

use super::came_to::{CameTo, Tally, came_to};
use super::request::request;
use crate::bench::leases::error::LeasesError;
use crate::proto::session_request::Call;
use crate::proto::{ServiceClass, SessionRequest};

/// The call that opens a session.
const SESSION: &str = "/lessor.lease.v1.LeaseService/Session";
/// How often a session looks for what is due when nothing was.
const BEAT: Duration = Duration::from_millis(2);
/// Calls that are due and wait for the connection; beyond them the oldest are held back for good.
const BACKLOG_MAX: u64 = 4_096;

/// One session that sends a call after each gap, and reads whatever comes.
///
/// # Errors
/// A session that does not open, or breaks.
pub(super) async fn session(
    channel: Channel,
    (who, class): (u32, ServiceClass),
    (gap, until): (Duration, Instant),
) -> Result<Tally, LeasesError> {
    let mut grpc = Grpc::new(channel);
    let counts = Arc::new(Counts::default());
    let calls = Calls::new((gap, until), counts.clone());
    grpc.ready().await.map_err(|error| Status::unknown(error.to_string()))?;
    let opened = grpc.streaming(Request::new(calls), PathAndQuery::from_static(SESSION), Wire { who, class }).await?;
    let mut answers = opened.into_inner();
    let mut tally = Tally::default();
    while let Some(answer) = answers.message().await? {
        tally.take_in(answer);
    }
    (tally.due, tally.sent) = (counts.due.load(Ordering::Relaxed), counts.sent.load(Ordering::Relaxed));
    Ok(tally)
}

#[derive(Debug, Default)]
struct Counts {
    due: AtomicU64,
    sent: AtomicU64,
}

/// The calls of a session as they become due, each of which the encoder makes. The connection asks for the next one when it can
/// take it.
struct Calls {
    begun: Instant,
    gap: Duration,
    until: Instant,
    beat: Interval,
    /// How many were due at the last look at the clock, and how many of them were sent or held back.
    due: u64,
    next: u64,
    counts: Arc<Counts>,
}

impl Calls {
    fn new((gap, until): (Duration, Instant), counts: Arc<Counts>) -> Calls {
        let mut beat = tokio::time::interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Skip);
        Calls { begun: Instant::now(), gap, until, beat, due: 0, next: 0, counts }
    }

    /// Looks at the clock; whether the session goes on.
    fn look(&mut self) -> bool {
        let now = Instant::now();
        let passed = now.min(self.until).saturating_duration_since(self.begun).as_nanos();
        self.due = u64::try_from(passed / self.gap.as_nanos().max(1)).unwrap_or(u64::MAX);
        self.counts.due.store(self.due, Ordering::Relaxed);
        self.next = self.next.max(self.due.saturating_sub(BACKLOG_MAX));
        now < self.until
    }
}

impl Stream for Calls {
    type Item = ();

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<()>> {
        while self.next >= self.due {
            if !self.look() {
                return Poll::Ready(None);
            }
            if self.next >= self.due {
                ready!(self.beat.poll_tick(context));
            }
        }
        self.next += 1;
        self.counts.sent.fetch_add(1, Ordering::Relaxed);
        Poll::Ready(Some(()))
    }
}

/// Messages of a session, as bytes.
#[derive(Clone, Copy, Debug)]
struct Wire {
    who: u32,
    class: ServiceClass,
}

impl Codec for Wire {
    type Encode = ();
    type Decode = CameTo;
    type Encoder = Template;
    type Decoder = Reader;

    fn encoder(&mut self) -> Template {
        Template::new(self.who, self.class)
    }

    fn decoder(&mut self) -> Reader {
        Reader
    }
}

/// A call whose request id is a number of fixed width.
#[derive(Clone, Debug)]
struct Template {
    bytes: Vec<u8>,
    number: Range<usize>,
}

impl Template {
    fn new(who: u32, class: ServiceClass) -> Template {
        let asked = request(&format!("crowd-{who}"), 0, class);
        let id = asked.request_id.clone();
        let bytes = SessionRequest { tag: 1, call: Some(Call::RequestLease(asked)) }.encode_to_vec();
        let at = bytes.windows(id.len()).position(|window| window == id.as_bytes());
        let at = at.expect("a message holds its request id as it is");
        Template { bytes, number: at..at + id.len() }
    }
}

impl Encoder for Template {
    type Item = ();
    type Error = Status;

    fn encode(&mut self, (): (), into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        count_up(&mut self.bytes[self.number.clone()]);
        into.put_slice(&self.bytes);
        Ok(())
    }
}

/// The next number in decimal digits; after the last one, zero.
fn count_up(digits: &mut [u8]) {
    for digit in digits.iter_mut().rev() {
        if *digit < b'9' {
            *digit += 1;
            return;
        }
        *digit = b'0';
    }
}

#[derive(Clone, Copy, Debug)]
struct Reader;

impl Decoder for Reader {
    type Item = CameTo;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<CameTo>, Status> {
        let came = came_to(from.chunk());
        from.advance(from.remaining());
        Ok(Some(came))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_of_a_template_has_the_next_number() {
        let mut template = Template::new(7, ServiceClass::D);
        for number in 1..=12 {
            count_up(&mut template.bytes[template.number.clone()]);
            let read = SessionRequest::decode(template.bytes.as_slice()).unwrap();
            assert_eq!(read.call, Some(Call::RequestLease(request("crowd-7", number, ServiceClass::D))));
        }
    }
}
