//! Lowering, certificate evaluation and plan checking, on a generated fleet of 10^4 tiles; rounds of posted prices.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use lessor_benches::fleet;
use lessor_datasets::generate::Family;
use lessor_market::money::Money;
use lessor_market::posted::{Ask, Listing, PriceBoard, Steering, UnitPrice};
use lessor_models::certificate::Certificate;
use lessor_models::check;
use lessor_solver::lowering::Lowered;
use lessor_solver::occupancy::Occupancy;
use lessor_solver::rank::Ranking;
use lessor_solver::stop::Stop;
use lessor_solver::{assemble, insert};

fn kernels(bench: &mut Criterion) {
    let instance = fleet(10_000, Family::Mixed).expect("the generator takes this size");
    let lowered = Lowered::new(&instance);
    let ranking = Ranking::new(&lowered, None);
    let order = ranking.order(&lowered);
    let mut occupancy = Occupancy::new(&lowered);
    insert::insert_missing(&mut occupancy, &order, &ranking, &Stop::new());
    insert::drop_partial_gangs(&mut occupancy);
    let placements = assemble::placements(&occupancy);
    bench.bench_function("lower 10^4 tiles", |run| run.iter(|| Lowered::new(black_box(&instance)).groups.len()));
    bench.bench_function("check a plan of 10^4 tiles", |run| {
        run.iter(|| check::violations(black_box(&instance), black_box(&placements)).len());
    });
    bench.bench_function("evaluate a certificate of 10^4 tiles", |run| {
        run.iter(|| check::bound::bound(black_box(&instance), &Certificate::default()));
    });
}

/// Rounds of posted prices on one core: a thousand holders each ask for two of a hundred accounts, then every price steps.
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

criterion_group! { name = benches; config = Criterion::default().sample_size(10); targets = kernels, posted_prices }
criterion_main!(benches);
