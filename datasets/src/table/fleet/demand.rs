//! The columns of table `jobs` that say what one capsule asks for.

use lessor_models::fleet::Level;
use lessor_models::job::{Demand, Job};
use lessor_models::tile_class::{DEVICE_MILLI, OperationType};

use crate::table::cells::Cells;
use crate::table::error::DatasetError;
use crate::table::sink::Columns;
use crate::table::source::Batch;
use crate::table::words::word;

/// The bandwidth column of each level, leaf first.
const BANDWIDTH: [&str; Level::COUNT] = [
    "tile_bandwidth_bps",
    "cell_bandwidth_bps",
    "cluster_bandwidth_bps",
    "region_bandwidth_bps",
    "layer_bandwidth_bps",
];

/// The demand columns of one batch.
pub(crate) struct DemandColumns<'b> {
    compute: Cells<'b>,
    operation: Cells<'b>,
    memory: Cells<'b>,
    bandwidth: [Cells<'b>; Level::COUNT],
    power: Cells<'b>,
    heat: Cells<'b>,
    storage: Cells<'b>,
    reversible: Cells<'b>,
    devices: Cells<'b>,
    device_milli: Cells<'b>,
}

impl<'b> DemandColumns<'b> {
    pub(crate) fn new(batch: &'b Batch) -> DemandColumns<'b> {
        DemandColumns {
            compute: batch.column("compute_mops"),
            operation: batch.column("operation"),
            memory: batch.column("memory_bytes"),
            bandwidth: BANDWIDTH.map(|name| batch.column(name)),
            power: batch.column("power_mw"),
            heat: batch.column("heat_mw"),
            storage: batch.column("storage_bytes"),
            reversible: batch.column("reversible_mops"),
            devices: batch.column("devices"),
            device_milli: batch.column("device_milli"),
        }
    }

    /// The demand of a row. Whole devices are meant where no thousandths are given.
    pub(crate) fn read(&self, row: usize) -> Result<Demand, DatasetError> {
        let amount = |cells: Cells| cells.integer(row).unwrap_or(0);
        let operation = self.operation.parse(row, |found| word(found, &OperationType::ALL, OperationType::name))?;
        let devices = self.devices.narrow(row).unwrap_or(0);
        let whole = if devices > 0 { DEVICE_MILLI } else { 0 };
        Ok(Demand {
            compute_mops: amount(self.compute),
            operation: operation.unwrap_or_default(),
            memory_bytes: amount(self.memory),
            bandwidth_bps: self.bandwidth.map(amount),
            power_mw: amount(self.power),
            heat_mw: amount(self.heat),
            storage_bytes: amount(self.storage),
            reversible_mops: amount(self.reversible),
            devices,
            device_milli: self.device_milli.narrow(row).unwrap_or(whole),
        })
    }
}

/// Fills in the demand columns; zero is null, so that a column nobody uses takes no space.
pub(crate) fn put_demand(columns: &mut Columns, jobs: &[Job]) {
    let mut put = |name: &str, value: &dyn Fn(&Demand) -> u64| {
        columns.integer(name, jobs.iter().map(|job| some_unless_zero(value(&job.demand))));
    };
    put("compute_mops", &|demand| demand.compute_mops);
    put("memory_bytes", &|demand| demand.memory_bytes);
    for (level, name) in BANDWIDTH.into_iter().enumerate() {
        put(name, &|demand| demand.bandwidth_bps[level]);
    }
    put("power_mw", &|demand| demand.power_mw);
    put("heat_mw", &|demand| demand.heat_mw);
    put("storage_bytes", &|demand| demand.storage_bytes);
    put("reversible_mops", &|demand| demand.reversible_mops);
    put("devices", &|demand| demand.devices.into());
    put("device_milli", &|demand| demand.device_milli.into());
    columns.text("operation", jobs.iter().map(|job| Some(job.demand.operation.name())));
}

/// A value whose absence means zero.
pub(crate) fn some_unless_zero(value: u64) -> Option<u64> {
    (value > 0).then_some(value)
}
