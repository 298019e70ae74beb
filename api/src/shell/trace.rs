//! The stages of a call, for the span in which it was submitted: how long it waited for its turn, how long it took to decide or
//! to look, and how long until that was durable and told. Where nobody listens to [`CALLS`], no clock is read.

use std::time::Instant;

use lessor_engine::authority::Event;
use tracing::{Level, Span};

/// The target of spans of calls.
pub(crate) const CALLS: &str = "lessor::call";

/// A stage on the way of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallStage {
    /// In its queue, and behind what was taken up with it.
    Waited,
    /// Decided, or looked at.
    Decided,
    /// In the batch, in the commit, and in line behind what was told before.
    Durable,
}

impl CallStage {
    /// The field of the span that says how long it took, in microseconds.
    const fn field(self) -> &'static str {
        match self {
            CallStage::Waited => "waited_us",
            CallStage::Decided => "decided_us",
            CallStage::Durable => "durable_us",
        }
    }
}

/// The span of a call and since when its stage lasts; nothing where nobody listens.
#[derive(Debug)]
pub(super) struct Trace(Option<Box<Traced>>);

#[derive(Debug)]
struct Traced {
    span: Span,
    since: Instant,
}

impl Trace {
    /// Of what is submitted now, in the current span.
    pub(super) fn begin() -> Trace {
        if !tracing::enabled!(target: CALLS, Level::DEBUG) {
            return Trace(None);
        }
        Trace(Some(Box::new(Traced { span: Span::current(), since: Instant::now() })))
    }

    /// Of an event, whose names the span gets.
    pub(super) fn of(event: &Event) -> Trace {
        let trace = Trace::begin();
        if let Trace(Some(traced)) = &trace {
            traced.name(event);
        }
        trace
    }

    /// A stage is over.
    pub(super) fn passed(&mut self, stage: CallStage) {
        if let Trace(Some(traced)) = self {
            let now = Instant::now();
            traced.span.record(stage.field(), micros(now - traced.since));
            traced.since = now;
        }
    }
}

impl Traced {
    fn name(&self, event: &Event) {
        let (holder, lease) = match event {
            Event::Request(request) => {
                self.span.record("request", request.request.as_str());
                (Some(&request.holder), None)
            }
            Event::Renew(renewal) => (Some(&renewal.holder), Some(renewal.lease)),
            Event::Release { holder, lease } | Event::Checkpoint { holder, lease } => (Some(holder), Some(*lease)),
            Event::Revoke { lease, .. } | Event::ConfirmFence { lease, .. } => (None, Some(*lease)),
            _ => (None, None),
        };
        if let Some(holder) = holder {
            self.span.record("holder", holder.as_str());
        }
        if let Some(lease) = lease {
            self.span.record("lease", lease.0);
        }
    }
}

/// Microseconds, as spans have them.
pub(crate) fn micros(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
