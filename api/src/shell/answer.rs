//! What comes back from the shell, and how.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use lessor_engine::authority::{Answer, Revision};
use lessor_models::time::Timestamp;
use tokio::sync::{mpsc, oneshot};

use super::queue::Queue;
use super::trace::{CallStage, Trace};

/// The answer to an event. Everything that it rests on is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// What the authority says.
    pub answer: Answer,
    /// The engine's clock when it said so.
    pub now: Timestamp,
    /// The engine's clock when it first said so: earlier than now where a request is repeated.
    pub decided: Timestamp,
    /// The last change of any lease when it said so.
    pub revision: Revision,
}

/// Nothing was taken in: as many wait in the queue as may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{most} wait in queue {queue} already; try again later")]
pub struct Overloaded {
    /// Which queue is full.
    pub queue: Queue,
    /// How many may wait.
    pub most: usize,
}

/// The shell ended before the answer was durable: whether the event counts is not known. Under the same request id it may be
/// asked again once a server is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server stopped before the answer was durable")]
pub struct Stopped;

/// An answer to come.
#[derive(Debug)]
pub struct Pending<T>(oneshot::Receiver<T>);

impl<T> Pending<T> {
    pub(super) fn new() -> (oneshot::Sender<T>, Pending<T>) {
        let (sender, receiver) = oneshot::channel();
        (sender, Pending(receiver))
    }

    /// Waits on a thread that runs no asynchronous work.
    ///
    /// # Errors
    /// Where the shell ended.
    pub fn wait(self) -> Result<T, Stopped> {
        self.0.blocking_recv().map_err(|_| Stopped)
    }
}

impl<T> Future for Pending<T> {
    type Output = Result<T, Stopped>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map_err(|_| Stopped)
    }
}

/// Where the answers to a stream of events go. Clones lead to the same stream.
#[derive(Clone, Debug)]
pub struct AnswerSink(mpsc::UnboundedSender<(u64, Answered)>);

/// The answers to a stream of events, in the order in which they were applied, each with the tag of its event. It holds as many
/// as there are events under way: whoever submits them keeps that bounded.
#[derive(Debug)]
pub struct AnswerStream(mpsc::UnboundedReceiver<(u64, Answered)>);

/// A stream of answers and the way into it.
#[must_use]
pub fn answer_stream() -> (AnswerSink, AnswerStream) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (AnswerSink(sender), AnswerStream(receiver))
}

impl AnswerStream {
    /// The next answer; none once every sink is gone. Nothing is lost where the wait is given up.
    pub async fn next(&mut self) -> Option<(u64, Answered)> {
        self.0.recv().await
    }

    /// Waits for one answer and appends all that are there, at most `most`; says how many came, none once every sink is gone.
    /// Nothing is lost where the wait is given up.
    pub async fn next_many(&mut self, answers: &mut Vec<(u64, Answered)>, most: usize) -> usize {
        self.0.recv_many(answers, most).await
    }

    /// The same, on a thread that runs no asynchronous work.
    pub fn wait_many(&mut self, answers: &mut Vec<(u64, Answered)>, most: usize) -> usize {
        self.0.blocking_recv_many(answers, most)
    }
}

/// Who waits for an answer.
#[derive(Debug)]
pub(super) enum Reply {
    /// The shell itself, which does not.
    Nobody,
    /// One caller.
    Once(oneshot::Sender<Answered>, Trace),
    /// A stream.
    Stream(u64, AnswerSink, Trace),
}

impl Reply {
    /// A stage of what is waited for is over.
    pub(super) fn passed(&mut self, stage: CallStage) {
        match self {
            Reply::Nobody => {}
            Reply::Once(_, trace) | Reply::Stream(_, _, trace) => trace.passed(stage),
        }
    }

    /// Tells whoever waits; one that has gone needs no answer.
    pub(super) fn tell(mut self, answered: Answered) {
        self.passed(CallStage::Durable);
        match self {
            Reply::Nobody => {}
            Reply::Once(sender, _) => drop(sender.send(answered)),
            Reply::Stream(tag, sink, _) => drop(sink.0.send((tag, answered))),
        }
    }
}
