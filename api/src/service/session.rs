//! Many calls over one stream. Those of one service class are applied in the order in which they came, and all are answered
//! as they become durable.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use lessor_engine::authority::{Event, HolderId};
use tokio::sync::mpsc;
use tonic::{Code, Status, Streaming};
use tracing::Instrument;

use super::call_span::CallSpan;
use super::calls::{Told, event_of, method_of};
use super::desk::{Desk, overloaded, stopped};
use super::failure::{Failure, LEASES, of_transport};
use super::notices::{self, Hearing, Missed, Notice};
use super::reading;
use super::telling::lease;
use super::waiting::Waiting;
use crate::proto::session_request::Call;
use crate::proto::session_response::Outcome;
use crate::proto::{Lease, QuoteRequest, SessionRequest, SessionResponse, WatchHolderResponse};
use crate::serve::Ended;
use crate::shell::{AnswerSink, AnswerStream, Answered, Overloaded, Stopped, answer_stream};

/// Calls of one session that may wait for their answers: more are left in the connection until some are answered.
const IN_FLIGHT_MAX: usize = 8_192;

/// Answers that may wait for a slow reader; beyond them nothing more is read from it.
const ANSWERS_WAITING: usize = 1_024;

/// Answers taken from the shell at once.
const ANSWERS_AT_ONCE: usize = 256;

/// Steps of one session before every other task of the runtime gets its turn: whoever asks by many calls keeps nobody else waiting
/// for long.
const QUANTUM: u32 = 32;

/// Holders whose revocations one session is told of: a look at all leases for each.
const HOLDERS_MAX: usize = 64;

/// Where answers go.
pub(crate) type Answers = mpsc::Receiver<Result<SessionResponse, Status>>;

/// Serves a session until its caller ends it, or the server ends.
pub(crate) fn open(desk: Arc<Desk>, calls: Streaming<SessionRequest>, ended: Ended) -> Answers {
    let (out, receiver) = mpsc::channel(ANSWERS_WAITING);
    let (sink, stream) = answer_stream();
    let session = Session {
        desk,
        out,
        sink,
        waiting: Waiting::default(),
        looks: FuturesUnordered::new(),
        holders: BTreeMap::new(),
        notices: None,
    };
    tokio::spawn(session.run(calls, stream, ended));
    receiver
}

/// A call that is answered from the state alone, beside the others.
type Look = Pin<Box<dyn Future<Output = SessionResponse> + Send>>;

/// One session on its way.
struct Session {
    desk: Arc<Desk>,
    out: mpsc::Sender<Result<SessionResponse, Status>>,
    sink: AnswerSink,
    waiting: Waiting,
    looks: FuturesUnordered<Look>,
    /// Whose revocations are told, each under its tag.
    holders: BTreeMap<HolderId, u64>,
    notices: Option<Hearing>,
}

/// Nobody reads the answers any more.
struct ReaderIsGone;

impl Session {
    async fn run(mut self, mut calls: Streaming<SessionRequest>, mut answers: AnswerStream, mut ended: Ended) {
        let mut batch = Vec::with_capacity(ANSWERS_AT_ONCE);
        let (mut is_open, mut broken) = (true, None);
        let mut steps = 0_u32;
        while is_open || !self.is_idle() {
            let done = tokio::select! {
                biased;
                count = answers.next_many(&mut batch, ANSWERS_AT_ONCE), if self.waiting.count() > 0 => {
                    if count == 0 { self.stopped().await } else { self.tell(&mut batch).await }
                }
                Some(looked) = self.looks.next(), if !self.looks.is_empty() => self.say(looked).await,
                notice = notices::next(&mut self.notices), if is_open => {
                    self.hear(notice);
                    Ok(())
                }
                call = calls.next(), if is_open && self.in_flight() < IN_FLIGHT_MAX => match call {
                    Some(Ok(request)) => self.begin(request).await,
                    // A caller that went away, or sent what is no message: what it asked for before is still answered.
                    Some(Err(status)) => {
                        (is_open, broken) = (false, Some(of_transport(&status, &LEASES)));
                        Ok(())
                    }
                    None => {
                        is_open = false;
                        Ok(())
                    }
                },
                () = ended.wait(), if is_open => {
                    is_open = false;
                    let ending = Failure::new(Code::Unavailable, "SHUTTING_DOWN", "the server is shutting down");
                    self.out.send(Err(ending.into())).await.map_err(|_| ReaderIsGone)
                }
            };
            if done.is_err() {
                return;
            }
            steps = (steps + 1) % QUANTUM;
            if steps == 0 {
                tokio::task::yield_now().await;
            }
        }
        if let Some(status) = broken {
            // Nobody may be there to hear it.
            self.out.send(Err(status)).await.ok();
        }
    }

    fn in_flight(&self) -> usize {
        self.waiting.count() + self.looks.len()
    }

    fn is_idle(&self) -> bool {
        self.in_flight() == 0
    }

    /// Hands a call to the authority, or answers at once where it makes no sense.
    async fn begin(&mut self, request: SessionRequest) -> Result<(), ReaderIsGone> {
        let tag = request.tag;
        let begun = match request.call {
            Some(call) => self.begin_within(CallSpan::new(method_of(&call)), tag, call),
            None => Err(Failure::field("call", "MISSING", "the message holds no call")),
        };
        match begun {
            Ok(()) => Ok(()),
            Err(failure) => self.say(failed(tag, failure)).await,
        }
    }

    fn begin_within(&mut self, span: CallSpan, tag: u64, call: Call) -> Result<(), Failure> {
        match call {
            Call::Quote(asked) => {
                self.looks.push(quote(Arc::clone(&self.desk), tag, (asked, span)));
                Ok(())
            }
            Call::WatchHolder(asked) => {
                let watched = self.watch(tag, &asked.holder);
                span.ends(&watched);
                watched
            }
            call => self.submit(span, tag, call),
        }
    }

    /// Tells of revocations of a holder's leases from now on, and first of those that stand.
    fn watch(&mut self, tag: u64, name: &str) -> Result<(), Failure> {
        let holder = reading::holder(name)?;
        if !self.holders.contains_key(&holder) && self.holders.len() >= HOLDERS_MAX {
            let words = format!("a session watches at most {HOLDERS_MAX} holders");
            return Err(Failure::new(Code::ResourceExhausted, "TOO_MANY_HOLDERS", words));
        }
        // Heard from before the look on, so that nothing falls between the two.
        self.notices.get_or_insert_with(|| self.desk.notices().hear());
        self.holders.insert(holder, tag);
        self.looks.push(standing(Arc::clone(&self.desk), tag, holder));
        Ok(())
    }

    fn hear(&mut self, notice: Result<Notice, Missed>) {
        match notice {
            Ok(Notice::Revoked(revoked)) => {
                if let Some(tag) = self.holders.get(&revoked.holder) {
                    let told = vec![lease(self.desk.names(), &revoked)];
                    let response = watched(*tag, Ok(told));
                    self.looks.push(Box::pin(async move { response }));
                }
            }
            Ok(Notice::Fence { .. }) => {}
            Err(Missed) => {
                for (holder, tag) in &self.holders {
                    self.looks.push(standing(Arc::clone(&self.desk), *tag, *holder));
                }
            }
        }
    }

    /// Hands a call to the authority.
    fn submit(&mut self, span: CallSpan, tag: u64, call: Call) -> Result<(), Failure> {
        let (event, told): (Event, Told) = event_of(&self.desk, call).inspect_err(|failure| span.fails(failure))?;
        let handle = self.desk.handle();
        let full = |full: Overloaded| overloaded(&full);
        let place = handle.place(&event).map_err(full).inspect_err(|failure| span.fails(failure))?;
        let within = span.span();
        let slot = self.waiting.put(tag, told, (place, span));
        let submitted = within.in_scope(|| handle.submit_to(event, slot, &self.sink));
        submitted.map_err(full).inspect_err(|failure| {
            if let Some((_, _, span)) = self.waiting.take(slot) {
                span.fails(failure);
            }
        })
    }

    /// Tells what came of calls.
    async fn tell(&mut self, batch: &mut Vec<(u64, Answered)>) -> Result<(), ReaderIsGone> {
        for (slot, answered) in batch.drain(..) {
            let Some((tag, told, span)) = self.waiting.take(slot) else { continue };
            span.answered(&answered.answer);
            let done = told(&self.desk, answered);
            span.ends(&done);
            drop(span);
            let outcome = done.unwrap_or_else(|failure| Outcome::Failure(failure.into_message()));
            self.say(SessionResponse { tag, outcome: Some(outcome) }).await?;
        }
        Ok(())
    }

    /// The shell ended: what was under way has no known outcome.
    async fn stopped(&mut self) -> Result<(), ReaderIsGone> {
        for tag in self.waiting.take_all() {
            self.say(failed(tag, stopped(Stopped))).await?;
        }
        Ok(())
    }

    async fn say(&mut self, response: SessionResponse) -> Result<(), ReaderIsGone> {
        self.out.send(Ok(response)).await.map_err(|_| ReaderIsGone)
    }
}

/// The leases of a holder that are revoked and have not returned what they hold.
fn standing(desk: Arc<Desk>, tag: u64, holder: HolderId) -> Look {
    Box::pin(async move {
        let found = desk.revoked(Some(holder)).await;
        watched(tag, found.map(|found| found.iter().map(|one| lease(desk.names(), &one.lease)).collect()))
    })
}

fn watched(tag: u64, revoked: Result<Vec<Lease>, Failure>) -> SessionResponse {
    match revoked {
        Ok(revoked) => SessionResponse { tag, outcome: Some(Outcome::WatchHolder(WatchHolderResponse { revoked })) },
        Err(failure) => failed(tag, failure),
    }
}

fn quote(desk: Arc<Desk>, tag: u64, (asked, span): (QuoteRequest, CallSpan)) -> Look {
    Box::pin(async move {
        let quoted = desk.quote(asked).instrument(span.span()).await.map(Outcome::Quote);
        span.ends(&quoted);
        let outcome = quoted.unwrap_or_else(|failure| Outcome::Failure(failure.into_message()));
        SessionResponse { tag, outcome: Some(outcome) }
    })
}

fn failed(tag: u64, failure: Failure) -> SessionResponse {
    SessionResponse { tag, outcome: Some(Outcome::Failure(failure.into_message())) }
}
