//! What lies around the calls: TLS, deadlines, health, metrics, restarts, and data that belongs to another fleet.

#![expect(clippy::unwrap_used, reason = "whatever fails here fails the test")]

#[path = "common/service.rs"]
mod service;

use std::time::Duration;

use lessor_api::client::ServerUrl;
use lessor_api::proto::ListLeasesRequest;
use lessor_api::proto::lease_service_client::LeaseServiceClient;
use lessor_api::serve::{Server, ServerOptions, TlsWish};
use lessor_datasets::generate::Scenario;
use lessor_datasets::table::write_fleet_dir;
use service::{Running, calls, options, request};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tonic::{Code, Request};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

fn fleet(dir: &std::path::Path, tiles: u32) {
    write_fleet_dir(dir, &Scenario::new(tiles, 3).generate().unwrap()).unwrap();
}

#[tokio::test]
async fn tls_takes_a_client_that_trusts_the_certificate_and_no_other() {
    let dir = tempfile::tempdir().unwrap();
    fleet(&dir.path().join("fleet"), service::TILES);
    let tls = ServerOptions { tls: TlsWish::Always, ..options(dir.path()) };
    let server = Server::start(&tls).await.unwrap();
    assert!(server.url().starts_with("https://"));
    let mut trusting = calls(&server).await;
    trusting.request_lease(request("r1")).await.unwrap();

    let url = ServerUrl::parse(server.url()).unwrap();
    assert!(url.connect(None).await.is_err(), "a client that trusts nobody");
    let clear = ServerUrl::parse(&server.url().replace("https", "http")).unwrap();
    if let Ok(channel) = clear.connect(None).await {
        let refused = LeaseServiceClient::new(channel).list_leases(ListLeasesRequest::default()).await;
        assert!(refused.is_err(), "a client that talks in the clear");
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_deadline_that_passed_is_told() {
    let mut running = Running::start().await;
    let mut hasty = Request::new(request("r1"));
    hasty.set_timeout(Duration::from_nanos(1));
    let status = running.calls.request_lease(hasty).await.unwrap_err();
    assert!(matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled), "{status:?}");
    // Whether it was granted or not, the same request has one answer.
    running.grant(request("r1")).await;
    assert_eq!(running.list().await.leases.len(), 1);
}

#[tokio::test]
async fn the_service_says_that_it_serves() {
    let running = Running::start().await;
    let url = ServerUrl::parse(running.server().url()).unwrap();
    let mut health = HealthClient::new(url.connect(None).await.unwrap());
    let message = HealthCheckRequest { service: "lessor.lease.v1.LeaseService".into() };
    assert_eq!(health.check(message).await.unwrap().into_inner().status(), ServingStatus::Serving);
}

#[tokio::test]
async fn metrics_count_calls_by_method_and_code() {
    let mut running = Running::start().await;
    running.grant(request("r1")).await;
    running.calls.request_lease(service::request_for("r1", service::spec(service::memory(7)))).await.unwrap_err();
    let mut page = tokio::net::TcpStream::connect(running.server().metrics().unwrap()).await.unwrap();
    page.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut text = String::new();
    page.read_to_string(&mut text).await.unwrap();
    let already_exists = i32::from(Code::AlreadyExists);
    for line in [
        r#"lessor_calls_total{method="RequestLease",code="0"} 1"#.to_owned(),
        format!(r#"lessor_calls_total{{method="RequestLease",code="{already_exists}"}} 1"#),
        "lessor_answer_seconds_count 2".to_owned(),
    ] {
        assert!(text.contains(&line), "{line} is not in {text}");
    }
}

#[tokio::test]
async fn a_restart_keeps_leases_and_answers() {
    let mut running = Running::start().await;
    let lease = running.grant(request("r1")).await;
    let before = running.list().await;
    let mut running = running.restart().await;
    assert_eq!(running.list().await, before);
    assert_eq!(running.grant(request("r1")).await, lease);
    let next = running.grant(request("r2")).await;
    assert!(next.token > lease.token);
}

#[tokio::test]
async fn the_data_of_another_fleet_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    fleet(&dir.path().join("fleet"), service::TILES);
    let mine = options(dir.path());
    let server = Server::start(&mine).await.unwrap();
    calls(&server).await.request_lease(request("r1")).await.unwrap();
    server.stop().await.unwrap();
    fleet(&dir.path().join("other"), service::TILES + 1);
    let other = ServerOptions { fleet: dir.path().join("other"), ..mine.clone() };
    assert!(Server::start(&other).await.is_err());
    let server = Server::start(&mine).await.unwrap();
    let page = calls(&server).await.list_leases(ListLeasesRequest::default()).await.unwrap().into_inner();
    assert_eq!(page.leases.len(), 1);
}

#[tokio::test]
async fn a_stop_ends_streams_and_says_so() {
    let mut running = Running::start().await;
    let mut stream = running.watch(lessor_api::proto::WatchRequest::default()).await;
    stream.message().await.unwrap();
    running.stop().await;
    let status = loop {
        match stream.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the stream ended without a word"),
            Err(status) => break status,
        }
    };
    assert_eq!(status.code(), Code::Unavailable);
}
