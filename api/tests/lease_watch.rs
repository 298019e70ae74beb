//! Watching leases: in order, without a gap, from any revision that is kept, and at no cost for others.

#![expect(clippy::unwrap_used, reason = "whatever fails here fails the test")]

#[path = "common/service.rs"]
mod service;

use lessor_api::proto::lease::State;
use lessor_api::proto::session_request::Call;
use lessor_api::proto::session_response::Outcome;
use lessor_api::proto::watch_response::Event;
use lessor_api::proto::{
    ConfirmFenceRequest, Fence, Lease, Revision, RevokeRequest, SessionRequest, SessionResponse, WatchHolderRequest,
    WatchRequest, WatchResponse,
};
use lessor_engine::authority::Terms;
use service::{Calls, Running, request, why};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Endpoint;
use tonic::{Code, Streaming};
use tonic_types::StatusExt;

/// Reads changes, passing over bookmarks.
async fn changes(stream: &mut Streaming<WatchResponse>, count: usize) -> Vec<(u64, Lease)> {
    let mut seen = Vec::new();
    while seen.len() < count {
        let response = stream.next().await.unwrap().unwrap();
        if let Some(Event::Changed(lease)) = response.event {
            seen.push((response.revision.unwrap().number, lease));
        }
    }
    seen
}

fn after(revision: Option<Revision>) -> WatchRequest {
    WatchRequest { after: revision, ..WatchRequest::default() }
}

#[tokio::test]
async fn a_watch_that_broke_goes_on_without_a_gap() {
    let mut running = Running::start().await;
    let beginning = running.list().await.revision.unwrap();
    let mut stream = running.watch(after(Some(beginning))).await;
    for number in 0..10 {
        let lease = running.grant(request(&format!("r{number}"))).await;
        running.release(&lease).await;
    }
    let first = changes(&mut stream, 7).await;
    drop(stream);
    let last = Revision { number: first[6].0, ..beginning };
    let mut stream = running.watch(after(Some(last))).await;
    let rest = changes(&mut stream, 13).await;
    let numbers: Vec<u64> = first.iter().chain(&rest).map(|change| change.0).collect();
    let expected: Vec<u64> = (1..=20).map(|number| beginning.number + number).collect();
    assert_eq!(numbers, expected);
    let states: Vec<State> = first.iter().chain(&rest).map(|change| change.1.state()).collect();
    assert_eq!(states, [State::Active, State::Released].repeat(10));
}

#[tokio::test]
async fn a_watch_goes_on_after_a_restart() {
    let mut running = Running::start().await;
    running.grant(request("r1")).await;
    let seen = running.list().await.revision.unwrap();
    let mut running = running.restart().await;
    let mut stream = running.watch(after(Some(seen))).await;
    let last = running.grant(request("r2")).await;
    assert_eq!(changes(&mut stream, 1).await, [(seen.number + 1, last)]);
}

#[tokio::test]
async fn a_watch_begins_with_a_bookmark_and_says_so_when_nothing_happens() {
    let mut running = Running::start().await;
    let mut stream = running.watch(after(None)).await;
    for _ in 0..2 {
        let response = stream.next().await.unwrap().unwrap();
        assert!(matches!(response.event, Some(Event::Bookmark(_))));
    }
}

#[tokio::test]
async fn a_watch_of_one_holder_passes_over_the_others() {
    let mut running = Running::start().await;
    let mut stream = running.watch(WatchRequest { holder: "web".into(), ..WatchRequest::default() }).await;
    let mut other = request("r1");
    other.holder = "batch".into();
    running.grant(other).await;
    let mine = running.grant(request("r1")).await;
    assert_eq!(changes(&mut stream, 1).await[0].1, mine);
}

/// Each commit of others had cost each watch of one holder a message.
#[tokio::test]
async fn a_watch_of_one_holder_is_told_of_others_only_now_and_then() {
    const OTHERS: usize = 200;
    let mut running = Running::start().await;
    let mut stream = running.watch(WatchRequest { holder: "web".into(), ..WatchRequest::default() }).await;
    for number in 0..OTHERS {
        let mut other = request(&format!("r{number}"));
        other.holder = "batch".into();
        running.grant(other).await;
    }
    let mine = running.grant(request("r1")).await;
    let mut told = Vec::new();
    let last = loop {
        let response = stream.next().await.unwrap().unwrap();
        told.push(response.revision.unwrap().number);
        if let Some(Event::Changed(lease)) = response.event {
            break lease;
        }
    };
    assert_eq!((last, *told.last().unwrap()), (mine, OTHERS as u64 + 1));
    assert!(told.is_sorted() && told.len() < OTHERS / 2, "{told:?}");
    // What nobody else changed is said once the watch was quiet.
    assert_eq!(stream.next().await.unwrap().unwrap().revision.unwrap().number, OTHERS as u64 + 1);
}

#[tokio::test]
async fn a_revision_of_another_history_is_out_of_range() {
    let mut running = Running::start().await;
    running.grant(request("r1")).await;
    let now = running.list().await.revision.unwrap();
    let others = [Revision { number: now.number + 1_000, ..now }, Revision { incarnation: now.incarnation + 1, ..now }];
    for other in others {
        let mut stream = running.watch(after(Some(other))).await;
        // Nothing is said of a revision that never was.
        let status = stream.next().await.unwrap().unwrap_err();
        assert_eq!(why(&status), (Code::OutOfRange, "OUT_OF_RANGE".into()));
    }
}

#[tokio::test]
async fn a_revision_that_is_no_longer_kept_names_one_to_go_on_from() {
    let mut running = Running::start_with(Terms { watch_max: 8, ..Terms::default() }).await;
    let beginning = running.list().await.revision;
    for number in 0..20 {
        running.grant(request(&format!("r{number}"))).await;
    }
    let mut stream = running.watch(after(beginning)).await;
    let status = stream.next().await.unwrap().unwrap_err();
    assert_eq!(why(&status), (Code::OutOfRange, "OUT_OF_RANGE".into()));
    let details = status.get_error_details();
    assert_eq!(details.error_info().unwrap().metadata["snapshot_revision"], "1.20");
}

#[tokio::test]
async fn a_reader_that_does_not_read_holds_nobody_up_and_misses_nothing() {
    const CHANGES: usize = 4_000;
    let mut running = Running::start().await;
    let beginning = running.list().await.revision.unwrap();
    // More than its connection and its channel hold: the rest has to wait in the history.
    let mut stream = running.watch(after(Some(beginning))).await;
    grant_many(&running, CHANGES).await;
    let seen = changes(&mut stream, CHANGES).await;
    let numbers: Vec<u64> = seen.iter().map(|change| change.0 - beginning.number).collect();
    assert_eq!(numbers, (1..=CHANGES as u64).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_is_durable_when_the_server_ends_reaches_a_reader_that_is_behind() {
    const CHANGES: usize = 4_000;
    let mut running = Running::start().await;
    let beginning = running.list().await.revision.unwrap();
    let mut stream = running.watch(after(Some(beginning))).await;
    // More than its connection and its channel hold, and it reads nothing before the server ends.
    grant_many(&running, CHANGES).await;
    let stopping = tokio::spawn(running.stop());
    let (mut numbers, mut bookmark) = (Vec::new(), 0);
    let status = loop {
        match stream.next().await.unwrap() {
            Ok(WatchResponse { revision, event: Some(Event::Changed(_)) }) => numbers.push(revision.unwrap().number),
            Ok(WatchResponse { revision, .. }) => bookmark = revision.unwrap().number,
            Err(status) => break status,
        }
    };
    assert_eq!(why(&status), (Code::Unavailable, "SHUTTING_DOWN".into()));
    let last = beginning.number + CHANGES as u64;
    assert_eq!((numbers, bookmark), ((beginning.number + 1..=last).collect(), last));
    stopping.await.unwrap();
}

/// Grants so many leases, many at once.
async fn grant_many(running: &Running, count: usize) {
    const WORKERS: usize = 40;
    let mut grants = tokio::task::JoinSet::new();
    for worker in 0..WORKERS {
        let mut calls = running.calls.clone();
        grants.spawn(async move {
            for number in 0..count / WORKERS {
                calls.request_lease(request(&format!("r{worker}-{number}"))).await.unwrap();
            }
        });
    }
    grants.join_all().await;
}

#[tokio::test]
async fn a_reader_that_changes_overtook_is_told_and_counted() {
    const CHANGES: usize = 4_000;
    let running = Running::start_with(Terms { watch_max: 8, ..Terms::default() }).await;
    // A connection that holds less than so many changes take.
    let endpoint = Endpoint::from_shared(running.server().url().to_owned()).unwrap();
    let narrow = endpoint.initial_stream_window_size(1 << 16).connect().await.unwrap();
    let mut stream = Calls::new(narrow).watch(WatchRequest::default()).await.unwrap().into_inner();
    grant_many(&running, CHANGES).await;
    let mut numbers = Vec::new();
    let status = loop {
        match stream.next().await.unwrap() {
            Ok(WatchResponse { revision, event: Some(Event::Changed(_)) }) => numbers.push(revision.unwrap().number),
            Ok(_) => assert!(numbers.len() < CHANGES, "nothing overtook the reader"),
            Err(status) => break status,
        }
    };
    assert_eq!(why(&status), (Code::OutOfRange, "OUT_OF_RANGE".into()));
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    let page = running.metrics_page().await;
    assert!(page.contains("lessor_slow_watches_total 1") && page.contains("lessor_watches 0"), "{page}");
}

/// Reads a watch until it says that a token must be refused.
async fn fence(stream: &mut Streaming<WatchResponse>) -> Fence {
    loop {
        if let Some(Event::Fence(fence)) = stream.next().await.unwrap().unwrap().event {
            return fence;
        }
    }
}

/// The revoked leases that a session tells of next.
async fn revoked(answers: &mut Streaming<SessionResponse>) -> Vec<Lease> {
    let response = answers.next().await.unwrap().unwrap();
    assert_eq!(response.tag, 7);
    match response.outcome {
        Some(Outcome::WatchHolder(told)) => told.revoked,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_revocation_reaches_its_holder_and_then_whatever_enforces_tokens() {
    let mut running = Running::start().await;
    let mut asked = request("r1");
    asked.spec.as_mut().unwrap().fence_keys = vec!["disk".into()];
    let lease = running.grant(asked).await;
    let holder = WatchHolderRequest { holder: lease.holder.clone() };
    let call = || SessionRequest { tag: 7, call: Some(Call::WatchHolder(holder.clone())) };
    let (calls, receiver) = tokio::sync::mpsc::channel(8);
    let mut answers = running.calls.session(ReceiverStream::new(receiver)).await.unwrap().into_inner();
    calls.send(call()).await.unwrap();
    assert_eq!(revoked(&mut answers).await, []);

    let wanted = || WatchRequest { fences: true, ..WatchRequest::default() };
    let mut fences = running.watch(wanted()).await;
    let notice = Some(prost_types::Duration { seconds: 0, nanos: 50_000_000 });
    running.calls.revoke(RevokeRequest { name: lease.name.clone(), notice }).await.unwrap();
    let told = revoked(&mut answers).await;
    assert_eq!((told.len(), &told[0].name, told[0].state()), (1, &lease.name, State::Revoked));
    assert!(told[0].notice.as_ref().unwrap().until_time.is_some());
    let said = fence(&mut fences).await;
    assert_eq!((said.lease.unwrap().token, said.fence_keys), (lease.token, vec!["disk".to_owned()]));

    // Whoever comes later hears what still stands.
    let mut later = running.watch(wanted()).await;
    assert_eq!(fence(&mut later).await.lease.unwrap().name, lease.name);
    calls.send(call()).await.unwrap();
    assert_eq!(revoked(&mut answers).await.len(), 1);
    let confirmed = ConfirmFenceRequest { name: lease.name.clone(), token: lease.token };
    running.calls.confirm_fence(confirmed).await.unwrap();
    calls.send(call()).await.unwrap();
    assert_eq!(revoked(&mut answers).await, []);
}

#[tokio::test]
async fn watches_beyond_those_of_a_connection_are_refused_until_one_ends() {
    let mut running = Running::start().await;
    let mut open = Vec::new();
    let refused = loop {
        match running.calls.watch(WatchRequest::default()).await {
            Ok(stream) => open.push(stream.into_inner()),
            Err(refused) => break refused,
        }
    };
    assert_eq!(why(&refused), (Code::ResourceExhausted, "TOO_MANY_WATCHES".to_owned()));
    assert_eq!(refused.get_error_details().error_info().unwrap().metadata["most"], open.len().to_string());
    let page = running.metrics_page().await;
    let open_watches = format!("lessor_watches {}", open.len());
    for line in [open_watches.as_str(), "lessor_calls_total{method=\"Watch\",code=\"8\"} 1"] {
        assert!(page.lines().any(|said| said == line), "{line} is not in {page}");
    }
    // Another connection has its own.
    let mut others = service::calls(running.server()).await;
    let _other = others.watch(WatchRequest::default()).await.unwrap();
    drop(open.pop());
    while running.calls.watch(WatchRequest::default()).await.is_err() {
        tokio::task::yield_now().await;
    }
}
