//! What makes no sense ends with a typed status or a typed refusal, and changes nothing.

#![expect(clippy::unwrap_used, reason = "whatever fails here fails the test")]

#[path = "common/service.rs"]
mod service;

use lessor_api::proto::session_request::Call;
use lessor_api::proto::session_response::Outcome;
use lessor_api::proto::{
    Accelerators, GetLeaseRequest, Lease, LeaseSpec, PublishTelemetryRequest, QuoteRequest, ReleaseRequest,
    RenewRequest, RequestLeaseRequest, Resources, SessionRequest,
};
use lessor_engine::authority::Terms;
use service::{Running, memory, request, request_for, seconds, spec, why};
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// A request like a good one but for what is changed.
fn changed(change: impl FnOnce(&mut LeaseSpec)) -> RequestLeaseRequest {
    let mut asked = spec(memory(1 << 20));
    change(&mut asked);
    request_for("bad", asked)
}

/// What a spec has.
const SPEC_FIELDS: [&str; 10] = [
    "resources",
    "accelerators",
    "term",
    "node",
    "service_class",
    "gang_size",
    "fence_keys",
    "bid_micro_credits",
    "displacement",
    "uplinks_bps",
];

/// The path of the field that a status complains of; empty where it complains of none.
fn field(status: &Status) -> String {
    let details = status.get_error_details();
    let violations = details.bad_request().map(|bad| &bad.field_violations[..]).unwrap_or_default();
    violations.first().map_or(String::new(), |violation| violation.field.clone())
}

fn keys(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// Every bad request with the code and the reason that it ends with.
fn bad_requests() -> Vec<(RequestLeaseRequest, Code, &'static str)> {
    use Code::{InvalidArgument, NotFound};
    let most = Resources { memory_bytes: u64::MAX, power_mw: u64::MAX, ..Resources::default() };
    let part = |count, milli_each| Some(Accelerators { count, milli_each });
    let ahead = prost_types::Timestamp { seconds: 1 << 38, nanos: 0 };
    vec![
        (RequestLeaseRequest { spec: None, ..request("bad") }, InvalidArgument, "MISSING"),
        (RequestLeaseRequest { holder: String::new(), ..request("bad") }, InvalidArgument, "BAD_LABEL"),
        (RequestLeaseRequest { holder: "x".repeat(64), ..request("bad") }, InvalidArgument, "BAD_LABEL"),
        (RequestLeaseRequest { request_id: "a b".into(), ..request("bad") }, InvalidArgument, "BAD_LABEL"),
        (RequestLeaseRequest { first_send_time: Some(ahead), ..request("bad") }, InvalidArgument, "NOT_YET_SENT"),
        (changed(|spec| spec.resources = None), InvalidArgument, "ZERO_VECTOR"),
        (changed(|spec| spec.resources = Some(Resources::default())), InvalidArgument, "ZERO_VECTOR"),
        (changed(|spec| spec.resources = Some(most)), InvalidArgument, "AMOUNT_TOO_LARGE"),
        (changed(|spec| spec.accelerators = part(1, 1_001)), InvalidArgument, "BAD_DEVICES"),
        (changed(|spec| spec.accelerators = part(300, 1_000)), InvalidArgument, "BAD_DEVICES"),
        (changed(|spec| spec.accelerators = part(2, 0)), InvalidArgument, "BAD_DEVICES"),
        (changed(|spec| spec.gang_size = u32::MAX), InvalidArgument, "GANG_SIZE"),
        (changed(|spec| spec.fence_keys = vec!["k".into(); 100]), InvalidArgument, "TOO_MANY_KEYS"),
        (changed(|spec| spec.fence_keys = keys(&["k", "k"])), InvalidArgument, "SHARED_KEY"),
        (changed(|spec| spec.fence_keys = keys(&[""])), InvalidArgument, "BAD_LABEL"),
        (changed(|spec| spec.bid_micro_credits = Some(-1)), InvalidArgument, "BAD_BID"),
        (changed(|spec| spec.term = None), InvalidArgument, "MISSING"),
        (changed(|spec| spec.term = Some(seconds(0))), InvalidArgument, "TERM_TOO_SHORT"),
        (changed(|spec| spec.term = Some(seconds(-5))), InvalidArgument, "BAD_DURATION"),
        (changed(|spec| spec.term = Some(seconds(i64::MAX))), InvalidArgument, "BAD_DURATION"),
        (changed(|spec| spec.term = Some(seconds(90 * 365 * 86_400))), InvalidArgument, "TERM_TOO_LONG"),
        (changed(|spec| spec.node = "nowhere".into()), NotFound, "UNKNOWN_NODE"),
        (changed(|spec| spec.service_class = 9), InvalidArgument, "UNKNOWN_VALUE"),
        (changed(|spec| spec.displacement = -1), InvalidArgument, "UNKNOWN_VALUE"),
        (changed(|spec| spec.uplinks_bps = vec![1; 50]), InvalidArgument, "TOO_MANY_UPLINKS"),
    ]
}

#[tokio::test]
async fn a_request_that_makes_no_sense_changes_nothing() {
    let mut running = Running::start().await;
    for (at, (mut request, code, reason)) in bad_requests().into_iter().enumerate() {
        if request.request_id == "bad" {
            request.request_id = format!("bad-{at}");
        }
        let status = running.calls.request_lease(request).await.unwrap_err();
        assert_eq!(why(&status), (code, reason.to_owned()), "{at}: {status:?}");
        let field = field(&status);
        let is_known = ["holder", "request_id", "first_send_time", "spec"].contains(&field.as_str())
            || SPEC_FIELDS.iter().any(|known| field == format!("spec.{known}"));
        assert_eq!(is_known, code == Code::InvalidArgument, "{at}: {field}");
    }
    let page = running.list().await;
    assert_eq!((page.leases.len(), page.revision.unwrap().number), (0, 0));
}

fn renewal(lease: &Lease, change: impl FnOnce(&mut RenewRequest)) -> RenewRequest {
    let end = lease.end_time.unwrap();
    let mut message = RenewRequest {
        name: lease.name.clone(),
        holder: lease.holder.clone(),
        version: lease.version,
        end_time: Some(prost_types::Timestamp { seconds: end.seconds + 60, ..end }),
        bid_micro_credits: None,
    };
    change(&mut message);
    message
}

#[tokio::test]
async fn a_renewal_that_makes_no_sense_changes_nothing() {
    let mut running = Running::start().await;
    let lease = running.grant(request("r1")).await;
    let before = running.list().await;
    let century = prost_types::Timestamp { seconds: 200 * 366 * 86_400, nanos: 0 };
    let long_ago = prost_types::Timestamp { seconds: 1, nanos: 0 };
    let cases = [
        (renewal(&lease, |message| message.holder = "other".into()), Code::PermissionDenied, "WRONG_HOLDER"),
        (renewal(&lease, |message| message.version = 7), Code::Aborted, "STALE_VERSION"),
        (renewal(&lease, |message| message.end_time = lease.end_time), Code::InvalidArgument, "NOT_LONGER"),
        (renewal(&lease, |message| message.end_time = Some(century)), Code::InvalidArgument, "TERM_TOO_LONG"),
        (renewal(&lease, |message| message.end_time = Some(long_ago)), Code::InvalidArgument, "END_PASSED"),
        (renewal(&lease, |message| message.end_time = None), Code::InvalidArgument, "MISSING"),
        (renewal(&lease, |message| message.name = "leases/12345".into()), Code::NotFound, "UNKNOWN_LEASE"),
        (renewal(&lease, |message| message.name = "leases/-1".into()), Code::InvalidArgument, "BAD_NAME"),
        (renewal(&lease, |message| message.name = "x".into()), Code::InvalidArgument, "BAD_NAME"),
        (renewal(&lease, |message| message.bid_micro_credits = Some(-1)), Code::InvalidArgument, "BAD_BID"),
    ];
    for (message, code, reason) in cases {
        let status = running.calls.renew(message.clone()).await.unwrap_err();
        assert_eq!(why(&status), (code, reason.to_owned()), "{message:?}");
        let is_known = ["name", "end_time", "bid_micro_credits"].contains(&field(&status).as_str());
        assert_eq!(is_known, code == Code::InvalidArgument, "{message:?}: {}", field(&status));
    }
    assert_eq!(running.list().await, before);
}

#[tokio::test]
async fn another_holder_ends_nothing() {
    let mut running = Running::start().await;
    let lease = running.grant(request("r1")).await;
    let before = running.list().await;
    let message = ReleaseRequest { name: lease.name.clone(), holder: "other".into() };
    assert_eq!(
        why(&running.calls.release(message).await.unwrap_err()),
        (Code::PermissionDenied, "WRONG_HOLDER".into())
    );
    let unknown = GetLeaseRequest { name: "leases/999".into() };
    let status = running.calls.get_lease(unknown).await.unwrap_err();
    assert_eq!(why(&status), (Code::NotFound, "UNKNOWN_LEASE".into()));
    assert_eq!(running.list().await, before);
}

#[tokio::test]
async fn a_request_first_sent_before_all_that_is_remembered_is_too_old() {
    // Four answers are remembered: after six, what was sent before the first of them may have been answered and forgotten.
    let mut running = Running::start_with(Terms { repeats_max: 4, ..Terms::default() }).await;
    for number in 0..6 {
        running.grant(request(&format!("r{number}"))).await;
    }
    let mut old = request("r0");
    old.first_send_time = Some(prost_types::Timestamp { seconds: 0, nanos: 0 });
    let status = running.calls.request_lease(old).await.unwrap_err();
    assert_eq!(why(&status), (Code::FailedPrecondition, "TOO_OLD".into()));
    assert_eq!(running.list().await.leases.len(), 6);
}

#[tokio::test]
async fn a_message_that_is_too_large_is_refused_and_the_connection_lives() {
    let mut running = Running::start().await;
    let mut large = request("r1");
    large.holder = "x".repeat(1 << 20);
    let status = running.calls.request_lease(large).await.unwrap_err();
    assert_eq!(why(&status), (Code::OutOfRange, "MESSAGE_TOO_LARGE".into()));
    assert_eq!(status.get_error_details().error_info().unwrap().metadata["most_bytes"], (64 << 10).to_string());
    let sample = PublishTelemetryRequest { tile: "x".repeat(1 << 20), ..PublishTelemetryRequest::default() };
    let status = running.calls.publish_telemetry(tokio_stream::iter([sample])).await.unwrap_err();
    assert_eq!(why(&status), (Code::OutOfRange, "MESSAGE_TOO_LARGE".into()));
    // In a session, after what came before it was answered.
    let quote = Call::Quote(QuoteRequest { spec: request("q").spec });
    let release = Call::Release(ReleaseRequest { name: String::new(), holder: "x".repeat(1 << 20) });
    let calls = [quote, release].map(|call| SessionRequest { tag: 1, call: Some(call) });
    let mut answers = running.calls.session(tokio_stream::iter(calls)).await.unwrap().into_inner();
    assert!(matches!(answers.message().await.unwrap().unwrap().outcome, Some(Outcome::Quote(_))));
    let status = answers.message().await.unwrap_err();
    assert_eq!(why(&status), (Code::OutOfRange, "MESSAGE_TOO_LARGE".into()));
    running.grant(request("r1")).await;
}

#[tokio::test]
async fn a_name_of_any_length_comes_back_as_far_as_headers_take_it() {
    let mut running = Running::start().await;
    for length in [1_000, 2_500, 10_000, 60_000] {
        let status = running.calls.request_lease(changed(|spec| spec.node = "x".repeat(length))).await.unwrap_err();
        assert_eq!(why(&status), (Code::NotFound, "UNKNOWN_NODE".into()));
        assert!(status.message().ends_with('…') && status.message().contains("xxx"), "{}", status.message());
        // In headers the details are in base64, beside the message.
        let bytes = status.message().len() + status.details().len() * 4 / 3;
        assert!(bytes < 4_096, "{bytes} bytes about a name of {length}");
    }
}

#[tokio::test]
async fn a_method_that_is_not_there_is_refused_with_a_reason() {
    let running = Running::start().await;
    let url = lessor_api::client::ServerUrl::parse(running.server().url()).unwrap();
    let mut raw = tonic::client::Grpc::new(url.connect(None).await.unwrap());
    raw.ready().await.unwrap();
    let codec = tonic_prost::ProstCodec::<GetLeaseRequest, Lease>::default();
    let path = "/lessor.lease.v1.LeaseService/NoSuchMethod".parse().unwrap();
    let status = raw.unary(tonic::Request::new(GetLeaseRequest::default()), path, codec).await.unwrap_err();
    assert_eq!(why(&status), (Code::Unimplemented, "UNKNOWN_METHOD".into()));
}

#[tokio::test]
async fn what_is_no_message_is_refused() {
    let mut running = Running::start().await;
    // A telemetry sample as the message of a request: its fields are of other types.
    let url = lessor_api::client::ServerUrl::parse(running.server().url()).unwrap();
    let mut raw = tonic::client::Grpc::new(url.connect(None).await.unwrap());
    raw.ready().await.unwrap();
    let codec = tonic_prost::ProstCodec::<PublishTelemetryRequest, Lease>::default();
    let path = "/lessor.lease.v1.LeaseService/RequestLease".parse().unwrap();
    let sample = PublishTelemetryRequest { power_mw: Some(5), link_up: Some(true), ..Default::default() };
    let status = raw.unary(tonic::Request::new(sample), path, codec).await.unwrap_err();
    assert!(matches!(status.code(), Code::Internal | Code::InvalidArgument), "{status:?}");
    assert_eq!(why(&status).1, "TRANSPORT");
    running.grant(request("r1")).await;
}

#[tokio::test]
async fn samples_that_make_no_sense_are_refused() {
    let mut running = Running::start().await;
    let fleet = running.fleet();
    let tile = fleet.name(fleet.tiles().next().unwrap()).to_owned();
    let root = fleet.name(fleet.nodes().next().unwrap()).to_owned();
    let good = PublishTelemetryRequest {
        tile,
        sample_time: Some(prost_types::Timestamp { seconds: 1_700_000_000, nanos: 0 }),
        ..PublishTelemetryRequest::default()
    };
    let ahead = prost_types::Timestamp { seconds: 1 << 38, nanos: 0 };
    let cases = [
        (PublishTelemetryRequest { tile: "nowhere".into(), ..good.clone() }, "UNKNOWN_NODE"),
        (PublishTelemetryRequest { tile: root, ..good.clone() }, "NOT_A_TILE"),
        (PublishTelemetryRequest { sample_time: None, ..good.clone() }, "MISSING"),
        (PublishTelemetryRequest { sample_time: Some(ahead), ..good.clone() }, "NOT_YET"),
        (PublishTelemetryRequest { utilization_permille: Some(1_001), ..good.clone() }, "OUT_OF_RANGE"),
        (PublishTelemetryRequest { temperature_mk: Some(300), ..good.clone() }, "OUT_OF_RANGE"),
    ];
    for (sample, reason) in cases {
        let status = running.calls.publish_telemetry(tokio_stream::iter([sample])).await.unwrap_err();
        assert_eq!(why(&status).1, reason);
    }
    // The limits of the table `telemetry`.
    let most = 1 << 53;
    let amounts = |power_mw, memory_bytes, error_count| PublishTelemetryRequest {
        power_mw,
        memory_bytes,
        error_count,
        ..good.clone()
    };
    for (sample, blamed) in [
        (amounts(Some(most + 1), None, None), "power_mw"),
        (amounts(Some(u64::MAX), None, None), "power_mw"),
        (amounts(Some(most), Some(most + 1), None), "memory_bytes"),
        (amounts(None, Some(most), Some(most + 1)), "error_count"),
    ] {
        let status = running.calls.publish_telemetry(tokio_stream::iter([sample])).await.unwrap_err();
        assert_eq!((why(&status), field(&status)), ((Code::InvalidArgument, "OUT_OF_RANGE".into()), blamed.into()));
    }
    let most = amounts(Some(most), Some(most), Some(most));
    let told = running.calls.publish_telemetry(tokio_stream::iter([good.clone()])).await.unwrap().into_inner();
    assert_eq!((told.samples, told.limits_changed), (1, 0));
    let told = running.calls.publish_telemetry(tokio_stream::iter([most])).await.unwrap().into_inner();
    assert_eq!(told.samples, 1);
}
