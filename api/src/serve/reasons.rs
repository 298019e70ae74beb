//! What the transport itself finds wrong with a call, before the service hears of it, told like all that the service says: with a
//! reason. A message that is too large or is none, a method that is not there.

use std::task::{Context, Poll};

use tonic::Status;
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Service, http};
use tonic::server::NamedService;

use crate::service::{Edge, of_transport};

/// A service whose every failure has a reason.
#[derive(Clone, Debug)]
pub(super) struct WithReasons<S>(pub(super) S, pub(super) &'static Edge);

impl<S: NamedService> NamedService for WithReasons<S> {
    const NAME: &'static str = S::NAME;
}

impl<S> Service<http::Request<Body>> for WithReasons<S>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = http::Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let (answer, edge) = (self.0.call(request), self.1);
        Box::pin(async move { answer.await.map(|answer| with_reason(answer, edge)) })
    }
}

/// The same answer, with a reason where it is a status that has none. What ends a stream that has begun comes after this.
fn with_reason(answer: http::Response<Body>, edge: &Edge) -> http::Response<Body> {
    let headers = answer.headers();
    if !headers.contains_key("grpc-status") || headers.contains_key("grpc-status-details-bin") {
        return answer;
    }
    match Status::from_header_map(headers) {
        Some(status) if status.code() != tonic::Code::Ok => of_transport(&status, edge).into_http(),
        _ => answer,
    }
}
