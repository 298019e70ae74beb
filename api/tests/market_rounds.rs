//! Rounds one after another, and when they take place: by the real program, from files to files.

#![expect(clippy::unwrap_used, reason = "whatever fails here fails the test")]

mod common;

use std::fs;

use common::Bench;
use lessor_datasets::table::{
    AwardRow, BidGood, BidRows, OfferGood, OfferRows, read_awards, read_fleet, read_sales, write_bids, write_offers,
};
use lessor_models::fleet::{Fleet, Level, Owner, ZoneIndex};
use lessor_models::job::ServiceClass;
use lessor_models::resources::Kind;
use lessor_models::time::{Interval, Timestamp};

const POSTED: &str = include_str!("../../docs/policies/live-quotes.toml");
const LAYERS: &str = include_str!("../../docs/policies/layer-bandwidth.toml");

/// 2027-01-15T08:00:00Z.
const EIGHT: i64 = 1_800_000_000_000_000;

const HOUR: i64 = 3_600_000_000;

/// A fleet, and the first tile of it.
fn with_fleet() -> (Bench, Fleet, Owner) {
    let bench = Bench::with_fleet();
    let fleet = read_fleet(&bench.path("fleet")).unwrap();
    let tile = fleet.nodes().find(|&node| fleet.level(node) == Level::Tile).unwrap();
    (bench, fleet, Owner::Node(tile))
}

/// A good for hours from eight on.
fn good(owner: Owner, kind: Kind, quantity: u64, hours: (i64, i64)) -> BidGood {
    let [start, end] = [hours.0, hours.1].map(|hour| Timestamp(EIGHT + hour * HOUR));
    BidGood { owner, kind, quantity, interval: Interval { start, end } }
}

fn bid(number: usize, amount: u64, good: BidGood) -> BidRows {
    BidRows {
        name: format!("bid-{number}"),
        bidder: format!("holder-{number}"),
        group: None,
        service: ServiceClass::D,
        amount,
        goods: vec![good],
        anywhere: None,
        is_divisible: false,
        row: number,
    }
}

fn awards(bench: &Bench, round: &str) -> Vec<AwardRow> {
    read_awards(&bench.path(round).join("awards.parquet")).unwrap()
}

#[test]
fn posted_prices_are_what_winners_pay_and_move_from_round_to_round() {
    let (bench, fleet, tile) = with_fleet();
    fs::write(bench.path("policy.toml"), POSTED.replace("{ fixed = 1 }", "{ fixed = 1_000 }")).unwrap();
    let offered = fleet.base_capacity(tile).get(Kind::Memory) * 9 / 10;
    // Each asks for a part of the memory, all of them for more than there is.
    let quantity = offered / 7;
    let bids: Vec<BidRows> =
        (0..12).map(|at| bid(at, 900_000_000, good(tile, Kind::Memory, quantity, (0, 1)))).collect();
    write_bids(&bench.path("bids.parquet"), &fleet, &bids).unwrap();
    let name = fleet.owner_name(tile);
    let clear = "market clear --book bids.parquet --supply fleet --policy policy.toml --json --out";
    let mut before = 0;
    for round in 0..8 {
        let carried = if round > 0 { format!(" --posted round-{}/posted.parquet", round - 1) } else { String::new() };
        let proof = &bench.expect(0, &format!("{clear} round-{round}{carried}")).json()["certificate"];
        assert!(proof["gap"].as_f64().is_some_and(|gap| (0.0..0.1).contains(&gap)), "round {round}: {proof}");
        let told = bench.expect(0, &format!("market prices round-{round} --json")).json();
        let price = told[0]["price"].as_u64().unwrap();
        assert!(price > before, "round {round}: {price} after {before}");
        before = price;
        // What is paid is the price for what is won, an hour of it, rounded up.
        let due = (u128::from(price) * u128::from(quantity)).div_ceil(1_000_000);
        let paid: Vec<u64> =
            awards(&bench, &format!("round-{round}")).iter().filter_map(|award| award.payment).collect();
        assert_eq!(paid, [u64::try_from(due).unwrap(); 7]);
        let quote = format!("market quote round-{round} node:{name}:memory --quantity {quantity} --term 1h --json");
        assert_eq!(bench.expect(0, &quote).json()["cost"], paid[0]);
    }
    // The next plan is charged that price, which is what anybody pays: it places nearly all that it would without.
    let placed = |prices: &str| {
        let words = format!("plan --fleet fleet --work 50 --json --force --out plan{prices}");
        bench.expect(0, &words).json()["placed"].as_u64().unwrap()
    };
    let (charged, free) = (placed(" --prices round-0"), placed(""));
    assert!(charged * 10 >= free * 9, "{charged} of {free}");
}

#[test]
fn a_posted_price_that_swings_is_told_of_with_its_gain_and_the_cure() {
    let (bench, fleet, tile) = with_fleet();
    fs::write(bench.path("policy.toml"), POSTED.replace("{ fixed = 1 }", "{ fixed = 1_000 }")).unwrap();
    let quantity = fleet.base_capacity(tile).get(Kind::Memory) * 9 / 70;
    // All would pay up to a fifth more than the reserve price, so that all of them ask for it, or none.
    let amount = quantity * 1_200 / 1_000_000;
    let bids: Vec<BidRows> = (0..12).map(|at| bid(at, amount, good(tile, Kind::Memory, quantity, (0, 1)))).collect();
    write_bids(&bench.path("bids.parquet"), &fleet, &bids).unwrap();
    let clear = "market clear --book bids.parquet --supply fleet --policy policy.toml --json --out";
    let mut last = None;
    for round in 0..16 {
        let carried = if round > 0 { format!(" --posted round-{}/posted.parquet", round - 1) } else { String::new() };
        let said = bench.expect(0, &format!("{clear} round-{round}{carried}"));
        assert_eq!(said.json()["swinging"].as_array().unwrap().is_empty(), round < 15, "round {round}: {said:?}");
        last = Some(said);
    }
    let said = last.unwrap();
    let found = &said.json()["swinging"][0];
    let name = fleet.owner_name(tile);
    assert!(found["account"].as_str().unwrap().contains(name), "{found}");
    assert_eq!((&found["account_class"], &found["gain_permille"]), (&"nodes".into(), &500.into()), "{found}");
    let words = ["swings: ", "gain_permille = 500", "below 4.000", "gain_permille = 250 settles below 8.000"];
    let told = bench.expect(0, "market prices round-15");
    let page = fs::read_to_string(bench.path("round-15/report.html")).unwrap();
    for word in words {
        assert!(said.err.contains(word) && told.err.contains(word) && page.contains(word), "{word}: {said:?} {told:?}");
    }
    assert!(bench.expect(0, "market prices round-14").err.is_empty());
}

#[test]
fn a_round_takes_place_when_its_operator_says() {
    let (bench, fleet, tile) = with_fleet();
    fs::write(bench.path("policy.toml"), POSTED).unwrap();
    let own = |at: usize, hours| bid(at, 900_000_000, good(tile, Kind::Memory, 1_000_000, hours));
    let early = |at: usize, amount| bid(at, amount, good(tile, Kind::Memory, 1_000_000, (-1, 1)));
    let clear = "market clear --book bids.parquet --supply fleet --policy policy.toml --json --force --out round";
    let reasons = |bids: &[BidRows], at: &str| -> Vec<Option<String>> {
        write_bids(&bench.path("bids.parquet"), &fleet, bids).unwrap();
        bench.expect(0, &format!("{clear}{at}"));
        awards(&bench, "round").into_iter().map(|award| award.reason).collect()
    };
    let term = Some("term".to_owned());
    // A bid of nothing, and one of a control task, change nothing for the others.
    let control = BidRows { service: ServiceClass::A, ..early(2, 900_000_000) };
    let in_vain = [own(0, (0, 1)), early(1, 0), control];
    assert_eq!(reasons(&in_vain, "")[0], None);
    // Whoever pays begins the round, unless the operator says when it is.
    let paying = [own(0, (0, 1)), early(1, 900_000_000)];
    assert_eq!(reasons(&paying, ""), [term.clone(), None]);
    assert_eq!(reasons(&paying, " --at 2027-01-15T08:00:00Z"), [None, term]);
    // The answer is of the same round.
    let why = bench.expect(0, "market why round bid-0 --json").json();
    assert_eq!(why["won"], true, "{why}");
    let said = bench.expect(2, &format!("{clear} --at tomorrow"));
    assert!(said.err.contains("is not an instant") && said.out.is_empty(), "{said:?}");
}

#[test]
fn a_round_that_was_not_settled_says_so_of_each_bid() {
    let bench = Bench::with_fleet();
    fs::write(bench.path("policy.toml"), LAYERS).unwrap();
    bench.expect(0, "market book --supply fleet --policy policy.toml --bids 300 --seed 3 --out tight.parquet");
    bench.expect(1, "market clear --book tight.parquet --supply fleet --policy policy.toml --deadline 1ms --out round");
    let open = awards(&bench, "round").into_iter().filter(|award| award.reason.as_deref() == Some("unsettled"));
    let open: Vec<AwardRow> = open.take(3).collect();
    assert_eq!(open.len(), 3);
    for award in open {
        let why = bench.expect(0, &format!("market why round {} --json", award.bid)).json();
        assert_eq!((&why["won"], &why["reason"]), (&false.into(), &"unsettled".into()), "{why}");
        assert!(why["cheapest"].is_null());
    }
}

#[test]
fn a_book_that_does_not_come_in_time_is_refused_and_nothing_is_written() {
    let bench = Bench::with_fleet();
    fs::write(bench.path("policy.toml"), LAYERS).unwrap();
    // Nobody ever writes into this pipe.
    let made = std::process::Command::new("mkfifo").arg(bench.path("never.parquet")).status().unwrap();
    assert!(made.success());
    let before = bench.names();
    let said = bench.expect(
        1,
        "market clear --book never.parquet --supply fleet --policy policy.toml --deadline 10ms --json --out round",
    );
    assert!(said.err.contains("never.parquet: the time was over before the round was read"), "{said:?}");
    assert!(said.err.contains("--deadline") && said.out.is_empty(), "{said:?}");
    assert_eq!(bench.names(), before);
}

#[test]
fn what_nobody_offers_and_what_one_bidder_may_not_win_has_no_quote() {
    let bench = Bench::with_fleet();
    let fleet = read_fleet(&bench.path("fleet")).unwrap();
    let link = u32::try_from(fleet.zone_names().find("link-000").unwrap()).unwrap();
    let link = Owner::Zone(ZoneIndex(link));
    let two_sided = LAYERS.replace("\"sealed-bid\"", "\"double-auction\"").replace("\"core\"", "\"vcg\"");
    fs::write(bench.path("policy.toml"), two_sided).unwrap();
    let wished = good(link, Kind::Bandwidth, 1_000_000, (0, 2));
    write_bids(&bench.path("bids.parquet"), &fleet, &[bid(0, 500, wished)]).unwrap();
    let clear = "market clear --book bids.parquet --supply fleet --policy policy.toml --json --force --out round";
    bench.expect(0, clear);
    let quote = |code, quantity: u64, term: &str| {
        bench.expect(
            code,
            &format!("market quote round zone:link-000:bandwidth --quantity {quantity} --term {term} --json"),
        )
    };
    assert!(quote(2, 1, "1h").err.contains("has nothing on offer"));
    // A thousand thousand of a seller for an hour: four tenths of them for one bidder.
    let offered =
        OfferGood { good: good(link, Kind::Bandwidth, 1_000_000, (0, 1)), price: 7, draw_mw: 0, heat_price: 0 };
    let offer = OfferRows { name: "o".into(), seller: "s".into(), goods: vec![offered], is_divisible: false, row: 0 };
    write_offers(&bench.path("offers.parquet"), &fleet, &[offer]).unwrap();
    bench.expect(0, &format!("{clear} --offers offers.parquet"));
    let said = quote(0, 400_000, "1h").json();
    assert_eq!((&said["offered"], &said["most"]), (&1_000_000.into(), &400_000.into()), "{said}");
    assert!(quote(2, 400_001, "1h").err.contains("of which one bidder may win 400000"));
    assert!(quote(2, 1, "2h").err.contains("has nothing on offer"));
}

#[test]
fn a_policy_that_can_never_compensate_is_warned_of() {
    let bench = Bench::with_fleet();
    for (text, warnings) in [
        (LAYERS.to_owned(), 0),
        (POSTED.to_owned(), 0),
        (POSTED.replace("deficit_max = 1_000_000_000", ""), 1),
        (LAYERS.replace("deficit_max = 1_000_000_000_000", ""), 0),
    ] {
        fs::write(bench.path("policy.toml"), text).unwrap();
        let said = bench.expect(0, "market lint policy.toml --json").json();
        assert_eq!((&said["ok"], said["warnings"].as_array().unwrap().len()), (&true.into(), warnings), "{said}");
    }
    fs::write(bench.path("policy.toml"), POSTED.replace("deficit_max = 1_000_000_000", "")).unwrap();
    assert!(bench.expect(0, "market lint policy.toml").err.contains("deficit_max"));
}

#[test]
fn where_there_is_nothing_to_reach_all_of_it_is_reached() {
    let (bench, fleet, tile) = with_fleet();
    fs::write(bench.path("policy.toml"), POSTED).unwrap();
    write_bids(&bench.path("bids.parquet"), &fleet, &[bid(0, 0, good(tile, Kind::Memory, 1_000_000, (0, 1)))]).unwrap();
    let clear = "market clear --book bids.parquet --supply fleet --policy policy.toml --json --out round";
    let said = bench.expect(0, clear).json();
    assert_eq!((said["efficiency"].as_f64(), said["certificate"]["gap"].as_f64()), (Some(1.0), Some(0.0)), "{said}");
    assert_eq!((&said["winners"], &said["certificate"]["bound"]), (&0.into(), &0.into()), "{said}");
}

#[test]
fn a_format_that_proves_no_bound_has_that_of_prices() {
    let bench = Bench::with_fleet();
    let greedy = LAYERS.replace("\"sealed-bid\"", "\"greedy\"").replace("\"core\"", "\"critical-bid\"");
    fs::write(bench.path("policy.toml"), greedy).unwrap();
    bench.expect(0, "market book --supply fleet --policy policy.toml --bids 40 --seed 3 --out bids.parquet");
    let clear = "market clear --book bids.parquet --supply fleet --policy policy.toml --json --out round";
    let said = bench.expect(0, clear).json();
    let proof = &said["certificate"];
    let [surplus, bound] = ["surplus", "bound"].map(|key| proof[key].as_u64().unwrap());
    assert!(0 < surplus && surplus <= bound && proof["bound"] == proof["price_bound"], "{proof}");
    let (gap, reached) = (proof["gap"].as_f64().unwrap(), said["efficiency"].as_f64().unwrap());
    assert!((0.0..0.5).contains(&gap) && (gap + reached - 1.0).abs() < 1e-9, "{said}");
    let page = fs::read_to_string(bench.path("round/report.html")).unwrap();
    assert!(page.contains("of what is proved possible") && !page.contains("gap –"), "the page tells the gap");
}

#[test]
fn trade_reduction_trades_all_pairs_that_gain_where_the_next_sets_the_price() {
    let (bench, fleet, _) = with_fleet();
    let policy = LAYERS.replace("\"sealed-bid\"", "\"double-auction\"").replace("\"core\"", "\"trade-reduction\"");
    fs::write(bench.path("policy.toml"), policy).unwrap();
    let link = ZoneIndex(u32::try_from(fleet.zone_names().find("link-000").unwrap()).unwrap());
    let good = good(Owner::Zone(link), Kind::Bandwidth, 1_000_000, (0, 1));
    // Bids of 300, 280 and so on, asks of 10, 20 and so on: the eleventh of each are 100 and 110, and 105 suits the ten before.
    let bids: Vec<BidRows> = (0..12).map(|at| bid(at, 300 - 20 * at as u64, good)).collect();
    let offer = |at: usize| OfferRows {
        name: format!("offer-{at}"),
        seller: format!("seller-{at}"),
        goods: vec![OfferGood { good, price: 10 + 10 * at as u64, draw_mw: 0, heat_price: 0 }],
        is_divisible: false,
        row: at,
    };
    write_bids(&bench.path("bids.parquet"), &fleet, &bids).unwrap();
    write_offers(&bench.path("offers.parquet"), &fleet, &(0..12).map(offer).collect::<Vec<_>>()).unwrap();
    let clear = "market clear --book bids.parquet --offers offers.parquet --supply fleet --policy policy.toml";
    let round = bench.expect(0, &format!("{clear} --json --out round")).json();
    assert_eq!((&round["winners"], &round["sales"], &round["revenue"]), (&10.into(), &10.into(), &1_050.into()));
    let result = |at: usize| if at < 10 { (Some(105), None) } else { (None, Some("outbid")) };
    let sales = read_sales(&bench.path("round/sales.parquet")).unwrap();
    for (at, (award, sale)) in awards(&bench, "round").iter().zip(&sales).enumerate() {
        assert_eq!((award.payment, award.reason.as_deref()), result(at), "{award:?}");
        assert_eq!((sale.proceeds, sale.reason.as_deref()), result(at), "{sale:?}");
    }
    // Who asks for too much would have sold at less.
    let why = bench.expect(0, "market why round offer-11 --json").json();
    assert!(why["sold"] == false && why["dearest"].as_u64().is_some_and(|ask| ask < 120), "{why}");
}
