//! A span for each call: its method, who asked for what, how it ended, and how long it and its stages took. Programs that listen to
//! [`CALLS`] get them; `LESSOR_LOG=info,lessor::call=debug` logs each as it ends. Where nobody listens, a call is asked
//! for no names and no clock.

use std::time::Instant;

use lessor_engine::authority::{Answer, Lease};
use tonic::Code;
use tracing::Span;
use tracing::field::{Empty, debug};

use super::failure::{Failure, code_name};
use crate::shell::{CALLS, micros};

/// The span of a call; nothing where nobody listens.
#[derive(Debug)]
pub(crate) struct CallSpan(Option<Box<Open>>);

#[derive(Debug)]
struct Open {
    span: Span,
    begun: Instant,
}

impl CallSpan {
    /// Begins the span of a call. Its names and stages are written by the shell, where something is submitted within it.
    pub(crate) fn new(method: &'static str) -> CallSpan {
        let span = tracing::debug_span!(
            target: CALLS,
            "call",
            method,
            holder = Empty,
            request = Empty,
            lease = Empty,
            waited_us = Empty,
            decided_us = Empty,
            durable_us = Empty,
            answer = Empty,
            reason = Empty,
            code = Empty,
            us = Empty,
        );
        CallSpan((!span.is_disabled()).then(|| Box::new(Open { span, begun: Instant::now() })))
    }

    /// Does something within it.
    pub(crate) fn within<T>(&self, work: impl FnOnce() -> T) -> T {
        match &self.0 {
            Some(open) => open.span.in_scope(work),
            None => work(),
        }
    }

    /// The span itself, for what is waited for within it.
    pub(crate) fn span(&self) -> Span {
        self.0.as_ref().map_or_else(Span::none, |open| open.span.clone())
    }

    /// What the authority said.
    pub(crate) fn answered(&self, answer: &Answer) {
        let Some(open) = &self.0 else { return };
        match answer {
            Answer::Lease(lease) => open.span.record("answer", one(lease).as_str()),
            Answer::Gang(leases) => {
                open.span.record("answer", leases.iter().map(one).collect::<Vec<_>>().join(", ").as_str())
            }
            Answer::Done => open.span.record("answer", "done"),
            Answer::Refused(refusal) => open.span.record("answer", debug(refusal.reason)),
        };
    }

    /// Why the call failed.
    pub(crate) fn failed(&self, failure: &Failure) {
        if let Some(open) = &self.0 {
            open.span.record("reason", failure.reason());
        }
    }

    /// How the call ended, and when.
    pub(crate) fn ends<T>(&self, done: &Result<T, Failure>) {
        match done {
            Ok(_) => self.ended(Code::Ok),
            Err(failure) => self.fails(failure),
        }
    }

    /// That the call failed so, and when.
    pub(crate) fn fails(&self, failure: &Failure) {
        self.failed(failure);
        self.ended(failure.code());
    }

    /// How the call ended, and when.
    pub(crate) fn ended(&self, code: Code) {
        if let Some(open) = &self.0 {
            open.span.record("code", code_name(code));
            open.span.record("us", micros(open.begun.elapsed()));
        }
    }
}

/// A lease of an answer: its number and state.
fn one(lease: &Lease) -> String {
    format!("{} {}", lease.id.0, lease.state.name())
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use lessor_engine::authority::Terms;
    use tracing_subscriber::EnvFilter;
    use tracing_subscriber::fmt::format::FmtSpan;

    use super::super::test_server::{request, serve};
    use crate::proto::session_request::Call;
    use crate::proto::{GetLeaseRequest, QuoteRequest, ReleaseRequest, RequestLeaseRequest, SessionRequest};
    use crate::shell::Handle;

    /// What was logged.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_call_says_who_asked_for_what_how_it_ended_and_how_long_each_stage_took() {
        let log = Log::default();
        let lines = tracing_subscriber::fmt().with_env_filter(EnvFilter::new("lessor::call=debug"));
        let writer = log.clone();
        let lines = lines.with_span_events(FmtSpan::CLOSE).with_ansi(false).with_writer(move || writer.clone());
        let guard = tracing::subscriber::set_default(lines.finish());

        let (shell, mut client, server) = serve(Terms::default(), |_, _: &Handle| Ok(())).await;
        client.request(&request(), Duration::from_secs(10)).await.unwrap();
        let unknown = GetLeaseRequest { name: "leases/99".into() };
        client.calls().get_lease(unknown).await.unwrap_err();
        let calls = [
            Call::RequestLease(RequestLeaseRequest { request_id: "s".into(), ..request() }),
            Call::Release(ReleaseRequest { name: "leases/1".into(), holder: "web".into() }),
            Call::Release(ReleaseRequest { name: "leases/1".into(), holder: String::new() }),
            Call::Quote(QuoteRequest { spec: request().spec }),
        ];
        let calls = (1..).zip(calls).map(|(tag, call)| SessionRequest { tag, call: Some(call) });
        let mut answers =
            client.calls().session(tokio_stream::iter(calls.collect::<Vec<_>>())).await.unwrap().into_inner();
        while answers.message().await.unwrap().is_some() {}
        server.abort();
        drop((guard, shell));

        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        let line = |words: &[&str]| {
            let found = text.lines().find(|line| words.iter().all(|word| line.contains(word)));
            assert!(found.is_some(), "no line with {words:?} in\n{text}");
        };
        let stages = ["waited_us=", "decided_us=", "durable_us=", " us=", "close"];
        let of = |words: &[&'static str]| [words, &stages].concat();
        line(&of(&[
            "method=\"RequestLease\"",
            "holder=\"web\"",
            "request=\"r\"",
            "answer=\"1 active\"",
            "code=\"OK\"",
        ]));
        line(&of(&["method=\"GetLease\"", "reason=\"UNKNOWN_LEASE\"", "code=\"NOT_FOUND\""]));
        line(&of(&["method=\"Session/RequestLease\"", "request=\"s\"", "answer=\"2 active\"", "code=\"OK\""]));
        line(&of(&["method=\"Session/Release\"", "lease=1", "answer=\"1 released\"", "code=\"OK\""]));
        line(&of(&["method=\"Session/Quote\"", "code=\"OK\""]));
        line(&["method=\"Session/Release\"", "code=\"INVALID_ARGUMENT\"", " us="]);
    }
}
