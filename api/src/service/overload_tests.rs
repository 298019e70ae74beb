//! A server that takes nothing in for a moment, and the client that lives with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use lessor_engine::authority::Terms;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
use tonic::{Request, Status};

use super::desk::overloaded;
use super::{Desk, Notices, Service};
use crate::client::{Answer, Ended, Holding, KeptLease, LeaseClient, ServerUrl};
use crate::journal::simulated::SimulatedDisk;
use crate::proto::lease_service_server::LeaseServiceServer;
use crate::proto::{LeaseSpec, RequestLeaseRequest, Resources};
use crate::serve::{Metrics, ending};
use crate::shell::test_world::fleet;
use crate::shell::{Overloaded, Queue, Shell, ShellOptions};

/// A server on loopback that does not take in a request for a lease and a renewal the first time: a call looks at its time before.
async fn serve() -> (Shell, LeaseClient, JoinHandle<()>) {
    let fleet = Arc::new(fleet(1));
    let options = ShellOptions::new(&fleet, Terms::default(), [1; 16]);
    let (shell, handle) = Shell::start(SimulatedDisk::new(1), options).unwrap();
    let desk = Arc::new(Desk::new(handle, (fleet, Terms::default()), Notices::new(), Metrics::new()));
    let (_ending, ended) = ending();
    let calls = Arc::new(AtomicU32::new(0));
    let refuse = move |request: Request<()>| match calls.fetch_add(1, Ordering::Relaxed) {
        1 | 3 => Err(Status::from(overloaded(&Overloaded { queue: Queue::C, most: 1 }))),
        _ => Ok(request),
    };
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

#[tokio::test]
async fn a_server_that_is_overloaded_once_loses_no_request_and_no_lease() {
    let (_shell, mut client, server) = serve().await;
    let spec = LeaseSpec {
        resources: Some(Resources { compute_mops: 1, ..Resources::default() }),
        term: Some(prost_types::Duration { seconds: 4, nanos: 0 }),
        ..LeaseSpec::default()
    };
    let request =
        RequestLeaseRequest { holder: "web".into(), request_id: "r".into(), spec: Some(spec), first_send_time: None };
    let Answer::Granted(mut grants) = client.request(&request, Duration::from_secs(10)).await.unwrap() else {
        panic!("there is room");
    };
    let kept = KeptLease::keep(client, grants.remove(0));
    let ended = kept.ended();
    let renewed = async {
        while !matches!(kept.holding(), Holding::Held(grant) if grant.lease.version > 1) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        ended = ended => panic!("{ended:?}"),
        () = renewed => {}
    }
    assert_eq!(kept.release().await, Ended::Released);
    server.abort();
}
