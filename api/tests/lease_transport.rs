//! What lies around the calls: TLS, deadlines, health, metrics, restarts, and data that belongs to another fleet.

#![expect(clippy::unwrap_used, reason = "whatever fails here fails the test")]

#[path = "common/service.rs"]
mod service;

use std::time::Duration;

use lessor_api::client::{ConnectError, ServerUrl};
use lessor_api::proto::ListLeasesRequest;
use lessor_api::proto::lease_service_client::LeaseServiceClient;
use lessor_api::serve::{ServeError, Server, ServerOptions, TlsError, TlsWish};
use lessor_datasets::generate::Scenario;
use lessor_datasets::table::write_fleet_dir;
use prost::Message;
use prost_types::FileDescriptorProto;
use service::{Running, calls, options, request};
use tokio_stream::StreamExt;
use tonic::{Code, Request};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1alpha;

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
    let trusts_nobody = url.connect(None).await.unwrap_err();
    assert!(matches!(trusts_nobody, ConnectError::Untrusted { .. }), "{trusts_nobody}");
    let elsewhere = ServerUrl::parse(&server.url().replace("127.0.0.1", "127.0.0.2")).unwrap();
    assert!(!matches!(elsewhere.connect(None).await.unwrap_err(), ConnectError::Untrusted { .. }));
    // A key is no certificate: nobody would be trusted, and nobody told why.
    let certificate = server.certificate().unwrap().to_path_buf();
    let key = certificate.with_file_name("key.pem");
    let refused = url.connect(Some(&key)).await.unwrap_err();
    assert!(matches!(&refused, ConnectError::NoCertificate { path } if *path == key), "{refused}");
    let clear = ServerUrl::parse(&server.url().replace("https", "http")).unwrap();
    if let Ok(channel) = clear.connect(None).await {
        let refused = LeaseServiceClient::new(channel).list_leases(ListLeasesRequest::default()).await;
        assert!(refused.is_err(), "a client that talks in the clear");
    }
    server.stop().await.unwrap();
    std::fs::write(&key, "no key").unwrap();
    let refused = Server::start(&tls).await.unwrap_err();
    assert!(matches!(refused, ServeError::Tls(TlsError::Unusable { .. })), "{refused}");
    let clear = Server::start(&options(dir.path())).await.unwrap();
    let secure = ServerUrl::parse(&clear.url().replace("http", "https")).unwrap();
    assert!(matches!(secure.connect(Some(&certificate)).await.unwrap_err(), ConnectError::Untrusted { .. }));
    clear.stop().await.unwrap();
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
async fn the_services_say_that_they_serve() {
    let running = Running::start().await;
    let url = ServerUrl::parse(running.server().url()).unwrap();
    let mut health = HealthClient::new(url.connect(None).await.unwrap());
    for service in ["lessor.lease.v1.LeaseService", "lessor.market.v1.Market"] {
        let message = HealthCheckRequest { service: service.into() };
        assert_eq!(health.check(message).await.unwrap().into_inner().status(), ServingStatus::Serving);
    }
}

type Told = tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

/// What is told over one stream of the newer protocol.
async fn reflected(running: &Running, questions: Vec<MessageRequest>) -> Vec<Told> {
    let url = ServerUrl::parse(running.server().url()).unwrap();
    let mut reflection = ServerReflectionClient::new(url.connect(None).await.unwrap());
    let asked = questions
        .into_iter()
        .map(|question| ServerReflectionRequest { host: String::new(), message_request: Some(question) });
    let asked: Vec<ServerReflectionRequest> = asked.collect();
    let answers = reflection.server_reflection_info(tokio_stream::iter(asked)).await.unwrap().into_inner();
    answers.map(|told| told.unwrap().message_response.unwrap()).collect().await
}

#[tokio::test]
async fn what_reflection_does_not_know_is_told_within_the_stream_which_goes_on() {
    let running = Running::start().await;
    let symbol = |name: &str| MessageRequest::FileContainingSymbol(name.into());
    let questions = vec![
        symbol("lessor.lease.v1.Nothing"),
        MessageRequest::FileByFilename("nothing.proto".into()),
        MessageRequest::AllExtensionNumbersOfType("lessor.lease.v1.Nothing".into()),
        MessageRequest::AllExtensionNumbersOfType("lessor.lease.v1.Lease".into()),
        symbol("lessor.lease.v1.LeaseService.Renew"),
        symbol("lessor.lease.v1.Lease.State"),
        symbol("lessor.market.v1.Market.ClearBook"),
    ];
    let told = reflected(&running, questions).await;
    let code = |told: &Told| match told {
        Told::ErrorResponse(error) => error.error_code,
        _ => 0,
    };
    assert_eq!(told.iter().map(code).collect::<Vec<_>>(), [5, 5, 5, 0, 0, 0, 0]);
    let file = |told: &Told| match told {
        Told::FileDescriptorResponse(found) => {
            let file = FileDescriptorProto::decode(found.file_descriptor_proto[0].as_slice()).unwrap();
            file.name().to_owned()
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(file(&told[4]), "lessor/lease/v1/lease_service.proto");
    assert_eq!(file(&told[5]), "lessor/lease/v1/lease.proto");
    assert_eq!(file(&told[6]), "lessor/market/v1/market.proto");
}

#[tokio::test]
async fn reflection_names_itself_in_both_versions() {
    let running = Running::start().await;
    let told = reflected(&running, vec![MessageRequest::ListServices(String::new())]).await;
    let Told::ListServicesResponse(listed) = &told[0] else { panic!("{told:?}") };
    let newer: Vec<String> = listed.service.iter().map(|service| service.name.clone()).collect();

    let url = ServerUrl::parse(running.server().url()).unwrap();
    let mut older = v1alpha::server_reflection_client::ServerReflectionClient::new(url.connect(None).await.unwrap());
    let list = v1alpha::server_reflection_request::MessageRequest::ListServices(String::new());
    let asked = v1alpha::ServerReflectionRequest { host: String::new(), message_request: Some(list) };
    let mut answers = older.server_reflection_info(tokio_stream::iter([asked])).await.unwrap().into_inner();
    let told = answers.next().await.unwrap().unwrap().message_response.unwrap();
    let v1alpha::server_reflection_response::MessageResponse::ListServicesResponse(listed) = told else {
        panic!("{told:?}")
    };
    let older: Vec<String> = listed.service.into_iter().map(|service| service.name).collect();
    assert_eq!(newer, older);
    for name in [
        "lessor.lease.v1.LeaseService",
        "lessor.market.v1.Market",
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
    ] {
        assert!(newer.iter().any(|known| known == name), "{name} is not among {newer:?}");
    }
}

#[tokio::test]
async fn a_server_whose_metrics_have_no_address_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    fleet(&dir.path().join("fleet"), service::TILES);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let metrics = taken.local_addr().unwrap();
    let refused = Server::start(&ServerOptions { metrics: Some(metrics), ..options(dir.path()) }).await.unwrap_err();
    assert!(matches!(refused, ServeError::Listen { address, flag: "metrics", .. } if address == metrics), "{refused}");
    assert!(!dir.path().join("data").exists());
    // One address for both is no better.
    drop(taken);
    let refused =
        Server::start(&ServerOptions { listen: metrics, metrics: Some(metrics), ..options(dir.path()) }).await;
    assert!(matches!(refused.unwrap_err(), ServeError::Listen { flag: "metrics", .. }));
    assert!(!dir.path().join("data").exists());
}

#[tokio::test]
async fn metrics_count_calls_by_method_and_code() {
    let mut running = Running::start().await;
    running.grant(request("r1")).await;
    running.calls.request_lease(service::request_for("r1", service::spec(service::memory(7)))).await.unwrap_err();
    running.list().await;
    let text = running.metrics_page().await;
    let already_exists = i32::from(Code::AlreadyExists);
    for line in [
        r#"lessor_calls_total{method="RequestLease",code="0"} 1"#.to_owned(),
        format!(r#"lessor_calls_total{{method="RequestLease",code="{already_exists}"}} 1"#),
        "lessor_answer_seconds_count 2".to_owned(),
        "lessor_stale_tiles 0".to_owned(),
        "lessor_connections 1".to_owned(),
    ] {
        assert!(text.contains(&line), "{line} is not in {text}");
    }
}

#[tokio::test]
async fn a_call_that_its_caller_gave_up_is_counted_as_that() {
    let running = Running::start().await;
    let given_up = r#"lessor_calls_total{method="PublishTelemetry",code="1"}"#;
    while !running.metrics_page().await.contains(given_up) {
        let mut calls = running.calls.clone();
        // Samples that never come; a call that is given up before the server takes it up is none to it.
        let call = tokio::spawn(async move { calls.publish_telemetry(tokio_stream::pending()).await });
        running.metrics_page().await;
        call.abort();
    }
    assert!(running.metrics_page().await.contains("lessor_answer_seconds_count 0"));
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
