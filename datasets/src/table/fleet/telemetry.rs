//! Table `telemetry`: time series per tile.

use std::path::Path;

use lessor_models::fleet::{Fleet, NodeIndex};
use lessor_models::telemetry::{COLDEST_MK, Sample, WHOLE_PERMILLE};
use lessor_models::time::{Interval, Timestamp};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::statistics::Statistics;

use crate::table::cells::Cells;
use crate::table::error::{DatasetError, Problem};
use crate::table::sink::{BATCH_ROWS, Columns, TableWriter};
use crate::table::source::{Batch, TableReader};
use crate::table::spec::ColumnType::{Amount, Flag, Text, Time, U16, U32};
use crate::table::spec::{TableSpec, optional, required};
use crate::table::words::Finder;

/// The schema of `telemetry.parquet`.
pub const TELEMETRY: TableSpec = TableSpec {
    name: "telemetry",
    row: "what one tile's sensors said at one instant, in any order",
    columns: &[
        required("tile", Text, "name of a tile"),
        required("at", Time, "when it was measured"),
        optional("power_mw", Amount, "power drawn in milliwatts; NULL: not measured"),
        optional("temperature_mk", U32, "temperature in millikelvin, at least 1000; NULL: not measured"),
        optional("utilization_permille", U16, "use in thousandths, at most 1000; NULL: not measured"),
        optional("memory_bytes", Amount, "memory in use in bytes; NULL: not measured"),
        optional("error_count", Amount, "errors since the row before of the same tile; NULL: not measured"),
        optional("link_up", Flag, "whether the uplink works; NULL: not measured"),
    ],
};

/// Streams every row of telemetry, in table order.
///
/// # Errors
/// The first defect found, with its row and column; rows before it were already given.
pub fn read_telemetry(path: &Path, fleet: &Fleet, each: impl FnMut(Sample)) -> Result<(), DatasetError> {
    let always = Interval { start: Timestamp(i64::MIN), end: Timestamp(i64::MAX) };
    read_telemetry_within(path, fleet, always, each)
}

/// Streams the rows of telemetry measured within an interval, in table order.
///
/// Row groups whose statistics lie outside the interval are skipped unread, so a defect in them stays unseen.
///
/// # Errors
/// The first defect found, with its row and column; rows before it were already given.
pub fn read_telemetry_within(
    path: &Path,
    fleet: &Fleet,
    within: Interval,
    mut each: impl FnMut(Sample),
) -> Result<(), DatasetError> {
    let mut reader = TableReader::open(path, &TELEMETRY)?;
    reader.keep_groups(|group| may_overlap(group, within));
    let mut tiles = Finder::new(fleet.names());
    while let Some(batch) = reader.next()? {
        let columns = SensorColumns::new(&batch);
        for row in batch.rows() {
            let at = columns.at.need_time(row)?;
            if within.start <= at && at < within.end {
                let tile = columns.tile.need(row, |name| tiles.tile(name, fleet))?;
                each(columns.read(row, tile, at)?);
            }
        }
    }
    Ok(())
}

/// Whether a row group may hold a row within the interval, as far as its statistics tell.
fn may_overlap(group: &RowGroupMetaData, within: Interval) -> bool {
    let column = group.columns().iter().find(|column| column.column_path().string() == "at");
    match column.and_then(|column| column.statistics()) {
        Some(Statistics::Int64(times)) => {
            let ends_before = times.max_opt().is_some_and(|&last| last < within.start.0);
            let starts_after = times.min_opt().is_some_and(|&first| first >= within.end.0);
            !ends_before && !starts_after
        }
        _ => true,
    }
}

struct SensorColumns<'b> {
    tile: Cells<'b>,
    at: Cells<'b>,
    power: Cells<'b>,
    temperature: Cells<'b>,
    utilization: Cells<'b>,
    memory: Cells<'b>,
    errors: Cells<'b>,
    link: Cells<'b>,
}

impl<'b> SensorColumns<'b> {
    fn new(batch: &'b Batch) -> SensorColumns<'b> {
        SensorColumns {
            tile: batch.column("tile"),
            at: batch.column("at"),
            power: batch.column("power_mw"),
            temperature: batch.column("temperature_mk"),
            utilization: batch.column("utilization_permille"),
            memory: batch.column("memory_bytes"),
            errors: batch.column("error_count"),
            link: batch.column("link_up"),
        }
    }

    fn read(&self, row: usize, tile: NodeIndex, at: Timestamp) -> Result<Sample, DatasetError> {
        let temperature_mk: Option<u32> = self.temperature.narrow(row);
        if let Some(found) = temperature_mk.filter(|&reading| reading < COLDEST_MK) {
            return Err(self.temperature.refuse(row, Problem::Cold { found: found.into() }));
        }
        let utilization_permille: Option<u16> = self.utilization.narrow(row);
        if let Some(found) = utilization_permille.filter(|&use_of_tile| use_of_tile > WHOLE_PERMILLE) {
            let problem = Problem::OutOfRange { found: found.into(), least: 0, most: WHOLE_PERMILLE.into() };
            return Err(self.utilization.refuse(row, problem));
        }
        Ok(Sample {
            tile,
            at,
            power_mw: self.power.integer(row),
            temperature_mk,
            utilization_permille,
            memory_bytes: self.memory.integer(row),
            error_count: self.errors.integer(row),
            link_up: self.link.flag(row),
        })
    }
}

/// Writes telemetry row by row, in batches. Dropped before [`TelemetryWriter::finish`], it leaves no file.
pub struct TelemetryWriter<'f> {
    fleet: &'f Fleet,
    writer: TableWriter,
    rows: Vec<Sample>,
}

impl std::fmt::Debug for TelemetryWriter<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TelemetryWriter").field("waiting", &self.rows.len()).finish_non_exhaustive()
    }
}

impl<'f> TelemetryWriter<'f> {
    /// Starts a file beside its place.
    ///
    /// # Errors
    /// A file that cannot be created.
    pub fn create(path: &Path, fleet: &'f Fleet) -> Result<TelemetryWriter<'f>, DatasetError> {
        let writer = TableWriter::create(path, &TELEMETRY, &[])?;
        Ok(TelemetryWriter { fleet, writer, rows: Vec::with_capacity(BATCH_ROWS) })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// A file that cannot be written, or an earlier row with a quantity above 2^53.
    pub fn push(&mut self, row: Sample) -> Result<(), DatasetError> {
        self.rows.push(row);
        if self.rows.len() == BATCH_ROWS { self.flush() } else { Ok(()) }
    }

    /// Completes the file and moves it to its place.
    ///
    /// # Errors
    /// A file that cannot be written, or an earlier row with a quantity above 2^53.
    pub fn finish(mut self) -> Result<(), DatasetError> {
        self.flush()?;
        self.writer.finish()
    }

    fn flush(&mut self) -> Result<(), DatasetError> {
        let mut columns = Columns::new(&TELEMETRY, self.rows.len());
        put_rows(&mut columns, self.fleet, &self.rows);
        self.writer.write(columns)?;
        self.rows.clear();
        Ok(())
    }
}

fn put_rows(columns: &mut Columns, fleet: &Fleet, rows: &[Sample]) {
    columns.text("tile", rows.iter().map(|row| Some(fleet.name(row.tile))));
    columns.time("at", rows.iter().map(|row| Some(row.at)));
    columns.integer("power_mw", rows.iter().map(|row| row.power_mw));
    columns.integer("temperature_mk", rows.iter().map(|row| row.temperature_mk.map(u64::from)));
    columns.integer("utilization_permille", rows.iter().map(|row| row.utilization_permille.map(u64::from)));
    columns.integer("memory_bytes", rows.iter().map(|row| row.memory_bytes));
    columns.integer("error_count", rows.iter().map(|row| row.error_count));
    columns.flag("link_up", rows.iter().map(|row| row.link_up));
}
