//! The yardstick of the service: the same transport and messages of the same size, and nothing behind them.

use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use crate::proto;
use crate::proto::lease_service_server::LeaseService;

/// Answers what a grant and a release look like, at once. It keeps nothing and promises nothing.
#[derive(Clone, Debug)]
pub(super) struct Echo {
    /// What a grant looked like.
    granted: proto::Lease,
}

impl Echo {
    /// An echo that answers as the service did.
    pub(super) fn new(granted: proto::Lease) -> Echo {
        Echo { granted }
    }

    fn lease(&self, name: String, holder: String, request_id: String) -> proto::Lease {
        proto::Lease { name, holder, request_id, ..self.granted.clone() }
    }
}

type Answer<T> = Result<Response<T>, Status>;

fn silent<T>() -> Answer<T> {
    Err(Status::unimplemented("an echo answers requests and releases only"))
}

#[tonic::async_trait]
impl LeaseService for Echo {
    type WatchStream = ReceiverStream<Result<proto::WatchResponse, Status>>;
    type SessionStream = ReceiverStream<Result<proto::SessionResponse, Status>>;

    async fn request_lease(&self, request: Request<proto::RequestLeaseRequest>) -> Answer<proto::RequestLeaseResponse> {
        let asked = request.into_inner();
        let lease = self.lease(self.granted.name.clone(), asked.holder, asked.request_id);
        let decide_time = lease.start_time;
        Ok(Response::new(proto::RequestLeaseResponse { decide_time, leases: vec![lease], refusal: None }))
    }

    async fn release(&self, request: Request<proto::ReleaseRequest>) -> Answer<proto::ReleaseResponse> {
        let asked = request.into_inner();
        let lease = self.lease(asked.name, asked.holder, self.granted.request_id.clone());
        Ok(Response::new(proto::ReleaseResponse { lease: Some(lease) }))
    }

    async fn quote(&self, _: Request<proto::QuoteRequest>) -> Answer<proto::QuoteResponse> {
        silent()
    }
    async fn renew(&self, _: Request<proto::RenewRequest>) -> Answer<proto::RenewResponse> {
        silent()
    }
    async fn checkpoint(&self, _: Request<proto::CheckpointRequest>) -> Answer<proto::CheckpointResponse> {
        silent()
    }
    async fn revoke(&self, _: Request<proto::RevokeRequest>) -> Answer<proto::RevokeResponse> {
        silent()
    }
    async fn confirm_fence(&self, _: Request<proto::ConfirmFenceRequest>) -> Answer<proto::ConfirmFenceResponse> {
        silent()
    }
    async fn get_lease(&self, _: Request<proto::GetLeaseRequest>) -> Answer<proto::Lease> {
        silent()
    }
    async fn list_leases(&self, _: Request<proto::ListLeasesRequest>) -> Answer<proto::ListLeasesResponse> {
        silent()
    }
    async fn watch(&self, _: Request<proto::WatchRequest>) -> Answer<Self::WatchStream> {
        silent()
    }
    async fn drain(&self, _: Request<proto::DrainRequest>) -> Answer<proto::DrainResponse> {
        silent()
    }
    async fn publish_telemetry(
        &self,
        _: Request<Streaming<proto::PublishTelemetryRequest>>,
    ) -> Answer<proto::PublishTelemetryResponse> {
        silent()
    }
    async fn explain(&self, _: Request<proto::ExplainRequest>) -> Answer<proto::ExplainResponse> {
        silent()
    }
    async fn session(&self, _: Request<Streaming<proto::SessionRequest>>) -> Answer<Self::SessionStream> {
        silent()
    }
}
