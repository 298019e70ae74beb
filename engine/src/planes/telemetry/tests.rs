use lessor_models::draw::standing;
use lessor_models::fleet::{ClassIndex, FleetParts, Level, NodeColumns};
use lessor_models::resources::{Kind, Resources, UNLIMITED};
use lessor_models::tile_class::{Band, TileClass};
use lessor_models::time::{MICROS_PER_HOUR, StepFunction};
use proptest::prelude::*;

use super::*;
use crate::plane::Limits;

const ROOT: NodeIndex = NodeIndex(0);
const TILE: NodeIndex = NodeIndex(1);
const TWIN: NodeIndex = NodeIndex(2);

/// Runs at 280 to 330 K, idles at 100 W, rejects 0.9 of what it draws. Derating starts at 320 K.
fn class() -> TileClass {
    TileClass {
        name: "plain".into(),
        band: Band { low_mk: 280_000, high_mk: 330_000 },
        energy_uj_per_mop: [3, 2, 1],
        device_power_mw: 50_000,
        idle_power_mw: 100_000,
        heat_permille: 900,
        devices: 2,
        rate_permille: 1_000,
        faults_per_gigahour: 0,
        radiator: None,
    }
}

/// Power 300 W, so a headroom of 200 W; heat 270 W, so one of 180 W; memory 1,000 B; the rest without limit.
fn nameplate() -> Resources {
    Resources::UNLIMITED.with(Kind::Power, 300_000).with(Kind::Heat, 270_000).with(Kind::Memory, 1_000)
}

/// Two equal tiles in a cell.
fn parts(capacity: Resources) -> FleetParts {
    let nodes = NodeColumns {
        names: ["cell", "tile", "twin"].map(String::from).to_vec(),
        parents: vec![None, Some(0), Some(0)],
        levels: vec![Level::Cell, Level::Tile, Level::Tile],
        classes: vec![None, Some(ClassIndex(0)), Some(ClassIndex(0))],
        capacities: vec![Resources::UNLIMITED, capacity, capacity],
        uplink_delays_us: vec![0; 3],
    };
    FleetParts { nodes, classes: vec![class()], ..FleetParts::default() }
}

fn fleet() -> Fleet {
    Fleet::new(parts(nameplate())).unwrap()
}

fn plane(fleet: &Fleet) -> TelemetryPlane {
    TelemetryPlane::new(fleet, TelemetryPolicy::default()).unwrap()
}

fn hour(hours: i64) -> Timestamp {
    Timestamp(hours * i64::try_from(MICROS_PER_HOUR).unwrap())
}

fn at_hour(hours: i64) -> Sample {
    Sample::silent(TILE, hour(hours))
}

fn kelvin(hours: i64, temperature: u32) -> Sample {
    Sample { temperature_mk: Some(temperature * 1_000), ..at_hour(hours) }
}

fn watts(hours: i64, power: u64) -> Sample {
    Sample { power_mw: Some(power * 1_000), ..at_hour(hours) }
}

fn errors(hours: i64, count: u64) -> Sample {
    Sample { error_count: Some(count), ..at_hour(hours) }
}

fn link(hours: i64, is_up: bool) -> Sample {
    Sample { link_up: Some(is_up), ..at_hour(hours) }
}

/// Hands the samples over one event at a time, each at its own instant.
fn replay(plane: &mut TelemetryPlane, samples: &[Sample]) -> Vec<PlaneEffect> {
    let mut effects = Vec::new();
    for sample in samples {
        plane.on(sample.at, &PlaneEvent::Samples(vec![*sample]), &mut effects);
    }
    effects
}

fn tick(plane: &mut TelemetryPlane, now: Timestamp) -> Vec<PlaneEffect> {
    let mut effects = Vec::new();
    plane.on(now, &PlaneEvent::Tick, &mut effects);
    effects
}

/// What the tile may give after the samples, from effects applied to the fleet, and why it is closed.
fn after(samples: &[Sample]) -> (Resources, Option<ClosureCause>) {
    let mut fleet = fleet();
    let mut plane = plane(&fleet);
    let mut limits = Limits::default();
    limits.gather(&replay(&mut plane, samples));
    limits.apply(&mut fleet);
    let cause = limits.closures().find(|closure| closure.1 == TILE).map(|closure| closure.2);
    assert_eq!(fleet.is_closed(TILE), cause.is_some());
    (fleet.base_capacity(Owner::Node(TILE)), cause)
}

#[test]
fn a_tile_within_its_limits_has_no_effects() {
    let mut plane = plane(&fleet());
    let calm = [kelvin(0, 320), watts(1, 300), watts(1, 306), errors(2, 0), errors(3, 9), link(3, true)];
    assert_eq!(replay(&mut plane, &calm), []);
}

#[test]
fn power_and_heat_fall_linearly_between_margin_and_limit() {
    // 325 K is half way from 320 to 330: half of the headroom, 100 + 200/2 = 200 W and 90 + 180/2 = 180 W.
    let expected = nameplate().with(Kind::Power, 200_000).with(Kind::Heat, 180_000);
    assert_eq!(after(&[kelvin(0, 325)]), (expected, None));
}

#[test]
fn what_is_left_is_rounded_down_to_a_step() {
    // 321 K takes a tenth; 321.1 K takes 110 thousandths, rounded to 150.
    let tile = |temperature_mk| Sample { temperature_mk: Some(temperature_mk), ..at_hour(0) };
    let power = |temperature_mk| after(&[tile(temperature_mk)]).0.get(Kind::Power);
    assert_eq!((power(321_000), power(321_100)), (280_000, 270_000));
}

#[test]
fn a_tile_at_the_hot_end_of_its_band_is_closed_and_left_what_it_idles_at() {
    let expected = nameplate().with(Kind::Power, 100_000).with(Kind::Heat, 90_000);
    assert_eq!(after(&[kelvin(0, 330)]), (expected, Some(ClosureCause::TooHot)));
}

#[test]
fn a_tile_that_overdraws_is_limited_by_as_much_as_it_overdraws() {
    // 340 W are 40 W too much: 40/200 of the headroom, so 260 W. Heat 0.9 * 340 = 306 W: 36/180, so 234 W.
    let expected = nameplate().with(Kind::Power, 260_000).with(Kind::Heat, 234_000);
    assert_eq!(after(&[watts(0, 340)]), (expected, None));
}

#[test]
fn many_errors_cost_a_share_of_every_kind_and_more_close_the_tile() {
    let halved = nameplate().with(Kind::Power, 200_000).with(Kind::Heat, 180_000).with(Kind::Memory, 500);
    assert_eq!(after(&[errors(0, 5), errors(1, 4)]), (nameplate(), None));
    assert_eq!(after(&[errors(0, 5), errors(1, 5)]), (halved, None));
    assert_eq!(after(&[errors(0, 5), errors(1, 95)]), (halved, Some(ClosureCause::Errors)));
}

#[test]
fn few_errors_that_keep_growing_cost_the_share_too() {
    // Slices of three hours with 1, 1, 2 and 3 new errors: seven in all, fewer than ten.
    let growing = [errors(1, 1), errors(4, 1), errors(7, 2), errors(10, 3), errors(12, 0)];
    assert_eq!(after(&growing[..4]).0.get(Kind::Memory), 1_000);
    assert_eq!(after(&growing).0.get(Kind::Memory), 500);
}

#[test]
fn a_link_that_is_down_closes_the_tile_until_it_is_up_again() {
    assert_eq!(after(&[link(0, false)]), (nameplate(), Some(ClosureCause::LinkDown)));
    assert_eq!(after(&[link(0, false), kelvin(1, 300)]), (nameplate(), Some(ClosureCause::LinkDown)));
    assert_eq!(after(&[link(0, false), link(1, true)]), (nameplate(), None));
}

#[test]
fn down_wins_over_up_at_one_instant() {
    let closed = (nameplate(), Some(ClosureCause::LinkDown));
    assert_eq!(after(&[link(0, true), link(0, false)]), closed);
    assert_eq!(after(&[link(0, false), link(0, true)]), closed);
}

#[test]
fn an_unchanged_finding_is_not_said_again() {
    let mut plane = plane(&fleet());
    assert_eq!(replay(&mut plane, &[kelvin(0, 325)]).len(), 1);
    assert_eq!(replay(&mut plane, &[kelvin(1, 325), kelvin(2, 300)]), []);
}

#[test]
fn a_tile_recovers_when_a_whole_window_was_calm() {
    let mut plane = plane(&fleet());
    let first_day: Vec<Sample> = (0..24).map(|hours| kelvin(hours, 325)).collect();
    let second_day: Vec<Sample> = (24..48).map(|hours| kelvin(hours, 300)).collect();
    assert_eq!(replay(&mut plane, &first_day).len(), 1);
    assert_eq!(replay(&mut plane, &second_day), []);
    let lifted = PlaneEffect::Limit {
        plane: PlaneName::Telemetry,
        version: 2,
        owner: Owner::Node(TILE),
        most: Resources::UNLIMITED,
    };
    assert_eq!(replay(&mut plane, &[kelvin(48, 300)]), [lifted]);
}

/// A plane after another one, which had said this before it ended, and what it says to samples of its own.
fn after_a_restart(said: &[PlaneEffect], samples: &[Sample]) -> Vec<(Resources, Option<ClosureCause>)> {
    let mut plane = plane(&fleet()).resume(said);
    let mut limits = Limits::default();
    limits.gather(said);
    let mut told = Vec::new();
    for sample in samples {
        let effects = replay(&mut plane, &[*sample]);
        let revision = limits.revision();
        limits.gather(&effects);
        assert_eq!(limits.revision() - revision, effects.len() as u64, "numbers rise beyond those of before");
        told.push(in_force(&limits));
    }
    told
}

#[test]
fn what_an_earlier_plane_said_stands_until_a_whole_window_was_calm() {
    let said = replay(&mut plane(&fleet()), &[errors(40, 150), kelvin(41, 325)]);
    assert!(matches!(said[..], [PlaneEffect::Limit { .. }, PlaneEffect::Closure { .. }]), "{said:?}");
    let calm: Vec<Sample> = (42..=96).map(|hours| Sample { error_count: Some(0), ..kelvin(hours, 300) }).collect();
    let told = after_a_restart(&said, &calm);
    let whole = (Resources::UNLIMITED, None);
    assert_eq!(told.iter().position(|told| *told == whole), Some(72 - 42), "at hour 72 the window of hour 48 is over");
    assert!(told[..72 - 42].iter().all(|told| *told == told_last(&said)));
    // Nothing of what closed the tile was told: the temperature alone outweighs no errors.
    let without: Vec<Sample> = calm.iter().map(|sample| Sample { error_count: None, ..*sample }).collect();
    assert!(after_a_restart(&said, &without).iter().all(|told| *told == told_last(&said)));
    // The worse of what was and what is counts.
    let hotter = after_a_restart(&said, &[kelvin(42, 330)]);
    assert_eq!(hotter[0].0.get(Kind::Power), 100_000);
    assert_eq!(hotter[0].0.get(Kind::Memory), told_last(&said).0.get(Kind::Memory));
}

fn told_last(said: &[PlaneEffect]) -> (Resources, Option<ClosureCause>) {
    let mut limits = Limits::default();
    limits.gather(said);
    in_force(&limits)
}

/// What limits leave of the tile, and why it is closed.
fn in_force(limits: &Limits) -> (Resources, Option<ClosureCause>) {
    let most = limits.capacities().next().map_or(Resources::UNLIMITED, |limit| *limit.2);
    (most, limits.closures().next().map(|closure| closure.2))
}

#[test]
fn a_link_that_is_up_again_after_a_restart_opens_its_tile_at_once() {
    let said = replay(&mut plane(&fleet()), &[link(0, false)]);
    let told = after_a_restart(&said, &[kelvin(1, 300), link(2, true), link(3, false), link(4, true)]);
    let causes: Vec<Option<ClosureCause>> = told.iter().map(|told| told.1).collect();
    assert_eq!(causes, [Some(ClosureCause::LinkDown), None, Some(ClosureCause::LinkDown), None]);
}

#[test]
fn a_spike_that_the_quantile_leaves_out_costs_nothing_once_its_window_is_full() {
    let fleet = fleet();
    let policy = TelemetryPolicy { temperature_quantile_permille: 950, ..TelemetryPolicy::default() };
    let mut plane = TelemetryPlane::new(&fleet, policy).unwrap();
    // One reading of twenty is above the 95 % quantile by nearest rank; of nineteen it is the quantile.
    let day: Vec<Sample> = (0..19).map(|hours| kelvin(hours, if hours == 0 { 329 } else { 300 })).collect();
    replay(&mut plane, &day);
    assert_eq!(plane.envelope(TILE).power_permille, 100);
    replay(&mut plane, &[kelvin(19, 300)]);
    assert_eq!(plane.envelope(TILE), Envelope::WHOLE);
}

#[test]
fn a_stale_tile_is_noticed_at_its_deadline_and_keeps_its_envelope() {
    let mut plane = plane(&fleet());
    replay(&mut plane, &[kelvin(0, 325)]);
    assert_eq!(plane.next_deadline(), Some(hour(3)));
    assert_eq!(tick(&mut plane, Timestamp(hour(3).0 - 1)), []);
    let notice = |notice| PlaneEffect::Notice { plane: PlaneName::Telemetry, tile: TILE, notice };
    assert_eq!(tick(&mut plane, hour(3)), [notice(Notice::Stale)]);
    assert_eq!((plane.next_deadline(), plane.is_stale(TILE)), (None, true));
    assert_eq!(tick(&mut plane, hour(1_000)), []);
    assert_eq!(plane.envelope(TILE).power_permille, 500);
    // One cool sample after the silence shows life, but it clears nothing.
    assert_eq!(replay(&mut plane, &[kelvin(1_000, 300)]), [notice(Notice::Fresh)]);
    assert_eq!((plane.envelope(TILE).power_permille, plane.next_deadline()), (500, Some(hour(1_003))));
}

#[test]
fn old_telemetry_makes_a_tile_stale_at_once() {
    let mut plane = plane(&fleet());
    let mut effects = Vec::new();
    plane.on(hour(100), &PlaneEvent::Samples(vec![kelvin(0, 300), kelvin(1, 300)]), &mut effects);
    let stale = PlaneEffect::Notice { plane: PlaneName::Telemetry, tile: TILE, notice: Notice::Stale };
    assert_eq!(effects, [stale]);
}

#[test]
fn a_late_sample_counts_as_a_reading_but_not_as_news() {
    let late = Sample { link_up: Some(false), ..kelvin(1, 325) };
    let (given, cause) = after(&[link(2, true), late]);
    assert_eq!((given.get(Kind::Power), cause), (200_000, None));
    // From an earlier window it does not count at all.
    assert_eq!(after(&[link(24, true), late]), (nameplate(), None));
}

#[test]
fn a_sample_from_what_is_no_tile_is_ignored() {
    let mut plane = plane(&fleet());
    let strays = [ROOT, NodeIndex(99)].map(|tile| Sample { tile, ..kelvin(0, 400) });
    assert_eq!(replay(&mut plane, &strays), []);
    assert_eq!(plane.next_deadline(), None);
}

#[test]
fn a_tile_without_a_power_limit_is_held_to_what_its_class_can_draw() {
    // 100 W idle, 2 devices of 50 W, 100,000,000 Mop/s at 3 uJ: 500 W. Half of the headroom leaves 300 W.
    let mut fleet = Fleet::new(parts(Resources::UNLIMITED.with(Kind::Compute, 100_000_000))).unwrap();
    let mut plane = plane(&fleet);
    let mut limits = Limits::default();
    limits.gather(&replay(&mut plane, &[watts(0, 9_999), kelvin(0, 325)]));
    limits.apply(&mut fleet);
    assert_eq!(fleet.base_capacity(Owner::Node(TILE)).get(Kind::Power), 300_000);
}

#[test]
fn a_window_of_more_capacity_is_derated_from_its_own_height() {
    // Nothing at first, 300 W from instant 10 on: half of the headroom of the window is 200 W.
    let mut parts = parts(nameplate().with(Kind::Power, 0));
    parts.steps.insert((Owner::Node(TILE), Kind::Power), vec![(Timestamp(10), 300_000)]);
    let mut fleet = Fleet::new(parts).unwrap();
    let mut plane = plane(&fleet);
    let mut limits = Limits::default();
    limits.gather(&replay(&mut plane, &[kelvin(0, 325)]));
    limits.apply(&mut fleet);
    let lowered = StepFunction::new(0, vec![(Timestamp(10), 200_000)]);
    assert_eq!(fleet.steps()[&(Owner::Node(TILE), Kind::Power)], lowered);
}

#[test]
fn a_bad_policy_is_refused() {
    let policy = TelemetryPolicy { stale_after: Span(0), ..TelemetryPolicy::default() };
    let error = TelemetryPlane::new(&fleet(), policy).unwrap_err();
    assert_eq!(error.to_string(), "telemetry policy: stale_after must be above zero");
}

/// Samples of both tiles in order of time, up to five hours apart, with sensors missing here and there.
fn samples() -> impl Strategy<Value = Vec<Sample>> {
    let sensors = (
        proptest::option::of(310_000u32..335_000),
        proptest::option::of(250_000u64..400_000),
        proptest::option::of(0u64..30),
        proptest::option::weighted(0.3, proptest::bool::weighted(0.8)),
    );
    let one = (0i64..10, any::<bool>(), sensors);
    proptest::collection::vec(one, 1..80).prop_map(|rows| {
        let mut now = 0;
        let sample = |(half_hours, is_twin, sensors): (i64, bool, _)| {
            now += half_hours / 2 * hour(1).0;
            let (temperature_mk, power_mw, error_count, link_up) = sensors;
            let tile = if is_twin { TWIN } else { TILE };
            Sample { power_mw, temperature_mk, error_count, link_up, ..Sample::silent(tile, Timestamp(now)) }
        };
        rows.into_iter().map(sample).collect()
    })
}

/// What both tiles may give at the end, and whether they are closed, when the samples come in batches.
fn outcome(batches: &[&[Sample]], now: Timestamp) -> Vec<(Resources, Option<ClosureCause>)> {
    let mut fleet = fleet();
    let mut plane = plane(&fleet);
    let mut effects = Vec::new();
    for batch in batches {
        plane.on(now, &PlaneEvent::Samples(batch.to_vec()), &mut effects);
    }
    let mut limits = Limits::default();
    limits.gather(&effects);
    limits.apply(&mut fleet);
    let cause = |tile| limits.closures().find(|closure| closure.1 == tile).map(|closure| closure.2);
    [TILE, TWIN].map(|tile| (fleet.base_capacity(Owner::Node(tile)), cause(tile))).to_vec()
}

fn at_most(less: &[(Resources, Option<ClosureCause>)], more: &[(Resources, Option<ClosureCause>)]) -> bool {
    less.iter().zip(more).all(|(less, more)| less.0.fits(&more.0) && (more.1.is_none() || less.1.is_some()))
}

const END: Timestamp = Timestamp(1 << 50);

proptest! {
    #[test]
    fn a_limit_is_between_what_idles_and_what_was_built(samples in samples()) {
        let mut plane = plane(&fleet());
        for effect in replay(&mut plane, &samples) {
            if let PlaneEffect::Limit { most, .. } = effect {
                for kind in Kind::ALL {
                    let limit = most.get(kind);
                    let (whole, idle) = (nameplate().get(kind), standing(&class()).get(kind));
                    prop_assert!(limit == UNLIMITED || (idle <= limit && limit < whole), "{kind}: {limit}");
                }
            }
        }
    }

    #[test]
    fn hotter_never_gives_more(
        samples in samples(), rises in proptest::collection::vec((0u32..8_000, 0u64..60_000), 80),
    ) {
        let hotter: Vec<Sample> = samples.iter().zip(rises).map(|(sample, (temperature, power))| Sample {
            temperature_mk: sample.temperature_mk.map(|reading| reading + temperature),
            power_mw: sample.power_mw.map(|reading| reading + power),
            ..*sample
        }).collect();
        prop_assert!(at_most(&outcome(&[&hotter], END), &outcome(&[&samples], END)));
    }

    #[test]
    fn batches_make_no_difference(samples in samples(), cut in any::<prop::sample::Index>()) {
        let (head, rest) = samples.split_at(cut.index(samples.len()));
        let singles: Vec<&[Sample]> = samples.chunks(1).collect();
        let whole = outcome(&[&samples], END);
        prop_assert_eq!(&outcome(&[head, rest], END), &whole);
        prop_assert_eq!(&outcome(&singles, END), &whole);
    }

    #[test]
    fn order_within_an_instant_and_between_tiles_makes_no_difference(samples in samples()) {
        let mut shuffled: Vec<Sample> = samples.iter().rev().copied().collect();
        shuffled.sort_by_key(|sample| (std::cmp::Reverse(sample.tile), sample.at));
        prop_assert_eq!(outcome(&[&shuffled], END), outcome(&[&samples], END));
    }

    #[test]
    fn silence_changes_no_limit_however_long(samples in samples(), hours in 0i64..10_000) {
        let mut plane = plane(&fleet());
        replay(&mut plane, &samples);
        let before = [TILE, TWIN].map(|tile| plane.envelope(tile));
        let last = samples.last().map_or(0, |sample| sample.at.0);
        let effects = tick(&mut plane, Timestamp(last + hour(hours).0));
        let only_notices = effects.iter().all(|effect| matches!(effect, PlaneEffect::Notice { .. }));
        prop_assert!(only_notices);
        prop_assert_eq!([TILE, TWIN].map(|tile| plane.envelope(tile)), before);
    }

    #[test]
    fn the_first_sample_after_silence_raises_no_power_or_heat(samples in samples(), hours in 24i64..10_000) {
        let mut plane = plane(&fleet());
        // Two readings a window at most, so that no window but a silent one comes to its end with enough of them.
        let few: Vec<Sample> = samples.into_iter().filter(|sample| sample.tile == TILE).take(4).collect();
        replay(&mut plane, &few);
        let before = plane.envelope(TILE);
        let last = few.last().map_or(0, |sample| sample.at.0);
        let back = Sample { at: Timestamp(last + hour(hours).0), ..kelvin(0, 281) };
        replay(&mut plane, &[Sample { power_mw: Some(0), ..back }]);
        let now = plane.envelope(TILE);
        prop_assert!(now.power_permille <= before.power_permille && now.heat_permille <= before.heat_permille);
    }
}
