//! A server that takes nothing in for a moment, and the client that lives with it.

use std::time::Duration;

use lessor_engine::authority::{Event, HolderId, Request as Wanted, RequestId, Terms};
use lessor_engine::ledger::Draw;
use lessor_models::resources::{Kind, Resources as Vector};
use lessor_models::time::Span;
use tokio::task::JoinHandle;
use tonic::Status;
use tonic_types::StatusExt;

use super::desk::overloaded;
use super::test_server::{request, serve};
use crate::client::{Answer, Ended, Holding, KeptLease, LeaseClient, RequestError};
use crate::proto::RequestLeaseRequest;
use crate::shell::{Handle, Overloaded, Queue, Shell, UNSTATED};

fn overload() -> Status {
    overloaded(&Overloaded { queue: Queue::C, most: 1 }).into()
}

#[tokio::test]
async fn a_server_that_is_overloaded_once_loses_no_request_and_no_lease() {
    // A call looks at the server's time before the request and the renewal that are not taken in.
    let refuse = |call, _: &Handle| if call == 1 || call == 3 { Err(overload()) } else { Ok(()) };
    let (_shell, mut client, server) = serve(Terms::default(), refuse).await;
    let request = request();
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

/// Lets two others be granted something, one after the other: of two answers the earlier one is forgotten, unless both are of one
/// instant, and what was first sent before it is too old.
fn forget(handle: &Handle) {
    let grant = |name| {
        let names = (HolderId::new(name).unwrap(), RequestId::new(name).unwrap());
        let event = Event::Request(Wanted {
            first_sent: UNSTATED,
            draw: Draw::through(Vector::of(Kind::Compute, 1)),
            ..Wanted::plain(names.0, names.1, Span(60_000_000))
        });
        handle.submit(event).unwrap().wait().unwrap();
    };
    // A thread of a runtime may not wait.
    std::thread::scope(|scope| scope.spawn(|| ["one", "other"].map(grant)).join().unwrap());
}

/// A server that remembers one answer, and ends the first request with a status while others are served.
async fn forgetful(status: fn() -> Status) -> (Shell, LeaseClient, JoinHandle<()>) {
    let refuse = move |call, handle: &Handle| {
        if call != 1 {
            return Ok(());
        }
        forget(handle);
        Err(status())
    };
    serve(Terms { repeats_max: 1, ..Terms::default() }, refuse).await
}

/// It had been refused as too old, though nobody had ever taken it in.
#[tokio::test]
async fn a_request_that_was_not_taken_in_until_all_was_forgotten_is_first_sent_again() {
    let (_shell, mut client, server) = forgetful(overload).await;
    let answer = client.request(&request(), Duration::from_secs(10)).await.unwrap();
    assert!(matches!(answer, Answer::Granted(_)), "{answer:?}");
    server.abort();
}

#[tokio::test]
async fn a_request_that_may_have_been_taken_in_or_that_somebody_dated_stays_too_old() {
    let reason = |error| match error {
        RequestError::Status(status) => status.get_details_error_info().unwrap().reason,
        other => panic!("{other}"),
    };
    let (_shell, mut client, server) = forgetful(|| Status::unavailable("nobody knows")).await;
    let unsaid = client.request(&request(), Duration::from_secs(10)).await.unwrap_err();
    assert_eq!(reason(unsaid), "TOO_OLD");
    server.abort();

    let (_shell, mut client, server) = forgetful(overload).await;
    let dated =
        RequestLeaseRequest { first_send_time: Some(prost_types::Timestamp { seconds: 9, nanos: 0 }), ..request() };
    let dated = client.request(&dated, Duration::from_secs(10)).await.unwrap_err();
    assert_eq!(reason(dated), "TOO_OLD");
    server.abort();
}

#[tokio::test]
async fn a_request_without_an_answer_says_when_it_was_first_sent_and_one_not_taken_in_does_not() {
    let patience = Duration::from_millis(500);
    let refuse = |call, _: &Handle| if call > 0 { Err(Status::unavailable("nobody knows")) } else { Ok(()) };
    let (_shell, mut client, server) = serve(Terms::default(), refuse).await;
    let unsaid = client.request(&request(), patience).await.unwrap_err();
    assert!(matches!(unsaid, RequestError::Unanswered { first_sent: Some(_), .. }), "{unsaid:?}");
    server.abort();

    let refuse = |call, _: &Handle| if call > 0 { Err(overload()) } else { Ok(()) };
    let (_shell, mut client, server) = serve(Terms::default(), refuse).await;
    let full = client.request(&request(), patience).await.unwrap_err();
    assert!(matches!(full, RequestError::Status(_)), "{full:?}");
    server.abort();
}
