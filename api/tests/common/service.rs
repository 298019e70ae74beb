//! A real server in this process, on a fleet in a scratch directory, and a client of it over loopback.

#![allow(dead_code, reason = "each test file uses a part of this")]
#![expect(clippy::unwrap_used, reason = "whatever fails here fails the test")]

use std::path::{Path, PathBuf};

use lessor_api::client::ServerUrl;
use lessor_api::proto::lease_service_client::LeaseServiceClient;
use lessor_api::proto::{
    Lease, LeaseSpec, ListLeasesRequest, ListLeasesResponse, Refusal, ReleaseRequest, RequestLeaseRequest,
    RequestLeaseResponse, Resources, WatchRequest, WatchResponse,
};
use lessor_api::serve::{Server, ServerOptions};
use lessor_datasets::generate::Scenario;
use lessor_datasets::table::{read_fleet, write_fleet_dir};
use lessor_engine::admission::PolicyName;
use lessor_engine::authority::Terms;
use lessor_models::fleet::Fleet;
use lessor_models::instance::Instance;
use lessor_models::time::Span;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::transport::Channel;
use tonic::{Code, Status, Streaming};
use tonic_types::StatusExt;

pub(crate) type Calls = LeaseServiceClient<Channel>;

/// Tiles of the fleet.
pub(crate) const TILES: u32 = 40;

/// A server, its directories, and a client.
pub(crate) struct Running {
    dir: TempDir,
    terms: Terms,
    server: Option<Server>,
    pub(crate) calls: Calls,
}

impl Running {
    pub(crate) async fn start() -> Running {
        Running::start_with(Terms::default()).await
    }

    /// A server by the rules of a market.
    pub(crate) async fn start_by(policy: &str) -> Running {
        Running::start_on(&Scenario::new(TILES, 3).generate().unwrap(), policy).await
    }

    /// A server by the rules of a market on a fleet.
    pub(crate) async fn start_on(instance: &Instance, policy: &str) -> Running {
        let dir = tempfile::tempdir().unwrap();
        write_fleet_dir(&dir.path().join("fleet"), instance).unwrap();
        let rules = dir.path().join("rules.toml");
        std::fs::write(&rules, policy).unwrap();
        let market = Some((rules, Span(10_000_000)));
        let server = Server::start(&ServerOptions { market, ..options(dir.path()) }).await.unwrap();
        let calls = calls(&server).await;
        Running { dir, terms: Terms::default(), server: Some(server), calls }
    }

    /// A server that works under other terms.
    pub(crate) async fn start_with(terms: Terms) -> Running {
        let dir = tempfile::tempdir().unwrap();
        let instance = Scenario::new(TILES, 3).generate().unwrap();
        write_fleet_dir(&dir.path().join("fleet"), &instance).unwrap();
        Running::start_in(dir, terms).await
    }

    /// A server that places what comes by a policy.
    pub(crate) async fn start_under(policy: PolicyName) -> Running {
        let dir = tempfile::tempdir().unwrap();
        let instance = Scenario::new(TILES, 3).generate().unwrap();
        write_fleet_dir(&dir.path().join("fleet"), &instance).unwrap();
        let server = Server::start(&ServerOptions { policy: Some(policy), ..options(dir.path()) }).await.unwrap();
        let calls = calls(&server).await;
        Running { dir, terms: Terms::default(), server: Some(server), calls }
    }

    async fn start_in(dir: TempDir, terms: Terms) -> Running {
        let server = Server::start(&ServerOptions { terms, ..options(dir.path()) }).await.unwrap();
        let calls = calls(&server).await;
        Running { dir, terms, server: Some(server), calls }
    }

    /// Ends the server in good order and starts another one on the same data.
    pub(crate) async fn restart(mut self) -> Running {
        self.server.take().unwrap().stop().await.unwrap();
        let Running { dir, terms, .. } = self;
        Running::start_in(dir, terms).await
    }

    pub(crate) async fn stop(mut self) {
        self.server.take().unwrap().stop().await.unwrap();
    }

    pub(crate) fn server(&self) -> &Server {
        self.server.as_ref().unwrap()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn fleet(&self) -> Fleet {
        read_fleet(&self.path("fleet")).unwrap()
    }

    /// What the page of metrics says now.
    pub(crate) async fn metrics_page(&self) -> String {
        let mut page = TcpStream::connect(self.server().metrics().unwrap()).await.unwrap();
        page.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut text = String::new();
        page.read_to_string(&mut text).await.unwrap();
        text
    }

    /// The first page of all leases, whenever that was looked at.
    pub(crate) async fn list(&mut self) -> ListLeasesResponse {
        let page = self.calls.list_leases(ListLeasesRequest::default()).await.unwrap().into_inner();
        ListLeasesResponse { read_time: None, ..page }
    }

    /// Grants a lease or fails the test.
    pub(crate) async fn grant(&mut self, request: RequestLeaseRequest) -> Lease {
        granted(self.calls.request_lease(request).await.unwrap().into_inner())
    }

    pub(crate) async fn release(&mut self, lease: &Lease) -> Lease {
        let message = ReleaseRequest { name: lease.name.clone(), holder: lease.holder.clone() };
        self.calls.release(message).await.unwrap().into_inner().lease.unwrap()
    }

    pub(crate) async fn watch(&mut self, message: WatchRequest) -> Streaming<WatchResponse> {
        self.calls.watch(message).await.unwrap().into_inner()
    }
}

/// A server on loopback, in the clear, with the directories of a scratch directory.
pub(crate) fn options(dir: &Path) -> ServerOptions {
    ServerOptions {
        metrics: Some("127.0.0.1:0".parse().unwrap()),
        ..ServerOptions::new(dir.join("fleet"), dir.join("data"), "127.0.0.1:0".parse().unwrap())
    }
}

pub(crate) async fn calls(server: &Server) -> Calls {
    let url = ServerUrl::parse(server.url()).unwrap();
    let certificate = server.certificate().map(Path::to_path_buf);
    LeaseServiceClient::new(url.connect(certificate.as_ref()).await.unwrap())
}

pub(crate) fn granted(response: RequestLeaseResponse) -> Lease {
    assert_eq!(response.refusal, None);
    assert_eq!(response.leases.len(), 1);
    response.leases.into_iter().next().unwrap()
}

pub(crate) fn refused(response: RequestLeaseResponse) -> Refusal {
    assert_eq!(response.leases, []);
    response.refusal.unwrap()
}

/// A megabyte for ten minutes, for holder `web`.
pub(crate) fn request(id: &str) -> RequestLeaseRequest {
    RequestLeaseRequest {
        holder: "web".into(),
        request_id: id.into(),
        spec: Some(spec(memory(1 << 20))),
        first_send_time: None,
    }
}

pub(crate) fn request_for(id: &str, spec: LeaseSpec) -> RequestLeaseRequest {
    RequestLeaseRequest { spec: Some(spec), ..request(id) }
}

pub(crate) fn spec(resources: Resources) -> LeaseSpec {
    LeaseSpec { resources: Some(resources), term: Some(seconds(600)), ..LeaseSpec::default() }
}

pub(crate) fn memory(bytes: u64) -> Resources {
    Resources { memory_bytes: bytes, ..Resources::default() }
}

pub(crate) fn seconds(seconds: i64) -> prost_types::Duration {
    prost_types::Duration { seconds, nanos: 0 }
}

/// The code of a status and its reason.
pub(crate) fn why(status: &Status) -> (Code, String) {
    let details = status.get_error_details();
    let info = details.error_info().expect("every status of the service has its reason");
    assert_eq!(info.domain, "lessor.lease.v1");
    (status.code(), info.reason.clone())
}
