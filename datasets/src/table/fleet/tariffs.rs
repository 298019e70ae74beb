//! Table `tariffs`: how what energy costs and emits changes over time.

use std::collections::BTreeMap;
use std::path::Path;

use lessor_models::fleet::{Fleet, TariffSteps, ZoneIndex};
use lessor_models::time::{StepFunction, Timestamp};

use super::zones::Rows;
use crate::table::error::DatasetError;
use crate::table::sink::write_table;
use crate::table::source::TableReader;
use crate::table::spec::ColumnType::{Amount, Text, Time};
use crate::table::spec::{TableSpec, optional, required};
use crate::table::words::unknown;

/// The schema of `tariffs.parquet`.
pub const TARIFFS: TableSpec = TableSpec {
    name: "tariffs",
    row: "one change of what energy costs or emits in a zone",
    columns: &[
        required("zone", Text, "name of a zone"),
        required("at", Time, "from then on"),
        optional("energy_price_ucr_per_kwh", Amount, "micro-credits per kilowatt-hour; NULL: as before"),
        optional("carbon_mg_per_kwh", Amount, "milligrams of carbon dioxide per kilowatt-hour; NULL: as before"),
    ],
};

/// Reads the changes of tariffs.
pub(crate) fn read_tariffs(
    path: &Path,
    zone_names: &[String],
) -> Result<BTreeMap<ZoneIndex, TariffSteps>, DatasetError> {
    let mut reader = TableReader::open(path, &TARIFFS)?;
    let mut zones = Rows::new(zone_names);
    let mut tariffs: BTreeMap<ZoneIndex, TariffSteps> = BTreeMap::new();
    while let Some(batch) = reader.next()? {
        let [names, times, prices, carbon] =
            ["zone", "at", "energy_price_ucr_per_kwh", "carbon_mg_per_kwh"].map(|name| batch.column(name));
        for row in batch.rows() {
            let zone = names.need(row, |name| zones.find(name).ok_or_else(|| unknown("zone", name, "zones")))?;
            let (at, steps) = (times.need_time(row)?, tariffs.entry(ZoneIndex(zone)).or_default());
            steps.energy_price.extend(prices.integer(row).map(|price| (at, price)));
            steps.carbon.extend(carbon.integer(row).map(|emitted| (at, emitted)));
        }
    }
    Ok(tariffs)
}

/// What a zone's energy costs and emits from an instant on, where that changes.
type Change = (Option<u64>, Option<u64>);

/// The changes of a fleet's tariffs, by zone and time.
fn changes(fleet: &Fleet) -> BTreeMap<(ZoneIndex, Timestamp), Change> {
    let mut changes: BTreeMap<(ZoneIndex, Timestamp), Change> = BTreeMap::new();
    for zone in (0..).map(ZoneIndex).take(fleet.zones().len()) {
        let steps = |function: Option<&StepFunction>| function.map_or_else(Vec::new, |f| f.steps().to_vec());
        for (at, price) in steps(fleet.energy_price(zone)) {
            changes.entry((zone, at)).or_default().0 = Some(price);
        }
        for (at, emitted) in steps(fleet.carbon(zone)) {
            changes.entry((zone, at)).or_default().1 = Some(emitted);
        }
    }
    changes
}

/// Whether a fleet has a tariff that changes.
pub(crate) fn has_tariffs(fleet: &Fleet) -> bool {
    !changes(fleet).is_empty()
}

/// Writes the changes of tariffs, in order of zone and time.
///
/// # Errors
/// A file that cannot be written.
pub fn write_tariffs(path: &Path, fleet: &Fleet) -> Result<(), DatasetError> {
    let changes: Vec<((ZoneIndex, Timestamp), Change)> = changes(fleet).into_iter().collect();
    write_table(path, &TARIFFS, changes.len(), |rows, columns| {
        let changes = &changes[rows];
        columns.text("zone", changes.iter().map(|((zone, _), _)| Some(fleet.zone_names().get(zone.at()))));
        columns.time("at", changes.iter().map(|((_, at), _)| Some(*at)));
        columns.integer("energy_price_ucr_per_kwh", changes.iter().map(|(_, change)| change.0));
        columns.integer("carbon_mg_per_kwh", changes.iter().map(|(_, change)| change.1));
    })
}
