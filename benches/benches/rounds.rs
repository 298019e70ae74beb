//! Rounds of the market on one core: sealed bids of the small public auctions, double auctions, assignment, posted prices, and
//! rounds on accounts whose energy costs the same all week, or another price each hour.
//!
//! Public instances are read from `LESSOR_PUBLIC_DATA`; where they are absent, the last two are measured alone.

use std::hint::black_box;
use std::path::PathBuf;

use criterion::{Criterion, criterion_group, criterion_main};
use lessor_datasets::families;
use lessor_market::book::{BidderIndex, Book, GroupIndex, Supply};
use lessor_market::clear::clear;
use lessor_market::clear::rules::Rules as ClearingRules;
use lessor_market::double;
use lessor_market::lot::lot;
use lessor_market::money::{MONEY_MAX, Money};
use lessor_market::policy::{
    AccountClass, BidLimits, Fees, Format, PaymentRule, Policy, Preemption, Reserve, Rules, TermLimits,
};
use lessor_market::posted::{Ask, Listing, PriceBoard, Steering, UnitPrice};
use lessor_market::session::catalog::{Ground, Wish};
use lessor_market::session::{AccountBid, Session, clear_session};
use lessor_models::fleet::{
    ClassIndex, Fleet, FleetParts, Level, NodeColumns, NodeIndex, Owner, TariffSteps, Zone, ZoneIndex, ZoneKind,
};
use lessor_models::job::{Domain, ServiceClass};
use lessor_models::resources::{Kind, Resources};
use lessor_models::tile_class::TileClass;
use lessor_models::time::{Interval, MICROS_PER_HOUR, Span, Timestamp};
use lessor_solver::assignment::assign;
use lessor_solver::support::stop::Stop;

/// The small auctions, by family.
const SMALL: [&str; 6] = ["L4", "L7", "arbitrary", "paths", "regions", "scheduling"];

/// A file of the public auctions, where it is there.
fn public(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(std::env::var_os("LESSOR_PUBLIC_DATA")?).join("auctions").join(name);
    path.exists().then_some(path)
}

/// Winners, and then winners with the payments of each rule; all on this thread.
fn sealed_bids(bench: &mut Criterion) {
    for (family, seed) in SMALL.into_iter().flat_map(|family| [(family, 1), (family, 2)]) {
        let Some(path) = public(&format!("cats/{family}_small_s{seed}.txt")) else { continue };
        let instance = families::auction(&path).expect("a public auction can be read").instance;
        let (book, supply): (Book, Supply) = Book::of_auction(&instance);
        for payments in [PaymentRule::PayAsBid, PaymentRule::Uniform, PaymentRule::Vcg, PaymentRule::Core] {
            let rules = ClearingRules { payments, seed: 1 };
            bench.bench_function(&format!("sealed bids, {family} small {seed}, {}", payments.name()), |run| {
                run.iter(|| clear(black_box(&book), &supply, &rules, &Stop::new(), &mut |_, _| {}));
            });
        }
    }
}

/// Trades of greatest surplus with VCG payments on both sides.
fn double_auctions(bench: &mut Criterion) {
    for (name, size) in [("test_dataset_small", "100 x 100"), ("test_dataset", "1,000 x 1,000")] {
        let files = public(&format!("double/{name}_bids.csv")).zip(public(&format!("double/{name}_asks.csv")));
        let Some((bids, asks)) = files else { continue };
        let instance = families::double_auction(&bids, &asks).expect("a public double auction can be read");
        bench.bench_function(&format!("double auction, {size}"), |run| {
            run.iter(|| double::clear(black_box(&instance)).surplus);
        });
    }
}

/// Assignment by auction.
fn assignments(bench: &mut Criterion) {
    for size in [100, 200, 300, 400] {
        let Some(path) = public(&format!("assignment/assign{size}.txt")) else { continue };
        let instance = families::assignment(&path).expect("a public assignment problem can be read");
        bench.bench_function(&format!("assignment, {size}"), |run| {
            run.iter(|| assign(black_box(&instance), &Stop::new()).columns);
        });
    }
}

/// A thousand holders each ask for two of a hundred accounts, then every price steps.
fn posted_prices(bench: &mut Criterion) {
    let steering = Steering {
        target_permille: 800,
        gain_permille: 500,
        step_max_permille: 125,
        newest_permille: 1_000,
        elasticity_permille: 1_000,
    };
    let listing = Listing { steering, start: UnitPrice(1 << 40), reserve: UnitPrice(1 << 30), cap: UnitPrice(1 << 56) };
    let mut board = PriceBoard::new(vec![listing; 100]);
    let asks: Vec<([(u32, u64); 2], Money)> = (0..1_000_u32)
        .map(|holder| {
            ([(holder % 100, 50 + u64::from(holder % 7)), ((holder * 37 + 11) % 100, 20)], Money(i64::from(holder) + 1))
        })
        .collect();
    let offered = vec![1_000; 100];
    bench.bench_function("a round of posted prices, 1,000 holders, 100 accounts", |run| {
        run.iter(|| {
            board.open(black_box(&offered));
            let sold =
                asks.iter().filter(|(goods, value)| board.take(&Ask { goods, seconds: 3_600, value: *value }).is_ok());
            let count = sold.count();
            board.close();
            count
        });
    });
}

/// The hours in which terms lie.
const WEEK: u64 = 168;

/// A layer under one power feed over eight cells of 10^7 bit/s; an hour of energy costs the same as the one before, or something
/// else.
fn fleet(is_hourly: bool) -> Fleet {
    let cells = 8;
    let names = (0..cells).map(|cell| format!("cell-{cell}")).chain((0..cells).map(|cell| format!("tile-{cell}")));
    let limited = Resources::UNLIMITED.with(Kind::Bandwidth, 10_000_000);
    let of = |count: u32| count as usize;
    let levels = [vec![Level::Layer], vec![Level::Cell; of(cells)], vec![Level::Tile; of(cells)]].concat();
    let nodes = NodeColumns {
        names: std::iter::once("layer".to_owned()).chain(names).collect(),
        parents: std::iter::once(None).chain((0..cells).map(|_| Some(0))).chain((1..=cells).map(Some)).collect(),
        classes: levels.iter().map(|&level| (level == Level::Tile).then_some(ClassIndex(0))).collect(),
        capacities: levels
            .iter()
            .map(|&level| if level == Level::Cell { limited } else { Resources::UNLIMITED })
            .collect(),
        uplink_delays_us: vec![0; levels.len()],
        levels,
    };
    let hourly = |hour: u64| (start_of(hour), 50_000 + lot(3, at(hour)).0 % 100_000);
    let tariff = TariffSteps { energy_price: (1..WEEK).map(hourly).collect(), ..TariffSteps::default() };
    let feed = Zone { kind: ZoneKind::PowerFeed, capacity: Resources::UNLIMITED, energy_price: Some(100_000) };
    let parts = FleetParts {
        nodes,
        classes: vec![TileClass::plain("plain")],
        zone_names: vec!["feed".into()],
        zones: vec![feed],
        members: vec![(0, 0)],
        tariffs: is_hourly.then_some((ZoneIndex(0), tariff)).into_iter().collect(),
        ..FleetParts::default()
    };
    Fleet::new(parts).expect("the fleet is one")
}

fn at(number: u64) -> usize {
    usize::try_from(number).expect("hours and bids are few")
}

fn start_of(hour: u64) -> Timestamp {
    Timestamp(0).after(Span(hour * MICROS_PER_HOUR))
}

/// All of the cells' bandwidth trades, at no less than what the power that it draws costs.
fn policy(format: Format, payment: PaymentRule) -> Policy {
    let class = AccountClass {
        name: "cells".into(),
        kinds: vec![Kind::Bandwidth],
        places: vec![Domain::Level(Level::Cell)],
        traders: vec![ServiceClass::D],
        format,
        payment,
        reserve: Reserve::MarginalCost { wear: 2, draw_mw: 200, heat_price: 10_000, markup_permille: 100 },
        price_cap: None,
        share_permille: 1_000,
        floors_permille: [0, 0],
        holder_cap_permille: 1_000,
        steering: None,
    };
    let hours = |count: u64| Span(count * MICROS_PER_HOUR);
    let policy = Policy::new(Rules {
        name: "bench".into(),
        revision: 1,
        tie_break_seed: 1,
        deficit_max: Money::ZERO,
        terms: TermLimits { least: hours(1), most: hours(WEEK), ahead: hours(WEEK) },
        bids: BidLimits { groups_max: 1, bundles_max: 1, goods_max: 1, amount_max: MONEY_MAX },
        preemption: Preemption { notice: Span(0), compensation_permille: 0 },
        fees: Fees { seller_permille: 0, per_group: Money::ZERO },
        classes: vec![class],
    });
    policy.expect("the rules do not contradict each other")
}

/// Bids of a bidder each, for a day to three of a tenth to four tenths of a cell, at one to four times about the reserve price.
fn bids(count: u32) -> Vec<AccountBid> {
    let bid = |number: u32| {
        let drawn = |of: u64, below: u64| lot(of, number as usize).0 % below;
        let (start, hours) = (drawn(5, 96), 24 + drawn(6, 49));
        let (millions, price) = (1 + drawn(7, 4), 25 * (100 + drawn(8, 300)));
        let wish = Wish {
            owner: Owner::Node(NodeIndex(1 + number % 8)),
            kind: Kind::Bandwidth,
            quantity: millions * 1_000_000,
            interval: Interval { start: start_of(start), end: start_of(start + hours) },
        };
        AccountBid {
            bidder: BidderIndex(number),
            group: GroupIndex(number),
            service: ServiceClass::D,
            amount: Money::of(u128::from(millions * hours * price / 100)),
            wishes: vec![wish],
            anywhere: None,
            is_divisible: false,
        }
    };
    (0..count).map(bid).collect()
}

/// Goods end where the price of energy changes: with an hourly tariff a term is a bundle of as many goods as it has hours.
fn tariffs(bench: &mut Criterion) {
    let rules = [
        (Format::Greedy, PaymentRule::CriticalBid, 400),
        (Format::SealedBid, PaymentRule::PayAsBid, 400),
        (Format::SealedBid, PaymentRule::Vcg, 100),
    ];
    for (tariff, fleet) in [("flat", fleet(false)), ("hourly", fleet(true))] {
        for (format, payment, count) in rules {
            let (policy, bids) = (policy(format, payment), bids(count));
            let ground = Ground::bare(&fleet);
            let session =
                Session { ground, policy: &policy, at: Timestamp(0), bids: &bids, offers: &[], budgets: None };
            bench.bench_function(&format!("a round of {count} bids, {}, {tariff} tariff", payment.name()), |run| {
                run.iter(|| clear_session(black_box(&session), &Stop::new()));
            });
        }
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = sealed_bids, double_auctions, assignments, posted_prices, tariffs
}
criterion_main!(benches);
