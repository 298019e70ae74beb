//! Lowering, certificate evaluation and plan checking, on a generated fleet of 10^4 tiles.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use lessor_benches::fleet;
use lessor_datasets::generate::Family;
use lessor_models::certificate::Certificate;
use lessor_models::check;
use lessor_solver::lowering::Lowered;
use lessor_solver::plan::occupancy::Occupancy;
use lessor_solver::plan::rank::Ranking;
use lessor_solver::plan::{assemble, insert};
use lessor_solver::support::stop::Stop;

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

criterion_group! { name = benches; config = Criterion::default().sample_size(10); targets = kernels }
criterion_main!(benches);
