//! The client that renews in the background, against a real server: it keeps what it may and stops in time.

#![expect(clippy::unwrap_used, reason = "whatever fails here fails the test")]

#[path = "common/service.rs"]
mod service;

use std::time::Duration;

use lessor_api::client::{Answer, BootInstant, Ended, Grant, Holding, KeptLease, LeaseClient, RequestError, ServerUrl};
use lessor_api::proto::lease::State;
use lessor_api::proto::{GetLeaseRequest, LeaseSpec, RequestLeaseRequest, RevokeRequest};
use lessor_engine::authority::Terms;
use service::{Running, memory, request_for, seconds, spec};
use tonic_types::StatusExt;

const PATIENCE: Duration = Duration::from_secs(10);

async fn client(running: &Running) -> LeaseClient {
    LeaseClient::connect(&ServerUrl::parse(running.server().url()).unwrap(), None).await.unwrap()
}

/// A request for so many seconds; the last two are the guard band.
fn lasting(id: &str, term: i64) -> RequestLeaseRequest {
    request_for(id, LeaseSpec { term: Some(seconds(term)), ..spec(memory(1 << 20)) })
}

async fn grant(client: &mut LeaseClient, request: &RequestLeaseRequest) -> Grant {
    match client.request(request, PATIENCE).await.unwrap() {
        Answer::Granted(mut grants) => grants.remove(0),
        Answer::Refused(refusal) => panic!("{refusal:?}"),
    }
}

#[tokio::test]
async fn a_kept_lease_is_renewed_and_released() {
    let mut running = Running::start().await;
    let mut client = client(&running).await;
    let first = grant(&mut client, &lasting("r1", 4)).await;
    let kept = KeptLease::keep(client, first.clone());
    // Renewed at half of what may be used, which is two seconds.
    let renewed = loop {
        tokio::time::sleep(Duration::from_millis(20)).await;
        match kept.holding() {
            Holding::Held(grant) if grant.lease.version > 1 => break grant,
            Holding::Held(_) => assert!(kept.is_held()),
            other => panic!("{other:?}"),
        }
    };
    assert!(renewed.term.stop() > first.term.stop());
    assert_eq!(renewed.lease.token, first.lease.token);
    assert_eq!(kept.release().await, Ended::Released);
    let get = GetLeaseRequest { name: first.lease.name };
    assert_eq!(running.calls.get_lease(get).await.unwrap().into_inner().state(), State::Released);
}

#[tokio::test]
async fn a_holder_stops_before_the_end_when_the_server_is_gone() {
    let running = Running::start().await;
    let mut client = client(&running).await;
    let granted = grant(&mut client, &lasting("r1", 3)).await;
    let kept = KeptLease::keep(client, granted.clone());
    running.stop().await;
    assert!(kept.is_held());
    assert_eq!(kept.ended().await, Ended::TermOver);
    let stopped = BootInstant::now();
    assert!(!kept.is_held());
    // Not before the stop, and well within the guard band after it.
    let stop = granted.term.stop();
    assert!(stop <= stopped && stopped < stop.after(Duration::from_secs(1)), "{stop:?} {stopped:?}");
}

#[tokio::test]
async fn a_revocation_is_heard_at_once_and_leaves_what_its_notice_says() {
    let mut running = Running::start().await;
    let mut client = client(&running).await;
    // Far from its next renewal; its neighbor is of the same session.
    let granted = grant(&mut client, &lasting("r1", 3_600)).await;
    let neighbor = grant(&mut client, &lasting("r2", 3_600)).await;
    let (kept, other) = (KeptLease::keep(client.clone(), granted.clone()), KeptLease::keep(client, neighbor));
    let revoked_at = BootInstant::now();
    running.calls.revoke(RevokeRequest { name: granted.lease.name, notice: Some(seconds(4)) }).await.unwrap();
    let noticed = tokio::time::timeout(Duration::from_secs(1), kept.noticed()).await.unwrap();
    let Holding::Revoked(grant) = noticed else { panic!("{noticed:?}") };
    assert!(grant.lease.notice.is_some() && kept.is_held());
    // Four seconds less the band of two, and no later than that by the holder's clock.
    assert_eq!(kept.ended().await, Ended::Lost);
    let used = revoked_at.until(BootInstant::now());
    assert!(Duration::from_millis(1_500) < used && used < Duration::from_secs(4), "{used:?}");
    assert!(!kept.is_held() && other.is_held());
}

#[tokio::test]
async fn a_lease_that_was_revoked_before_it_is_kept_is_finished_and_given_back() {
    let mut running = Running::start().await;
    let mut client = client(&running).await;
    let kept = KeptLease::keep(client.clone(), grant(&mut client, &lasting("r1", 3_600)).await);
    let granted = grant(&mut client, &lasting("r2", 3_600)).await;
    let name = granted.lease.name.clone();
    running.calls.revoke(RevokeRequest { name: name.clone(), notice: Some(seconds(60)) }).await.unwrap();
    let late = KeptLease::keep(client, granted);
    let noticed = tokio::time::timeout(Duration::from_secs(1), late.noticed()).await.unwrap();
    assert!(matches!(noticed, Holding::Revoked(_)), "{noticed:?}");
    assert_eq!(late.release().await, Ended::Released);
    let lease = running.calls.get_lease(GetLeaseRequest { name }).await.unwrap().into_inner();
    assert!(lease.returned && kept.is_held(), "{lease:?}");
}

#[tokio::test]
async fn a_refusal_is_an_answer() {
    let running = Running::start().await;
    let mut client = client(&running).await;
    let large = request_for("r1", spec(memory(1 << 50)));
    assert!(matches!(client.request(&large, PATIENCE).await, Ok(Answer::Refused(_))));
}

#[tokio::test]
async fn a_dated_request_is_never_executed_twice_however_late_it_is_repeated() {
    let mut running = Running::start_with(Terms { repeats_max: 1, ..Terms::default() }).await;
    let mut client = client(&running).await;
    let first = client.dated(lasting("r1", 60), PATIENCE).await.unwrap();
    assert!(first.first_send_time.is_some());
    assert_eq!(client.dated(first.clone(), PATIENCE).await.unwrap(), first, "a repeat was first sent when it was");
    grant(&mut client, &first).await;
    // The second answer is the one that is kept.
    grant(&mut client, &lasting("r2", 60)).await;
    let Err(RequestError::Status(status)) = client.request(&first, PATIENCE).await else { panic!("forgotten") };
    assert_eq!(status.get_details_error_info().unwrap().reason, "TOO_OLD");
    assert_eq!(running.list().await.leases.len(), 2);
}
