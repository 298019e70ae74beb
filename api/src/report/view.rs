//! The data as the page's scripts read it: cut to what a browser can show, ordered, with binding accounts marked.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use lessor_models::resources::Kind;
use lessor_models::time::MICROS_PER_HOUR;
use serde::Serialize;

use super::data::{
    CellRow, HeldBackRow, Meta, PriceRow, Progress, ReportData, ServiceClassRow, UnplacedRow, WaveRow, ZoneRow,
};
use super::words::{REASONS, ReasonWords, reason_words};

/// Cells shown at most: squares of four pixels still fit a screen.
pub(super) const CELLS_MAX: usize = 20_000;
/// Zones shown at most.
pub(super) const ZONES_MAX: usize = 5_000;
/// Points of the timeline shown at most: more than a chart has pixels.
pub(super) const TIMELINE_MAX: usize = 2_000;
/// Prices shown at most; the table of prices has all.
pub(super) const PRICES_MAX: usize = 5_000;
/// Moves held back shown at most; the table of moves held back has all.
pub(super) const HELD_BACK_MAX: usize = 5_000;
/// Unplaced jobs shown at most, so that the file stays within a few megabytes; the table of unplaced jobs has all.
pub(super) const UNPLACED_MAX: usize = 20_000;

/// Prices are stated per this many base units.
const PRICE_UNITS: u128 = 1_000_000;

/// The page's data as JSON.
pub(super) fn json(data: &ReportData) -> String {
    let priced: BTreeSet<Account> = data.prices.iter().map(|row| (&*row.owner_type, &*row.owner, &*row.kind)).collect();
    let page = Page {
        meta: &data.meta,
        kinds: Kind::ALL.map(|kind| KindWords { name: kind.name(), unit: kind.unit() }),
        reasons: REASONS.map(reason_words),
        cells: data.cells.iter().take(CELLS_MAX).map(|cell| with_binding(cell, "cell", &cell.name, &priced)).collect(),
        zones: data
            .zones
            .iter()
            .take(ZONES_MAX)
            .map(|zone| with_binding(zone, &zone.kind, &zone.name, &priced))
            .collect(),
        timeline: thinned(&data.timeline),
        prices: dearest_prices(&data.prices),
        waves: &data.waves,
        held_back: most_held_back(&data.held_back),
        unplaced: dearest_unplaced(&data.unplaced),
        service_classes: &data.service_classes,
        notes: &data.notes,
        totals: Totals {
            cells: data.cells.len(),
            zones: data.zones.len(),
            prices: data.prices.len(),
            held_back: data.held_back.len(),
            unplaced: data.unplaced.len(),
        },
    };
    serde_json::to_string(&page).expect("the page has string keys and no fallible serializer")
}

/// Owner type, owner and kind.
type Account<'a> = (&'a str, &'a str, &'a str);

#[derive(Serialize)]
struct Page<'a> {
    meta: &'a Meta,
    kinds: [KindWords; Kind::COUNT],
    reasons: [ReasonWords; REASONS.len()],
    cells: Vec<Marked<'a, CellRow>>,
    zones: Vec<Marked<'a, ZoneRow>>,
    timeline: Vec<&'a Progress>,
    prices: Vec<Priced<'a>>,
    waves: &'a [WaveRow],
    held_back: Vec<&'a HeldBackRow>,
    unplaced: Vec<&'a UnplacedRow>,
    service_classes: &'a [ServiceClassRow],
    notes: &'a [String],
    totals: Totals,
}

#[derive(Serialize)]
struct KindWords {
    name: &'static str,
    unit: &'static str,
}

/// A row with the positions of the kinds that have a price there.
#[derive(Serialize)]
struct Marked<'a, T> {
    #[serde(flatten)]
    row: &'a T,
    binding: Vec<usize>,
}

/// A price with what the account is worth at it, in micro-credits: kinds have no common unit but this.
#[derive(Serialize)]
struct Priced<'a> {
    #[serde(flatten)]
    row: &'a PriceRow,
    worth: String,
}

#[derive(Serialize)]
struct Totals {
    cells: usize,
    zones: usize,
    prices: usize,
    held_back: usize,
    unplaced: usize,
}

fn with_binding<'a, T>(row: &'a T, owner_type: &str, owner: &str, priced: &BTreeSet<Account>) -> Marked<'a, T> {
    let binding = Kind::ALL.into_iter().filter(|kind| priced.contains(&(owner_type, owner, kind.name())));
    Marked { row, binding: binding.map(Kind::index).collect() }
}

/// At most [`TIMELINE_MAX`] points, evenly taken, the last always among them.
fn thinned(timeline: &[Progress]) -> Vec<&Progress> {
    let stride = timeline.len().div_ceil(TIMELINE_MAX).max(1);
    let last = timeline.len().saturating_sub(1);
    timeline.iter().enumerate().filter(|(at, _)| (last - at).is_multiple_of(stride)).map(|(_, point)| point).collect()
}

fn dearest_prices(prices: &[PriceRow]) -> Vec<Priced<'_>> {
    let mut rows: Vec<(u128, &PriceRow)> = prices.iter().map(|row| (worth(row), row)).collect();
    rows.sort_by_key(|(worth, row)| (Reverse(*worth), Reverse(row.price), &row.owner, &row.kind, row.start_us));
    rows.truncate(PRICES_MAX);
    rows.into_iter().map(|(worth, row)| Priced { row, worth: worth.to_string() }).collect()
}

/// Price times capacity times time, in micro-credits, rounded down; saturates.
fn worth(row: &PriceRow) -> u128 {
    let span_us = if row.end_us > row.start_us { row.end_us.abs_diff(row.start_us) } else { 0 };
    let per_hour = u128::from(row.price) * u128::from(row.capacity) / PRICE_UNITS;
    let hours = u128::from(span_us / MICROS_PER_HOUR);
    let part = per_hour.saturating_mul(u128::from(span_us % MICROS_PER_HOUR)) / u128::from(MICROS_PER_HOUR);
    per_hour.saturating_mul(hours).saturating_add(part)
}

/// The moves of most capsules, first.
fn most_held_back(held_back: &[HeldBackRow]) -> Vec<&HeldBackRow> {
    let mut rows: Vec<&HeldBackRow> = held_back.iter().collect();
    rows.sort_by_key(|row| (Reverse(row.count), &row.job, &row.from, &row.to));
    rows.truncate(HELD_BACK_MAX);
    rows
}

/// The jobs that leave most value out, first.
fn dearest_unplaced(unplaced: &[UnplacedRow]) -> Vec<&UnplacedRow> {
    let mut rows: Vec<&UnplacedRow> = unplaced.iter().collect();
    rows.sort_by_key(|row| (Reverse(u128::from(row.bid) * u128::from(row.count)), &row.job));
    rows.truncate(UNPLACED_MAX);
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_worth_its_price_times_capacity_times_hours() {
        // 5 micro-credits per 10^6 units and hour, 3 * 10^6 units, 90 minutes: 5 * 3 * 1.5 = 22.5, rounded down.
        let row = PriceRow { price: 5, capacity: 3_000_000, end_us: 5_400_000_000, ..PriceRow::default() };
        assert_eq!(worth(&row), 22);
    }

    #[test]
    fn a_long_timeline_is_thinned_and_keeps_its_end() {
        let points: Vec<Progress> =
            (0..5_001_u32).map(|at| Progress { seconds: f64::from(at), ..Progress::default() }).collect();
        let kept = thinned(&points);
        assert!(kept.len() <= TIMELINE_MAX);
        assert!((kept.last().unwrap().seconds - 5_000.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_short_timeline_is_kept_whole() {
        let points = vec![Progress::default(); 3];
        assert_eq!((thinned(&points).len(), thinned(&[]).len()), (3, 0));
    }

    #[test]
    fn the_account_with_a_price_is_marked_on_its_zone_only() {
        let price = PriceRow {
            owner: "a".into(),
            owner_type: "power_feed".into(),
            kind: "power".into(),
            ..PriceRow::default()
        };
        let zone = |kind: &str| ZoneRow { name: "a".into(), kind: kind.into(), ..ZoneRow::default() };
        let zones = vec![zone("power_feed"), zone("radiator_loop")];
        let data = ReportData { zones, prices: vec![price], ..ReportData::default() };
        let page: serde_json::Value = serde_json::from_str(&json(&data)).unwrap();
        assert_eq!(page["zones"][0]["binding"], serde_json::json!([Kind::Power.index()]));
        assert_eq!(page["zones"][1]["binding"], serde_json::json!([]));
    }

    #[test]
    fn money_beyond_a_double_keeps_every_digit() {
        let mut data = ReportData::default();
        data.meta.value = (1 << 53) + 1;
        let page: serde_json::Value = serde_json::from_str(&json(&data)).unwrap();
        assert_eq!(page["meta"]["value"], "9007199254740993");
    }
}
