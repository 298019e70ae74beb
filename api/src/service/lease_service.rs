//! The service as tonic calls it: deadlines, counts and status codes around what [`Desk`] does.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lessor_engine::authority::Event;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Response, Status, Streaming};
use tracing::Instrument;

use super::desk::{Desk, stopped};
use super::failure::{Failure, LEASES};
use super::underway::{Underway, deadline};
use super::watch_places::Caller;
use super::{calls, session, telemetry, watch};
use crate::proto;
use crate::proto::lease_service_server::LeaseService;
use crate::serve::Ended;
use crate::shell::Answered;

/// The service.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    desk: Arc<Desk>,
    ended: Ended,
}

impl Service {
    /// The service at a desk, until the server ends.
    pub(crate) fn new(desk: Arc<Desk>, ended: Ended) -> Service {
        Service { desk, ended }
    }

    /// Does one call that changes something, within its deadline, and counts it. What it asks for is read and handed over before
    /// anything is waited for, so that a call that waits takes little memory: much of the time on cores of a call is memory's.
    fn change<Asked, Told>(
        &self,
        method: &'static str,
        request: Request<Asked>,
        (event, told): (EventOf<Asked>, ToldAs<Told>),
    ) -> impl Future<Output = Result<Response<Told>, Status>> + Send {
        let begun = Instant::now();
        let underway = Underway::new((self.desk.metrics(), &LEASES), method);
        let deadline = deadline(&request);
        let submitted = match deadline {
            // No answer could be in time: nothing is begun.
            Some(Duration::ZERO) => Err(too_late(method)),
            _ => underway
                .span()
                .within(|| event(&self.desk, &request.into_inner()).and_then(|event| self.desk.submit(event))),
        };
        async move {
            let answered = match submitted {
                Ok(pending) => within((deadline, method), pending).await.and_then(|answered| answered.map_err(stopped)),
                Err(failure) => Err(failure),
            };
            if let Ok(answered) = &answered {
                underway.span().answered(&answered.answer);
                self.desk.metrics().seconds.observe(begun.elapsed().as_secs_f64());
            }
            underway.end(answered.and_then(|answered| told(&self.desk, answered)))
        }
    }

    /// Does one call within its deadline, and counts it.
    async fn call<Asked, Told, Work>(
        &self,
        method: &'static str,
        request: Request<Asked>,
        work: impl FnOnce(Arc<Desk>, Asked) -> Work,
    ) -> Result<Response<Told>, Status>
    where
        Work: Future<Output = Result<Told, Failure>>,
    {
        let underway = Underway::new((self.desk.metrics(), &LEASES), method);
        let deadline = deadline(&request);
        let done = match deadline {
            Some(Duration::ZERO) => Err(too_late(method)),
            _ => {
                let work = work(Arc::clone(&self.desk), request.into_inner()).instrument(underway.span().span());
                within((deadline, method), work).await.and_then(|done| done)
            }
        };
        underway.end(done)
    }
}

/// How a message becomes an event.
type EventOf<Asked> = fn(&Desk, &Asked) -> Result<Event, Failure>;

/// How an answer becomes a message.
type ToldAs<Told> = fn(&Desk, Answered) -> Result<Told, Failure>;

/// Waits for something within a deadline, where there is one.
async fn within<T>(
    (deadline, method): (Option<Duration>, &'static str),
    work: impl Future<Output = T>,
) -> Result<T, Failure> {
    match deadline {
        None => Ok(work.await),
        Some(deadline) => tokio::time::timeout(deadline, work).await.map_err(|_| too_late(method)),
    }
}

/// No answer in time. What the caller asked for may have been done all the same: how it asks again depends on the call.
fn too_late(method: &str) -> Failure {
    let words = match method {
        "RequestLease" => "no durable answer within the deadline; ask again under the same request id",
        "GetLease" | "ListLeases" | "Quote" | "Explain" => "no answer within the deadline; ask again",
        _ => "no durable answer within the deadline; ask again: what was done is not done a second time",
    };
    Failure::new(Code::DeadlineExceeded, "DEADLINE", words)
}

#[tonic::async_trait]
impl LeaseService for Service {
    type WatchStream = ReceiverStream<Result<proto::WatchResponse, Status>>;
    type SessionStream = ReceiverStream<Result<proto::SessionResponse, Status>>;

    async fn request_lease(
        &self,
        request: Request<proto::RequestLeaseRequest>,
    ) -> Result<Response<proto::RequestLeaseResponse>, Status> {
        self.change("RequestLease", request, (calls::request_lease, calls::requested)).await
    }

    async fn quote(&self, request: Request<proto::QuoteRequest>) -> Result<Response<proto::QuoteResponse>, Status> {
        self.call("Quote", request, |desk, asked| async move { desk.quote(asked).await }).await
    }

    async fn renew(&self, request: Request<proto::RenewRequest>) -> Result<Response<proto::RenewResponse>, Status> {
        self.change("Renew", request, (calls::renew, calls::renewed)).await
    }

    async fn release(
        &self,
        request: Request<proto::ReleaseRequest>,
    ) -> Result<Response<proto::ReleaseResponse>, Status> {
        self.change("Release", request, (calls::release, calls::released)).await
    }

    async fn checkpoint(
        &self,
        request: Request<proto::CheckpointRequest>,
    ) -> Result<Response<proto::CheckpointResponse>, Status> {
        self.change("Checkpoint", request, (calls::checkpoint, calls::checkpointed)).await
    }

    async fn revoke(&self, request: Request<proto::RevokeRequest>) -> Result<Response<proto::RevokeResponse>, Status> {
        self.change("Revoke", request, (calls::revoke, calls::revoked)).await
    }

    async fn confirm_fence(
        &self,
        request: Request<proto::ConfirmFenceRequest>,
    ) -> Result<Response<proto::ConfirmFenceResponse>, Status> {
        self.change("ConfirmFence", request, (calls::confirm_fence, calls::fenced)).await
    }

    async fn get_lease(&self, request: Request<proto::GetLeaseRequest>) -> Result<Response<proto::Lease>, Status> {
        self.call("GetLease", request, |desk, asked| async move { desk.get_lease(asked).await }).await
    }

    async fn list_leases(
        &self,
        request: Request<proto::ListLeasesRequest>,
    ) -> Result<Response<proto::ListLeasesResponse>, Status> {
        self.call("ListLeases", request, |desk, asked| async move { desk.list_leases(asked).await }).await
    }

    async fn watch(&self, request: Request<proto::WatchRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let underway = Underway::new((self.desk.metrics(), &LEASES), "Watch");
        let place = self.desk.watches().take(request.extensions().get::<Caller>());
        let opened =
            place.and_then(|place| watch::open(Arc::clone(&self.desk), request.get_ref(), (place, self.ended.clone())));
        underway.end(opened.map(ReceiverStream::new))
    }

    async fn drain(&self, request: Request<proto::DrainRequest>) -> Result<Response<proto::DrainResponse>, Status> {
        self.call("Drain", request, |desk, asked| async move { desk.drain(asked).await }).await
    }

    async fn publish_telemetry(
        &self,
        request: Request<Streaming<proto::PublishTelemetryRequest>>,
    ) -> Result<Response<proto::PublishTelemetryResponse>, Status> {
        self.call("PublishTelemetry", request, |desk, samples| async move { telemetry::take_in(&desk, samples).await })
            .await
    }

    async fn explain(
        &self,
        request: Request<proto::ExplainRequest>,
    ) -> Result<Response<proto::ExplainResponse>, Status> {
        self.call("Explain", request, |desk, asked| async move { desk.explain(asked).await }).await
    }

    async fn session(
        &self,
        request: Request<Streaming<proto::SessionRequest>>,
    ) -> Result<Response<Self::SessionStream>, Status> {
        let underway = Underway::new((self.desk.metrics(), &LEASES), "Session");
        let answers = session::open(Arc::clone(&self.desk), request.into_inner(), self.ended.clone());
        underway.end(Ok(ReceiverStream::new(answers)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_answer_says_how_to_ask_again_and_reads_have_no_request_id() {
        let words = |method| Status::from(too_late(method)).message().to_owned();
        assert!(words("RequestLease").contains("under the same request id"));
        for method in ["GetLease", "ListLeases", "Quote", "Explain"] {
            assert_eq!(words(method), "no answer within the deadline; ask again");
        }
        assert!(!words("Renew").contains("request id"));
    }
}
