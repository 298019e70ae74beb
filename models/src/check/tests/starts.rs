//! The margin of a single capsule held against every start that it may have.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::certificate::{Certificate, DUAL_SHIFT, Dual, Scope};
use crate::check::bound::bound;
use crate::fleet::Owner;
use crate::job::{Job, Term};
use crate::resources::Kind;
use crate::test_instance::{A, HALL, Tiny, compute, job};
use crate::time::{Interval, MICROS_PER_SECOND, Span, Timestamp};

/// Half a second, off by a little so that seconds round.
const BEAT_US: i64 = 500_003;

/// More than any start costs.
const BID: u64 = 1 << 40;

fn beat(count: i64) -> Timestamp {
    Timestamp(count * BEAT_US)
}

/// An interval of up to eight beats and a price of whole micro-credits.
fn any_price() -> impl Strategy<Value = (Interval, u64)> {
    let interval =
        (0..16i64, 1..8i64).prop_map(|(start, beats)| Interval { start: beat(start), end: beat(start + beats) });
    (interval, 1..9u64)
}

/// A capsule of 1,000 Mop/s at home on one tile of the hall, which has none to give.
fn alone(earliest: i64, beats: i64, slack: i64) -> Tiny {
    let deadline = beat(earliest + beats + slack);
    let term = Term::Fixed(Span(beat(beats).0.unsigned_abs()));
    let job = Job { bid: BID, earliest: beat(earliest), deadline, term, locality: Some(A), ..job(compute(1_000)) };
    Tiny::new(vec![job]).cap_node(HALL, Kind::Compute, 0)
}

/// What a start costs in micro-credits times microseconds, exactly.
fn cost(start: Timestamp, term: Span, prices: &[(Interval, u64)]) -> i128 {
    let end = start.after(term);
    let overlap = |interval: Interval| end.min(interval.end).since(start.max(interval.start)).0;
    prices.iter().map(|&(interval, price)| i128::from(overlap(interval)) * i128::from(price) * 1_000).sum()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, rng_seed: RngSeed::Fixed(3), ..ProptestConfig::default() })]

    #[test]
    fn the_margin_is_what_the_cheapest_start_leaves(
        (earliest, beats, slack) in (0..8i64, 1..8i64, 0..12i64),
        prices in vec(any_price(), 0..6),
    ) {
        let tiny = alone(earliest, beats, slack);
        let term = Span(beat(beats).0.unsigned_abs());
        let on_hall = |&(interval, price)| Dual {
            scope: Scope::Owner(Owner::Node(HALL)),
            kind: Kind::Compute,
            interval,
            price: price << DUAL_SHIFT,
        };
        let duals = prices.iter().map(on_hall).collect();
        let margin = bound(&tiny.build(), &Certificate { duals, devices: None }).unwrap();
        let charged = i128::from(BID) - margin;
        // Every beat, and a microsecond to each side.
        let near = (earliest..=earliest + slack).flat_map(|count| [-1, 0, 1].map(|us| Timestamp(beat(count).0 + us)));
        let within = near.filter(|&start| beat(earliest) <= start && start <= beat(earliest + slack));
        let least = within.map(|start| cost(start, term, &prices)).min().unwrap();
        // No more than the least, and less by no more than a second of each price, for use rounds down.
        let second = i128::from(MICROS_PER_SECOND);
        let rounding: i128 = prices.iter().map(|&(_, price)| i128::from(price) * 1_000).sum();
        prop_assert!(charged * second <= least, "charged {charged}, but {least} us is possible");
        prop_assert!((charged + rounding + 1) * second > least, "charged {charged}, though {least} us is least");
    }
}
