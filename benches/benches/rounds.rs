//! Rounds of the market on one core: sealed bids of the small public auctions, double auctions, assignment, posted prices.
//!
//! Public instances are read from `LESSOR_PUBLIC_DATA`; where they are absent, only posted prices are measured.

use std::hint::black_box;
use std::path::PathBuf;

use criterion::{Criterion, criterion_group, criterion_main};
use lessor_datasets::families;
use lessor_market::book::{Book, Supply};
use lessor_market::clear::clear;
use lessor_market::clear::rules::Rules;
use lessor_market::double;
use lessor_market::money::Money;
use lessor_market::policy::PaymentRule;
use lessor_market::posted::{Ask, Listing, PriceBoard, Steering, UnitPrice};
use lessor_solver::assignment::assign;
use lessor_solver::support::stop::Stop;

/// The small auctions, by family.
const SMALL: [&str; 6] = ["L4", "L7", "arbitrary", "paths", "regions", "scheduling"];

/// A file of the public auctions, where it is there.
fn public(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(std::env::var_os("LESSOR_PUBLIC_DATA")?).join("auctions").join(name);
    path.exists().then_some(path)
}

/// Winners, and then winners with VCG payments; all on this thread.
fn sealed_bids(bench: &mut Criterion) {
    for (family, seed) in SMALL.into_iter().flat_map(|family| [(family, 1), (family, 2)]) {
        let Some(path) = public(&format!("cats/{family}_small_s{seed}.txt")) else { continue };
        let instance = families::auction(&path).expect("a public auction can be read").instance;
        let (book, supply): (Book, Supply) = Book::of_auction(&instance);
        for payments in [PaymentRule::PayAsBid, PaymentRule::Vcg] {
            let rules = Rules { payments, seed: 1 };
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

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = sealed_bids, double_auctions, assignments, posted_prices
}
criterion_main!(benches);
