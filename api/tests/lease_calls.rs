//! Every call of the lease service, over loopback, against the real engine and the real journal.

#[path = "common/service.rs"]
mod service;

use lessor_api::proto::account::Owner;
use lessor_api::proto::lease::State;
use lessor_api::proto::refusal::Reason;
use lessor_api::proto::session_request::Call;
use lessor_api::proto::session_response::Outcome;
use lessor_api::proto::{
    Accelerators, AccountStanding, CheckpointRequest, ConfirmFenceRequest, DrainRequest, ExplainRequest,
    GetLeaseRequest, Kind, LeaseSpec, ListLeasesRequest, PublishTelemetryRequest, QuoteRequest, ReleaseRequest,
    RenewRequest, RevokeRequest, ServiceClass, SessionRequest,
};
use lessor_engine::admission::PolicyName;
use lessor_engine::authority::{Terms, UnitPrices};
use lessor_models::fleet::NodeIndex;
use service::{Running, granted, memory, refused, request, request_for, seconds, spec, why};
use tokio_stream::StreamExt;
use tonic::Code;

#[tokio::test]
async fn a_lease_is_granted_renewed_and_released() {
    let mut running = Running::start().await;
    let lease = running.grant(request("r1")).await;
    assert_eq!((lease.state(), lease.version, lease.holder.as_str()), (State::Active, 1, "web"));
    assert!(lease.token > 0);

    let end = lease.end_time.unwrap();
    let later = prost_types::Timestamp { seconds: end.seconds + 60, ..end };
    let renewal = RenewRequest {
        name: lease.name.clone(),
        holder: "web".into(),
        version: 1,
        end_time: Some(later),
        bid_micro_credits: None,
    };
    let renewed = running.calls.renew(renewal.clone()).await.unwrap().into_inner().lease.unwrap();
    assert_eq!((renewed.version, renewed.end_time, renewed.token), (2, Some(later), lease.token));
    // The answer was lost: the same renewal again is no second one.
    assert_eq!(running.calls.renew(renewal).await.unwrap().into_inner().lease.unwrap(), renewed);

    assert_eq!(running.release(&renewed).await.state(), State::Released);
    let get = GetLeaseRequest { name: lease.name };
    assert_eq!(running.calls.get_lease(get).await.unwrap().into_inner().state(), State::Released);
}

#[tokio::test]
async fn a_quote_tells_where_and_changes_nothing() {
    let mut running = Running::start().await;
    let before = running.list().await;
    let message = QuoteRequest { spec: request("q").spec };
    let quoted = running.calls.quote(message).await.unwrap().into_inner();
    assert_eq!((quoted.nodes.len(), quoted.refusal), (1, None));
    assert_eq!(running.list().await, before);
    assert_eq!(running.grant(request("q")).await.node, quoted.nodes[0]);
}

#[tokio::test]
async fn a_quote_says_whom_it_would_displace_and_what_that_costs() {
    let mut running = Running::start_with(Terms { unit_prices: UnitPrices([1 << 24; 8]), ..Terms::default() }).await;
    let fleet = running.fleet();
    let tile = fleet.tiles().next().unwrap();
    let most = fleet.base_capacity(lessor_models::fleet::Owner::Node(tile)).get(lessor_models::resources::Kind::Memory);
    let there = |class: ServiceClass, bid_micro_credits| LeaseSpec {
        node: fleet.name(tile).to_owned(),
        service_class: class.into(),
        bid_micro_credits,
        ..spec(memory(most))
    };
    let granted = running.grant(request_for("lesser", there(ServiceClass::D, None))).await;
    let wish = there(ServiceClass::C, Some(1 << 50));
    let asked = QuoteRequest { spec: Some(wish.clone()) };
    let quoted = running.calls.quote(asked).await.unwrap().into_inner();
    assert_eq!((quoted.displaced_lease_count, quoted.refusal), (1, None));
    assert!(quoted.price_micro_credits > 0 && quoted.compensation_micro_credits > 0);
    // The bid must cover both, as they are by then.
    let (price, compensation) = (quoted.price_micro_credits, quoted.compensation_micro_credits);
    let enough = QuoteRequest { spec: Some(there(ServiceClass::C, Some(price + compensation + compensation / 10))) };
    assert_eq!(running.calls.quote(enough).await.unwrap().into_inner().displaced_lease_count, 1);
    let short = QuoteRequest { spec: Some(there(ServiceClass::C, Some(price + compensation / 2))) };
    assert!(running.calls.quote(short).await.unwrap().into_inner().refusal.is_some());

    let offered = running.grant(request_for("more", wish)).await;
    assert_eq!((offered.state(), &offered.node), (State::Offered, &quoted.nodes[0]));
    let revoked = running.calls.get_lease(GetLeaseRequest { name: granted.name }).await.unwrap().into_inner();
    let paid = revoked.notice.unwrap().compensation_micro_credits;
    // What was not safe grows, and the time left shrinks, until the request comes.
    assert!((paid - compensation).abs() <= compensation / 10, "{paid} for {compensation}");
}

/// One of a few kinds of leases: shares of devices, whole ones, gangs, and none.
fn some_spec(at: u32) -> LeaseSpec {
    let (count, milli_each) = [(1, 470), (1, 1_000), (2, 1_000), (1, 320), (0, 0)][at as usize % 5];
    let accelerators = (count > 0).then_some(Accelerators { count, milli_each });
    LeaseSpec { accelerators, gang_size: 1 + at % 7 / 6, ..spec(memory(u64::from(1 + at % 3) << 30)) }
}

#[tokio::test]
async fn quotes_between_requests_change_no_decision_whatever_the_policy() {
    for policy in PolicyName::ALL {
        let (mut plain, mut asked) = (Running::start_under(policy).await, Running::start_under(policy).await);
        let root = asked.fleet().name(NodeIndex(0)).to_owned();
        for at in 0..48_u32 {
            for other in at + 1..at + 4 {
                let spec = Some(some_spec(other * other));
                let explained = ExplainRequest { node: root.clone(), spec: spec.clone(), ..ExplainRequest::default() };
                asked.calls.quote(QuoteRequest { spec }).await.unwrap();
                asked.calls.explain(explained).await.unwrap();
            }
            let quoted = asked.calls.quote(QuoteRequest { spec: Some(some_spec(at)) }).await.unwrap().into_inner();
            let mut nodes = [Vec::new(), Vec::new()];
            for (running, nodes) in [&mut plain, &mut asked].into_iter().zip(&mut nodes) {
                let request = request_for(&format!("r{at}"), some_spec(at));
                let answer = running.calls.request_lease(request).await.unwrap().into_inner();
                nodes.extend(answer.leases.into_iter().map(|lease| lease.node));
            }
            assert_eq!(nodes, [quoted.nodes.clone(), quoted.nodes], "{} at {at}", policy.name());
        }
        plain.stop().await;
        asked.stop().await;
    }
}

#[tokio::test]
async fn a_repeat_gets_the_first_answer_and_another_body_is_refused() {
    let mut running = Running::start().await;
    let mut many = spec(memory(1 << 50));
    many.gang_size = 2;
    for asked in [request("r1"), request_for("r2", many)] {
        let first = running.calls.request_lease(asked.clone()).await.unwrap().into_inner();
        // Word for word: when it was decided is a part of it.
        assert_eq!(running.calls.request_lease(asked).await.unwrap().into_inner(), first);
    }
    assert_eq!(running.list().await.leases.len(), 1);
    let other = request_for("r1", spec(memory(2 << 20)));
    let status = running.calls.request_lease(other).await.unwrap_err();
    assert_eq!(why(&status), (Code::AlreadyExists, "REUSED_ID".into()));
}

#[tokio::test]
async fn a_gang_is_granted_whole_or_not_at_all() {
    let mut running = Running::start().await;
    let mut gang = spec(memory(1 << 20));
    gang.gang_size = 3;
    let response = running.calls.request_lease(request_for("g1", gang.clone())).await.unwrap().into_inner();
    assert_eq!(response.leases.iter().map(|lease| lease.gang_index).collect::<Vec<_>>(), [0, 1, 2]);

    let before = running.list().await;
    // No tile of the fleet has all of another tile's memory a hundred times over.
    gang.gang_size = 1_000;
    gang.resources = Some(memory(u64::MAX >> 12));
    let refusal = refused(running.calls.request_lease(request_for("g2", gang)).await.unwrap().into_inner());
    assert_eq!(refusal.reason(), Reason::AccountShort);
    assert_eq!(running.list().await, before);
}

#[tokio::test]
async fn a_refusal_names_the_binding_account_and_an_offer() {
    let mut running = Running::start().await;
    let tile = running.fleet().tiles().next().map(|tile| running.fleet().name(tile).to_owned()).unwrap();
    let mut large = spec(memory(1 << 50));
    large.node.clone_from(&tile);
    let refusal = refused(running.calls.request_lease(request_for("r1", large)).await.unwrap().into_inner());
    let shortage = refusal.shortage.clone().unwrap();
    let account = shortage.account.unwrap();
    assert_eq!(
        (refusal.reason(), account.owner.clone(), account.kind()),
        (Reason::AccountShort, Some(Owner::Node(tile.clone())), Kind::Memory)
    );
    assert!(shortage.left < shortage.asked);
    // What is offered instead, in thousandths rounded down, fits what is left.
    let offer = refusal.counter_offer.unwrap();
    assert!(u128::from(offer.smaller_permille) * (1 << 50) / 1_000 <= u128::from(shortage.left));
}

#[tokio::test]
async fn leases_are_listed_in_pages() {
    let mut running = Running::start().await;
    for number in 0..5 {
        running.grant(request(&format!("r{number}"))).await;
    }
    let mut message = ListLeasesRequest { page_size: 2, ..ListLeasesRequest::default() };
    let mut pages = Vec::new();
    loop {
        let page = running.calls.list_leases(message.clone()).await.unwrap().into_inner();
        pages.push(page.leases.iter().map(|lease| lease.request_id.clone()).collect::<Vec<_>>());
        if page.next_page_token.is_empty() {
            break;
        }
        message.page_token = page.next_page_token;
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1]);
    let mut all = pages.concat();
    all.sort_unstable();
    assert_eq!(all, ["r0", "r1", "r2", "r3", "r4"]);

    // The last token is one of another filter, or none at all.
    let of_another = ListLeasesRequest { holder: "web".into(), ..message.clone() };
    let made_up = ["what is this", "4000000000", &"0".repeat(24), "größer"];
    let made_up = made_up.map(|token| ListLeasesRequest { page_token: token.into(), ..message.clone() });
    for asked in made_up.into_iter().chain([of_another]) {
        let status = running.calls.list_leases(asked).await.unwrap_err();
        assert_eq!(why(&status), (Code::InvalidArgument, "BAD_PAGE_TOKEN".into()));
    }
}

#[tokio::test]
async fn a_list_is_narrowed_by_holder_node_and_state() {
    let mut running = Running::start().await;
    let first = running.grant(request("r1")).await;
    let mut other = request("r1");
    other.holder = "batch".into();
    let second = running.grant(other).await;
    running.release(&second).await;
    let mut of = async |message: ListLeasesRequest| {
        let page = running.calls.list_leases(message).await.unwrap().into_inner();
        page.leases.into_iter().map(|lease| lease.name).collect::<Vec<_>>()
    };
    let all = ListLeasesRequest::default();
    assert_eq!(of(ListLeasesRequest { holder: "web".into(), ..all.clone() }).await, *std::slice::from_ref(&first.name));
    assert_eq!(
        of(ListLeasesRequest { state: State::Released.into(), ..all.clone() }).await,
        *std::slice::from_ref(&second.name)
    );
    assert!(of(ListLeasesRequest { node: first.node.clone(), ..all }).await.contains(&first.name));
}

#[tokio::test]
async fn a_revoked_lease_gives_back_once_its_fence_is_confirmed() {
    let mut running = Running::start().await;
    let mut fenced = spec(memory(1 << 20));
    fenced.fence_keys = vec!["disk-7".into()];
    let lease = running.grant(request_for("r1", fenced.clone())).await;
    let held = refused(running.calls.request_lease(request_for("r2", fenced.clone())).await.unwrap().into_inner());
    assert_eq!(held.reason(), Reason::KeyHeld);
    assert!(held.key_free_time.is_some());

    let message = RevokeRequest { name: lease.name.clone(), notice: Some(seconds(0)) };
    let revoked = running.calls.revoke(message).await.unwrap().into_inner().lease.unwrap();
    assert_eq!((revoked.state(), revoked.returned), (State::Revoked, false));
    let confirm = |token| ConfirmFenceRequest { name: lease.name.clone(), token };
    let wrong = running.calls.confirm_fence(confirm(lease.token + 1)).await.unwrap_err();
    assert_eq!(why(&wrong), (Code::FailedPrecondition, "WRONG_TOKEN".into()));
    let confirmed = running.calls.confirm_fence(confirm(lease.token)).await.unwrap().into_inner().lease.unwrap();
    assert!(confirmed.returned);

    let next = running.grant(request_for("r3", fenced)).await;
    assert!(next.token > lease.token);
}

#[tokio::test]
async fn a_checkpoint_is_for_the_holder_alone() {
    let mut running = Running::start().await;
    let lease = running.grant(request("r1")).await;
    let message = |holder: &str| CheckpointRequest { name: lease.name.clone(), holder: holder.into() };
    assert_eq!(running.calls.checkpoint(message("web")).await.unwrap().into_inner().lease.unwrap().name, lease.name);
    let status = running.calls.checkpoint(message("other")).await.unwrap_err();
    assert_eq!(why(&status), (Code::PermissionDenied, "WRONG_HOLDER".into()));
}

#[tokio::test]
async fn a_drained_node_takes_nothing_new_until_the_drain_is_taken_back() {
    let mut running = Running::start().await;
    let lease = running.grant(request("r1")).await;
    let drain = DrainRequest { node: lease.node.clone(), notice: Some(seconds(30)), cancel: false };
    assert!(running.calls.drain(drain.clone()).await.unwrap().into_inner().deadline_time.is_some());
    let get = GetLeaseRequest { name: lease.name.clone() };
    assert_eq!(running.calls.get_lease(get).await.unwrap().into_inner().state(), State::Revoked);

    let mut there = spec(memory(1 << 20));
    there.node.clone_from(&lease.node);
    let refusal = refused(running.calls.request_lease(request_for("r2", there.clone())).await.unwrap().into_inner());
    assert_eq!((refusal.reason(), refusal.node), (Reason::NodeDraining, lease.node.clone()));

    // What the node may give is what is held of it.
    let explain = ExplainRequest { node: lease.node.clone(), ..ExplainRequest::default() };
    let drained = running.calls.explain(explain.clone()).await.unwrap().into_inner();
    assert!(drained.drain_deadline_time.is_some());
    let of_node = |standing: &&AccountStanding| {
        standing.account.as_ref().is_some_and(|account| account.owner == Some(Owner::Node(lease.node.clone())))
    };
    let own: Vec<_> = drained.accounts.iter().filter(of_node).collect();
    assert!(!own.is_empty() && own.iter().all(|standing| standing.capacity == standing.commitment), "{own:?}");

    running.calls.drain(DrainRequest { notice: None, cancel: true, ..drain }).await.unwrap();
    let open = running.calls.explain(explain).await.unwrap().into_inner();
    assert_eq!(open.drain_deadline_time, None);
    assert!(open.accounts.iter().filter(of_node).any(|standing| standing.capacity > standing.commitment));
    assert_eq!(running.grant(request_for("r3", there)).await.node, lease.node);
}

#[tokio::test]
async fn an_explanation_shows_what_accounts_hold() {
    let mut running = Running::start().await;
    let lease = running.grant(request("r1")).await;
    let message = ExplainRequest { lease: lease.name.clone(), ..ExplainRequest::default() };
    let explained = running.calls.explain(message).await.unwrap().into_inner();
    let memory = explained.accounts.iter().find(|standing| {
        let account = standing.account.clone().unwrap();
        account.owner == Some(Owner::Node(lease.node.clone())) && account.kind() == Kind::Memory
    });
    assert_eq!(memory.map(|standing| standing.commitment), Some(1 << 20));
}

#[tokio::test]
async fn a_tile_whose_link_is_down_takes_nothing_new() {
    let mut running = Running::start().await;
    let fleet = running.fleet();
    let tile = fleet.name(fleet.tiles().next().unwrap()).to_owned();
    let sample = |link_up| PublishTelemetryRequest {
        tile: tile.clone(),
        sample_time: Some(prost_types::Timestamp { seconds: 1_700_000_000 + i64::from(link_up), nanos: 0 }),
        link_up: Some(link_up),
        ..PublishTelemetryRequest::default()
    };
    let told = running.calls.publish_telemetry(tokio_stream::iter([sample(false)])).await.unwrap().into_inner();
    assert_eq!((told.samples, told.limits_changed), (1, 1));

    let mut there = spec(memory(1 << 20));
    there.node.clone_from(&tile);
    let refusal = refused(running.calls.request_lease(request_for("r1", there.clone())).await.unwrap().into_inner());
    assert_eq!(refusal.reason(), Reason::NodeClosed);

    // A restart forgets the samples and not what was made of them, until the link is said to be up.
    let mut running = running.restart().await;
    let silent = PublishTelemetryRequest { link_up: None, power_mw: Some(1), ..sample(false) };
    let told = running.calls.publish_telemetry(tokio_stream::iter([silent])).await.unwrap().into_inner();
    assert_eq!(told.limits_changed, 0);
    assert!(is_closed(&mut running, &there, 0).await);
    running.calls.publish_telemetry(tokio_stream::iter([sample(false), sample(true)])).await.unwrap();
    assert_eq!(running.grant(request_for("r2", there)).await.node, tile);
}

#[tokio::test]
async fn a_sample_counts_while_its_stream_is_open() {
    let mut running = Running::start().await;
    let fleet = running.fleet();
    let (sample, there) = link_is_down(fleet.name(fleet.tiles().next().unwrap()));
    let mut calls = running.calls.clone();
    let open = tokio_stream::iter([sample]).chain(tokio_stream::pending());
    let stream = tokio::spawn(async move { calls.publish_telemetry(open).await });
    let mut number = 0;
    while !is_closed(&mut running, &there, number).await {
        number += 1;
        assert!(number < 1_000, "a thousand decisions after a sample its tile is open");
    }
    assert!(!stream.is_finished());
    stream.abort();
}

#[tokio::test]
async fn samples_before_a_bad_one_count() {
    let mut running = Running::start().await;
    let fleet = running.fleet();
    let (sample, there) = link_is_down(fleet.name(fleet.tiles().next().unwrap()));
    let bad = PublishTelemetryRequest { sample_time: None, ..sample.clone() };
    let status = running.calls.publish_telemetry(tokio_stream::iter([sample, bad])).await.unwrap_err();
    assert_eq!(why(&status), (Code::InvalidArgument, "MISSING".into()));
    assert!(is_closed(&mut running, &there, 0).await);
}

/// A sample of a tile whose uplink is down, and what is asked for there.
fn link_is_down(tile: &str) -> (PublishTelemetryRequest, LeaseSpec) {
    let sample = PublishTelemetryRequest {
        tile: tile.to_owned(),
        sample_time: Some(prost_types::Timestamp { seconds: 1_700_000_000, nanos: 0 }),
        link_up: Some(false),
        ..PublishTelemetryRequest::default()
    };
    (sample, LeaseSpec { node: tile.to_owned(), ..spec(memory(1 << 20)) })
}

/// Whether a tile takes nothing, as a new request is told.
async fn is_closed(running: &mut Running, there: &LeaseSpec, number: u32) -> bool {
    let asked = request_for(&format!("look-{number}"), there.clone());
    let refusal = running.calls.request_lease(asked).await.expect("it makes sense").into_inner().refusal;
    refusal.is_some_and(|refusal| refusal.reason() == Reason::NodeClosed)
}

#[tokio::test]
async fn a_session_answers_every_call_under_its_tag() {
    const CALLS: u64 = 500;
    let mut running = Running::start().await;
    let calls =
        (0..CALLS).map(|tag| SessionRequest { tag, call: Some(Call::RequestLease(request(&format!("s{tag}")))) });
    let bad = SessionRequest { tag: CALLS, call: Some(Call::Renew(RenewRequest::default())) };
    let stream = tokio_stream::iter(calls.chain([bad]));
    let mut answers = running.calls.session(stream).await.unwrap().into_inner();
    let mut tags = Vec::new();
    while let Some(answer) = answers.next().await {
        let answer = answer.unwrap();
        match answer.outcome.unwrap() {
            Outcome::RequestLease(response) => assert_eq!(granted(response).request_id, format!("s{}", answer.tag)),
            Outcome::Failure(failure) => assert_eq!((answer.tag, failure.code), (CALLS, Code::InvalidArgument.into())),
            other => panic!("{other:?}"),
        }
        tags.push(answer.tag);
    }
    tags.sort_unstable();
    assert_eq!(tags, (0..=CALLS).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_session_applies_calls_in_their_order() {
    let mut running = Running::start().await;
    let lease = running.grant(request("r1")).await;
    let release = ReleaseRequest { name: lease.name.clone(), holder: "web".into() };
    let checkpoint = CheckpointRequest { name: lease.name, holder: "web".into() };
    let calls = [Call::Release(release), Call::Checkpoint(checkpoint)];
    let calls = calls.into_iter().enumerate().map(|(at, call)| SessionRequest { tag: at as u64, call: Some(call) });
    let answers = running.calls.session(tokio_stream::iter(calls.collect::<Vec<_>>())).await.unwrap().into_inner();
    let mut answers: Vec<_> = answers.map(Result::unwrap).collect().await;
    answers.sort_by_key(|answer| answer.tag);
    assert!(matches!(answers[0].outcome, Some(Outcome::Release(_))));
    let Some(Outcome::Failure(failure)) = &answers[1].outcome else { panic!("{answers:?}") };
    assert_eq!(failure.reason, "NOT_ACTIVE");
}

#[tokio::test]
async fn quotes_and_leases_cost_what_the_rules_of_the_market_post() {
    let shipped = include_str!("../../docs/policies/live-quotes.toml");
    // A micro-credit per base unit and second.
    let rules = shipped.replace("reserve = { fixed = 1 }", "reserve = { fixed = 3_600_000_000 }");
    assert_ne!(rules, shipped);
    let mut running = Running::start_by(&rules).await;
    // A megabyte for ten minutes.
    let price = (1 << 20) * 600;
    let asked = spec(memory(1 << 20));
    let quoted = running.calls.quote(QuoteRequest { spec: Some(asked.clone()) }).await.unwrap().into_inner();
    assert_eq!(quoted.price_micro_credits, price);
    let lease = running.grant(request_for("r1", asked.clone())).await;
    assert_eq!(lease.price_micro_credits, price);
    let explained = ExplainRequest { node: lease.node.clone(), ..ExplainRequest::default() };
    let accounts = running.calls.explain(explained).await.unwrap().into_inner().accounts;
    let posted = accounts.iter().filter(|standing| standing.posted_price == 3_600_000_000).count();
    assert!(posted >= 2, "compute and memory of the tile: {accounts:?}");
    // The policy's longest term is a day, and it says which it is.
    let long = running.calls.request_lease(request_for("r2", proto_term(asked, 90_000))).await.unwrap_err();
    assert_eq!(why(&long).1, "TERM_TOO_LONG");
    running.stop().await;
}

fn proto_term(asked: lessor_api::proto::LeaseSpec, for_seconds: i64) -> lessor_api::proto::LeaseSpec {
    lessor_api::proto::LeaseSpec { term: Some(seconds(for_seconds)), ..asked }
}
