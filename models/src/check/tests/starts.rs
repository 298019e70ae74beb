//! The margin of a single capsule held against every start that it may have.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;

use crate::certificate::{Certificate, DUAL_SHIFT, Dual, PIECE_PRICE_SHIFT, PiecePrice, Scope, ShapePrice};
use crate::check::bound::bound;
use crate::fleet::{ClassIndex, NodeIndex, Owner, TariffSteps, Zone, ZoneIndex, ZoneKind};
use crate::job::{Demand, Job, JobIndex, Term};
use crate::resources::{Kind, Resources};
use crate::test_instance::{A, FAST, HALL, LEFT, PLAIN, RIGHT, TILES, Tiny, job};
use crate::time::{Interval, MICROS_PER_SECOND, Span, Timestamp};

/// Half a second, off by a little so that seconds round.
const BEAT_US: i64 = 500_003;

/// More than any start costs.
const BID: u64 = 1 << 40;

fn beat(count: i64) -> Timestamp {
    Timestamp(count * BEAT_US)
}

/// When the capsule may start, how long it runs, and how many pieces it holds.
#[derive(Clone, Copy, Debug)]
struct Capsule {
    earliest: Timestamp,
    latest: Timestamp,
    term: Span,
    devices: u8,
}

/// So much power that a price of one micro-credit per kilowatt-hour costs one every second.
const POWER_MW: u64 = 3_600_000_000;

/// Prices of energy from some beats on.
fn any_tariff() -> impl Strategy<Value = Vec<(Timestamp, u64)>> {
    vec((0..20i64, -1..=1i64, 0..9_000u64), 0..5).prop_map(|steps| {
        let step = |(count, us, price)| (Timestamp(beat(count).0 + us), price);
        steps.into_iter().map(step).collect()
    })
}

fn any_capsule() -> impl Strategy<Value = Capsule> {
    (0..8i64, 1..8i64, 0..12i64, 0..=2u8).prop_map(|(earliest, beats, slack, devices)| Capsule {
        earliest: beat(earliest),
        latest: beat(earliest + slack),
        term: Span(beat(beats).0.unsigned_abs()),
        devices,
    })
}

impl Capsule {
    /// A fleet with the capsule at home on tile a, which it fills: 1,000 Mop/s, of which the hall has none, and pieces of 500
    /// milli.
    ///
    /// Its energy costs what the tariff says.
    fn alone(self, tariff: &[(Timestamp, u64)]) -> Tiny {
        let device_milli = if self.devices > 0 { 500 } else { 0 };
        let power_mw = if tariff.is_empty() { 0 } else { POWER_MW };
        let demand = Demand { compute_mops: 1_000, devices: self.devices, device_milli, power_mw, ..Demand::default() };
        let (deadline, term) = (self.latest.after(self.term), Term::Fixed(self.term));
        let job = Job { bid: BID, earliest: self.earliest, deadline, term, locality: Some(A), ..job(demand) };
        let mut tiny =
            TILES.into_iter().fold(Tiny::new(vec![job]), |tiny, tile| tiny.cap_node(tile, Kind::Compute, 1_000));
        tiny.weights.energy_permille = 1_000;
        let grid = Zone { kind: ZoneKind::PowerFeed, capacity: Resources::UNLIMITED, energy_price: None };
        tiny.fleet.zone_names.push("grid".into());
        tiny.fleet.zones.push(grid);
        tiny.fleet.members.push((1, HALL.0));
        let steps = TariffSteps { energy_price: tariff.to_vec(), carbon: Vec::new() };
        tiny.fleet.tariffs.insert(ZoneIndex(1), steps);
        tiny.cap_node(HALL, Kind::Compute, 0)
    }

    /// Every beat that it may start at, and some microseconds to each side.
    fn starts(self) -> impl Iterator<Item = Timestamp> {
        let near = (0..20).flat_map(|count| (-2..=2).map(move |us| Timestamp(beat(count).0 + us)));
        near.filter(move |&start| self.earliest <= start && start <= self.latest)
    }

    /// What a start costs in micro-credits times microseconds, exactly.
    fn cost(self, start: Timestamp, certificate: &Certificate, tariff: &[(Timestamp, u64)]) -> i128 {
        let end = start.after(self.term);
        let mut prices = tariff.to_vec();
        prices.sort_by_key(|step| step.0);
        let price_at = |us: i64| {
            let before = prices.iter().rev().find(|step| step.0.0 <= us).or(prices.first());
            before.map_or(0, |step| i128::from(step.1))
        };
        let mut edges: Vec<i64> = prices.iter().map(|step| step.0.0).filter(|&us| start.0 < us && us < end.0).collect();
        edges.extend([start.0, end.0]);
        edges.sort_unstable();
        let energy: i128 = edges.windows(2).map(|pair| price_at(pair[0]) * i128::from(pair[1] - pair[0])).sum();
        // Energy costs whole micro-credits.
        let second = i128::from(MICROS_PER_SECOND);
        let energy = (energy + second - 1) / second * second;
        let used = certificate.duals.iter().map(|dual| {
            let overlap = end.min(dual.interval.end).since(start.max(dual.interval.start));
            i128::from(overlap.0) * 1_000 * i128::from(dual.price >> DUAL_SHIFT)
        });
        let exact = |price: u64| i128::from(price >> PIECE_PRICE_SHIFT) * i128::from(MICROS_PER_SECOND);
        let pays = |class, under, instant| {
            let on_its_tile = class == PLAIN && [HALL, LEFT, A].contains(&under);
            on_its_tile && start <= instant && instant < end
        };
        let held = certificate.pieces.iter().map(|piece| {
            let pays = pays(piece.class, piece.under, piece.instant) && piece.milli == 500;
            if pays { i128::from(self.devices) * exact(piece.price) } else { 0 }
        });
        let shaped = certificate
            .shapes
            .iter()
            .map(|shape| if pays(shape.class, shape.under, shape.instant) { exact(shape.price) } else { 0 });
        energy + used.sum::<i128>() + held.sum::<i128>() + shaped.sum::<i128>()
    }
}

/// A price of whole micro-credits on the hall's compute, over up to eight beats.
fn any_dual() -> impl Strategy<Value = Dual> {
    (0..16i64, 1..8i64, 1..9u64).prop_map(|(start, beats, price)| Dual {
        scope: Scope::Owner(Owner::Node(HALL)),
        kind: Kind::Compute,
        interval: Interval { start: beat(start), end: beat(start + beats) },
        price: price << DUAL_SHIFT,
    })
}

/// A price of whole micro-credits of a piece that the capsule may hold or not, at about a beat.
fn any_piece() -> impl Strategy<Value = PiecePrice> {
    let scope = (select(&[PLAIN, PLAIN, FAST][..]), select(&[HALL, LEFT, RIGHT, A][..]));
    let instant = (0..20i64, -1..=1i64).prop_map(|(count, us)| Timestamp(beat(count).0 + us));
    (scope, select(&[300u16, 500, 500][..]), instant, 0..20_000u64).prop_map(
        |((class, under), milli, instant, price)| PiecePrice {
            class,
            under,
            milli,
            instant,
            price: price << PIECE_PRICE_SHIFT,
        },
    )
}

/// A price of whole micro-credits of what the capsule draws, at about a beat.
fn any_shape() -> impl Strategy<Value = ShapePrice> {
    let scope = (select(&[PLAIN, PLAIN, FAST][..]), select(&[HALL, LEFT, RIGHT, A][..]));
    let instant = (0..20i64, -1..=1i64).prop_map(|(count, us)| Timestamp(beat(count).0 + us));
    (scope, instant, 0..20_000u64).prop_map(|((class, under), instant, price)| ShapePrice {
        class,
        under,
        job: JobIndex(0),
        instant,
        price: price << PIECE_PRICE_SHIFT,
    })
}

/// How many tiles of a class are under a node.
fn tiles_of(class: ClassIndex, under: NodeIndex) -> i128 {
    if under == HALL { 2 } else { i128::from(under != A || class == PLAIN) }
}

/// What the tiles are worth: each holds one of the capsule.
fn worth_of_tiles(shapes: &[ShapePrice]) -> i128 {
    let worth = |shape: &ShapePrice| tiles_of(shape.class, shape.under) * i128::from(shape.price >> PIECE_PRICE_SHIFT);
    shapes.iter().map(worth).sum()
}

/// What the devices are worth: two on each tile, which hold two halves, a half and 300, or three of 300.
fn worth_of_devices(pieces: &[PiecePrice]) -> i128 {
    let mut prices: BTreeMap<_, [i128; 2]> = BTreeMap::new();
    for piece in pieces {
        let [half, less] = prices.entry((piece.class, piece.under, piece.instant)).or_default();
        *if piece.milli == 500 { half } else { less } += i128::from(piece.price >> PIECE_PRICE_SHIFT);
    }
    let worth = prices.into_iter().map(|((class, under, _), [half, less])| {
        tiles_of(class, under) * 2 * (2 * half).max(half + less).max(3 * less)
    });
    worth.sum()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 4_000,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(3),
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_margin_is_what_the_cheapest_start_leaves(
        capsule in any_capsule(),
        duals in vec(any_dual(), 0..6),
        pieces in vec(any_piece(), 0..8),
        shapes in vec(any_shape(), 0..5),
        tariff in any_tariff(),
    ) {
        let certificate = Certificate { duals, pieces, shapes };
        let patterns = worth_of_devices(&certificate.pieces) + worth_of_tiles(&certificate.shapes);
        let margin = bound(&capsule.alone(&tariff).build(), &certificate).unwrap() - patterns;
        let charged = i128::from(BID) - margin;
        let least = capsule.starts().map(|start| capsule.cost(start, &certificate, &tariff)).min().unwrap();
        // No more than the least, and less by no more than a second of each price, for use rounds down, as energy does.
        let second = i128::from(MICROS_PER_SECOND);
        let rounding: i128 = certificate.duals.iter().map(|dual| i128::from(dual.price >> DUAL_SHIFT) * 1_000).sum();
        prop_assert!(charged * second <= least, "charged {charged}, but {least} us is possible");
        prop_assert!((charged + rounding + 2) * second > least, "charged {charged}, though {least} us is least");
    }
}
