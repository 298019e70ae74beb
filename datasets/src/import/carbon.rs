//! Series of a grid's carbon intensity: how many grams of carbon dioxide a kilowatt-hour emits from an instant on.
//!
//! - A series is a Parquet file with `timestamp` and `carbon_intensity` in grams per kilowatt-hour, in any order.
//! - It becomes the tariff of a zone of the fleet, or of a new zone `grid:NODE` that lists a node and limits nothing.
//! - Milligrams round up; an instant that says what the one before it said is no change.

use std::path::Path;

use lessor_models::fleet::{FleetParts, Zone, ZoneIndex, ZoneKind};
use lessor_models::resources::Resources;
use lessor_models::time::{TIMESTAMP_MAX, Timestamp};

use super::ImportError;
use super::frame::{Frame, FrameColumn, Holds, rounded_up};
use crate::table::{DatasetError, Problem};

const COLUMNS: [FrameColumn; 2] = [
    FrameColumn { name: "timestamp", holds: Holds::Time },
    FrameColumn { name: "carbon_intensity", holds: Holds::Real },
];

const MILLIGRAMS_PER_GRAM: f64 = 1_000.0;

/// Reads a series of carbon intensity, each instant so many microseconds later, as the tariff of a place of a fleet: a zone,
/// or a node. What was known of the zone's emissions is replaced.
///
/// # Errors
/// A place that the fleet does not have; the first file, row or column that is not as the format says.
pub fn carbon(parts: &mut FleetParts, place: &str, series: &Path, later_us: i64) -> Result<(), ImportError> {
    let zone = zone_of(parts, place).ok_or_else(|| ImportError::Place { name: place.to_owned() })?;
    let steps = read(series, later_us)?;
    if steps.is_empty() {
        return Err(ImportError::NoRow { path: series.to_owned() });
    }
    parts.tariffs.entry(zone).or_default().carbon = steps;
    Ok(())
}

/// The zone of that name, or a new one that lists the node of that name.
fn zone_of(parts: &mut FleetParts, place: &str) -> Option<ZoneIndex> {
    let row = |names: &[String], name: &str| {
        names.iter().position(|known| known == name).and_then(|row| u32::try_from(row).ok())
    };
    let grid = format!("grid:{place}");
    if let Some(zone) = row(&parts.zone_names, place).or_else(|| row(&parts.zone_names, &grid)) {
        return Some(ZoneIndex(zone));
    }
    let node = row(&parts.nodes.names, place)?;
    let zone = u32::try_from(parts.zones.len()).ok()?;
    parts.zone_names.push(grid);
    parts.zones.push(Zone { kind: ZoneKind::PowerFeed, capacity: Resources::UNLIMITED, energy_price: None });
    parts.members.push((zone, node));
    Some(ZoneIndex(zone))
}

/// The changes of a series, in order of time.
fn read(path: &Path, later_us: i64) -> Result<Vec<(Timestamp, u64)>, DatasetError> {
    let mut frame = Frame::open(path, &COLUMNS)?;
    let mut steps: Vec<(Timestamp, u64)> = Vec::new();
    while let Some(chunk) = frame.next()? {
        for row in chunk.rows() {
            let at = chunk.time(row, 0)?.checked_add(later_us).filter(|at| at.abs() <= TIMESTAMP_MAX.0);
            let too_far = || chunk.refuse(row, 0, Problem::Model("must be an instant that an instance may hold"));
            let milligrams = chunk.real(row, 1).and_then(|grams| rounded_up(grams * MILLIGRAMS_PER_GRAM));
            let no_amount = || chunk.refuse(row, 1, Problem::Model("must be grams per kilowatt-hour, zero or more"));
            steps.push((Timestamp(at.ok_or_else(too_far)?), milligrams.ok_or_else(no_amount)?));
        }
    }
    steps.sort_by_key(|step| step.0);
    steps.dedup_by(|next, kept| next.1 == kept.1);
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Float64Array, TimestampMillisecondArray};
    use lessor_models::fleet::{ClassIndex, Fleet, Level, NodeColumns, NodeIndex};
    use lessor_models::tile_class::TileClass;

    use super::super::tests::{public_file, write_parquet};
    use super::*;

    /// A hall with a tile.
    fn parts() -> FleetParts {
        let nodes = NodeColumns {
            names: vec!["hall".into(), "tile".into()],
            parents: vec![None, Some(0)],
            levels: vec![Level::Cluster, Level::Tile],
            classes: vec![None, Some(ClassIndex(0))],
            capacities: vec![Resources::UNLIMITED; 2],
            uplink_delays_us: vec![0; 2],
        };
        FleetParts { nodes, classes: vec![TileClass::plain("plain")], ..FleetParts::default() }
    }

    fn series(dir: &Path, rows: &[(i64, Option<f64>)]) -> std::path::PathBuf {
        let times: ArrayRef = Arc::new(TimestampMillisecondArray::from_iter_values(rows.iter().map(|row| row.0)));
        let grams: ArrayRef = Arc::new(rows.iter().map(|row| row.1).collect::<Float64Array>());
        write_parquet(&dir.join("series.parquet"), vec![("timestamp", times), ("carbon_intensity", grams)])
    }

    #[test]
    fn a_series_becomes_the_tariff_of_a_new_zone_over_a_node() {
        let dir = tempfile::tempdir().unwrap();
        let file = series(dir.path(), &[(20, Some(0.2501)), (10, Some(3.0)), (30, Some(0.2501))]);
        let mut parts = parts();
        // The second time the zone is there, and what it said is replaced.
        carbon(&mut parts, "hall", &file, -5_000).unwrap();
        carbon(&mut parts, "hall", &file, 1_000).unwrap();
        assert_eq!(parts.zone_names, ["grid:hall"]);
        let fleet = Fleet::new(parts).unwrap();
        assert_eq!(fleet.zones_listing(NodeIndex(0)), [ZoneIndex(0)]);
        let steps = fleet.carbon(ZoneIndex(0)).unwrap().steps().to_vec();
        assert_eq!(steps, [(Timestamp(11_000), 3_000), (Timestamp(21_000), 251)]);
    }

    #[test]
    fn a_place_that_is_not_there_and_a_bad_row_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let mut parts = parts();
        let mut refused = |place: &str, rows: &[(i64, Option<f64>)]| {
            let before = parts.tariffs.clone();
            let refusal = carbon(&mut parts, place, &series(dir.path(), rows), 0).unwrap_err();
            assert_eq!(parts.tariffs, before);
            refusal.to_string()
        };
        assert!(refused("nowhere", &[(1, Some(1.0))]).contains("\"nowhere\""));
        for bad in [None, Some(-1.0), Some(f64::NAN), Some(1e300)] {
            let message = refused("hall", &[(1, Some(1.0)), (2, bad)]);
            assert!(message.contains("row 1") && message.contains("carbon_intensity"), "{message}");
        }
        assert!(refused("hall", &[]).contains("no row"));
    }

    #[test]
    fn the_public_series_are_read() {
        for (name, changes) in [("2024_DE", 30_000), ("2024_SE", 8_000)] {
            let Some(file) = public_file(&format!("traces/{name}_carbon_intensity.parquet")) else { return };
            let steps = read(&file, 0).unwrap();
            assert!(steps.len() > changes && steps.is_sorted_by(|a, b| a.0 < b.0), "{name}: {}", steps.len());
        }
    }
}
