//! Leases in process on one core: grants and releases at a constant load, refusals of a class that is full, a million live
//! leases, and all of them ending within one second of real time.

use std::time::Instant;

use criterion::{Criterion, Throughput, criterion_group};
use lessor_benches::leases::{Load, Rare};
use lessor_engine::authority::{Effect, LeaseState};
use lessor_models::time::Span;

/// The largest lease, in thousandths of a tile.
const UNITS_MAX: u64 = 100;

const HOUR: Span = Span(3_600_000_000);

fn decisions(bench: &mut Criterion) {
    let mut group = bench.benchmark_group("decisions");
    for (tiles, name) in [(1_000, "1,000 tiles"), (100_000, "100,000 tiles")] {
        let mut load = Load::new(tiles, HOUR);
        load.fill(700, tiles, UNITS_MAX);
        group.throughput(Throughput::Elements(2));
        group.bench_function(format!("release and grant, {name} at 70 %"), |run| {
            run.iter(|| {
                load.release();
                load.grant(UNITS_MAX);
            });
        });
    }
    let mut load = Load::new(1_000, HOUR);
    load.fill(700, 1_000, UNITS_MAX);
    load.offer(1_000);
    group.bench_function("release and grant, 1,000 tiles at 70 %, after an offer", |run| {
        run.iter(|| {
            load.release();
            load.grant(UNITS_MAX);
        });
    });
    group.finish();
}

/// What it takes to say that a class is full.
fn refusals(bench: &mut Criterion) {
    let mut group = bench.benchmark_group("refusals");
    for (rare, name) in [(Rare::Scattered, "one tile of ten"), (Rare::Last, "the last hundredth")] {
        let mut load = Load::with_full_class(100_000, rare, HOUR);
        group.throughput(Throughput::Elements(1));
        group.bench_function(format!("a full class, {name} of 100,000"), |run| run.iter(|| load.quote_rare()));
    }
    group.finish();
}

/// Grants a million leases that end within one second, lets the second pass by the clock of the machine, and tells how late
/// they were seen to have ended while other leases were granted and released in between.
fn storm(leases: u32) {
    let idle = resident_mb();
    let mut load = Load::new(100_000, HOUR);
    let fleet = resident_mb();
    let begun = Instant::now();
    (0..leases).for_each(|_| {
        load.grant(UNITS_MAX);
    });
    let granted = begun.elapsed();
    println!(
        "storm: {leases} live leases, granted in {granted:.2?}; resident {:.0} MB, of it the fleet of 10^5 tiles {:.0} MB",
        resident_mb(),
        fleet - idle
    );
    let first = load.first_end();
    let begun = Instant::now();
    let mut late: Vec<i64> = Vec::new();
    while late.len() < leases as usize {
        let now = first + i64::try_from(begun.elapsed().as_micros()).unwrap_or(i64::MAX);
        if load.is_due(now) {
            late.extend(load.tick(now).iter().filter_map(lateness));
        }
    }
    late.sort_unstable();
    let at = |permille: usize| late[(late.len() * permille / 1_000).min(late.len() - 1)];
    println!(
        "storm: lateness p50 {} us, p99 {} us, most {} us; all ended after {:.2?}",
        at(500),
        at(990),
        at(1_000),
        begun.elapsed()
    );
}

/// How long after its end a lease was seen to have expired.
fn lateness(effect: &Effect) -> Option<i64> {
    match effect {
        Effect::Changed(change) if change.lease.state == LeaseState::Expired && !change.lease.is_returned => {
            Some(change.at.0 - change.lease.end.0)
        }
        _ => None,
    }
}

/// Resident memory, in megabytes; 0 where the system does not say.
fn resident_mb() -> f64 {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.and_then(|text| text.split(' ').nth(1)?.parse::<f64>().ok());
    pages.unwrap_or(0.0) * 4_096.0 / 1e6
}

criterion_group! { name = benches; config = Criterion::default().sample_size(20); targets = decisions, refusals }

fn main() {
    // Small where benches are only tried, as tests do.
    let is_measured = std::env::args().any(|argument| argument == "--bench");
    storm(if is_measured { 1_000_000 } else { 1_000 });
    benches();
    Criterion::default().configure_from_args().final_summary();
}
