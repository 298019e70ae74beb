//! Telemetry of real GPU servers: hourly power, temperature, utilization and memory of a few machines.
//!
//! - A server is a tile of a class of its own name, all in one cell. The file says nothing else of a server, so a tile's
//!   power is the greatest ever measured there, its idle power the least, and it counts as one device.
//! - Power and utilization are the hour's mean, temperature is the hour's greatest: limits are about the hottest instant.
//! - Memory is given in percent of an unstated whole: a tile has [`MEMORY_BYTES`] and the telemetry is its share of that.
//! - Errors and links are not in the file, so they are null in every row.
//! - What is not a number, is negative, or is above 100 % becomes null and is counted. Rows are sorted by time and tile.

use std::collections::BTreeMap;
use std::path::Path;

use lessor_models::fleet::{ClassIndex, Fleet, FleetParts, Level, NodeColumns, NodeIndex};
use lessor_models::instance::Instance;
use lessor_models::objective::Weights;
use lessor_models::resources::{Kind, Resources, UNLIMITED};
use lessor_models::telemetry::Sample;
use lessor_models::tile_class::{Band, DEVICE_MILLI, TileClass};
use lessor_models::time::Timestamp;

use super::ImportError;
use super::frame::{Chunk, Frame, FrameColumn, Holds, rounded_up};
use crate::table::DatasetError;

/// Memory that a server counts as having, in bytes.
pub const MEMORY_BYTES: u64 = 16 << 30;

/// Temperatures at which the servers run: 5 to 95 degrees Celsius.
const BAND: Band = Band { low_mk: 278_150, high_mk: 368_150 };

const ZERO_CELSIUS_MK: u64 = 273_150;

const COLUMNS: [FrameColumn; 6] = [
    FrameColumn { name: "name", holds: Holds::Text },
    FrameColumn { name: "timestamp", holds: Holds::Time },
    FrameColumn { name: "powerave", holds: Holds::Real },
    FrameColumn { name: "tempmax", holds: Holds::Real },
    FrameColumn { name: "utilave", holds: Holds::Real },
    FrameColumn { name: "gmemave", holds: Holds::Real },
];

/// What was read.
#[derive(Clone, Debug)]
pub struct GpuServers {
    /// The servers as a fleet, without jobs.
    pub instance: Instance,
    /// The measurements, in order of time, then of tiles.
    pub telemetry: Vec<Sample>,
    /// How many cells held no usable number and are null.
    pub unusable: u64,
    /// How many rows came before a row that is earlier or of an earlier tile, so that sorting moved them.
    pub out_of_order: u64,
}

/// Reads the telemetry and makes a fleet of the servers in it.
///
/// # Errors
/// The first file, row or column that is not as the format says.
pub fn gpu_servers(telemetry: &Path) -> Result<GpuServers, ImportError> {
    let mut frame = Frame::open(telemetry, &COLUMNS)?;
    let mut reading = Reading::default();
    while let Some(chunk) = frame.next()? {
        for row in chunk.rows() {
            reading.add(&chunk, row)?;
        }
    }
    if reading.rows.is_empty() {
        return Err(ImportError::NoRow { path: telemetry.to_owned() });
    }
    let refuse = |source| ImportError::Fleet { path: telemetry.to_owned(), source };
    let fleet = Fleet::new(reading.fleet_parts()).map_err(refuse)?;
    let rank: BTreeMap<u32, NodeIndex> = reading
        .servers
        .iter()
        .map(|(name, server)| {
            let row = fleet.names().find(name).expect("every server became a node");
            (server.number, NodeIndex(u32::try_from(row).expect("nodes are counted in u32")))
        })
        .collect();
    for row in &mut reading.rows {
        row.tile = rank[&row.tile.0];
    }
    let out_of_order = reading.rows.windows(2).filter(|pair| key(&pair[1]) < key(&pair[0])).count();
    reading.rows.sort_by_key(key);
    let refuse = |source| ImportError::Jobs { path: telemetry.to_owned(), source };
    let instance = Instance::new(fleet, Vec::new(), Vec::new(), Weights::default()).map_err(refuse)?;
    let out_of_order = u64::try_from(out_of_order).expect("a count of rows");
    Ok(GpuServers { instance, telemetry: reading.rows, unusable: reading.unusable, out_of_order })
}

fn key(row: &Sample) -> (Timestamp, NodeIndex) {
    (row.at, row.tile)
}

/// What is known of one server.
#[derive(Clone, Copy, Debug)]
struct Server {
    /// Its number in order of appearance.
    number: u32,
    least_mw: u64,
    most_mw: u64,
}

#[derive(Debug, Default)]
struct Reading {
    /// By name, so that the fleet does not depend on the order of rows.
    servers: BTreeMap<String, Server>,
    /// Rows whose tile is still the server's number.
    rows: Vec<Sample>,
    unusable: u64,
}

impl Reading {
    fn add(&mut self, chunk: &Chunk, row: usize) -> Result<(), DatasetError> {
        let name = chunk.name(row, 0)?;
        let at = Timestamp(chunk.time(row, 1)?);
        let power_mw = self.scaled(chunk.real(row, 2), 1_000.0, u64::MAX);
        let celsius_mk = self.scaled(chunk.real(row, 3), 1_000.0, u64::from(u32::MAX) - ZERO_CELSIUS_MK);
        let temperature_mk = celsius_mk.and_then(|warm| u32::try_from(warm + ZERO_CELSIUS_MK).ok());
        let utilization = self.scaled(chunk.real(row, 4), 10.0, 1_000);
        let memory_milli_percent = self.scaled(chunk.real(row, 5), 1_000.0, 100_000);
        let count = u32::try_from(self.servers.len()).expect("names are fewer than 2^32");
        if !self.servers.contains_key(name) {
            self.servers.insert(name.to_owned(), Server { number: count, least_mw: u64::MAX, most_mw: 0 });
        }
        let server = self.servers.get_mut(name).expect("inserted above where it was not there");
        if let Some(power) = power_mw {
            server.least_mw = server.least_mw.min(power);
            server.most_mw = server.most_mw.max(power);
        }
        self.rows.push(Sample {
            tile: NodeIndex(server.number),
            at,
            power_mw,
            temperature_mk,
            utilization_permille: utilization.and_then(|used| u16::try_from(used).ok()),
            memory_bytes: memory_milli_percent.map(|share| MEMORY_BYTES / 100_000 * share),
            error_count: None,
            link_up: None,
        });
        Ok(())
    }

    /// The number times a factor, rounded up; null, and counted where it was not null, if that is no amount up to the most.
    fn scaled(&mut self, number: Option<f64>, factor: f64, most: u64) -> Option<u64> {
        let number = number?;
        let amount = rounded_up(number * factor).filter(|&amount| amount <= most);
        self.unusable += u64::from(amount.is_none());
        amount
    }

    fn fleet_parts(&self) -> FleetParts {
        let mut nodes = NodeColumns::default();
        let mut add = |name: String, parent, class, capacity| {
            nodes.levels.push(match parent {
                None => Level::Layer,
                Some(0) => Level::Cell,
                Some(_) => Level::Tile,
            });
            nodes.names.push(name);
            nodes.parents.push(parent);
            nodes.classes.push(class);
            nodes.capacities.push(capacity);
            nodes.uplink_delays_us.push(0);
        };
        add("gpu-servers".to_owned(), None, None, Resources::UNLIMITED);
        add("cell-0".to_owned(), Some(0), None, Resources::UNLIMITED);
        for ((name, server), class) in self.servers.iter().zip(0..) {
            add(name.clone(), Some(1), Some(ClassIndex(class)), server.capacity());
        }
        let classes = self.servers.iter().map(|(name, server)| server.class(name)).collect();
        FleetParts { nodes, classes, ..FleetParts::default() }
    }
}

impl Server {
    fn capacity(&self) -> Resources {
        Resources::of(Kind::Power, self.most_mw)
            .with(Kind::Heat, self.most_mw)
            .with(Kind::Memory, MEMORY_BYTES)
            .with(Kind::Accelerator, u64::from(DEVICE_MILLI))
            .with(Kind::Compute, UNLIMITED)
            .with(Kind::Bandwidth, UNLIMITED)
            .with(Kind::Storage, UNLIMITED)
    }

    fn class(&self, name: &str) -> TileClass {
        let idle = self.least_mw.min(self.most_mw);
        TileClass {
            name: name.to_owned(),
            band: BAND,
            energy_uj_per_mop: [0; 3],
            device_power_mw: self.most_mw - idle,
            idle_power_mw: idle,
            heat_permille: 1_000,
            devices: 1,
            rate_permille: 1_000,
            faults_per_gigahour: 0,
            radiator: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{Float64Array, StringArray, TimestampMicrosecondArray};

    use super::super::tests::{public_file, write_parquet};
    use super::*;

    fn import(rows: &[(&str, i64, [f64; 4])]) -> Result<GpuServers, ImportError> {
        let folder = tempfile::tempdir().unwrap();
        let real = |at: usize| Arc::new(Float64Array::from_iter_values(rows.iter().map(|row| row.2[at])));
        let path = write_parquet(
            &folder.path().join("telemetry.parquet"),
            vec![
                ("name", Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.0)))),
                ("timestamp", Arc::new(TimestampMicrosecondArray::from_iter_values(rows.iter().map(|row| row.1)))),
                ("powerave", real(0)),
                ("tempmax", real(1)),
                ("utilave", real(2)),
                ("gmemave", real(3)),
            ],
        );
        gpu_servers(&path)
    }

    #[test]
    fn units_are_converted_and_rows_sorted() {
        let rows = [
            ("b", 20, [100.0, 41.5, 12.5, 50.0]),
            ("a", 20, [50.0, 40.0, 0.0, 0.0]),
            ("b", 10, [90.0, 40.0, 1.0, 1.0]),
        ];
        let read = import(&rows).unwrap();
        let seen: Vec<(&str, i64)> =
            read.telemetry.iter().map(|row| (read.instance.fleet().name(row.tile), row.at.0)).collect();
        assert_eq!(seen, [("b", 10), ("a", 20), ("b", 20)]);
        let last = read.telemetry[2];
        // 100 W, 41.5 C = 314.65 K, 12.5 % = 125 thousandths, half of the memory.
        assert_eq!((last.power_mw, last.temperature_mk), (Some(100_000), Some(314_650)));
        assert_eq!(last.utilization_permille, Some(125));
        assert_eq!(last.memory_bytes, Some(MEMORY_BYTES / 100_000 * 50_000));
        assert_eq!((last.error_count, last.link_up), (None, None));
        assert_eq!((read.unusable, read.out_of_order), (0, 2));
        let class = &read.instance.fleet().classes()[1];
        assert_eq!((class.name.as_str(), class.idle_power_mw, class.device_power_mw), ("b", 90_000, 10_000));
    }

    #[test]
    fn what_is_no_measurement_is_null_and_counted() {
        let read =
            import(&[("a", 0, [f64::NAN, -1.0, 100.1, 5.0]), ("a", 1, [f64::INFINITY, 20.0, 100.0, 0.0])]).unwrap();
        let first = read.telemetry[0];
        assert_eq!((first.power_mw, first.temperature_mk, first.utilization_permille), (None, None, None));
        assert_eq!(read.unusable, 4);
        assert_eq!(read.telemetry[1].utilization_permille, Some(1_000));
    }

    #[test]
    fn a_row_without_a_name_is_refused() {
        let message = import(&[("a", 0, [1.0; 4]), ("", 0, [1.0; 4])]).unwrap_err().to_string();
        assert!(message.contains("telemetry.parquet: row 1, column name: is empty"), "{message}");
        assert!(import(&[]).unwrap_err().to_string().contains("holds no row"));
    }

    #[test]
    fn the_public_servers_are_six_tiles() {
        let Some(path) = public_file("telemetry/gpu_servers.parquet") else { return };
        let read = gpu_servers(&path).unwrap();
        assert_eq!(read.instance.fleet().tiles().count(), 6);
        assert_eq!((read.telemetry.len(), read.unusable), (94_636, 0));
        assert!(read.telemetry.is_sorted_by_key(|row| (row.at, row.tile)));
        let hottest = read.telemetry.iter().filter_map(|row| row.temperature_mk).max();
        assert_eq!(hottest, Some(359_150), "86 C");
    }
}
