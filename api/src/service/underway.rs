//! A call on its way: how long its caller waits, and what it is counted as.

use std::time::Duration;

use tonic::{Code, Request, Response, Status};

use super::call_span::CallSpan;
use super::failure::{Edge, Failure};
use crate::serve::{CallLabels, Metrics};

/// How much earlier than the caller's deadline the server gives up, so that the caller hears why.
const DEADLINE_MARGIN: Duration = Duration::from_millis(2);

/// A call under way, counted once it ends. Where nobody waits for that any more, it ends as given up by its caller.
pub(crate) struct Underway<'a> {
    metrics: &'a Metrics,
    edge: &'static Edge,
    method: &'static str,
    code: Code,
    span: CallSpan,
}

impl Underway<'_> {
    /// A call of a service, and where it is counted.
    pub(crate) fn new<'a>((metrics, edge): (&'a Metrics, &'static Edge), method: &'static str) -> Underway<'a> {
        Underway { metrics, edge, method, code: Code::Cancelled, span: CallSpan::new(method) }
    }

    /// The span of the call.
    pub(crate) fn span(&self) -> &CallSpan {
        &self.span
    }

    /// What the call came to.
    pub(crate) fn end<Told>(mut self, done: Result<Told, Failure>) -> Result<Response<Told>, Status> {
        let done = done.map(Response::new).map_err(|failure| {
            self.span.failed(&failure);
            failure.status(self.edge)
        });
        self.code = done.as_ref().err().map_or(Code::Ok, Status::code);
        done
    }
}

impl Drop for Underway<'_> {
    fn drop(&mut self) {
        let code = u32::try_from(i32::from(self.code)).expect("codes are not negative");
        self.span.ended(self.code);
        self.metrics.calls.get_or_create(&CallLabels { method: self.method, code }).inc();
    }
}

/// How long the caller still waits, from the header that states it.
pub(crate) fn deadline<T>(request: &Request<T>) -> Option<Duration> {
    let text = request.metadata().get("grpc-timeout")?.to_str().ok()?;
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let number: u64 = number.parse().ok()?;
    let span = match unit {
        "H" => Duration::from_secs(number.checked_mul(3_600)?),
        "M" => Duration::from_secs(number.checked_mul(60)?),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    };
    Some(span.saturating_sub(DEADLINE_MARGIN))
}
