//! The market over gRPC as callers meet it: what it refuses, and how; its bounds; and that leases go on meanwhile.

#![expect(clippy::unwrap_used, reason = "whatever fails here fails the test")]

#[path = "common/service.rs"]
mod service;

use std::time::Duration;

use lessor_api::client::ServerUrl;
use lessor_api::proto::account::Owner;
use lessor_api::proto::market::market_client::MarketClient;
use lessor_api::proto::market::{
    Balance, Balances, BidRow, ClearBookRequest, ClearBookResponse, Level, OfferRow, Outcome, RoundSpec,
};
use lessor_api::proto::{Account, Kind, ServiceClass};
use lessor_datasets::generate::Scenario;
use lessor_models::fleet::{Fleet, Level as TreeLevel, Owner as ZoneOwner, ZoneIndex};
use lessor_models::resources::Kind as ResourceKind;
use service::{Running, request};
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

const LAYERS: &str = include_str!("../../docs/policies/layer-bandwidth.toml");

const EIGHT: i64 = 1_800_000_000;

async fn start() -> Running {
    Running::start_on(&Scenario::new(60, 3).generate().unwrap(), LAYERS).await
}

async fn market(running: &Running) -> MarketClient<Channel> {
    let url = ServerUrl::parse(running.server().url()).unwrap();
    MarketClient::new(url.connect(None).await.unwrap())
}

#[expect(clippy::unnecessary_wraps, reason = "as a message has it")]
fn seconds(seconds: i64) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds, nanos: 0 })
}

#[expect(clippy::unnecessary_wraps, reason = "as a message has it")]
fn link(name: &str) -> Option<Account> {
    Some(Account { owner: Some(Owner::Zone(name.into())), kind: Kind::Bandwidth.into() })
}

/// The memory of the first node of a level.
fn node(fleet: &Fleet, level: TreeLevel) -> Option<Account> {
    let node = fleet.nodes().find(|&node| fleet.level(node) == level)?;
    Some(Account { owner: Some(Owner::Node(fleet.name(node).into())), kind: Kind::Memory.into() })
}

fn bid(name: &str, amount: u64, quantity: u64) -> BidRow {
    BidRow {
        bid: name.into(),
        bidder: format!("holder of {name}"),
        group: String::new(),
        service_class: ServiceClass::D.into(),
        amount_micro_credits: Some(amount),
        account: link("link-000"),
        quantity,
        start_time: seconds(EIGHT),
        end_time: seconds(EIGHT + 3_600),
        divisible: false,
        level: Level::Unspecified.into(),
    }
}

fn book(bids: Vec<BidRow>) -> ClearBookRequest {
    ClearBookRequest { bids, ..ClearBookRequest::default() }
}

async fn clear(running: &Running, parts: Vec<ClearBookRequest>) -> Result<Vec<ClearBookResponse>, Status> {
    market(running).await.clear_book(tokio_stream::iter(parts)).await?.into_inner().collect::<Result<_, _>>().await
}

/// The code, the reason and the field of a status of the market.
fn why(status: &Status) -> (Code, String, Option<String>) {
    let details = status.get_error_details();
    let info = details.error_info().expect("every status of the service has its reason");
    assert_eq!(info.domain, "lessor.market.v1");
    let field = details.bad_request().map(|request| request.field_violations[0].field.clone());
    (status.code(), info.reason.clone(), field)
}

fn outcome(told: &[ClearBookResponse]) -> &Outcome {
    told.last().unwrap().outcome.as_ref().unwrap()
}

/// Waits until as many books are under way as are said to be.
async fn until_rounds(running: &Running, count: usize) {
    let line = format!("lessor_rounds {count}");
    while !running.metrics_page().await.lines().any(|said| said == line) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_book_in_parts_is_cleared_as_one() {
    let running = start().await;
    let bids: Vec<BidRow> = (0..5).map(|at| bid(&format!("b{at}"), 900_000_000 + at, 1_000_000)).collect();
    let whole = clear(&running, vec![book(bids.clone())]).await.unwrap();
    let parts = clear(&running, bids.into_iter().map(|bid| book(vec![bid])).collect()).await.unwrap();
    assert_eq!(whole, parts);
    assert_eq!((outcome(&whole).bid_count, outcome(&whole).winner_count), (5, 5));
    let proof = outcome(&whole).certificate.as_ref().unwrap();
    assert_eq!(Some(proof.surplus_micro_credits), proof.bound_micro_credits);
    assert_eq!((proof.gap, proof.inputs_blake3.len()), (Some(0.0), 64));
    assert_eq!(whole[0].awards.iter().map(|award| award.reason.as_str()).collect::<Vec<_>>(), [""; 5]);
    running.stop().await;
}

#[tokio::test]
async fn every_row_that_makes_no_sense_is_named_with_its_field() {
    let running = start().await;
    let good = || bid("good", 5, 5);
    let of = |second: BidRow| book(vec![good(), second]);
    let fleet = Scenario::new(60, 3).generate().unwrap();
    let root = node(fleet.fleet(), TreeLevel::Layer);
    let tile = node(fleet.fleet(), TreeLevel::Tile);
    let any = |level: i32, account: &Option<Account>| BidRow { level, account: account.clone(), ..bid("b", 5, 5) };
    let any_tile = any(Level::Tile.into(), &root);
    let cases: [(ClearBookRequest, &str, &str); 19] = [
        (of(BidRow { quantity: 0, ..bid("b", 5, 5) }), "BAD_CELL", "bids[1].quantity"),
        (of(BidRow { quantity: 1 << 60, ..bid("b", 5, 5) }), "OUT_OF_RANGE", "bids[1].quantity"),
        (of(BidRow { amount_micro_credits: None, ..bid("b", 5, 5) }), "MISSING", "bids[1].amount_micro_credits"),
        (of(BidRow { account: link("nowhere"), ..bid("b", 5, 5) }), "UNKNOWN_NAME", "bids[1].account"),
        (of(BidRow { account: None, ..bid("b", 5, 5) }), "MISSING", "bids[1].account"),
        (of(BidRow { service_class: 9, ..bid("b", 5, 5) }), "UNKNOWN_VALUE", "bids[1].service_class"),
        (of(BidRow { end_time: seconds(EIGHT), ..bid("b", 5, 5) }), "EMPTY_TERM", "bids[1].end_time"),
        (of(BidRow { end_time: seconds(1 << 60), ..bid("b", 5, 5) }), "BAD_TIME", "bids[1].end_time"),
        (of(BidRow { bidder: String::new(), ..bid("b", 5, 5) }), "EMPTY_NAME", "bids[1].bidder"),
        (of(BidRow { amount_micro_credits: Some(6), ..good() }), "BAD_CELL", "bids[1].amount_micro_credits"),
        (of(good()), "BAD_CELL", "bids[1].account"),
        (of(any(9, &root)), "UNKNOWN_VALUE", "bids[1].level"),
        (of(any(Level::Cell.into(), &tile)), "BAD_CELL", "bids[1].level"),
        (of(any(Level::Tile.into(), &None)), "MISSING", "bids[1].account"),
        (of(BidRow { divisible: true, ..any_tile.clone() }), "BAD_CELL", "bids[1].divisible"),
        (book(vec![any_tile, any(Level::Cell.into(), &root)]), "BAD_CELL", "bids[1].level"),
        (book(vec![good(), bid("b", 5, 5), good()]), "REPEATED_NAME", "bids[2].bid"),
        (
            ClearBookRequest {
                offers: vec![OfferRow { offer: "o".into(), seller: "fleet".into(), ..offer() }],
                ..book(vec![good()])
            },
            "SELLER_IS_FLEET",
            "offers[0].seller",
        ),
        (
            ClearBookRequest {
                balances: Some(Balances {
                    last_round: 1,
                    balances: vec![Balance { party: "somebody".into(), ..Balance::default() }],
                }),
                ..book(vec![good()])
            },
            "BAD_CELL",
            "balances.balances[0].party",
        ),
    ];
    for (message, reason, field) in cases {
        let refused = clear(&running, vec![message]).await.unwrap_err();
        assert_eq!(why(&refused), (Code::InvalidArgument, reason.to_owned(), Some(field.to_owned())), "{refused:?}");
        if reason != "SELLER_IS_FLEET" {
            let details = refused.get_error_details();
            let metadata = &details.error_info().unwrap().metadata;
            assert!(field.starts_with(&metadata["table"]) && field.contains(&metadata["row"]), "{metadata:?}");
        }
    }
    running.stop().await;
}

fn offer() -> OfferRow {
    OfferRow {
        account: link("link-000"),
        quantity: 5,
        start_time: seconds(EIGHT),
        end_time: seconds(EIGHT + 3_600),
        price: Some(1),
        ..OfferRow::default()
    }
}

#[tokio::test]
async fn a_round_is_stated_first_and_by_rules_that_can_be_read() {
    let running = start().await;
    let stated = |spec: RoundSpec| ClearBookRequest { round: Some(spec), ..book(vec![bid("b", 5, 5)]) };
    let policy = |text: &str| stated(RoundSpec { policy: text.to_owned(), ..RoundSpec::default() });
    let limit = |seconds| {
        let time_limit = Some(prost_types::Duration { seconds, nanos: 0 });
        stated(RoundSpec { time_limit, ..RoundSpec::default() })
    };
    for (parts, reason, field) in [
        (vec![book(vec![])], "NO_BID", "bids"),
        (vec![book(vec![]), stated(RoundSpec::default())], "NOT_FIRST", "round"),
        (vec![policy("version = 1")], "BAD_POLICY", "round.policy"),
        (vec![policy(&LAYERS.replace("share_permille = 700", "share_permille = 900"))], "BAD_POLICY", "round.policy"),
        (vec![limit(0)], "OUT_OF_RANGE", "round.time_limit"),
        (vec![limit(601)], "OUT_OF_RANGE", "round.time_limit"),
        (vec![limit(-1)], "BAD_DURATION", "round.time_limit"),
    ] {
        let refused = clear(&running, parts).await.unwrap_err();
        assert_eq!(why(&refused), (Code::InvalidArgument, reason.to_owned(), Some(field.to_owned())), "{refused:?}");
    }
    running.stop().await;
    // A server without rules of its own clears by those that a round brings.
    let running = Running::start().await;
    let refused = clear(&running, vec![book(vec![bid("b", 5, 5)])]).await.unwrap_err();
    assert_eq!(why(&refused), (Code::FailedPrecondition, "NO_POLICY".to_owned(), None));
    assert!(clear(&running, vec![policy(LAYERS)]).await.is_ok());
    running.stop().await;
}

#[tokio::test]
async fn books_and_messages_beyond_their_bounds_are_refused_and_the_connection_lives() {
    let running = start().await;
    let long = BidRow { bidder: "x".repeat(300 << 10), ..bid("b", 5, 5) };
    let refused = clear(&running, vec![book(vec![long])]).await.unwrap_err();
    assert_eq!(why(&refused), (Code::OutOfRange, "MESSAGE_TOO_LARGE".to_owned(), None));
    let empty = book(vec![BidRow::default(); 1 << 15]);
    let refused = clear(&running, vec![empty; 9]).await.unwrap_err();
    assert_eq!(why(&refused), (Code::InvalidArgument, "BOOK_TOO_LARGE".to_owned(), None));
    let wide = book(vec![BidRow { bidder: "x".repeat(200 << 10), ..bid("b", 5, 5) }]);
    let refused = clear(&running, vec![wide; 170]).await.unwrap_err();
    assert_eq!(why(&refused), (Code::InvalidArgument, "BOOK_TOO_LARGE".to_owned(), None));
    assert!(clear(&running, vec![book(vec![bid("b", 5, 5)])]).await.is_ok());
    until_rounds(&running, 0).await;
    running.stop().await;
}

/// A book whose payments take far longer than any test: many bids, nearly as good as each other, for parts of three links.
fn hard(fleet: &Fleet) -> Vec<ClearBookRequest> {
    let links = (0..).map(ZoneIndex).zip(fleet.zone_names().iter()).filter(|(_, name)| name.starts_with("link-"));
    let links: Vec<(u64, String)> = links
        .map(|(zone, name)| (fleet.base_capacity(ZoneOwner::Zone(zone)).get(ResourceKind::Bandwidth), name.to_owned()))
        .collect();
    let row = |at: u64| {
        let mixed = at.wrapping_mul(2_654_435_761) >> 7;
        let (capacity, link_name) = &links[usize::try_from(mixed % links.len() as u64).unwrap()];
        let (quantity, hours) = (capacity / 40 + mixed % (capacity / 10), 1 + mixed % 5);
        let price = 40_000 + (mixed >> 9) % 20_000;
        let start = EIGHT + 900 * i64::try_from(at % 12).unwrap();
        BidRow {
            account: link(link_name),
            start_time: seconds(start),
            end_time: seconds(start + 3_600 * i64::try_from(hours).unwrap()),
            ..bid(&format!("b{at}"), quantity / 1_000_000 * hours * price, quantity)
        }
    };
    let time_limit = Some(prost_types::Duration { seconds: 500, nanos: 0 });
    let round = Some(RoundSpec { time_limit, ..RoundSpec::default() });
    vec![ClearBookRequest { round, ..book((0..600).map(row).collect()) }]
}

/// A call whose caller says nothing yet; it ends once the sender is dropped.
fn silent(
    mut market: MarketClient<Channel>,
) -> (mpsc::Sender<ClearBookRequest>, tokio::task::JoinHandle<Result<(), Status>>) {
    let (sender, receiver) = mpsc::channel(1);
    (sender, tokio::spawn(async move { market.clear_book(ReceiverStream::new(receiver)).await.map(drop) }))
}

#[tokio::test]
async fn rounds_beyond_the_bound_are_refused_until_one_is_over() {
    let running = start().await;
    let market = market(&running).await;
    let mut open = Vec::new();
    // As many as there may be depends on the machine.
    let refused = loop {
        let before = open.len();
        let (sender, call) = silent(market.clone());
        tokio::select! {
            ended = call => break ended.unwrap().unwrap_err(),
            () = until_rounds(&running, before + 1) => {}
        }
        open.push(sender);
    };
    assert_eq!(why(&refused), (Code::ResourceExhausted, "OVERLOADED".to_owned(), None));
    assert!(refused.get_error_details().retry_info().unwrap().retry_delay > Some(Duration::ZERO));
    let most = open.len();
    assert!((2..=8).contains(&most), "{most}");
    drop(open.pop());
    until_rounds(&running, most - 1).await;
    assert!(clear(&running, vec![book(vec![bid("b", 5, 5)])]).await.is_ok());
    drop(open);
    until_rounds(&running, 0).await;
    running.stop().await;
}

#[tokio::test]
async fn leases_go_on_while_a_round_is_cleared_and_a_caller_that_leaves_ends_it() {
    let mut running = start().await;
    let parts = hard(&running.fleet());
    let mut market = market(&running).await;
    let call = tokio::spawn(async move { market.clear_book(tokio_stream::iter(parts)).await.map(drop) });
    until_rounds(&running, 1).await;
    for at in 0..100 {
        running.grant(request(&format!("r{at}"))).await;
    }
    assert!(!call.is_finished(), "the round was over before the leases were granted");
    call.abort();
    until_rounds(&running, 0).await;
    running.stop().await;
}

#[tokio::test]
async fn a_deadline_that_passes_ends_the_round_and_says_so() {
    let running = start().await;
    let mut late = Request::new(tokio_stream::pending::<ClearBookRequest>());
    late.set_timeout(Duration::from_millis(50));
    let refused = market(&running).await.clear_book(late).await.unwrap_err();
    // The server says so, or the caller's own clock in the same moment.
    assert!(matches!(refused.code(), Code::DeadlineExceeded | Code::Cancelled), "{refused:?}");
    until_rounds(&running, 0).await;
    running.stop().await;
}

#[tokio::test]
async fn a_server_that_ends_ends_its_rounds() {
    let running = start().await;
    let parts = hard(&running.fleet());
    let mut market = market(&running).await;
    let call = tokio::spawn(async move { market.clear_book(tokio_stream::iter(parts)).await.map(drop) });
    until_rounds(&running, 1).await;
    running.stop().await;
    assert_eq!(why(&call.await.unwrap().unwrap_err()), (Code::Unavailable, "SHUTTING_DOWN".to_owned(), None));
}
