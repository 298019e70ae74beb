//! A service on loopback for tests, in the runtime of the test.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use lessor_engine::authority::Terms;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
use tonic::{Request, Status};

use super::{Desk, Notices, Service};
use crate::client::{LeaseClient, ServerUrl};
use crate::journal::simulated::SimulatedDisk;
use crate::proto::lease_service_server::LeaseServiceServer;
use crate::proto::{LeaseSpec, RequestLeaseRequest, Resources};
use crate::serve::{Metrics, ending};
use crate::shell::test_world::fleet;
use crate::shell::{Handle, Shell, ShellOptions};

/// A server on loopback, and what stands before it: every call is refused or let through by its number.
pub(super) async fn serve(
    terms: Terms,
    refuse: impl Fn(u32, &Handle) -> Result<(), Status> + Clone + Send + Sync + 'static,
) -> (Shell, LeaseClient, JoinHandle<()>) {
    let fleet = Arc::new(fleet(1));
    let (shell, handle) = Shell::start(SimulatedDisk::new(1), ShellOptions::new(&fleet, terms, [1; 16])).unwrap();
    let desk = Arc::new(Desk::new(handle.clone(), (fleet, terms), &[], Notices::new(), Metrics::new()));
    let (_ending, ended) = ending();
    let calls = Arc::new(AtomicU32::new(0));
    let refuse = move |request: Request<()>| refuse(calls.fetch_add(1, Ordering::Relaxed), &handle).map(|()| request);
    let service = LeaseServiceServer::with_interceptor(Service::new(desk, ended), refuse);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = ServerUrl::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let incoming = TcpListenerStream::new(listener);
    let server =
        tokio::spawn(
            async move { Server::builder().add_service(service).serve_with_incoming(incoming).await.unwrap() },
        );
    (shell, LeaseClient::connect(&url, None).await.unwrap(), server)
}

/// A request of holder `web` for four seconds of a little.
pub(super) fn request() -> RequestLeaseRequest {
    let spec = LeaseSpec {
        resources: Some(Resources { compute_mops: 1, ..Resources::default() }),
        term: Some(prost_types::Duration { seconds: 4, nanos: 0 }),
        ..LeaseSpec::default()
    };
    RequestLeaseRequest { holder: "web".into(), request_id: "r".into(), spec: Some(spec), first_send_time: None }
}
